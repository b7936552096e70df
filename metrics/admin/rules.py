"""The rules people own: one row for each day a rule changes, checked as the rule itself demands."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from collectors.facts.touched import Calendar
from metrics.admin.dated import DatedForm
from metrics.models import Rule
from metrics.models.rules import begins_in_closed
from metrics.settings import SETTINGS


def as_text(value: Any) -> str:
    """A list one item a line, a table as JSON, anything else as it is."""
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def as_value(key: str, text: str) -> Any:
    """What a person typed, in the shape of the rule's default. Raises ValueError with a sentence."""
    shape = SETTINGS[key].default
    if isinstance(shape, list):
        return SETTINGS[key].check([line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()])
    if isinstance(shape, dict):
        try:
            return SETTINGS[key].check(json.loads(text))
        except json.JSONDecodeError as problem:
            raise ValueError(f"Write it like the default: {json.dumps(shape)}.") from problem
    return SETTINGS[key].check(text.strip())


def _choices() -> list[tuple[str, str]]:
    return [(key, setting.label) for key, setting in SETTINGS.items()]


class RuleForm(DatedForm):
    key = forms.ChoiceField(label="Rule", choices=_choices)
    value = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 4, "cols": 60}), help_text="Of a list, one item a line.",
    )

    class Meta:
        model = Rule
        fields = ("key", "value", "from_on", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["value"] = as_text(self.instance.value)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if key := cleaned.get("key"):
            try:
                cleaned["value"] = as_value(key, cleaned.get("value", ""))
            except ValueError as problem:
                self.add_error("value", str(problem))
        return cleaned


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin[Rule]):
    form = RuleForm
    list_display = ("label", "shown", "default", "from_on", "note", "by")
    list_select_related = ("by",)
    ordering = ("key", "-from_on")
    fields = ("key", "value", "from_on", "note", "what_they_mean")
    readonly_fields = ("what_they_mean",)

    @admin.display(description="rule", ordering="key")
    def label(self, rule: Rule) -> str:
        return SETTINGS[rule.key].label if rule.key in SETTINGS else rule.key

    @admin.display(description="value")
    def shown(self, rule: Rule) -> str:
        return as_text(rule.value).replace("\n", ", ")

    @admin.display(description="unless said")
    def default(self, rule: Rule) -> str:
        return as_text(SETTINGS[rule.key].default).replace("\n", ", ") if rule.key in SETTINGS else ""

    @admin.display(description="What they mean")
    def what_they_mean(self, rule: Rule) -> SafeString:
        rows = ((s.label, s.help, as_text(s.default).replace("\n", ", ") or "none") for s in SETTINGS.values())
        return format_html_join("", "<p><strong>{}</strong>: {} Unless said: {}.</p>", rows)

    def has_delete_permission(self, request: HttpRequest, obj: Rule | None = None) -> bool:
        """A closed period keeps the rules it was closed with."""
        return super().has_delete_permission(request, obj) and not (obj and begins_in_closed(obj.from_on))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Of those selected, the ones that may go."""
        problem = begins_in_closed(*(rule.from_on for rule in queryset))
        super().delete_queryset(request, queryset.exclude(from_on__lte=Calendar.current().closed_through or date.min))
        if problem:
            self.message_user(request, problem, messages.WARNING)

    def save_model(self, request: HttpRequest, rule: Rule, form: Any, change: bool) -> None:
        rule.by_id = request.user.pk
        super().save_model(request, rule, form, change)
