"""Fills the database with the demo's people and records. It runs in the demo alone: everybody knows the password."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from tracking.demo.catalogue import add_catalogue
from tracking.demo.load import add_load_customers
from tracking.demo.people import CUSTOMERS, STAFF, add_people
from tracking.demo.records import add_records
from tracking.demo.trucks import add_trucks
from tracking.factories import DEMO_PASSWORD


class Command(BaseCommand):
    help = (
        "Add the demo's people and records, with dates around now. What is there already is left as it is."
        " Works only with DEMO=true."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--customers",
            type=int,
            default=0,
            metavar="N",
            help="also add customers load-0001 to N for load tests, with package LOAD-0001 and order ORD-900001 to N",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count: int = options["customers"]
        if not settings.DEMO:
            raise CommandError("seed_demo adds accounts with a well-known password: it runs only with DEMO=true.")
        if not 0 <= count <= 99999:
            raise CommandError("--customers takes a number from 0 to 99999.")
        now = timezone.now().replace(microsecond=0)
        with transaction.atomic():
            services = add_catalogue()
            packages = add_records(customers=add_people(), services=services, now=now)
            add_trucks(packages=packages, now=now)
        people = ", ".join([*CUSTOMERS, *STAFF])
        self.stdout.write(f"Demo people: {people}; password: {DEMO_PASSWORD}. Packages: {len(packages)}.")
        if count:
            add_load_customers(count=count, service=services["standard"], now=now, progress=self._progress)

    def _progress(self, done: int) -> None:
        self.stdout.write(f"Load customers: {done}.")
