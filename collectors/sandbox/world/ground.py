"""What every layer of the world stands on: the clients, their machines as edited, and how an edit changes a record.

A layer makes its records for one client, or one client's month, the same ones every time, and tells those that exist
at a moment through `standing`, which lays a test's edits over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar, cast

from collectors.sandbox.world.agreements import Agreements
from collectors.sandbox.world.clients import Clients
from collectors.sandbox.world.dates import Calendar, Month
from collectors.sandbox.world.desk import Desk
from collectors.sandbox.world.devices import Device, Devices
from collectors.sandbox.world.edits import Edits
from collectors.sandbox.world.ledger import Ledger
from collectors.sandbox.world.options import Options
from collectors.sandbox.world.others import Others
from collectors.sandbox.world.people import People

DEVICE_FIELDS = ("name", "organization", "client", "site", "node_class", "silent_since", "approved_at")


class Told(Protocol):
    """What a record of a layer has at least."""

    @property
    def id(self) -> int: ...
    @property
    def client(self) -> int: ...
    @property
    def updated_at(self) -> int: ...


Record = TypeVar("Record", bound=Told)


@dataclass(frozen=True)
class Ground:
    options: Options
    calendar: Calendar
    edits: Edits
    clients: Clients
    people: People
    devices: Devices
    agreements: Agreements
    desk: Desk
    ledger: Ledger
    others: Others

    def approved(self, client: int, moment: int) -> list[Device]:
        """The client's machines that somebody let in and that are still there."""
        return [row for row in self.devices_of(client, moment) if row.approval(moment) == "APPROVED"]

    def devices_of(self, client: int, moment: int) -> list[Device]:
        """Also those that an edit moved to this client, and none that it moved away."""
        rows = list(self.devices.of_client(client))
        known = {row.id for row in rows}
        moved = [number for number in self.edits.edited("devices") if number not in known]
        rows += [row for number in moved if (row := self._device(number)) is not None]
        rows += cast("list[Device]", self.edits.added("devices"))
        seen = (self.device_seen(row, moment) for row in {row.id: row for row in rows}.values())
        return [row for row in seen if row is not None and row.client == client]

    def device_seen(self, device: Device, moment: int) -> Device | None:
        if device.came_at > moment or (device.went_at is not None and device.went_at <= moment):
            return None
        for edit in self.edits.of("devices", device.id, moment):
            if edit.delete:
                return None
            device = replace(device, **known(edit.set, DEVICE_FIELDS))
        return device

    def _device(self, number: int) -> Device | None:
        index = self.devices.client_of(number)
        rows = self.devices.of_client(index) if index in self.clients.served else ()
        return next((row for row in rows if row.id == number), None)

    def there(self, client: int, moment: int) -> bool:
        """True while the client is under contract, of the MSP itself always."""
        return client in self.clients.served and self.clients.get(client).here_at(moment)

    @property
    def start(self) -> int:
        return self.calendar.month_start(self.options.first_month)

    def months(self, since: int, moment: int) -> range:
        """The world's months from that of `since` to that of `moment`."""
        first = self.options.first_month
        if since > self.start:
            first = self.calendar.month(since)
        return range(first, min(self.calendar.month(moment) + 1, self.options.end_month))

    def cell(self, client: int, month: Month) -> int:
        """A number for a client's month, higher in later months."""
        return (month - self.options.first_month) * len(self.clients.served) + client

    def standing(
        self, kind: str, rows: Iterable[Record], moment: int, made: type[Record], client: int | None = None
    ) -> Iterator[Record]:
        """The rows as edits left them, then those added by then, of that client where one is named."""
        for row in rows:
            if (seen := self._edited(kind, row, moment)) is not None:
                yield seen
        for row in cast("list[Record]", self.edits.added(kind)):
            here = isinstance(row, made) and row.updated_at <= moment and client in (None, row.client)
            if here and (seen := self._edited(kind, row, moment)) is not None:
                yield seen

    def _edited(self, kind: str, row: Record, moment: int) -> Record | None:
        for edit in self.edits.of(kind, row.id, moment):
            if edit.delete:
                return None
            names = tuple(one.name for one in fields(cast(Any, row)))
            changed = known(edit.set, names) | {"updated_at": max(row.updated_at, edit.at)}
            row = cast(Record, replace(cast(Any, row), **changed))
        return row


def known(values: dict[str, object], names: tuple[str, ...]) -> dict[str, Any]:
    """The part of an edit that fits the record; its values come from JSON."""
    return {name: value for name, value in values.items() if name in names}


def moved_by(moment: int, *events: int | None) -> int:
    """The latest of the events that had happened by then."""
    return max(event for event in events if event is not None and event <= moment)


def by_then(event: int | None, moment: int) -> int | None:
    return event if event is not None and event <= moment else None
