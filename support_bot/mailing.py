"""Sends the mails about accounts from a thread of its own, with links to our public address, whatever host was named.

A mail that could not be sent is logged and lost: whoever waits for it asks again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

log = structlog.get_logger(__name__)

_THREAD = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def post(message: EmailMessage) -> None:
    _THREAD.submit(_send, message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:  # smtplib and sockets raise many kinds
        log.warning("account_mail.not_sent", error=type(error).__name__)


def with_our_address(context: dict[str, Any]) -> dict[str, Any]:
    """Every link of a mail at PUBLIC_URL: a request may name another host of ours, or a forged one."""
    ours = urlsplit(settings.PUBLIC_URL)
    links = {
        name: urlsplit(value)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
        for name, value in context.items()
        if name.endswith("_url") and isinstance(value, str)
    }
    return context | links | {"current_site": SimpleNamespace(name=settings.SITE_NAME, domain=ours.netloc)}
