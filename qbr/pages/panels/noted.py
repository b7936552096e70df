"""Notes as they are listed: under a chart by the numbers of its marks, and beside the working of a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from urllib.parse import urlencode

from django.urls import reverse

from metrics import notes
from metrics.definitions import CATALOGUE
from metrics.notes import Dated
from metrics.working import Working
from qbr import access
from qbr.pages import formats
from qbr.pages.filters import Question
from qbr.pages.layout import Context


@dataclass(frozen=True)
class Listed:
    """One note written for people."""

    number: int
    pk: int
    when: str
    kind: str
    text: str
    about: str  # whose and which number it is about
    by: str

    @classmethod
    def of(cls, note: Dated, number: int) -> Self:
        metric = CATALOGUE[note.metric].label if note.metric else "every number"
        return cls(number, note.pk, when(note), str(note.kind.label), note.text, f"{note.name or 'Everyone'}, {metric}",
                   note.by)  # fmt: skip


def when(note: Dated) -> str:
    last = None if note.until is None else note.until - timedelta(days=1)
    return formats.day(note.on) if last in (None, note.on) else f"{formats.day(note.on)} to {formats.day(last)}"


def noted(question: Question, keys: Iterable[str]) -> Sequence[Dated]:
    """What happened to these numbers in the months of the trend."""
    touched = {"", *keys}
    return [note for note in question.notes if note.metric in touched]


def note_address(question: Question, metric: str = "") -> str:
    """Where a note on this is written; nowhere for those who may not."""
    if not access.may_enter(question.person) or question.part is not None:
        return ""
    slug = question.organization.slug if question.organization else ""
    given = {"client": slug, "metric": metric, "next": question.address(panel=None, part=None)}
    return f"{reverse('notes')}?{urlencode({name: value for name, value in given.items() if value})}"


def beside(explained: Working, question: Question) -> Context | None:
    """The notes that touch one number in its period."""
    number = explained.number
    found = notes.touching(
        question.person, number.scope, [number.metric.key], number.period.starts_on, number.period.ends_on
    )
    address = note_address(question, number.metric.key)
    if not found and not address:
        return None
    return {"notes": [Listed.of(note, at) for at, note in enumerate(found, 1)], "add_note": address}
