"""Registers the tools, and listens to the business, when Django is ready."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class ToolsConfig(AppConfig):
    name = "tools"

    def ready(self) -> None:
        import_module("tools.holds")
        for module in settings.TOOL_MODULES:
            import_module(module)
        post_migrate.connect(
            import_module("tools.roles_setup").after_migrate, sender=self, dispatch_uid="tools.after_migrate"
        )
