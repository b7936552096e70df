"""What people decide in the admin, and that deciding asks for a roll-up."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Touched
from collectors.models import Connection, LedgerAccount, LedgerBalance, Queue
from metrics.models import Goal, LedgerCategory, OsLifecycle, QueueKind, Rule
from metrics.settings import in_force

pytestmark = pytest.mark.django_db

QUEUES = "/admin/collectors/queue/"
LEDGER = "/admin/collectors/ledgeraccount/"
SHORT_WEEK = {"days": [1, 2], "from": "09:00", "to": "17:00"}


@pytest.fixture
def boss(client: Client) -> User:
    user = User.objects.create(username="boss", is_superuser=True, is_staff=True)
    client.force_login(user)
    return user


@pytest.fixture
def desk() -> Connection:
    return Connection.objects.create(vendor="connectwise_psa", label="Desk")


def queue(connection: Connection, name: str, kind: str = "") -> Queue:
    made = Queue.objects.create(connection=connection, external_id=name, name=name)
    if kind:
        QueueKind.objects.create(queue=made, kind=kind)
    return made


def results(client: Client, address: str) -> list[str]:
    found = client.get(address).context["cl"].result_list
    return [str(row) for row in found]


def test_undecided_queues_come_first(client: Client, boss: User, desk: Connection) -> None:
    queue(desk, "Alerts", "internal")
    queue(desk, "Help Desk")
    queue(desk, "Zoo", "undecided")
    queue(desk, "Before")
    Queue.objects.filter(name="Before").update(retired_on=date(2025, 1, 1))
    assert results(client, QUEUES) == ["Help Desk", "Zoo", "Alerts"]
    page = client.get(QUEUES).content.decode()
    assert page.count("<strong>Undecided</strong>") == 2


def test_one_kind_for_all_selected(client: Client, boss: User, desk: Connection) -> None:
    chosen = [queue(desk, name).pk for name in ("Help Desk", "Triage")]
    other = queue(desk, "Projects")
    Touched.objects.all().delete()
    answer = client.post(QUEUES, {
        "action": "decide_for_all", "_selected_action": chosen, "decision": "reactive", "from_on": "",
        "note": "asked Jo",
    }, follow=True)
    assert "2 decided" in answer.content.decode()
    found = QueueKind.objects.order_by("queue").values_list("queue", "kind", "from_on", "note", "by")
    assert list(found) == [(pk, "reactive", EARLIEST, "asked Jo", boss.pk) for pk in sorted(chosen)]
    assert not other.kinds.exists()  # type: ignore[attr-defined]
    assert Touched.objects.exists()


def test_a_decision_may_begin_on_a_day_and_the_one_before_stays(client: Client, boss: User, desk: Connection) -> None:
    made = queue(desk, "Help Desk", "project")
    client.post(QUEUES, {
        "action": "decide_for_all", "_selected_action": [made.pk], "decision": "reactive", "from_on": "2025-03-01",
        "note": "",
    })
    kinds = QueueKind.objects.order_by("from_on").values_list("kind", "from_on")
    assert list(kinds) == [("project", EARLIEST), ("reactive", date(2025, 3, 1))]


def test_without_a_choice_nothing_is_decided_and_it_says_so(client: Client, boss: User, desk: Connection) -> None:
    made = queue(desk, "Help Desk")
    answer = client.post(QUEUES, {
        "action": "decide_for_all", "_selected_action": [made.pk], "decision": "", "from_on": "", "note": "",
    }, follow=True)
    assert "Choose the queue kind" in answer.content.decode()
    assert not QueueKind.objects.exists()


def test_a_queue_is_the_vendors_and_only_its_decisions_can_be_changed(
    client: Client, boss: User, desk: Connection
) -> None:
    made = queue(desk, "Help Desk")
    assert client.get(f"{QUEUES}add/").status_code == 403
    answer = client.post(f"{QUEUES}{made.pk}/change/", {
        "name": "Renamed", "kinds-TOTAL_FORMS": "1", "kinds-INITIAL_FORMS": "0", "kinds-0-queue": made.pk,
        "kinds-0-kind": "reactive", "kinds-0-from_on": "2025-01-01", "kinds-0-note": "the desk",
    })
    assert answer.status_code == 302
    made.refresh_from_db()
    assert made.name == "Help Desk"
    assert list(QueueKind.objects.values_list("kind", "note", "by")) == [("reactive", "the desk", boss.pk)]
    assert Touched.objects.exists()


def test_unmapped_ledger_accounts_come_first_those_with_most_money_above(
    client: Client, boss: User, desk: Connection
) -> None:
    this_month = timezone.now().date().replace(day=1)
    amounts = (("Rent", "expense", "100", ""), ("Support", "income", "900", ""), ("Mapped", "income", "5000", "mrr"))
    for name, side, amount, category in amounts:
        account = LedgerAccount.objects.create(connection=desk, external_id=name, name=name, side=side)
        LedgerBalance.objects.create(
            connection=desk, external_id=name, ledger_account=account, month=this_month, basis="Accrual",
            amount=Decimal(amount),
        )
        if category:
            LedgerCategory.objects.create(ledger_account=account, category=category)
    LedgerAccount.objects.create(connection=desk, external_id="Bank", name="Bank", side="none")
    assert results(client, LEDGER) == ["Support", "Rent", "Mapped"]
    assert "5,000.00" in client.get(LEDGER).content.decode()
    support = LedgerAccount.objects.get(name="Support")
    client.post(LEDGER, {
        "action": "decide_for_all", "_selected_action": [support.pk], "decision": "mrr", "from_on": "", "note": "",
    })
    assert list(LedgerCategory.objects.filter(ledger_account=support).values_list("category", flat=True)) == ["mrr"]


def test_lists_cost_the_same_number_of_statements_however_long(
    client: Client, boss: User, desk: Connection, django_assert_max_num_queries: object
) -> None:
    for number in range(40):
        queue(desk, f"Queue {number}", "reactive" if number % 2 else "")
        LedgerAccount.objects.create(connection=desk, external_id=str(number), name=str(number), side="income")
    for address in (QUEUES, LEDGER):
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            assert client.get(address).status_code == 200


@pytest.mark.parametrize(("key", "text", "value"), [
    ("hours_per_month", "173.33", "173.33"), ("spare_pattern", "^(spare|pool)", "^(spare|pool)"),
    ("closed_statuses", "Done\nCancelled, Invoiced", ["Done", "Cancelled", "Invoiced"]), ("fiscal_year_start", "7", 7),
    ("business_hours", json.dumps(SHORT_WEEK), SHORT_WEEK),
])
def test_a_rule_is_kept_from_a_day_on_in_its_own_shape(
    client: Client, boss: User, key: str, text: str, value: object
) -> None:
    answer = client.post(
        "/admin/metrics/rule/add/", {"key": key, "value": text, "from_on": "2025-01-01", "note": "agreed"}
    )
    assert answer.status_code == 302
    assert in_force(key, date(2025, 1, 1)) == value
    assert in_force(key, date(2024, 12, 31)) != value
    assert Rule.objects.get().by == boss
    assert Touched.objects.exists()
    page = client.get(f"/admin/metrics/rule/{Rule.objects.get().pk}/change/").content.decode()
    assert "agreed" in page
    assert client.get("/admin/metrics/rule/").status_code == 200


def test_a_rule_without_a_day_holds_since_ever_and_is_shown_so(client: Client, boss: User) -> None:
    client.post("/admin/metrics/rule/add/", {"key": "hours_per_month", "value": "160", "from_on": "", "note": ""})
    rule = Rule.objects.get()
    assert rule.from_on == EARLIEST
    assert "0001" not in client.get(f"/admin/metrics/rule/{rule.pk}/change/").content.decode()


@pytest.mark.parametrize(("key", "text", "sentence"), [
    ("hours_per_month", "many", "is not a number"), ("spare_pattern", "(", "pattern"),
    ("fiscal_year_start", "2", "starts in month 1, 4, 7 or 10"), ("business_hours", "nine to five", "Write it like"),
    ("endpoint_kinds", "toaster", "There is no kind"),
])
def test_a_rule_that_makes_no_sense_is_refused_in_a_sentence(
    client: Client, boss: User, key: str, text: str, sentence: str
) -> None:
    answer = client.post("/admin/metrics/rule/add/", {"key": key, "value": text, "from_on": "2025-01-01", "note": ""})
    assert sentence in answer.content.decode()
    assert not Rule.objects.exists()


def test_a_goal_has_a_day_a_direction_and_a_warning_line_on_the_kinder_side(client: Client, boss: User) -> None:
    goal = {"metric": "rhem", "from_on": "2025-01-01", "direction": "at_most", "target": "0.25"}
    refused = client.post("/admin/metrics/goal/add/", goal | {"warn_at": "0.2"})
    assert "The warning line lies above the target" in refused.content.decode()
    assert client.post("/admin/metrics/goal/add/", goal | {"warn_at": "0.35"}).status_code == 302
    assert Goal.objects.get().warn_at == Decimal("0.35")
    assert "RHEM" in client.get("/admin/metrics/goal/").content.decode()


SYSTEMS = "/admin/metrics/oslifecycle/"


def test_operating_systems_are_listed_with_their_day_and_source_and_told_apart_by_support(
    client: Client, boss: User
) -> None:
    page = client.get(SYSTEMS).content.decode()
    assert "Windows 7" in page and "https://learn.microsoft.com/lifecycle/products/windows-7" in page
    assert "Windows 7" in results(client, f"{SYSTEMS}?supported=no")
    assert "Windows 7" not in results(client, f"{SYSTEMS}?supported=yes")
    assert "Windows Server 2025" in results(client, f"{SYSTEMS}?supported=yes")
    today = timezone.localdate()
    OsLifecycle.objects.create(name="Until today", pattern="x", supported_until=today)
    assert "Until today" in results(client, f"{SYSTEMS}?supported=yes")


def test_an_operating_system_that_is_added_asks_for_a_roll_up_and_says_how_it_is_told(
    client: Client, boss: User
) -> None:
    page = client.get(f"{SYSTEMS}add/").content.decode()
    assert "Where several rows match a device the highest counts" in page
    assert "The last day of support." in page
    given = {
        "name": "Our own", "pattern": "windows 7", "version_pattern": "", "supported_until": "2030-01-01", "rank": "10",
        "source": "", "note": "bought",
    }
    assert client.post(f"{SYSTEMS}add/", {**given, "pattern": "windows ("}).status_code == 200
    assert not Touched.objects.exists()
    assert client.post(f"{SYSTEMS}add/", given).status_code == 302
    assert OsLifecycle.objects.get(name="Our own").rank == 10
    assert [mark.entity for mark in Touched.objects.all()] == ["OsLifecycle"]
