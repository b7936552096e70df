"""What each value rests on beside facts: the definition's version, the rules it read, the bases of its inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from metrics.declare import For, Metric, fingerprint
from metrics.definitions import CATALOGUE
from metrics.joined import LEAST_RESOLVED, is_joined
from metrics.models import Basis, Definition, LedgerCategory, MonthlyValue, QueueKind
from metrics.periods import Month, Span
from metrics.rollup.compile import formula_inputs, in_order, is_gathered
from metrics.rollup.sql import execute, fetch
from metrics.rollup.tables import Periods
from metrics.settings import all_in_force

Definitions = Mapping[str, int]  # metric key: the id of its current version
ByMetric = Mapping[str, int]  # metric key: the id of its basis


def lay_definitions() -> Definitions:
    """A row for each version the code declares. One without values yet follows the code until it has some.

    Raises ImproperlyConfigured where a version that has values would change its meaning.
    """
    there = {(row.metric, row.version): row for row in Definition.objects.all()}
    for metric in CATALOGUE.values():
        row, mark = there.get((metric.key, metric.version)), fingerprint(metric)
        if row is None:
            there[metric.key, metric.version] = Definition.objects.create(
                metric=metric.key, version=metric.version, fingerprint=mark, smart_number=metric.smart_number
            )
        elif (row.fingerprint, row.smart_number) != (mark, metric.smart_number):
            if row.fingerprint != mark and MonthlyValue.objects.filter(definition=row).exists():
                raise ImproperlyConfigured(f"{metric.key}: version {metric.version} has values and another meaning.")
            row.fingerprint, row.smart_number = mark, metric.smart_number
            row.save(update_fields=["fingerprint", "smart_number"])
    return {metric.key: there[metric.key, metric.version].pk for metric in CATALOGUE.values()}


class Bases:
    """The basis of every metric in every period, made where it is new."""

    def __init__(self, definitions: Definitions, periods: Periods) -> None:
        self.definitions, self.periods = definitions, periods
        self.known: dict[str, int] = dict(Basis.objects.values_list("fingerprint", "id"))
        days = {span: span.ends_on - timedelta(days=1) for span in periods}
        self.days, self.rules = days, _rules(set(days.values()))
        self.found: dict[tuple[Span, For], ByMetric] = {}
        self.marks = {metric.key: fingerprint(metric) for metric in CATALOGUE.values()}
        self.told: dict[tuple[Any, ...], int] = {}  # most periods stand on the same rules

    def lay(self, sides: Iterable[For] = For) -> None:
        """The temporary table basis_of (definition, period, kind of scope, basis) of what is asked for.

        Periods under the same rules, made of months alike, stand on the same bases.
        """
        spans = sorted(self.periods, key=lambda span: (span.of_months, span))  # months before what they make
        told = {day: repr(rules) for day, rules in self.rules.items()}
        for scope in sides:
            alike: dict[tuple[bool, str, frozenset[int]], ByMetric] = {}
            for span in spans:
                months = [] if isinstance(span, Month) else [
                    self.found[month, scope] for month in span.months if month in self.periods
                ]
                mark = (isinstance(span, Month), told[self.days[span]], frozenset(map(id, months)))
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
                for key, basis in bases.items() if self.periods[span] in asked else ():
                    for kind in kinds:
                        copy.write_row((self.definitions[key], self.periods[span], kind, basis))
        execute("ANALYZE basis_of")

    def _bases(self, span: Span, scope: For, months: Sequence[ByMetric]) -> ByMetric:
        found: dict[str, int] = {}
        rules = self.rules[self.days[span]]
        for metric in in_order():
            if is_gathered(metric) and not isinstance(span, Month):
                of = {month[metric.key] for month in months}
                found[metric.key] = of.pop() if len(of) == 1 else self._row(metric, {}, of)
            else:
                inputs = {found[key] for key in formula_inputs(metric, scope)}
                read = (*metric.rules, LEAST_RESOLVED) if is_joined(metric, scope) else metric.rules
                found[metric.key] = self._row(metric, {rule: rules[rule] for rule in read}, inputs)
        return found

    def _row(self, metric: Metric, rules: Mapping[str, Any], inputs: Iterable[int]) -> int:
        ordered = sorted(inputs)
        key = (metric.key, *ordered, *(repr(rules[rule]) for rule in rules))
        if key not in self.told:
            self.told[key] = self._known(metric, rules, ordered)
        return self.told[key]

    def _known(self, metric: Metric, rules: Mapping[str, Any], ordered: list[int]) -> int:
        definition = self.definitions[metric.key]
        told = json.dumps([definition, self.marks[metric.key], rules, ordered], sort_keys=True, default=str)
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
