"""One client is one client: mapped from untidy evidence, it has the numbers it has where every system uses one id."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from organizations.models import AccountLink, Organization
from tests.six_systems import differing, rolled_up, same_id_everywhere, six_systems

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


def test_mapped_by_evidence_and_people_or_by_one_id_everywhere_each_client_has_the_same_numbers(settings: Any) -> None:
    with six_systems(settings, clients=12, months=4) as world:
        call_command("link_accounts", verbosity=0)
        linked = world.owners()
        assert linked.items() <= world.truth.items()  # what evidence decided is right
        assert world.decide_the_rest() > 5  # and it leaves open what it cannot know
        assert world.owners() == world.truth
        untidy = rolled_up()

        same_id_everywhere(world)
        assert not Organization.objects.exists()
        call_command("link_accounts", verbosity=0)
        assert not AccountLink.objects.filter(method=AccountLink.Method.PERSON).exists()
        told = {account: whose for account, whose in world.truth.items() if whose}
        assert world.owners() == told  # what is nobody's waits, and nothing else does
        world.decide_the_rest()  # as in the other world: what is ignored counts not even for the company
        tidy = rolled_up()

    clients = {key for key in tidy if key[0] == "organization"}
    assert {key[1] for key in clients} == set(told.values())
    assert {key[3] for key in clients} == {"month", "quarter", "year"}
    assert sum(tidy[key][0] is not None and tidy[key][0] > 0 for key in clients) > 1000
    assert differing(untidy, tidy) == {}
