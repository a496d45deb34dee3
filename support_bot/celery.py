"""The Celery application. The broker carries ids as wake-ups and may lose everything; the database decides."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_process_init

from support_bot.lifeline import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")

app = Celery("support_bot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tools", "support_bot.chat"])


@worker_process_init.connect
def _end_with_the_worker(**_: object) -> None:
    """A slot of the pool must not outlive its worker: nobody would hand it tasks or take its results."""
    die_with_parent()
