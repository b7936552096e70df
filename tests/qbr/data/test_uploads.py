"""Files of records: nothing is written before the second click, and what was looked at is what is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.drop.files import LoadedFile
from collectors.drop.layouts import LAYOUTS
from collectors.drop.table import LARGEST_FILE
from collectors.facts.accounts import Account
from collectors.facts.service import Ticket
from collectors.facts.touched import Calendar
from qbr.data import chosen
from qbr.entry.models import KEPT_FOR, Upload

pytestmark = pytest.mark.django_db
HEAD = "Ticket,Company,Opened,Queue\n"
GOOD = HEAD + "101,Otterfield Dental,2026-03-02 09:00,Help desk\n102,Otterfield Dental,2026-03-03 09:00,Help desk\n"
BAD = GOOD + "103,Otterfield Dental,sometime,Help desk\n"


@pytest.fixture
def admin(db: None) -> User:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    return User.objects.create_superuser("admin")


@pytest.fixture
def web(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def send(
    web: Client, content: str | bytes = GOOD, name: str = "tickets.csv", holds: str = "tickets", **more: str
) -> str:
    """Where sending a file leads; "" where the form comes back."""
    body = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, body)
    answer = web.post(f"{reverse('data_files')}?holds={holds}", {"source": "Desk by hand", "file": file, **more})
    return answer.headers.get("Location", "")


def load(web: Client, **more: str) -> str:
    """Load what was sent last; where that leads."""
    answer = web.post(reverse("data_file_load", args=[Upload.objects.latest("at").pk]), more)
    return answer.headers.get("Location", "")


def tally(text: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text))


def test_the_preview_counts_rows_and_names_what_is_set_aside_and_who_waits_and_writes_nothing(web: Client) -> None:
    text = web.get(send(web, BAD)).content.decode()
    assert tally(text) == {
        "In the file": "3", "New": "2", "Changed": "0", "As they stand": "0", "Retired": "0", "Set aside": "1"
    }  # fmt: skip
    assert re.search(r'<td class="n">4</td><td class="reason">[^<]*sometime', text)
    assert "<li>Otterfield Dental</li>" in text
    for model in (Connection, CollectorRun, Ticket, Account, QuarantinedRecord, LoadedFile):
        assert not model.objects.exists()


def test_the_second_click_loads_forgets_the_file_and_leads_to_what_came_of_it(web: Client, admin: User) -> None:
    send(web, BAD)
    text = web.get(load(web)).content.decode()
    assert (tally(text)["New"], tally(text)["Set aside"]) == ("2", "1")
    assert sorted(Ticket.objects.values_list("external_id", flat=True)) == ["101", "102"]
    assert not Upload.objects.exists()
    [file] = LoadedFile.objects.all()
    assert (file.by, file.name, file.layout) == (admin, "tickets.csv", "tickets")
    of_source = f"?connection__id__exact={Connection.objects.get().pk}"
    lists = [
        reverse("admin:collectors_quarantinedrecord_changelist") + of_source,
        reverse("admin:collectors_collectorrun_changelist") + of_source,
        reverse("admin:organizations_waitingaccount_changelist"),
    ]
    assert [address in text for address in lists] == [True] * 3
    assert [web.get(address).status_code for address in lists] == [200] * 3


def test_the_list_of_files_says_who_loaded_what_and_when(web: Client) -> None:
    send(web)
    load(web)
    text = web.get(reverse("data_files")).content.decode()
    assert "tickets.csv" in text and "Desk by hand" in text and "<td>admin</td>" in text


def test_a_file_that_is_sent_again_changes_nothing_and_says_so(web: Client) -> None:
    send(web)
    load(web)
    text = web.get(send(web)).content.decode()
    assert (tally(text)["New"], tally(text)["As they stand"]) == ("0", "2")
    assert "Load it all the same" in text


def test_another_persons_file_can_be_neither_seen_nor_loaded(web: Client) -> None:
    address = send(web)
    web.force_login(User.objects.create_superuser("other"))
    assert web.get(address).headers["Location"] == reverse("data_files")
    load(web)
    assert not Ticket.objects.exists()


def test_another_session_of_the_same_person_cannot_load_it(web: Client, admin: User) -> None:
    send(web)
    elsewhere = Client()
    elsewhere.force_login(admin)
    load(elsewhere)
    assert not Ticket.objects.exists()


def test_what_was_said_of_a_file_cannot_be_changed_on_the_way_to_the_second_click(web: Client) -> None:
    address = send(web)
    text = web.get(f"{address}?source=Another&holds=time").content.decode()
    assert "of Desk by hand" in text
    load(web, source="Another", holds="time")
    assert Connection.objects.get().label == "Desk by hand"


def test_a_file_of_figures_and_a_file_of_records_do_not_pass_for_each_other(web: Client) -> None:
    send(web)
    answer = web.get(reverse("import_preview", args=[Upload.objects.get().pk]))
    assert answer.headers["Location"] == reverse("import")


def test_a_file_is_kept_for_an_hour(web: Client) -> None:
    address = send(web)
    Upload.objects.update(at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    assert web.get(address).headers["Location"] == reverse("data_files")


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("big.csv", b"x" * (LARGEST_FILE + 1), "Split it into smaller files"),
        ("notes.docx", b"PK\x03\x04", "Save the sheet as .xlsx or .csv"),
        ("empty.csv", b"", "Save the sheet again with its rows"),
    ],
)
def test_a_file_that_cannot_be_kept_says_what_to_do(web: Client, name: str, content: bytes, says: str) -> None:
    file = SimpleUploadedFile(name, content)
    text = web.post(f"{reverse('data_files')}?holds=tickets", {"source": "Desk", "file": file}).content.decode()
    assert says in text
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("broken.xlsx", b"PK\x03\x04 not a workbook", "Save it again as .xlsx or .csv"),
        ("other.csv", b"colour,size\nred,1\n", "The template shows every column"),
    ],
)
def test_a_file_that_cannot_be_read_is_not_kept_and_says_what_to_do(
    web: Client, name: str, content: bytes, says: str
) -> None:
    again = web.get(send(web, content, name)).headers["Location"]
    assert says in web.get(again).content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "days, says",
    [
        ({"from_on": "2026-03-01"}, "Give both days, or none."),
        ({"from_on": "2026-03-09", "through_on": "2026-03-01"}, "The last day is before the first."),
        ({"from_on": "2026-03-01", "through_on": "2999-01-01"}, "This day is still to come."),
        ({"from_on": "March"}, "Write it as 2026-03-31."),
        ({"source": " "}, "This field is required."),
    ],
)
def test_days_that_cannot_be_are_refused_beside_their_field(web: Client, days: dict[str, str], says: str) -> None:
    file = SimpleUploadedFile("tickets.csv", GOOD.encode())
    sent = {"source": "Desk", "file": file, **days}
    assert says in web.post(f"{reverse('data_files')}?holds=tickets", sent).content.decode()


def test_losing_most_of_a_list_asks_for_a_word_more(web: Client) -> None:
    rows = [f"{number},Otterfield Dental,2026-03-02 09:00,Help desk\n" for number in range(10)]
    days = {"from_on": "2026-03-01", "through_on": "2026-03-31", "complete": "on"}
    send(web, HEAD + "".join(rows), **days)
    load(web)
    text = web.get(send(web, HEAD + rows[0], "less.csv", **days)).content.decode()
    assert tally(text)["Retired"] == "9" and 'name="gone"' in text
    load(web)
    assert Ticket.objects.filter(retired_on=None).count() == 10
    load(web, gone="on")
    assert Ticket.objects.filter(retired_on=None).count() == 1


@pytest.mark.parametrize("key", LAYOUTS)
def test_the_page_of_every_layout_offers_its_templates_and_they_read_as_it_says(web: Client, key: str) -> None:
    layout = LAYOUTS[key]
    text = web.get(f"{reverse('data_files')}?holds={key}").content.decode()
    for form in ("csv", "xlsx"):
        assert reverse("data_template", args=[key, form]) in text
        body = web.get(reverse("data_template", args=[key, form])).content
        address = send(web, body, f"{key}.{form}", key)
        shown = web.get(address)
        assert shown.status_code == 200, web.get(shown.headers["Location"]).content.decode()
        counts = tally(shown.content.decode())
        assert (counts["Set aside"], int(counts["New"]) > 0) == ("0", True)
    for column in layout.columns if not layout.sample else ():
        assert column.name in text and column.meaning


def test_the_workbook_explains_each_column_on_a_sheet_of_its_own(web: Client) -> None:
    body = web.get(reverse("data_template", args=["tickets", "xlsx"])).content
    book = CalamineWorkbook.from_filelike(BytesIO(body))
    said = [str(row[0]) for row in book.get_sheet_by_index(1).to_python()]
    for column in LAYOUTS["tickets"].columns:
        assert any(line.startswith(f"{column.name} (") and column.meaning in line for line in said)


def test_the_data_page_says_that_a_source_is_loaded_from_files(web: Client) -> None:
    send(web)
    load(web)
    text = web.get(reverse("data")).content.decode()
    assert "Loaded from files" in text and "Last file loaded" in text and "Entered without a collector" not in text


def test_a_source_that_is_known_is_offered(web: Client) -> None:
    send(web)
    load(web)
    assert chosen.sources(LAYOUTS["tickets"]) == ["Desk by hand"]
    assert '<option value="Desk by hand">' in web.get(f"{reverse('data_files')}?holds=tickets").content.decode()


@pytest.mark.parametrize("name", ["data_files", "data_file_preview", "data_file_load", "data_file", "data_template"])
def test_only_those_who_may_change_connections_upload(client: Client, admin: User, name: str) -> None:
    client.force_login(admin)
    send(client)
    upload = Upload.objects.get().pk
    known: dict[str, Sequence[object]] = {
        "data_files": [], "data_file": [1], "data_template": ["tickets", "csv"]
    }  # fmt: skip
    args = known.get(name, [upload])
    person = User.objects.create_user("reader")
    ask = client.post if name == "data_file_load" else client.get
    client.force_login(person)
    assert ask(reverse(name, args=args)).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="change_connection"))
    assert ask(reverse(name, args=args)).status_code != 403
    client.logout()
    assert ask(reverse(name, args=args)).headers["Location"].startswith(reverse("sign_in"))


def test_a_load_without_the_token_of_the_page_is_refused(web: Client, admin: User) -> None:
    send(web)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = web.cookies
    assert strict.post(reverse("data_file_load", args=[Upload.objects.get().pk])).status_code == 403
    assert not Ticket.objects.exists()
