"""What is looked after: devices, as each layer (RMM, PSA, EDR, backup) knows them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper

from collectors.facts.shapes import Counted, Record, State, one_record, state_keys


class AssetKind(models.TextChoices):
    WORKSTATION = "workstation", "Workstation"
    SERVER = "server", "Server"
    VM_HOST = "vm_host", "VM host"
    VM_GUEST = "vm_guest", "VM guest"
    NETWORK = "network", "Network device"
    MOBILE = "mobile", "Mobile device"
    OTHER = "other", "Other"


class Asset(Record):
    layer = models.TextField()  # which system's evidence this is; two layers never add up
    serial = models.TextField(default="")
    hostname = models.TextField(default="")
    last_seen_at = models.DateTimeField(null=True)
    model = models.TextField(default="")

    counted = Counted()

    class Meta:
        db_table = "asset"
        constraints = one_record("asset")
        indexes = [models.Index(Upper("serial"), name="asset_serial", condition=~models.Q(serial=""))]

    def __str__(self) -> str:
        return self.hostname


class AssetState(State):
    """The fields that are counted. `name` stands here since a spare is told by its name."""

    thing = models.ForeignKey(Asset, models.CASCADE, related_name="states", db_index=False)
    account = models.ForeignKey("collectors.Account", models.PROTECT, null=True, related_name="+")
    name = models.TextField(default="")
    kind = models.TextField(choices=AssetKind, default=AssetKind.OTHER)
    os = models.TextField(default="")

    class Meta:
        db_table = "asset_state"
        constraints = state_keys("asset_state")
        indexes = [models.Index(fields=["from_on", "until_on"], name="asset_state_days")]


Asset.state_model = AssetState
