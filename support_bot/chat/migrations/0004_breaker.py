from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_modelcall")]

    operations = [
        migrations.CreateModel(
            name="Breaker",
            fields=[
                ("model", models.TextField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("closed", "Closed"), ("open", "Open"), ("half_open", "Half Open")],
                        default="closed",
                        max_length=12,
                    ),
                ),
                ("window", models.CharField(blank=True, max_length=20)),
                ("epoch", models.PositiveIntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=100)),
                ("changed_at", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
            ],
        ),
    ]
