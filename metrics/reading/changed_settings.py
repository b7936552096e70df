"""What changed between two values' bases: rules people own, and definitions of what a value is worked out from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection

from metrics import settings
from metrics.definitions import CATALOGUE
from metrics.models import LedgerCategory, QueueKind, Rule
from metrics.periods import MONTH_NAMES, Span
from metrics.reading.shapes import Number, ScopeRef

# Every basis a value stands on: its own, and those of what it was worked out from.
STANDS_ON = """
WITH RECURSIVE stands AS (
    SELECT b.id AS root, b.id, b.inputs FROM basis b WHERE b.id = ANY(%(bases)s)
    UNION
    SELECT s.root, b.id, b.inputs FROM stands s JOIN basis b ON b.id = ANY(s.inputs)
)
SELECT s.root, d.metric, d.version, b.rules::text
FROM stands s JOIN basis b ON b.id = s.id JOIN definition d ON d.id = b.definition_id"""
SHORT = 60  # characters of a value that can be told in a sentence
# Decisions too many to name: that they changed is said, and their rows say when.
MARKS: Mapping[str, tuple[str, type[QueueKind] | type[LedgerCategory]]] = {
    "queue_kinds": ("Kinds of queues", QueueKind),
    "ledger_categories": ("Categories of ledger accounts", LedgerCategory),
}


@dataclass(frozen=True)
class Changed:
    """Between an earlier value and a later one: settings, each in words, and inputs with another definition."""

    settings: tuple[str, ...] = ()  # “Working hours a month: 167, then 173 from 1 Jul 2026”
    definitions: tuple[str, ...] = ()  # “Reactive hours: version 1, then 2”


ChangedBy = dict[tuple[str, ScopeRef, Span, Span], Changed]  # metric key, scope, earlier and later period


@dataclass
class _Basis:
    rules: dict[str, set[str]] = field(default_factory=dict)  # each by all the values it had, as text
    versions: dict[str, set[int]] = field(default_factory=dict)


def changed_settings(pairs: Iterable[tuple[Number, Number]]) -> ChangedBy:
    """What differs between an earlier and a later number of one metric and scope, where their bases do.

    Nothing is asked where no basis differs; otherwise one statement, and one for each kind of decision that changed.
    """
    differing = [
        (then, now) for then, now in pairs
        if then.basis is not None and now.basis is not None and then.basis != now.basis
    ]
    if not differing:
        return {}
    bases = _bases({number.basis for pair in differing for number in pair if number.basis is not None})
    decided: dict[str, list[date]] = {}
    return {
        (now.metric.key, now.scope, then.period, now.period): _changed(then, now, bases, decided)
        for then, now in differing
    }


def _bases(ids: set[int]) -> Mapping[int, _Basis]:
    found = {basis: _Basis() for basis in ids}
    with connection.cursor() as cursor:
        cursor.execute(STANDS_ON, {"bases": list(ids)})
        for root, metric, version, rules in cursor.fetchall():
            found[root].versions.setdefault(metric, set()).add(version)
            for key, value in json.loads(rules).items():
                found[root].rules.setdefault(key, set()).add(json.dumps(value, sort_keys=True))
    return found


def _changed(then: Number, now: Number, bases: Mapping[int, _Basis], decided: dict[str, list[date]]) -> Changed:
    assert then.basis is not None and now.basis is not None
    before, after = bases[then.basis], bases[now.basis]
    own = now.metric.key
    definitions = tuple(
        f"{CATALOGUE[key].label}: version {_listed(before.versions[key])}, then {_listed(after.versions[key])}"
        for key in sorted(before.versions.keys() & after.versions.keys() - {own})
        if before.versions[key] != after.versions[key] and key in CATALOGUE
    )
    between = (then.period.months[0].ends_on - timedelta(days=1), now.period.ends_on)  # a change within counts too
    return Changed(tuple(
        _in_words(key, before.rules.get(key, set()), after.rules.get(key, set()), between, decided)
        for key in sorted(before.rules.keys() | after.rules.keys())
        if before.rules.get(key) != after.rules.get(key)
    ), definitions)


def _in_words(
    key: str, before: set[str], after: set[str], between: tuple[date, date], decided: dict[str, list[date]]
) -> str:
    """What it was, what it is, and since when, as far as decisions dated in between tell."""
    if key not in decided:
        decided[key] = _decisions(key)
    days = sorted({on for on in decided[key] if between[0] < on < between[1]})
    since = f"from {_day(days[0])}" if days else ""
    if key in MARKS or key not in settings.SETTINGS:
        label = MARKS[key][0] if key in MARKS else key
        return f"{label} changed {since}".rstrip()
    was, became = _value(before), _value(after)
    told = f"{settings.SETTINGS[key].label}: {was}, then {became} {since}".rstrip()
    return told if was and became else f"{settings.SETTINGS[key].label} changed {since}".rstrip()


def _decisions(key: str) -> list[date]:
    """The days from which people decided otherwise."""
    if key in MARKS:
        return list(MARKS[key][1].objects.values_list("from_on", flat=True).distinct())
    return list(Rule.objects.filter(key=key).values_list("from_on", flat=True))


def _value(texts: set[str]) -> str:
    """A short value, or nothing where it is long or changed on the way."""
    if len(texts) != 1:
        return ""
    value = json.loads(next(iter(texts)))
    told = ", ".join(str(each).replace("_", " ") for each in value) if isinstance(value, list) else str(value)
    return (told or "none") if len(told) <= SHORT and not isinstance(value, dict) else ""


def _listed(versions: set[int]) -> str:
    return " and ".join(str(version) for version in sorted(versions))


def _day(on: date) -> str:
    return f"{on.day} {MONTH_NAMES[on.month - 1]} {on.year}"
