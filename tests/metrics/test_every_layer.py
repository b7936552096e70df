"""Every metric of the further layers beside a case worked by hand, and beside a statement written for it alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from collectors.facts.backups import Backup, BackupRun, BackupState, RecoveryTest
from collectors.facts.estate import Alert
from collectors.facts.posture import Incident
from collectors.facts.readings import Reading
from metrics import rollup
from metrics.definitions import CATALOGUE
from metrics.models import State
from organizations.models import Organization
from tests.metrics.rollup.layers import Layers, known
from tests.metrics.rollup.world import World, at, day, disagreeing, mark, state, value

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
MONTH_ENDS = ("2025-02-28", "2025-03-31")

# March 2025 of the world below, for the company and for Acme.
BY_HAND: dict[str, tuple[str, str]] = {
    "devices_with_patch_state": ("5", "3"), "devices_patched": ("2", "1"), "devices_many_patches_missing": ("1", "1"),
    "devices_not_restarted": ("1", "1"), "devices_with_restart_known": ("3", "2"), "licensed_users": ("1", "1"),
    "devices_with_antivirus_state": ("5", "3"),
    "devices_without_antivirus": ("2", "2"), "devices_antivirus_current": ("2", "1"),
    "devices_out_of_support": ("2", "2"), "devices_support_ends_soon": ("1", "0"),
    "devices_out_of_warranty": ("1", "1"), "devices_warranty_due": ("2", "2"),
    "alerts_raised": ("3", "2"), "alerts_serious": ("2", "2"), "alerts_open": ("3", "2"),
    "continuity_backups": ("4", "2"), "continuity_failing_48_hours": ("2", "1"),
    "continuity_failing_7_days": ("1", "0"), "saas_backups": ("2", "1"), "saas_failing_48_hours": ("2", "1"),
    "saas_failing_7_days": ("1", "1"), "backup_runs": ("6", "5"), "backup_runs_good": ("4", "3"),
    "continuity_recovery_known": ("4", "2"), "continuity_recovery_tested": ("1", "1"),
    "servers_managed": ("3", "2"), "servers_backed_up": ("2", "2"),
    "devices_protected": ("2", "1"), "incidents": ("2", "1"), "incidents_serious": ("1", "1"),
    "incidents_open": ("2", "1"), "secure_score_points": ("75.5", "30"), "secure_score_of": ("151", "60"),
    "people_signing_in": ("3", "2"), "people_without_mfa": ("1", "1"), "tenant_incidents": ("2", "2"),
    "tenant_incidents_serious": ("1", "1"), "tenant_incidents_open": ("1", "1"), "computers_controlled": ("3", "1"),
    "license_seats": ("17", "12"), "license_seats_assigned": ("10", "10"), "license_seats_unused": ("3", "3"),
    "license_spend": ("170", "120"), "license_charges": ("200", "200"),
}
WORKED_OUT = {
    "patch_compliance": "40", "devices_restarted": "66.66666667",
    "antivirus_coverage": "40", "backup_success": "66.66666667", "recovery_tested": "25",
    "backup_coverage": "66.66666667", "servers_not_backed_up": "1", "edr_coverage": "33.33333333",
    "devices_unprotected": "4",
    "secure_score": "50", "mfa_coverage": "66.66666667", "license_use": "58.82352941",
}


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Organization:
    known(monkeypatch)
    world = World()
    layers = Layers(world, listed=MONTH_ENDS)
    for text in MONTH_ENDS:
        layers.list("rmm", "Asset", text)
    acme, beta, ours = world.client("acme"), world.client("beta"), world.client("ours", kind="internal")
    _devices(world, layers, acme, beta, ours)
    _backups(layers, acme, beta)
    _security(layers, acme, beta)
    _licences(layers, acme, beta)
    rollup.run("test", now=NOW)
    return acme


def _devices(world: World, layers: Layers, acme: Organization, beta: Organization, ours: Organization) -> None:
    a, b, o = (layers.account(of, "rmm") for of in (acme, beta, ours))
    world.device(
        a, name="ws-1", serial="SER-11111", hostname="ws-1", os="Windows 10 Pro", os_version="10.0.19045",
        patches_missing=0, antivirus="protected", booted_on=day("2025-03-20"), warranty_until=day("2025-03-31"),
    )
    world.device(
        a, name="ws-2", os="Windows 7 Professional", os_version="6.1.7601", patches_missing=6, antivirus="missing",
        booted_on=day("2025-02-28"), warranty_until=day("2025-03-30"),
    )
    world.device(
        a, "server", "srv-1", serial="SRV-33333", os="Windows Server 2012 R2", patches_missing=5, antivirus="off",
        warranty_until=day("2025-06-28"),
    )
    world.device(
        a, "server", "srv-2", hostname="srv-2", os="Windows Server 2016", warranty_until=day("2025-06-29")
    )
    world.device(
        b, "server", "srv-3", serial="SRV-55555", os="Windows 11 Pro", os_version="10.0.26100", patches_missing=1,
        antivirus="outdated", booted_on=day("2025-03-01"),
    )
    world.device(b, name="ws-6", hostname="ws-6", os="macOS 13.6", patches_missing=0, antivirus="protected")
    for account, kind, name in ((b, "workstation", "SPARE-1"), (o, "workstation", "ours"), (a, "network", "sw-9")):
        world.device(
            account, kind, name, hostname=name, os="Windows 7", patches_missing=9, antivirus="missing",
            booted_on=day("2024-12-01"), warranty_until=day("2025-01-01"),
        )
    layers.raised(Alert, a, "rmm", "2025-03-05", "2025-03-06", severity="critical")
    layers.raised(Alert, a, "rmm", "2025-02-10", severity="high")
    layers.raised(Alert, b, "rmm", "2025-03-31", severity="low")
    layers.raised(Alert, a, "rmm", "2025-03-10", "2025-04-01", severity="high")
    layers.raised(Alert, o, "rmm", "2025-03-10", severity="critical")
    layers.raised(Alert, a, "edr", "2025-03-10", severity="critical")
    layers.raised(Alert, a, "rmm", "2025-03-12", severity="critical", retired_on=date(2025, 3, 13))


def _backups(layers: Layers, acme: Organization, beta: Organization) -> None:
    a, b = (layers.account(of, "backup") for of in (acme, beta))
    good = layers.backup(a, serial="srv-33333")
    layers.ran(good, "2025-03-30")
    layers.tried(good, "2025-02-01")
    late = layers.backup(a, hostname="SRV-2.acme.test")
    for on, outcome in (("2025-03-29", "succeeded"), ("2025-03-30", "failed"), ("2025-03-31", "failed")):
        layers.ran(late, on, outcome)
    layers.tried(late, "2024-12-29")  # 92 days before: not in the last 92
    layers.tried(layers.backup(b, hostname="unknown-1"), "2025-03-10", passed=False)  # never had a good run
    layers.backup(b, since="2025-03-30", hostname="new-1")  # too new to be late
    layers.backup(a, paused=True)
    layers.ran(layers.backup(a, "saas"), "2025-03-24")
    layers.ran(layers.backup(b, "saas"), "2025-03-25", "warned")


def _security(layers: Layers, acme: Organization, beta: Organization) -> None:
    a, b = (layers.account(of, "edr") for of in (acme, beta))
    for serial in ("ser-11111", "SER-11111 "):  # two agents on one device
        layers.agent(a, serial=serial)
    layers.agent(a, name="sw-9", hostname="sw-9")  # no endpoint
    layers.agent(b, hostname="WS-6")
    layers.agent(b, hostname="gone")
    layers.raised(Incident, a, "edr", "2025-03-02", "2025-03-03", severity="high")
    layers.raised(Incident, b, "edr", "2025-03-15", severity="low")
    layers.raised(Incident, a, "edr", "2025-03-16", severity="critical", dismissed=True)
    layers.raised(Incident, a, "edr", "2025-02-01", severity="medium")
    t, u = (layers.account(of, "tenant") for of in (acme, beta))
    layers.raised(Incident, t, "tenant", "2025-03-04", severity="critical")
    layers.raised(Incident, t, "tenant", "2025-03-05", "2025-03-05", severity="low")
    layers.check(t, "30", "60")
    layers.check(u, "45.5", "91")
    layers.check(t, "7", "10", name="another")
    layers.seat(t, True, enabled=True, licensed=True, guest=False)
    layers.seat(t, False)
    layers.seat(t, None)
    layers.seat(t, False, guest=True)
    layers.seat(t, False, enabled=False)
    layers.seat(t, False, licensed=False)
    layers.seat(u, True)
    for account in (layers.account(acme, "control"), layers.account(beta, "control"), None):
        layers.agent(account, "control")


def _licences(layers: Layers, acme: Organization, beta: Organization) -> None:
    a, b = (layers.account(of, "tenant") for of in (acme, beta))
    layers.license(a, product="Business Premium", sku="SPB", seats=10, assigned=7)
    layers.license(a, product="Exchange", sku="EX", seats=2, assigned=3)  # more than bought: none unused
    layers.license(a, product="Power BI (free)", sku="PBI", seats=1000, assigned=3)
    layers.license(a, product="Visio", sku="V", seats=25, assigned=1, trial=True)
    layers.license(a, product="Project", sku="P", seats=5, assigned=5, suspended=True)
    layers.license(b, product="Visio", sku="V", seats=5)  # it is not told how many are assigned
    p, q = (layers.account(of, "marketplace") for of in (acme, beta))
    layers.license(p, "marketplace", seats=10, unit_cost=12, unit_price=20, cycle_months=1)
    layers.license(p, "marketplace", seats=100, unit_cost=1, unit_price=1, cycle_months=1, trial=True)
    layers.license(q, "marketplace", seats=5, unit_cost=120, cycle_months=12)
    layers.license(q, "marketplace", seats=5, unit_cost=5)  # over how many months is not told
    layers.license(q, "marketplace", seats=5, unit_cost=5, cycle_months=0)


def test_every_metric_of_a_layer_agrees_with_a_case_worked_by_hand(acme: Organization) -> None:
    differ = {
        (key, of): (expected, found.value, found.state)
        for key, (company, theirs) in BY_HAND.items()
        for of, expected in ((None, company), (acme, theirs)) for found in [value(key, "2025-03", of)]
        if (found.value, found.state) != (Decimal(expected), State.MEASURED)
    }
    assert not differ


def test_what_is_worked_out_of_them_agrees(acme: Organization) -> None:
    assert {key: value(key, "2025-03").value for key in WORKED_OUT} == {
        key: Decimal(text) for key, text in WORKED_OUT.items()
    }


def test_every_metric_of_a_layer_has_a_case() -> None:
    made = {key for key, metric in CATALOGUE.items() if metric.requirement in ("R18", "R19", "R20", "R21")}
    assert made >= BY_HAND.keys() | WORKED_OUT.keys()
    assert {key for key in made if key not in BY_HAND and key not in WORKED_OUT} <= OLDER


OLDER = {"endpoints_managed", "seats_managed"}

ESTATE = """
    FROM asset_state s JOIN asset a ON a.id = s.thing_id
    WHERE a.layer = 'rmm' AND s.until_on = '9999-12-31' AND s.kind IN ('workstation', 'server', 'vm_host')
    AND s.name NOT ILIKE 'spare%' AND s.account_id NOT IN (
        SELECT account_id FROM account_link k JOIN organization o ON o.id = k.organization_id
        WHERE o.kind = 'internal') AND"""
OLD = "(s.os LIKE 'Windows 7%' OR s.os LIKE '%Server 2012%')"
ALERTS = """
    FROM alert x JOIN account_link k USING (account_id) JOIN organization o ON o.id = k.organization_id
    WHERE x.layer = 'rmm' AND x.retired_on IS NULL AND o.kind = 'client' AND"""
IN_MARCH = "to_char({}, 'YYYY-MM') = '2025-03'"
RAISED = IN_MARCH.format("x.raised_on")
OPEN = "x.raised_on <= '2025-03-31' AND coalesce(x.resolved_on, '2099-01-01') > '2025-03-31'"
INCIDENTS = "FROM incident x WHERE NOT x.dismissed AND"
BACKUPS = "FROM backup b JOIN backup_state s ON s.thing_id = b.id WHERE NOT s.paused AND s.kind ="
GOOD_SINCE = """
    s.from_on <= date '2025-03-31' - {0} AND b.id NOT IN (
        SELECT backup_id FROM backup_run WHERE outcome IN ('succeeded', 'warned')
        AND finished_on BETWEEN date '2025-03-31' - {0} + 1 AND '2025-03-31')"""
PEOPLE = """
    FROM seat_state WHERE coalesce(enabled, true) AND NOT coalesce(guest, false) AND coalesce(licensed, true) AND"""
PAID = """
    FROM license_state s JOIN license l ON l.id = s.thing_id WHERE l.layer = 'tenant' AND NOT trial AND NOT suspended
    AND product NOT ILIKE '%free%'"""
BOUGHT = """
    FROM license_state s JOIN license l ON l.id = s.thing_id WHERE l.layer = 'marketplace' AND NOT trial
    AND cycle_months > 0"""
SAME = """
    FROM asset_state s JOIN asset a ON a.id = s.thing_id JOIN account_link k ON k.account_id = s.account_id
    WHERE a.layer = 'rmm' AND s.kind IN ({kinds}) AND EXISTS (
        SELECT 1 FROM {other} x JOIN {other}_state y ON y.thing_id = x.id JOIN account_link z USING (account_id)
        WHERE z.organization_id = k.organization_id AND x.id <> a.id {layer}
        AND (trim(lower(x.serial)) = lower(nullif(a.serial, ''))
             OR lower(split_part(x.hostname, '.', 1)) = nullif(a.hostname, '')))"""
INDEPENDENT = {
    "devices_with_patch_state": f"SELECT count(patches_missing) {ESTATE} true",
    "devices_patched": f"SELECT count(*) {ESTATE} patches_missing = 0",
    "devices_many_patches_missing": f"SELECT count(*) {ESTATE} patches_missing > 5",
    "devices_not_restarted": f"SELECT count(*) {ESTATE} '2025-03-31' - booted_on > 30",
    "devices_with_restart_known": f"SELECT count(booted_on) {ESTATE} true",
    "licensed_users": "SELECT count(*) FROM seat_state WHERE licensed AND enabled IS NOT FALSE AND guest IS NOT TRUE",
    "devices_with_antivirus_state": f"SELECT count(nullif(antivirus, '')) {ESTATE} true",
    "devices_without_antivirus": f"SELECT count(*) {ESTATE} antivirus ~ 'missing|off'",
    "devices_antivirus_current": f"SELECT count(*) {ESTATE} antivirus = 'protected'",
    "devices_out_of_support": f"SELECT count(*) {ESTATE} {OLD}",
    "devices_support_ends_soon": f"SELECT count(*) {ESTATE} s.os LIKE 'macOS 13%'",
    "devices_out_of_warranty": f"SELECT count(*) {ESTATE} a.warranty_until <= '2025-03-30'",
    "devices_warranty_due": f"SELECT count(*) {ESTATE} a.warranty_until BETWEEN '2025-03-31' AND '2025-06-28'",
    "alerts_raised": f"SELECT count(*) {ALERTS} {RAISED}",
    "alerts_serious": f"SELECT count(*) {ALERTS} {RAISED} AND severity IN ('high', 'critical')",
    "alerts_open": f"SELECT count(*) {ALERTS} {OPEN}",
    "continuity_backups": f"SELECT count(*) {BACKUPS} 'continuity'",
    "continuity_failing_48_hours": f"SELECT count(*) {BACKUPS} 'continuity' AND {GOOD_SINCE.format(2)}",
    "continuity_failing_7_days": f"SELECT count(*) {BACKUPS} 'continuity' AND {GOOD_SINCE.format(7)}",
    "saas_backups": f"SELECT count(*) {BACKUPS} 'saas'",
    "saas_failing_48_hours": f"SELECT count(*) {BACKUPS} 'saas' AND {GOOD_SINCE.format(2)}",
    "saas_failing_7_days": f"SELECT count(*) {BACKUPS} 'saas' AND {GOOD_SINCE.format(7)}",
    "backup_runs": f"SELECT count(*) FROM backup_run WHERE {IN_MARCH.format('finished_on')}",
    "backup_runs_good": f"""
        SELECT count(*) FROM backup_run WHERE {IN_MARCH.format('finished_on')} AND outcome ~ 'succeeded|warned'""",
    "continuity_recovery_known": f"SELECT count(*) {BACKUPS} 'continuity'",
    "continuity_recovery_tested": f"""
        SELECT count(*) {BACKUPS} 'continuity' AND b.id IN (
            SELECT backup_id FROM recovery_test WHERE passed AND tested_on BETWEEN '2024-12-30' AND '2025-03-31')""",
    "servers_managed": f"SELECT count(*) {ESTATE} s.kind = 'server'",
    "servers_backed_up": "SELECT count(*)" + SAME.format(kinds="'server'", other="backup", layer=""),
    "devices_protected": "SELECT count(*)" + SAME.format(
        kinds="'workstation', 'server', 'vm_host'", other="asset", layer="AND x.layer = 'edr'"
    ),
    "incidents": f"SELECT count(*) {INCIDENTS} layer = 'edr' AND {RAISED}",
    "incidents_serious": f"SELECT count(*) {INCIDENTS} layer = 'edr' AND {RAISED} AND severity IN ('high', 'critical')",
    "incidents_open": f"SELECT count(*) {INCIDENTS} layer = 'edr' AND {OPEN}",
    "tenant_incidents": f"SELECT count(*) {INCIDENTS} layer = 'tenant' AND {RAISED}",
    "tenant_incidents_serious": f"""
        SELECT count(*) {INCIDENTS} layer = 'tenant' AND {RAISED} AND severity IN ('high', 'critical')""",
    "tenant_incidents_open": f"SELECT count(*) {INCIDENTS} layer = 'tenant' AND {OPEN}",
    "secure_score_points": """
        SELECT sum(score) FROM posture_check_state WHERE thing_id IN (
            SELECT id FROM posture_check WHERE name = 'secure_score')""",
    "secure_score_of": """
        SELECT sum(out_of) FROM posture_check_state WHERE thing_id IN (
            SELECT id FROM posture_check WHERE name = 'secure_score')""",
    "people_signing_in": f"SELECT count(mfa) {PEOPLE} true",
    "people_without_mfa": f"SELECT count(*) {PEOPLE} NOT mfa",
    "computers_controlled": "SELECT count(*) FROM asset WHERE layer = 'control'",
    "license_seats": f"SELECT sum(seats) {PAID}",
    "license_seats_assigned": f"SELECT sum(assigned) {PAID}",
    "license_seats_unused": f"SELECT sum(seats - assigned) {PAID} AND seats > assigned",
    "license_spend": f"SELECT sum(seats * unit_cost / cycle_months) {BOUGHT}",
    "license_charges": f"SELECT sum(seats * unit_price / cycle_months) {BOUGHT}",
}


def test_every_metric_of_a_layer_agrees_with_a_statement_written_on_its_own(acme: Organization) -> None:
    assert INDEPENDENT.keys() == BY_HAND.keys()
    assert disagreeing(INDEPENDENT, "2025-03") == {}


def test_what_no_row_of_a_client_tells_has_no_number_and_says_so(acme: Organization) -> None:
    beta = Organization.objects.get(slug="beta")
    for key in ("license_seats_assigned", "license_seats_unused", "license_charges", "devices_out_of_warranty",
                "licensed_users"):
        found = value(key, "2025-03", beta)
        assert (found.value, found.state, found.cause) == (None, State.NOT_COLLECTED, "the vendor does not tell"), key
    assert state("license_use", "2025-03", beta) == ("not collected", None)
    assert value("license_seats", "2025-03", beta).value == 5


def test_a_run_or_a_recovery_found_late_moves_the_months_that_look_back_at_it(acme: Organization) -> None:
    late = Backup.objects.get(hostname="SRV-2.acme.test")
    account = BackupState.objects.get(thing=late).account_id
    for row in (
        BackupRun(outcome="succeeded", finished_on=day("2025-03-30"), finished_at=at("2025-03-30")),
        RecoveryTest(passed=True, tested_on=day("2025-01-05"), tested_at=at("2025-01-05")),
    ):
        row.connection, row.external_id, row.backup, row.account_id = late.connection, "late", late, account
        row.save()
    mark("BackupRun", account or 0, "2025-03")
    mark("RecoveryTest", account or 0, "2025-01")
    rollup.run("test", now=NOW)
    assert value("continuity_failing_48_hours", "2025-03", acme).value == 0
    assert value("continuity_failing_48_hours", "2025-03").value == 1
    assert value("continuity_recovery_tested", "2025-03", acme).value == 2


def test_what_looks_back_at_runs_waits_until_these_are_read_as_far_as_the_listing(acme: Organization) -> None:
    of_runs = Reading.objects.filter(entity="BackupRun")
    of_runs.update(read_through=at("2025-03-20"))
    rollup.run("test", now=NOW)
    found = value("continuity_failing_48_hours", "2025-03", acme)
    assert (found.value, found.state) == (None, State.NOT_COLLECTED)
    assert found.cause == "backup runs read until 20 Mar 2025"
    assert value("continuity_backups", "2025-03", acme).value == 2  # that is listed, whatever ran
    assert value("continuity_recovery_tested", "2025-03", acme).value == 1
    assert value("continuity_failing_48_hours", "2025-02", acme).state == State.MEASURED
    of_runs.update(read_through=at("2025-04-02"))
    rollup.run("test", now=NOW)
    assert value("continuity_failing_48_hours", "2025-03", acme).value == 1


def test_a_system_that_tells_no_runs_or_recoveries_has_no_number_of_them(acme: Organization) -> None:
    Reading.objects.filter(entity__in=("BackupRun", "RecoveryTest")).delete()
    rollup.run("test", now=NOW)
    for key in ("continuity_failing_48_hours", "saas_failing_7_days", "continuity_recovery_tested"):
        found = value(key, "2025-03")
        assert (found.value, found.state, found.cause) == (None, State.NOT_COLLECTED, "the vendor does not tell"), key
    assert state("recovery_tested", "2025-03") == ("not collected", None)
    assert value("continuity_backups", "2025-03").value == 4


def test_recoveries_that_name_no_backup_say_nothing_of_any(acme: Organization) -> None:
    RecoveryTest.objects.update(backup=None)
    mark("RecoveryTest", 0, "2025-03")
    rollup.run("test", now=NOW)
    assert state("recovery_tested", "2025-03") == ("not collected", None)
    RecoveryTest.objects.all().delete()  # none was tried, and that is told
    rollup.run("test", now=NOW, everything=True)
    assert value("recovery_tested", "2025-03").value == 0


def test_our_own_records_count_in_no_layer_and_are_said_not_to_apply(acme: Organization) -> None:
    ours = Organization.objects.get(slug="ours")
    for key in ("alerts_raised", "alerts_open", "devices_patched"):
        found = value(key, "2025-03", ours)
        assert (found.value, found.state, found.cause) == (None, State.NOT_APPLICABLE, "our own are not counted"), key
