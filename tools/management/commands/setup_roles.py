"""`manage.py setup_roles`: the database roles that tools drop into, their rights and the row-level security."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from tools.roles_setup import NotSetUp, find_place, set_up, told
from tools.roles_sql import script


class Command(BaseCommand):
    help = "Creates the database roles of the tools, their rights and the row-level security (PostgreSQL)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sql", action="store_true", help="print the SQL for an administrator and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            self.stdout.write("SQLite has no roles: there the application's own checks stand alone.")
            return
        place = find_place()
        if place is None:
            raise CommandError("There are no tables yet: run `make migrate`, which sets the roles up too.")
        if options["sql"]:
            self.stdout.write(script(place))
            return
        try:
            changed = set_up()
        except NotSetUp as error:
            raise CommandError(told(error)) from None
        self.stdout.write("The database roles are set up." if changed else "The database roles are right already.")
