"""Which version is in force is decided by a person, with a reason. No screen wrote a row before, so none is kept."""

import datetime
from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("metrics", "0008_what_rollups_were_asked"),
    ]

    operations: ClassVar = [
        migrations.DeleteModel(name="InForce"),
        migrations.CreateModel(
            name="InForce",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField(default=datetime.date(1, 1, 1))),
                ("note", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("metric", models.TextField()),
                ("by", models.ForeignKey(
                    blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                    to=settings.AUTH_USER_MODEL,
                )),
                ("definition", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name="+", to="metrics.definition",
                )),
            ],
            options={
                "db_table": "in_force",
                "verbose_name": "version in force",
                "verbose_name_plural": "versions in force",
                "constraints": [
                    models.UniqueConstraint(fields=["metric", "from_on"], name="in_force_once_a_day")
                ],
            },
        ),
    ]
