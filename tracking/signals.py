"""News of the business that those above may listen to. Sent inside the transaction that it tells of."""

from __future__ import annotations

from django.dispatch import Signal

# customer: Customer, user: who did it. `customer.legal_hold` is what holds from now on.
legal_hold_changed = Signal()
