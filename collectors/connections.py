"""Connections, their runs, the places they stopped at and the records they could not read."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models
from django.utils import timezone

from collectors.facts.shapes import EARLIEST, FOREVER


def _keyring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


class Connection(models.Model):
    """One vendor system we read. Its secrets are stored encrypted and never shown again."""

    vendor = models.TextField()  # the vendor file's slug
    label = models.TextField()
    settings = models.JSONField(default=dict, blank=True)
    secrets_sealed = models.BinaryField(null=True, blank=True, editable=False)
    enabled = models.BooleanField(default=True)
    schedule = models.TextField(default="17 * * * *")  # cron text, business time zone
    counts_from = models.DateField(default=EARLIEST)  # the days on which its facts count
    counts_to = models.DateField(default=FOREVER)
    problem = models.TextField(default="", blank=True)  # a sentence an admin can act on; empty: none
    consent_expires_at = models.DateTimeField(null=True, blank=True)
    full_compare_at = models.DateTimeField(null=True, blank=True)  # start of the last full compare that ended well
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "connection"
        constraints = [models.UniqueConstraint(fields=["vendor", "label"], name="connection_label")]

    def __str__(self) -> str:
        return self.label

    @property
    def secrets(self) -> dict[str, Any]:
        """The credentials in the clear. Raises InvalidToken where no current key opens them: never a guess."""
        if not self.secrets_sealed:
            return {}
        opened: dict[str, Any] = json.loads(_keyring().decrypt(bytes(self.secrets_sealed)))
        return opened

    @secrets.setter
    def secrets(self, values: dict[str, Any]) -> None:
        self.secrets_sealed = _keyring().encrypt(json.dumps(values).encode())


class CollectorRun(models.Model):
    """One reading of one connection. `as_of` is the moment it speaks for; `counts` moves while it works."""

    retry_after: float | None = None  # seconds the vendor asks us to wait, known to who has just run it

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused, goes on at once"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped, needs a person"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="runs")
    as_of = models.DateTimeField()
    full = models.BooleanField(default=False)  # a full compare
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)  # moved on by the heartbeat
    worker = models.TextField(default="", blank=True, editable=False)  # who holds the lease; another's writes are void
    state = models.TextField(choices=State, default=State.RUNNING)
    step = models.TextField(default="", blank=True)  # the endpoint it is at, for people
    counts = models.JSONField(default=dict, blank=True)  # {"tickets": {"read": 0, "added": 0, "changed": 0, ...}}
    error = models.TextField(default="", blank=True)

    class Meta:
        db_table = "collector_run"
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=models.Q(state__in=["running", "paused"]), name="one_running"
            )
        ]
        indexes = [models.Index(fields=["connection", "-started_at"], name="run_latest")]

    def __str__(self) -> str:
        return f"{self.connection}, {self.started_at:%-d %B %Y %H:%M} UTC"


class Checkpoint(models.Model):
    """How far one endpoint of a running read has come; gone when the run ends well."""

    pk = models.CompositePrimaryKey("connection", "endpoint")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="checkpoints")
    endpoint = models.TextField()
    cursor = models.JSONField(default=dict)

    class Meta:
        db_table = "checkpoint"


class Seen(models.Model):
    """A record an endpoint of the running read has named: what stays unnamed is retired, what is kept is asked into.

    The table is unlogged: it says nothing once its run has ended, and a read whose rows a crash of the database
    took away starts over.
    """

    pk = models.CompositePrimaryKey("connection", "endpoint", "external_id")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    endpoint = models.TextField()
    external_id = models.TextField()
    record = models.JSONField(null=True)  # what the endpoints asked `each` of these need of it

    class Meta:
        db_table = "seen"


class QuarantinedRecord(models.Model):
    """A record that could not be read: the fields its file declares and the reason, kept for 90 days."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="quarantine")
    endpoint = models.TextField()
    external_id = models.TextField(default="", blank=True)
    reason = models.TextField()
    record = models.JSONField(default=dict)
    run = models.ForeignKey(CollectorRun, models.SET_NULL, null=True, related_name="+")
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    replayed_at = models.DateTimeField(null=True, blank=True)  # set when it could be loaded after all

    class Meta:
        db_table = "quarantined_record"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "endpoint", "external_id", "reason"],
                condition=models.Q(replayed_at=None),
                name="quarantined_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.external_id}".strip()
