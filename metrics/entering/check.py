"""What typed or imported cells would change, cell by cell: a wrong one is named, and nothing else is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import PermissionDenied

from metrics.declare import Manual, Metric
from metrics.definitions import CATALOGUE
from metrics.entering.standing import Standing, enterable_keys, standing
from metrics.models import Entry
from metrics.periods import Month
from metrics.reading import Person, ScopeRef
from metrics.typed import out_of_range, read_number


@dataclass(frozen=True)
class CellEdit:
    """One cell as typed. Empty text takes an entry back. `not_used` says that the client has no such service."""

    metric: str
    month: Month
    text: str = ""
    note: str = ""
    not_used: bool = False


@dataclass(frozen=True)
class CellError:
    scope: ScopeRef
    metric: str
    month: Month
    text: str
    problem: str  # what is wrong with it, in words

    def __str__(self) -> str:
        metric = CATALOGUE.get(self.metric)
        return f"{metric.label if metric else self.metric}, {self.month.label}: {self.problem}."


@dataclass(frozen=True)
class Change:
    """What storing one cell would do: `old` is shown now, `new` would be."""

    metric: Metric
    scope: ScopeRef
    month: Month
    old: Decimal | None
    new: Decimal | None
    kind: Entry.Kind | None  # None: the entry is taken back, and what was collected shows again
    note: str = ""


@dataclass
class Checked:
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    errors: list[CellError] = field(default_factory=list)


def may_enter(person: Person) -> bool:
    return bool(person.is_active) and person.has_perm("metrics.enter_numbers")


def check(
    person: Person, edits: Sequence[tuple[ScopeRef, CellEdit]], kind: Entry.Kind = Entry.Kind.ENTERED, note: str = ""
) -> Checked:
    """What the cells would change; `note` stands where a change has none of its own. Raises PermissionDenied."""
    if not may_enter(person):
        raise PermissionDenied("You may not enter numbers.")
    allowed = enterable_keys(person, {scope for scope, _ in edits})
    stands = standing(person, [(e.metric, scope, e.month) for scope, e in edits if e.metric in allowed[scope]])
    checked = Checked()
    for scope, edit in edits:
        try:
            if edit.metric not in allowed[scope]:
                raise ValueError("there is nothing here to enter")
            change = _change(edit, scope, stands[edit.metric, scope, edit.month], kind, note)
        except ValueError as problem:
            checked.errors.append(CellError(scope, edit.metric, edit.month, edit.text, str(problem)))
            continue
        if change is None:
            checked.unchanged += 1
        else:
            checked.changes.append(change)
    return checked


def _change(edit: CellEdit, scope: ScopeRef, stands: Standing, kind: Entry.Kind, note: str) -> Change | None:
    """What one cell would do, or None for nothing. ValueError says why it cannot be."""
    metric = CATALOGUE[edit.metric]
    new = None if edit.not_used else _value(edit.text, metric)
    if edit.not_used and (scope.is_company or isinstance(metric, Manual)):
        raise ValueError("only a client can be without a service")
    if _is_unchanged(edit, stands, new):
        return None
    if stands.locked:
        raise ValueError(stands.locked)
    note = edit.note.strip() or note
    if edit.not_used:
        return Change(metric, scope, edit.month, stands.shown, None, Entry.Kind.NOT_USED, note)
    if new is None or (new == stands.collected and not edit.note.strip()):
        return Change(metric, scope, edit.month, stands.shown, stands.collected, None)
    if stands.collected is None:
        return Change(metric, scope, edit.month, stands.shown, new, kind, note)
    if not note:
        raise ValueError("say in a note why the collected value is corrected")
    return Change(metric, scope, edit.month, stands.shown, new, Entry.Kind.CORRECTED, note)


def _is_unchanged(edit: CellEdit, stands: Standing, new: Decimal | None) -> bool:
    entry, note = stands.entry, edit.note.strip()
    if entry is None:
        return not edit.not_used and (new is None or (new == stands.collected and not note))
    if edit.not_used or entry.kind == Entry.Kind.NOT_USED:
        return edit.not_used and entry.kind == Entry.Kind.NOT_USED and note in ("", entry.note)
    return new == entry.value and note in ("", entry.note)


def _value(text: str, metric: Metric) -> Decimal | None:
    value = read_number(text)
    if value is not None and (problem := out_of_range(metric, value)):
        raise ValueError(f"“{text.strip()}” {problem}")
    return value
