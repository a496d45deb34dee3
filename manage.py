#!/usr/bin/env python
"""Runs Django's management commands with the project's settings. It holds no code of its own."""

import os
import secrets
import sys

from django.core.management import execute_from_command_line

from support_bot.env import ConfigError
from tools import origin


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")
    origin.bind(request_id=f"command-{secrets.token_hex(8)}")
    try:
        execute_from_command_line(sys.argv)
    except ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
