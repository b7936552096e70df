"""Where a number begins to be worked out otherwise: by another version, of another input's, or under other settings.

Marked on a chart, listed under it and told in its table, so that nothing on both sides of it is compared unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_uppercase

from metrics import reading
from metrics.definitions import CATALOGUE
from metrics.periods import Span
from metrics.reading import Changed, ChangedBy, Number, Numbers
from qbr.pages.filters import Question

Rows = Mapping[str, Sequence[Number]]


@dataclass(frozen=True)
class Turn:
    """From one period of a chart on; `at` counts its periods from nought."""

    at: int
    letter: str
    word: str  # “Definition 2”
    when: str  # “Jul 2026”
    texts: tuple[str, ...]


def turns(question: Question, numbers: Numbers, rows: Rows, periods: Sequence[Span]) -> list[Turn]:
    """In the order of the periods, a letter each."""
    versions, changes = _versions(rows, periods), _changes(rows, periods, _changed(question, numbers, periods))
    found = []
    for letter, at in zip(_letters(), sorted(versions.keys() | changes.keys()), strict=False):
        own, others = versions.get(at, []), changes.get(at, Changed())
        texts = [text for _, text in own] + [*others.definitions, *others.settings]
        found.append(Turn(at, letter, _word(own, others), periods[at].label, tuple(dict.fromkeys(texts))))
    return found


def _letters() -> Iterator[str]:
    yield from ascii_uppercase
    yield from (first + second for first in ascii_uppercase for second in ascii_uppercase)


def _word(own: Sequence[tuple[int, str]], others: Changed) -> str:
    versions = {version for version, _ in own}
    if len(versions) == 1:
        return f"Definition {versions.pop()}"
    return "Definition" if versions or others.definitions else "Settings"


def _versions(rows: Rows, periods: Sequence[Span]) -> dict[int, list[tuple[int, str]]]:
    """Which version begins, by place, in words."""
    found: dict[int, list[tuple[int, str]]] = {}
    for key, row in rows.items():
        for switch in reading.switches(row):
            text = f"{CATALOGUE[key].label}: version {switch.version}. {switch.note}".strip()
            found.setdefault(periods.index(switch.period), []).append((switch.version, text))
    return found


def _changes(rows: Rows, periods: Sequence[Span], changed: ChangedBy) -> dict[int, Changed]:
    found: dict[int, Changed] = {}
    for row in rows.values():
        for then, now in _pairs(row):
            differs = changed.get((now.metric.key, now.scope, then.period, now.period))
            if differs and (differs.settings or differs.definitions):
                at = periods.index(now.period)
                before = found.get(at, Changed())
                found[at] = Changed(before.settings + differs.settings, before.definitions + differs.definitions)
    return found


def _changed(question: Question, numbers: Numbers, periods: Sequence[Span]) -> ChangedBy:
    """Of all charts of a page at once: the first that asks reads for the others."""
    grain = periods[0].grain
    if grain not in question.turned:
        keys = dict.fromkeys((metric, scope) for metric, scope, period in numbers if period.grain == grain)
        rows = ([numbers[(*key, period)] for period in periods if (*key, period) in numbers] for key in keys)
        question.turned[grain] = reading.changed_settings(pair for row in rows for pair in _pairs(row))
    return question.turned[grain]


def _pairs(row: Iterable[Number]) -> Iterator[tuple[Number, Number]]:
    """Each with the one before that was worked out at all."""
    return pairwise(number for number in row if number.basis is not None)
