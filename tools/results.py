"""What the read tools answer: typed models that name every field a model may see, and nothing else.

Dates are ISO 8601 with an offset, money is a string with two places; text is cut by its type. Text that another party
could have written is an `Untrusted`; plain text is ours or of this customer's own profile and orders.
"""

from __future__ import annotations

from typing import Literal

from tools.result_types import Day, Line, Money, Result, Short, Untrusted, When
from tracking.statuses import OrderState, PackageStatus

# --- packages ---------------------------------------------------------------------------------------------------


class Destination(Result):
    """Where a package goes, as its sender wrote it. Street and postal code are null for a sender who is not the
    recipient."""

    street: Untrusted | None
    postal_code: Short | None
    city: Untrusted | None
    country: str


class LastEvent(Result):
    at: When
    text: Untrusted | None
    place: Untrusted | None


class ProofOfDelivery(Result):
    delivered_at: When | None
    signed_by: Untrusted | None
    place: Untrusted | None


class TruckBrief(Result):
    """The truck that carries a package now. `near` is a town, never a street."""

    truck_id: str
    stops_before_yours: int
    near: Untrusted | None


class PackageResult(Result):
    """check_package.

    package_id: our number. carrier_number: the carrier's own where it differs.
    reason, reason_text: why it is not simply on its way; null otherwise.
    action_required, action_text: what the customer has to do, if anything.
    hours_late, days_late: estimated (or actual) against first announced delivery, whole units, 0 in time, null when
    one of the two dates is not known. your_role: the customer's part in this delivery.
    delivery_changeable: change_delivery would be accepted from this customer now.
    """

    package_id: str
    carrier: Short
    carrier_number: str | None
    status: PackageStatus
    status_text: str
    reason: str | None
    reason_text: str | None
    action_required: bool
    action_text: str | None
    estimated_delivery: When | None
    original_estimated_delivery: When | None
    hours_late: int | None
    days_late: int | None
    last_event: LastEvent | None
    proof_of_delivery: ProofOfDelivery | None
    truck: TruckBrief | None
    destination: Destination
    delivery_date: Day | None
    safe_place: Untrusted | None
    hold_at_depot: bool | None
    delivery_changeable: bool
    your_role: Literal["sender", "recipient", "sender_and_recipient"]
    order_id: str | None
    sender_note: Untrusted | None


class PackageItem(Result):
    package_id: str
    status: PackageStatus
    status_text: str
    action_required: bool
    estimated_delivery: When | None
    delivered_at: When | None
    city: Untrusted | None
    your_role: Literal["sender", "recipient", "sender_and_recipient"]
    order_id: str | None


class PackageList(Result):
    """list_my_packages. `total` counts all that match, `packages` holds the newest of them."""

    packages: list[PackageItem]
    total: int


# --- orders -----------------------------------------------------------------------------------------------------


class OrderAddress(Result):
    name: Short
    street: Short
    postal_code: Short
    city: Short
    country: str


class OrderItem(Result):
    order_id: str
    status: OrderState
    status_text: str
    service: str
    price: Money
    currency: str
    refunded: Money
    booked_at: When
    city: Short


class OrderList(Result):
    """list_my_orders. `total` counts all that match, `orders` holds the newest of them."""

    orders: list[OrderItem]
    total: int


class OrderResult(Result):
    """get_order. refundable: how much can still be asked back now ("0.00" where the state does not allow it)."""

    order_id: str
    status: OrderState
    status_text: str
    service: str
    service_name: Short
    price: Money
    currency: str
    refunded: Money
    refundable: Money
    cancellable: bool
    booked_at: When
    to: OrderAddress
    packages: list[PackageItem]


# --- the customer -----------------------------------------------------------------------------------------------


class ProfileResult(Result):
    """get_my_profile. Empty strings for what is not known; phone and e-mail as far as one needs to tell which it is."""

    name: Short
    phone: str
    email: str
    street: Short
    city: Short
    postal_code: Short
    country: str


class RequestItem(Result):
    """A change that the customer asked for in a chat. `open`: it can still come to something."""

    reference: str
    tool: str
    label: Line
    state: str
    state_text: str
    open: bool
    summary: Untrusted | None
    reason: Untrusted | None
    created_at: When
    expires_at: When | None


class RequestList(Result):
    """list_my_requests, the newest first."""

    requests: list[RequestItem]
    total: int


# --- trucks -----------------------------------------------------------------------------------------------------


class CoarsePosition(Result):
    """Rounded to a tenth of a degree, about ten kilometres. `stale`: the last report is older than 30 minutes."""

    near: Untrusted | None
    latitude: float
    longitude: float
    reported_at: When
    stale: bool


class YourStop(Result):
    stops_before_yours: int
    estimated_arrival: When | None
    window_start: When
    window_end: When
    arrived_at: When | None
    minutes_late: int | None


class TruckResult(Result):
    """check_truck: only this customer's own stop and packages."""

    truck_id: str
    package_ids: list[str]
    status_text: str
    position: CoarsePosition | None
    your_stop: YourStop


# --- services and prices ----------------------------------------------------------------------------------------


class ServiceItem(Result):
    service: str
    name: Short
    description: Line
    days_min: int
    days_max: int
    max_weight_kg: float
    max_length_cm: float
    max_parcels: int
    countries: list[str]
    price_from: Money
    currency: str


class ServiceList(Result):
    """list_services."""

    services: list[ServiceItem]


class QuoteItem(Result):
    """The price of one service for all parcels together; `earliest` and `latest` are delivery days if booked now."""

    service: str
    name: Short
    price: Money
    currency: str
    earliest: Day
    latest: Day


class QuoteRefusal(Result):
    service: str
    name: Short
    reason: Line


class QuoteList(Result):
    """get_quote, the cheapest first; `not_available` says why a service does not take these parcels."""

    quotes: list[QuoteItem]
    not_available: list[QuoteRefusal]
