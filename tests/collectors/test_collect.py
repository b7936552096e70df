"""A whole run against a vendor on loopback: what is read, retired, marked and claimed to be read."""

from __future__ import annotations

import pytest

from collectors.collect import run
from collectors.facts.service import Ticket, TimeEntry
from tests.collectors.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_reads_every_list(desk: Desk) -> None:
    done = run(desk.connection())
    assert done.state == "done", done.error
    assert Ticket.objects.count() == 30
    assert TimeEntry.objects.filter(ticket__isnull=False).count() == 30
