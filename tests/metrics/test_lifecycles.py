"""Until when an operating system is supported, told by what the RMM calls it and its version."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from metrics import rollup
from metrics.definitions.facts import DEVICES_BY_SYSTEM
from metrics.models import OsLifecycle
from tests.metrics.rollup.layers import Layers, known
from tests.metrics.rollup.world import World, value

pytestmark = pytest.mark.django_db


def supported_until(system: str, version: str = "") -> date | None:
    """As the metrics read it: the declaration's own relation, over one device."""
    world = World()
    device = world.device(None, os=system, os_version=version)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT system.supported_until FROM {DEVICES_BY_SYSTEM.sql} WHERE f.id = %s", [device.pk]
        )
        [(found,)] = cursor.fetchall()
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(("system", "version", "day"), [
    ("Windows 7 Professional", "6.1.7601", "2020-01-14"),
    ("Microsoft Windows 8 Pro", "6.2.9200", "2016-01-12"),
    ("Windows 8.1 Pro", "6.3.9600", "2023-01-10"),
    ("Windows 10 Pro", "10.0.19045", "2025-10-14"),
    ("Windows 10 Home", "10.0.17763.1", "2020-11-10"),
    ("Microsoft Windows 10 Enterprise", "10.0.17763.1", "2021-05-11"),
    ("Windows 10 Enterprise LTSC 2019", "10.0.17763", "2029-01-09"),
    ("Microsoft Windows 10 Enterprise 2016 LTSB", "10.0.14393", "2026-10-13"),
    ("Windows 10 IoT Enterprise LTSC 2021", "10.0.19044", "2032-01-13"),
    ("Windows 10 Pro", "", "2025-10-14"),
    ("WINDOWS 11 PRO", "10.0.22631", "2025-11-11"),
    ("Windows 11 Enterprise", "10.0.22631", "2026-11-10"),
    ("Windows 11 Pro", "10.0.26100.2033", "2026-10-13"),
    ("Windows Server 2012 R2 Standard", "6.3.9600", "2023-10-10"),
    ("Windows Server 2019 Datacenter", "10.0.17763", "2029-01-09"),
    ("Windows Server 2025", "", "2034-11-14"),
    ("macOS 12.7.1", "", "2024-09-16"),
    ("Mac OS X 10.15", "", "2022-09-12"),
    ("Ubuntu 20.04.6 LTS", "", "2025-05-31"),
])  # fmt: skip
def test_a_system_is_told_by_its_name_and_build(system: str, version: str, day: str) -> None:
    assert supported_until(system, version) == date.fromisoformat(day)


@pytest.mark.parametrize(("system", "version"), [
    ("", ""), ("Windows 11 Pro", "10.0.99999"), ("Windows 12", ""), ("Debian 12", ""), ("FreeBSD", "14"),
])  # fmt: skip
def test_a_system_nobody_has_written_down_has_no_day(system: str, version: str) -> None:
    assert supported_until(system, version) is None


def test_a_row_of_a_higher_rank_counts_and_has_the_numbers_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch)
    world = World()
    Layers(world).list("rmm", "Asset", "2025-03-31")
    acme = world.client("acme")
    world.device(world.account(acme, world.rmm), os="Windows 7 Professional")
    now = datetime(2025, 4, 2, 12, tzinfo=UTC)
    rollup.run("test", now=now)
    assert value("devices_out_of_support", "2025-03", acme).value == 1
    OsLifecycle.objects.create(
        name="Windows 7, supported for us", pattern="windows 7", supported_until=date(2026, 1, 1), rank=9
    )
    rollup.run("test", now=now)
    assert value("devices_out_of_support", "2025-03", acme).value == 0


def test_a_pattern_the_database_cannot_read_is_refused() -> None:
    row = OsLifecycle(name="Wrong", pattern="windows (", supported_until=date(2026, 1, 1))
    with pytest.raises(ValidationError, match="cannot read this pattern"):
        row.full_clean()
