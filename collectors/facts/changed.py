"""What a source changed in months that are closed: the rows before and after, for restatements to name."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class FactChange(models.Model):
    """One row that loading added, changed or retired, where a month it counts in, before or after, is closed.

    `before` and `after` hold the columns that are counted, by name; an added row has no before.
    """

    class Kind(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        RETIRED = "retired", "Gone at the source"

    entity = models.TextField()  # the model's name, as in Touched
    fact = models.BigIntegerField()
    external_id = models.TextField(default="")
    kind = models.TextField(choices=Kind)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    accounts = ArrayField(models.BigIntegerField(), default=list)  # whose it was and is; 0: no one's
    months = ArrayField(models.DateField(), default=list)  # the closed months it counted in or would count in
    connection = models.ForeignKey("collectors.Connection", models.CASCADE, related_name="+")
    run = models.ForeignKey("collectors.CollectorRun", models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "fact_change"
        indexes: ClassVar = [models.Index(fields=["entity", "fact"], name="fact_change_fact")]
