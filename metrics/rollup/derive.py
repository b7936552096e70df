"""Derived metrics as SQL: inputs side by side, then one level after another, each formula with its state.

A missing input makes the result missing with that input's state; a division by zero makes it undefined. States 0, 1
and 3 carry a value that counts (measured, so far, insufficient coverage); of those the least certain stands.

Every version of a metric is worked out. A formula reads one of each input: that which is not laid aside in the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from metrics.declare import Across, Derived, For, Metric, Total
from metrics.definitions import CATALOGUE, SEVERAL, name_of, versions_of
from metrics.formula import MONTHS, to_sql
from metrics.models import Entry, Origin, State
from metrics.rollup.compile import formula_inputs, formula_of, in_order, is_gathered
from metrics.rollup.sql import text
from metrics.settings import NUMBERS

GOOD = "(0, 1, 3)"
RESOLVED = "resolved"  # the last word of a cause that tells of coverage
TOO_LARGE = "999999999999.99999999"  # for the column a value is kept in; a slip of the keys stops no roll-up
ABSENT = {  # what no row at all means
    For.COMPANY: State.NOT_COLLECTED, For.ORGANIZATION: State.NOT_LINKED, For.SEGMENT: State.NOT_LINKED,
}
ASIDE = "SELECT a.definition_id FROM aside a WHERE a.period_id = l.period_id"
GIVEN = {
    Entry.Kind.ENTERED: Origin.ENTERED, Entry.Kind.IMPORTED: Origin.IMPORTED, Entry.Kind.CORRECTED: Origin.CORRECTED,
}


def derived_sql(scope: For, definitions: Mapping[str, int], *, of_months: bool, source: str) -> str:
    """An INSERT into `worked` of every derived metric, for one kind of scope.

    `source` gives (scope_id, period_id, definition_id, value, state, months, of_months); what people gave whole for a
    month stands there under the negative of its definition, with its origin in place of a state.
    """
    derived = [
        metric for metric in in_order()
        if isinstance(metric, Derived) and metric.is_for(scope) and (of_months or not is_gathered(metric))
    ]
    keys = {metric.key for metric in derived}
    read = dict.fromkeys(key for metric in derived for key in formula_inputs(metric, scope))
    inputs = [key for key in read if key not in keys]
    sql = _side_by_side(inputs, [m for m in derived if isinstance(m, Total)], definitions, source)
    if any(key in SEVERAL for key in read.keys() & keys):
        sql = f"SELECT l.*, ARRAY({ASIDE}) AS aside FROM ({sql}) l OFFSET 0"
    for level in _levels(derived, scope):
        sql = _worked_out(sql, level, scope)
        if chosen := [key for key in read if key in SEVERAL and key in {metric.key for metric in level}]:
            sql = _chosen(sql, chosen, definitions)
    rows = ", ".join(_row(metric, definitions[name_of(metric)]) for metric in derived)
    return f"""
        INSERT INTO worked
            (scope_id, definition_id, period_id, value, state, cause, origin, collected, months, of_months)
        SELECT l.scope_id, u.definition_id, l.period_id, u.value, u.state, u.cause, u.origin, u.collected,
               u.months, u.of_months
        FROM ({sql}) l
        CROSS JOIN LATERAL (VALUES {rows}) u(definition_id, value, state, cause, origin, collected, months, of_months)
        WHERE u.state IS NOT NULL"""


def _side_by_side(
    inputs: Sequence[str], totals: Sequence[Total], definitions: Mapping[str, int], source: str
) -> str:
    columns = []
    of = {key: [definitions[name] for name in versions_of(key)] for key in inputs}
    for key, versions in of.items():
        mine = f"w.definition_id IN ({', '.join(map(str, versions))})"
        columns.append(f"max(w.value) FILTER (WHERE {mine} AND w.state IN {GOOD}) AS v_{key}")
        columns.append(f"max(w.state) FILTER (WHERE {mine}) AS s_{key}")
        columns.append(f"max(w.months) FILTER (WHERE {mine}) AS n_{key}")
        columns.append(f"max(w.of_months) FILTER (WHERE {mine}) AS d_{key}")
    for total in totals:
        given = f"w.definition_id = {-definitions[name_of(total)]}"
        columns.append(f"max(w.value) FILTER (WHERE {given}) AS gv_{_own(total)}")
        columns.append(f"max(w.state) FILTER (WHERE {given}) AS gk_{_own(total)}")
    wanted = [row for versions in of.values() for row in versions]
    wanted += [-definitions[name_of(total)] for total in totals]
    return f"""
        SELECT p.*, {", ".join(f"r.{rule}" for rule in sorted(NUMBERS))}
        FROM (
            SELECT w.scope_id, w.period_id, {", ".join(columns)}
            FROM ({source}) w
            WHERE w.definition_id IN ({", ".join(map(str, wanted))}) AND NOT EXISTS (
                SELECT 1 FROM aside a WHERE a.definition_id = w.definition_id AND a.period_id = w.period_id)
            GROUP BY 1, 2
        ) p
        JOIN period_rules r ON r.period_id = p.period_id"""


def _own(metric: Metric) -> str:
    """What a version's columns are called; the key alone is what others read, of whichever version."""
    return f"{metric.key}_v{metric.version}" if metric.key in SEVERAL else metric.key


