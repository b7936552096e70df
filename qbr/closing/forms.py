"""What people say when they close or reopen a period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms

from metrics.periods import Span
from qbr.closing.checked import Checked

LONGEST = 500


class CloseForm(forms.Form):
    """A reason for every check that does not hold, and whether what is open before it closes too."""

    reason = forms.CharField(
        label="A word about it", required=False, max_length=LONGEST, help_text="Kept with the close. May be left out."
    )
    earlier = forms.BooleanField(label="Close what is open before it too", required=False, initial=True)

    def __init__(self, outcomes: Sequence[Checked], before: Iterable[Span], *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.outcomes = outcomes
        self.failing = [each for each in outcomes if not each.holds]
        open_before = [span.label for span in before]
        if open_before:
            ends = open_before[0] if len(open_before) == 1 else f"{open_before[0]} to {open_before[-1]}"
            self.fields["earlier"].label = f"Close {ends} too, which would otherwise stay open before it"
        else:
            del self.fields["earlier"]
        for each in self.failing:
            self.fields[f"accept_{each.key}"] = forms.CharField(
                label=f"Why it may be closed all the same: {each.label.lower()}", max_length=LONGEST,
                error_messages={"required": "Say why it may be closed all the same, or mend it first."},
            )
        _describe(self)

    @property
    def accepted(self) -> dict[str, str]:
        """By the check's key."""
        return {each.key: self.cleaned_data[f"accept_{each.key}"] for each in self.failing}

    def checks(self) -> Iterator[tuple[Checked, forms.BoundField]]:
        """Each that does not hold, with its field."""
        return ((each, self[f"accept_{each.key}"]) for each in self.failing)


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label="Why it is reopened", max_length=LONGEST, error_messages={"required": "Say why it is reopened."}
    )
    later = forms.BooleanField(required=False)

    def __init__(self, after: str, *args: Any, **given: Any) -> None:
        """`after` is the last period that is closed after it, or nothing."""
        super().__init__(*args, **given)
        if after:
            self.fields["later"].label = f"Reopen everything after it too, through {after}"
        else:
            del self.fields["later"]
        _describe(self)


def _describe(form: forms.Form) -> None:
    for name, field in form.fields.items():
        if field.help_text:
            field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"
