"""Real processes, killed at seeded points: what is read in the end is what was never disturbed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from collectors import tasks
from collectors.connections import Checkpoint, CollectorRun, Connection
from tests.collectors.desk import Desk, facts, furnish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import sys
import django

django.setup()
from django.core.management import call_command
from collectors import collect
from tests.collectors.desk import register

register()
collect.BATCH_RECORDS = 60  # so that a small list has many places to be killed at
call_command("collect", sys.argv[1])
"""


def worker(source: Connection) -> subprocess.Popen[str]:
    database = connection.settings_dict
    address = f"postgres://{database['USER']}:{quote(database['PASSWORD'])}@{database['HOST']}:{database['PORT']}"
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(source.pk)],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": f"{address}/{database['NAME']}", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def read_to_the_end(source: Connection) -> str:
    process = worker(source)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def kill_at(desk: Desk, source: Connection, request: int, delay: float) -> bool:
    """Kill a worker so many seconds after its so-manieth request; whether it was killed before it was done."""
    arrived, killed = threading.Event(), threading.Event()
    begun = len(desk.asked)

    def hold(path: str) -> None:
        """From that request on nothing is answered, so that the worker cannot be done before it is killed."""
        if len(desk.asked) - begun >= request:
            arrived.set()
            killed.wait(30)

    desk.before_answer = hold
    process = worker(source)
    while not arrived.wait(0.05) and process.poll() is None:
        continue
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    killed.set()
    desk.before_answer = lambda path: None
    return not CollectorRun.objects.filter(connection=source, state="done").exists()


def lease_runs_out(source: Connection) -> None:
    past = timezone.now() - timedelta(seconds=1)
    CollectorRun.objects.filter(connection=source, state="running").update(lease_until=past)


@pytest.mark.parametrize("seed", range(4))
def test_a_reading_killed_again_and_again_ends_as_if_it_had_never_been(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    furnish(desk, tickets=400)
    undisturbed = desk.connection(label="Undisturbed")
    read_to_the_end(undisturbed)

    source = desk.connection(label="Disturbed")
    come = 0
    for attempt in range(3):
        if not kill_at(desk, source, chance.randrange(1, 9), chance.uniform(0, 0.08)):
            assert attempt > 0, "It was never killed, so nothing was shown."
            break
        lease_runs_out(source)
        run = CollectorRun.objects.filter(connection=source).first()
        read = sum(counts["read"] for counts in run.counts.values()) if run else 0
        assert read >= come
        come = read
    else:
        read_to_the_end(source)
    assert facts(source) == facts(undisturbed)
    done = CollectorRun.objects.get(connection=source)
    assert done.state == "done"
    assert done.counts == CollectorRun.objects.get(connection=undisturbed).counts
    assert not Checkpoint.objects.exists()


def test_the_sweeper_hands_a_dead_workers_run_to_another(desk: Desk, settings: object) -> None:
    source = desk.connection()
    assert kill_at(desk, source, 8, 0)
    assert tasks.lease.abandoned() == []  # its lease still runs
    lease_runs_out(source)
    assert tasks.sweep() == "1 runs taken over"
    read_to_the_end(source)
    assert CollectorRun.objects.get().state == "done"


def test_the_command_says_what_it_read_and_fails_out_loud(desk: Desk) -> None:
    source = desk.connection()
    assert "  tickets: 30 read, 30 added, 0 changed, 0 retired, 0 quarantined" in read_to_the_end(source)
    desk.before_answer = lambda path: (401, {}, b"")
    process = worker(source)
    said, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Failed: Test Desk refuses our key" in said
    assert "Not read: Desk." in said
    assert "invented-token" not in said
