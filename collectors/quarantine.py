"""Records that could not be read: kept with their declared fields and the reason, read again when asked to."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.declare import Endpoint
from collectors.facts.touched import Calendar
from collectors.load import Merge, Place
from collectors.transform import Batch, Plan, Unread
from collectors.vendors import VENDORS

KEPT_FOR = timedelta(days=90)


def keep(source: Connection, run: CollectorRun | None, endpoint: str, batch: Batch) -> None:
    """Note what of a batch could not be read, and let go of what could be read at last. Call with the batch's load."""
    open_ones = QuarantinedRecord.objects.filter(connection=source, endpoint=endpoint, replayed_at=None)
    if not open_ones.exists() and not batch.unread:
        return
    open_ones.filter(external_id__in=list(batch.rows)).exclude(external_id="").update(replayed_at=timezone.now())
    faults = {(one.external_id, "" if one.external_id else one.reason): one for one in batch.unread}
    known: dict[tuple[str, str], QuarantinedRecord] = {}
    named = Q(external_id__in=[key for key, _ in faults if key])
    for row in open_ones.filter(named | Q(external_id="", reason__in=[reason for _, reason in faults])):
        known[(row.external_id, "" if row.external_id else row.reason)] = row
    for key, fault in faults.items():
        if key in known:
            _say_again(known[key], fault, run)
    QuarantinedRecord.objects.bulk_update(known.values(), ["reason", "record", "run", "last_seen_at"], batch_size=500)
    QuarantinedRecord.objects.bulk_create(
        [
            QuarantinedRecord(
                connection=source, run=run, endpoint=endpoint, external_id=fault.external_id, reason=fault.reason,
                record=fault.record,
            )
            for key, fault in faults.items() if key not in known and fault.external_id not in batch.rows
        ],
        batch_size=500,
    )  # fmt: skip


def _say_again(row: QuarantinedRecord, fault: Unread, run: CollectorRun | None) -> None:
    row.reason, row.record, row.run, row.last_seen_at = fault.reason, fault.record, run, timezone.now()


def replay(record_ids: list[int]) -> tuple[int, int]:
    """Try to read these records again with the vendor files as they are now: (loaded, still unreadable)."""
    lists: dict[tuple[int, str], list[QuarantinedRecord]] = defaultdict(list)
    for row in QuarantinedRecord.objects.filter(pk__in=record_ids, replayed_at=None).select_related("connection"):
        lists[(row.connection_id, row.endpoint)].append(row)
    loaded = left = 0
    for rows in lists.values():
        read = _read_again(rows)
        loaded, left = loaded + read, left + len(rows) - read
    return loaded, left


def _read_again(rows: list[QuarantinedRecord]) -> int:
    source = rows[0].connection
    vendor = VENDORS.get(source.vendor)
    endpoint = _endpoint(vendor.endpoints if vendor else (), rows[0].endpoint)
    if vendor is None or endpoint is None:  # its vendor file is gone or no longer reads this list
        return 0
    batch, plan = Batch(), Plan(endpoint, vendor, source.settings)
    readable = []
    for row in rows:
        faults = len(batch.unread)
        plan.read([_as_sent(row.record)], batch)
        if len(batch.unread) == faults:
            readable.append(row.pk)
    calendar = Calendar.current()
    day = timezone.now().astimezone(calendar.zone).date()
    with transaction.atomic():
        Merge(plan).load(batch, Place(source, None, day, calendar.time_zone))
        keep(source, rows[0].run, endpoint.name, batch)
        QuarantinedRecord.objects.filter(pk__in=readable, replayed_at=None).update(replayed_at=timezone.now())
    return len(readable)


def _endpoint(endpoints: tuple[Endpoint, ...], name: str) -> Endpoint | None:
    return next((endpoint for endpoint in endpoints if endpoint.name == name), None)


def _as_sent(record: dict[str, Any]) -> dict[str, Any]:
    """With its numbers as the client reads them: exact."""
    sent: dict[str, Any] = json.loads(json.dumps(record), parse_float=Decimal)
    return sent


def purge() -> int:
    """Delete what was last seen longer ago than we keep such records; how many."""
    deleted, _ = QuarantinedRecord.objects.filter(last_seen_at__lt=timezone.now() - KEPT_FOR).delete()
    return deleted
