"""`manage.py tools`: what a model may ask for, for people and, with --json, as the model is given it."""

from __future__ import annotations

import json
from io import StringIO

from django.core.management import call_command

from tools.gateway import tool_specs
from tools.registry import REGISTRY


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("tools", *arguments, stdout=out)
    return out.getvalue()


def test_every_tool_is_listed_with_its_kind_and_arguments():
    lines = printed().splitlines()

    assert [line.split("(")[0].split()[-1] for line in lines[::2]] == sorted(REGISTRY)
    assert "write request_refund(order_id, amount, reason)" in lines
    assert "write cancel_order(order_id, reason?)" in lines
    assert all(line.strip() for line in lines[1::2])


def test_json_is_exactly_what_the_model_is_given():
    assert json.loads(printed("--json")) == tool_specs()
