"""A number under the other versions of its definition, beside the one in force: shown, and compared with nothing."""

from __future__ import annotations

from typing import Any

from metrics import reading
from metrics.definitions import versions_of
from metrics.working import Working
from qbr.pages import formats
from qbr.pages.filters import Question


def beside(explained: Working, question: Question) -> dict[str, Any] | None:
    """None where the definition has one version, and for a year to date, which is worked out in one version alone."""
    number = explained.number
    others = [m for m in versions_of(number.metric.key).values() if m.version != number.metric.version]
    if not others or explained.to_date:
        return None
    lines = []
    for version in others:
        found = reading.in_version(
            question.person, version.key, version.version, [number.scope], [number.period]
        ).get((version.key, number.scope, number.period))
        if found is not None:
            lines.append({
                "version": version.version, "note": version.note or version.meaning,
                "value": formats.of(version, found.value) if found.value is not None else "",
                "why": "" if found.value is not None else formats.why(found),
            })
    return {"metric": number.metric.key, "version": number.metric.version, "lines": lines} if lines else None
