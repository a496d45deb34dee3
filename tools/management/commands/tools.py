"""Lists the tools; with --json, prints what the model is given."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tools.gateway import tool_specs
from tools.registry import REGISTRY


class Command(BaseCommand):
    help = "List the tools a model may ask for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the tools' JSON as the model is given it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(tool_specs(), indent=2, ensure_ascii=False))
            return
        for name, definition in sorted(REGISTRY.items()):
            optional = {n for n, field in definition.arguments.model_fields.items() if not field.is_required()}
            arguments = ", ".join(f"{n}?" if n in optional else n for n in definition.arguments.model_fields)
            self.stdout.write(f"{definition.effect:<5} {name}({arguments})")
            self.stdout.write(f"      {definition.description.splitlines()[0]}")
