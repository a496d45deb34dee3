"""Registers the tools, and listens to the business, when Django is ready."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class ToolsConfig(AppConfig):
    name = "tools"

    def ready(self) -> None:
        import_module("tools.holds")
        for module in settings.TOOL_MODULES:
            import_module(module)
