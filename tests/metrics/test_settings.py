"""The rules people own: dated, with defaults, checked before they are kept."""

from __future__ import annotations

from datetime import date

import pytest

from collectors.facts.touched import Touched
from metrics.settings import SETTINGS, all_in_force, decide, in_force

pytestmark = pytest.mark.django_db


def test_a_rule_nobody_set_has_its_default() -> None:
    assert in_force("hours_per_month", date(2025, 1, 31)) == "167"
    assert in_force("endpoint_kinds", date(2025, 1, 31)) == ["workstation", "server", "vm_host"]


def test_a_rule_lasts_from_its_day_until_the_next_begins() -> None:
    decide("hours_per_month", "160", from_on=date(2025, 2, 1))
    decide("hours_per_month", "173.33", from_on=date(2025, 7, 1))
    days = [date(2025, 1, 31), date(2025, 2, 1), date(2025, 6, 30), date(2025, 7, 1)]
    assert [all_in_force(days)[day]["hours_per_month"] for day in days] == ["167", "160", "160", "173.33"]


def test_setting_a_rule_marks_every_open_month() -> None:
    decide("spare_pattern", "^stock")
    assert Touched.objects.filter(entity="Rule", account=-1, month=date(1, 1, 1)).exists()


@pytest.mark.parametrize(("key", "value"), [
    ("hours_per_month", "0"), ("hours_per_month", "many"), ("hours_per_month", "NaN"), ("spare_pattern", "("),
    ("endpoint_kinds", ["toaster"]), ("endpoint_kinds", "server"), ("listing_tolerance_days", "-1"),
    ("fiscal_year_start", 2), ("business_hours", {"days": [0], "from": "08:00", "to": "17:00"}),
    ("business_hours", {"days": [1], "from": "17:00", "to": "08:00"}), ("holidays", ["25 December"]),
    ("spare_pattern", "(?P<x>a)"),
])
def test_a_value_that_makes_no_sense_is_refused_with_a_sentence(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"\."):
        decide(key, value)
    assert in_force(key, date(2025, 1, 31)) == SETTINGS[key].default


def test_every_rule_has_a_sentence_for_people_and_a_default_it_accepts() -> None:
    for setting in SETTINGS.values():
        assert setting.help.endswith((".", ")."))
        assert setting.check(setting.default) == setting.default
