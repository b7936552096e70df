"""Backups: what is protected, how each run ended, and whether a recovery was tried."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, State, one_record, state_keys


class Backup(Record):
    """One thing that is backed up: a device with its agent, or a seat of a cloud service.

    `serial` and `hostname` tell which device of the RMM it is. A seat is told by the vendor's own id alone.
    """

    hostname = models.TextField(default="")
    serial = models.TextField(default="")

    counted = Counted(leaners=(("BackupRun", "backup"), ("RecoveryTest", "backup")))

    class Meta:
        db_table = "backup"
        constraints = one_record("backup")

    def __str__(self) -> str:
        return self.hostname or self.external_id


class BackupState(State):
    """As the backup system listed it."""

    class Kind(models.TextChoices):
        CONTINUITY = "continuity", "Continuity"
        SAAS = "saas", "SaaS"

    thing = models.ForeignKey(Backup, models.CASCADE, related_name="states", db_index=False)
    account = models.ForeignKey("collectors.Account", models.PROTECT, null=True, related_name="+")
    kind = models.TextField(choices=Kind, default=Kind.CONTINUITY)
    service = models.TextField(default="")  # of a seat: mailbox, drive, site, team, as the vendor calls it
    paused = models.BooleanField(default=False)  # by a person: it is not expected to run
    retention_days = models.IntegerField(null=True)

    class Meta:
        db_table = "backup_state"
        constraints = state_keys("backup_state")
        indexes = [models.Index(fields=["from_on", "until_on"], name="backup_state_days")]


Backup.state_model = BackupState


class BackupRun(Record):
    """One attempt. Where a vendor tells only of the last good one, each that is read becomes a run."""

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded", "Succeeded"
        WARNED = "warned", "Succeeded with warnings"
        FAILED = "failed", "Failed"

    backup = models.ForeignKey(
        Backup, models.PROTECT, null=True, related_name="runs", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    outcome = models.TextField(choices=Outcome)
    finished_at = models.DateTimeField()
    finished_on = models.DateField()

    counted = Counted(days={"finished_on": "finished_at"}, inherits="backup")

    class Meta:
        db_table = "backup_run"
        constraints = one_record("backup_run")
        indexes = [
            models.Index(fields=["finished_on"], name="backup_run_finished"),
            models.Index(fields=["backup", "finished_on"], name="backup_run_of"),
        ]


class RecoveryTest(Record):
    """A recovery that was tried: a restore, or the vendor's own boot of the saved machine."""

    backup = models.ForeignKey(Backup, models.PROTECT, null=True, related_name="tests", db_constraint=False)
    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    passed = models.BooleanField(null=True)
    tested_at = models.DateTimeField()
    tested_on = models.DateField()

    counted = Counted(days={"tested_on": "tested_at"}, inherits="backup")

    class Meta:
        db_table = "recovery_test"
        constraints = one_record("recovery_test")
        indexes = [models.Index(fields=["tested_on"], name="recovery_test_tested")]
