"""People who may and may not enter, and the months they enter for."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from collectors.facts.touched import Calendar
from metrics.periods import Month
from qbr.access import make_roles
from qbr.entry.grid import this_month


@pytest.fixture
def editor(db: None) -> User:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    person = User.objects.create_user("editor", first_name="Sam", last_name="Field")
    person.groups.add(make_roles()["Editor"])
    return person


@pytest.fixture
def month(editor: User) -> Month:
    return this_month().previous
