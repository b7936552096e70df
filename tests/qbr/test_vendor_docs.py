"""The documentation of the systems is what their vendor files say, and no system leaves unread what it should yield."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from collectors.declare import About, Vendor
from collectors.vendors import VENDORS
from qbr.vendor_docs import files
from qbr.vendor_docs.entities import EXPECTED, LAYERS, cell, entities, gaps
from qbr.vendor_docs.overview import BEGIN, END, in_readme, overview
from qbr.vendor_docs.page import fed_by, page

every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=list(VENDORS))


def test_every_file_is_as_the_vendor_files_say() -> None:
    """Where this fails: manage.py vendor_docs."""
    stale = [path.name for path, text in files.made().items() if not path.exists() or path.read_text() != text]
    assert (stale, files.left_over()) == ([], [])


@every_vendor
def test_what_a_system_of_its_layer_yields_is_read_or_not_offered(vendor: Vendor) -> None:
    assert gaps(vendor) == []


@every_vendor
def test_its_page_names_each_list_each_field_and_each_open_point(vendor: Vendor) -> None:
    text = page(vendor)
    for endpoint in vendor.endpoints:
        assert f"`{endpoint.method} {endpoint.path}`" in text
        assert all(f"| `{name}` |" in text for name in endpoint.fields)
    for one in vendor.about.unsure if vendor.about else ():
        assert one.point.replace("|", "\\|") in text and one.reading.replace("|", "\\|") in text
    assert not vendor.about or not vendor.about.writes or f"**{vendor.about.writes}**" in text


def test_each_layer_is_named_and_expected_to_yield_what_there_is() -> None:
    assert EXPECTED.keys() == LAYERS.keys()
    assert {entity for of in EXPECTED.values() for entity in of} <= entities().keys()


ABOUT = About(
    gives="tickets", key=("Sign in.",), not_offered={"Survey": "It asks nobody."}, not_read={"Deal": "Later."}
)


@pytest.fixture
def bare() -> Vendor:
    """A PSA that reads companies alone."""
    psa = VENDORS["connectwise_psa"]
    companies = tuple(one for one in psa.endpoints if one.into.__name__ == "Account")
    return replace(psa, slug="bare", label="Bare", endpoints=companies, about=ABOUT)


def test_a_cell_says_read_not_offered_or_not_read_and_nothing_of_what_nobody_expects(bare: Vendor) -> None:
    assert cell(bare, "Account") == ("read", "")
    assert cell(bare, "Survey") == ("not offered", "It asks nobody.")
    assert cell(bare, "Deal") == ("not read", "Later.")
    assert cell(bare, "Ticket") == ("not read", "")
    assert cell(bare, "Backup") == ("", "")
    assert gaps(bare) == ["Queue", "Ticket", "TimeEntry", "Agreement", "Technician", "InvoiceLine"]


def test_the_table_gives_every_reason_and_every_reading() -> None:
    text = overview(files.vendors())
    for vendor in VENDORS.values():
        assert f"[{vendor.label}]({vendor.slug}.md)" in text
        reasons = [*vendor.about.not_offered.items(), *vendor.about.not_read.items()] if vendor.about else []
        assert all(why in text for entity, why in reasons if entity in entities())
        assert all(one.reading in text for one in (vendor.about.unsure if vendor.about else ()))


def test_a_number_is_fed_by_the_layer_that_counts_and_by_no_other() -> None:
    assert "Endpoints managed" in fed_by(VENDORS["ninjaone"])
    assert "Endpoints managed" not in fed_by(VENDORS["connectwise_psa"])


def test_the_readmes_table_has_its_place(bare: Vendor) -> None:
    old = f"# QBR\n\n{BEGIN}\nold\n{END}\n\nmore\n"
    new = in_readme(old, [bare])
    assert new.startswith("# QBR\n\n") and new.endswith(f"{END}\n\nmore\n") and "old" not in new
    assert "| PSA | [Bare](docs/vendors/bare.md) | tickets |" in new
    with pytest.raises(ValueError, match="no place"):
        in_readme("# QBR\n", [bare])


def test_the_command_writes_what_is_missing_and_takes_away_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(files, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text(f"# QBR\n\n{BEGIN}\n{END}\n")
    (tmp_path / "docs/vendors").mkdir(parents=True)
    (tmp_path / "docs/vendors/gone.md").write_text("of a vendor that is gone")
    with pytest.raises(CommandError, match=r"gone\.md"):
        call_command("vendor_docs", "--check")
    call_command("vendor_docs")
    assert {path.name for path in (tmp_path / "docs/vendors").iterdir()} == {
        "README.md", *(f"{slug}.md" for slug in VENDORS),
    }  # fmt: skip
    call_command("vendor_docs", "--check")
    assert "Everything is as the vendor files say" in capsys.readouterr().out
