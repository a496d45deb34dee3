from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="legal_hold",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="customer",
            name="legal_hold_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
