"""How long to wait, for how much, and how often to ask again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds, except where said. A wait longer than `longest_wait` is not slept but handed to the next run."""

    connect: float = 10
    silence: float = 60  # without a byte
    request: float = 180  # one answer from its first byte to its last, however steadily it drips
    largest: int = 128 * 1024 * 1024  # bytes of an answer, unpacked
    tries: int = 6
    longest_wait: float = 60

    def backoff(self, tried: int) -> float:
        """The wait after the given number of tries, doubled each time and never in step with other callers."""
        return min(self.longest_wait, 2.0 ** (tried - 1)) * random.uniform(0.5, 1)  # noqa: S311


LONGEST = 7 * 86_400.0  # seconds: what asks for more is a mistake, or a date at the end of time


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds asked for by a `Retry-After` header, a number or a date; None where it says nothing of use."""
    if not text:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return min(LONGEST, float(text[:12]))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(LONGEST, max(0.0, (moment - now).total_seconds()))


def spans(start: datetime, end: datetime, months: int) -> Iterator[tuple[datetime, datetime]]:
    """The time from `start` to `end` in pieces of at most so many calendar months, cut at month ends; 0: in one."""
    while months and start < end:
        ahead = start.year * 12 + start.month - 1 + months
        cut = start.replace(year=ahead // 12, month=ahead % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        yield start, min(cut, end)
        start = cut
    if not months:
        yield start, end
