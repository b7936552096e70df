"""The shell's way to bring the mapping out and in."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from collectors.facts.accounts import Account
from organizations import linking
from organizations.models import AccountLink, Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_exchange import HEADER, link_of


@pytest.fixture
def account(make_account: MakeAccount, make_organization: MakeOrganization) -> Account:
    make_organization("Fern")
    return make_account("Fernbrook", external_id="7")


def said(command: str, *arguments: str) -> list[str]:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_a_mapping_is_written_read_shown_and_saved(account: Account, tmp_path: Path) -> None:
    linking.ignore(account, None)
    file = tmp_path / "mapping.csv"
    assert said("export_mapping", str(file)) == [f"The mapping was written to {file}."]
    assert said("import_mapping", str(file))[0] == "0 changed, 0 new, 1 as before, 0 errors."
    file.write_text(file.read_text().replace(",ignored,,", ",new,hazel,").replace("hazel,,", "hazel,Hazel Realty,"))
    shown = [
        "changed  connectwise_psa  Fernbrook  from the beginning  ignored -> Hazel Realty",
        "makes    hazel  Hazel Realty",
        "1 changed, 0 new, 0 as before, 0 errors.",
    ]  # fmt: skip
    assert said("import_mapping", str(file)) == [*shown, "Nothing was saved. Add --commit to save it."]
    assert link_of(account).verdict == "ignored"
    assert said("import_mapping", str(file), "--commit") == [*shown, "Saved 1, 0 as before."]
    link = link_of(account)
    assert (link.organization, link.evidence["by"]) == (Organization.objects.get(slug="hazel"), "a command")
    assert said("import_mapping", str(file), "--commit")[-1] == "Saved 0, 1 as before."


def test_an_error_stops_it_and_says_the_row(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "mapping.csv"
    file.write_text(f"{HEADER}\nconnectwise_psa,,7,linked,fern,,,\nconnectwise_psa,,8,ignored,,,,\n")
    out = StringIO()
    with pytest.raises(CommandError, match="Nothing was saved"):
        call_command("import_mapping", str(file), "--commit", stdout=out)
    assert "error    Row 3: connectwise_psa has no account with the id “8”." in out.getvalue()
    assert not AccountLink.objects.exists()


def test_a_file_that_is_not_there_or_cannot_be_read_is_said_in_a_sentence(account: Account, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("import_mapping", str(tmp_path / "nothing.csv"))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_mapping", str(tmp_path / "no" / "folder.csv"))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(CommandError, match=r"empty\.csv is empty"):
        call_command("import_mapping", str(tmp_path / "empty.csv"))
