"""What the worker does above the numbers."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection
from django_q.models import OrmQ, Schedule

from collectors.connections import Connection
from collectors.facts.accounts import Account
from organizations.models import AccountLink
from qbr import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def test_schedules_are_what_they_ought_to_be_however_often_it_is_said() -> None:
    Connection.objects.create(vendor="ninjaone", label="NinjaOne")
    tasks.schedules()
    once = list(Schedule.objects.order_by("pk").values("pk", "name", "func", "minutes", "cron", "repeats"))
    tasks.schedules()
    assert list(Schedule.objects.order_by("pk").values("pk", "name", "func", "minutes", "cron", "repeats")) == once
    follow = Schedule.objects.get(func="qbr.tasks.follow")
    assert (follow.schedule_type, follow.minutes, follow.repeats) == (Schedule.MINUTES, 1, -1)


def test_follow_links_what_is_new() -> None:
    source = Connection.objects.create(vendor="connectwise_psa", label="PSA")
    Account.objects.create(
        connection=source, external_id="9", name="Otterfield Dental",
        evidence={"domains": ["otterfield.example"], "types": ["Client"]},
    )  # fmt: skip
    tasks.follow()
    assert AccountLink.objects.get().organization is not None


def test_it_runs_one_at_a_time() -> None:
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
        dbname=settings["NAME"], autocommit=True,
    ) as other:  # fmt: skip
        other.execute("SELECT pg_advisory_lock(%s)", [tasks.FOLLOW_LOCK])
        assert tasks.follow() == "already under way"
        other.execute("SELECT pg_advisory_unlock(%s)", [tasks.FOLLOW_LOCK])
    assert tasks.follow() != "already under way"


def test_collect_now_leaves_one_task_for_the_worker() -> None:
    tasks.collect_now(Connection.objects.create(vendor="ninjaone", label="NinjaOne"))
    assert OrmQ.objects.get().task["func"] == "qbr.tasks.collect_and_follow"
