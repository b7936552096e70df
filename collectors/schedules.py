"""The worker's schedules, made to match the connections; cron text is in the business time zone."""

from __future__ import annotations

from datetime import UTC, datetime

from croniter import croniter
from django.utils import timezone
from django_q.models import Schedule

from collectors.connections import Connection
from collectors.facts.touched import Calendar

READ = "Read connection "
RETRY = "Read again connection "
SWEEP = "Take over runs whose worker died"
TIDY = "Delete old quarantined records"


def match() -> None:
    """Make the schedules what they ought to be; saying it twice changes nothing."""
    wanted = {f"{READ}{source.pk}": source for source in Connection.objects.filter(enabled=True)}
    Schedule.objects.filter(name__startswith=READ).exclude(name__in=wanted).delete()
    for name, source in wanted.items():
        _match_one(name, source)
    _every_minute(SWEEP, "collectors.tasks.sweep")
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


def _every_minute(name: str, func: str) -> None:
    _keep(name, func=func, schedule_type=Schedule.MINUTES, minutes=1)


def _keep(name: str, **wanted: object) -> Schedule:
    """The schedule of this name, written only where it is not as wanted."""
    kept: Schedule | None = Schedule.objects.filter(name=name).first()
    if kept is None:
        new: Schedule = Schedule.objects.update_or_create(name=name, defaults={"repeats": -1, **wanted})[0]
        return new
    if any(getattr(kept, field) != value for field, value in wanted.items()):
        Schedule.objects.filter(pk=kept.pk).update(**wanted)
    return kept
