"""Writes everything about one customer to standard output."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from support_bot.chat.export import export
from support_bot.logs import keep_stdout_free
from tools import customers
from tools.moves import database_now
from tracking.accounts import NoSuchCustomer, customer_named


class Command(BaseCommand):
    help = (
        "Write everything that is kept about a customer to standard output, as one JSON document:"
        " profile, orders, packages, conversations, requests with their decisions, and the audit's entries."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="user name or e-mail address of the customer")

    def handle(self, *args: Any, **options: Any) -> None:
        keep_stdout_free()
        try:
            customer = customer_named(name=options["name"])
        except NoSuchCustomer as error:
            raise CommandError(str(error)) from error
        customers.record(event="customer.exported", outcome="begun", customer=customer)
        for piece in export(customer=customer, now=database_now()):
            self.stdout.write(piece, ending="")
        self.stdout.flush()
