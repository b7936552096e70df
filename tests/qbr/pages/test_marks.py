"""Marks on a chart: where they stand, and that no label covers another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations

import pytest

from metrics.models import Note
from metrics.notes import Dated
from metrics.periods import Month, Quarter, months_between
from qbr.pages import marks
from qbr.pages.marks import LETTER, NARROW, Mark
from qbr.pages.turns import Turn

YEARS = tuple(months_between(Month(2025, 1), Month(2026, 12)))
NOTE = Dated(
    pk=1, kind=Note.Kind.OUTAGE, on=date(2025, 1, 1), until=None, text="Power cut", scope=None, name="", metric="",
    by="", at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(("on", "at"), [
    (date(2025, 1, 1), -0.5), (date(2025, 4, 16), 3.0), (date(2026, 12, 31), 23.5 - 1 / 31), (date(2024, 11, 5), -0.5),
])  # fmt: skip
def test_a_note_stands_at_its_day_within_its_month(on: date, at: float) -> None:
    [mark] = marks.of_notes([replace(NOTE, on=on)], YEARS)
    assert mark.at == pytest.approx(at)


def test_notes_are_numbered_as_they_are_listed_and_by_quarter_they_stand_within_it() -> None:
    found = marks.of_notes([NOTE, replace(NOTE, on=date(2025, 5, 16), kind=Note.Kind.OTHER)],
                           [Quarter(2025, 1), Quarter(2025, 2)])  # fmt: skip
    assert [mark.label for mark in found] == ["1 Outage", "2 Note"]
    assert found[1].at == pytest.approx(0.5 + 45 / 91)


def test_a_note_of_many_days_is_an_area_up_to_its_last_day_and_no_further_than_the_chart() -> None:
    until = date(2027, 3, 1)
    [mark] = marks.of_notes([replace(NOTE, on=date(2026, 12, 1), until=until)], YEARS)
    line, area = marks.marked([mark], len(YEARS))[0]
    assert (line["x0"], line["x1"]) == (22.5, 22.5)
    assert (area["x0"], area["x1"]) == (22.5, 23.5)


def test_where_numbers_begin_to_be_worked_out_otherwise_a_whole_line_stands_between_the_two_months() -> None:
    [mark] = marks.of_turns([Turn(2, "A", "Definition 2", "Mar 2025", ())])
    assert mark == Mark(1.5, "A Definition 2", "A", is_turn=True)
    [line], [word], _ = marks.marked([mark], len(YEARS))
    assert (line["x0"], line["line"]["dash"], word["text"]) == (1.5, "solid", "A Definition 2")


@pytest.mark.parametrize("places", [
    [3.0, 3.1, 3.2], [0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 23.4], [13.0, 15.0], [5.0] * 9, [23.5, 23.4, -0.5],
])  # fmt: skip
def test_no_label_covers_another_even_on_the_narrowest_screen(places: list[float]) -> None:
    shapes, words, rows = marks.marked([Mark(at, f"{n} Offboarding", str(n)) for n, at in enumerate(places, 1)], 24)
    assert len(shapes) == len(places)
    assert rows <= marks.ROWS

    def span(word: dict[str, object]) -> tuple[float, float]:
        at, width = float(str(word["x"])), len(str(word["text"])) * LETTER * 24 / NARROW
        return (at - width, at) if word["xanchor"] == "right" else (at, at + width)

    for one, other in combinations(words, 2):
        (start, end), (begin, stop) = span(one), span(other)
        assert one["yshift"] != other["yshift"] or end <= begin or stop <= start, (one, other)
    assert all(span(word)[0] >= -1 and span(word)[1] <= 24 for word in words)
