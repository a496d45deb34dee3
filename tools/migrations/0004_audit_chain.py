"""Audit entries get their proof, seals and anchors join them, and the database itself refuses to change any of it."""

from django.db import migrations, models

from tools.auditproof import entry_mac

TABLES = ("tools_auditentry", "tools_auditseal", "tools_auditanchor")

POSTGRES_REFUSE = """
CREATE OR REPLACE FUNCTION tools_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % of % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$
"""


def prove_earlier_entries(apps, schema_editor):
    entries = apps.get_model("tools", "AuditEntry").objects
    batch = []
    for entry in entries.order_by("pk").iterator(chunk_size=1000):
        entry.mac = entry_mac(entry)
        batch.append(entry)
        if len(batch) == 1000:
            entries.bulk_update(batch, ["mac"])
            batch = []
    entries.bulk_update(batch, ["mac"])


def refuse_changes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES_REFUSE, params=None)
        for table in TABLES:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION tools_audit_is_append_only()"
            )
    elif schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN"
                    f" SELECT RAISE(ABORT, 'The audit trail is append-only: {verb} of {table} is refused.'); END"
                )


def allow_changes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
        schema_editor.execute("DROP FUNCTION IF EXISTS tools_audit_is_append_only()")
    elif schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            for verb in ("update", "delete"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


class Migration(migrations.Migration):
    dependencies = [("tools", "0003_provenance")]

    operations = [
        migrations.AddField("auditentry", "customer_id", models.BigIntegerField(null=True)),
        migrations.AddField(
            "auditentry", "request_id", models.CharField(blank=True, max_length=64, default=""), preserve_default=False
        ),
        migrations.AddField(
            "auditentry", "address", models.CharField(blank=True, max_length=32, default=""), preserve_default=False
        ),
        migrations.AddField("auditentry", "mac", models.CharField(max_length=80, null=True)),
        migrations.RunPython(prove_earlier_entries, migrations.RunPython.noop),
        migrations.AlterField("auditentry", "mac", models.CharField(max_length=80, unique=True)),
        migrations.AddIndex("auditentry", models.Index(fields=["at"], name="auditentry_at")),
        migrations.AddIndex("auditentry", models.Index(fields=["event", "id"], name="auditentry_event")),
        migrations.AddIndex("auditentry", models.Index(fields=["actor", "id"], name="auditentry_actor")),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("sealed_at", models.DateTimeField()),
                ("prev", models.CharField(blank=True, max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditAnchor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("position", models.BigIntegerField()),
                ("entry_id", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("mac", models.CharField(max_length=64)),
            ],
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
