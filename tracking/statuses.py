"""The closed sets of the domain and what each member means to a customer. Pure: it reads no record and no clock.

Statuses and reasons carry karrio's names, so that the words of carriers are mapped once, at the edge.
"""

from __future__ import annotations

from django.db.models import TextChoices


class PackageStatus(TextChoices):
    PENDING = "pending", "announced, not handed over yet"
    PICKED_UP = "picked_up", "picked up"
    IN_TRANSIT = "in_transit", "on its way"
    OUT_FOR_DELIVERY = "out_for_delivery", "out for delivery"
    READY_FOR_PICKUP = "ready_for_pickup", "ready for pickup"
    DELIVERY_FAILED = "delivery_failed", "delivery attempt failed"
    DELIVERY_DELAYED = "delivery_delayed", "delayed"
    ON_HOLD = "on_hold", "on hold"
    RETURN_TO_SENDER = "return_to_sender", "going back to the sender"
    DELIVERED = "delivered", "delivered"
    CANCELLED = "cancelled", "cancelled"
    UNKNOWN = "unknown", "without news"


class OrderState(TextChoices):
    BOOKED = "booked", "booked, not picked up yet"
    PICKED_UP = "picked_up", "picked up"
    IN_TRANSIT = "in_transit", "on its way"
    DELIVERED = "delivered", "delivered"
    CANCELLED = "cancelled", "cancelled"


class Party(TextChoices):
    """Who must act before a package moves on."""

    CARRIER = "carrier"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CUSTOMS = "customs"
    NATURE = "nature"
    OTHER = "other"


class Reason(TextChoices):
    """Why a package is not simply on its way, with the sentence that a customer is told."""

    CARRIER_DAMAGED_PARCEL = "carrier_damaged_parcel", "The package was damaged on the way."
    CARRIER_SORTING_ERROR = "carrier_sorting_error", "The package was sorted to a wrong depot."
    CARRIER_ADDRESS_NOT_FOUND = "carrier_address_not_found", "The driver could not find the address."
    CARRIER_PARCEL_LOST = "carrier_parcel_lost", "The package cannot be found at the moment."
    CARRIER_NOT_ENOUGH_TIME = "carrier_not_enough_time", "The driver's day was too short to reach this stop."
    CARRIER_VEHICLE_ISSUE = "carrier_vehicle_issue", "The truck broke down."
    CARRIER_MISSED_CONNECTION = "carrier_missed_connection", "The package missed its onward truck."
    CARRIER_DEPOT_DELAY = "carrier_depot_delay", "A depot on the way is overloaded."
    RETAILER_INCORRECT_ADDRESS = "retailer_incorrect_address", "The sender gave a wrong address."
    RETAILER_DOCUMENTATION = "retailer_documentation", "Papers from the sender are missing."
    RETAILER_PAYMENT_DUE = "retailer_payment_due", "The sender has not paid for the delivery."
    RETAILER_CANCELLED = "retailer_cancelled", "The sender took the delivery back."
    RETAILER_FORBIDDEN_GOODS = "retailer_forbidden_goods", "The contents may not be carried."
    RETAILER_PACKAGING = "retailer_packaging", "The packaging is not fit for transport."
    CONSIGNEE_REFUSED = "consignee_refused", "The recipient refused the package."
    CONSIGNEE_BUSINESS_CLOSED = "consignee_business_closed", "The business was closed."
    CONSIGNEE_NOT_AVAILABLE = "consignee_not_available", "The recipient could not be reached."
    CONSIGNEE_NOT_HOME = "consignee_not_home", "Nobody was at home."
    CONSIGNEE_INCORRECT_ADDRESS = "consignee_incorrect_address", "The address is incomplete or wrong."
    CONSIGNEE_ACCESS_RESTRICTED = "consignee_access_restricted", "The driver could not get to the door."
    CONSIGNEE_MOVED = "consignee_moved", "The recipient has moved."
    CONSIGNEE_PICKUP_MISSED = "consignee_pickup_missed", "The package was not picked up in time."
    CONSIGNEE_PAYMENT_DUE = "consignee_payment_due", "A payment on delivery is open."
    CUSTOMS_DELAY = "customs_delay", "Customs need longer than usual."
    CUSTOMS_DOCUMENTATION = "customs_documentation", "Customs ask for papers."
    CUSTOMS_DUTIES_UNPAID = "customs_duties_unpaid", "Customs duties are not paid yet."
    CUSTOMS_INSPECTION = "customs_inspection", "Customs are inspecting the package."
    CUSTOMS_FORBIDDEN_GOODS = "customs_forbidden_goods", "Customs do not let the contents in."
    WEATHER_DELAY = "weather_delay", "The weather holds up deliveries."
    NATURAL_DISASTER = "natural_disaster", "A natural disaster holds up deliveries."
    FORCE_MAJEURE = "force_majeure", "Events that nobody can control hold up deliveries."
    DELIVERY_EXCEPTION_HOLD = "delivery_exception_hold", "The carrier holds the package for a check."
    DELIVERY_EXCEPTION_UNDELIVERABLE = "delivery_exception_undeliverable", "The package could not be delivered."
    PUBLIC_HOLIDAY = "public_holiday", "A public holiday holds up deliveries."
    UNKNOWN = "unknown", "The carrier named no reason."


