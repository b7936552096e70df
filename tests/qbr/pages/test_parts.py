"""A segment and what is not linked have workings of their own, and the company's leads to them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics.models import QuarterlyValue, Scope, Segment
from metrics.periods import Quarter
from metrics.reading import NOT_LINKED, client
from organizations.models import Organization
from tests.metrics.stored_values import store

pytestmark = pytest.mark.django_db
Q3 = Quarter(2026, 3)


@pytest.fixture
def in_segments() -> User:
    """Two clients, of whom one is in a segment, and something that is not linked."""
    boss = User.objects.create_superuser("of-segments")
    for slug, name in (("acme", " Legal"), ("other", "")):
        Organization.objects.create(slug=slug, name=slug.title(), segment=name)
        store("reactive_hours", Q3, "4" if slug == "acme" else "5", client(slug))
    store("reactive_hours", Q3, "1.5", NOT_LINKED)
    store("reactive_hours", Q3, "10.5")
    legal = Scope.objects.create(kind="segment", key=Segment.objects.create(name="Legal").pk)
    row = QuarterlyValue.objects.get(scope__organization__slug="acme")
    QuarterlyValue.objects.create(
        scope=legal, **{name: getattr(row, name) for name in (
            "definition", "period", "basis", "rollup", "value", "state", "origin"
        )}
    )  # fmt: skip
    return boss


def test_the_company_leads_to_its_segments_and_to_what_is_not_linked_and_these_to_their_clients(
    in_segments: User,
) -> None:
    web = Client()
    web.force_login(in_segments)
    company = web.get("/numbers/reactive_hours/?period=2026-Q3").content.decode()
    legal, not_linked = (
        f"/numbers/reactive_hours/?{asked}&amp;period=2026-Q3" for asked in ("segment=Legal", "not_linked=yes")
    )
    assert f'href="{legal}"' in company and f'href="{not_linked}"' in company
    shown = web.get(legal.replace("&amp;", "&")).content.decode()
    assert "Segment Legal</p>" in shown and "client=acme&amp;period=2026-Q3" in shown
    assert "client=other" not in shown and "The rows it counts" not in shown and "Add a note" not in shown
    assert "segment=Legal&amp;period=2026-Q2" in shown  # the period before is of the same segment
    shown = web.get(not_linked.replace("&amp;", "&")).content.decode()
    assert "Not linked</p>" in shown and "<dd>1.5</dd>" in shown


def test_a_segment_nobody_has_is_not_there_and_other_pages_are_of_no_segment(in_segments: User) -> None:
    web = Client()
    web.force_login(in_segments)
    assert web.get("/numbers/reactive_hours/?period=2026-Q3&segment=Dental").status_code == 404
    assert "Segment Legal" not in web.get("/service/?period=2026-Q3&segment=Legal").content.decode()
