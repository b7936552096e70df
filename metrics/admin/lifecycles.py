"""Until when operating systems are supported: what came with the program, and what an admin adds or corrects."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from metrics.models import OsLifecycle

HELP = {
    "name": "What people read, such as “Windows 11 23H2”.",
    "rank": "Where several rows match a device the highest counts, and of equal ones the later day. The rows that came "
    "with the program have 0 to 2: give your own 10 to have it count before them.",
    "note": "Why it was added or changed, such as extended support that a client has bought.",
}


class Supported(admin.SimpleListFilter):
    title = "support"
    parameter_name = "supported"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Still supported"), ("no", "No longer supported")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[OsLifecycle]) -> models.QuerySet[OsLifecycle]:
        """The last day of support is a day of support."""
        today = timezone.localdate()
        match self.value():
            case "yes":
                return queryset.filter(supported_until__gte=today)
            case "no":
                return queryset.filter(supported_until__lt=today)
        return queryset


@admin.register(OsLifecycle)
class OsLifecycleAdmin(admin.ModelAdmin[OsLifecycle]):
    list_display = ("name", "supported_until", "is_supported", "pattern", "version_pattern", "rank", "source")
    list_filter = (Supported,)
    search_fields = ("name", "note")
    fields = ("name", "pattern", "version_pattern", "supported_until", "rank", "source", "note")

    @admin.display(description="supported", boolean=True, ordering="supported_until")
    def is_supported(self, row: OsLifecycle) -> bool:
        return row.supported_until >= timezone.localdate()

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **also: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **also)
        if field is not None and not field.help_text:
            field.help_text = HELP.get(db_field.name, "")
        return field
