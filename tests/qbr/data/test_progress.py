"""The bar moves list by list, and waits for the worker in words."""

from __future__ import annotations

import pytest
from django.utils import timezone

from collectors.connections import CollectorRun, Connection
from collectors.vendors import VENDORS
from qbr.data.progress import progress_of

pytestmark = pytest.mark.django_db
NAMES = [endpoint.name for endpoint in VENDORS["connectwise_psa"].endpoints]


@pytest.fixture
def source() -> Connection:
    return Connection.objects.create(vendor="connectwise_psa", label="PSA")


def run_of(source: Connection, **fields: object) -> CollectorRun:
    return CollectorRun.objects.create(connection=source, as_of=timezone.now(), **fields)


def test_nothing_read_is_said_and_does_not_move(source: Connection) -> None:
    shown = progress_of(source)
    assert (shown.sentence, shown.moving, shown.percent) == ("Not read yet.", False, 0)


def test_it_waits_for_the_worker_until_a_newer_run_begins(source: Connection) -> None:
    old = run_of(source, state=CollectorRun.State.DONE)
    assert progress_of(source, after=old.pk).asked
    run_of(source, state=CollectorRun.State.RUNNING)
    assert not progress_of(source, after=old.pk).asked


def test_the_percent_is_lists_done_of_lists_to_read(source: Connection) -> None:
    run_of(source, step=NAMES[2], counts={NAMES[0]: {"read": 40}, NAMES[1]: {"read": 2}, NAMES[2]: {"read": 7}})
    shown = progress_of(source)
    assert [step.state for step in shown.steps[:4]] == ["done", "done", "now", "waiting"]
    assert shown.percent == 100 * 2 // len(NAMES)
    assert shown.moving and "49 records so far" in shown.sentence


def test_a_run_that_ended_well_is_whole_and_stands_still(source: Connection) -> None:
    run_of(source, state=CollectorRun.State.DONE, counts={NAMES[0]: {"read": 1}})
    shown = progress_of(source)
    assert (shown.percent, shown.moving, shown.sentence) == (100, False, "Done: 1 record read.")


def test_a_run_that_failed_says_why_and_stands_still(source: Connection) -> None:
    run_of(source, state=CollectorRun.State.FAILED, step=NAMES[1], error="The key was refused.")
    shown = progress_of(source)
    assert (shown.sentence, shown.moving) == ("The key was refused.", False)
    assert shown.percent < 100
