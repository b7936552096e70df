"""The days the desk is open."""

from __future__ import annotations

from django.db import models


class OpenDay(models.Model):
    """A day the desk is open, from when and how long, and how long it was open on all days before it.

    Laid anew from the settings before what reads it is worked out (`metrics/business_hours.py`).
    """

    day = models.DateField(primary_key=True)
    opens_at = models.DateTimeField(unique=True)
    seconds = models.IntegerField()
    before = models.BigIntegerField()  # seconds

    class Meta:
        db_table = "open_day"

    def __str__(self) -> str:
        return self.day.isoformat()
