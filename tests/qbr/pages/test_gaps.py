"""Gaps by name: who lacks what, what no device matches, and that neither grows a page's cost nor names a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics import rollup
from metrics.breakdowns.gaps import GAPS, Listed, listed
from metrics.reading import COMPANY, client
from organizations.models import Organization
from qbr.pages import gaps
from tests.metrics.rollup.layers import Layers, known
from tests.metrics.rollup.world import World, value

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
MARCH = "period=2025-03"


class Msp:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known(monkeypatch)
        self.world = World()
        self.layers = Layers(self.world, listed=("2025-03-31",))
        self.layers.list("rmm", "Asset", "2025-03-31")
        self.acme, self.beta = self.world.client("acme"), self.world.client("beta")

    def fill(self, of: Organization, many: int = 1) -> None:
        rmm, edr, backup, tenant = (self.layers.account(of, layer) for layer in ("rmm", "edr", "backup", "tenant"))
        for at in range(many):
            one = f"{of.slug}-{at}"
            self.world.device(rmm, name=f"{one}-bare", hostname=f"{one}-bare", os="Windows 7", patches_missing=9)
            self.world.device(rmm, "server", f"{one}-srv", hostname=f"{one}-srv", os="Windows Server 2025")
            self.world.device(rmm, name=f"SPARE-{one}", os="Windows 7", patches_missing=9)
            self.layers.agent(edr, name=f"{one}-srv", hostname=f"{one}-srv")
            self.layers.agent(edr, name=f"{one}-alien", hostname=f"{one}-alien")
            self.layers.backup(backup, hostname=f"{one}-lost")
            self.layers.seat(tenant, False)
            self.layers.seat(tenant, False, guest=True)

    def listed(self, gap: str, of: Organization | None = None) -> Listed:
        return listed(GAPS[gap], client(of.slug) if of else COMPANY, NOW, limit=50)


@pytest.fixture
def msp(monkeypatch: pytest.MonkeyPatch) -> Msp:
    return Msp(monkeypatch)


@pytest.fixture
def reader() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


NAMES: dict[str, Callable[[str], str]] = {
    "unprotected": lambda slug: f"{slug}-0-bare", "not-backed-up": lambda slug: f"{slug}-0-srv",
    "unknown-agents": lambda slug: f"{slug}-0-alien", "unknown-backups": lambda slug: f"{slug}-0-lost",
    "out-of-support": lambda slug: f"{slug}-0-bare", "patches": lambda slug: f"{slug}-0-bare",
}


@pytest.mark.parametrize("gap", NAMES)
def test_it_names_what_is_missing_of_one_client_and_of_all(msp: Msp, gap: str) -> None:
    msp.fill(msp.acme)
    msp.fill(msp.beta)
    rollup.run("test", now=NOW)
    mine, everyone = msp.listed(gap, msp.acme), msp.listed(gap)
    assert [each.name for each in mine.things] == [NAMES[gap]("acme")]
    assert [(each.name, each.slug) for each in everyone.things] == [
        (NAMES[gap](slug), slug) for slug in ("acme", "beta")
    ]
    assert (mine.total, everyone.total) == (1, 2)


@pytest.mark.parametrize("gap", [gap for gap in GAPS if not gap.startswith("unknown")])
def test_it_lists_as_many_as_the_number_it_stands_behind(msp: Msp, gap: str) -> None:
    msp.fill(msp.acme, 3)
    msp.fill(msp.beta)
    rollup.run("test", now=NOW)
    for of in (msp.acme, None):
        assert msp.listed(gap, of).total == value(GAPS[gap].behind, "2025-03", of).value


def test_a_sign_in_is_told_by_the_vendors_own_id_with_a_way_into_its_console(msp: Msp, reader: Client) -> None:
    seat = msp.layers.seat(msp.layers.account(msp.acme, "tenant"), False, admin=True)
    rollup.run("test", now=NOW)
    [found] = msp.listed("no-second-factor", msp.acme).things
    assert (found.name, found.told, found.link) == (seat.external_id, ("yes",), "https://tenant.test/seat")
    body = reader.get(f"/gaps/?{MARCH}&client=acme&gap=no-second-factor").content.decode()
    assert "https://tenant.test/seat" in body and "never by a name" in body


def test_a_screen_leads_to_the_next_and_a_file_holds_all(
    msp: Msp, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "A_SCREEN", 2)
    msp.fill(msp.acme, 3)
    rollup.run("test", now=NOW)
    address = f"/gaps/?{MARCH}&client=acme&gap=unprotected"
    first, second = (reader.get(address + page).content.decode() for page in ("", "&page=1"))
    assert ("1 to 2 of 3" in first, "page=1" in first, "acme-2-bare" in first) == (True, True, False)
    assert ("3 to 3 of 3" in second, "acme-2-bare" in second, "acme-0-bare" in second) == (True, True, False)
    taken = reader.get(f"{address}&panel=gap&format=csv").content.decode()
    assert all(f"acme-{at}-bare" in taken for at in range(3))


def test_what_nothing_read_could_tell_is_not_offered(msp: Msp, reader: Client) -> None:
    msp.world.device(msp.layers.account(msp.acme, "rmm"), os="Windows 7")
    rollup.run("test", now=NOW)
    body = reader.get(f"/gaps/?{MARCH}&client=acme").content.decode()
    assert '<strong aria-current="true">Out of support</strong>' in body
    assert not any(f"gap={gap}" in body for gap in ("unprotected", "unknown-agents", "no-second-factor"))
    asked = reader.get(f"/gaps/?{MARCH}&client=acme&gap=no-second-factor").content.decode()
    assert gaps.NOT_READ in asked
    assert reader.get(f"/gaps/?{MARCH}&gap=nothing").status_code == 404


def test_a_hundred_gaps_ask_no_more_of_the_database_than_one(msp: Msp, reader: Client) -> None:
    asked = []
    for of, many in ((msp.acme, 1), (msp.beta, 40)):
        msp.fill(of, many)
        rollup.run("test", now=NOW)
        reader.get(f"/gaps/?{MARCH}")
        with CaptureQueriesContext(connection) as queries:
            assert reader.get(f"/gaps/?{MARCH}").status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 20


ELSEWHERE = ("Cloud tenant", "Endpoint protection", "Backups", "Licences")  # of layers that are not the RMM's
LAYERS = {
    "security": ("Cloud tenant", "Endpoint protection", "Antivirus", "Application control"),
    "operations": ("Patches", "Support and warranty", "Alerts", "Backups", "Licences"),
}


@pytest.mark.parametrize("page", LAYERS)
def test_a_layer_nothing_is_read_of_is_absent_and_one_that_is_read_is_there(
    msp: Msp, reader: Client, page: str
) -> None:
    def shown(of: str) -> list[str]:
        body = reader.get(f"/{page}/?{MARCH}&client={of}&whole=1").content.decode()
        return [title for title in LAYERS[page] if f'-title">{title}</h2>' in body]

    msp.fill(msp.acme)
    msp.world.device(msp.layers.account(msp.beta, "rmm"))
    rollup.run("test", now=NOW)
    expected = {
        "security": ["Cloud tenant", "Endpoint protection", "Antivirus"],
        "operations": ["Patches", "Support and warranty", "Alerts", "Backups", "Licences"],
    }[page]
    assert shown("acme") == expected
    assert shown("beta") == [title for title in expected if title not in ELSEWHERE]


def test_a_panel_leads_to_the_names_behind_it(msp: Msp, reader: Client) -> None:
    msp.fill(msp.acme)
    rollup.run("test", now=NOW)
    body = reader.get(f"/security/?{MARCH}&client=acme").content.decode().replace("&amp;", "&")
    assert f"/gaps/?{MARCH}&client=acme&gap=unprotected" in body
    assert f"/gaps/?{MARCH}&client=acme&gap=no-second-factor" in body
