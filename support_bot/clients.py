"""Where a request comes from: the peer's address, or what a trusted proxy says of it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address_of(*, scope: dict[str, Any]) -> str:
    """The address that limits count, from an ASGI scope. IPv6 counts by /64: one household has that many addresses."""
    peer = (scope.get("client") or ("", 0))[0]
    # One that stands several times is one list, as Django reads it too.
    forwarded = b",".join(value for name, value in scope.get("headers") or () if name == b"x-forwarded-for")
    return _counted(_client(peer, forwarded.decode("latin-1")))


def request_address(*, request: HttpRequest) -> str:
    """As address_of, from a Django request."""
    return _counted(_client(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")))


def _client(peer: str, forwarded: str) -> str:
    """The last address that no trusted proxy of ours has; what stands before it was written by the client itself."""
    address = peer
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not is_trusted(address=address, networks=settings.TRUSTED_PROXIES):
            break
        address = hop
    return address


def is_trusted(*, address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address is one of ours, such as the reverse proxy's. A mapped address (::ffff:…) is the one inside."""
    if not networks:
        return False
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


def _counted(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
    return str(parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else str(parsed)
