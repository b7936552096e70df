"""A file checked, which writes nothing, and loaded, as one transaction.

A load that is killed leaves nothing, so the file is simply loaded again; and one loaded twice finds every row the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from collectors import quarantine
from collectors.connections import CollectorRun, Connection, QuarantinedRecord, Seen
from collectors.drop import coverage, rows
from collectors.drop.declare import Kind, Layout, Named, Span
from collectors.drop.files import LoadedFile
from collectors.drop.rows import Row
from collectors.drop.sources import connection_for, endpoint, endpoint_of_named, vendor_of
from collectors.drop.table import DropError, Table
from collectors.facts.accounts import Account
from collectors.facts.touched import Calendar
from collectors.load import Loaded, Merge, Place, TooManyGone, hold, retire
from collectors.transform import Batch, Plan, Unread

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BATCH_ROWS = 5_000
State = CollectorRun.State


@dataclass(frozen=True)
class SetAside:
    """A row that is not loaded: its number in the file and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class Checked:
    """What loading a file would do, or did. `retired` are rows the file, which is complete, no longer names."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    retired: int = 0
    set_aside: tuple[SetAside, ...] = ()
    accounts: tuple[str, ...] = ()  # companies not met before in this source: those not recognized wait for a person
    notes: tuple[str, ...] = ()  # sentences worth knowing: columns left out, rows of other days
    span: Span | None = None  # the days it counts as read for, or that it lists on the last of
    too_many_gone: str = ""  # a sentence, where so much is missing that a person has to confirm


class _Undone(Exception):
    """Rolls back what was only tried."""


def check(
    layout: Layout, table: Table, source: str, *, span: Span | None = None, complete: bool | None = None,
) -> Checked:
    """What `load` would do; writes nothing. Raises DropError where it would."""
    checked = Checked()
    try:
        with transaction.atomic():
            checked = _Loading(layout, table, source, span, complete, None, confirmed=None).run()[1]
            raise _Undone
    except _Undone:
        return checked


def load(
    layout: Layout, table: Table, source: str, *, span: Span | None = None, complete: bool | None = None,
    by: User | None = None, confirm_retire: bool = False,
) -> CollectorRun:
    """Load a file into the connection of this name, made where there is none; one transaction.

    `span`: the days it speaks for (of what stood, the day it was listed on); None: those its rows name, or today.
    `complete`: it names everything of its days, so that what it leaves out is retired; None: if the layout is whole.
    Raises DropError, and changes nothing, where the file cannot be loaded at all. `run.file` is its LoadedFile.
    """
    return load_and_tell(layout, table, source, span=span, complete=complete, by=by, confirm_retire=confirm_retire)[0]


def load_and_tell(
    layout: Layout, table: Table, source: str, *, span: Span | None = None, complete: bool | None = None,
    by: User | None = None, confirm_retire: bool = False,
) -> tuple[CollectorRun, Checked]:
    """As `load`, with what it did."""
    with transaction.atomic():
        return _Loading(layout, table, source, span, complete, by, confirmed=confirm_retire).run()


class _Loading:
    """One file on its way into the tables. `confirmed` None: only tried, so that nothing has to be confirmed."""

    def __init__(
        self, layout: Layout, table: Table, source: str, span: Span | None, complete: bool | None,
        by: User | None, confirmed: bool | None,
    ) -> None:
        self.layout, self.table, self.by, self.confirmed = layout, table, by, confirmed
        self.complete = layout.whole if complete is None else complete
        self.source = connection_for(layout, source)
        hold(self.source)
        self.calendar, self.now = Calendar.current(), timezone.now()  # once nobody can move the days any more
        self.read = rows.read(layout, table, self.source, span)
        self.span, self.notes = coverage.of(layout, self.read, span, self._today(), table.name)
        self.notes = (*self.read.notes, *self.notes)

    def run(self) -> tuple[CollectorRun, Checked]:
        if not self.read.good:
            first = min(self.read.rows, key=lambda row: row.number)
            raise DropError(
                f"No row of {self.table.name} can be read as {self.layout.label.lower()}, so nothing was loaded. "
                f"Row {first.number}: {first.problem}."
            )
        coverage.must_not_be_older(self.layout, self.source, self.span, self.table.name)
        self._settle()
        run = CollectorRun.objects.create(
            connection=self.source, as_of=self._as_of(), full=self.complete, started_at=self.now, state=State.DONE,
        )  # fmt: skip
        LoadedFile.objects.create(
            run=run, layout=self.layout.key, name=self.table.name, sha256=self.table.sha256, complete=self.complete,
            from_on=self.span.from_on, through_on=self.span.through_on, by=self.by, loaded_at=self.now,
        )  # fmt: skip
        place = Place(self.source, run, self._day(), self.calendar.time_zone)
        made = [(named.into, self._make(named, place)) for named in self.layout.named if named.makes]
        counted, keys, unread = self._merge(place, run)
        retired, gone = self._retire(place, keys)
        notes = (*self.notes, *coverage.advance(self.layout, self.source, run, self.span, self.complete))
        checked = Checked(
            read=len(self.read.rows), new=counted.added, changed=counted.changed, retired=retired,
            same=len(keys) - counted.added - counted.changed,
            set_aside=tuple(sorted(unread, key=lambda one: one.row)),
            accounts=tuple(sorted(name for into, names in made if into is Account for name in names)),
            notes=notes, span=self.span, too_many_gone=gone,
        )  # fmt: skip
        run.counts = {self.layout.key: {
            "read": checked.read, "added": checked.new, "changed": checked.changed, "retired": retired,
            "quarantined": len(checked.set_aside),
        }}  # fmt: skip
        run.ended_at = timezone.now()
        run.save(update_fields=["counts", "ended_at"])
        Connection.objects.filter(pk=self.source.pk).update(full_compare_at=self.now)
        return run, checked

    # Days

    def _today(self) -> date:
        return self.now.astimezone(self.calendar.zone).date()

    def _day(self) -> date:
        """The local day the rows speak for: of what stood the day of the listing."""
        return self.span.through_on if self.layout.stands else self._today()

    def _as_of(self) -> datetime:
        end = coverage.midnight_after(self.span.through_on, self.calendar.zone)
        return min(end, self.now) if self.layout.stands else self.now

    # Rows

    def _make(self, named: Named, place: Place) -> list[str]:
        """Make the things rows name that are not known yet; their names."""
        new = rows.new_ones(named, self.read.good, self.source)
        plan = Plan(endpoint_of_named(self.layout, named), vendor_of(self.layout.layer), {})
        self._load(plan, new, place)
        return [str(row.record[f"{named.column} name"]) for row in new.values()]

    def _merge(self, place: Place, run: CollectorRun) -> tuple[Loaded, set[str], list[SetAside]]:
        """What moved, the ids of what was loaded, and what was not."""
        plan = Plan(endpoint(self.layout), vendor_of(self.layout.layer), self.source.settings)
        loaded, keys = self._load(plan, {row.key: row for row in self.read.good}, place)
        bad = [row for row in self.read.rows if row.problem]
        self._set_aside(run, bad, keys)
        return loaded, keys, [SetAside(row.number, row.problem) for row in bad]

    def _load(self, plan: Plan, wanted: Mapping[str, Row], place: Place) -> tuple[Loaded, set[str]]:
        """What moved and which ids. A row that one of our columns cannot hold gets its problem."""
        merge, whole, keys, batch = Merge(plan), Loaded(), set[str](), Batch()
        for place_in_file, row in enumerate(wanted.values(), start=1):
            faults = len(batch.unread)
            plan.read([row.record], batch)
            for fault in batch.unread[faults:]:
                row.problem = fault.reason
            if place_in_file % BATCH_ROWS == 0 or place_in_file == len(wanted):
                loaded = merge.load(batch, place)
                whole = Loaded(whole.added + loaded.added, whole.changed + loaded.changed)
                keys |= batch.rows.keys()
                batch = Batch()
        return whole, keys

    def _set_aside(self, run: CollectorRun, bad: Sequence[Row], keys: set[str]) -> None:
        """Keep what was set aside, by its row; what the file of this name, or of these days, said before is settled."""
        people = {column.name for column in self.layout.columns if column.kind is Kind.PERSON}
        batch = Batch(rows=dict.fromkeys(keys, ()))
        for row in bad:
            kept = {name: text for name, text in row.text.items() if text and name not in people}
            name = self._id_given(row) or f"{self.table.name}, row {row.number}"
            batch.unread.append(Unread(name, row.problem, kept | {"row": row.number, "file": self.table.name}))
        open_ones = QuarantinedRecord.objects.filter(
            connection=self.source, endpoint=self.layout.key, replayed_at=None
        )  # fmt: skip
        told_again = coverage.told_again(self.layout, self.table.name, self.span, self.complete)
        still = [one.external_id for one in batch.unread]
        open_ones.filter(told_again).exclude(external_id__in=still).update(replayed_at=self.now)
        quarantine.keep(self.source, run, self.layout.key, batch)

    def _id_given(self, row: Row) -> str:
        return row.text.get(self.layout.id, "") if self.layout.id else ""

    # What is gone

    def _retire(self, place: Place, keys: set[str]) -> tuple[int, str]:
        """Retire what a complete file no longer names: how many, and where that is too many a sentence that says so."""
        bad = [row for row in self.read.rows if row.problem]
        if not self.complete or not all(self._id_given(row) for row in bad):  # one without an id could be any
            return 0, ""
        named = keys | {self._id_given(row) for row in bad}
        kept = Seen.objects.filter(connection=self.source, endpoint=self.layout.key)
        Seen.objects.bulk_create(
            [Seen(connection=self.source, endpoint=self.layout.key, external_id=key) for key in named],
            batch_size=BATCH_ROWS,
        )  # fmt: skip
        retired, gone = self._retired(place)
        kept.delete()
        return retired, gone

    def _retired(self, place: Place) -> tuple[int, str]:
        into, names, days = self.layout.into, [self.layout.key], coverage.judged(self.layout, self.span)
        try:
            return retire(into, names, place, span=days, confirmed=bool(self.confirmed)), ""
        except TooManyGone as fault:  # nothing is written yet
            said = str(fault).partition(", so none")[0].replace(self.layout.key, self.layout.label.lower())
            if self.confirmed is None:
                return retire(into, names, place, span=days, confirmed=True), f"{said}."
            raise DropError(
                f"{said}, so nothing was loaded. If {self.table.name} is all there is, confirm that they are gone "
                "(in the folder: manage.py drop --once --confirm-retire); if not, save the whole list again."
            ) from None

    # What the file says of its source

    def _settle(self) -> None:
        """What a file says of its whole source, such as a ledger's basis, becomes the source's own setting."""
        column = self.layout.settles
        if not column:
            return
        name = column.lower()
        said = {row.record[column] for row in self.read.good if row.record.get(column)}
        if len(said) > 1:
            raise DropError(f"{self.table.name} is of {name} {' and '.join(sorted(said))}. Load each by itself.")
        value = said.pop() if said else ""
        known = self.source.settings.get(name)
        if known and value and known != value:
            raise DropError(
                f"{self.source.label} holds figures of {name} {known}, and {self.table.name} of {name} {value}, which "
                "do not add up. Load it as a source of its own."
            )
        if value and not known:
            self.source.settings = {**self.source.settings, name: value}
            self.source.save(update_fields=["settings"])
        for row in self.read.good:
            row.record[column] = value or known or row.record[column]

