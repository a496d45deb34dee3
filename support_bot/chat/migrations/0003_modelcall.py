from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_rights_of_turn"), ("tracking", "0002_legal_hold")]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="origin",
            field=models.CharField(blank=True, db_default="", default="", max_length=32),
        ),
        migrations.CreateModel(
            name="ModelCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("turn_id", models.UUIDField()),
                ("origin", models.CharField(blank=True, max_length=32)),
                ("input_tokens", models.PositiveIntegerField()),
                ("output_tokens", models.PositiveIntegerField()),
                ("settled", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="model_calls",
                        to="tracking.customer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["customer", "created_at"], name="modelcall_of_customer"),
                    models.Index(
                        condition=models.Q(("origin", ""), _negated=True),
                        fields=["origin", "created_at"],
                        name="modelcall_of_origin",
                    ),
                ],
            },
        ),
    ]
