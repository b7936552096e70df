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
    warranty_until = models.DateField(null=True)  # its last day, as the maker or a person says
    online = models.BooleanField(null=True)  # at the last reading, where the vendor tells
    patched_at = models.DateTimeField(null=True)  # when its patches were last looked at

    counted = Counted(leaners=(("Alert", "asset"),))

    class Meta:
        db_table = "asset"
        constraints = one_record("asset")
        indexes = [models.Index(Upper("serial"), name="asset_serial", condition=~models.Q(serial=""))]

    def __str__(self) -> str:
        return self.hostname


class AssetState(State):
    """The fields that are counted. `name` stands here since a spare is told by its name.

    What a vendor does not tell of a device is null or empty, and no device is patched or protected by silence.
    """

    class Antivirus(models.TextChoices):
        PROTECTED = "protected", "Running and up to date"
        OUTDATED = "outdated", "Running, not up to date"
        OFF = "off", "Installed, not running"
        MISSING = "missing", "None found"

    thing = models.ForeignKey(Asset, models.CASCADE, related_name="states", db_index=False)
    account = models.ForeignKey("collectors.Account", models.PROTECT, null=True, related_name="+")
    name = models.TextField(default="")
    kind = models.TextField(choices=AssetKind, default=AssetKind.OTHER)
    os = models.TextField(default="")
    os_version = models.TextField(default="")  # version and build as the vendor writes them, such as 10.0.19045
    patches_missing = models.IntegerField(null=True)  # approved and not installed
    antivirus = models.TextField(choices=Antivirus, default="", blank=True)
    booted_on = models.DateField(null=True)  # the day of its last start
    compliant = models.BooleanField(null=True)  # keeps the rules that its tenant sets for devices

    class Meta:
        db_table = "asset_state"
        constraints = state_keys("asset_state")
        indexes = [models.Index(fields=["from_on", "until_on"], name="asset_state_days")]


Asset.state_model = AssetState


class Alert(Record):
    """A monitor's alert about a device. Its layer says which system raised it."""

    class Severity(models.TextChoices):
        CRITICAL = "critical", "Critical"
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium"
        LOW = "low", "Low"
        UNKNOWN = "unknown", "Not told"

    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="alerts", db_constraint=False)
    layer = models.TextField()
    title = models.TextField(default="")
    kind = models.TextField(default="")  # what watched: disk, patch, antivirus, ... as the vendor calls it
    severity = models.TextField(choices=Severity, default=Severity.UNKNOWN)
    raised_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    raised_on = models.DateField()
    resolved_on = models.DateField(null=True)

    counted = Counted(days={"raised_on": "raised_at", "resolved_on": "resolved_at"}, inherits="asset")

    class Meta:
        db_table = "alert"
        constraints = one_record("alert")
        indexes = [models.Index(fields=["raised_on"], name="alert_raised")]
