"""The mapping's way out and in through the admin, walked without scripts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from collectors.facts.accounts import Account
from organizations import linking
from organizations.models import AccountLink, MappingFile, Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_exchange import file, link_of

PAGE = "/admin/organizations/mappingfile/"


@pytest.fixture
def account(make_account: MakeAccount, make_organization: MakeOrganization) -> Account:
    make_organization("Fern")
    return make_account("Fernbrook", external_id="7")


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def send(client: Client, content: bytes, name: str = "mapping.csv") -> tuple[str, str]:
    """Choose a file; the address of its preview and what that says."""
    answer = client.post(PAGE, {"file": SimpleUploadedFile(name, content)}, follow=True)
    return answer.redirect_chain[-1][0] if answer.redirect_chain else PAGE, text(answer)


def confirm(client: Client, address: str, page: str) -> str:
    shown = re.search(r'name="shown" value="(\w+)"', page)
    return text(client.post(address, {"shown": shown[1] if shown else ""}, follow=True))


def test_a_file_is_shown_confirmed_and_forgotten(admin_client: Client, account: Account) -> None:
    address, page = send(admin_client, file("connectwise_psa,,7,linked,fern,,2026-03-01,Asked them",
                                            "connectwise_psa,,7,new,hazel,Hazel Realty,,"))  # fmt: skip
    assert "<b>0</b> changed, <b>2</b> new, <b>0</b> as they stand, <b>1</b> new organization" in page
    assert "<b>Fern (Asked them)</b>" in page
    assert not AccountLink.objects.exists()
    assert not Organization.objects.filter(slug="hazel").exists()
    assert "2 decisions of “mapping.csv” saved." in confirm(admin_client, address, page)
    assert link_of(account).organization == Organization.objects.get(slug="hazel")
    assert link_of(account).decided_by == User.objects.get(username="admin")
    assert not MappingFile.objects.exists()
    assert "no longer kept" in text(admin_client.get(address, follow=True))


def test_a_whole_file_is_undone_in_one_go_unless_somebody_has_decided_since(
    admin_client: Client, account: Account, make_account: MakeAccount
) -> None:
    other = make_account("Oakhaven", external_id="8")
    linking.ignore(other, None, "Before")
    content = file("connectwise_psa,,7,linked,fern,,,", "connectwise_psa,,8,linked,fern,,,")
    confirm(admin_client, *send(admin_client, content))
    undone = text(admin_client.post(PAGE, {"do": "undo"}, follow=True))
    assert "Undone: 2 decisions taken back." in undone
    assert link_of(account).verdict == "open"
    assert (link_of(other).verdict, link_of(other).reason) == ("ignored", "Before")
    assert "There is nothing to undo." in text(admin_client.post(PAGE, {"do": "undo"}, follow=True))
    confirm(admin_client, *send(admin_client, content))
    linking.ignore(account, None)
    assert "Nothing was undone." in text(admin_client.post(PAGE, {"do": "undo"}, follow=True))
    assert link_of(other).verdict == "linked"


def test_a_file_with_an_error_names_the_row_and_cannot_be_confirmed(admin_client: Client, account: Account) -> None:
    address, page = send(admin_client, file("connectwise_psa,,7,linked,fern,,,", "connectwise_psa,,8,ignored,,,,"))
    assert "<b>Row 3</b> <span>connectwise_psa has no account with the id “8”." in page
    assert 'name="shown"' not in page
    assert "Nothing was saved." in confirm(admin_client, address, page)
    assert not AccountLink.objects.exists()


def test_what_moved_meanwhile_is_shown_again_and_not_saved(admin_client: Client, account: Account) -> None:
    address, page = send(admin_client, file("connectwise_psa,,7,linked,fern,,,"))
    linking.ignore(account, None)
    page = confirm(admin_client, address, page)
    assert "The mapping has changed since this was shown." in page
    assert "ignored" in page
    assert link_of(account).verdict == "ignored"
    confirm(admin_client, address, page)
    assert link_of(account).verdict == "linked"


def test_nothing_is_saved_that_was_not_shown(admin_client: Client, account: Account) -> None:
    address, _ = send(admin_client, file("connectwise_psa,,7,linked,fern,,,"))
    admin_client.post(address, {})
    admin_client.post(address, {"shown": "x"})
    assert not AccountLink.objects.exists()


def test_a_download_brought_back_has_nothing_to_save(admin_client: Client, account: Account) -> None:
    linking.ignore(account, None, "Ours")
    answer = admin_client.get(f"{PAGE}mapping.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="mapping-[\d-]+\.csv"', answer.headers["Content-Disposition"])
    _, page = send(admin_client, b"".join(answer.streaming_content))  # type: ignore[arg-type]
    assert "There is nothing to save." in page


@pytest.mark.parametrize(("content", "said"), [
    (b"", "Choose a CSV file first.|The submitted file is empty"), (b"a,b\n1,2\n", "does not name all the columns"),
    (b"\xff\xfe", "is not UTF-8"), (b"x" * (25 * 1024 * 1024 + 1), "is larger than 25 MB"),
])  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(
    admin_client: Client, account: Account, content: bytes, said: str
) -> None:
    address, page = send(admin_client, content, "x" * 300 + ".csv")
    assert re.search(f"{said}|is empty", page)
    assert address == PAGE
    assert not MappingFile.objects.exists()


def test_a_file_is_kept_for_who_sent_it_and_for_an_hour(admin_client: Client, client: Client, account: Account) -> None:
    address, _ = send(admin_client, file("connectwise_psa,,7,ignored,,,,"))
    other = Client()
    other.force_login(User.objects.create_superuser("other"))
    assert "no longer kept" in text(other.get(address, follow=True))
    MappingFile.objects.update(at=timezone.now() - timedelta(hours=2))
    assert "no longer kept" in text(admin_client.get(address, follow=True))
    send(admin_client, file("connectwise_psa,,7,ignored,,,,"))
    assert MappingFile.objects.count() == 1


def test_it_is_for_those_who_map(client: Client, account: Account) -> None:
    client.force_login(User.objects.create_user("vcio", is_staff=True))
    assert client.get(PAGE).status_code == client.get(f"{PAGE}mapping.csv").status_code == 403
    assert client.post(PAGE, {"file": SimpleUploadedFile("m.csv", b"x")}).status_code == 403
    assert not MappingFile.objects.exists()


def test_the_page_without_a_file_says_what_the_columns_mean(admin_client: Client) -> None:
    page = text(admin_client.get(PAGE))
    assert "Download the mapping" in page
    assert "<dt>account_id</dt>" in page
    assert "Choose a CSV file first." in text(admin_client.post(PAGE, follow=True))


@pytest.mark.parametrize("name", ["", "x" * 5000, "‮eerf", "🦷", "<script>alert(1)</script>"])
def test_odd_names_are_shown(admin_client: Client, account: Account, name: str) -> None:
    Account.objects.update(name=name)
    _, page = send(admin_client, file("connectwise_psa,,7,ignored,,,,"), "<script>alert(2).csv")
    assert "Save 1 decision" in page
    assert "<script>alert" not in page
