"""What stands beside a number: notes with a date, the limits it varies within, and other people's benchmarks."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from metrics.models.values import Definition, Scope


class MetricOwner(models.Model):
    """Who answers for what a metric means, in every version of it."""

    metric = models.TextField(unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        db_table = "metric_owner"
        verbose_name = "owner of a definition"
        verbose_name_plural = "owners of definitions"
        ordering: ClassVar = ["metric"]

    def __str__(self) -> str:
        return self.metric


class Note(models.Model):
    """Something that happened on a day (an onboarding, an outage, a price rise), drawn on every chart it touches."""

    class Kind(models.TextChoices):
        ONBOARDING = "onboarding", "Onboarding"
        OFFBOARDING = "offboarding", "Offboarding"
        OUTAGE = "outage", "Outage"
        PRICE = "price", "Price change"
        PEOPLE = "people", "People"
        OTHER = "other", "Other"

    kind = models.TextField(choices=Kind, default=Kind.OTHER)
    on = models.DateField()
    until = models.DateField(null=True, blank=True)  # the day after the last; empty: one day
    scope = models.ForeignKey(Scope, models.CASCADE, null=True, blank=True, related_name="+")  # empty: everyone
    metric = models.TextField(default="", blank=True)  # empty: every metric
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "note"
        ordering: ClassVar = ["-on", "-pk"]
        indexes: ClassVar = [models.Index(fields=["on"], name="note_on")]

    def __str__(self) -> str:
        return self.text


class HeldLimits(models.Model):
    """The limits a metric varies within for one scope, held until somebody has them worked out again, with a reason."""

    definition = models.ForeignKey(Definition, models.CASCADE, related_name="+")
    scope = models.ForeignKey(Scope, models.CASCADE, related_name="+")
    per_working_day = models.BooleanField(default=False)
    mean = models.DecimalField(max_digits=20, decimal_places=8)
    lower = models.DecimalField(max_digits=20, decimal_places=8)
    upper = models.DecimalField(max_digits=20, decimal_places=8)
    points = models.SmallIntegerField()
    from_on = models.DateField()  # the first month of the points, and the day after the last
    until_on = models.DateField()
    reason = models.TextField(default="", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "held_limits"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["definition", "scope"], condition=models.Q(superseded_at=None), name="limits_held_once"
            )
        ]


class BenchmarkSet(models.Model):
    """Figures of other companies, as somebody published them; never a goal."""

    source = models.TextField()
    published_on = models.DateField()
    population = models.TextField()  # whose figures: “MSPs of 10 to 50 people, North America, n = 412”
    note = models.TextField(default="", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "benchmark_set"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "published_on", "population"], name="benchmark_set_once")
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.published_on:%Y}"


class Benchmark(models.Model):
    set = models.ForeignKey(BenchmarkSet, models.CASCADE, related_name="benchmarks")
    metric = models.TextField()
    median = models.DecimalField(max_digits=20, decimal_places=8)
    lower_quartile = models.DecimalField(max_digits=20, decimal_places=8, null=True, blank=True)
    upper_quartile = models.DecimalField(max_digits=20, decimal_places=8, null=True, blank=True)

    class Meta:
        db_table = "benchmark"
        constraints: ClassVar = [models.UniqueConstraint(fields=["set", "metric"], name="benchmark_once")]
