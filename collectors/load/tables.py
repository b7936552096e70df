"""How a plan's columns lie in the tables: of the thing, of its states, and those derived from others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection, models

from collectors.columns import Column
from collectors.facts.shapes import Record as Entity
from collectors.facts.shapes import State
from collectors.transform import Plan

KEPT_BY_LOADING = frozenset({"id", "connection", "external_id", "changed_run", "retired_on"})


def target(column: Column) -> type[models.Model] | None:
    """The entity a foreign key points at."""
    if not isinstance(column, models.ForeignKey):
        return None
    found = column.related_model
    assert isinstance(found, type)
    return found


@dataclass(frozen=True)
class Tables:
    """A plan's columns by the table that keeps them, and what must be filled in beside them."""

    plan: Plan

    @property
    def entity(self) -> type[Entity]:
        return self.plan.entity

    @property
    def state(self) -> type[State] | None:
        """The table of states, where the plan declares a field of theirs."""
        return self.entity.state_model if self.of_state else None

    @cached_property
    def of_thing(self) -> tuple[Column, ...]:
        return self._declared(self.entity)

    @cached_property
    def of_state(self) -> tuple[Column, ...]:
        model = self.entity.state_model
        return self._declared(model) if model else ()

    @cached_property
    def days(self) -> dict[str, str]:
        """Local-day columns that follow from a declared moment."""
        columns = self.plan.columns
        return {day: at for day, at in self.entity.counted.days.items() if at and at in columns and day not in columns}

    @cached_property
    def references(self) -> tuple[Column, ...]:
        return tuple(column for column in (*self.of_thing, *self.of_state) if target(column))

    @cached_property
    def name(self) -> str:
        """Of the temporary tables: one for each set of columns."""
        text = repr((self.entity.__name__, self.plan.columns))
        return f"{self.entity._meta.db_table}_{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    def types_in_stage(self) -> list[str] | None:
        """The types to write a batch with in binary, which costs a third of text; None where one is JSON.

        JSON comes as text that is ready, and a binary writer would wrap it once more.
        """
        known = {column.name: column for column in (*self.of_thing, *self.of_state)}
        columns = [known.get(name) for name in self.plan.columns]
        if any(isinstance(column, models.JSONField) for column in columns):
            return None
        return ["text" if column is None else staged_as(column).partition("(")[0] for column in columns]

    def defaults(self, model: type[models.Model], given: set[str]) -> dict[str, Any]:
        """What a new row needs beside the columns given. Raises LookupError where the vendor file leaves a hole."""
        filled: dict[str, Any] = {}
        for column in model._meta.concrete_fields:
            if column.name in given or column.primary_key or column.null:
                continue
            if not column.has_default():
                raise LookupError(f"{self.plan.endpoint.name} does not fill {model.__name__}.{column.name}")
            filled[name_of(column)] = column.get_db_prep_save(column.get_default(), connection)
        return filled

    def _declared(self, model: type[models.Model]) -> tuple[Column, ...]:
        names = [name for name in self.plan.columns if name not in KEPT_BY_LOADING]
        known = {column.name: column for column in model._meta.concrete_fields}
        return tuple(known[name] for name in names if name in known)


def name_of(column: Column) -> str:
    """Its name in the table."""
    assert column.column
    return column.column


def staged_as(column: Column) -> str:
    """Its type while it waits: the vendor's id in place of ours."""
    return "text" if target(column) else type_of(column)


def type_of(column: Column) -> str:
    kind = column.db_type(connection)
    assert kind
    return kind
