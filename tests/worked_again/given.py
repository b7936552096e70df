"""What people gave in the place of what was counted or worked out."""

from __future__ import annotations

from dataclasses import replace

from tests.worked_again.arithmetic import fraction
from tests.worked_again.values import GOOD, MEASURED, NOT_APPLICABLE, TOLD, Line, Worked, standing


def given(line: Line, counted: Worked | None) -> Worked:
    entry = standing(line)
    if counted is None:
        assert entry is not None, line
        if entry["kind"] == "not_used":
            return Worked(None, NOT_APPLICABLE, NOT_APPLICABLE, "entered")
        return Worked(fraction(entry["value"]), MEASURED, MEASURED, entry["kind"], exact=fraction(entry["value"]))
    if entry is None:
        return counted
    if entry["kind"] == "not_used":
        if counted.fact_rows:
            return counted
        return Worked(None, NOT_APPLICABLE, NOT_APPLICABLE, counted.origin)
    if entry["kind"] != "corrected" and counted.state in GOOD:
        return counted
    return replace(
        counted, value=fraction(entry["value"]), exact=fraction(entry["value"]), origin=entry["kind"],
        state=MEASURED, bare=MEASURED, collected=counted.value if counted.state in TOLD else None,
    )


def given_whole(line: Line, parts: Worked | None) -> Worked:
    """A total that people gave whole stands where its parts are not all there, or as a correction over them."""
    entry = standing(line)
    if entry is None or entry["kind"] == "not_used":
        assert parts is not None, line
        return parts
    there = parts is not None and parts.bare in GOOD
    if entry["kind"] != "corrected" and there:
        assert parts is not None
        return parts
    value = fraction(entry["value"])
    return Worked(
        value, MEASURED, MEASURED, entry["kind"], exact=value, collected=parts.value if there and parts else None,
        months=parts.months if parts else None, of_months=parts.of_months if parts else None,
    )