def _chosen(sql: str, keys: Iterable[str], definitions: Mapping[str, int]) -> str:
    """Under the key alone, the columns of the version that is not laid aside."""
    columns = []
    for key in keys:
        for letter in "vsnd":
            cases = " ".join(
                f"WHEN {definitions[name]} <> ALL(l.aside) THEN l.{letter}_{_own(version)}"
                for name, version in versions_of(key).items()
            )
            columns.append(f"CASE {cases} END AS {letter}_{key}")
    return f"SELECT l.*, {', '.join(columns)} FROM ({sql}) l OFFSET 0"


def _levels(derived: Sequence[Derived], scope: For) -> list[list[Derived]]:
    """Metrics that read no other of the same level; each level reads those before. Versions share the deepest's."""
    depth: dict[str, int] = {}
    for metric in derived:
        mine = 1 + max((depth.get(key, 0) for key in formula_inputs(metric, scope)), default=0)
        depth[metric.key] = max(mine, depth.get(metric.key, 0))
    return [
        [metric for metric in derived if depth[metric.key] == level] for level in range(1, max(depth.values()) + 1)
    ]


def _worked_out(below: str, level: Sequence[Derived], scope: For) -> str:
    """One level on top of another. OFFSET 0 keeps the planner from writing each formula into all that read it."""
    formulas = [
        column for metric in level
        for column in (_formula(metric, scope), _missing(metric, scope), *_months(metric, scope))
    ]
    sql = f"SELECT l.*, {', '.join(formulas)} FROM ({below}) l OFFSET 0"
    states = [column for metric in level for column in (_state(metric, scope), _cause(metric, scope))]
    sql = f"SELECT l.*, {', '.join(states)} FROM ({sql}) l OFFSET 0"
    finals = [column for metric in level for column in _final(metric)]
    return f"SELECT l.*, {', '.join(finals)} FROM ({sql}) l OFFSET 0"


def _column(word: str, months: str) -> str:
    if word == MONTHS:
        return f"coalesce({months}, 1)::numeric"
    return f"l.{word}" if word in NUMBERS else f"l.v_{word}"


def _formula(metric: Derived, scope: For) -> str:
    months, _ = _counts_of_months(metric, scope)
    return f"{to_sql(formula_of(metric, scope), lambda word: _column(word, months))} AS f_{_own(metric)}"


def _months(metric: Derived, scope: For) -> list[str]:
    there, due = _counts_of_months(metric, scope)
    return [f"{there} AS n_{_own(metric)}", f"{due} AS d_{_own(metric)}"]


