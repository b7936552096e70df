"""Which version of a metric is in force from which day on. Versions that change together are put in force together."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from collectors.facts.shapes import EARLIEST
from metrics.admin.dated import DatedForm
from metrics.declare import Metric
from metrics.definitions import ALSO, CATALOGUE, version_of, versions_of
from metrics.models import Definition, InForce
from metrics.models.rules import begins_in_closed
from metrics.rollup.in_force import lay_definitions

Together = tuple[Metric, ...]  # versions put in force as one: hours of every kind by one day, or none


def choices() -> dict[str, Together]:
    """What can be put in force, each under a stable name: the versions that share a note, and those they stand for."""
    found: dict[str, Together] = {}
    for metric in ALSO:
        alike = tuple(other for other in ALSO if (other.note, other.version) == (metric.note, metric.version))
        found[f"{alike[0].key}.{metric.version}"] = alike
        first = tuple(CATALOGUE[other.key] for other in alike)
        found[f"{alike[0].key}.{first[0].version}"] = first
    return found


def _named() -> list[tuple[str, str]]:
    return [(name, _in_words(versions)) for name, versions in sorted(choices().items())]


def _in_words(versions: Together) -> str:
    """“Reactive hours and 7 more, version 2”."""
    first, more = versions[0], len(versions) - 1
    return f"{first.label}{f' and {more} more' if more else ''}, version {first.version}"


class InForceForm(DatedForm):
    version = forms.ChoiceField(label="Version", choices=_named)
    note = forms.CharField(label="Why", widget=forms.TextInput(attrs={"size": 60}))

    class Meta:
        model = InForce
        fields = ("from_on", "note")

    def clean_from_on(self) -> date:
        """The first day of a month: a longer period has the version of its own first day."""
        from_on = super().clean_from_on()
        if from_on.day != 1:
            raise forms.ValidationError(
                "Periods begin on the first day of a month. A quarter or a year takes the version of its own first day."
            )
        return from_on


@admin.register(InForce)
class InForceAdmin(admin.ModelAdmin[InForce]):
    """Rows are added and taken away, never changed: who decided what, when and why is kept."""

    form = InForceForm
    list_display = ("label", "version", "from_on", "note", "by", "at")
    list_select_related = ("definition", "by")
    ordering = ("metric", "-from_on")
    fields = ("version", "from_on", "note", "what_they_mean")
    readonly_fields = ("what_they_mean",)

    @admin.display(description="metric", ordering="metric")
    def label(self, row: InForce) -> str:
        return CATALOGUE[row.metric].label if row.metric in CATALOGUE else row.metric

    @admin.display(description="version")
    def version(self, row: InForce) -> str:
        declared = version_of(row.metric, row.definition.version) if row.metric in CATALOGUE else None
        return f"{row.definition.version}{': ' + declared.note if declared and declared.note else ''}"

    @admin.display(description="What they mean")
    def what_they_mean(self, row: InForce) -> SafeString:
        return format_html_join("", "<p><strong>{}</strong>: {} Together: {}.</p>", (
            (_in_words(versions), versions[0].note or versions[0].meaning, ", ".join(each.label for each in versions))
            for _, versions in sorted(choices().items())
        ))

    def has_change_permission(self, request: HttpRequest, obj: InForce | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: InForce | None = None) -> bool:
        """A closed period keeps the version it was closed with, and each metric one since ever."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (obj and (obj.from_on == EARLIEST or begins_in_closed(obj.from_on)))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One at a time, each with what was decided together with it."""
        return {}

    @transaction.atomic
    def save_model(self, request: HttpRequest, row: InForce, form: Any, change: bool) -> None:
        definitions = lay_definitions()
        versions = choices()[form.cleaned_data["version"]]
        for metric in versions:
            name = next(name for name, each in versions_of(metric.key).items() if each is metric)
            decided = {"definition_id": definitions[name], "note": row.note, "by_id": request.user.pk}
            made, _ = InForce.objects.update_or_create(metric=metric.key, from_on=row.from_on, defaults=decided)
            if metric is versions[0]:
                row.pk, row.metric, row.definition = made.pk, made.metric, made.definition

    @transaction.atomic
    def delete_model(self, request: HttpRequest, row: InForce) -> None:
        for each in together_with(row):
            each.delete()


def together_with(row: InForce) -> QuerySet[InForce]:
    """The row itself and those decided with it."""
    versions = next(
        (each for each in choices().values() if any(
            (metric.key, metric.version) == (row.metric, row.definition.version) for metric in each)), (),
    )
    keys = [metric.key for metric in versions] or [row.metric]
    same = Definition.objects.filter(version=row.definition.version)
    return InForce.objects.filter(metric__in=keys, from_on=row.from_on, definition__in=same)
