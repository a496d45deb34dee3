"""Connects the signal that gives every new user a customer."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"

    def ready(self) -> None:
        import_module("tracking.receivers")
