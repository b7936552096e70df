"""The report beside a file: what was read, what was set aside and why, and which companies wait for a person.

Cells are quoted in it, so that it is plain text that no program runs: one line each, and nothing begins a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.connections import CollectorRun
from collectors.drop.cells import harmless
from collectors.drop.declare import Layout
from collectors.drop.loading import Checked

MOST_LINES = 1_000  # of rows set aside, and of companies


def of(source: str, name: str, layout: Layout, run: CollectorRun, told: Checked) -> str:
    return _lines(_of(source, name, layout, run, told))


def of_failure(source: str, name: str, problem: str) -> str:
    return _lines([f"{name}, from {source}: not loaded.", "", problem, "", "Nothing was changed."])


def in_short(told: Checked) -> str:
    parts = [f"{told.read:,} rows read", f"{told.new:,} new", f"{told.changed:,} changed", f"{told.same:,} the same"]
    if told.retired:
        parts.append(f"{told.retired:,} gone")
    if told.set_aside:
        parts.append(f"{len(told.set_aside):,} set aside")
    return f"{', '.join(parts)}."


def _of(source: str, name: str, layout: Layout, run: CollectorRun, told: Checked) -> Iterator[str]:
    yield f"{name}, from {source}: loaded as {layout.label.lower()}, run {run.pk}."
    if told.span and layout.happens:
        yield f"It speaks for {told.span.from_on:%-d %b %Y} to {told.span.through_on:%-d %b %Y}."
    elif told.span:
        yield f"It lists what stood on {told.span.through_on:%-d %b %Y}."
    yield in_short(told)
    yield from told.notes
    if told.set_aside:
        yield from ("", "Set aside, and kept in quarantine:")
        yield from _first(f"Row {one.row}: {one.reason}." for one in told.set_aside)
    if told.accounts:
        yield from ("", "Companies not met before in this source. What is not recognized waits in the mapping queue:")
        yield from _first(f"Company {account}" for account in told.accounts)


def _first(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == MOST_LINES:
            yield "and more."
            return
        yield line


def _lines(lines: Iterable[str]) -> str:
    """One line each, whatever stands in a cell."""
    plain = (" ".join("".join(sign if sign.isprintable() else " " for sign in line).split()) for line in lines)
    return "".join(f"{harmless(line)}\n" for line in plain)
