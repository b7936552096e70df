"""Marks on a chart: upright lines where something happened, their labels placed so that none covers another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from metrics.models import Note
from metrics.notes import Dated
from metrics.periods import Span
from qbr.pages.turns import Turn

Trace = dict[str, Any]  # a part of a figure, in the words of Plotly's schema

ROWS = 3  # of labels above each other
LABEL_HEIGHT = 15  # pixels a row
NARROW = 300  # pixels across on the narrowest screen: labels that keep apart there do so everywhere
LETTER = 6.5  # pixels wide
TURNS = "var(--series-5)"  # the colour of lines where numbers begin to be worked out otherwise
KINDS = {Note.Kind.OTHER: "Note", Note.Kind.PRICE: "Price"}


@dataclass(frozen=True)
class Mark:
    """`at` and `until` count labels from the middle of the first, so that -0.5 is where its period begins."""

    at: float
    label: str
    short: str = ""  # where there is no room for the label
    until: float | None = None
    is_turn: bool = False  # from here on numbers are worked out otherwise


def of_notes(notes: Iterable[Dated], periods: Sequence[Span]) -> list[Mark]:
    """Numbered as they are listed; one that begins before the first period stands at its start."""
    return [
        Mark(_place(note.on, periods), f"{number} {KINDS.get(note.kind, note.kind.label)}", str(number),
             None if note.until is None else _place(note.until, periods))
        for number, note in enumerate(notes, 1)
    ]  # fmt: skip


def of_turns(turns: Iterable[Turn]) -> list[Mark]:
    """Where two versions of a definition meet, or other settings begin: between the two periods."""
    return [Mark(turn.at - 0.5, f"{turn.letter} {turn.word}", turn.letter, is_turn=True) for turn in turns]


def marked(marks: Sequence[Mark], labels: int) -> tuple[list[Trace], list[Trace], int]:
    """Shapes, the words above them, and how many rows of words there are."""
    shapes = [shape for mark in marks for shape in _shapes(mark, labels)]
    words: list[Trace] = []
    taken: list[list[tuple[float, float]]] = [[] for _ in range(ROWS)]
    for mark in marks:
        if placed := _placed(mark, labels, taken):
            words.append(placed)
    return shapes, words, sum(bool(row) for row in taken)


def _place(day: date, periods: Sequence[Span]) -> float:
    for at, period in enumerate(periods):
        if day < period.ends_on:
            days = (period.ends_on - period.starts_on).days
            return at - 0.5 + max((day - period.starts_on).days, 0) / days
    return len(periods) - 0.5


def _shapes(mark: Mark, labels: int) -> list[Trace]:
    upright = {"yref": "paper", "y0": 0, "y1": 1}
    line = upright | {"type": "line", "x0": mark.at, "x1": mark.at}
    look = {"color": TURNS, "dash": "solid"} if mark.is_turn else {"color": "var(--watch)", "dash": "dot"}
    drawn = [line | {"line": look | {"width": 1.5}}]
    if mark.until is not None:
        area = upright | {"type": "rect", "x0": mark.at, "x1": min(mark.until, labels - 0.5), "layer": "below"}
        drawn.append(area | {"fillcolor": "var(--watch-wash)", "opacity": 0.7, "line": {"width": 0}})
    return drawn


def _placed(mark: Mark, labels: int, taken: list[list[tuple[float, float]]]) -> Trace | None:
    """The label in the lowest row with room for it, else its short form; none where there is no room at all."""
    to_the_left = mark.at > labels * 0.6
    for text in (mark.label, mark.short or mark.label):
        width = (len(text) + 1) * LETTER * labels / NARROW
        start, end = (mark.at - width, mark.at) if to_the_left else (mark.at, mark.at + width)
        for row, spans in enumerate(taken):
            if all(end <= other[0] or start >= other[1] for other in spans):
                spans.append((start, end))
                return {
                    "x": mark.at, "xanchor": "right" if to_the_left else "left", "yref": "paper", "y": 1,
                    "yanchor": "bottom", "yshift": row * LABEL_HEIGHT, "text": text, "showarrow": False,
                    "font": {"color": "var(--ink)" if mark.is_turn else "var(--watch)", "size": 11},
                }  # fmt: skip
    return None
