"""Connects the signals of accounts and rights to the audit trail, in every process."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class SupportBotConfig(AppConfig):
    name = "support_bot"

    def ready(self) -> None:
        import_module("support_bot.auditing")
