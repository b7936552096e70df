"""Names that agree, names that do not, and the keys under which alike ones meet."""

from __future__ import annotations

import pytest

from organizations.likeness import Alike, alike, keys
from organizations.names import looks_like, normalised


@pytest.mark.parametrize(("one", "other", "how"), [
    ("Fernbrook Dental LLC", "The FERNBROOK Dental", Alike.SAME),
    ("Fernbrook Dental", "Fernbrok Dental", Alike.AGREES),
    ("Fernbrook Dental", "Fernbrook Dental Group", Alike.AGREES),
    ("Fernbrook Dental", "Dental, Fernbrook", Alike.AGREES),
    ("Fernbrook Dental", "Fern Brook Dental", Alike.AGREES),
    ("Fernbrook Dental", "FERD - Fernbrook Dental", Alike.AGREES),
    ("Fernbrook Dental", "Fernbrook Dental (managed)", Alike.AGREES),
    ("Fernbrook Management", "Fernbrook Mgmt", Alike.AGREES),
    ("Fernbrook Dental Group", "FDG", Alike.AGREES),
    ("Milldale Family Clinic and Orthopedics", "Milldale Family Clinic and Ort", Alike.AGREES),
    ("Acme", "Acme Logistics", Alike.PART),
    ("Fernbrook Dental", "Fernbrook Law", Alike.PART),
    ("Mill Dental", "Milldale Dental", Alike.PART),
    ("Store 12", "Store 13", Alike.PART),
    ("Management of Hazelmere", "Mgmt of Hazelmere", Alike.PART),
    ("Veterinary Clinic of Ash", "Vet Shop of Ash", Alike.UNLIKE),
    ("Fernbrook Dental", "Birch Realty", Alike.UNLIKE),
    ("Fernbrook Dental", "4c088f1a-68a1-4d3a-a2ba-ed30d8710a00", Alike.UNKNOWN),
    ("Fernbrook Dental", "\N{TOOTH}", Alike.UNKNOWN),
    ("\N{TOOTH}", "\N{TOOTH}", Alike.UNKNOWN),
])  # fmt: skip
def test_how_names_stand_to_each_other(one: str, other: str, how: Alike) -> None:
    assert alike(normalised(one), normalised(other)) is alike(normalised(other), normalised(one)) is how


@pytest.mark.parametrize(("one", "other"), [
    ("fernbrook dental", "fernbrok dental"), ("fernbrook dental", "fenrbrook dental"), ("fernbrook", "fern brook"),
    ("fernbrook dental", "fernbrook dentl"),
])  # fmt: skip
def test_names_that_are_alike_share_a_key_and_have_few(one: str, other: str) -> None:
    assert keys(one) & keys(other)
    assert len(keys(one)) < 60


def test_a_letter_of_another_script_is_seen() -> None:
    assert looks_like("\N{CYRILLIC CAPITAL LETTER A}cme") == "acme" != normalised("\N{CYRILLIC CAPITAL LETTER A}cme")
    assert looks_like("Acme") == looks_like("Café") == ""
