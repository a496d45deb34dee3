"""How fresh a sign-in is: asked before a decision, and before an account's own keys are changed."""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest


def proved_lately(*, request: HttpRequest) -> bool:
    """Whether this session proved who it is within REAUTH_S, by signing in or by doing it again."""
    proofs = get_authentication_records(request, request.user)
    newest = max((float(proof["at"]) for proof in proofs), default=0.0)
    return time.time() - newest < settings.REAUTH_S
