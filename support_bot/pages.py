"""The pages that anybody may open: what this is, and a package's milestones. No account, no model, no personal data."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from support_bot.clients import request_address
from tools import ratelimit
from tracking.errors import NotFound
from tracking.public import find_public_package

LONGEST_NUMBER = 64


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "landing.html")


@require_safe
def track(request: HttpRequest) -> HttpResponse:
    """The empty form without a number; else 200 with the milestones, 404 for an unknown number, 429 for too many."""
    number = request.GET.get("number", "").strip()[:LONGEST_NUMBER]
    if not number:
        return render(request, "track.html", {"number": ""})
    wait = ratelimit.seconds_to_wait(name="track", key=request_address(request=request))
    if wait is not None:
        return _later(render(request, "track.html", {"number": number, "wait": wait}, status=429), wait)
    try:
        package = find_public_package(number=number)
    except NotFound:
        return render(request, "track.html", {"number": number, "unknown": True}, status=404)
    return render(request, "track.html", {"number": number, "package": package})


def site(request: HttpRequest) -> dict[str, bool]:
    """What every template may know."""
    return {"demo": settings.DEMO}


def too_many(request: HttpRequest, wait: int = 60) -> HttpResponse:
    """429: what was tried too often, and how long to wait (in seconds). Also what the accounts app answers with."""
    return _later(render(request, "429.html", {"wait": wait}, status=429), wait)


def _later(answer: HttpResponse, wait: int) -> HttpResponse:
    answer["Retry-After"] = str(wait)
    return answer