def _counts_of_months(metric: Derived, scope: For) -> tuple[str, str]:
    """How many months stand behind a formula, and of how many: those of the inputs that add up over months.

    A mean is the same over two months or three; what adds up is divided by the months it was added up over.
    """
    keys = formula_inputs(metric, scope)
    added = [key for key in keys if getattr(CATALOGUE[key], "across", None) is Across.SUM] or keys
    return f"least({', '.join(f'l.n_{key}' for key in added)})", f"greatest({', '.join(f'l.d_{key}' for key in added)})"


def _states(metric: Derived, scope: For) -> list[tuple[str, str]]:
    absent = int(ABSENT[scope])
    return [(key, f"coalesce(l.s_{key}, {absent})") for key in formula_inputs(metric, scope)]


def _missing(metric: Derived, scope: For) -> str:
    """The weightiest state among the inputs that have no value; NULL where all have one."""
    missing = ", ".join(f"CASE WHEN {s} NOT IN {GOOD} THEN {s} END" for _, s in _states(metric, scope))
    return f"greatest({missing}) AS m_{_own(metric)}"


def _state(metric: Derived, scope: For) -> str:
    states, own = _states(metric, scope), _own(metric)
    absent = " AND ".join(f"l.s_{key} IS NULL" for key, _ in states)
    return f"""CASE WHEN {absent} THEN NULL
        WHEN l.m_{own} IS NOT NULL THEN l.m_{own}
        WHEN l.f_{own} IS NULL OR abs(l.f_{own}) >= {TOO_LARGE} THEN {int(State.UNDEFINED)}
        ELSE greatest({", ".join(s for _, s in states)}) END::smallint AS fs_{own}"""


def _cause(metric: Derived, scope: For) -> str:
    own = _own(metric)
    lacking = " ".join(
        f"WHEN l.m_{own} = {s} THEN {text(_needed(CATALOGUE[key].label))}" for key, s in _states(metric, scope)
    )
    return f"""CASE WHEN l.m_{own} IS NULL AND l.f_{own} IS NULL THEN {text(metric.undefined)}
        {lacking} WHEN abs(l.f_{own}) >= {TOO_LARGE} THEN 'too large to keep' END AS fc_{own}"""


def _needed(label: str) -> str:
    """Which input is missing, in words that stand after a dash; MRR and the like keep their capitals."""
    return f"needs {label if label[:2].isupper() else label[0].lower() + label[1:]}"


def _final(metric: Derived) -> list[str]:
    key, derived = _own(metric), int(Origin.DERIVED)
    value = f"CASE WHEN l.fs_{key} IN {GOOD} THEN l.f_{key} END"
    if not isinstance(metric, Total):
        return [f"{value} AS v_{key}", f"l.fs_{key} AS s_{key}", f"l.fc_{key} AS c_{key}",
                f"{derived} AS o_{key}", f"NULL::numeric AS x_{key}"]
    corrected = int(Origin.CORRECTED)
    given = f"(l.gk_{key} = {corrected} OR l.gk_{key} IS NOT NULL AND coalesce(l.fs_{key}, 4) NOT IN {GOOD})"
    parts = f"coalesce(l.fs_{key}, 4) IN {GOOD}"
    return [
        f"CASE WHEN {given} THEN l.gv_{key} ELSE {value} END AS v_{key}",
        f"CASE WHEN {given} THEN 0 ELSE l.fs_{key} END::smallint AS s_{key}",
        f"CASE WHEN {given} THEN CASE WHEN NOT {parts} THEN 'unsplit' END ELSE l.fc_{key} END AS c_{key}",
        f"CASE WHEN {given} THEN l.gk_{key} ELSE {derived} END AS o_{key}",
        f"CASE WHEN {given} THEN {value} END AS x_{key}",
    ]


def _row(metric: Metric, definition: int) -> str:
    key = _own(metric)
    columns = f"l.v_{key}, l.s_{key}, l.c_{key}, l.o_{key}::smallint, l.x_{key}, l.n_{key}, l.d_{key}"
    return f"({definition}::bigint, {columns})"
