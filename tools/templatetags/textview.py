"""`{{ text|visible }}` in staff's templates: what one cannot see becomes codes. The result is escaped as any text."""

from __future__ import annotations

from django import template

from tools.textview import visible

register = template.Library()
register.filter("visible", visible)
