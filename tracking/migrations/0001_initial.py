# The tables of the business.

from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Route",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "planned"), ("active", "under way"), ("done", "finished")],
                        default="planned",
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Truck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unit", models.CharField(max_length=20, unique=True)),
                ("plate", models.CharField(blank=True, max_length=16)),
                ("active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("phone", models.CharField(blank=True, max_length=16)),
                ("email", models.EmailField(blank=True, db_index=True, max_length=254)),
                ("street", models.CharField(blank=True, max_length=120)),
                ("city", models.CharField(blank=True, max_length=80)),
                ("postal_code", models.CharField(blank=True, max_length=12)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customer",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("description", models.CharField(max_length=200)),
                ("days_min", models.PositiveSmallIntegerField()),
                ("days_max", models.PositiveSmallIntegerField()),
                ("max_weight_kg", models.DecimalField(decimal_places=2, max_digits=7)),
                ("max_length_cm", models.DecimalField(decimal_places=1, max_digits=6)),
                ("max_parcels", models.PositiveSmallIntegerField(default=10)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days_min__lte", models.F("days_max"))), name="service_days_in_order"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=20, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("booked", "booked, not picked up yet"),
                            ("picked_up", "picked up"),
                            ("in_transit", "on its way"),
                            ("delivered", "delivered"),
                            ("cancelled", "cancelled"),
                        ],
                        default="booked",
                        max_length=12,
                    ),
                ),
                ("price", models.DecimalField(decimal_places=2, max_digits=10)),
                ("currency", models.CharField(default="EUR", max_length=3)),
                ("refunded", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=10)),
                ("from_name", models.CharField(max_length=120)),
                ("from_street", models.CharField(max_length=120)),
                ("from_city", models.CharField(max_length=80)),
                ("from_postal_code", models.CharField(max_length=12)),
                ("from_country", models.CharField(max_length=2)),
                ("to_name", models.CharField(max_length=120)),
                ("to_street", models.CharField(max_length=120)),
                ("to_city", models.CharField(max_length=80)),
                ("to_postal_code", models.CharField(max_length=12)),
                ("to_country", models.CharField(max_length=2)),
                ("booked_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, max_length=200)),
                ("call_id", models.UUIDField(blank=True, null=True, unique=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="tracking.customer"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="tracking.service"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Stop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("depot", "Depot"), ("pickup", "Pickup"), ("delivery", "Delivery")],
                        default="delivery",
                        max_length=8,
                    ),
                ),
                ("city", models.CharField(max_length=80)),
                ("latitude", models.DecimalField(decimal_places=6, max_digits=9)),
                ("longitude", models.DecimalField(decimal_places=6, max_digits=9)),
                ("window_start", models.DateTimeField()),
                ("window_end", models.DateTimeField()),
                ("eta", models.DateTimeField(blank=True, null=True)),
                ("arrived_at", models.DateTimeField(blank=True, null=True)),
                ("departed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "route",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stops", to="tracking.route"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(db_index=True, max_length=40)),
                ("carrier", models.CharField(default="own", max_length=32)),
                ("carrier_number", models.CharField(blank=True, max_length=40)),
                ("first_seen", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "announced, not handed over yet"),
                            ("picked_up", "picked up"),
                            ("in_transit", "on its way"),
                            ("out_for_delivery", "out for delivery"),
                            ("ready_for_pickup", "ready for pickup"),
                            ("delivery_failed", "delivery attempt failed"),
                            ("delivery_delayed", "delayed"),
                            ("on_hold", "on hold"),
                            ("return_to_sender", "going back to the sender"),
                            ("delivered", "delivered"),
                            ("cancelled", "cancelled"),
                            ("unknown", "without news"),
                        ],
                        default="pending",
                        max_length=20,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("carrier_damaged_parcel", "The package was damaged on the way."),
                            ("carrier_sorting_error", "The package was sorted to a wrong depot."),
                            ("carrier_address_not_found", "The driver could not find the address."),
                            ("carrier_parcel_lost", "The package cannot be found at the moment."),
                            ("carrier_not_enough_time", "The driver's day was too short to reach this stop."),
                            ("carrier_vehicle_issue", "The truck broke down."),
                            ("carrier_missed_connection", "The package missed its onward truck."),
                            ("carrier_depot_delay", "A depot on the way is overloaded."),
                            ("retailer_incorrect_address", "The sender gave a wrong address."),
                            ("retailer_documentation", "Papers from the sender are missing."),
                            ("retailer_payment_due", "The sender has not paid for the delivery."),
                            ("retailer_cancelled", "The sender took the delivery back."),
                            ("retailer_forbidden_goods", "The contents may not be carried."),
                            ("retailer_packaging", "The packaging is not fit for transport."),
                            ("consignee_refused", "The recipient refused the package."),
                            ("consignee_business_closed", "The business was closed."),
                            ("consignee_not_available", "The recipient could not be reached."),
                            ("consignee_not_home", "Nobody was at home."),
                            ("consignee_incorrect_address", "The address is incomplete or wrong."),
                            ("consignee_access_restricted", "The driver could not get to the door."),
                            ("consignee_moved", "The recipient has moved."),
                            ("consignee_pickup_missed", "The package was not picked up in time."),
                            ("consignee_payment_due", "A payment on delivery is open."),
                            ("customs_delay", "Customs need longer than usual."),
                            ("customs_documentation", "Customs ask for papers."),
                            ("customs_duties_unpaid", "Customs duties are not paid yet."),
                            ("customs_inspection", "Customs are inspecting the package."),
                            ("customs_forbidden_goods", "Customs do not let the contents in."),
                            ("weather_delay", "The weather holds up deliveries."),
                            ("natural_disaster", "A natural disaster holds up deliveries."),
                            ("force_majeure", "Events that nobody can control hold up deliveries."),
                            ("delivery_exception_hold", "The carrier holds the package for a check."),
                            ("delivery_exception_undeliverable", "The package could not be delivered."),
                            ("public_holiday", "A public holiday holds up deliveries."),
                            ("unknown", "The carrier named no reason."),
                        ],
                        max_length=40,
                    ),
                ),
                ("estimated_delivery", models.DateTimeField(blank=True, null=True)),
                ("original_eta", models.DateTimeField(blank=True, null=True)),
                ("recipient_name", models.CharField(max_length=120)),
                ("street", models.CharField(max_length=120)),
                ("city", models.CharField(max_length=80)),
                ("postal_code", models.CharField(max_length=12)),
                ("country", models.CharField(max_length=2)),
                ("delivery_date", models.DateField(blank=True, null=True)),
                ("safe_place", models.CharField(blank=True, max_length=120)),
                ("hold_at_depot", models.BooleanField(default=False)),
                ("sender_note", models.CharField(blank=True, max_length=500)),
                ("weight_kg", models.DecimalField(blank=True, decimal_places=2, max_digits=7, null=True)),
                ("length_cm", models.DecimalField(blank=True, decimal_places=1, max_digits=6, null=True)),
                ("width_cm", models.DecimalField(blank=True, decimal_places=1, max_digits=6, null=True)),
                ("height_cm", models.DecimalField(blank=True, decimal_places=1, max_digits=6, null=True)),
                ("contents", models.CharField(blank=True, max_length=120)),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("signed_by", models.CharField(blank=True, max_length=120)),
                ("delivered_place", models.CharField(blank=True, max_length=120)),
                (
                    "booker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sent_packages",
                        to="tracking.customer",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packages",
                        to="tracking.order",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="received_packages",
                        to="tracking.customer",
                    ),
                ),
                (
                    "stop",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="packages",
                        to="tracking.stop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Tariff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.CharField(max_length=2)),
                ("postal_prefix", models.CharField(blank=True, max_length=8)),
                ("up_to_kg", models.DecimalField(decimal_places=2, max_digits=7)),
                ("price", models.DecimalField(decimal_places=2, max_digits=10)),
                ("currency", models.CharField(default="EUR", max_length=3)),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tariffs", to="tracking.service"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TrackingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("sequence", models.PositiveIntegerField(default=0)),
                ("source", models.CharField(default="own", max_length=32)),
                ("dedupe_key", models.CharField(max_length=80)),
                ("code", models.CharField(blank=True, max_length=32)),
                ("description", models.CharField(max_length=300)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "announced, not handed over yet"),
                            ("picked_up", "picked up"),
                            ("in_transit", "on its way"),
                            ("out_for_delivery", "out for delivery"),
                            ("ready_for_pickup", "ready for pickup"),
                            ("delivery_failed", "delivery attempt failed"),
                            ("delivery_delayed", "delayed"),
                            ("on_hold", "on hold"),
                            ("return_to_sender", "going back to the sender"),
                            ("delivered", "delivered"),
                            ("cancelled", "cancelled"),
                            ("unknown", "without news"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("carrier_damaged_parcel", "The package was damaged on the way."),
                            ("carrier_sorting_error", "The package was sorted to a wrong depot."),
                            ("carrier_address_not_found", "The driver could not find the address."),
                            ("carrier_parcel_lost", "The package cannot be found at the moment."),
                            ("carrier_not_enough_time", "The driver's day was too short to reach this stop."),
                            ("carrier_vehicle_issue", "The truck broke down."),
                            ("carrier_missed_connection", "The package missed its onward truck."),
                            ("carrier_depot_delay", "A depot on the way is overloaded."),
                            ("retailer_incorrect_address", "The sender gave a wrong address."),
                            ("retailer_documentation", "Papers from the sender are missing."),
                            ("retailer_payment_due", "The sender has not paid for the delivery."),
                            ("retailer_cancelled", "The sender took the delivery back."),
                            ("retailer_forbidden_goods", "The contents may not be carried."),
                            ("retailer_packaging", "The packaging is not fit for transport."),
                            ("consignee_refused", "The recipient refused the package."),
                            ("consignee_business_closed", "The business was closed."),
                            ("consignee_not_available", "The recipient could not be reached."),
                            ("consignee_not_home", "Nobody was at home."),
                            ("consignee_incorrect_address", "The address is incomplete or wrong."),
                            ("consignee_access_restricted", "The driver could not get to the door."),
                            ("consignee_moved", "The recipient has moved."),
                            ("consignee_pickup_missed", "The package was not picked up in time."),
                            ("consignee_payment_due", "A payment on delivery is open."),
                            ("customs_delay", "Customs need longer than usual."),
                            ("customs_documentation", "Customs ask for papers."),
                            ("customs_duties_unpaid", "Customs duties are not paid yet."),
                            ("customs_inspection", "Customs are inspecting the package."),
                            ("customs_forbidden_goods", "Customs do not let the contents in."),
                            ("weather_delay", "The weather holds up deliveries."),
                            ("natural_disaster", "A natural disaster holds up deliveries."),
                            ("force_majeure", "Events that nobody can control hold up deliveries."),
                            ("delivery_exception_hold", "The carrier holds the package for a check."),
                            ("delivery_exception_undeliverable", "The package could not be delivered."),
                            ("public_holiday", "A public holiday holds up deliveries."),
                            ("unknown", "The carrier named no reason."),
                        ],
                        max_length=40,
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=120)),
                ("latitude", models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                ("longitude", models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="tracking.package"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="route",
            name="truck",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="routes", to="tracking.truck"
            ),
        ),
        migrations.CreateModel(
            name="GeoPing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("latitude", models.DecimalField(decimal_places=6, max_digits=9)),
                ("longitude", models.DecimalField(decimal_places=6, max_digits=9)),
                ("recorded_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("speed_kmh", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("heading", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("accuracy_m", models.PositiveIntegerField(blank=True, null=True)),
                ("source", models.CharField(default="telematics", max_length=32)),
                (
                    "truck",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pings", to="tracking.truck"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Callback",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("call_id", models.UUIDField(unique=True)),
                ("at", models.DateTimeField()),
                ("phone", models.CharField(max_length=16)),
                ("topic", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="callbacks", to="tracking.customer"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("done_at", None)), fields=["at"], name="callback_open")],
            },
        ),
        migrations.CreateModel(
            name="ProblemReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("call_id", models.UUIDField(unique=True)),
                (
                    "problem",
                    models.CharField(
                        choices=[
                            ("damaged", "damaged"),
                            ("missing_items", "missing items"),
                            ("not_received", "not received"),
                            ("wrong_item", "wrong item"),
                            ("other", "other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("description", models.CharField(max_length=1000)),
                ("created_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="problem_reports",
                        to="tracking.customer",
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="problem_reports",
                        to="tracking.package",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("closed_at", None)), fields=["created_at"], name="problem_open")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("problem__in", ["damaged", "missing_items", "not_received", "wrong_item", "other"])
                        ),
                        name="problem_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("call_id", models.UUIDField(unique=True)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10)),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(max_length=500)),
                ("created_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="tracking.customer"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="tracking.order"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["customer", "-created_at"], name="refund_of_customer")],
                "constraints": [models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="refund_positive")],
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["customer", "-booked_at"], name="order_of_customer"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["booked", "picked_up", "in_transit", "delivered", "cancelled"])),
                name="order_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(condition=models.Q(("price__gte", 0)), name="order_price_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("refunded__gte", 0), ("refunded__lte", models.F("price"))),
                name="order_refunded_within_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="stop",
            constraint=models.UniqueConstraint(fields=("route", "sequence"), name="stop_sequence_once"),
        ),
        migrations.AddConstraint(
            model_name="stop",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["depot", "pickup", "delivery"])), name="stop_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="stop",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_start__lte", models.F("window_end"))), name="stop_window_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="stop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("departed_at", None), ("arrived_at__lte", models.F("departed_at")), _connector="OR"
                ),
                name="stop_departs_after_arrival",
            ),
        ),
        migrations.AddIndex(
            model_name="package",
            index=models.Index(fields=["booker", "-first_seen"], name="package_of_booker"),
        ),
        migrations.AddIndex(
            model_name="package",
            index=models.Index(fields=["recipient", "-first_seen"], name="package_of_recipient"),
        ),
        migrations.AddIndex(
            model_name="package",
            index=models.Index(
                condition=models.Q(("carrier_number", ""), _negated=True),
                fields=["carrier_number"],
                name="package_carrier_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(
                fields=("carrier", "number", "first_seen"), name="package_once_per_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "pending",
                            "picked_up",
                            "in_transit",
                            "out_for_delivery",
                            "ready_for_pickup",
                            "delivery_failed",
                            "delivery_delayed",
                            "on_hold",
                            "return_to_sender",
                            "delivered",
                            "cancelled",
                            "unknown",
                        ],
                    )
                ),
                name="package_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "",
                            "carrier_damaged_parcel",
                            "carrier_sorting_error",
                            "carrier_address_not_found",
                            "carrier_parcel_lost",
                            "carrier_not_enough_time",
                            "carrier_vehicle_issue",
                            "carrier_missed_connection",
                            "carrier_depot_delay",
                            "retailer_incorrect_address",
                            "retailer_documentation",
                            "retailer_payment_due",
                            "retailer_cancelled",
                            "retailer_forbidden_goods",
                            "retailer_packaging",
                            "consignee_refused",
                            "consignee_business_closed",
                            "consignee_not_available",
                            "consignee_not_home",
                            "consignee_incorrect_address",
                            "consignee_access_restricted",
                            "consignee_moved",
                            "consignee_pickup_missed",
                            "consignee_payment_due",
                            "customs_delay",
                            "customs_documentation",
                            "customs_duties_unpaid",
                            "customs_inspection",
                            "customs_forbidden_goods",
                            "weather_delay",
                            "natural_disaster",
                            "force_majeure",
                            "delivery_exception_hold",
                            "delivery_exception_undeliverable",
                            "public_holiday",
                            "unknown",
                        ],
                    )
                ),
                name="package_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "delivered"), _negated=True), ("delivered_at__isnull", False), _connector="OR"
                ),
                name="package_delivered_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariff",
            constraint=models.UniqueConstraint(
                fields=("service", "country", "postal_prefix", "up_to_kg"), name="tariff_once_per_step"
            ),
        ),
        migrations.AddConstraint(
            model_name="tariff",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gt", 0), ("up_to_kg__gt", 0)), name="tariff_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="trackingevent",
            index=models.Index(fields=["package", "-occurred_at", "-sequence"], name="event_newest_of_package"),
        ),
        migrations.AddConstraint(
            model_name="trackingevent",
            constraint=models.UniqueConstraint(fields=("source", "dedupe_key"), name="event_once"),
        ),
        migrations.AddConstraint(
            model_name="trackingevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "pending",
                            "picked_up",
                            "in_transit",
                            "out_for_delivery",
                            "ready_for_pickup",
                            "delivery_failed",
                            "delivery_delayed",
                            "on_hold",
                            "return_to_sender",
                            "delivered",
                            "cancelled",
                            "unknown",
                        ],
                    )
                ),
                name="event_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="trackingevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "",
                            "carrier_damaged_parcel",
                            "carrier_sorting_error",
                            "carrier_address_not_found",
                            "carrier_parcel_lost",
                            "carrier_not_enough_time",
                            "carrier_vehicle_issue",
                            "carrier_missed_connection",
                            "carrier_depot_delay",
                            "retailer_incorrect_address",
                            "retailer_documentation",
                            "retailer_payment_due",
                            "retailer_cancelled",
                            "retailer_forbidden_goods",
                            "retailer_packaging",
                            "consignee_refused",
                            "consignee_business_closed",
                            "consignee_not_available",
                            "consignee_not_home",
                            "consignee_incorrect_address",
                            "consignee_access_restricted",
                            "consignee_moved",
                            "consignee_pickup_missed",
                            "consignee_payment_due",
                            "customs_delay",
                            "customs_documentation",
                            "customs_duties_unpaid",
                            "customs_inspection",
                            "customs_forbidden_goods",
                            "weather_delay",
                            "natural_disaster",
                            "force_majeure",
                            "delivery_exception_hold",
                            "delivery_exception_undeliverable",
                            "public_holiday",
                            "unknown",
                        ],
                    )
                ),
                name="event_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.UniqueConstraint(fields=("truck", "date"), name="route_once_a_day"),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("truck",), name="route_one_active_per_truck"
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["planned", "active", "done"])), name="route_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="geoping",
            constraint=models.UniqueConstraint(fields=("truck", "recorded_at"), name="ping_once_per_moment"),
        ),
        migrations.AddConstraint(
            model_name="geoping",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("latitude__gte", -90), ("latitude__lte", 90), ("longitude__gte", -180), ("longitude__lte", 180)
                ),
                name="ping_on_earth",
            ),
        ),
    ]
