"""The two shapes a fact can have, and how a change in one reaches the months that count it.

What *happened* is one row a record, kept in place and retired with a date, never deleted. What *stood* is two
tables: the thing, overwritten, which others point at; and its states, a new row only when a counted field
differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from django.db import models

EARLIEST = date(1, 1, 1)
FOREVER = date(9999, 12, 31)  # stands for "until further notice": Python has no infinite date


@dataclass(frozen=True, kw_only=True)
class Counted:
    """By which days an entity's rows are counted, and which other rows lean on them.

    `days` maps a local-day column to the UTC moment it is derived from in the business time zone, or to "" where
    the vendor gives a plain day. `leaners` names (model, foreign key) pairs: rows whose metrics read this one, and
    `leaned_on` the columns they read; a change of a state is always leaned on.
    """

    days: Mapping[str, str] = field(default_factory=dict)
    account: str = "account"  # "" where the entity belongs to no account
    through: str = ""  # the foreign key to the thing whose account its rows count for
    inherits: str = ""  # the foreign key to the thing whose account a row has where the vendor names none
    leaners: tuple[tuple[str, str], ...] = ()
    leaned_on: tuple[str, ...] = ()


class Record(models.Model):
    """One vendor record: unique by connection and the vendor's own id."""

    connection = models.ForeignKey("collectors.Connection", models.PROTECT, related_name="+", db_index=False)
    external_id = models.TextField()
    link = models.TextField(default="", blank=True)  # the record's page in the vendor's console
    changed_run = models.ForeignKey(
        "collectors.CollectorRun", models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    retired_on = models.DateField(null=True, blank=True)  # the vendor's complete listing no longer names it

    counted: ClassVar[Counted] = Counted()
    state_model: ClassVar[type[State] | None] = None  # set on things whose states are kept

    class Meta:
        abstract = True


class State(models.Model):
    """What was true of a thing from one day until another, half-open, in the business time zone.

    A subclass has a foreign key `thing` and one current row a thing (`until_on` = FOREVER).
    """

    from_on = models.DateField()
    until_on = models.DateField(default=FOREVER)

    class Meta:
        abstract = True


def one_record(name: str) -> list[models.BaseConstraint]:
    return [models.UniqueConstraint(fields=["connection", "external_id"], name=f"{name}_once")]


def state_keys(name: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=["thing", "from_on"], name=f"{name}_once_a_day"),
        models.CheckConstraint(condition=models.Q(from_on__lt=models.F("until_on")), name=f"{name}_forward"),
    ]
