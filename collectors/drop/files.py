"""Which files were loaded: the provenance of what they told, and the days for which they told it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class LoadedFile(models.Model):
    """One file and the run that loaded it. Its cells are not kept; its digest says whether a file is the same one."""

    run = models.OneToOneField("collectors.CollectorRun", models.CASCADE, related_name="file")
    layout = models.TextField()
    name = models.TextField()
    sha256 = models.TextField()
    from_on = models.DateField(null=True)  # the days it speaks for; of what stood the one day it was listed on
    through_on = models.DateField(null=True)
    complete = models.BooleanField(default=False)  # it named everything of those days
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")  # null: the folder
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "loaded_file"
        indexes: ClassVar = [models.Index(fields=["layout", "-loaded_at"], name="loaded_file_latest")]

    def __str__(self) -> str:
        return self.name
