#!/usr/bin/env python
"""Runs Django's management commands with the project's settings. It holds no code of its own."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")
    from django.core.management import execute_from_command_line  # the settings module must be named first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
