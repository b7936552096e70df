"""Figures of other companies: sets that were imported, and a form that takes a file in. Never goals."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from metrics.definitions import CATALOGUE
from metrics.models import Benchmark, BenchmarkSet
from metrics.spreadsheets import Unusable
from metrics.spreadsheets.benchmarks import BenchmarkPreview, commit_benchmarks, preview_benchmarks
from metrics.spreadsheets.sheet import LARGEST_FILE


class BenchmarkSetForm(forms.ModelForm[BenchmarkSet]):
    source = forms.CharField(max_length=200, help_text="Who published them: “MSP survey by Example Media”.")
    population = forms.CharField(max_length=200, help_text="Whose figures they are: “412 MSPs, North America”.")
    note = forms.CharField(required=False, max_length=500)
    file = forms.FileField(
        label="CSV or Excel file",
        help_text="Columns Metric and Median, and where known Lower quartile and Upper quartile.",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )

    class Meta:
        model = BenchmarkSet
        fields = ("source", "published_on", "population", "note")
        widgets: ClassVar = {"published_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    def clean_file(self) -> BenchmarkPreview:
        """What the file holds; each cell that is wrong is an error of its own, and nothing is saved."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError("The file is larger than 5 MB. Split it into smaller files.")
        try:
            preview = preview_benchmarks(file.name, file.read())
        except Unusable as problem:
            raise forms.ValidationError(str(problem)) from None
        if preview.errors:
            raise forms.ValidationError([forms.ValidationError(str(error)) for error in preview.errors])
        if not preview.figures:
            raise forms.ValidationError("The file holds no figure.")
        return preview


class BenchmarkRows(admin.TabularInline[Benchmark, BenchmarkSet]):
    model = Benchmark
    extra = 0
    can_delete = False
    fields = readonly_fields = ("of", "median", "lower_quartile", "upper_quartile")

    @admin.display(description="metric")
    def of(self, row: Benchmark) -> str:
        return CATALOGUE[row.metric].label if row.metric in CATALOGUE else row.metric

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(BenchmarkSet)
class BenchmarkSetAdmin(admin.ModelAdmin[BenchmarkSet]):
    """A set is imported whole and kept as it was published; a newer one stands beside it."""

    form = BenchmarkSetForm
    list_display = ("source", "published_on", "population", "note")
    ordering = ("-published_on", "source")

    def get_inlines(self, request: HttpRequest, obj: BenchmarkSet | None) -> list[Any]:
        return [BenchmarkRows] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: BenchmarkSet | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BenchmarkSet, form: Any, change: bool) -> None:
        given = form.cleaned_data
        obj.pk = commit_benchmarks(
            given["file"], source=given["source"], published_on=given["published_on"], population=given["population"],
            note=given["note"], by=request.user,
        ).pk
