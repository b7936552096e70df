"""What a rule saw, before it is compared with what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

Key = tuple[str, int | None, int | None, int | None, str]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One breach. `measure` says how bad it is, where that is a number: the difference, how many records."""

    metric: str = ""
    scope: int | None = None
    period: int | None = None
    connection: int | None = None
    subject: str = ""
    says: str
    measure: Decimal | None = None

    @property
    def key(self) -> Key:
        """What tells it from others of its rule."""
        return self.metric, self.scope, self.period, self.connection, self.subject


def fetched(statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a SELECT."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or {})
        return list(cursor.fetchall())
