"""A ticket that moves moves the time of every ticket that belongs to it, merged ones too."""

from __future__ import annotations

import pytest
from django.db import connection

from collectors.facts.service import Ticket
from collectors.facts.shapes import FOREVER
from collectors.facts.touched import Touched
from collectors.load import marks
from tests.metrics.rollup.world import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("tie", ["parent", "merged_into"])
def test_time_on_a_child_or_merged_ticket_is_marked_when_its_ticket_moves(tie: str) -> None:
    world = World()
    account = world.account(None)
    root = world.ticket(account, "2025-03-10")
    leaf = world.ticket(account, "2025-03-11", **{tie: root})
    world.time(account, "2025-01-12", "2", leaf)
    with connection.cursor() as cursor:
        marks.leave_leaners(cursor, Ticket, [root.pk], {"forever": FOREVER})
    assert [str(mark.month) for mark in Touched.objects.filter(entity="TimeEntry")] == ["2025-01-01"]
