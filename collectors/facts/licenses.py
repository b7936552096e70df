"""Licences: seats bought, assigned and used, by product."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, State, one_record, state_keys


class License(Record):
    """A subscription of one client to one product. The tenant tells what is assigned, the marketplace what it costs."""

    layer = models.TextField()

    counted = Counted()

    class Meta:
        db_table = "license"
        constraints = one_record("license")


class LicenseState(State):
    thing = models.ForeignKey(License, models.CASCADE, related_name="states", db_index=False)
    account = models.ForeignKey("collectors.Account", models.PROTECT, null=True, related_name="+")
    product = models.TextField(default="")  # as people know it
    sku = models.TextField(default="")  # as the vendor knows it, by which free ones are told
    seats = models.IntegerField(null=True)  # bought
    assigned = models.IntegerField(null=True)
    active = models.IntegerField(null=True)  # assigned to someone who signed in lately
    unit_cost = models.DecimalField(max_digits=20, decimal_places=4, null=True)  # what the MSP pays for one seat
    unit_price = models.DecimalField(max_digits=20, decimal_places=4, null=True)  # what the client is charged
    cycle_months = models.IntegerField(null=True)  # months a price covers
    currency = models.TextField(default="")
    trial = models.BooleanField(default=False)
    suspended = models.BooleanField(default=False)
    renews_on = models.DateField(null=True)

    class Meta:
        db_table = "license_state"
        constraints = state_keys("license_state")
        indexes = [models.Index(fields=["from_on", "until_on"], name="license_state_days")]


License.state_model = LicenseState
