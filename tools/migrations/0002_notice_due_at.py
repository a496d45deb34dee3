import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tools", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="due_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.RemoveIndex(model_name="notice", name="notice_unsent"),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["due_at"], condition=Q(sent_at=None), name="notice_unsent"),
        ),
    ]
