"""Keeps a person's sign-in in step with their profile. It never touches passwords, rights or sessions."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from tracking.errors import NotPossible
from tracking.models import Customer


def check_email_is_free(*, customer: Customer, email: str) -> None:
    """Raises NotPossible where another account has this address.

    Ask it only after staff agreed to the change: asked at once it would tell anybody who is a customer here.
    """
    others = EmailAddress.objects.filter(email__iexact=email).exclude(user_id=customer.user_id)
    users = get_user_model().objects.filter(email__iexact=email).exclude(customer=customer)
    if others.exists() or users.exists():
        raise _taken()


def move_sign_in_email(*, user_id: int, email: str) -> None:
    """Make `email` the one address of this sign-in, not verified yet: nobody has shown that it is theirs.

    The user is not read: whoever changes a profile may not see what else stands there, such as the password's hash.
    """
    try:
        with transaction.atomic():
            EmailAddress.objects.filter(user_id=user_id).delete()
            EmailAddress.objects.create(user_id=user_id, email=email, verified=False, primary=True)
    except IntegrityError as error:
        raise _taken() from error
    get_user_model().objects.filter(pk=user_id).update(email=email)


def _taken() -> NotPossible:
    return NotPossible("This e-mail address cannot be used.", "Ask the customer for another address.")
