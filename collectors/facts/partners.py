"""Partners: who sells with the MSP, what they register, and what is known of them by month. Files tell of them."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, State, one_record, state_keys


class Partner(Record):
    name = models.TextField()

    counted = Counted(account="", leaners=(("Registration", "partner"), ("PartnerFigure", "partner")))

    class Meta:
        db_table = "partner"
        constraints = one_record("partner")

    def __str__(self) -> str:
        return self.name


class PartnerState(State):
    """Its standing, as it was listed. The managers are the MSP's own people."""

    thing = models.ForeignKey(Partner, models.CASCADE, related_name="states", db_index=False)
    tier = models.TextField(default="")
    segment = models.TextField(default="")
    region = models.TextField(default="")
    manager = models.TextField(default="")
    account_manager = models.TextField(default="")
    status = models.TextField(default="")
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)  # of the contract

    class Meta:
        db_table = "partner_state"
        constraints = state_keys("partner_state")


Partner.state_model = PartnerState


class Registration(Record):
    """A deal that a partner registered, and what was decided of it."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", "Submitted"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="registrations", db_constraint=False)
    deal = models.TextField(default="")  # the CRM's id of the deal it became
    status = models.TextField(choices=Status, default=Status.SUBMITTED)
    reason = models.TextField(default="")  # of a rejection, or of a loss
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.TextField(default="")
    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)  # when it was won or lost
    submitted_on = models.DateField()
    decided_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)

    counted = Counted(
        days={"submitted_on": "submitted_at", "decided_on": "decided_at", "closed_on": "closed_at"}, account="",
    )  # fmt: skip

    class Meta:
        db_table = "registration"
        constraints = one_record("registration")
        indexes = [models.Index(fields=["submitted_on"], name="registration_submitted")]


class PartnerFigure(Record):
    """One figure of one partner and month that no other record tells, such as a target or hours of training."""

    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="figures", db_constraint=False)
    measure = models.TextField()
    month = models.DateField()  # its first day
    value = models.DecimalField(max_digits=20, decimal_places=4)

    counted = Counted(days={"month": ""}, account="")

    class Meta:
        db_table = "partner_figure"
        constraints = one_record("partner_figure")
        indexes = [models.Index(fields=["month"], name="partner_figure_month")]
