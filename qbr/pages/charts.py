"""The only place where a Plotly figure is built, and the small drawings made without it. A missing value is a gap.

A figure carries values and no look. Colours are named as CSS variables, and the browser fills in those of the theme:
one figure serves light and dark.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.html import format_html
from django.utils.safestring import SafeString

from qbr.pages.marks import LABEL_HEIGHT, Mark, Trace, marked

TEN = Decimal(10)  # below it, steps of a scale are parts of one, which d3 would write in thousandths
COLOURS = tuple(f"var(--series-{number})" for number in range(1, 6))


class Kind(StrEnum):
    LINES = "lines"
    BARS = "bars"
    STACK = "stack"


@dataclass(frozen=True)
class Series:
    """`texts` are the values as written for people; `provisional` marks those that may still move."""

    name: str
    values: tuple[Decimal | None, ...]
    texts: tuple[str, ...]
    provisional: tuple[bool, ...] = ()
    colour: str = ""


@dataclass(frozen=True)
class Band:
    """Between which values each of the last labels is within the normal range, and the average in the middle."""

    lower: tuple[Decimal, ...]
    mean: tuple[Decimal, ...]
    upper: tuple[Decimal, ...]


@dataclass(frozen=True)
class GoalLine:
    """What each label's value should reach, or stay below; None where the goal does not hold yet."""

    values: tuple[Decimal | None, ...]
    word: str = "goal"
    is_ceiling: bool = False  # its word stands above the line


def trend(
    kind: Kind,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    prefix: str = "",
    suffix: str = "",
    goals: Sequence[GoalLine] = (),
    band: Band | None = None,
    marks: Sequence[Mark] = (),
) -> str:
    """A figure over time as JSON. Bars start at zero; a goal is a dashed line with its word, of a band two.

    A band lies behind everything; marks stand upright with a short label above the drawing.
    """
    coloured = [(each, each.colour or COLOURS[at % len(COLOURS)]) for at, each in enumerate(series)]
    from_zero = kind is not Kind.LINES or not _far_from_zero(series)
    shapes, words, rows = marked(marks, len(labels))
    layout = _layout(top=12 + LABEL_HEIGHT * rows) | {
        "barmode": "relative" if kind is Kind.STACK else "group",
        "bargap": 0.28,
        "bargroupgap": 0.08,
        "hovermode": "x unified",
    }
    layout["xaxis"] |= {"categoryorder": "array", "categoryarray": list(labels)}  # what begins later comes first below
    layout["yaxis"] |= {"ticksuffix": suffix, "rangemode": "tozero" if from_zero else "normal"}
    if prefix:
        layout["yaxis"]["tickformat"] = _money_ticks([value for each in series for value in each.values])
    words = [*words, *(_goal_word(each) for each in goals)]
    if band is not None:
        words = [*words, _band_word(band)]
    if words:
        layout |= {"shapes": shapes, "annotations": words}
    behind = _band(labels[-len(band.mean) :], band, none_below=_none_below(series)) if band else []
    behind += [_goal_line(labels, each) for each in goals]
    return _json([*behind, *(trace for each, hue in coloured for trace in _traces(kind, labels, each, hue))], layout)


def bridge(labels: Sequence[str], values: Sequence[Decimal], texts: Sequence[str], totals: Sequence[bool]) -> str:
    """How one amount became another: bars that float from the running sum; the totals stand on zero."""
    base, running = [], Decimal(0)
    for value, total in zip(values, totals, strict=True):
        base.append(Decimal(0) if total else running)
        running = value if total else running + value
    colours = [
        "var(--series-5)" if total else "var(--series-3)" if value >= 0 else "var(--series-4)"
        for value, total in zip(values, totals, strict=True)
    ]
    bars = {
        "type": "bar",
        "x": [label.replace(" ", "<br>") for label in labels],
        "y": _floats(values),
        "base": _floats(base),
        "marker": {"color": colours},
        "text": list(texts),
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "textfont": {"size": 12},
        "hovertemplate": "%{x}: %{text}<extra></extra>",
        "width": 0.62,
    }
    layout = _layout(top=24)
    layout["xaxis"]["dtick"] = 1  # every step has its name
    layout["yaxis"]["tickformat"] = _money_ticks(values)
    return _json([bars], layout)


def _layout(*, top: int) -> Trace:
    return {
        "showlegend": False,
        "margin": {"l": 8, "r": 12, "t": top, "b": 8},
        "xaxis": {"type": "category", "showgrid": False, "automargin": True, "fixedrange": True, "tickangle": 0},
        "yaxis": {"automargin": True, "fixedrange": True, "nticks": 6, "separatethousands": True},
    }


def _money_ticks(values: Sequence[Decimal | None]) -> str:
    """Thousands as k, in the words of d3-format, which sets a minus before the dollar; cents where all is small."""
    largest = max((abs(value) for value in values if value is not None), default=Decimal(0))
    return "$~s" if largest >= TEN else "$,.2f"


