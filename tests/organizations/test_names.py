"""Names are brought down to what tells companies apart, and never to nothing."""

from __future__ import annotations

import pytest

from organizations.names import free_slug, normalised


@pytest.mark.parametrize(("one", "other"), [
    ("Fernbrook Dental, LLC", "The FERNBROOK dental"),
    ("Oak & Ash Law Group, P.C.", "Oak and Ash Law Grp"),
    ("Milldale Mfg Incorporated", "Milldale Manufacturing Inc."),
    ("O’Hare Foods Co.", "OHare Foods Company"),
    ("Ｈａｚｅｌ Realty", "Hazel Realty"),
    ("Sandford Pty. Ltd.", "Sandford"),
])  # fmt: skip
def test_the_same_company_spelled_twice_is_one_name(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize("name", ["Co", "The", "LLC", "Inc. Inc.", "AS Company", "Coop", "&"])
def test_a_name_is_never_brought_down_to_nothing(name: str) -> None:
    assert normalised(name)


@pytest.mark.parametrize(("one", "other"), [
    ("Acme (UK)", "Acme (US)"), ("Fernbrook Dental", "Fernbrook Law"), ("AS Company", "Company"),
])  # fmt: skip
def test_different_companies_stay_different(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize("name", ["", " ", "…", "🦷🦷", "\u202eelif", "x" * 1_000_000])
def test_odd_names_are_bearable(name: str) -> None:
    assert len(normalised(name)) <= 200


def test_slugs_are_numbered_and_odd_names_get_the_one_offered() -> None:
    taken = {"acme"}
    assert [free_slug(name, "client-7", taken) for name in ("Acme", "ACME Inc", "株式会社", "株式会社")] == [
        "acme-2", "acme-3", "client-7", "client-7-2",
    ]  # fmt: skip
