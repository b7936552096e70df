"""What each value rests on beside facts: the definition's version, the rules it read, the bases of its inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection

from metrics.declare import For, Metric, fingerprint
from metrics.definitions import VERSIONS, name_of
from metrics.joined import LEAST_RESOLVED, is_joined
from metrics.models import Basis, LedgerCategory, QueueKind
from metrics.periods import Month, Span
from metrics.rollup.compile import formula_inputs, in_order, is_gathered
from metrics.rollup.in_force import Definitions, Read
from metrics.rollup.sql import execute, fetch
from metrics.rollup.tables import Periods
from metrics.settings import all_in_force

ByMetric = Mapping[str, int]  # a version's name: the id of its basis


class Bases:
    """The basis of every version of every metric in every period, made where it is new."""

    def __init__(self, definitions: Definitions, periods: Periods, read: Mapping[Span, Read]) -> None:
        self.definitions, self.periods, self.read = definitions, periods, read
        self.known: dict[str, int] = dict(Basis.objects.values_list("fingerprint", "id"))
        days = {span: span.ends_on - timedelta(days=1) for span in periods}
        self.days, self.rules = days, _rules(set(days.values()))
        self.found: dict[tuple[Span, For], ByMetric] = {}
        self.marks = {name: fingerprint(metric) for name, metric in VERSIONS.items()}
        self.told: dict[tuple[Any, ...], int] = {}  # most periods stand on the same rules

    def lay(self, sides: Iterable[For] = For) -> None:
        """The temporary table basis_of (definition, period, kind of scope, basis) of what is asked for.

        Periods under the same rules, reading the same versions, made of months alike, stand on the same bases.
        """
        spans = sorted(self.periods, key=lambda span: (span.of_months, span))  # months before what they make
        told = {day: repr(rules) for day, rules in self.rules.items()}
        for scope in sides:
            alike: dict[tuple[Any, ...], ByMetric] = {}
            for span in spans:
                months = [] if isinstance(span, Month) else [
                    self.found[month, scope] for month in span.months if month in self.periods
                ]
                reads = tuple(sorted(self.read[span].items()))
                mark = (isinstance(span, Month), told[self.days[span]], reads, frozenset(map(id, months)))
                if mark not in alike:
                    alike[mark] = self._bases(span, scope, months)
                self.found[span, scope] = alike[mark]
        asked = {row for (row,) in fetch("SELECT period_id FROM asked UNION SELECT period_id FROM asked_upper")}
        execute("DROP TABLE IF EXISTS pg_temp.basis_of")
        execute("""
            CREATE TEMPORARY TABLE basis_of (definition_id bigint, period_id bigint, kind text, basis_id bigint)
            ON COMMIT DROP""")
        with connection.cursor() as cursor, cursor.copy("COPY basis_of FROM STDIN") as copy:
            for (span, scope), bases in self.found.items():
                kinds = (scope.value, "not_linked") if scope is For.COMPANY else (scope.value,)
                for name, basis in bases.items() if self.periods[span] in asked else ():
                    for kind in kinds:
                        copy.write_row((self.definitions[name], self.periods[span], kind, basis))
        execute("ANALYZE basis_of")

    def _bases(self, span: Span, scope: For, months: Sequence[ByMetric]) -> ByMetric:
        found: dict[str, int] = {}
        rules, version = self.rules[self.days[span]], self.read[span]
        for metric in in_order():
            name = name_of(metric)
            if is_gathered(metric) and not isinstance(span, Month):
                of = {month[name] for month in months}
                found[name] = of.pop() if len(of) == 1 else self._row(metric, {}, of)
            else:
                inputs = {found[version.get(key, key)] for key in formula_inputs(metric, scope)}
                read = (*metric.rules, LEAST_RESOLVED) if is_joined(metric, scope) else metric.rules
                found[name] = self._row(metric, {rule: rules[rule] for rule in read}, inputs)
        return found

    def _row(self, metric: Metric, rules: Mapping[str, Any], inputs: Iterable[int]) -> int:
        ordered = sorted(inputs)
        key = (name_of(metric), *ordered, *(repr(rules[rule]) for rule in rules))
        if key not in self.told:
            self.told[key] = self._known(metric, rules, ordered)
        return self.told[key]

    def _known(self, metric: Metric, rules: Mapping[str, Any], ordered: list[int]) -> int:
        definition = self.definitions[name_of(metric)]
        told = json.dumps([definition, self.marks[name_of(metric)], rules, ordered], sort_keys=True, default=str)
        mark = hashlib.sha256(told.encode()).hexdigest()
        if mark not in self.known:
            made = Basis.objects.create(definition_id=definition, rules=dict(rules), inputs=ordered, fingerprint=mark)
            self.known[mark] = made.pk
        return self.known[mark]


def _rules(days: Iterable[date]) -> dict[date, dict[str, Any]]:
    """The rules in force on each day; who decided what a queue or a ledger account is, as one short mark."""
    days = set(days)
    settings = all_in_force(days)
    queues = list(QueueKind.objects.order_by("from_on").values_list("queue_id", "kind", "from_on"))
    ledger = LedgerCategory.objects.order_by("from_on").values_list("ledger_account_id", "category", "from_on")
    categories = list(ledger)
    return {
        day: {**settings[day], "queue_kinds": _mark(queues, day), "ledger_categories": _mark(categories, day)}
        for day in days
    }


def _mark(decisions: list[tuple[int, str, date]], on: date) -> str:
    """Kind by thing as it stands on a day; what is undecided says nothing."""
    standing = {thing: kind for thing, kind, from_on in decisions if from_on <= on}
    told = sorted((thing, kind) for thing, kind in standing.items() if kind != QueueKind.Kind.UNDECIDED)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
