"""The tables of the business, one module per subject. Integrity lives in constraints, not in save()."""

from tracking.models.aftercare import Callback, Problem, ProblemReport, Refund
from tracking.models.orders import Order, Service, Tariff
from tracking.models.packages import Package, TrackingEvent
from tracking.models.people import Customer
from tracking.models.trucks import GeoPing, Route, RouteState, Stop, StopKind, Truck

__all__ = [
    "Callback",
    "Customer",
    "GeoPing",
    "Order",
    "Package",
    "Problem",
    "ProblemReport",
    "Refund",
    "Route",
    "RouteState",
    "Service",
    "Stop",
    "StopKind",
    "Tariff",
    "TrackingEvent",
    "Truck",
]
