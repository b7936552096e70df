"""The form of a note."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from metrics.definitions import CATALOGUE
from metrics.models import Note
from metrics.notes import LONGEST
from metrics.reading import COMPANY, Person, ScopeRef, client, may_see
from qbr import access

WHOLE_COMPANY = "company"  # no client's slug: those are made from names and an id follows where they would meet
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class NoteForm(forms.Form):
    text = forms.CharField(label="What happened", max_length=LONGEST, help_text="A sentence that a client may read.")
    kind = forms.ChoiceField(label="Kind", choices=Note.Kind.choices, initial=Note.Kind.OTHER)
    on = forms.DateField(label="Day", widget=DAY)
    last = forms.DateField(label="Last day", required=False, widget=DAY, help_text="Empty: one day.")
    client = forms.ChoiceField(label="For", required=False)
    metric = forms.ChoiceField(label="Number", required=False)
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, person: Person, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        everyone = [("", "Everyone"), (WHOLE_COMPANY, "Whole company alone")]
        self.fields["client"].choices = [*everyone, *access.clients().order_by("name").values_list("slug", "name")]  # type: ignore[attr-defined]
        seen = sorted((m.label, key) for key, m in CATALOGUE.items() if may_see(person, m))
        self.fields["metric"].choices = [("", "Every number"), *((key, label) for label, key in seen)]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    @property
    def until(self) -> date | None:
        """The day after the last."""
        last: date | None = self.cleaned_data["last"]
        return None if last is None else last + timedelta(days=1)

    @property
    def scope(self) -> ScopeRef | None:
        slug = self.cleaned_data["client"]
        return COMPANY if slug == WHOLE_COMPANY else client(slug) if slug else None
