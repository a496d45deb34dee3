"""The Celery application. The broker carries ids as wake-ups and may lose everything; the database decides."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")

app = Celery("support_bot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tools", "support_bot.chat"])
