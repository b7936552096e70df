"""A value: its scope, its period, the definition and basis it was worked out by, and its state."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from metrics.models.rules import Dated


class State(models.IntegerChoices):
    """Why a value is there, or why it is not. Missing is a value with a reason, and never zero."""

    MEASURED = 0, "measured"
    SO_FAR = 1, "so far"
    INCOMPLETE = 2, "incomplete"  # a month: the count so far, used in no formula; a quarter: no value
    INSUFFICIENT_COVERAGE = 3, "insufficient coverage"
    NOT_COLLECTED = 4, "not collected"
    NOT_LINKED = 5, "not linked"
    NOT_APPLICABLE = 6, "not applicable"
    UNDEFINED = 7, "undefined"


class Origin(models.IntegerChoices):
    COLLECTED = 0, "collected"
    ENTERED = 1, "entered"
    IMPORTED = 2, "imported"
    CORRECTED = 3, "corrected"
    DERIVED = 4, "derived"


class Definition(models.Model):
    """One version of a metric's definition, as the code declared it when it first stored a value."""

    metric = models.TextField()  # the stable key
    version = models.IntegerField()
    fingerprint = models.TextField()
    smart_number = models.BooleanField(default=False)
    since = models.DateField(null=True)
    note = models.TextField(default="", blank=True)

    class Meta:
        db_table = "definition"
        constraints: ClassVar = [models.UniqueConstraint(fields=["metric", "version"], name="definition_version")]


class Basis(models.Model):
    """Everything a value depends on beside facts: definition version, rules read, the bases of its inputs."""

    definition = models.ForeignKey(Definition, models.CASCADE, related_name="bases")
    rules = models.JSONField(default=dict)
    inputs = ArrayField(models.IntegerField(), default=list)
    fingerprint = models.TextField(unique=True)

    class Meta:
        db_table = "basis"


class InForce(Dated):
    """Which version of a metric is in force in the periods that begin on a day or later: shown, and read by others."""

    metric = models.TextField()
    definition = models.ForeignKey(Definition, models.CASCADE, related_name="+")

    class Meta:
        db_table = "in_force"
        verbose_name = "version in force"
        verbose_name_plural = "versions in force"
        constraints: ClassVar = [models.UniqueConstraint(fields=["metric", "from_on"], name="in_force_once_a_day")]

    def __str__(self) -> str:
        return f"{self.metric}, version {self.definition.version}"


class Segment(models.Model):
    """Clients of a kind, as admins name it on each of them; case and the spaces around it tell none apart."""

    name = models.TextField()

    class Meta:
        db_table = "segment"
        constraints: ClassVar = [models.UniqueConstraint(Lower("name"), name="segment_once")]

    def __str__(self) -> str:
        return self.name


class Scope(models.Model):
    """For whom a value is: the company, an organization, what is not linked, a segment; later a queue, ...

    `key` is the id of a segment.
    """

    class Kind(models.TextChoices):
        COMPANY = "company", "Company"
        ORGANIZATION = "organization", "Organization"
        NOT_LINKED = "not_linked", "Not linked to a client"
        SEGMENT = "segment", "Segment"
        AGREEMENT = "agreement", "Agreement"
        QUEUE = "queue", "Queue"
        TECHNICIAN = "technician", "Technician"

    kind = models.TextField(choices=Kind)
    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, null=True, blank=True, related_name="scopes"
    )
    key = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "scope"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "organization", "key"], nulls_distinct=False, name="scope_once")
        ]


class Period(models.Model):
    """A span of local days, half-open: first day, day after the last."""

    class Grain(models.TextChoices):
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        QUARTER = "quarter", "Quarter"
        YEAR = "year", "Year"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        SOFT_CLOSED = "soft_closed", "Soft-closed"  # nothing collected moves it; people may still enter and correct
        CLOSED = "closed", "Closed"

    grain = models.TextField(choices=Grain)
    starts_on = models.DateField()
    ends_on = models.DateField()
    state = models.TextField(choices=Status, default=Status.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)
    links_as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "period"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["grain", "starts_on", "ends_on"], name="period_once"),
            models.CheckConstraint(condition=models.Q(starts_on__lt=models.F("ends_on")), name="period_forward"),
        ]


