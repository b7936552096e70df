"""The whole mapping as CSV: out, in, and what a file may not do."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from organizations import exchange, linking
from organizations.as_of import owners_sql
from organizations.exchange.cells import plain, safe
from organizations.exchange.export import COLUMNS
from organizations.linking import Decision
from organizations.matching import link_new
from organizations.models import AccountLink, Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization, connection_of

HEADER = "system,connection,account_id,verdict,organization,organization_name,from,reason"
DAY = date(2026, 3, 1)


def download() -> bytes:
    return b"".join(exchange.to_csv())


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(download().decode("utf-8-sig"), newline="")))


def file(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


def read(*lines: str) -> exchange.Preview:
    return exchange.preview("mapping.csv", file(*lines))


def save(*lines: str, by: User | None = None) -> exchange.Saved:
    return exchange.commit("mapping.csv", file(*lines), by)


def link_of(account: Account, day: date = EARLIEST) -> AccountLink:
    return AccountLink.objects.current().get(account=account, starts_on=day)


def owners() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({owners_sql()}) o ORDER BY account_id, starts_on")
        return list(cursor.fetchall())


# Out


def test_every_account_has_a_row_for_each_dated_link_or_one_that_says_it_waits(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    fern, oak = make_organization("Fernbrook"), make_organization("Oakhaven")
    person = User.objects.create(username="ada")
    moved, vendor = make_account("A moved", external_id="1"), make_account("B vendor", external_id="2")
    make_account("C waits", external_id="3")
    make_account("D site", external_id="4", kind="site", parent=moved)
    linking.link(moved, fern, person, "They said so")
    linking.link(moved, oak, person, "Sold", starts_on=DAY)
    linking.ignore(vendor, person)
    written = rows()
    assert tuple(written[0]) == COLUMNS
    assert [(r["account_id"], r["verdict"], r["organization"], r["from"], r["reason"]) for r in written] == [
        ("1", "linked", "fernbrook", "", "They said so"), ("1", "linked", "oakhaven", "2026-03-01", "Sold"),
        ("2", "ignored", "", "", ""), ("3", "waiting", "", "", ""), ("4", "parent", "", "", ""),
    ]  # fmt: skip
    assert (written[0]["system"], written[0]["connection"]) == ("connectwise_psa", "connectwise_psa")
    assert (written[0]["organization_name"], written[0]["method"], written[0]["decided_by"]) == (
        "Fernbrook", "A person", "ada",
    )  # fmt: skip
    assert written[0]["decided_at"].endswith(" UTC")


def test_an_account_of_a_merged_organization_is_written_as_the_one_it_went_into(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    into = make_organization("Stays")
    gone = make_organization("Gone", merged_into=into)
    linking.link(make_account(), gone, None)
    assert rows()[0]["organization"] == "stays"
    assert exchange.preview("mapping.csv", download()).same == 1


def test_what_begins_like_a_formula_stays_a_text_and_comes_back_as_it_was(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account = make_account("=1+1", external_id="-7")
    quoted = make_account("@x", external_id="'-7")
    linking.link(account, make_organization("+Plus", slug="plus"), None, "=HYPERLINK()")
    for row in rows():
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    assert exchange.preview("mapping.csv", download()).same == 2
    save(f"connectwise_psa,,{safe(quoted.external_id)},ignored,,,,")
    assert link_of(quoted).verdict == "ignored"
    assert link_of(account).verdict == "linked"


@given(st.text())
def test_a_text_made_safe_never_begins_like_a_formula_and_is_got_back(text: str) -> None:
    assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert plain(safe(text)) == text


def test_the_download_takes_one_statement_whatever_its_length(
    make_account: MakeAccount, django_assert_num_queries: Any
) -> None:
    for n in range(30):
        linking.ignore(make_account(f"Account {n}"), None)
    with django_assert_num_queries(1):
        assert len(rows()) == 30


# There and back

KEEP_DATABASE = settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
LINKS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from([EARLIEST, DAY, date(2025, 7, 1)]),
        st.sampled_from([None, "linked", "ignored", "open"]), st.integers(0, 2), TEXTS,
    ),
    max_size=12, unique_by=lambda link: link[:2],
)  # fmt: skip


@KEEP_DATABASE
@given(links=LINKS, names=st.lists(TEXTS, min_size=6, max_size=6))
def test_a_download_changes_nothing_where_it_came_from_and_makes_the_same_mapping_where_there_is_none(
    db: None, links: list[tuple[int, date, str | None, int, str]], names: list[str]
) -> None:
    Account.objects.all().delete()
    Organization.objects.all().delete()
    organizations = [Organization.objects.create(slug=f"o{n}", name=f"={n}") for n in range(3)]
    made: list[Account] = []
    for n, name in enumerate(names):
        at = connection_of("ninjaone" if n % 2 else "connectwise_psa")
        parent = made[n - 2] if n > 3 else None
        made.append(Account.objects.create(
            connection=at, external_id=f"{name}{n}", name=name, kind="site" if parent else "client", parent=parent
        ))  # fmt: skip
    linking.decide([
        Decision(account=made[at].pk, starts_on=day, verdict=AccountLink.Verdict(verdict), reason=reason,
                 organization=organizations[whose].pk if verdict == "linked" else None)
        for at, day, verdict, whose, reason in links if verdict
    ])  # fmt: skip
    whole, before, count = download(), owners(), AccountLink.objects.count()
    saved = exchange.commit("mapping.csv", whole, None)
    assert (saved.links, saved.preview.errors) == ((), ())
    assert AccountLink.objects.count() == count
    AccountLink.objects.all().delete()
    exchange.commit("mapping.csv", whole, None)
    assert owners() == before
    assert exchange.preview("mapping.csv", whole).changes == ()


# In


def test_a_file_is_shown_as_what_it_changes_and_saves_nothing_until_it_is_confirmed(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    fern = make_organization("Fernbrook")
    make_organization("Oakhaven")
    old, new, same = (make_account(name, external_id=name) for name in ("old", "new", "same"))
    linking.link(old, fern, None)
    linking.ignore(same, None)
    lines = ("connectwise_psa,,old,linked,oakhaven,,,Asked them", "connectwise_psa,,new,linked,fernbrook,,2026-03-01,",
             "connectwise_psa,,same,ignored,,,,")  # fmt: skip
    preview = read(*lines)
    assert [(c.row, c.is_new, c.before, c.after, c.since) for c in preview.changes] == [
        (2, False, "Fernbrook", "Oakhaven (Asked them)", "from the beginning"),
        (3, True, "waiting", "Fernbrook", "from 2026-03-01"),
    ]
    assert (preview.changed, preview.new, preview.same, preview.errors) == (1, 1, 1, ())
    assert link_of(old).organization == fern
    person = User.objects.create(username="ada")
    save(*lines, by=person)
    link = link_of(old)
    assert (link.organization, link.method, link.reason, link.decided_by) == (
        Organization.objects.get(slug="oakhaven"), "import", "Asked them", person,
    )  # fmt: skip
    assert link.evidence == {"import": "mapping.csv", "row": 2, "by": "ada"}
    assert link_of(new, DAY).organization == fern
    assert read(*lines).same == 3


def test_a_new_reason_is_a_change_and_a_blank_one_is_not(make_account: MakeAccount) -> None:
    linking.ignore(make_account(external_id="7"), None, "A vendor")
    assert read("connectwise_psa,,7,ignored,,,,").changes == ()
    [change] = read("connectwise_psa,,7,ignored,,,,Our own").changes
    assert (change.before, change.after) == ("ignored (A vendor)", "ignored (Our own)")


def test_links_of_later_days_that_the_file_does_not_name_stay_and_are_told(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    fern = make_organization("Fernbrook")
    account = make_account(external_id="7")
    linking.link(account, fern, None, starts_on=DAY)
    [change] = read("connectwise_psa,,7,ignored,,,,").changes
    assert change.stays == ("from 2026-03-01 Fernbrook",)
    saved = save("connectwise_psa,,7,ignored,,,,", "connectwise_psa,,7,ignored,,,2026-03-01,")
    assert [each.stays for each in saved.preview.changes] == [(), ()]
    assert link_of(account, DAY).verdict == "ignored"


def test_rows_that_name_one_new_slug_make_one_organization_and_only_once(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental Ltd", slug="other")
    psa = make_account(external_id="1", evidence={"domains": ["fern.example"]})
    rmm = make_account(vendor="ninjaone", external_id="2")
    lines = ("connectwise_psa,,1,new,fernbrook,Fernbrook Dental,,", "ninjaone,,2,new,fernbrook,Fernbrook Dental,,")
    [founding] = read(*lines).founding
    assert (founding.slug, founding.name, founding.alike) == ("fernbrook", "Fernbrook Dental", "other")
    assert not Organization.objects.filter(slug="fernbrook").exists()
    save(*lines)
    made = Organization.objects.get(slug="fernbrook")
    assert {link_of(psa).organization, link_of(rmm).organization} == {made}
    assert [domain.name for domain in made.domains.all()] == ["fern.example"]
    assert (read(*lines).same, read(*lines).founding) == (2, ())


def test_an_imported_link_is_followed_by_accounts_that_carry_its_id_and_no_run_overwrites_it(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    hand, own = make_organization("By hand"), make_organization("Its own", "own.example")
    psa = make_account("Named otherwise", external_id="250", evidence={"domains": ["own.example"]})
    save("connectwise_psa,,250,linked,by-hand,,,")
    rmm = make_account("Nothing alike", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    link_new()
    assert link_of(rmm).organization == hand
    assert (link_of(psa).organization, link_of(psa).method) == (hand, "import")
    assert own.links.count() == 0


def test_a_connection_is_found_by_its_label_and_a_system_by_its_name(make_account: MakeAccount) -> None:
    account = make_account(vendor="ninjaone", external_id="7")
    account.connection.label = "Second"
    account.connection.save()
    other = Account.objects.create(connection=connection_of("ninjaone"), external_id="7", name="The other's")
    assert "Name one of them" in read("NinjaOne,,7,ignored,,,,").errors[0].problem
    save("ninjaone,Second,7,ignored,,,,")
    assert link_of(account).verdict == "ignored"
    assert not other.links.exists()


def test_columns_may_stand_in_any_order_with_others_between_and_semicolons(make_account: MakeAccount) -> None:
    account = make_account(external_id="7")
    content = "From;Note;Verdict;Account id;Organization;System\r\n;x;Ignored;7;;connectwise_psa\r\n\r\n;;;;;\r\n"
    exchange.commit("mapping.csv", b"\xef\xbb\xbf" + content.encode(), None)
    assert link_of(account).verdict == "ignored"


# What a file may not do


@pytest.fixture
def world(make_account: MakeAccount, make_organization: MakeOrganization) -> None:
    make_account("Fernbrook", external_id="7")
    make_organization("Fern")
    make_organization("Gone", merged_into=make_organization("Stays"))


@pytest.mark.parametrize(("line", "problem"), [
    ("nothing,,7,linked,fern,,,", "“nothing” is no system that is connected. Connected are: connectwise_psa."),
    (",,7,linked,fern,,,", "It names no system."),
    ("connectwise_psa,Other,7,linked,fern,,,", "connectwise_psa has no connection “Other”. It has: connectwise_psa."),
    ("connectwise_psa,,8,linked,fern,,,", "connectwise_psa has no account with the id “8”."),
    ("connectwise_psa,,,linked,fern,,,", "It names no account."),
    ("connectwise_psa,,7,linked,nobody,,,", "No organization has the slug “nobody”."),
    ("connectwise_psa,,7,linked,,,,", "It names no organization."),
    ("connectwise_psa,,7,linked,gone,,,", "“gone” was merged into “stays”. Write stays."),
    ("connectwise_psa,,7,maybe,fern,,,", "“maybe” is no verdict. Write linked, ignored, waiting or new"),
    ("connectwise_psa,,7,,fern,,,", "It has no verdict."),
    ("connectwise_psa,,7,ignored,fern,,,", "It is ignored and names “fern”."),
    ("connectwise_psa,,7,parent,,,,", "Only a site can be with its parent."),
    ("connectwise_psa,,7,linked,fern,,1/31/2026,", "“1/31/2026” is not a day. Write it as 2026-01-31"),
    ("connectwise_psa,,7,linked,fern,,20260131,", "“20260131” is not a day."),
    ("connectwise_psa,,7,linked,fern,,2026-02-30,", "“2026-02-30” is not a day."),
    ("connectwise_psa,,7,linked,fern,,0206-01-31,", "The year of “0206-01-31” cannot be meant."),
    ("connectwise_psa,,7,new,hazel,,,", "A new organization needs a name"),
    ("connectwise_psa,,7,new,Hazel Realty,Hazel,,", "“Hazel Realty” is no slug."),
    ("connectwise_psa,,7,new,fern,Hazel,,", "“fern” is the slug of “Fern”."),
    ("connectwise_psa,,7,new,gone,Gone,,", "“gone” is the slug of “Gone”."),
    (f"connectwise_psa,,7,new,{'x' * 81},Hazel,,", "The slug is longer than 80 characters."),
    ("connectwise_psa,,7", "It has fewer cells than the header."),
])  # fmt: skip
def test_a_row_that_is_wrong_is_named_with_what_to_do_and_nothing_of_the_file_is_saved(
    world: None, line: str, problem: str
) -> None:
    good = Account.objects.create(connection=connection_of("connectwise_psa"), external_id="good", name="Good")
    lines = ("connectwise_psa,,good,linked,fern,,,", line)
    [error] = read(*lines).errors
    assert error.row == 3
    assert error.problem.startswith(problem)
    with pytest.raises(exchange.Unusable, match=r"^Row 3: .* Nothing was saved\.$"):
        save(*lines)
    assert not good.links.exists()
    assert not Organization.objects.filter(slug="hazel").exists()


def test_two_rows_for_one_account_and_day_are_an_error_even_if_they_agree(world: None) -> None:
    row = "connectwise_psa,,7,linked,fern,,,"
    [error] = read(row, row).errors
    assert str(error) == (
        "Row 3: Row 2 says already whose this account is from the beginning. Keep one of the two."
    )
    assert read(row, "connectwise_psa,,7,ignored,,,2026-03-01,").errors == ()


@pytest.mark.parametrize(("content", "problem"), [
    (b"", "mapping.csv is empty."),
    (b"Name,Client\nx,y\n", "does not name all the columns it needs: “system”, “account_id”, “verdict”"),
    (HEADER.replace("reason", "from").encode(), "mapping.csv has the column “from” twice."),
    (file("connectwise_psa,,7,linked,fern,Caf\xe9,,").decode().encode("latin-1"), "mapping.csv is not UTF-8"),
    (HEADER.encode("utf-16"), "mapping.csv is not UTF-8"),
    (b"PK\x03\x04....", "is a workbook and not CSV"),
    (HEADER.encode() + b"\n\0", "mapping.csv is not a text file."),
    (file('connectwise_psa,,"7,linked,fern,,,'), "cannot be read as CSV"),
    (file(f"connectwise_psa,,7,ignored,,,,{'x' * 200_000}"), "cannot be read as CSV"),
    (HEADER.encode() + b"\n" * (25 * 1024 * 1024), "mapping.csv is larger than 25 MB."),
])  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(world: None, content: bytes, problem: str) -> None:
    with pytest.raises(exchange.Unusable) as raised:
        exchange.preview("mapping.csv", content)
    assert problem in str(raised.value)


def test_what_is_confirmed_is_what_was_shown(make_account: MakeAccount, make_organization: MakeOrganization) -> None:
    fern, account = make_organization("Fern"), make_account(external_id="7")
    content = file("connectwise_psa,,7,linked,fern,,,")
    shown = exchange.preview("mapping.csv", content).mark
    assert exchange.preview("mapping.csv", content).mark == shown
    linking.ignore(account, None)
    with pytest.raises(exchange.Moved, match="The mapping has changed since"):
        exchange.commit("mapping.csv", content, None, shown)
    assert link_of(account).verdict == "ignored"
    exchange.commit("mapping.csv", content, None, exchange.preview("mapping.csv", content).mark)
    assert link_of(account).organization == fern


def test_statements_do_not_grow_with_the_rows(make_account: MakeAccount, make_organization: MakeOrganization) -> None:
    make_organization("Fern")

    def statements(rows: int) -> int:
        lines = [
            f"connectwise_psa,,{make_account(str(n)).external_id},linked,fern,,{'' if n % 2 else '2026-03-01'},"
            for n in range(rows)
        ]
        with CaptureQueriesContext(connection) as captured:
            assert len(save(*lines).links) == rows
        return len(captured)

    assert statements(40) == statements(4)
