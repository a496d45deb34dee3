"""`manage.py check_roles`: whether the database keeps tools and the application to their rights."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tools.dbroles import ROLES
from tools.roles_check import findings
from tools.roles_setup import find_place


class Command(BaseCommand):
    help = "Compares roles, rights and policies of the database with the rules; 1 and every difference, or 0."

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            self.stdout.write("SQLite has no roles: there the application's own checks stand alone.")
            return
        place = find_place()
        if place is None:
            raise CommandError("There are no tables yet: run `make migrate`.")
        found = findings(place)
        # In DEMO and DEBUG one superuser may do everything; tools drop into their roles all the same.
        wrong = [one.text for one in found if one.part != "application" or not settings.RELAXED]
        for one in found:
            if one.text not in wrong:
                self.stdout.write(f"allowed in DEMO and DEBUG only: {one.text}")
        if wrong:
            raise CommandError("\n".join([*wrong, "Repair it with `manage.py setup_roles` or `make migrate`."]))
        self.stdout.write(f"ok: {' and '.join(ROLES)}, {len(place.tables)} tables")
