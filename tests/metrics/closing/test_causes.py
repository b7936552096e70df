"""Why a closed value would differ, as each person may read it: a wage account's name and amounts reach nobody else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from collectors.facts.changed import FactChange
from collectors.facts.money import LedgerAccount
from metrics import closing, working
from metrics.models import LedgerCategory, Restatement
from metrics.periods import parse
from metrics.reading import COMPANY
from tests.metrics.rollup.world import day
from tests.metrics.stored_values import person
from tests.qbr.closing.late import change_amounts, close_with_amounts, waiting

pytestmark = pytest.mark.django_db
FEBRUARY = parse("2025-02")
SECRETS = ("employee_expense", "4,000.00", "4,250.00")
SAFE = "a ledger amount changed"


def told_to(who: User, row: Restatement) -> set[str]:
    """Every sentence that reaches a person about it."""
    this = closing.Asked(rows=[row.pk])
    listed = [each.cause for each in closing.restatements(who, this, *Restatement.Decision)]
    batched = [batch.cause for batch in closing.Batches(who)]
    lines = [line["cause"] for line in working.everything(who) if line["line"] == "restatement"]
    number = working.one(who, "total_expenses", COMPANY, FEBRUARY)
    assert number is not None and listed
    one = [line["cause"] for line in number["restatements"]]
    return {*listed, *batched, *lines, *one, *(each.words for each in closing.changes_of(who, [row]))}


def test_an_amount_of_wages_is_told_to_nobody_who_may_not_see_wages() -> None:
    [wages] = close_with_amounts("employee_expense")
    change_amounts(wages, amount="4250")
    row = waiting("total_expenses")
    assert all(secret in row.cause for secret in SECRETS)
    assert told_to(person("lee", "see_finance"), row) == {SAFE}
    assert told_to(person("kim", "see_finance", "see_wages"), row) == {row.cause}


@pytest.mark.parametrize("category", ["", "left_out", "other_expenses", "owner_compensation"])
def test_so_is_one_of_an_account_that_may_hold_wages(category: str) -> None:
    """Beside the total, the other expenses tell what wages come to; what nobody has decided on may be anything."""
    cost, other = close_with_amounts("cogs", category)
    changes = change_amounts(cost, other, amount="4250")
    told = closing.changes_of(person("lee", "see_finance"), [Restatement(changes=[change.pk for change in changes])])
    assert sorted(each.words for each in told) == [
        SAFE, "an amount dated back to Feb 2025: cogs 4,000.00 became 4,250.00",
    ]


def test_what_may_be_seen_stays_beside_what_may_not() -> None:
    cost, wages = close_with_amounts("cogs", "employee_expense")
    change_amounts(cost, wages, amount="4250")
    row = waiting("total_expenses")
    assert told_to(person("lee", "see_finance"), row) == {
        f"an amount dated back to Feb 2025: cogs 4,000.00 became 4,250.00; {SAFE}", SAFE,
        "an amount dated back to Feb 2025: cogs 4,000.00 became 4,250.00",
    }


def test_an_account_that_was_wages_at_any_time_is_one() -> None:
    [once] = close_with_amounts("cogs")
    LedgerCategory.objects.create(
        ledger_account=once.ledger_account, category="employee_expense", from_on=day("2025-05-01")
    )
    change_amounts(once, amount="4250")
    assert told_to(person("lee", "see_finance"), waiting("total_expenses")) == {SAFE}


def test_several_that_may_not_be_seen_are_counted() -> None:
    change_amounts(*close_with_amounts("employee_expense", "owner_compensation"), amount="4250")
    [listed] = [
        each for each in closing.restatements(person("lee", "see_finance"))
        if each.metric.key == "total_expenses" and each.period == FEBRUARY
    ]
    assert listed.cause == "2 ledger amounts changed"


def test_a_cause_whose_rows_are_kept_no_longer_names_none_of_them() -> None:
    change_amounts(*close_with_amounts("employee_expense"), amount="4250")
    row = waiting("total_expenses")
    FactChange.objects.all().delete()
    assert told_to(person("lee", "see_finance"), row) == {"changed at the source"}
    assert told_to(person("kim", "see_finance", "see_wages"), row) == {row.cause}


def test_no_page_and_no_command_tells_it(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    wages, _ = close_with_amounts("employee_expense", "cogs")
    wages.link = "https://books.example/wages/9"
    LedgerAccount.objects.filter(pk=wages.ledger_account_id).update(name="Pay of staff")
    change_amounts(wages, amount="4250")
    row = waiting("total_expenses")
    lee = person("lee", "see_finance", "enter_numbers")
    client.force_login(lee)
    number = f"{reverse('number', args=['total_expenses'])}?period=2025-02"
    pages = [
        reverse("restatements"), reverse("restatement", args=[row.pk]), number, f"{number}&whole=1",
        f"{reverse('client')}?period=2025-02", reverse("period", args=["2025-02"]),
    ]
    before = [client.get(path).content.decode() for path in pages]
    closing.accept([row], None, "The sheet was wrong")
    after = [client.get(path).content.decode() for path in (*pages, f"{reverse('restatements')}?decision=accepted")]
    call_command("explain", "total_expenses", "2025-02", "--as", "lee")
    call_command("explain", "total_expenses", "2025-02", "--as", "lee", "--json")
    for text in (*before, *after, capsys.readouterr().out):
        assert not [secret for secret in ("Pay of staff", "4,250.00", "books.example") if secret in text]
    assert SAFE in before[1].lower() and SAFE in before[0].lower() and SAFE in after[-1].lower()


def test_an_account_without_a_category_is_named_before_a_close_only_to_who_may_see_wages(client: Client) -> None:
    close_with_amounts("")
    closing.reopen(parse("2025-Q1"), None, "Not decided")
    told = {}
    for who in (person("lee", "see_finance", "enter_numbers"), person("kim", "see_finance", "see_wages")):
        client.force_login(who)
        told[who.username] = "Unmapped (4,000.00)" in client.get(reverse("period", args=["2025-02"])).content.decode()
    assert told == {"lee": False, "kim": True}
