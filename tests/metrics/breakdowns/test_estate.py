"""Endpoints over the months, and when each was last seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from collectors.facts.estate import Asset
from metrics import breakdowns, settings
from metrics.reading import COMPANY, NOT_LINKED, ScopeRef, client
from organizations import linking
from tests.metrics.breakdowns.world import ACME, JUNE, US, World


def test_endpoints_stand_as_listed_last_in_each_month_and_a_month_not_listed_is_a_gap(world: World) -> None:
    world.listed(world.rmm, [date(2026, 4, 30), date(2026, 6, 29), date(2026, 6, 30)], "Asset")
    april, june = date(2026, 4, 30), date(2026, 6, 30)
    world.device("acme", april)
    world.device(world.site, april, kind="server")
    world.device(world.site, june)
    world.device("oak", april, until=june)
    world.device("acme", april, name="SPARE-7")
    world.device("acme", april, kind="vm_guest")
    world.device("us", april)
    world.device("nobody", april)
    world.device("waiting", april)
    over = breakdowns.endpoints_over(COMPANY, JUNE, "kind", months=4)
    assert [str(month) for month in over.months] == ["2026-03", "2026-04", "2026-05", "2026-06"]
    assert [(one.name, one.values) for one in over.series] == [
        ("Workstation", (None, 3, None, 3)), ("Server", (None, 1, None, 1)),
    ]  # fmt: skip
    places = breakdowns.endpoints_over(ACME, JUNE, "location", months=1)
    assert [(one.name, one.values) for one in places.series] == [("Main office", (2,)), ("acme", (1,))]
    clients = breakdowns.endpoints_over(COMPANY, JUNE, "client", months=3)
    assert {one.name: one.values for one in clients.series} == {
        "Acme": (2, None, 3), "Oak": (1, None, 0), "": (1, None, 1),
    }  # fmt: skip
    assert breakdowns.endpoints_over(US, JUNE, "kind").series == ()


def test_a_device_counts_for_whoever_its_account_belonged_to_on_the_day_of_each_listing(world: World) -> None:
    world.listed(world.rmm, [date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)], "Asset")
    linking.link(world.fleets["waiting"], world.organizations["oak"], None, starts_on=date(2026, 5, 10))
    linking.ignore(world.fleets["waiting"], None, starts_on=date(2026, 6, 10))
    world.device("waiting", date(2026, 1, 1))

    def over(scope: ScopeRef) -> dict[str, tuple[int | None, ...]]:
        found = breakdowns.endpoints_over(scope, JUNE, "client", months=3)
        return {one.name: one.values for one in found.series}

    assert over(COMPANY) == {"": (1, 0, 0), "Oak": (0, 1, 0)}
    assert over(client("oak")) == {"Oak": (0, 1, 0)}
    assert over(NOT_LINKED) == {"": (1, 0, 0)}


def test_a_device_counts_by_the_rules_in_force_at_each_months_end(world: World) -> None:
    world.listed(world.rmm, [date(2026, 5, 31), date(2026, 6, 30)], "Asset")
    world.device("acme", date(2026, 1, 1))
    world.device("acme", date(2026, 1, 1), name="LOANER-1")
    world.device("acme", date(2026, 1, 1), kind="server")
    settings.decide("spare_pattern", "^loaner", from_on=date(2026, 6, 1))
    settings.decide("endpoint_kinds", ["workstation"], from_on=date(2026, 6, 1))
    over = breakdowns.endpoints_over(ACME, JUNE, "kind", months=2)
    assert {one.name: one.values for one in over.series} == {"Workstation": (2, 1), "Server": (1, 0)}


def test_last_contact_and_the_agents_not_seen_for_thirty_days(world: World) -> None:
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)
    since = date(2026, 1, 1)
    for hours in (1, 23, 25, 24 * 8, 24 * 29, 24 * 31, 24 * 91):
        world.device("acme", since, name=f"PC-{hours}", seen=now - timedelta(hours=hours))
    world.device("oak", since, name="NEVER")
    gone = world.device("oak", since, name="GONE", seen=now)
    Asset.objects.filter(pk=gone.pk).update(retired_on=date(2026, 6, 1))
    world.device("us", since, seen=now)
    contacts = breakdowns.last_contact(COMPANY, now)
    assert [(row.from_days, row.until_days, row.devices) for row in contacts] == [
        (0, 1, 2), (1, 7, 1), (7, 30, 2), (30, 90, 1), (90, None, 1), (None, None, 1),
    ]  # fmt: skip
    unseen = breakdowns.not_seen(COMPANY, now)
    assert [(row.name, row.client) for row in unseen.devices] == [
        ("NEVER", "Oak"), ("PC-2184", "Acme"), ("PC-744", "Acme"),
    ]  # fmt: skip
    assert breakdowns.not_seen(COMPANY, now, limit=1).total == 3
    assert breakdowns.not_seen(client("us"), now) == breakdowns.UnseenDevices(0, ())