_PARTY_OF_PREFIX = {
    "carrier": Party.CARRIER,
    "retailer": Party.SENDER,
    "consignee": Party.RECIPIENT,
    "customs": Party.CUSTOMS,
    "weather": Party.NATURE,
    "natural": Party.NATURE,
    "force": Party.NATURE,
}

# What the person who waits for the package can do. A reason without an entry asks nothing of them.
ACTIONS: dict[str, str] = {
    Reason.CARRIER_ADDRESS_NOT_FOUND: "Check the delivery address.",
    Reason.RETAILER_INCORRECT_ADDRESS: "Check the delivery address.",
    Reason.CONSIGNEE_BUSINESS_CLOSED: "Choose another delivery date or a depot.",
    Reason.CONSIGNEE_NOT_AVAILABLE: "Choose another delivery date, a safe place or a depot.",
    Reason.CONSIGNEE_NOT_HOME: "Choose another delivery date, a safe place or a depot.",
    Reason.CONSIGNEE_ACCESS_RESTRICTED: "Name a safe place that the driver can reach, or choose a depot.",
    Reason.CONSIGNEE_INCORRECT_ADDRESS: "Correct the delivery address.",
    Reason.CONSIGNEE_MOVED: "Give the new delivery address.",
    Reason.CONSIGNEE_PICKUP_MISSED: "Arrange a new delivery.",
    Reason.CONSIGNEE_PAYMENT_DUE: "Pay the open amount on delivery.",
    Reason.CUSTOMS_DOCUMENTATION: "Send the papers that customs ask for.",
    Reason.CUSTOMS_DUTIES_UNPAID: "Pay the customs duties.",
}
PICKUP_ACTION = "Pick the package up at the depot."

# Nothing more is expected to happen to a package in one of these.
FINAL_STATUSES = frozenset({PackageStatus.DELIVERED, PackageStatus.CANCELLED})
# Until it is on the truck of the last mile a delivery can still be changed; a failed attempt starts a new one.
CHANGEABLE_STATUSES = frozenset(
    {
        PackageStatus.PENDING,
        PackageStatus.PICKED_UP,
        PackageStatus.IN_TRANSIT,
        PackageStatus.DELIVERY_FAILED,
        PackageStatus.DELIVERY_DELAYED,
        PackageStatus.ON_HOLD,
        PackageStatus.UNKNOWN,
    }
)
REFUNDABLE_STATES = frozenset({OrderState.DELIVERED, OrderState.CANCELLED})


def party_of(*, reason: str) -> Party:
    """Who must act on this reason; OTHER for a code we do not know."""
    return _PARTY_OF_PREFIX.get(reason.partition("_")[0], Party.OTHER)


def action_for(*, status: str, reason: str) -> str | None:
    """What the customer has to do now, as a sentence; None where nothing is asked of them."""
    if status in FINAL_STATUSES:
        return None
    if status == PackageStatus.READY_FOR_PICKUP:
        return PICKUP_ACTION
    return ACTIONS.get(reason)
