"""Erases one customer, after showing what that means."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from support_bot.chat import erasure
from tracking.accounts import NoSuchCustomer, customer_named


class Command(BaseCommand):
    help = (
        "Erase a customer: conversations, sessions and the account are deleted, requests end and lose their words,"
        " orders and refunds stay without names. Without --yes it only says what would happen. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="user name or e-mail address of the customer")
        parser.add_argument("--yes", action="store_true", help="really erase; this cannot be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            customer = customer_named(name=options["name"])
            erasure.check_may_go(customer=customer)
            if not options["yes"]:
                for what, count in erasure.what_goes(customer=customer).items():
                    self.stdout.write(f"{count} {what}")
                raise CommandError("Nothing was erased. Give the same command with --yes to erase this customer.")
            erasure.erase(customer=customer, tell=self._tell)
        except (NoSuchCustomer, erasure.Kept) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"ok: customer {customer.pk} is erased")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
