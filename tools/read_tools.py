"""The tools that only look: each answers from the signed-in customer's own records and changes nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tools.answers import order_item, order_result, package_item, package_result, profile_result, request_item
from tools.arguments import Country, OrderId, PackageId, PostalCode, ServiceCode, TruckId
from tools.context import ToolContext
from tools.errors import InvalidArguments, NotPossible
from tools.models import ToolCall
from tools.parcels import MeasuredParcels
from tools.registry import tool
from tools.results import (
    OrderList,
    OrderResult,
    PackageList,
    PackageResult,
    ProfileResult,
    QuoteItem,
    QuoteList,
    QuoteRefusal,
    RequestList,
    ServiceItem,
    ServiceList,
    TruckResult,
)
from tools.states import State
from tools.truck_answers import truck_result
from tracking import errors as tracking_errors
from tracking import selectors
from tracking.models import Service
from tracking.pricing import quote
from tracking.statuses import OrderState, PackageStatus

DEFAULT_LIMIT = 20
Limit = Annotated[int | None, Field(ge=1, le=50, description="How many at most, 1 to 50; null for 20.")]


@tool(effect="read", label="Checking package {package_id} …", finding="Package {package_id}: {status_text}")
def check_package(
    ctx: ToolContext,
    *,
    package_id: Annotated[PackageId, Field(description="Our number such as ABCD-1337, or the carrier's number.")],
) -> PackageResult:
    """Look up one package of the customer: status, delay, last event, truck, proof of delivery, what they must do.

    Use it for every question about where a package is, when it comes, whether it is late or who signed for it. Never
    guess a number: if the customer named none, ask for it or use list_my_packages.
    """
    news = selectors.find_package_news(customer=ctx.customer, number=package_id)
    return package_result(news=news, customer=ctx.customer)


@tool(effect="read", label="Looking at your packages …")
def list_my_packages(
    ctx: ToolContext,
    *,
    status: Annotated[PackageStatus | None, Field(description="Only packages in this status; null for all.")] = None,
    limit: Limit = None,
) -> PackageList:
    """List packages that the customer sent or receives, the newest first.

    Use it when no number was named, or to find which packages are late, on the way or need the customer to act.
    """
    packages, total = selectors.list_packages(
        customer=ctx.customer, status=status.value if status else None, limit=limit or DEFAULT_LIMIT
    )
    return PackageList(
        packages=[package_item(package=package, customer=ctx.customer) for package in packages], total=total
    )


@tool(effect="read", label="Looking at your orders …")
def list_my_orders(
    ctx: ToolContext,
    *,
    status: Annotated[OrderState | None, Field(description="Only orders in this status; null for all.")] = None,
    limit: Limit = None,
) -> OrderList:
    """List the deliveries that the customer booked, the newest first, with price and what was refunded."""
    orders, total = selectors.list_orders(
        customer=ctx.customer, state=status.value if status else None, limit=limit or DEFAULT_LIMIT
    )
    return OrderList(orders=[order_item(order=order) for order in orders], total=total)


@tool(effect="read", label="Looking at your requests …")
def list_my_requests(
    ctx: ToolContext,
    *,
    status: Annotated[State | None, Field(description="Only requests in this state; null for all.")] = None,
    limit: Limit = None,
) -> RequestList:
    """List the changes that the customer asked for in chats and what became of each, the newest first.

    Use it for "what happened to my refund request?". Only the state `succeeded` means that something was done.
    """
    calls = ToolCall.objects.filter(customer=ctx.customer, effect="write").exclude(summary="")
    if status is not None:
        calls = calls.filter(state=status)
    most = limit or DEFAULT_LIMIT
    found = list(calls.order_by("-created_at", "-pk")[: most + 1])
    total = len(found) if len(found) <= most else calls.count()
    return RequestList(requests=[request_item(call=call) for call in found[:most]], total=total)


@tool(effect="read", label="Looking at order {order_id} …", finding="Order {order_id}: {status_text}")
def get_order(
    ctx: ToolContext,
    *,
    order_id: Annotated[OrderId, Field(description="The order number, such as ORD-1001.")],
) -> OrderResult:
    """Look up one order of the customer: status, price, what was and can still be refunded, where to, its packages.

    Use it before offering to cancel or refund: `cancellable` and `refundable` say what is possible.
    """
    order = selectors.find_order(customer=ctx.customer, reference=order_id)
    packages = selectors.packages_of_order(customer=ctx.customer, order=order)
    return order_result(order=order, packages=packages, customer=ctx.customer)


@tool(effect="read", label="Looking at your profile …")
def get_my_profile(ctx: ToolContext) -> ProfileResult:
    """Show the customer's own name and address, and phone and e-mail in part: enough to tell which one we have."""
    return profile_result(customer=selectors.find_customer(customer=ctx.customer))


