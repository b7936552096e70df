"""Goals people set, from a day on, for everyone or for one client. Shown beside a number; no value depends on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import admin

from collectors.facts.shapes import EARLIEST
from metrics.admin.dated import DatedForm
from metrics.definitions import CATALOGUE
from metrics.models import Goal, Scope
from metrics.typed import plain_decimal


class ScopeField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, scope: Any) -> str:
        return scope_label(scope)


def scope_label(scope: Scope | None) -> str:
    if scope is None:
        return "Company and every client"
    return scope.organization.name if scope.organization else "Company only"


class GoalForm(DatedForm):
    metric = forms.ChoiceField(choices=lambda: [(key, metric.label) for key, metric in CATALOGUE.items()])
    scope = ScopeField(
        queryset=Scope.objects.filter(kind__in=["company", "organization"]).select_related("organization"),
        required=False, empty_label="Company and every client",
    )

    class Meta:
        model = Goal
        fields = (
            "metric", "scope", "from_on", "direction", "target", "ceiling", "warn_at", "starts_at", "reached_on", "note"
        )
        labels: ClassVar = {"ceiling": "Ceiling", "warn_at": "Warning line", "starts_at": "Glides from"}
        help_texts: ClassVar = {
            "target": "Of a band the floor.",
            "ceiling": "Of a band alone: the most it may be.",
            "warn_at": "Missed, but near, up to here.",
            "starts_at": "For a goal that is reached step by step: what it is on its first day.",
            "reached_on": "The day on which the target is reached, in a straight line from the first day.",
        }
        widgets: ClassVar = {"reached_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for field, problem in (*_lines(cleaned), *_glide(cleaned), *self._overlaps(cleaned)):
            self.add_error(field, problem)
        return cleaned

    def _overlaps(self, cleaned: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """One goal a day for the same metric and whom, and none begins while another is still on its way."""
        if not {"metric", "from_on"} <= cleaned.keys():
            return
        same = Goal.objects.filter(metric=cleaned["metric"], scope=cleaned.get("scope")).exclude(pk=self.instance.pk)
        begins, reached = cleaned["from_on"], cleaned.get("reached_on")
        if same.filter(from_on=begins).exists():
            yield "from_on", "There is a goal for this from that day on. Change that one."
        elif under_way := same.filter(from_on__lt=begins, reached_on__gt=begins).first():
            yield "from_on", f"A goal is on its way until {_day(under_way.reached_on)}. Begin then, or change that one."
        if reached and (later := same.filter(from_on__gt=begins, from_on__lt=reached).order_by("from_on").first()):
            yield "reached_on", f"Another goal begins on {_day(later.from_on)}. Reach this one by then."


Problems = Iterator[tuple[str, str]]


def _lines(cleaned: dict[str, Any]) -> Problems:
    """A band has a ceiling above its floor; the warning line is the kinder one: a goal is missed a little before."""
    target, ceiling, warn_at = (cleaned.get(name) for name in ("target", "ceiling", "warn_at"))
    direction = cleaned.get("direction")
    if target is None or direction is None:
        return
    if direction == Goal.Direction.BAND:
        if ceiling is None:
            yield "ceiling", "A band needs a ceiling."
        elif ceiling <= target:
            yield "ceiling", "The ceiling of a band lies above its floor."
        if warn_at is not None:
            yield "warn_at", "A band has no warning line: widen the band."
        return
    if ceiling is not None:
        yield "ceiling", "Only a band has a ceiling. Choose “Between”, or leave it empty."
    at_most = direction == Goal.Direction.AT_MOST
    if warn_at is not None and ((warn_at < target) if at_most else (warn_at > target)):
        yield "warn_at", f"The warning line lies {'above' if at_most else 'below'} the target."


def _glide(cleaned: dict[str, Any]) -> Problems:
    """A glide path needs both its ends, a day to begin on and a later one to be reached on."""
    starts_at, reached, begins = (cleaned.get(name) for name in ("starts_at", "reached_on", "from_on"))
    if starts_at is None and reached is None:
        return
    if cleaned.get("direction") == Goal.Direction.BAND:
        yield "starts_at", "A band does not glide. Set one band after the other, each from its day on."
    elif starts_at is None:
        yield "starts_at", "A goal that is reached by a day needs what it is on its first day."
    elif reached is None:
        yield "reached_on", "A goal that glides needs the day on which the target is reached."
    elif begins == EARLIEST:
        yield "from_on", "A goal that glides needs the day on which it begins."
    elif begins is not None and reached <= begins:
        yield "reached_on", "The target is reached after the day it begins."


def _day(on: date | None) -> str:
    return f"{on.day} {on:%b %Y}" if on else ""


@admin.register(Goal)
class GoalAdmin(admin.ModelAdmin[Goal]):
    form = GoalForm
    list_display = ("label", "whom", "goal", "warn_at", "from_on", "note")
    list_select_related = ("scope__organization",)
    ordering = ("metric", "-from_on")

    @admin.display(description="metric", ordering="metric")
    def label(self, goal: Goal) -> str:
        return CATALOGUE[goal.metric].label if goal.metric in CATALOGUE else goal.metric

    @admin.display(description="for")
    def whom(self, goal: Goal) -> str:
        return scope_label(goal.scope)

    @admin.display(description="goal")
    def goal(self, goal: Goal) -> str:
        """“at most 0.25”, “between 90 and 100”, “at most 0.25, gliding from 0.4, reached on 30 Jun 2027”."""
        target = plain_decimal(goal.target)
        if goal.ceiling is not None:
            return f"between {target} and {plain_decimal(goal.ceiling)}"
        path = ""
        if goal.starts_at is not None:
            path = f", gliding from {plain_decimal(goal.starts_at)}, reached on {_day(goal.reached_on)}"
        return f"{goal.get_direction_display().lower()} {target}{path}"
