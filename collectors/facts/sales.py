"""Sales: deals and the way they took, and what was done to win them."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, one_record


class Deal(Record):
    """An opportunity in the CRM, as it is now; the stages it went through are rows of their own."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    name = models.TextField(default="")
    pipeline = models.TextField(default="")
    stage = models.TextField(default="")
    status = models.TextField(choices=Status, default=Status.OPEN)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.TextField(default="")
    owner = models.TextField(default="")  # the seller, one of the MSP's own
    partner = models.TextField(default="")  # who brought it
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # when it was won or lost; of an open one nothing
    expected_on = models.DateField(null=True)
    created_on = models.DateField()
    closed_on = models.DateField(null=True)

    counted = Counted(
        days={"created_on": "created_at", "closed_on": "closed_at"}, leaners=(("DealStage", "deal"),),
        leaned_on=("account",),
    )  # fmt: skip

    class Meta:
        db_table = "deal"
        constraints = one_record("deal")
        indexes = [models.Index(fields=["created_on"], name="deal_created")]

    def __str__(self) -> str:
        return self.name


class DealStage(Record):
    """A deal came into a stage."""

    deal = models.ForeignKey(Deal, models.PROTECT, null=True, related_name="stages", db_constraint=False)
    stage = models.TextField()
    entered_at = models.DateTimeField()
    entered_on = models.DateField()

    counted = Counted(days={"entered_on": "entered_at"}, account="")

    class Meta:
        db_table = "deal_stage"
        constraints = one_record("deal_stage")


class Activity(Record):
    """A call or a meeting with a prospect or client, and what came of it."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        MEETING = "meeting", "Meeting"
        OTHER = "other", "Other"

    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False)
    kind = models.TextField(choices=Kind)
    type = models.TextField(default="")  # of the MSP's own list in the CRM, such as “First appointment”
    outcome = models.TextField(default="")  # as the vendor says: connected, no answer, held, ...
    done = models.BooleanField(default=True)  # false where it was planned and has not happened
    owner = models.TextField(default="")
    happened_at = models.DateTimeField()
    happened_on = models.DateField()

    counted = Counted(days={"happened_on": "happened_at"})

    class Meta:
        db_table = "activity"
        constraints = one_record("activity")
        indexes = [models.Index(fields=["happened_on"], name="activity_happened")]
