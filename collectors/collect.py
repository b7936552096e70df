"""One run: every list of a connection in order, batch by batch, from the place where the last stretch stopped.

A batch's rows, marks, counts and place are one transaction, so a run killed at any moment goes on from its last
batch, and its facts are those of a run that was never killed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeAlias

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from collectors import lease, quarantine, refusals
from collectors.ahead import Ahead
from collectors.answers import together
from collectors.client import Client, at_sandbox
from collectors.connections import Checkpoint, CollectorRun, Connection, Seen
from collectors.declare import Endpoint, Record, Vendor
from collectors.errors import CollectError, OutOfTime, Refused, Unavailable
from collectors.facts.shapes import Record as Entity
from collectors.facts.touched import Calendar
from collectors.load import Merge, Place, TooManyGone, end, hold, retire
from collectors.patience import Patience
from collectors.quarantine import replay
from collectors.reach import Reach
from collectors.transform import Batch, Plan
from collectors.vendors import VENDORS

__all__ = ["replay", "run"]

log = logging.getLogger(__name__)

BATCH_RECORDS = 5_000
BATCH_SECONDS = 5.0  # a slow list is stored, and its progress seen, this often
State = CollectorRun.State
Progress: TypeAlias = Callable[[CollectorRun], None]


def run(
    source: Connection,
    *,
    as_of: datetime | None = None,
    full: bool = False,
    deadline_seconds: float = 600,
    progress: Progress | None = None,
    confirm_retire: bool = False,
    patience: Patience | None = None,
) -> CollectorRun:
    """Read a connection until it is done, fails, or its time is up (state PAUSED: call again and it goes on).

    `full` compares everything, and retires what is gone. Raises AlreadyRunning where another worker reads it,
    LostLease where one took over, ValueError for a past that cannot be played.
    """
    _check_past(source, as_of)
    vendor = VENDORS.get(source.vendor)
    if vendor is None:
        raise ValueError(f"{source.label} is of a vendor that has no file here: {source.vendor}.")
    mine = lease.claim(source, as_of, full)
    deadline = time.monotonic() + deadline_seconds
    before = _progress_of(mine)
    try:
        with lease.Heartbeat(mine), Client(source, vendor, deadline=deadline, patience=patience) as client:
            _Reader(mine, vendor, client, deadline, confirm_retire, progress or _nobody).read()
    except OutOfTime as pause:
        if _progress_of(mine) == before:  # else it would begin the same stretch for ever
            return _end(mine, State.FAILED, f"Nothing could be read in {deadline_seconds:.0f} seconds. {pause}")
        return _end(mine, State.PAUSED, "")
    except Unavailable as fault:
        _end(mine, State.FAILED, str(fault))
        mine.retry_after = fault.retry_after
        return mine
    except (Refused, TooManyGone) as problem:
        Connection.objects.filter(pk=source.pk).update(problem=str(problem))
        return _end(mine, State.STOPPED if isinstance(problem, TooManyGone) else State.FAILED, str(problem))
    except CollectError:
        raise
    except (OperationalError, InterfaceError) as fault:
        return _after_database_fault(mine, before, fault)
    except Exception as fault:
        log.exception("reading %s failed", source.label)
        _end(mine, State.FAILED, f"A fault of our own ({type(fault).__name__}); the log says more.")
        raise
    return _done(mine)


def _check_past(source: Connection, as_of: datetime | None) -> None:
    """A vendor lists things as they are now: only the sandbox, whose clock can be set, has a past to read."""
    if as_of is None:
        return
    if not at_sandbox(source):
        raise ValueError(f"{source.label} is no sandbox: it can only be read as it is now.")
    last = CollectorRun.objects.filter(connection=source, state=State.DONE).order_by("-as_of").first()
    if last and as_of < last.as_of:
        raise ValueError(f"{source.label} was read as of {last.as_of:%d %b %Y %H:%M} UTC; the past is played forwards.")


def _progress_of(mine: CollectorRun) -> list[Any]:
    places = Checkpoint.objects.filter(connection=mine.connection).order_by("endpoint")
    return list(places.values_list("endpoint", "cursor"))


def _end(mine: CollectorRun, state: State, error: str) -> CollectorRun:
    """Write how the run ended. Where even that fails its lease runs out, and the sweeper sees to it."""
    ended = {} if state == State.PAUSED else {"ended_at": Now()}
    try:
        lease.write(mine, state=state, error=error, lease_until=Now(), **ended)
    except (DatabaseError, InterfaceError, lease.LostLease) as fault:
        log.warning("run %s could not write its end (%s)", mine.pk, type(fault).__name__)
        return mine
    mine.refresh_from_db()
    return mine


def _after_database_fault(mine: CollectorRun, before: list[Any], fault: Exception) -> CollectorRun:
    """Go on from the last batch, on a new connection; fail where not one batch was stored before the fault."""
    log.warning("reading %s: the database failed us (%s)", mine.connection.label, type(fault).__name__)
    connection.close()
    try:
        if _progress_of(mine) != before:
            return _end(mine, State.PAUSED, "")
        return _end(mine, State.FAILED, f"The database failed before anything was stored ({type(fault).__name__}).")
    except (OperationalError, InterfaceError):  # it is still gone: the lease runs out, and the sweeper goes on
        return mine


def _done(mine: CollectorRun) -> CollectorRun:
    source = mine.connection
    with transaction.atomic():
        lease.write(mine, state=State.DONE, error="", step="", ended_at=Now(), lease_until=None)
        lease.forget_places(source)
        known = Connection.objects.filter(pk=source.pk)
        known.update(problem=refusals.told(source))
        if mine.full or source.full_compare_at is None:  # the first reading has everything to compare
            known.update(full_compare_at=mine.as_of)
    mine.refresh_from_db()
    return mine


def _nobody(_: CollectorRun) -> None:
    """Nobody watches."""


class _Reader:
    """Reads one run's lists. A place is {"after": parent, "page": cursor}, and {"done": true} at a list's end."""

    def __init__(
        self, mine: CollectorRun, vendor: Vendor, client: Client, deadline: float, confirmed: bool, progress: Progress
    ) -> None:
        self.run, self.source, self.vendor, self.client = mine, mine.connection, vendor, client
        self.deadline, self.confirmed, self.progress = deadline, confirmed, progress
        self.calendar = Calendar.current()
        self.reach = Reach(vendor, mine, self.calendar)
        self.where = Place(self.source, mine, self.reach.day, self.calendar.time_zone)
        self.refused: dict[str, str] = {}  # of the list that is read now: what the vendor said, by parent
        self.missed: set[str] = set()  # whose this list was refused before: what changed meanwhile was never asked for
        self.plans = {endpoint.name: Plan(endpoint, vendor, self.source.settings) for endpoint in vendor.endpoints}

    def read(self) -> None:
        places = self._places()
        for endpoint in self.vendor.endpoints:
            place = places.get(endpoint.name, {})
            if not place.get("done"):
                self._read(endpoint, place)

    def _places(self) -> dict[str, dict[str, Any]]:
        """Where to go on. What was seen is kept without a log: if a crash took it, the run starts over."""
        places = {one.endpoint: one.cursor for one in Checkpoint.objects.filter(connection=self.source)}
        kept = Seen.objects.filter(connection=self.source)
        if any(kept.filter(endpoint=name).count() != place["seen"] for name, place in places.items()):
            lease.forget_places(self.source)
            return {}
        return places

    def _read(self, endpoint: Endpoint, place: dict[str, Any]) -> None:
        plan = self.plans[endpoint.name]
        merge = Merge(plan)
        self.refused = dict(place.get("refused", {}))
        self.missed = refusals.missed(self.source, endpoint)
        counts = {**dict.fromkeys(("read", "added", "changed", "retired", "quarantined"), 0), **self._counts(endpoint)}
        tally = {name: place.get(name, 0) for name in ("seen", "unnamed", "named")}
        said = place["said"] if "said" in place else self._total(endpoint)
        stated = None
        lease.write(self.run, step=endpoint.name)
        self.progress(self.run)
        with Ahead(self._pieces(endpoint, place, plan)) as pieces:
            for batch, after in pieces:
                with transaction.atomic():
                    self._hold()
                    loaded = merge.load(batch, self.where)
                    quarantine.keep(self.source, self.run, endpoint.name, batch)
                    tally["seen"] += self._see(endpoint, batch)
                    tally["unnamed"] += sum(1 for one in batch.unread if not one.external_id)
                    tally["named"] += batch.read - batch.again
                    counts["read"] += batch.read
                    counts["added"] += loaded.added
                    counts["changed"] += loaded.changed
                    counts["quarantined"] += len(batch.unread)
                    stated = after.pop("stated", None)
                    self._remember(endpoint, after | tally | {"said": said}, counts)
                self.progress(self.run)
                if time.monotonic() > self.deadline:
                    raise OutOfTime("The run's time is up.")
        tally["unnamed"] += len(self.refused) + self._unasked(endpoint)  # what was refused is not gone
        if not self.refused:  # what was refused is said to be, and did not come short
            self._check_total(endpoint, tally["named"], said)
        if "page" in place and endpoint.each is None and stated is not None and stated > tally["named"]:
            raise Unavailable(self._short(endpoint, stated, tally["named"]))  # the client cannot tell of one resumed
        with transaction.atomic():
            self._hold()
            refusals.keep(self.source, endpoint, self.refused, self._parent_of(endpoint), self.run.as_of)
            counts["retired"] += self._finish(endpoint, tally["unnamed"])
            self._remember(endpoint, {"done": True} | tally, counts)
        self.progress(self.run)

    def _total(self, endpoint: Endpoint) -> int | None:
        """What the vendor says a list has; of those asked for `each` parent the client sees to it."""
        if endpoint.each:
            return None
        try:
            return self.client.total(endpoint, since=self.reach.since(endpoint))
        except Refused:
            if not endpoint.optional:
                raise
            return None  # the list itself is asked for next, and says so

    def _check_total(self, endpoint: Endpoint, named: int, said: int | None) -> None:
        """Raise Unavailable where the list was shorter than the vendor said before it, and says after it still."""
        if said is not None and named < said and (now := self._total(endpoint) or 0) > named:
            raise Unavailable(self._short(endpoint, min(said, now), named))

    def _short(self, endpoint: Endpoint, said: int, named: int) -> str:
        return f"{self.vendor.label} says it has {said} {endpoint.name} to give and listed {named}."

    def _hold(self) -> None:
        """Be the only writer, in the time zone this stretch began with; in another one it begins a new stretch."""
        hold(self.source)
        if Calendar.current().time_zone != self.calendar.time_zone:
            raise OutOfTime("The business time zone was changed meanwhile.")

    def _counts(self, endpoint: Endpoint) -> dict[str, int]:
        return dict(self.run.counts.get(endpoint.name, {}))

    def _pieces(
        self, endpoint: Endpoint, place: dict[str, Any], plan: Plan
    ) -> Iterator[tuple[Batch, dict[str, Any]]]:
        """The list's pages, read into batches worth a transaction, each with the place after it.

        What was read when time runs out is kept. All of this happens in the thread that reads ahead.
        """
        reached: dict[str, Any] = {}
        batch, begun = Batch(), time.monotonic()
        try:
            for records, reached in self._pages(endpoint, place):
                plan.read(records, batch)
                if batch.read >= BATCH_RECORDS or time.monotonic() - begun > BATCH_SECONDS:
                    yield batch, reached
                    batch, reached, begun = Batch(), {}, time.monotonic()
        except CollectError:
            if reached:
                yield batch, reached
            raise
        if reached:
            yield batch, reached

    def _pages(self, endpoint: Endpoint, place: dict[str, Any]) -> Iterator[tuple[list[Record], dict[str, Any]]]:
        """Every page with the place after it. What is refused is passed by with a page of nothing, and kept in mind."""
        after = place.get("after", "")
        asked_with = [one.name for one in self.vendor.endpoints if one.together > 1 and one.each == endpoint.name]
        owed = refusals.whole_lists(self.source, asked_with)  # those it was refused for are to be named once more
        gone: dict[str, bool] = {}
        for key, parent in self._parents(endpoint, after):
            if key == after and place.get("page", 0) is None:
                continue
            cursor = place.get("page") if key == after else None
            anew = owed or key in self.missed
            since, window = self.reach.since(endpoint, anew), self.reach.window(endpoint, anew)
            try:
                for page in self.client.pages(endpoint, since=since, window=window, parent=parent, cursor=cursor):
                    gone[key] = gone.get(key, True) and page.gone
                    yield page.records, self._after(key, page.next) | {"stated": page.stated}
            except Refused as no:
                if not endpoint.optional:
                    raise
                self.refused[key] = str(no)
                yield [], self._after(key, None)
                if endpoint.together > 1:  # it is the question that is refused, whomever it names
                    return
        if len(gone) > 1 and all(gone.values()):  # a record may go while we read; not each that was just named
            says = f"{self.vendor.label} knows none of the {len(gone)} that {endpoint.name} were asked for (404)."
            if not endpoint.optional:
                raise Unavailable(says)
            self.refused |= dict.fromkeys(gone, says)

    def _after(self, key: str, page: dict[str, Any] | None) -> dict[str, Any]:
        return {"after": key, "page": page, "refused": dict(self.refused)}

    def _parents(self, endpoint: Endpoint, after: str) -> list[tuple[str, Record | None]]:
        """What the list is asked for: each parent from this one on, or nothing in particular."""
        if endpoint.each is None:
            return [("", None)]
        kept = Seen.objects.filter(connection=self.source, endpoint=endpoint.each, record__isnull=False)
        rows = kept.filter(external_id__gte=after).order_by("external_id").values_list("external_id", "record")
        parents = ((key, record) for key, record in rows if record is not None)
        return list(together(parents, endpoint.together))

    def _unasked(self, endpoint: Endpoint) -> int:
        """Parents that could not be asked for, because they could not be read: what is theirs is not gone."""
        if endpoint.each is None:
            return 0
        unread = Seen.objects.filter(connection=self.source, endpoint=endpoint.each, record__isnull=True).count()
        place = Checkpoint.objects.filter(connection=self.source, endpoint=endpoint.each).first()
        return unread + (place.cursor.get("unnamed", 0) if place else 0)

    def _parent_of(self, endpoint: Endpoint) -> Endpoint | None:
        return next((other for other in self.vendor.endpoints if other.name == endpoint.each), None)

    def _see(self, endpoint: Endpoint, batch: Batch) -> int:
        """Keep what the batch named, where anything will ask for it; how many were not named before."""
        plan = self.plans[endpoint.name]
        if not plan.parent_paths and not endpoint.ends and not self.reach.whole(endpoint):
            return 0
        rows = [(self.source.pk, endpoint.name, key, plan.parent_json(batch, key)) for key in batch.named]
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE IF NOT EXISTS named (LIKE seen) ON COMMIT DELETE ROWS")
            with cursor.copy("COPY named (connection_id, endpoint, external_id, record) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute("INSERT INTO seen SELECT * FROM named ON CONFLICT DO NOTHING")
            seen = int(cursor.rowcount)
            cursor.execute("DELETE FROM named")
        return seen

    def _finish(self, endpoint: Endpoint, unnamed: int) -> int:
        """The list has ended well. The last that names an entity retires what is gone; the last that tells anything of
        it says how far was read."""
        lists = [other for other in self.vendor.endpoints if other.into is endpoint.into and other.adds]
        retired = self._retire(endpoint, lists, unnamed) if lists[-1] is endpoint else 0
        for entity in dict.fromkeys(other.into for other in self.vendor.endpoints):
            self._advance(entity, endpoint)
        return retired

    def _advance(self, entity: type[Entity], endpoint: Endpoint) -> None:
        """Say how far an entity was read, if this is the last list to wait for.

        What changed is named once: lists asked `each` of it are waited for, else their failing would lose it for them.
        """
        told = [other for other in self.vendor.endpoints if other.into is entity]
        named_once = {other.name for other in told if other.since}
        last = [other for other in self.vendor.endpoints if other in told or other.each in named_once][-1]
        lists = [other for other in told if other.adds]
        if last is endpoint and not refusals.whole_lists(self.source, [other.name for other in lists]):
            self.reach.advance(lists[-1])

    def _retire(self, endpoint: Endpoint, lists: list[Endpoint], unnamed: int) -> int:
        places = {one.endpoint: one.cursor for one in Checkpoint.objects.filter(connection=self.source)}
        unnamed += sum(places.get(other.name, {}).get("unnamed", 0) for other in lists[:-1])
        if endpoint.ends and not unnamed:
            end(endpoint.into, endpoint.ends, [other.name for other in lists], self.where, self.run.as_of)
        if unnamed or not all(self.reach.whole(other) for other in lists):  # an unnamed record could be any of them
            return 0
        names, span = [other.name for other in lists], self.reach.span(endpoint)
        among = {column: self.client.fill(text) for column, text in endpoint.among.items()}
        return retire(endpoint.into, names, self.where, span=span, among=among, confirmed=self.confirmed)

    def _remember(self, endpoint: Endpoint, place: dict[str, Any], counts: dict[str, int]) -> None:
        """The place and the counts, with the batch; last in its transaction, since the heartbeat waits for it."""
        Checkpoint.objects.update_or_create(
            connection=self.source, endpoint=endpoint.name, defaults={"cursor": place}
        )
        lease.write(self.run, counts={**self.run.counts, endpoint.name: dict(counts)})