class Rollup(models.Model):
    """One working-out of values: when, why and of what.

    `asked` is the months it worked out by their first day, each with the scopes it did, null for everyone.
    """

    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    cause = models.TextField()
    rows_written = models.IntegerField(default=0)
    asked = models.JSONField(default=dict)
    looked_at = models.DateTimeField(null=True, blank=True)  # when the rules of data quality looked at what it moved

    class Meta:
        db_table = "rollup"
        indexes: ClassVar = [
            models.Index(fields=["id"], name="rollup_to_look_at", condition=models.Q(looked_at=None))
        ]


class RollupReading(models.Model):
    """How far each connection had been read when a roll-up worked: the collector runs behind its values."""

    rollup = models.ForeignKey(Rollup, models.CASCADE, related_name="readings")
    connection = models.IntegerField()
    entity = models.TextField()
    account = models.IntegerField(null=True)
    read_from = models.DateTimeField(null=True)
    read_through = models.DateTimeField(null=True)
    run = models.BigIntegerField(null=True)

    class Meta:
        db_table = "rollup_reading"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rollup", "connection", "entity", "account"], nulls_distinct=False, name="rollup_reading_once"
            )
        ]


class Value(models.Model):
    """One row shape for every number, in four tables. `months` of `of_months` were measured."""

    # Only the roll-up writes values, with ids it has just read. Asking PostgreSQL to look each of the five up again
    # took longer than everything else in a roll-up (see docs/bench.md).
    pk = models.CompositePrimaryKey("scope", "definition", "period")
    scope = models.ForeignKey(Scope, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    definition = models.ForeignKey(Definition, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    period = models.ForeignKey(Period, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    basis = models.ForeignKey(Basis, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    value = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    state = models.SmallIntegerField(choices=State)
    cause = models.TextField(null=True)  # the reason in a few words, where the state alone leaves it open
    origin = models.SmallIntegerField(choices=Origin)
    collected = models.DecimalField(max_digits=20, decimal_places=8, null=True)  # what a correction stands over
    months = models.SmallIntegerField(null=True)
    of_months = models.SmallIntegerField(null=True)
    coverage = models.DecimalField(max_digits=7, decimal_places=6, null=True)
    fact_rows = models.IntegerField(null=True)
    checksum = models.BigIntegerField(null=True)
    rollup = models.ForeignKey(Rollup, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    revision = models.SmallIntegerField(default=0)

    class Meta:
        abstract = True


def value_states(table: str) -> list[models.BaseConstraint]:
    """A value where the state carries one and none where it does not; an incomplete month may hold its count so far."""
    named = models.Q(state__in=[State.MEASURED, State.SO_FAR, State.INSUFFICIENT_COVERAGE], value__isnull=False)
    empty = models.Q(state__gte=State.NOT_COLLECTED, value__isnull=True)
    condition = named | empty | models.Q(state=State.INCOMPLETE)
    return [models.CheckConstraint(condition=condition, name=f"{table}_state")]


def by_definition(table: str) -> list[models.Index]:
    """The second way in, beside the primary key: one definition and period for every scope."""
    return [models.Index(fields=["definition", "period"], include=["scope", "value"], name=f"{table}_definition")]


class WeeklyValue(Value):
    class Meta:
        db_table = "metrics_weekly"
        constraints = value_states("metrics_weekly")
        indexes = by_definition("metrics_weekly")


class MonthlyValue(Value):
    class Meta:
        db_table = "metrics_monthly"
        constraints = value_states("metrics_monthly")
        indexes = by_definition("metrics_monthly")


class QuarterlyValue(Value):
    class Meta:
        db_table = "metrics_quarterly"
        constraints = value_states("metrics_quarterly")
        indexes = by_definition("metrics_quarterly")


class YearlyValue(Value):
    class Meta:
        db_table = "metrics_yearly"
        constraints = value_states("metrics_yearly")
        indexes = by_definition("metrics_yearly")
