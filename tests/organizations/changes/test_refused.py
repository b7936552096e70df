"""What cannot be is refused in a sentence."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import User

from collectors.facts.shapes import EARLIEST
from organizations import changes
from organizations.changes import Refused
from organizations.models import AccountLink, Organization, OrganizationChange
from tests.organizations.changes.conftest import AUGUST, JUNE, MARCH, linked
from tests.organizations.conftest import MakeAccount, MakeOrganization


def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    acme, beta, empty = (make_organization(name) for name in ("Acme", "Beta", "Empty"))
    us = make_organization("Us", kind=Organization.Kind.INTERNAL)
    former = make_organization("Former", client_to=MARCH)
    coming = make_organization("Coming", client_from=AUGUST)
    away = make_organization("Away", merged_into=beta)
    account, others = linked(make_account("Ours"), (JUNE, acme)), linked(make_account("B"), (EARLIEST, beta))
    linked(make_account(), (EARLIEST, coming)), linked(make_account(), (EARLIEST, us))
    waiting = make_account("Waiting")
    why = {"reason": "Because"}
    refusals = {
        "“Acme” cannot be merged into itself": lambda: changes.merge(acme, acme, person, **why),
        "“Away” has been merged into “Beta”": lambda: changes.merge(away, acme, person, **why),
        "“Away” has been merged into “Beta”.": lambda: changes.merge(acme, away, person, **why),
        "“Empty” holds no account from 1 Jun 2024 on": lambda: changes.merge(
            empty, acme, person, starts_on=JUNE, **why),
        "“Us” is the company itself and “Acme” is not": lambda: changes.merge(us, acme, person, **why),
        "“Us” is the company itself and “Acme” is not:": lambda: changes.merge(acme, us, person, **why),
        "“Former” is a client no more from 1 Mar 2024 on": lambda: changes.merge(
            acme, former, person, starts_on=JUNE, **why),
        "“Coming” is a client only from 1 Aug 2024 on": lambda: changes.merge(
            coming, acme, person, starts_on=JUNE, **why),
        "Give a reason": lambda: changes.merge(acme, beta, person, reason=" \n "),
        "1 Jan 1066 is out of reason": lambda: changes.merge(
            acme, beta, person, starts_on=date(1066, 1, 1), **why),
        "is out of reason": lambda: changes.merge(acme, beta, person, starts_on=date(2999, 1, 1), **why),
        "Choose at least one account": lambda: changes.split(acme, [], "Part", person, **why),
        "Give a name": lambda: changes.split(acme, [account], " ", person, starts_on=JUNE, **why),
        "“B” is not “Acme”'s on 1 Jun 2024": lambda: changes.split(
            acme, [account, others], "Part", person, starts_on=JUNE, **why),
        "“Ours” is not “Acme”'s on 1 Mar 2024": lambda: changes.split(
            acme, [account], "Part", person, starts_on=MARCH, **why),
        "“Ours” is no client's in the beginning. It is “Acme”'s from 1 Jun 2024 on": lambda: changes.move(
            account, beta, person, **why),
        "“Waiting” is no client's in the beginning. Link it": lambda: changes.move(waiting, beta, person, **why),
        "“B” is “Beta”'s in the beginning already": lambda: changes.move(others, beta, person, **why),
        "“Former” is a client no more": lambda: changes.move(others, former, person, starts_on=JUNE, **why),
        "Give a name without": lambda: changes.rename(acme, "Ac\x00me", person, **why),
        "too long": lambda: changes.rename(acme, "A" * 201, person, **why),
        "“Acme” is its name already": lambda: changes.rename(acme, "Acme", person, **why),
        "“Us” is the company itself": lambda: changes.make_former(us, person, starts_on=JUNE, **why),
        "Say from which day": lambda: changes.make_former(acme, person, starts_on=EARLIEST, **why),
        "“Former” is a client no more from 1 Mar 2024 on already": lambda: changes.make_former(
            former, person, starts_on=MARCH, **why),
        "“Coming” is a client only from": lambda: changes.make_former(coming, person, starts_on=JUNE, **why),
    }
    links, organizations = list(AccountLink.objects.values()), list(Organization.objects.values())
    for sentence, act in refusals.items():
        with pytest.raises(Refused, match=sentence):
            act()
    assert list(AccountLink.objects.values()) == links
    assert list(Organization.objects.values()) == organizations
    assert not OrganizationChange.objects.exists()
