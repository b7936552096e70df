"""The referee of matching: it counts rightly, sees wrong links, and leaves nothing behind."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from collectors.facts.accounts import Account
from collectors.sandbox.labelled import LabelledAccount, labelled_world
from organizations import linking
from organizations.evaluation import BadRow, evaluate, from_csv
from organizations.evaluation.apart import tables_apart
from organizations.linking import Decision, decide
from organizations.matching import link_new
from organizations.models import AccountLink, Organization
from qbr.management.commands.evaluate_matching import SEEDS
from tests.organizations.conftest import MakeAccount

SMALL, SEED = 60, 8_112
CLIENT = ["Client"]
HEADER = "system,id,name,domain,client,phone,address,tenant_id,psa_id,serials"


def labelled(system: str, number: str, name: str, client: str | None, **evidence: Any) -> LabelledAccount:
    return LabelledAccount(system, number, name, evidence, client=client)


# Two clients; what is linkable is every account of theirs outside the PSA.
WORLD = (
    labelled("connectwise_psa", "1", "Ostelmond Foods", "a", types=CLIENT, domains=["ostelmondfoods.com"]),
    labelled("connectwise_psa", "2", "Quaburcott Realty", "b", types=CLIENT, domains=["quaburcottrealty.com"]),
    labelled("connectwise_psa", "3", "Hopeful Prospect", None, types=["Prospect"]),
    labelled("ninjaone", "7", "Ostelmond Foods", "a", ids={"connectwise_psa": "1"}),
    labelled("ninjaone", "8", "Quaburcott Realty", "b"),
    labelled("ninjaone", "9", "Main Office", "b"),
    labelled("ninjaone", "10", "Demo", None),
)


def rows() -> dict[str, int]:
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy}


@pytest.mark.django_db
def test_links_suggestions_and_founding_are_counted_against_the_labels() -> None:
    judged = evaluate(WORLD)
    assert (judged.founded, judged.founded_again, judged.founded_wrongly, judged.companies_waiting) == (2, [], [], [])
    assert (judged.made, judged.wrong, judged.precision) == (1, [], 1)
    assert (judged.linkable, judged.linked, judged.recall) == (3, 1, pytest.approx(1 / 3))
    assert [(one.name, said) for one, said in judged.first_wrong] == [("Main Office", "")]
    assert judged.first == pytest.approx(2 / 3)
    assert judged.unlinkable == 1
    assert list(judged.missed()) == ["recall 0.333 is under 0.85", "first suggestion 0.667 is under 0.97"]


@pytest.mark.django_db
def test_a_matcher_that_is_misled_is_found_out() -> None:
    def misled() -> None:
        link_new()
        foods = Organization.objects.get(name="Ostelmond Foods")
        names = ("Quaburcott Realty", "Demo")
        wrong = Account.objects.filter(name__in=names, connection__vendor="ninjaone")
        decide([Decision(account=account.pk, organization=foods.pk, method=AccountLink.Method.DOMAIN, reason="Misled")
                for account in wrong])

    judged = evaluate(WORLD, misled)
    assert [(one.account.name, one.organization, one.reason) for one in judged.wrong] == [
        ("Quaburcott Realty", "Ostelmond Foods", "Misled"), ("Demo", "Ostelmond Foods", "Misled"),
    ]
    assert judged.precision == pytest.approx(1 / 3)
    assert next(judged.missed()) == "2 automatic links are wrong"


@pytest.mark.django_db
def test_a_client_founded_twice_and_what_is_no_client_are_told_apart() -> None:
    def founds_everything() -> None:
        for account in Account.objects.filter(connection__vendor="connectwise_psa").order_by("pk"):
            linking.create_and_link(account, None, method=AccountLink.Method.FOUNDED)

    twice = (*WORLD, labelled("connectwise_psa", "4", "Quaburcott Realty of the North", "b", types=CLIENT))
    judged = evaluate(twice, founds_everything)
    assert [one.external_id for one in judged.founded_again] == ["4"]
    assert [one.name for one in judged.founded_wrongly] == ["Hopeful Prospect"]
    waited = evaluate(WORLD, lambda: None)
    assert [one.external_id for one in waited.companies_waiting] == ["1", "2"]
    assert (waited.made, waited.precision, waited.recall) == (0, None, 0)


@pytest.mark.django_db
def test_a_small_world_has_no_automatic_link_that_is_wrong() -> None:
    assert SEED not in SEEDS
    judged = evaluate(labelled_world(SEED, SMALL).accounts)
    assert judged.wrong == []
    assert judged.made > 150


@pytest.mark.django_db
def test_real_rows_are_neither_read_nor_changed_and_none_is_left(make_account: MakeAccount) -> None:
    account = make_account("Ostelmond Foods", external_id="1", evidence={"types": CLIENT})
    linking.create_and_link(account, None)
    make_account("Waits", "ninjaone")
    before, alone = rows(), evaluate(WORLD[1:])
    assert rows() == before
    assert alone.founded == 1  # the real Ostelmond Foods is no part of it
    assert AccountLink.objects.count() == 1


@pytest.mark.django_db
def test_every_table_and_view_is_apart(make_account: MakeAccount) -> None:
    make_account()
    with tables_apart(), connection.cursor() as cursor:
        assert not Account.objects.exists()
        cursor.execute("""SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'v') AND pg_table_is_visible(c.oid)
                          AND c.relnamespace = current_schema()::regnamespace""")
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM agreement_line")
        assert cursor.fetchone() == (0,)
    assert Account.objects.count() == 1


def printed(*arguments: str) -> tuple[str, str]:
    """What the command prints, and the error it ends with."""
    out = io.StringIO()
    try:
        call_command("evaluate_matching", *arguments, stdout=out)
    except CommandError as problem:
        return out.getvalue(), str(problem)
    return out.getvalue(), ""


@pytest.mark.django_db
def test_the_command_prints_the_shares_drawn_and_what_came_of_them() -> None:
    text, _ = printed("--seed", "3", "--clients", "20")
    for words in ("Seed 3, 20 clients", "microsoft_365", "as wanted", "Automatic links", "Recall", "First suggestion",
                  "Founding"):
        assert words in text
    assert len(SEEDS) == 5


@pytest.mark.django_db
def test_the_command_fails_and_names_the_link_where_a_file_says_it_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    right = [HEADER, "psa,1,Ostelmond Foods,ostelmondfoods.com,a,,,,,", "rmm,7,Ostelmond Foods,,a,,,,1,"]
    file.write_text("\n".join(right))
    text, problem = printed("--file", str(file))
    assert problem == "" and "1 made, 1 right, 0 wrong" in text
    file.write_text("\n".join([*right, "ledger,9,Ostelmond Foods,,b,,,,1,"]))
    text, problem = printed("--file", str(file))
    assert problem == "Goals missed: 1 automatic link is wrong."
    assert "WRONG: linked to Ostelmond Foods" in text and "ledger “Ostelmond Foods” is b" in text


def test_a_file_tells_evidence_labels_and_the_system_that_founds() -> None:
    company, account = from_csv([
        HEADER + "\n",
        "PSA,1,Ostelmond Foods,www.ostelmondfoods.com someone@gmail.com,a,,,,,\n",
        'rmm,7,"Ostelmond, The",,,512 555 0143,"1 Mill Lane, Ostow",AB-1,1,S1234 S5678\n',
    ])
    assert (company.system, company.client) == ("connectwise_psa", "a")
    assert company.evidence == {"domains": ["ostelmondfoods.com"], "types": ["Client"]}
    assert (account.name, account.client, account.serials) == ("Ostelmond, The", None, ("S1234", "S5678"))
    assert account.evidence == {
        "ids": {"connectwise_psa": "1"}, "tenant_id": "AB-1", "phones": ["512 555 0143"],
        "addresses": ["1 Mill Lane, Ostow"],
    }


PSA_ROW = "psa,1,Ostelmond Foods,,a"


@pytest.mark.parametrize(("text", "said"), [
    ("", "Row 1: the header lacks system, id, name, domain, client"),
    ("system,id,name,domain\n", "Row 1: the header lacks client"),
    ("system,id,name,domain,client,colour\n", "Row 1: the header has 'colour'"),
    ("system,id,name,domain,client,client\n", "Row 1: the header has a column twice"),
    (f"system,id,name,domain,client\n{PSA_ROW}\nrmm,7\n", "Row 3: fewer cells"),
    (f"system,id,name,domain,client\n{PSA_ROW},more\n", "Row 2: more cells"),
    (f"system,id,name,domain,client\n{PSA_ROW}\n,,x,,a\n", "Row 3: no system and no id"),
    (f"system,id,name,domain,client\n{PSA_ROW}\nrmm,7,{'x' * 501},,a\n", "Row 3: a cell has more than 500"),
    ('system,id,name,domain,client\npsa,1,"Ostelmond" Foods,,a\n', "Row 2: this is not CSV"),
    ("system,id,name,domain,client\nrmm,7,Ostelmond,,a\n", "No row has the system “psa”"),
    (f"system,id,name,domain,client\n{PSA_ROW}\n{PSA_ROW}\n", "The id 1 stands twice in the system connectwise_psa"),
])  # fmt: skip
def test_a_file_that_cannot_be_judged_is_refused_at_the_row(text: str, said: str) -> None:
    with pytest.raises(BadRow, match=said):
        from_csv(io.StringIO(text))


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    _, problem = printed("--file", str(tmp_path / "none.csv"))
    assert "none.csv" in problem and "\n" not in problem
