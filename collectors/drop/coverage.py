"""For which days a file speaks, and what may be called read once it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db.models import Q

from collectors.connections import CollectorRun, Connection
from collectors.drop import rows
from collectors.drop.declare import Layout, Span
from collectors.drop.files import LoadedFile
from collectors.drop.layouts import LAYOUTS
from collectors.drop.table import DropError
from collectors.facts.readings import Listing, Reading
from collectors.facts.touched import Calendar
from collectors.load import Span as Days

DAY = timedelta(days=1)


def of(layout: Layout, read: rows.Read, given: Span | None, today: date, name: str) -> tuple[Span, tuple[str, ...]]:
    """The days the file speaks for, and sentences worth knowing. Raises DropError for days that cannot be."""
    if given and given.from_on > given.through_on:
        raise DropError(f"The days of {name} end before they begin.")
    if layout.stands:
        day = given.through_on if given else today
        if day > today:
            raise DropError(f"{name} is said to list what stood on {_said(day)}, which is yet to come.")
        return Span(day, day), ()
    told = rows.moments(read.good, layout)
    days = told
    if rows.is_month(layout):  # a month is told by its first day, and meant whole
        days = [*told, *map(_last_of, told)]
        given = Span(given.from_on.replace(day=1), _last_of(given.through_on)) if given else None
    span = given or (Span(min(days), max(days)) if days else Span(today, today))
    if span.from_on > today:
        raise DropError(f"{name} is said to begin on {_said(span.from_on)}, which is yet to come.")
    others = sum(1 for day in told if not span.from_on <= day <= span.through_on)
    said = f"{others} {'row is' if others == 1 else 'rows are'} of other days than {_said(span.from_on)} to "
    notes = [f"{said}{_said(span.through_on)}; they are loaded, and their days do not count as read."] if others else []
    if not given:
        notes.append(f"No days were given, so it counts for those its rows name: {_said(span.from_on)} to "
                     f"{_said(span.through_on)}.")  # fmt: skip
    return Span(span.from_on, min(span.through_on, today)), tuple(notes)


def must_not_be_older(layout: Layout, source: Connection, span: Span, name: str) -> None:
    """A state is never dated back: raise DropError where a later listing is loaded already."""
    if not layout.stands or layout.into.state_model is None:
        return
    listings = Listing.objects.filter(connection=source, entity=layout.into.__name__, day__gt=span.through_on)
    loaded = LoadedFile.objects.filter(run__connection=source, layout=layout.key, through_on__gt=span.through_on)
    if later := listings.order_by("-day").values_list("day", flat=True).first() or loaded.order_by(
        "-through_on").values_list("through_on", flat=True).first():  # fmt: skip
        raise DropError(
            f"{source.label} has listed {layout.label.lower()} as of {_said(later)} already, and {name} is as of "
            f"{_said(span.through_on)}. What stood cannot be dated back: load the oldest file first, or load this one "
            "as a source of its own."
        )


def judged(layout: Layout, span: Span) -> Days | None:
    """The days of which a complete file retires what it leaves out; None: it lists all there is."""
    return None if layout.stands else Days(span.from_on, span.through_on + DAY, by=layout.by)


def told_again(layout: Layout, name: str, span: Span, complete: bool) -> Q:
    """Which records set aside before this file speaks of again: those of a file of its name, or of its days."""
    if complete and layout.stands:
        return Q()
    again = Q(name=name)
    if complete:
        again |= Q(from_on__gte=span.from_on, through_on__lte=span.through_on)
    return Q(run__in=LoadedFile.objects.filter(again, layout=layout.key).values("run"))


def advance(
    layout: Layout, source: Connection, run: CollectorRun, span: Span, complete: bool
) -> tuple[str, ...]:
    """Say how far the source is read; a sentence for each stretch of days between two files that was not."""
    entity = layout.into.__name__
    if layout.stands:
        if complete:
            defaults = {"at": run.as_of, "run": run}
            Listing.objects.update_or_create(connection=source, entity=entity, day=span.through_on, defaults=defaults)
        return ()
    blocks = _blocks(source, layout)
    begin, end = max(blocks, key=lambda block: block[1] - block[0])
    known = Reading.objects.filter(connection=source, entity=entity, account=None).first()
    if known is None or (known.read_from, known.read_through) != (begin, end):
        moved = {"read_from": begin, "read_through": end, "run": run}
        Reading.objects.update_or_create(connection=source, entity=entity, account=None, defaults=moved)
    zone = Calendar.current().zone
    return tuple(
        f"Nothing was loaded for {_said(last.astimezone(zone).date())} to "
        f"{_said((first - timedelta(microseconds=1)).astimezone(zone).date())}, and what lies on the other side of it "
        "does not count as read until those days are."
        for (_, last), (first, _) in pairwise(blocks)
    )


def _blocks(source: Connection, layout: Layout) -> Sequence[tuple[datetime, datetime]]:
    """Stretches of time without a gap that the files of this source told of this entity, in order.

    A file that was loaded before its last day was over speaks until it was loaded.
    """
    zone = Calendar.current().zone
    alike = {layout.key, *(key for key, other in LAYOUTS.items() if other.into is layout.into)}
    spans = LoadedFile.objects.filter(run__connection=source, layout__in=alike, from_on__isnull=False)
    blocks: list[tuple[datetime, datetime]] = []
    for from_on, through_on, loaded_at in spans.order_by("from_on", "pk").values_list(
        "from_on", "through_on", "loaded_at"
    ):
        assert from_on is not None and through_on is not None
        begin = midnight(from_on, zone)
        end = max(begin, min(midnight_after(through_on, zone), loaded_at))
        if blocks and begin <= blocks[-1][1]:
            blocks[-1] = blocks[-1][0], max(blocks[-1][1], end)
        else:
            blocks.append((begin, end))
    return blocks


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def midnight_after(day: date, zone: ZoneInfo) -> datetime:
    return midnight(day + DAY, zone)


def _last_of(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - DAY


def _said(day: date) -> str:
    return f"{day:%-d %b %Y}"
