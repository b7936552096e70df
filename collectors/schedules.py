"""The worker's schedules, made to match the connections; cron text is in the business time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from croniter import croniter
from django.utils import timezone
from django_q.models import Schedule

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS

READ = "Read connection "
RETRY = "Read again connection "
SWEEPS = ("Take over runs whose worker died", "Take over runs whose worker died, half a minute later")
DROP = "Load the files of the watched folder"
TIDY = "Delete old quarantined records"


def match() -> None:
    """Make the schedules what they ought to be; saying it twice changes nothing."""
    read = Connection.objects.filter(enabled=True, vendor__in=VENDORS)
    wanted = {f"{READ}{source.pk}": source for source in read}
    Schedule.objects.filter(name__startswith=READ).exclude(name__in=wanted).delete()
    for name, source in wanted.items():
        _match_one(name, source)
    for number, name in enumerate(SWEEPS):  # a worker looks at its schedules every half minute
        _keep(
            name, {"next_run": timezone.now() + timedelta(seconds=30 * number)},
            func="collectors.tasks.sweep", schedule_type=Schedule.MINUTES, minutes=1,
        )  # fmt: skip
    _keep(DROP, func="collectors.tasks.drop", schedule_type=Schedule.MINUTES, minutes=1)
    _keep(TIDY, func="collectors.tasks.tidy", schedule_type=Schedule.DAILY)


def next_reading(source: Connection, after: datetime | None = None) -> datetime:
    """When the connection's cron text next says to read. Raises ValueError where it is not cron text."""
    here = (after or timezone.now()).astimezone(Calendar.current().zone)
    found: datetime = croniter(source.schedule, here).get_next(datetime)
    return found.astimezone(UTC)


def retry_name(source: Connection) -> str:
    return f"{RETRY}{source.pk}"


def _match_one(name: str, source: Connection) -> None:
    kept = _keep(
        name, func="collectors.tasks.collect_on_schedule", args=f"({source.pk},)",
        schedule_type=Schedule.CRON, cron=source.schedule,
    )  # fmt: skip
    now, due = timezone.now(), next_reading(source)
    # The worker reckons cron text in UTC. One that is due right now is left for it to start.
    if kept.next_run is None or (kept.next_run > now and kept.next_run != due):
        Schedule.objects.filter(pk=kept.pk).update(next_run=due)


def _keep(name: str, first: dict[str, object] | None = None, **wanted: object) -> Schedule:
    """The schedule of this name, written only where it is not as wanted; `first` is said when it is made."""
    kept: Schedule | None = Schedule.objects.filter(name=name).first()
    if kept is None:
        defaults = {"repeats": -1, **(first or {}), **wanted}
        new: Schedule = Schedule.objects.update_or_create(name=name, defaults=defaults)[0]
        return new
    if any(getattr(kept, field) != value for field, value in wanted.items()):
        Schedule.objects.filter(pk=kept.pk).update(**wanted)
    return kept
