"""States of things: a new one from the day a counted field differs, the same day in place, earlier days never."""

from __future__ import annotations

from typing import Any

from collectors.load.tables import Tables, name_of


class States:
    """The statements that move the states of one plan's things."""

    def __init__(self, tables: Tables, ready: str) -> None:
        assert tables.state is not None
        table = tables.state._meta.db_table
        columns = [name_of(column) for column in tables.of_state]
        given = {"thing", "from_on", "until_on", *(column.name for column in tables.of_state)}
        others = [column for column in tables.state._meta.concrete_fields if column.name not in given | {"id"}]
        defaults = tables.defaults(tables.state, given)
        self.values = {f"default_{column}": value for column, value in defaults.items()}

        current = f"FROM {ready} r WHERE c.thing_id = r.id AND c.until_on = %(forever)s AND r.state_changed"
        self.close = f"UPDATE {table} c SET until_on = %(day)s {current} AND c.from_on < %(day)s"
        same_day = ", ".join(f"{column} = r.{column}" for column in columns)
        self.in_place = f"UPDATE {table} c SET {same_day} {current}"
        # What this endpoint does not say stays as it was in the state just closed.
        carried = {
            name: f"coalesce(c.{name}, %(default_{name})s)" if name in defaults else f"c.{name}"
            for name in map(name_of, others)
        }  # fmt: skip
        names = ["thing_id", "from_on", "until_on", *columns, *carried]
        values = ["r.id", "%(day)s", "%(forever)s", *(f"r.{column}" for column in columns), *carried.values()]
        closed = f"LEFT JOIN {table} c ON c.thing_id = r.id AND c.until_on = %(day)s" if carried else ""
        self.begin = (
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {ready} r {closed} "
            f"WHERE r.state_changed AND NOT EXISTS "
            f"(SELECT FROM {table} o WHERE o.thing_id = r.id AND o.until_on = %(forever)s)"
        )

    def move(self, cursor: Any, values: dict[str, Any]) -> None:
        for statement in (self.close, self.in_place, self.begin):
            cursor.execute(statement, values | self.values)
