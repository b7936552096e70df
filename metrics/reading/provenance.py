"""Where one stored value comes from: its definition, the rules it read, and the roll-up that wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from metrics.definitions import CATALOGUE
from metrics.periods import Span
from metrics.reading.shapes import Person, ScopeRef, may_see
from metrics.reading.stored import SHOWN, TABLES, THESE, scope_ids

STORED = SHOWN + """
SELECT shown.version, b.rules, m.checksum, m.revision, r.id, r.cause, coalesce(r.ended_at, r.started_at)
FROM shown
JOIN {table} m ON m.definition_id = shown.definition_id AND m.period_id = shown.period_id AND {scopes}
JOIN basis b ON b.id = m.basis_id
JOIN rollup r ON r.id = m.rollup_id"""


@dataclass(frozen=True)
class Provenance:
    version: int
    rules: Mapping[str, Any]  # as they were when it was worked out
    checksum: int | None
    revision: int
    rollup: int
    cause: str
    at: datetime


def provenance(person: Person, metric: str, scope: ScopeRef, period: Span) -> Provenance | None:
    """None where nothing is stored, or the person may not see it."""
    declared = CATALOGUE[metric]
    if not may_see(person, declared):
        return None
    with connection.cursor() as cursor:
        cursor.execute(STORED.format(table=TABLES[period.grain], scopes=THESE), {
            "metrics": [metric], "versions": [declared.version], "grain": period.grain, "days": [period.starts_on],
            "scopes": list(scope_ids([scope])),
        })
        row = cursor.fetchone()
    if row is None:
        return None
    version, rules, *rest = row
    return Provenance(version, json.loads(rules), *rest)  # Django leaves a raw JSON column as text
