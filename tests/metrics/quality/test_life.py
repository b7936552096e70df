"""The life of a finding: open, accepted with a reason, fixed; seeing the same again changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from collectors.connections import Connection
from metrics.models import Finding, MonthlyValue
from metrics.periods import Month
from metrics.reading import client
from organizations.models import Organization
from tests.metrics.quality.world import APRIL, found, look, series
from tests.metrics.stored_values import store

pytestmark = pytest.mark.django_db
MARCH = Month(2025, 3)
LATER = APRIL + timedelta(days=1)


@pytest.fixture(autouse=True)
def source() -> Connection:
    return Connection.objects.create(vendor="connectwise_psa", label="PSA")


@pytest.fixture
def jump() -> Finding:
    series("reactive_tickets_created", MARCH.previous, ["100", "200"])
    look()
    [finding] = found("jump")
    return finding


def moved(value: int) -> None:
    MonthlyValue.objects.filter(period__starts_on=MARCH.starts_on).update(value=value)


def rows() -> list[dict[str, object]]:
    return list(Finding.objects.order_by("pk").values())


def test_looking_twice_changes_nothing(jump: Finding) -> None:
    once = rows()
    look(LATER)
    assert [row for row in rows() if row["rule"] == "jump"] == [row for row in once if row["rule"] == "jump"]


def test_an_open_finding_says_what_is_so_now(jump: Finding) -> None:
    moved(180)
    look(LATER)
    [now] = found("jump")
    assert (now.pk, now.measure, now.first_seen_at, now.last_seen_at) == (jump.pk, 80, APRIL, LATER)
    assert now.says == "Reactive tickets created rose from 100 in Feb 2025 to 180 in Mar 2025 (+80 %)."


def test_what_is_seen_no_more_is_fixed_and_opens_anew_when_it_comes_back(jump: Finding) -> None:
    moved(110)
    look(LATER)
    [fixed] = found("jump", "fixed")
    assert (fixed.pk, fixed.last_seen_at) == (jump.pk, LATER)
    moved(200)
    look(LATER + timedelta(days=1))
    [again] = found("jump")
    assert (again.pk, again.first_seen_at) == (jump.pk, LATER + timedelta(days=1))


def accept(finding: Finding) -> None:
    Finding.objects.filter(pk=finding.pk).update(life="accepted", reason="A new office", decided_at=APRIL)


@pytest.mark.parametrize("value, life", [(200, "accepted"), (190, "accepted"), (225, "accepted"), (226, "open")])
def test_an_accepted_finding_stays_so_until_it_is_clearly_worse(jump: Finding, value: int, life: str) -> None:
    accept(jump)
    moved(value)
    look(LATER)
    [now] = found("jump", life)
    assert now.reason == ("A new office" if life == "accepted" else "")


def test_it_does_not_grow_worse_step_by_step_unseen(jump: Finding) -> None:
    accept(jump)
    for value in (215, 225, 240):
        moved(value)
        look(LATER)
    assert len(found("jump")) == 1


def test_an_accepted_finding_that_is_gone_is_fixed(jump: Finding) -> None:
    accept(jump)
    moved(100)
    look(LATER)
    assert found("jump", "accepted") == [] and len(found("jump", "fixed")) == 1


def test_whoever_looks_after_a_client_owns_its_findings_until_somebody_says_otherwise() -> None:
    kim, lee = User.objects.create(username="kim"), User.objects.create(username="lee")
    Organization.objects.create(slug="acme", name="Acme", owner=kim)
    series("reactive_hours", MARCH.previous, ["100", "300"], client("acme"))
    series("reactive_hours", MARCH.previous, ["100", "300"])
    look()
    assert {finding.owner for finding in found("jump")} == {kim, None}
    Finding.objects.update(owner=lee)
    MonthlyValue.objects.filter(period__starts_on=MARCH.starts_on).update(value=350)
    look(LATER)
    assert {finding.owner for finding in found("jump")} == {lee}


def test_another_month_is_another_finding(jump: Finding) -> None:
    accept(jump)
    store("reactive_tickets_created", MARCH.shift(1), "10")
    look(APRIL + timedelta(days=30))
    assert [finding.period.starts_on for finding in found("jump") if finding.period] == [MARCH.shift(1).starts_on]
