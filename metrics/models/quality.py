"""What the rules of data quality found, and how good each system's data has been."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from metrics.models.values import Period, Scope


class Finding(models.Model):
    """A breach of one rule, from when it was first seen until it is fixed or accepted with a reason.

    It is about a metric's value (metric, scope, period), about a system (connection), or both.
    """

    class Severity(models.TextChoices):
        STOP = "stop", "Stops a close"
        WATCH = "watch", "To be looked at"
        NOTE = "note", "Good to know"

    class Life(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        FIXED = "fixed", "Fixed"

    rule = models.TextField()
    metric = models.TextField(default="", blank=True)
    scope = models.ForeignKey(Scope, models.CASCADE, null=True, related_name="+")
    period = models.ForeignKey(Period, models.CASCADE, null=True, related_name="+")
    connection = models.ForeignKey("collectors.Connection", models.CASCADE, null=True, related_name="+")
    subject = models.TextField(default="", blank=True)  # what else tells it from others of its rule: a record's id
    severity = models.TextField(choices=Severity)
    says = models.TextField()
    measure = models.DecimalField(max_digits=20, decimal_places=8, null=True)  # what was measured, where it is a number
    life = models.TextField(choices=Life, default=Life.OPEN)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.TextField(default="", blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "finding"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "metric", "scope", "period", "connection", "subject"], nulls_distinct=False,
                name="finding_once",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["life", "severity"], name="finding_life")]

    def __str__(self) -> str:
        return self.says


class QualityScore(models.Model):
    """One dimension of one system's data on one day: `good` of `total`."""

    class Dimension(models.TextChoices):
        COMPLETENESS = "completeness", "Completeness"
        ACCURACY = "accuracy", "Accuracy"
        CONSISTENCY = "consistency", "Consistency"
        TIMELINESS = "timeliness", "Timeliness"
        UNIQUENESS = "uniqueness", "Uniqueness"

    connection = models.ForeignKey("collectors.Connection", models.CASCADE, related_name="+")
    dimension = models.TextField(choices=Dimension)
    day = models.DateField()
    good = models.BigIntegerField()
    total = models.BigIntegerField()

    class Meta:
        db_table = "quality_score"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "dimension", "day"], name="quality_score_once")
        ]
