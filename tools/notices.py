"""Writes and sends the mails about a request: the link that verifies a change, and the word that contact data changed.

A mail is a row committed with its cause; sending is tried until it works. The text is made from the call when it is
sent, so no link and no personal value lies in the database or the broker.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from tools.models import Notice, ToolCall
from tools.moves import database_now
from tools.wakeups import SEND_NOTICE, wake

log = structlog.get_logger(__name__)

SALT = "tools.verify_change"
MOST_TRIES = 20
SUBJECTS = {
    "verify_change": "Please confirm the change of your e-mail address",
    "contact_changed": "Your contact details were changed",
}


def verification_token(*, call: ToolCall) -> str:
    """The secret of the link: signed, and bound to exactly this request and its arguments."""
    return signing.dumps([str(call.pk), call.digest], salt=SALT)


def read_token(*, token: str) -> tuple[UUID, str] | None:
    """(call_id, digest) of a link; None where it was not made by us or is too old."""
    try:
        call_id, digest = signing.loads(token, salt=SALT, max_age=timedelta(seconds=settings.APPROVAL_TTL_S))
        return UUID(call_id), str(digest)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def announce(*, call: ToolCall, kind: str, to: str, now: datetime) -> None:
    """Commit a mail together with what it tells of, and have it sent after that."""
    notice = Notice.objects.create(call=call, kind=kind, to=to, created_at=now, due_at=now + _pause(0))
    wake(SEND_NOTICE, notice.pk)


def due(*, limit: int = 50) -> list[int]:
    """Mails that were not sent yet, those first that have waited longest past their pause."""
    rows = Notice.objects.filter(sent_at=None, tries__lt=MOST_TRIES, due_at__lte=database_now())
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:limit])


def _pause(tries: int) -> timedelta:
    """From 5 s to an hour: a mail server that is away for half a day costs no mail, and is not stormed."""
    return timedelta(seconds=min(5 * 2**tries, 3600))


def send(*, notice_id: int) -> bool:
    """Send one mail and mark it, under a lock so that two workers do not both send it. True where it went out."""
    with transaction.atomic():
        rows = Notice.objects.select_for_update().filter(pk=notice_id, sent_at=None)
        notice = rows.first()
        if notice is None:
            return False
        tries = notice.tries + 1
        Notice.objects.filter(pk=notice_id).update(tries=tries, due_at=database_now() + _pause(tries))
        try:
            _message(notice).send()
        except Exception as error:  # smtplib and sockets raise many kinds; all mean: try again later
            log.warning("notice.not_sent", notice_id=notice_id, kind=notice.kind, error=type(error).__name__)
            return False
        Notice.objects.filter(pk=notice_id).update(sent_at=database_now())
    log.info("notice.sent", notice_id=notice_id, kind=notice.kind)
    return True


def _message(notice: Notice) -> EmailMessage:
    call = notice.call
    link = f"{settings.PUBLIC_URL}/accounts/verify-change/{verification_token(call=call)}/"
    body = render_to_string(f"mail/{notice.kind}.txt", {"call": call, "link": link, "changes": call.changes})
    return EmailMessage(
        subject=SUBJECTS[notice.kind], body=body, from_email=settings.DEFAULT_FROM_EMAIL, to=[notice.to]
    )
