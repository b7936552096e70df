"""Security: what is checked and how it scored, the seats people sign in with, and incidents."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, State, one_record, state_keys


class PostureCheck(Record):
    """One thing a system scores of a client, such as its secure score or one of its controls."""

    layer = models.TextField()
    name = models.TextField(default="")  # of ours where a metric reads it: secure_score; else the vendor's

    counted = Counted()

    class Meta:
        db_table = "posture_check"
        constraints = one_record("posture_check")

    def __str__(self) -> str:
        return self.name


class PostureCheckState(State):
    thing = models.ForeignKey(PostureCheck, models.CASCADE, related_name="states", db_index=False)
    account = models.ForeignKey("collectors.Account", models.PROTECT, null=True, related_name="+")
    score = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    out_of = models.DecimalField(max_digits=14, decimal_places=4, null=True)

    class Meta:
        db_table = "posture_check_state"
        constraints = state_keys("posture_check_state")
        indexes = [models.Index(fields=["from_on", "until_on"], name="posture_state_days")]


PostureCheck.state_model = PostureCheckState


class Seat(Record):
    """One sign-in of a client's tenant. No name and no address: its external id is the vendor's own opaque one."""

    layer = models.TextField()

    counted = Counted()

    class Meta:
        db_table = "seat"
        constraints = one_record("seat")


class SeatState(State):
    """Each may be null: the vendor, or the tenant's licence, does not tell."""

    thing = models.ForeignKey(Seat, models.CASCADE, related_name="states", db_index=False)
    account = models.ForeignKey("collectors.Account", models.PROTECT, null=True, related_name="+")
    enabled = models.BooleanField(null=True)  # may sign in
    guest = models.BooleanField(null=True)
    admin = models.BooleanField(null=True)
    licensed = models.BooleanField(null=True)
    mfa = models.BooleanField(null=True)  # a second factor is registered
    signed_in_on = models.DateField(null=True)  # first day of the month of the last sign-in: enough to tell who is idle

    class Meta:
        db_table = "seat_state"
        constraints = state_keys("seat_state")
        indexes = [models.Index(fields=["from_on", "until_on"], name="seat_state_days")]


Seat.state_model = SeatState


class Incident(Record):
    """What a security system found and someone looked into. Its layer says whose: two layers never add up."""

    class Severity(models.TextChoices):
        CRITICAL = "critical", "Critical"
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium"
        LOW = "low", "Low"
        UNKNOWN = "unknown", "Not told"

    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    layer = models.TextField()
    title = models.TextField(default="")
    severity = models.TextField(choices=Severity, default=Severity.UNKNOWN)
    dismissed = models.BooleanField(default=False)  # a false positive, or folded into another
    raised_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    raised_on = models.DateField()
    resolved_on = models.DateField(null=True)

    counted = Counted(days={"raised_on": "raised_at", "resolved_on": "resolved_at"})

    class Meta:
        db_table = "incident"
        constraints = one_record("incident")
        indexes = [models.Index(fields=["raised_on"], name="incident_raised")]
