"""Periods close: who closed or reopened them, and what changed at a source after that."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from metrics.models.values import Definition, Period, Scope, State


class PeriodChange(models.Model):
    """A period closed, soft-closed or opened again: by whom, why, and what the checks said at that moment.

    `checks` is a list of {"check": key, "holds": bool, "says": sentence}.
    """

    period = models.ForeignKey(Period, models.CASCADE, related_name="changes")
    from_state = models.TextField(choices=Period.Status)
    to_state = models.TextField(choices=Period.Status)
    reason = models.TextField(default="", blank=True)
    checks = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "period_change"
        ordering: ClassVar = ["-at", "-pk"]


class Restatement(models.Model):
    """What a closed value would be now, since something changed at a source; the value stays until somebody accepts.

    `changes` are the ids of the `FactChange` rows behind it, where rows are behind it.
    """

    class Decision(models.TextChoices):
        WAITING = "", "Waits for a decision"
        ACCEPTED = "accepted", "Accepted: the value was restated"
        REFUSED = "refused", "Left as it was closed"
        GONE = "gone", "The source changed back"

    scope = models.ForeignKey(Scope, models.CASCADE, related_name="+")
    definition = models.ForeignKey(Definition, models.CASCADE, related_name="+")
    period = models.ForeignKey(Period, models.CASCADE, related_name="restatements")
    revision = models.SmallIntegerField(default=0)  # of the value it stands over
    old_value = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    old_state = models.SmallIntegerField(choices=State, null=True)
    new_value = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    new_state = models.SmallIntegerField(choices=State, null=True)
    cause = models.TextField()
    changes = ArrayField(models.BigIntegerField(), default=list)
    found_at = models.DateTimeField(default=timezone.now)
    decision = models.TextField(choices=Decision, default=Decision.WAITING, blank=True)
    reason = models.TextField(default="", blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "restatement"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "definition", "period"], condition=models.Q(decision=""), name="one_waits"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["period", "definition", "scope"], name="restatement_value")]
