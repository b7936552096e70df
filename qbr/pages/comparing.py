"""A comparison in words: how much a number moved, which way, whether that is better, and where nothing can be said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from metrics import comparisons, reading
from metrics.comparisons import Change, Comparison, Judgement, Met
from metrics.declare import Better, Goal, Metric
from metrics.models import State
from metrics.periods import Span
from metrics.reading import Changed, ChangedBy, Number, Numbers
from metrics.reading.resolved import BY_HAND
from metrics.reading.same_days import Counts, can_be_counted, days_read, first_days
from metrics.varying import Verdict
from qbr.pages import formats
from qbr.pages.filters import Question
from qbr.pages.formats import Style
from qbr.pages.tables import Cell

MET_WORDS = {Met.MET: ("good", "Meets goal"), Met.NEAR: ("watch", "Near goal"), Met.MISSED: ("act", "Misses goal")}
JUDGED = {Judgement.BETTER: "good", Judgement.WORSE: "act"}
ARROWS = {"up": "▲", "down": "▼", "level": "■"}
UNCHANGED = Changed()


@dataclass(frozen=True)
class FirstDays:
    """What metrics were in the first whole days of a running period, and in as many of earlier ones."""

    days: int = 0  # none was read yet
    counts: Counts = field(default_factory=dict)


@dataclass(frozen=True)
class Beside:
    """One earlier period beside a number: a comparison, or why there is none."""

    against: str  # "previous quarter"
    base: Number
    compared: Comparison | None
    why: str  # empty where it is compared
    settings: tuple[str, ...]  # what was set otherwise then
    redefined: bool  # nothing but another definition stands between them, so that a person may ask all the same


def earlier(found: Number, question: Question, numbers: Numbers, changed: ChangedBy) -> Iterator[Beside]:
    """The previous period and the same one last year, both among `numbers`."""
    asked = question.given.get("versions") == "all"
    for against, period in comparisons.earlier(found.period):
        base = numbers[found.metric.key, found.scope, period]
        differs = changed.get((found.metric.key, found.scope, period, found.period), UNCHANGED)
        yield Beside(
            against, base, settings=differs.settings,
            compared=comparisons.compare(found, base, against, other_versions=asked, inputs=differs.definitions),
            why=comparisons.no_basis(found, base, other_versions=asked, inputs=differs.definitions),
            redefined=comparisons.is_redefined(found, base, differs.definitions),
        )


def changed(question: Question, numbers: Numbers, metrics: Iterable[str]) -> ChangedBy:
    """What was set otherwise in the earlier periods; asks nothing where nothing was."""
    return reading.changed_settings(
        (numbers[key, question.scope, period], numbers[key, question.scope, question.period])
        for key in metrics for _, period in comparisons.earlier(question.period)
    )


def by_day(found: Number) -> bool:
    """Whether a number of a running period can be told by day."""
    return found.state is State.SO_FAR and found.origin not in BY_HAND and can_be_counted(found.metric, found.scope)


def counted_by_day(question: Question, numbers: Iterable[Number]) -> FirstDays:
    """The whole days read so far of the numbers that can be told by day, and as many of earlier periods, from facts."""
    telling = [number for number in numbers if by_day(number)]
    if not telling:
        return FirstDays()
    days = min(days_read(question.period, number.read_through, question.zone) for number in telling)
    spans = (question.period, *(period for _, period in comparisons.earlier(question.period)))
    keys = [number.metric.key for number in telling]
    return FirstDays(days, first_days(question.person, keys, question.scope, spans, days))


@dataclass(frozen=True)
class InFirstDays:
    """One earlier period's first days beside as many of the running one, or why they cannot be compared yet."""

    period: Span
    against: str
    now: Decimal | None
    then: Decimal | None
    why: str = ""  # empty where both are there
    said: str = ""  # “first 40 days of Q3 2026”


