"""How far the set-up has come, read from what there is, so that it can be left and taken up again anywhere."""

from __future__ import annotations

from enum import Enum

from django.contrib.auth import get_user_model

from collectors.connections import CollectorRun, Connection
from collectors.facts.touched import Calendar


class Step(Enum):
    """(address, title), in order."""

    ADMIN = ("admin", "Your sign-in")
    CALENDAR = ("calendar", "Calendar")
    CONNECTION = ("connection", "First connection")
    READ = ("read", "First read")
    NEXT = ("next", "What next")

    @property
    def slug(self) -> str:
        return self.value[0]

    @property
    def title(self) -> str:
        return self.value[1]

    @property
    def number(self) -> int:
        return list(Step).index(self) + 1


def next_step() -> Step:
    if not get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
        return Step.ADMIN
    if not Calendar.objects.filter(read_from__isnull=False).exists():
        return Step.CALENDAR
    if not Connection.objects.exists():
        return Step.CONNECTION
    if not CollectorRun.objects.filter(state=CollectorRun.State.DONE).exists():
        return Step.READ
    return Step.NEXT
