"""What clients pay for: agreements and the additions billed on top of them.

The view `agreement_line` (see the first migration) joins the two into one row for each amount that stood: the
base of an agreement or one of its additions, already normalised to a month.
"""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, State, one_record, state_keys


class Agreement(Record):
    name = models.TextField()

    counted = Counted(leaners=(("Addition", "agreement"),))

    class Meta:
        db_table = "agreement"
        constraints = one_record("agreement")

    def __str__(self) -> str:
        return self.name


class AgreementState(State):
    """As the PSA listed it. An agreement bills on a day that is within its own term and not cancelled."""

    thing = models.ForeignKey(Agreement, models.CASCADE, related_name="states", db_index=False)
    account = models.ForeignKey("collectors.Account", models.PROTECT, null=True, related_name="+")
    kind = models.TextField(default="")  # the PSA's agreement type
    amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # the base fee of one billing cycle
    cycle_months = models.IntegerField(null=True)  # months a billing cycle covers; null: not billed in cycles
    currency = models.TextField(default="")
    budget_hours = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)  # the last day of the term, as the PSA says
    cancelled_on = models.DateField(null=True)
    cancelled = models.BooleanField(default=False)

    class Meta:
        db_table = "agreement_state"
        constraints = state_keys("agreement_state")


Agreement.state_model = AgreementState


class Addition(Record):
    agreement = models.ForeignKey(Agreement, models.CASCADE, null=True, related_name="additions")

    counted = Counted(account="", through="agreement")

    class Meta:
        db_table = "addition"
        constraints = one_record("addition")


class AdditionState(State):
    thing = models.ForeignKey(Addition, models.CASCADE, related_name="states", db_index=False)
    product = models.TextField(default="")
    quantity = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    included = models.DecimalField(max_digits=14, decimal_places=4, default=0)  # seats the base fee already covers
    amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # of one billing cycle of its agreement
    billed = models.BooleanField(default=True)
    effective_on = models.DateField(null=True)
    cancelled_on = models.DateField(null=True)

    class Meta:
        db_table = "addition_state"
        constraints = state_keys("addition_state")


Addition.state_model = AdditionState
