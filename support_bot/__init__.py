"""Wiring: settings, URLs, servers. Business lives in `tracking`, authority in `tools`, talk in `support_bot.chat`."""

from support_bot.celery import app as celery_app

__all__ = ["celery_app"]
