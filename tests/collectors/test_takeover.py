"""A whole worker is killed in the middle of a reading, and another goes on with it by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django_q.tasks import async_task

from collectors import schedules
from collectors.connections import CollectorRun
from collectors.facts.service import Ticket
from tests.collectors.desk import Desk, furnish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ROOT = Path(__file__).resolve().parents[2]
GOAL = 90  # seconds from the kill to the end of the reading
CLUSTER = """
import django

django.setup()
from django.core.management import call_command
from collectors import collect
from tests.collectors.desk import register

register()
collect.BATCH_RECORDS = 60
call_command("qcluster")
"""


def cluster() -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    address = f"postgres://{database['USER']}:{quote(database['PASSWORD'])}@{database['HOST']}:{database['PORT']}"
    return subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={
            **os.environ, "DATABASE_URL": f"{address}/{database['NAME']}", "PYTHONPATH": str(ROOT), "WORKERS": "2",
            "DJANGO_SETTINGS_MODULE": "qbr.settings",
        },
    )  # fmt: skip


@pytest.fixture
def clusters() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        process.wait(10)


def test_another_worker_goes_on_within_90_seconds_and_nothing_is_lost(
    desk: Desk, clusters: list[subprocess.Popen[bytes]]
) -> None:
    call_command("createcachetable", verbosity=0)
    furnish(desk, tickets=400)
    source = desk.connection()
    schedules.match()
    half_way = threading.Event()
    desk.before_answer = lambda path: half_way.set() if len(desk.asked) > 8 else None
    async_task("collectors.tasks.collect_connection", source.pk)
    clusters.append(cluster())
    assert half_way.wait(60)
    os.killpg(clusters[0].pid, signal.SIGKILL)
    killed = time.monotonic()
    clusters[0].wait(10)
    desk.before_answer = lambda path: None
    run = CollectorRun.objects.get()
    assert run.state == "running"

    clusters.append(cluster())
    while run.state != "done" and time.monotonic() - killed < GOAL:
        time.sleep(0.5)
        run.refresh_from_db()  # that run: the task is given out again, too, and may have read once more since
    assert run.state == "done", f"It was {run.state} after {GOAL} seconds."
    assert Ticket.objects.filter(connection=source).count() == 400
