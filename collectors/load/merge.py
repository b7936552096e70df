"""One batch into its tables: COPY, look-ups, an UPDATE of rows that differ and an INSERT of those not there.

ON CONFLICT would lock and log every unchanged row. Its place is taken by a lock a connection: one writer at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from collectors.columns import Column
from collectors.connections import CollectorRun, Connection
from collectors.facts.accounts import Account
from collectors.facts.shapes import FOREVER
from collectors.facts.shapes import Record as Entity
from collectors.load import late, marks, references
from collectors.load.states import States
from collectors.load.tables import Tables, name_of, staged_as, target, type_of
from collectors.transform import Batch, Plan

MERGING = 7_132_010  # with the connection's id: the advisory lock of whoever writes its facts


@dataclass(frozen=True)
class Loaded:
    """How many records of a batch were new and how many said something new."""

    added: int = 0
    changed: int = 0


@dataclass(frozen=True)
class Place:
    """For whom and when a batch is loaded. `day` is the local day it speaks for, `zone` the business time zone."""

    source: Connection
    run: CollectorRun | None
    day: date
    zone: str

    @property
    def values(self) -> dict[str, Any]:
        run = self.run.pk if self.run else None
        return {
            "connection": self.source.pk, "run": run, "day": self.day, "month": self.day.replace(day=1),
            "zone": self.zone, "forever": FOREVER,
        }  # fmt: skip


class Merge:
    """The statements of one plan, worded once."""

    def __init__(self, plan: Plan) -> None:
        self.tables = tables = Tables(plan)
        self.entity = plan.entity
        self.stage, self.ready = f"stage_{tables.name}", f"ready_{tables.name}"
        self.thing_columns = [name_of(column) for column in tables.of_thing] + list(tables.days)
        self.state_columns = [name_of(column) for column in tables.of_state]
        self.create = [self._create_stage(plan), self._create_ready()]
        self.types = tables.types_in_stage()
        binary = "" if self.types is None else " (FORMAT BINARY)"
        self.copy = f"COPY {self.stage} ({', '.join(plan.columns)}) FROM STDIN{binary}"
        self.compare = self._compare()
        self.update = self._update()
        self.count = self._count()
        self.adds = plan.endpoint.adds
        self.leave_out = (  # of what another list adds: what that list does not name, or names no longer
            f"DELETE FROM {self.ready} r WHERE r.is_new OR EXISTS "
            f"(SELECT FROM {plan.entity._meta.db_table} t WHERE t.id = r.id AND t.retired_on IS NOT NULL)"
        )
        self.insert, self.insert_values = self._insert() if self.adds else ("", {})
        self.insert_and_name = (
            f"WITH new AS ({self.insert} RETURNING id, external_id) "
            f"UPDATE {self.ready} r SET id = new.id FROM new WHERE r.is_new AND r.external_id = new.external_id"
        )
        self.states = States(tables, self.ready) if tables.state else None

    def load(self, batch: Batch, place: Place) -> Loaded:
        """Make the tables say what the batch says, and mark the months that moved. Call inside a transaction."""
        if not batch.rows:
            return Loaded()
        with connection.cursor() as cursor:
            hold(place.source)
            for statement in self.create:
                cursor.execute(statement)
            with cursor.copy(self.copy) as copy:
                if self.types is not None:
                    copy.set_types(self.types)
                for row in batch.rows.values():
                    copy.write_row(row)
            cursor.execute(self.compare, place.values)
            if not self.adds:
                cursor.execute(self.leave_out)
            cursor.execute(self.count, place.values)
            added, changed, dangling = cursor.fetchone()
            if added or changed:
                self._write(cursor, place.values, ids_needed=dangling or self.states is not None)
            if dangling:
                references.keep(cursor, self.tables, self.ready, place.values)
            cursor.execute(f"DELETE FROM {self.ready}")
            cursor.execute(f"DELETE FROM {self.stage}")
        return Loaded(added, changed)

    def _write(self, cursor: Any, values: dict[str, Any], *, ids_needed: bool) -> None:
        self._mark_families(cursor, values)
        closed = values | {"closed": late.closed_through(cursor)}
        if closed["closed"]:
            late.keep_changed(cursor, self.tables, self.ready, closed, self.thing_columns)
        cursor.execute(self.update, values)
        self._mark_families(cursor, values)
        if self.adds:
            cursor.execute(self.insert_and_name if ids_needed else self.insert, values | self.insert_values)
        if closed["closed"]:
            late.keep_added(cursor, self.tables, self.ready, closed)
            late.keep_states(cursor, self.tables, self.ready, closed, self.state_columns)
        if self.states:
            self.states.move(cursor, values)
        marks.leave_changed(cursor, self.tables, self.ready, values)

    def _mark_families(self, cursor: Any, values: dict[str, Any]) -> None:
        """Before and after the update: an account leaves one parent and joins another."""
        if self.entity is Account:
            moved = f"t.id IN (SELECT id FROM {self.ready} WHERE thing_changed AND leaned_on)"
            marks.leave_family(cursor, moved, values)

    def _create_stage(self, plan: Plan) -> str:
        columns = ["external_id text"]
        for column in (*self.tables.of_thing, *self.tables.of_state):
            columns.append(f"{column.name} {staged_as(column)}")
        return f"CREATE TEMP TABLE IF NOT EXISTS {self.stage} ({', '.join(columns)}) ON COMMIT DELETE ROWS"

    def _create_ready(self) -> str:
        """All rows of a batch with their keys looked up, and beside them what moved and from where."""
        tables, counted = self.tables, self.entity.counted
        columns = ["id bigint", "external_id text", "is_new bool", "thing_changed bool", "state_changed bool",
                   "leaned_on bool", "was_account bigint", "now_account bigint"]  # fmt: skip
        columns += [f"{column.column} {type_of(column)}" for column in (*tables.of_thing, *tables.of_state)]
        columns += [f"{day} date" for day in tables.days]
        columns += [f"raw_{column.name} text" for column in tables.references]
        columns += [f"{when}_{day} date" for day in counted.days for when in ("was", "now")]
        return f"CREATE TEMP TABLE IF NOT EXISTS {self.ready} ({', '.join(columns)}) ON COMMIT DELETE ROWS"

    def _compare(self) -> str:
        """Each row's look-ups go by index, whatever the planner believes of a table that is just being filled."""
        tables, counted = self.tables, self.entity.counted
        thing, state = self.entity._meta.db_table, tables.state
        looked_up = []
        for column in tables.references:
            key = _key_of(column) if column.name != "account" else self._account_of(column)
            looked_up += [f"{key} AS {column.column}", f"s.{column.name} AS raw_{column.name}"]
        plain = [f"s.{column.name}" for column in (*tables.of_thing, *tables.of_state) if not target(column)]
        local = [f"(s.{at} AT TIME ZONE %(zone)s)::date AS {day}" for day, at in tables.days.items()]
        new = ", ".join(["s.external_id", *plain, *looked_up, *local])

        thing_changed = _differs("t", self.thing_columns) + " OR t.retired_on IS NOT NULL"
        state_changed = f"c.id IS NULL OR {_differs('c', self.state_columns)}" if state else "false"
        leaned = [name_of(column) for column in tables.of_thing if column.name in counted.leaned_on]
        leaned_on = f"{_differs('t', leaned)} OR t.retired_on IS NOT NULL" if not state else state_changed
        kept = self.thing_columns + self.state_columns + [f"raw_{column.name}" for column in tables.references]
        was, now = self._account()
        moved = {f"was_{day}": f"t.{day}" for day in counted.days}
        moved |= {f"now_{day}": f"n.{day}" if self._fills(day) else f"t.{day}" for day in counted.days}
        values = {
            "id": "t.id", "external_id": "n.external_id", "is_new": "t.id IS NULL",
            "thing_changed": f"t.id IS NOT NULL AND ({thing_changed})", "state_changed": state_changed,
            "leaned_on": f"t.id IS NOT NULL AND ({leaned_on})", "was_account": was, "now_account": now,
            **{name: f"n.{name}" for name in kept}, **moved,
        }  # fmt: skip
        states = state._meta.db_table if state else ""
        standing = f"SELECT * FROM {states} WHERE thing_id = t.id AND until_on = %(forever)s LIMIT 1"
        current = f"LEFT JOIN LATERAL ({standing}) c ON true" if state else ""
        return (
            f"INSERT INTO {self.ready} ({', '.join(values)}) SELECT {', '.join(values.values())} "
            f"FROM (SELECT {new} FROM {self.stage} s OFFSET 0) n "
            f"LEFT JOIN LATERAL (SELECT * FROM {thing} WHERE connection_id = %(connection)s "
            f"AND external_id = n.external_id LIMIT 1) t ON true {current}"
        )

    def _account_of(self, column: Column) -> str:
        """The account the vendor names, else that of the thing the record belongs to, where its entity says which."""
        inherits = next((one for one in self.tables.of_thing if one.name == self.entity.counted.inherits), None)
        if inherits is None:
            return _key_of(column)
        thing = target(inherits)
        assert thing is not None and issubclass(thing, Entity)
        table, states = thing._meta.db_table, thing.state_model
        where = f"WHERE k.connection_id = %(connection)s AND k.external_id = s.{inherits.name}"
        account = f"SELECT k.account_id FROM {table} k {where}"
        if marks.in_states(thing) and states is not None:
            account = (
                f"SELECT o.account_id FROM {table} k JOIN {states._meta.db_table} o ON o.thing_id = k.id {where} "
                f"ORDER BY o.from_on <= {self._day()} DESC, abs(o.from_on - {self._day()}) LIMIT 1"
            )
        return f"coalesce({_key_of(column)}, ({account}))"

    def _day(self) -> str:
        """The day by which a staged row asks how a thing stood: the state begun last by then, or else the first."""
        day = next((day for day in self.entity.counted.days if day in self.tables.days), "")
        return f"(s.{self.tables.days[day]} AT TIME ZONE %(zone)s)::date" if day else "%(day)s::date"

    def _count(self) -> str:
        """How many rows are new, how many say something new, and whether references dangle."""
        unresolved = [
            f"(raw_{column.name} IS NOT NULL AND {column.column} IS NULL)"
            for column in self.tables.of_thing if target(column)
        ]  # fmt: skip
        return (
            "SELECT count(*) FILTER (WHERE is_new), "
            "count(*) FILTER (WHERE NOT is_new AND (thing_changed OR state_changed)), "
            f"coalesce(bool_or({' OR '.join(unresolved) or 'false'}), false) "
            f"OR EXISTS (SELECT FROM dangling WHERE connection_id = %(connection)s) FROM {self.ready}"
        )

    def _account(self) -> tuple[str, str]:
        """Where the row's account was and is, in SQL over t, c and n."""
        counted, state = self.entity.counted, self.tables.state
        if counted.through:
            column = f"{counted.through}_id"
            here = f"n.{column}" if column in self.thing_columns else f"t.{column}"
            return marks.account_of_thing(self.entity, f"t.{column}"), marks.account_of_thing(self.entity, here)
        if not counted.account or not marks.has_account(self.entity):
            return "0", "0"
        if marks.in_states(self.entity) and state is None:  # it tells nothing of states: whose it is stays
            assert self.entity.state_model is not None
            stands = f"SELECT o.account_id FROM {self.entity.state_model._meta.db_table} o WHERE o.thing_id = t.id"
            return (f"({stands} AND o.until_on = %(forever)s)",) * 2
        if state and marks.in_states(self.entity):
            return "c.account_id", "n.account_id" if "account_id" in self.state_columns else "c.account_id"
        return "t.account_id", "n.account_id" if "account_id" in self.thing_columns else "t.account_id"

    def _fills(self, day: str) -> bool:
        return day in self.thing_columns

    def _update(self) -> str:
        written = [f"{column} = r.{column}" for column in self.thing_columns]
        written += ["retired_on = NULL", "changed_run_id = %(run)s"]
        if marks.has(self.entity, "gone_on"):
            written.append("gone_on = NULL")
        table = self.entity._meta.db_table
        return f"UPDATE {table} t SET {', '.join(written)} FROM {self.ready} r WHERE t.id = r.id AND r.thing_changed"

    def _insert(self) -> tuple[str, dict[str, Any]]:
        table, given = self.entity._meta.db_table, {"connection", "external_id", "changed_run"}
        given |= {column.name for column in self.tables.of_thing} | set(self.tables.days)
        values = {"connection_id": "%(connection)s", "external_id": "external_id", "changed_run_id": "%(run)s"}
        values |= {column: column for column in self.thing_columns}
        if marks.has(self.entity, "seen_from"):
            values["seen_from"] = "%(day)s"
        defaults = self.tables.defaults(self.entity, given)
        values |= {column: f"%(default_{column})s" for column in defaults}
        rows = f"SELECT {', '.join(values.values())} FROM {self.ready} WHERE is_new"
        statement = f"INSERT INTO {table} ({', '.join(values)}) {rows}"
        return statement, {f"default_{column}": value for column, value in defaults.items()}


def hold(source: Connection) -> None:
    """Wait until nobody else writes this connection's facts; let go at the end of the transaction."""
    assert transaction.get_connection().in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [MERGING, source.pk])


def _key_of(column: Column) -> str:
    """Our id for the vendor's, in SQL over the staged row s."""
    thing = target(column)
    assert thing is not None
    return (
        f"(SELECT k.id FROM {thing._meta.db_table} k "
        f"WHERE k.connection_id = %(connection)s AND k.external_id = s.{column.name})"
    )


def _differs(table: str, columns: list[str]) -> str:
    if not columns:
        return "false"
    theirs, ours = (", ".join(f"{one}.{column}" for column in columns) for one in (table, "n"))
    return f"ROW({theirs}) IS DISTINCT FROM ROW({ours})"
