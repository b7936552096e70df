"""Goals people set, from a day on, for everyone or for one client. Shown beside a number; no value depends on them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from metrics.admin.dated import DatedForm
from metrics.definitions import CATALOGUE
from metrics.models import Goal, Scope


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
        fields = ("metric", "scope", "from_on", "direction", "target", "warn_at", "note")

    def clean(self) -> dict[str, Any]:
        """The warning line is the kinder one: a goal is missed a little before it is missed."""
        cleaned = super().clean() or {}
        target, warn_at = cleaned.get("target"), cleaned.get("warn_at")
        if target is not None and warn_at is not None:
            at_most = cleaned.get("direction") == Goal.Direction.AT_MOST
            if (warn_at < target) if at_most else (warn_at > target):
                self.add_error("warn_at", f"The warning line lies {'above' if at_most else 'below'} the target.")
        return cleaned


@admin.register(Goal)
class GoalAdmin(admin.ModelAdmin[Goal]):
    form = GoalForm
    list_display = ("label", "whom", "direction", "target", "warn_at", "from_on", "note")
    list_select_related = ("scope__organization",)
    ordering = ("metric", "-from_on")

    @admin.display(description="metric", ordering="metric")
    def label(self, goal: Goal) -> str:
        return CATALOGUE[goal.metric].label if goal.metric in CATALOGUE else goal.metric

    @admin.display(description="for")
    def whom(self, goal: Goal) -> str:
        return scope_label(goal.scope)
