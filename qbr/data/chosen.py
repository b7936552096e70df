"""What a person says of a file before it is looked at: what it holds, whose it is, and the days it speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from collectors.connections import Connection
from collectors.drop.declare import Layout, Span
from collectors.drop.layouts import LAYOUTS
from collectors.drop.table import LARGEST_FILE
from collectors.facts.touched import Calendar

MEGABYTES = LARGEST_FILE // 1024 // 1024
LONGEST_SOURCE = 80


@dataclass(frozen=True)
class Chosen:
    """Kept with the file, so that what was looked at is what is loaded."""

    layout: Layout
    source: str
    span: Span | None
    complete: bool

    def stored(self) -> dict[str, Any]:
        days = [self.span.from_on.isoformat(), self.span.through_on.isoformat()] if self.span else None
        return {"layout": self.layout.key, "source": self.source, "days": days, "complete": self.complete}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Chosen:
        """Raises KeyError where a layout is no longer one of ours."""
        span = Span(*map(date.fromisoformat, stored["days"])) if stored["days"] else None
        return cls(LAYOUTS[stored["layout"]], stored["source"], span, stored["complete"])


def sources(layout: Layout) -> list[str]:
    """The sources that files of this kind have been loaded into, or could be."""
    return list(Connection.objects.filter(vendor=layout.vendor).order_by("label").values_list("label", flat=True))


class FileForm(forms.Form):
    """One file of one layout. The days are a span for what happened, and one day for what stood."""

    source = forms.CharField(
        label="Which source it is from", max_length=LONGEST_SOURCE,
        help_text="One system, or one person's list. Files of one source bring each other up to date, so give it the "
        "same name every time.",
        widget=forms.TextInput(attrs={"list": "sources", "autocomplete": "off"}),
    )  # fmt: skip
    file = forms.FileField(
        label="CSV or Excel file", help_text=f"At most {MEGABYTES} MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={"empty": "The file is empty. Save the sheet again with its rows."},
    )  # fmt: skip

    def __init__(self, layout: Layout, *args: Any, **kwargs: Any) -> None:
        known = sources(layout)
        super().__init__(*args, **kwargs)
        self.layout, self.known = layout, known
        self.fields["source"].initial = known[0] if len(known) == 1 else ""
        if layout.happens:
            self.fields["from_on"] = _day("First day it covers", "Left empty: the days that its rows name.")
            self.fields["through_on"] = _day("Last day it covers", "")
        else:
            self.fields["day"] = _day("Day it was listed on", "Left empty: today.")
        self.fields["complete"] = forms.BooleanField(
            label="It names everything of these days" if layout.happens else "It names everything there was that day",
            help_text="What earlier files of this source told and this one leaves out is then retired, never deleted.",
            required=False, initial=layout.whole,
        )  # fmt: skip

    def clean_source(self) -> str:
        return " ".join(self.cleaned_data["source"].split())

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(f"The file is larger than {MEGABYTES} MB. Split it into smaller files.")
        if not file.name.casefold().endswith((".csv", ".xlsx")):
            raise forms.ValidationError("The file is neither CSV nor XLSX. Save the sheet as .xlsx or .csv.")
        return file

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        today = timezone.now().astimezone(Calendar.current().zone).date()
        for name in ("from_on", "through_on", "day"):
            if (given := told.get(name)) and given > today:
                self.add_error(name, "This day is still to come. Choose today or a day before.")
        first, last = told.get("from_on"), told.get("through_on")
        if bool(first) is not bool(last) and not self.errors:
            self.add_error("through_on" if first else "from_on", "Give both days, or none.")
        if first and last and first > last:
            self.add_error("through_on", "The last day is before the first.")
        return told

    @property
    def chosen(self) -> Chosen:
        """Of a form that holds."""
        told = self.cleaned_data
        first, last = (told.get("from_on"), told.get("through_on")) if self.layout.happens else (told["day"],) * 2
        return Chosen(self.layout, told["source"], Span(first, last) if first and last else None, told["complete"])


def _day(label: str, help_text: str) -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, required=False, widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "This is no day. Write it as 2026-03-31."},
    )  # fmt: skip
