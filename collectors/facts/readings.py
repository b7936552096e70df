"""What has been read, and how far: the ground on which a value may call itself measured."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Reading(models.Model):
    """What happened was read from one moment through another, half-open, by good runs without a gap."""

    connection = models.ForeignKey("collectors.Connection", models.CASCADE, related_name="readings")
    entity = models.TextField()  # the model's name: Ticket, TimeEntry, LedgerBalance, ...
    account = models.ForeignKey("collectors.Account", models.CASCADE, null=True, related_name="+")
    read_from = models.DateTimeField()
    read_through = models.DateTimeField()
    run = models.ForeignKey("collectors.CollectorRun", models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "reading"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "entity", "account"], nulls_distinct=False, name="reading_once"
            )
        ]


class Listing(models.Model):
    """A complete listing of what stood on one local day. A month's stock is read on its last listing (C24, C25)."""

    connection = models.ForeignKey("collectors.Connection", models.CASCADE, related_name="listings")
    entity = models.TextField()
    day = models.DateField()
    at = models.DateTimeField()
    run = models.ForeignKey("collectors.CollectorRun", models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "listing"
        constraints = [models.UniqueConstraint(fields=["connection", "entity", "day"], name="listing_once_a_day")]


class Refusal(models.Model):
    """A list a vendor refuses to give, of one tenant or at all, since when and why; gone once it is given again.

    What was read of it before stays, and is no longer today's.
    """

    connection = models.ForeignKey("collectors.Connection", models.CASCADE, related_name="refusals")
    endpoint = models.TextField()
    entity = models.TextField()
    account = models.ForeignKey("collectors.Account", models.CASCADE, null=True, related_name="+")  # null: of everyone
    says = models.TextField()
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "refusal"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "endpoint", "account"], nulls_distinct=False, name="refusal_once"
            )
        ]

    def __str__(self) -> str:
        return self.says
