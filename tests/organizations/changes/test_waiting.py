"""Who decides on accounts and who changes organizations wait for each other, and never in a circle."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import pytest
from django.db import connection, connections, transaction

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from metrics.admin import change_preview
from organizations import changes, linking
from organizations.changes import Refused
from organizations.models import AccountLink, Organization, OrganizationChange
from tests.organizations.changes.conftest import linked
from tests.organizations.conftest import MakeAccount, MakeOrganization

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND cardinality(pg_blocking_pids(pid)) > 0"


def beside(act: Callable[[], object]) -> Callable[[], object]:
    """Another connection begins this and waits for us by now; what comes back tells, once we let go, how it ended."""
    pids: list[int] = []
    answered: list[object] = []

    def do() -> None:
        try:
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
            answered.append(act())
        except Exception as problem:
            answered.append(problem)
        finally:
            connections["default"].close()

    def outcome() -> object:
        other.join()
        return answered[0]

    other = Thread(target=do)
    other.start()
    while not answered and not (pids and waits(pids[0])):
        pass
    assert not answered, answered
    return outcome


def waits(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [pid])
        return bool(cursor.fetchone()[0])


def owner(account: Account) -> Organization | None:
    return AccountLink.objects.current().get(account=account).organization


@pytest.fixture
def gone(make_organization: MakeOrganization) -> Organization:
    return make_organization("Gone")


@pytest.fixture
def stays(make_organization: MakeOrganization) -> Organization:
    return make_organization("Stays")


def test_a_merge_waits_for_who_decides_on_an_account_and_then_on_whose_it_is(
    make_account: MakeAccount, gone: Organization, stays: Organization
) -> None:
    account = linked(make_account(), (EARLIEST, gone))
    with transaction.atomic():
        linking.hold([account.pk])
        outcome = beside(lambda: changes.merge(gone, stays, None, reason="One client"))
        linking.link(account, gone, None)
    assert isinstance(outcome(), OrganizationChange)
    assert owner(account) == stays


def test_who_links_waits_for_a_change_that_is_confirmed(
    make_account: MakeAccount, gone: Organization, stays: Organization
) -> None:
    account = linked(make_account(), (EARLIEST, gone))
    with transaction.atomic():
        change_preview.hold([gone.pk, stays.pk])
        outcome = beside(lambda: linking.link(account, gone, None))
        changes.merge(gone, stays, None, reason="One client")
    assert isinstance(outcome(), AccountLink)
    assert owner(account) == stays


def test_undoing_a_change_waits_for_who_decides_on_its_accounts(
    make_account: MakeAccount, gone: Organization, stays: Organization
) -> None:
    account = linked(make_account(), (EARLIEST, gone))
    change = changes.merge(gone, stays, None, reason="One client")
    with transaction.atomic():
        linking.hold([account.pk])
        outcome = beside(lambda: changes.undo(change, None))
        linking.link(account, gone, None)
    assert isinstance(outcome(), OrganizationChange)
    assert owner(account) == gone


def test_a_merge_is_refused_where_an_account_came_while_it_waited(
    make_account: MakeAccount, gone: Organization, stays: Organization
) -> None:
    linked(make_account(), (EARLIEST, gone))
    late = make_account()
    with transaction.atomic():
        linking.link(late, gone, None)
        outcome = beside(lambda: changes.merge(gone, stays, None, reason="One client"))
    refused = outcome()
    assert isinstance(refused, Refused) and "try again" in str(refused)
    assert owner(late) == gone
