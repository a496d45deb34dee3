from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tools", "0005_audit_request"),
        ("tracking", "0002_legal_hold"),
    ]

    operations = [
        migrations.AddField(
            model_name="toolcall",
            name="asks",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="toolcall",
            name="sent_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="toolcall",
            index=models.Index(
                condition=models.Q(("effect", "write"), ("state", "failed")),
                fields=["ended_at"],
                name="toolcall_failed",
            ),
        ),
    ]
