"""What is known of devices beside what their systems say: until when makers support them, and which are the same."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import DataError, connection, models, transaction


class OsLifecycle(models.Model):
    """Until when a maker supports one version of an operating system, where we know it from, and how to tell it.

    Patterns are matched without regard to case against what the RMM calls the system and its version. Where several
    match, the one of the highest `rank` counts: an edition that is supported longer stands above its family.
    """

    name = models.TextField(unique=True)
    pattern = models.TextField(help_text="Matches the name of the system, such as “windows 10”.")
    version_pattern = models.TextField(
        default="", blank=True, help_text="Matches its version or build, such as “19045”. Empty: any."
    )
    supported_until = models.DateField(help_text="The last day of support.")
    rank = models.SmallIntegerField(default=0)
    source = models.TextField(default="", blank=True, help_text="The address of the maker's own page.")
    note = models.TextField(default="", blank=True)

    class Meta:
        db_table = "os_lifecycle"
        ordering = ["name"]
        verbose_name = "operating system"
        verbose_name_plural = "operating systems"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        for field in ("pattern", "version_pattern"):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SELECT '' ~* %s", [getattr(self, field)])
            except DataError as error:
                raise ValidationError({field: "The database cannot read this pattern."}) from error


class SameDevice(models.Model):
    """A device of the RMM and what another layer calls the same one, of one client: by serial number, then by name.

    Laid anew before each roll-up. Whatever stands in no row has no partner: a gap, or something nobody manages.
    """

    class By(models.TextChoices):
        SERIAL = "serial", "Serial number"
        NAME = "name", "Host name"

    asset = models.ForeignKey("collectors.Asset", models.CASCADE, related_name="+", db_constraint=False)
    layer = models.TextField()
    other = models.BigIntegerField()  # an asset of that layer; of the backup layer a backup
    by = models.TextField(choices=By)

    class Meta:
        db_table = "same_device"
        constraints = [
            models.UniqueConstraint(fields=["layer", "other"], name="same_device_once"),
        ]
        indexes = [models.Index(fields=["asset", "layer"], name="same_device_asset")]