@tool(effect="read", label="Looking for the truck …", finding="Truck {truck_id}: {status_text}")
def check_truck(
    ctx: ToolContext,
    *,
    package_id: Annotated[PackageId | None, Field(description="A package on the truck, or null.")] = None,
    truck_id: Annotated[TruckId | None, Field(description="The truck, such as TRK-01, or null.")] = None,
) -> TruckResult:
    """Look where the truck is that carries a package of the customer, and how many stops come before theirs.

    Give exactly one of package_id and truck_id. The position is coarse on purpose; there is no better one.
    """
    if (package_id is None) == (truck_id is None):
        raise InvalidArguments("Give exactly one of package_id and truck_id.", field="package_id")
    if truck_id is not None:
        packages = selectors.packages_aboard(customer=ctx.customer, truck=truck_id)
    else:
        packages = [selectors.find_package_with_truck(customer=ctx.customer, number=package_id or "")]
    stop = packages[0].stop
    if stop is None or not selectors.is_aboard(package=packages[0]):
        raise NotPossible("No truck of ours carries this package now.", next_step="Use check_package instead.")
    stops = selectors.stops_of_route(package=packages[0])
    ping = selectors.latest_ping(package=packages[0])
    return truck_result(packages=packages, stop=stop, stops=stops, ping=ping, now=ctx.now)


@tool(effect="read", label="Looking at our services …")
def list_services(ctx: ToolContext) -> ServiceList:
    """List the delivery services on offer: days, largest parcel, countries, lowest price. For a price use get_quote."""
    return ServiceList(services=[_service_item(service) for service in selectors.services_on_offer()])


@tool(effect="read", label="Working out prices …")
def get_quote(
    ctx: ToolContext,
    *,
    parcels: Annotated[MeasuredParcels, Field(description="Every parcel to be sent.")],
    postal_code: Annotated[PostalCode, Field(description="Postal code of the address it goes to.")],
    country: Annotated[Country, Field(description="Country it goes to, two letters of ISO 3166, such as DE.")],
    service: Annotated[ServiceCode | None, Field(description="A code of list_services; null for all services.")] = None,
) -> QuoteList:
    """Work out what sending these parcels costs with each service, and when they would arrive if booked now.

    It books nothing. Ask the customer for weight and size of every parcel and where it goes; do not assume them.
    """
    services = selectors.services_on_offer()
    if service is not None:
        services = [offered for offered in services if offered.code == service]
        if not services:
            codes = [offered.code for offered in selectors.services_on_offer()]
            raise InvalidArguments("There is no such service.", field="service", allowed=codes)
    measures = [parcel.measures() for parcel in parcels]
    quotes: list[QuoteItem] = []
    refusals: list[QuoteRefusal] = []
    for offered in services:
        try:
            found = quote(
                service=offered, parcels=measures, country=country, postal_code=postal_code, day=ctx.now.date()
            )
        except tracking_errors.NotPossible as error:
            refusals.append(QuoteRefusal(service=offered.code, name=offered.name, reason=error.message))
            continue
        quotes.append(
            QuoteItem(
                service=offered.code,
                name=offered.name,
                price=found.price,
                currency=found.currency,
                earliest=found.earliest,
                latest=found.latest,
            )
        )
    return QuoteList(quotes=sorted(quotes, key=lambda item: item.price), not_available=refusals)


def _service_item(service: Service) -> ServiceItem:
    tariffs = list(service.tariffs.all())
    cheapest = min(tariffs, key=lambda tariff: tariff.price)
    return ServiceItem(
        service=service.code,
        name=service.name,
        description=service.description,
        days_min=service.days_min,
        days_max=service.days_max,
        max_weight_kg=float(service.max_weight_kg),
        max_length_cm=float(service.max_length_cm),
        max_parcels=service.max_parcels,
        countries=sorted({tariff.country for tariff in tariffs}),
        price_from=cheapest.price,
        currency=cheapest.currency,
    )
