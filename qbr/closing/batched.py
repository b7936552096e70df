"""Restatements as they are listed: what waits by what is decided together, and what was decided one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from metrics import closing
from metrics.closing import Batch, Restated
from metrics.models import Restatement
from metrics.reading import Person
from qbr.closing.asked import Asked
from qbr.closing.shown import name_of
from qbr.pages import formats
from qbr.pages.panels.restated import Told, is_counted, told

Decision = Restatement.Decision
BATCHES = 25  # a page
DECIDED = 50
FIRST = 4  # figures of a batch; the others follow from them
WORDS = {
    Decision.WAITING: "Waiting", Decision.ACCEPTED: "Accepted", Decision.REFUSED: "Left as closed",
    Decision.GONE: "Changed back",
}  # fmt: skip
TONES = {Decision.ACCEPTED: "good", Decision.REFUSED: "watch"}


@dataclass(frozen=True)
class Together:
    """What is decided as one: `pk` names it; 0 where all that this person may see only follows from it."""

    pk: int
    cause: str
    whom: str
    found: str
    first: Sequence[Told]
    rest: Sequence[Told]
    behind: str  # “changed row”, “2 changed rows”
    address: int  # of the page that shows the rows


@dataclass(frozen=True)
class Decided:
    """One that was decided, with by whom, when and why."""

    told: Told
    cause: str
    word: str
    tone: str
    by: str
    on: str
    reason: str


@dataclass(frozen=True)
class Listed:
    """One page of what was asked for; `counts` by decision are of all of it."""

    batches: Sequence[Together]
    decided: Sequence[Decided]
    counts: Mapping[Restatement.Decision, int]
    span: str
    has_later: bool


def listed(person: Person, asked: Asked, zone: ZoneInfo) -> Listed:
    """In the same few statements however many there are."""
    wanted = closing.Asked(asked.spans, asked.scope)
    waiting = closing.Batches(person, wanted)
    counts = {**closing.how_many(person, wanted), Decision.WAITING: len(waiting)}
    size = BATCHES if asked.is_waiting else DECIDED
    start, total = (asked.page - 1) * size, counts.get(asked.decision, 0)
    here = slice(start, start + size)
    batches = [batched(each, zone) for each in waiting[here]] if asked.is_waiting else []
    chosen = [] if asked.is_waiting else closing.restatements(person, wanted, asked.decision, within=here)
    shown = len(batches) + len(chosen)
    return Listed(
        batches, [_decided(each, zone) for each in chosen], counts,
        f"{start + 1:,} to {start + shown:,} of {total:,}" if total > shown else "", start + shown < total,
    )  # fmt: skip


def batched(batch: Batch, zone: ZoneInfo) -> Together:
    rows = sorted(batch.rows, key=_place)
    first = [each for each in rows if is_counted(each)][:FIRST] or rows[:FIRST] or list(batch.followers[:FIRST])
    rest = [each for each in (*rows, *batch.followers) if each not in first]
    named = rows or list(batch.followers)
    whom = list(dict.fromkeys(told(each).whom for each in named))
    return Together(
        rows[0].row.pk if rows else 0, batch.cause,
        ", ".join(whom[:FIRST]) + (f" and {len(whom) - FIRST} more" if len(whom) > FIRST else ""),
        formats.moment(max(each.row.found_at for each in named), zone),
        [told(each) for each in first], [told(each) for each in rest],
        _rows(len(batch.changes)), named[0].row.pk,
    )  # fmt: skip


def _rows(many: int) -> str:
    return "changed row" if many == 1 else f"{many:,} changed rows" if many else ""


def _place(each: Restated) -> tuple[bool, int, str]:
    """What is counted before what follows from it, months before quarters."""
    return not is_counted(each), each.period.of_months, each.metric.label


def _decided(each: Restated, zone: ZoneInfo) -> Decided:
    row = each.row
    decision = Decision(row.decision)
    on = formats.day(row.decided_at.astimezone(zone).date()) if row.decided_at else ""
    return Decided(
        told(each), each.cause, WORDS[decision], TONES.get(decision, ""), name_of(row.decided_by) if row.decided_by
        else "", on, row.reason,
    )  # fmt: skip
