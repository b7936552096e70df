"""Marks left by loading for the roll-up, and the one row a higher layer writes for loading to read."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db import models

EVERY_ACCOUNT = -1
NO_ACCOUNT = 0
LATE = ", late"  # after an entity's name: the mark of a closed month in which its rows changed


class TransactionId(models.Func):
    """The transaction a row is written in."""

    function = "txid_current"
    output_field = models.BigIntegerField()


class Touched(models.Model):
    """A month that a change could move; EARLIEST stands for every month. Taken by the roll-up in its own transaction.

    Each transaction leaves marks of its own. Were a mark shared, a roll-up under way could take away one that a
    load not yet visible to it relies on, or the load would have to wait for the roll-up.
    """

    pk = models.CompositePrimaryKey("entity", "account", "month", "left_by")
    entity = models.TextField()
    account = models.BigIntegerField()
    month = models.DateField()
    left_by = models.BigIntegerField(db_default=TransactionId(), editable=False)

    class Meta:
        db_table = "touched"


class Calendar(models.Model):
    """One row: the business time zone, how far back to read, and the day up to which periods are closed."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    time_zone = models.TextField(default="UTC")
    read_from = models.DateField(null=True, blank=True)
    closed_through = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "calendar"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_calendar")]

    @classmethod
    def current(cls) -> Calendar:
        return cls.objects.get_or_create(id=1)[0]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def first_day(self) -> date | None:
        return self.read_from


class Dangling(models.Model):
    """A reference to a record not collected yet; loading fills it in when the other arrives."""

    connection = models.ForeignKey("collectors.Connection", models.CASCADE, related_name="+")
    entity = models.TextField()
    fact = models.BigIntegerField()
    field = models.TextField()
    target = models.TextField()
    external_id = models.TextField()

    class Meta:
        db_table = "dangling"
        constraints = [models.UniqueConstraint(fields=["entity", "fact", "field"], name="dangling_once")]
        indexes = [models.Index(fields=["connection", "target", "external_id"], name="dangling_target")]
