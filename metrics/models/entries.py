"""What people type in: numbers, corrections and goals."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from metrics.models.values import Period, Scope


class Entry(models.Model):
    """A number a person gave for one metric, scope and month. Superseded, never edited."""

    class Kind(models.TextChoices):
        ENTERED = "entered", "Entered"
        IMPORTED = "imported", "Imported"
        CORRECTED = "corrected", "Corrected"  # stands over a collected value, which stays beside it
        NOT_USED = "not_used", "The client does not use this"  # makes the value not applicable

    metric = models.TextField()
    scope = models.ForeignKey(Scope, models.CASCADE, related_name="entries")
    period = models.ForeignKey(Period, models.CASCADE, related_name="+")
    value = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    kind = models.TextField(choices=Kind)
    note = models.TextField(default="", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "entry"
        permissions: ClassVar = [
            ("see_finance", "Can see finance figures"),
            ("see_wages", "Can see wages"),
            ("enter_numbers", "Can enter, correct and import numbers"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["metric", "scope", "period"], condition=models.Q(superseded_at=None), name="one_entry"
            )
        ]


class Goal(models.Model):
    """A goal in force from a day on, for every scope or for one.

    A band has a floor, `target`, and a ceiling. A glide path leads from `starts_at` on its first day to the target on
    `reached_on`, in a straight line.
    """

    class Direction(models.TextChoices):
        AT_LEAST = "at_least", "At least"
        AT_MOST = "at_most", "At most"
        BAND = "band", "Between"

    metric = models.TextField()
    scope = models.ForeignKey(Scope, models.CASCADE, null=True, blank=True, related_name="+")
    from_on = models.DateField()
    direction = models.TextField(choices=Direction)
    target = models.DecimalField(max_digits=20, decimal_places=8)
    warn_at = models.DecimalField(max_digits=20, decimal_places=8, null=True, blank=True)
    ceiling = models.DecimalField(max_digits=20, decimal_places=8, null=True, blank=True)
    starts_at = models.DecimalField(max_digits=20, decimal_places=8, null=True, blank=True)
    reached_on = models.DateField(null=True, blank=True)
    note = models.TextField(default="", blank=True)

    class Meta:
        db_table = "goal"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["metric", "scope", "from_on"], nulls_distinct=False, name="goal_once_a_day")
        ]
