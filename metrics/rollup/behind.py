"""Which changed rows are behind a closed value that would now be another, told from what its metric reads.

A row is behind a value where it belongs or belonged to the value's scope, counts on one of its days, and differs in a
column that the metric's SQL names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

from django.apps import apps

from collectors.facts.changed import FactChange
from metrics.declare import Facts, Flow, For, Metric, Movement, Opening, Standing, Stock, facts_of
from metrics.definitions import CATALOGUE
from metrics.joined import counted_inputs
from metrics.late_changes import in_words
from metrics.models import Period, Restatement, State
from metrics.periods import Month
from metrics.rollup.compile import entities_of
from metrics.rollup.sql import fetch
from metrics.rollup.tables import company_scope, not_linked_scope

if TYPE_CHECKING:
    from metrics.rollup.restate import Differing

WHOLE = (State.MEASURED, State.INSUFFICIENT_COVERAGE)
READ_SINCE = "read whole since it was closed"
MOST_KEPT = 1_000  # ids of changed rows that one restatement keeps; its cause tells how many there are

OWNERS = "SELECT DISTINCT account_id, scope_id FROM owned WHERE scope_id IS NOT NULL AND account_id = ANY(%s)"
MEMBERS = "SELECT scope_id, segment_id FROM client_of"


class Behind:
    """The rows that changed in some closed months since each was closed, by whose they are."""

    def __init__(self, months: Iterable[Month]) -> None:
        taken_in = _taken_in()
        self.changes = [change for change in _changes_since(months) if change.pk not in taken_in]
        self.accounts = {account for change in self.changes for account in change.accounts}
        self.owners: dict[int, set[int]] = defaultdict(set)
        self.segments: dict[int, set[int]] = defaultdict(set)
        self.told: dict[tuple[int, ...], str] = {}

    def learn_owners(self) -> None:
        """Whose each account is by the links known at one close, while the tables of that working-out stand."""
        for account, scope in fetch(OWNERS, [sorted(self.accounts)]):
            self.owners[account].add(scope)
        [(there,)] = fetch("SELECT to_regclass('pg_temp.client_of') IS NOT NULL")
        for client, segment in fetch(MEMBERS) if there else ():
            self.segments[client].add(segment)
        self.by_scope = self._by_scope()

    def _by_scope(self) -> Mapping[int, list[FactChange]]:
        found: dict[int, list[FactChange]] = defaultdict(list)
        company, apart = company_scope(), not_linked_scope()
        for change in self.changes:
            scopes = {company}
            for account in change.accounts or [0]:
                scopes |= self.owners.get(account) or {apart}
            for scope in scopes | {segment for client in scopes for segment in self.segments.get(client, ())}:
                found[scope].append(change)
        return found

    def cause_of(self, row: Differing) -> tuple[str, list[int]] | None:
        """Why a closed value would differ, in words, and the ids of the rows; None where no source is behind it."""
        found = [change for change in self.by_scope.get(row.key[0], ()) if _reads(row, change)]
        if found:
            ids = tuple(change.pk for change in found)
            if ids not in self.told:
                self.told[ids] = in_words(found)
            return self.told[ids], list(ids[:MOST_KEPT])
        if row.old[0] not in WHOLE and row.new[0] in WHOLE:
            return READ_SINCE, []
        return None


def _changes_since(months: Iterable[Month]) -> Iterable[FactChange]:
    """Each change once, if it came after one of its months was closed."""
    closed: dict[date, datetime | None] = {
        row.starts_on: row.closed_at for row in Period.objects.filter(grain="month").only("starts_on", "closed_at")
    }
    last = max(month.starts_on for month in months)
    for change in FactChange.objects.filter(months__overlap=_all_before(closed, last)).order_by("pk"):
        since = [closed.get(day) for day in change.months]
        if any(moment is None or change.changed_at > moment for moment in since):
            yield change


def _all_before(closed: Iterable[date], last: date) -> list[date]:
    """What stands open counts in every month since: a change in an earlier month can be behind a later one."""
    return [day for day in closed if day <= last]


def _taken_in() -> set[int]:
    """The changes that people have accepted: every value they move has taken them in."""
    accepted = Restatement.objects.filter(decision=Restatement.Decision.ACCEPTED).values_list("changes", flat=True)
    return {change for changes in accepted for change in changes}


def _reads(row: Differing, change: FactChange) -> bool:
    side = For.SEGMENT if row.kind == "segment" else For.ORGANIZATION if row.kind == "organization" else For.COMPANY
    return any(_counts(CATALOGUE[key], change, row.months) for key in counted_inputs(row.metric, side))


def _counts(metric: Metric, change: FactChange, months: tuple[Month, ...]) -> bool:
    facts = facts_of(metric)
    if facts is None or not _concerns(facts, change.entity):
        return False
    if change.kind == FactChange.Kind.CHANGED and not _moved(change) & _columns_read(metric.key, change.entity):
        return False
    days = {month.starts_on for month in months}
    if isinstance(metric, Flow) and facts.entity.__name__ == change.entity:
        dated = metric.dated.rpartition(".")[2]
        told = {_month_of(each.get(dated)) for each in (change.before, change.after)}
        return bool(told & days)
    if isinstance(metric, Standing):
        return _stood_otherwise(metric, change, max(month.ends_on for month in months))
    if isinstance(metric, Movement | Opening):
        days |= {month.previous.starts_on for month in months}
    return not days.isdisjoint(change.months)


def _stood_otherwise(metric: Standing, change: FactChange, end: date) -> bool:
    """Whether a row stood open at an end of a period where it does not, or stands for someone or something else."""
    days = apps.get_model("collectors", change.entity).counted.days
    began, until = (_words(sql) & days.keys() for sql in (metric.began, metric.until))
    before, after = (
        bool(row) and not row.get("retired_on") and all(row.get(day) and row[day] < end.isoformat() for day in began)
        and not any(row.get(day) and row[day] < end.isoformat() for day in until)
        for row in (change.before, change.after)
    )
    return before != after or (before and bool(_moved(change) - began - until))


def _month_of(day: str | None) -> date | None:
    return date.fromisoformat(day).replace(day=1) if day else None


def _moved(change: FactChange) -> set[str]:
    return {name for name in change.before | change.after if change.before.get(name) != change.after.get(name)}


@cache
def _tables(entity: str) -> frozenset[str]:
    model = apps.get_model("collectors", entity)
    states = getattr(model, "state_model", None)
    return frozenset(each._meta.db_table for each in (model, states) if each)


def _concerns(facts: Facts, entity: str) -> bool:
    return entity in entities_of(facts) or bool(_words(facts.sql) & _tables(entity))


@cache
def _words(sql: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", sql))


@cache
def _columns_read(key: str, entity: str) -> frozenset[str]:
    """The columns a metric's SQL names, and those that say whose a row is. A view hides its own, so it reads all."""
    metric = CATALOGUE[key]
    facts = facts_of(metric)
    assert facts is not None
    model = apps.get_model("collectors", entity)
    columns = {str(column.column) for column in model._meta.concrete_fields}
    if getattr(model, "state_model", None):
        states = model.state_model._meta.concrete_fields
        return frozenset(columns | {str(column.column) for column in states})
    parts = [facts.sql, facts.keep, facts.account, facts.unsettled]
    match metric:
        case Flow():
            told = (getattr(metric, name, "") for name in ("among", "told"))
            parts += [metric.dated, metric.value, metric.where, *told]
        case Stock():
            parts += [metric.value, metric.where]
        case Standing():
            amount = (getattr(metric, name, "") for name in ("value", "among", "told"))
            parts += [metric.began, metric.until, metric.where, *amount]
        case Movement() | Opening():
            parts += [metric.bridge.thing, metric.bridge.amount, metric.bridge.where]
    return frozenset(columns & (_words(" ".join(parts)) | {"account_id", "retired_on"}))
