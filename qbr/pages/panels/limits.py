"""Within what a number varies: whether its latest month is a signal, and the limits that are held."""

from __future__ import annotations

from datetime import timedelta

from metrics import varying
from metrics.limits import MOST
from metrics.models import HeldLimits
from metrics.periods import Month
from metrics.reading.stored import scope_ids
from metrics.varying import Held
from metrics.working import Working
from qbr import access
from qbr.pages import formats
from qbr.pages.filters import Question
from qbr.pages.layout import Context


def beside(explained: Working, question: Question) -> Context | None:
    """None where there are no limits to speak of: what people see is then a number without a judgement."""
    number = explained.number
    key, month = (number.metric.key, number.scope), min(number.period.months[-1], question.last_month)
    held = varying.held(question.person, [number.metric.key], [number.scope], month).get(key)
    if held is None:
        return None
    verdict = varying.signals(question.person, [number.metric.key], [number.scope], number.period).get(key)
    return {
        "words": verdict.words if verdict else "",
        "is_signal": verdict is not None and verdict.signal is not None,
        "month": verdict.month.label if verdict else "",
        "facts": _facts(held, question),
        "may_work_out": access.may_enter(question.person) and question.part is None,
        "metric": number.metric.key, "client": number.scope.slug, "back": question.address(part=None),
        "earlier": _earlier(held, question),
    }  # fmt: skip


def _facts(held: Held, question: Question) -> list[tuple[str, str]]:
    each = " a working day" if held.per_working_day else ""
    metric, within = held.metric, held.limits
    lower, mean, upper = (formats.of(metric, value) for value in (within.lower, within.mean, within.upper))
    kept = "Held until somebody has them worked out again" if within.points >= MOST else (
        f"They grow with each further month to {MOST}"
    )
    first, last = Month.holding(held.from_on), Month.holding(held.until_on - timedelta(days=1))
    facts = [
        ("Average", f"{mean}{each}"),
        ("Normal range", f"{lower} to {upper}{each}"),
        ("Worked out from", f"{within.points} months, {first.label} to {last.label}. {kept}."),
    ]
    if held.by:
        at = formats.moment(held.at, question.zone)
        facts.append(("Worked out again", f"by {held.by}, {at}: {held.reason}"))
    return facts


def _earlier(held: Held, question: Question) -> list[str]:
    """Limits that were given up, newest first."""
    rows = HeldLimits.objects.filter(
        definition__metric=held.metric.key, scope_id__in=scope_ids([held.scope]),
    ).exclude(superseded_at=None).order_by("-superseded_at")  # fmt: skip
    return [
        f"{formats.of(held.metric, row.lower)} to {formats.of(held.metric, row.upper)}, "
        f"until {formats.moment(row.superseded_at, question.zone)}"
        for row in rows if row.superseded_at
    ]