def _goal_line(labels: Sequence[str], goal: GoalLine) -> Trace:
    return {
        "type": "scatter", "mode": "lines", "name": goal.word, "x": list(labels), "y": _floats(goal.values),
        "hoverinfo": "skip", "line": {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"},
    }  # fmt: skip


def _goal_word(goal: GoalLine) -> Trace:
    """At the right, where the line ends."""
    return {
        "xref": "paper", "x": 1, "xanchor": "right", "y": float(goal.values[-1] or 0), "text": goal.word,
        "yanchor": "bottom" if goal.is_ceiling else "top", "showarrow": False, "font": {"color": "var(--ink-soft)"},
    }  # fmt: skip


def _band(labels: Sequence[str], band: Band, *, none_below: bool) -> list[Trace]:
    """What cannot be negative has no normal range below zero."""
    lower = [max(each, Decimal(0)) for each in band.lower] if none_below else list(band.lower)
    quiet = {"type": "scatter", "mode": "lines", "x": list(labels), "hoverinfo": "skip"}
    edge = quiet | {"line": {"width": 0, "color": "var(--band)"}}
    return [
        edge | {"name": "lower limit", "y": _floats(lower)},
        edge | {"name": "upper limit", "y": _floats(band.upper), "fill": "tonexty", "fillcolor": "var(--band)"},
        quiet | {
            "name": "average", "y": _floats(band.mean),
            "line": {"width": 1, "color": "var(--ink-faint)", "dash": "longdash"},
        },
    ]  # fmt: skip


def _band_word(band: Band) -> Trace:
    """At the left, where no goal has its word; without ground of its own, for a line may pass behind it."""
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "y": float(band.upper[0]), "yanchor": "bottom", "showarrow": False,
        "text": "normal range and average", "font": {"color": "var(--ink-soft)", "size": 11},
    }  # fmt: skip


def _none_below(series: Sequence[Series]) -> bool:
    return all(value >= 0 for each in series for value in each.values if value is not None)


def _traces(kind: Kind, labels: Sequence[str], series: Series, colour: str) -> list[Trace]:
    values = _floats(series.values)
    provisional = series.provisional or (False,) * len(values)
    told = {"name": series.name, "x": list(labels), "customdata": list(series.texts), "hovertemplate": "%{customdata}"}
    if kind is not Kind.LINES:
        look: Trace = {"color": colour, "opacity": [0.6 if moving else 1.0 for moving in provisional]}
        if any(provisional):  # bars cannot be dashed, so they are hatched
            look["pattern"] = {"shape": ["/" if moving else "" for moving in provisional], "size": 6, "solidity": 0.5}
        return [told | {"type": "bar", "y": values, "marker": look}]
    settled = [None if moving else value for value, moving in zip(values, provisional, strict=True)]
    line = told | {"type": "scatter", "mode": "lines+markers", "connectgaps": False}
    drawn = [line | {"y": settled, "line": {"color": colour, "width": 2.5}, "marker": {"size": 5}}]
    if any(provisional):
        drawn.append(line | {
            "name": f"{series.name} (so far)",
            "y": _moving(values, provisional),
            "line": {"color": colour, "width": 2, "dash": "dot"},
            "marker": {"size": 6, "symbol": "circle-open"},
        })  # fmt: skip
    return drawn


def _moving(values: Sequence[float | None], provisional: Sequence[bool]) -> list[float | None]:
    """The values that may still move, and the one before each, so that the dashed line joins on."""
    joins = [*provisional[1:], False]
    return [
        value if moving or joins_on else None
        for value, moving, joins_on in zip(values, provisional, joins, strict=True)
    ]


def _far_from_zero(series: Sequence[Series]) -> bool:
    """A line may leave zero out where its whole movement would be lost against it."""
    values = [value for each in series for value in each.values if value is not None]
    return bool(values) and min(values) > 0 and (max(values) - min(values)) < min(values) / 3


def _floats(values: Sequence[Decimal | None]) -> list[float | None]:
    """Only a drawing may be rough: to the eye a float is exact."""
    return [None if value is None else float(value) for value in values]


def _json(data: list[Trace], layout: Trace) -> str:
    """The tests hold every figure against Plotly's own schema; here it would cost more than the page."""
    return json.dumps({"data": data, "layout": layout}, separators=(",", ":")).replace("<", "\\u003c")


def spark(values: Sequence[Decimal | None], label: str, breaks: Collection[int] = ()) -> SafeString | str:
    """A small line with gaps where values are missing; nothing for fewer than three points.

    It is not joined before the places of `breaks`, where another definition begins.
    """
    known = [value for value in values if value is not None]
    if len(known) < 3:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or Decimal(1)
    step = Decimal(100) / max(1, len(values) - 1)
    points = [None if value is None else (at * step, 26 - (value - low) / span * 22) for at, value in enumerate(values)]
    path, pen = [], "M"
    for at, point in enumerate(points):
        if at in breaks:
            pen = "M"
        if point is None:
            pen = "M"
            continue
        path.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "L"
    return format_html(
        '<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path d="{}"/></svg>',
        label,
        " ".join(path),
    )
