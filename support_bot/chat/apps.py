"""Connects the event log to the news of calls, and sockets to the end of sessions, when Django is ready."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "support_bot.chat"
    label = "chat"

    def ready(self) -> None:
        import_module("support_bot.chat.outcomes")
        import_module("support_bot.chat.revocation")
