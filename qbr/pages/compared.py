"""“Compared with”: what stands beside one number, from the quarter before to other companies' figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from metrics import comparisons, reading
from metrics.comparisons import Judgement, Met
from metrics.declare import Better, Derived
from metrics.models import State
from metrics.reading import Among, Number, Numbers
from metrics.reading.benchmarks import Published
from metrics.reading.peers import FEWEST
from metrics.working import Working
from qbr.pages import comparing, formats
from qbr.pages.comparing import JUDGED, FirstDays
from qbr.pages.filters import Question

GOAL_CSS = {Met.MET: "good", Met.NEAR: "watch", Met.MISSED: "act"}
GOAL_SAID = {Met.MET: "meets it", Met.NEAR: "misses it, near", Met.MISSED: "misses it", Met.NONE: "not judged yet"}
ABOVE, BELOW = ("higher", "lower")


@dataclass(frozen=True)
class Row:
    """One thing beside the number: its name, its figure, and how the number stands to it or why that cannot be said."""

    kind: str  # earlier, goal, peers, benchmark: each has a mark of its own
    name: str  # "Q2 2026"
    what: str  # "previous quarter"
    figure: str = ""
    href: str = ""
    change: str = ""
    arrow: str = ""
    said: str = ""  # "worse"
    css: str = ""
    notes: tuple[str, ...] = ()
    no_basis: str = ""  # why, in words
    anyway: str = ""  # the address that compares all the same


def beside(explained: Working, question: Question) -> dict[str, Any] | None:
    """None where the number has no value. Same days of a running period are read from facts, and load themselves."""
    found = explained.number
    if found.value is None:
        return None
    waits = comparing.by_day(found) and "whole" not in question.given and question.given.get("part") != "compared"
    days = None if waits else comparing.counted_by_day(question, [found])
    verdict = question.signals.get(found.metric.key)
    return {
        "rows": tuple(_rows(found, question, days)),
        "signal": verdict.words if verdict else "",
        "so_far": _so_far(found, days),
        "later": question.address(part="compared") if waits else "",
    }


def _rows(found: Number, question: Question, days: FirstDays | None) -> Iterator[Row]:
    key, earlier = found.metric.key, [period for _, period in comparisons.earlier(found.period)]
    numbers = reading.numbers(question.person, [key], [found.scope], [found.period, *earlier])
    if found.state is State.SO_FAR:
        yield from _first_days(found, question, numbers, days)
    else:
        yield from _earlier(found, question, numbers)
    yield from _goal(found, question)
    yield from _peers(found, question)
    for published in reading.benchmarks(question.person, [key]).get(key, ()) if _has_benchmark(found) else ():
        yield _benchmark(found, published)


def _earlier(found: Number, question: Question, numbers: Numbers) -> Iterator[Row]:
    changed = comparing.changed(question, numbers, [found.metric.key])
    for each in comparing.earlier(found, question, numbers, changed):
        base, compared = each.base, each.compared
        anyway = question.address(versions="all", part=None) if each.redefined and compared is None else ""
        row = _Beginning("earlier", base.period.label, each.against, found)
        href = question.number_address(base.metric.key, base.scope, base.period)
        if compared is None:
            figure = formats.of(base.metric, base.value) if base.value is not None else ""
            yield row.without(each.why, figure, href, anyway)
        else:
            notes = ("Worked out by another definition.",) if compared.redefined else ()
            settings = comparing.settings_words(each.settings)
            yield row.beside(compared.base.value, href, (*notes, settings) if settings else notes)


@dataclass(frozen=True)
class _Beginning:
    kind: str
    name: str
    what: str
    number: Number

    def beside(self, figure: Decimal | None, href: str = "", notes: tuple[str, ...] = ()) -> Row:
        assert figure is not None and self.number.value is not None
        judgement = comparisons.judged(self.number, figure)
        return Row(
            self.kind, self.name, self.what, formats.of(self.number.metric, figure), href,
            comparing.moved_words(self.number.metric, figure, self.number.value),
            comparing.arrow(figure, self.number.value), _direction(self.number, figure, judgement),
            JUDGED.get(judgement, ""), notes,
        )

    def without(self, why: str, figure: str = "", href: str = "", anyway: str = "") -> Row:
        return Row(self.kind, self.name, self.what, figure, href, no_basis=f"No basis: {why}.", anyway=anyway)


def _direction(found: Number, figure: Decimal, judgement: Judgement) -> str:
    """“worse”; where neither is better, which way it lies."""
    if judgement is not Judgement.NONE or found.value is None:
        return str(judgement)
    if found.metric.better is not Better.NEITHER or not found.is_final:
        return ""  # too early to say
    return ABOVE if found.value > figure else BELOW if found.value < figure else str(Judgement.SAME)


def _first_days(found: Number, question: Question, numbers: Numbers, days: FirstDays | None) -> Iterator[Row]:
    for each in comparing.over_first_days(found, question, numbers, days):
        href = question.number_address(found.metric.key, found.scope, each.period)
        if each.now is None or each.then is None:
            yield Row("earlier", each.period.label, each.against, href=href, no_basis=f"{each.why.removesuffix('…')}.")
            continue
        yield Row(
            "earlier", each.period.label, f"{each.against}, {comparing.first_days_words(days.days, each.period)}"
            if days else each.against,
            formats.of(found.metric, each.then), href, comparing.moved_words(found.metric, each.then, each.now),
            comparing.arrow(each.then, each.now),
        )


def _so_far(found: Number, days: FirstDays | None) -> str:
    """“The first 40 of 92 days of Q4 2026: 312”."""
    now = days.counts.get((found.metric.key, found.period)) if days else None
    if days is None or now is None:
        return ""
    of = comparing.days_in(found.period)
    return f"{found.period.label} still runs. Its first {days.days} of {of} days: {formats.of(found.metric, now)}."


def _goal(found: Number, question: Question) -> Iterator[Row]:
    met = comparisons.against_goal(found, question.goals.get(found.metric.key))
    if met is None:
        return
    off, metric = met.difference, found.metric
    lines = (met.target,) if met.goal.direction != "band" else (Decimal(met.goal.target), Decimal(met.goal.ceiling))
    yield Row(
        "goal", "Goal", comparing.goal_words(metric, met.goal, found.period),
        " to ".join(formats.of(metric, line) for line in lines),
        change=f"{formats.of(metric, abs(off))} {ABOVE if off > 0 else BELOW}" if off else "",
        arrow=comparing.ARROWS[comparisons.movement(off)], said=GOAL_SAID[met.met], css=GOAL_CSS.get(met.met, ""),
    )


def _peers(found: Number, question: Question) -> Iterator[Row]:
    """For clients alone: among those of their segment, or all where it is too small."""
    organization = question.organization
    if found.scope.kind != "organization" or organization is None or organization.kind != "client":
        return
    among = reading.among_peers(question.person, [found.metric.key], found.scope, found.period).get(found.metric.key)
    row = _Beginning("peers", "Portfolio median", _whose(among), found)
    if found.state is State.SO_FAR:
        yield row.without(f"the {found.period.grain} is still running")
    elif not found.is_final:
        yield row.without(comparisons.is_missing(found))
    elif among is None or among.median is None:
        others = formats.plural(among.others if among else 0, "other client has", "other clients have")
        yield row.without(f"{others} a value, {FEWEST} are needed")
    else:
        ranked = (comparing.rank_words(found.metric, among.rank, among.of),) if among.rank else ()
        yield row.beside(among.median, notes=ranked)


def _whose(among: Among | None) -> str:
    if among is None:
        return "all clients"
    if among.segment:
        return f"same segment, {among.segment}"
    return f"all clients, too few others in {among.own_segment}" if among.own_segment else "all clients"


def _has_benchmark(found: Number) -> bool:
    """Figures are of whole companies; of a client only what does not grow with its size can stand beside them."""
    metric = found.metric
    if found.scope.is_company:
        return True
    return isinstance(metric, Derived) and "/" in metric.formula_for(found.scope.side)


def _benchmark(found: Number, published: Published) -> Row:
    row = _Beginning("benchmark", published.source, f"{published.on.year}, {published.population}", found)
    low, high = published.lower_quartile, published.upper_quartile
    half = f"middle half {formats.of(found.metric, low)} to {formats.of(found.metric, high)}" if low and high else ""
    if not found.is_final and found.state is State.SO_FAR:
        return row.without(f"the {found.period.grain} is still running", formats.of(found.metric, published.median))
    return row.beside(published.median, notes=(half,) if half else ())
