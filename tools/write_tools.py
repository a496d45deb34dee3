"""The tools that ask for a change, gathered: importing this module registers them. It holds none itself."""

from __future__ import annotations

from tools import writes_booking, writes_care, writes_delivery, writes_orders, writes_profile

__all__ = ["writes_booking", "writes_care", "writes_delivery", "writes_orders", "writes_profile"]
