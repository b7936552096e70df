"""Import: nothing is saved before the second click, and the file is kept for its own person alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from metrics.models import Entry
from metrics.spreadsheets.sheet import LARGEST_FILE
from qbr.access import make_roles
from qbr.entry.models import KEPT_FOR, Upload

pytestmark = pytest.mark.django_db
GOOD = b"metric,2025-01,2025-02\nemployees,8.5,9\ntechnical_employees,5.5,abc\n"


@pytest.fixture
def web(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def send(web: Client, content: bytes = GOOD, name: str = "figures.csv") -> str:
    """Where sending a file leads."""
    answer = web.post(reverse("import"), {"file": SimpleUploadedFile(name, content), "scope": ""})
    return answer.headers.get("Location", "")


def test_the_preview_shows_each_change_and_each_wrong_cell_and_saves_nothing(web: Client) -> None:
    text = web.get(send(web)).content.decode()
    assert "3 changes" in text and "1 cell with a problem" in text
    assert "<code>C3</code>" in text and "“abc” is not a number" in text
    assert not Entry.objects.exists()


def test_the_second_click_saves_and_forgets_the_file(web: Client) -> None:
    send(web)
    web.post(reverse("import_confirm", args=[Upload.objects.get().pk]))
    saved = {(row.metric, row.period.starts_on.month): row.value for row in Entry.objects.select_related("period")}
    assert saved == {
        ("employees", 1): Decimal("8.5"), ("employees", 2): Decimal(9), ("technical_employees", 1): Decimal("5.5")
    }  # fmt: skip
    assert set(Entry.objects.values_list("kind", flat=True)) == {Entry.Kind.IMPORTED}
    assert not Upload.objects.exists()


def test_another_persons_file_can_be_neither_seen_nor_saved(web: Client) -> None:
    address = send(web)
    other = User.objects.create_user("other")
    other.groups.add(make_roles()["Editor"])
    web.force_login(other)
    assert web.get(address).headers["Location"] == reverse("import")
    web.post(reverse("import_confirm", args=[Upload.objects.get().pk]))
    assert not Entry.objects.exists()


def test_another_session_of_the_same_person_cannot_confirm_it(web: Client, editor: User) -> None:
    send(web)
    elsewhere = Client()
    elsewhere.force_login(editor)
    elsewhere.post(reverse("import_confirm", args=[Upload.objects.get().pk]))
    assert not Entry.objects.exists()


def test_a_file_is_kept_for_an_hour(web: Client) -> None:
    address = send(web)
    Upload.objects.update(at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    assert web.get(address).headers["Location"] == reverse("import")
    send(web)
    assert Upload.objects.count() == 1  # the next one sweeps it out


def test_a_file_that_is_too_large_is_not_kept(web: Client) -> None:
    text = web.post(reverse("import"), {"file": SimpleUploadedFile("big.csv", b"x" * (LARGEST_FILE + 1))})
    assert "larger than 5 MB" in text.content.decode()
    assert not Upload.objects.exists()


def test_a_file_that_is_no_sheet_is_refused_in_a_sentence_and_not_kept(web: Client) -> None:
    web.get(send(web, b"PK\x03\x04 not a workbook", "broken.xlsx"))
    assert not Upload.objects.exists()
    assert "broken.xlsx" in web.get(reverse("import")).content.decode()


def test_garbled_text_is_offered_for_repair_and_repaired_only_when_asked(web: Client) -> None:
    garbled = "metric,note,2025-01\nemployees,café,8.5\n".encode().decode("mac_roman").encode()
    address = send(web, garbled)
    assert "should probably be “café”" in web.get(address).content.decode()
    assert "garbled" not in web.get(f"{address}?repair=1").content.decode()


def test_those_who_may_not_enter_may_not_import(client: Client, editor: User) -> None:
    client.force_login(User.objects.create_user("reader"))
    assert client.get(reverse("import")).status_code == 403
