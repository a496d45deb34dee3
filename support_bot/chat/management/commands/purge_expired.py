"""Deletes and blanks what has been kept long enough."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from support_bot.chat import retention
from support_bot.chat.retention import Purged
from tools.moves import database_now


class Command(BaseCommand):
    help = (
        "Delete or blank what has been kept as long as docs/privacy.md says, in small transactions; prints what went."
        " The worker does it every night. Safe to stop and to repeat; customers on legal hold lose nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        now = database_now()
        if options["dry_run"]:
            for rule, count in retention.due(now=now):
                self.stdout.write(f"{rule.table}, older than {rule.days} days: {count} would be {rule.what}")
        else:
            retention.purge(now=now, tell=self._tell)
        if held := retention.held():
            self.stdout.write(f"{held} customers are on legal hold: all of theirs is kept")

    def _tell(self, purged: Purged) -> None:
        self.stdout.write(f"{purged.rule.table}: {purged.count} {purged.rule.what}")
        self.stdout.flush()
