#!/usr/bin/env python
"""Runs Django's management commands with the project's settings. It holds no code of its own."""

import os
import sys

from django.core.management import execute_from_command_line

from support_bot.env import ConfigError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")
    try:
        execute_from_command_line(sys.argv)
    except ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
