"""What is read from a system, in words."""

from __future__ import annotations

from django.apps import apps


def in_words(entity: str) -> str:
    """“TimeEntry” becomes “time entries”."""
    return str(apps.get_model("collectors", entity)._meta.verbose_name_plural).replace("entrys", "entries")
