"""Who answers for the definition of a metric. No value depends on it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models

from metrics.definitions import CATALOGUE
from metrics.models import MetricOwner


class MetricOwnerForm(forms.ModelForm[MetricOwner]):
    metric = forms.ChoiceField(choices=lambda: [(key, metric.label) for key, metric in CATALOGUE.items()])

    class Meta:
        model = MetricOwner
        fields = ("metric", "owner")


@admin.register(MetricOwner)
class MetricOwnerAdmin(admin.ModelAdmin[MetricOwner]):
    form = MetricOwnerForm
    list_display = ("of", "owner")
    list_select_related = ("owner",)

    @admin.display(description="metric", ordering="metric")
    def of(self, row: MetricOwner) -> str:
        return CATALOGUE[row.metric].label if row.metric in CATALOGUE else row.metric

    def formfield_for_foreignkey(self, db_field: models.ForeignKey[Any, Any], *args: Any, **also: Any) -> Any:
        """Whoever still signs in."""
        field: Any = super().formfield_for_foreignkey(db_field, *args, **also)
        field.queryset = field.queryset.filter(is_active=True).order_by("first_name", "last_name", "username")
        field.label_from_instance = lambda person: person.get_full_name() or person.get_username()
        return field