def over_first_days(
    found: Number, question: Question, numbers: Numbers, days: FirstDays | None
) -> Iterator[InFirstDays]:  # fmt: skip
    """While a period runs. One answer where there is nothing to compare at all."""
    earlier = comparisons.earlier(found.period)
    if why := _no_days(found, days):
        against, period = earlier[0]
        yield InFirstDays(period, against, None, None, why)
        return
    assert days is not None
    for against, period in earlier:
        base, key = numbers[found.metric.key, found.scope, period], found.metric.key
        now, then = days.counts.get((key, found.period)), days.counts.get((key, period))
        said = f"{first_days_words(days.days, period)} of {period.label}"
        if not base.is_final:
            yield InFirstDays(period, against, None, None, f"No basis: {comparisons.is_missing(base)}")
        elif now is None or then is None:
            lacking = found.period if now is None else period
            why = f"{first_days_words(days.days, lacking)} of {lacking.label} give no value"
            yield InFirstDays(period, against, None, None, f"No basis yet: the {why}")
        else:
            yield InFirstDays(period, against, now, then, said=said)


def _no_days(found: Number, days: FirstDays | None) -> str:
    if not by_day(found):
        return f"No basis yet: the {found.period.grain} is still running"
    if days is None:
        return "Counting the same days of earlier periods…"
    return "" if days.days else f"No basis yet: no whole day of {found.period.label} has been read"


def first_days_words(days: int, period: Span) -> str:
    """“first 40 days”; a shorter period ends before."""
    many = min(days, days_in(period))
    return "first day" if many == 1 else f"first {many} days"


def days_in(period: Span) -> int:
    return (period.ends_on - period.starts_on).days


def change_words(compared: Comparison, found: Number) -> str:
    assert compared.base.value is not None and found.value is not None
    return moved_words(found.metric, compared.base.value, found.value)


def moved(now: Number, compared: Comparison | None, why_not: str, verdict: Verdict | None) -> Cell:
    """A change as it stands in a table, with whether it is better and more than chance beneath."""
    signal = verdict.words if verdict else ""
    if compared is None:
        return Cell(formats.MISSING, why=why_not, css="missing", is_number=True)
    arrow, judged = ARROWS[compared.movement], str(compared.judgement)
    said = "; ".join(word for word in (judged, signal) if word)
    return Cell(f"{arrow} {change_words(compared, now)}", compared.change, why=said, is_number=True)


def moved_words(metric: Metric, base: Decimal, value: Decimal) -> str:
    """Percent, percentage points, or both ends where there is nothing to take a percentage of."""
    moved, told_in = comparisons.change(value, base, metric.unit)
    if told_in is Change.POINTS:
        return formats.points(moved)
    if told_in is Change.PERCENT:
        return ("+" if moved > 0 else "") + formats.percent(moved)
    return " to ".join(formats.of(metric, each, Style.TILE) for each in (base, value))


def arrow(base: Decimal, value: Decimal) -> str:
    return ARROWS[comparisons.movement(value - base)]


def goal_words(metric: Metric, goal: Goal, period: Span) -> str:
    """“at most 0.25”, “between 90 and 100”, “gliding from 0.40 to 0.25 by 30 Jun 2027: at most 0.31 on 30 Sep 2026”."""
    target = formats.of(metric, Decimal(goal.target))
    if goal.direction == "band":
        return f"between {target} and {formats.of(metric, Decimal(goal.ceiling))}"
    side, day = goal.direction.replace("_", " "), comparisons.last_day(period)
    if goal.glide is None or day >= goal.glide.reached_on:
        return f"{side} {target}"
    start, now = Decimal(goal.glide.starts_at), comparisons.line_on(goal, day)
    return (
        f"gliding from {formats.of(metric, start)} to {target} by {formats.day(goal.glide.reached_on)}:"
        f" {side} {formats.of(metric, now)} on {formats.day(day)}"
    )


def rank_words(metric: Metric, rank: int, of: int) -> str:
    """“7th of 31”; where neither is better it says from which end."""
    return f"{ordinal(rank)}{' highest' if metric.better is Better.NEITHER else ''} of {of}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def settings_words(settings: Sequence[str]) -> str:
    return f"Other settings: {'; '.join(settings)}." if settings else ""
