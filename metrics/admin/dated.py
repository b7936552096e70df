"""The two fields every dated decision shares: from when on, and why."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from collectors.facts.shapes import EARLIEST


class DatedForm(forms.ModelForm[Any]):
    """An empty day means since ever, on the way in and on the way out."""

    from_on = forms.DateField(
        required=False, label="From", help_text="Empty: since ever.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    note = forms.CharField(required=False, label="Why", widget=forms.TextInput(attrs={"size": 40}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("from_on", EARLIEST) == EARLIEST:
            self.initial["from_on"] = None

    def clean_from_on(self) -> date:
        given: date | None = self.cleaned_data["from_on"]
        return given or EARLIEST
