"""Notes on screen: who may write and take back, where they show, and that nobody is led away from our own pages."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics import notes, varying
from metrics.models import HeldLimits, Note
from qbr import access
from tests.qbr.pages import world

pytestmark = pytest.mark.django_db

OPERATIONS = "/operations/?period=2026-Q3"


def signed_in(role: str) -> Client:
    person = User.objects.create_user(role.lower() or "reader")
    if role:
        person.groups.add(access.make_roles()[role])
    client = Client()
    client.force_login(person)
    return client


def write(browser: Client, **given: str) -> Any:
    form = {"text": "Power cut.", "kind": "outage", "on": "2026-03-12", "last": "", "client": "", "metric": "", **given}
    return browser.post("/notes/", form)


def figure(body: str, key: str) -> dict[str, Any]:
    found = re.search(rf'id="{key}-figure">(.*?)</script>', body)
    assert found, key
    drawn: dict[str, Any] = json.loads(found[1])
    return drawn


def test_an_editor_writes_a_note_and_every_chart_it_touches_shows_it() -> None:
    world.fill(clients=2)
    editor = signed_in("Editor")
    assert write(editor, metric="rhem", client="client-0", next=OPERATIONS).url == OPERATIONS
    write(editor, text="Everybody knows.")
    mine = editor.get(f"{OPERATIONS}&client=client-0").content.decode()
    other = editor.get(f"{OPERATIONS}&client=client-1").content.decode()
    assert ("Power cut." in mine, "Power cut." in other, "Everybody knows." in other) == (True, False, True)
    words = [each["text"] for each in figure(mine, "rhem-trend")["layout"]["annotations"]]
    assert [word for word in words if "Outage" in word] == ["1 Outage", "2 Outage"]
    assert "Power cut." not in editor.get("/operations/?period=2024-Q4&client=client-0").content.decode()


def test_the_working_of_a_number_lists_the_notes_of_its_period() -> None:
    world.fill(clients=1)
    editor = signed_in("Editor")
    write(editor, on="2026-09-30", metric="rhem")
    assert "Power cut." in editor.get("/numbers/rhem/?period=2026-Q3").content.decode()
    assert "Power cut." not in editor.get("/numbers/rhem/?period=2026-Q2").content.decode()
    assert "Power cut." not in editor.get("/numbers/reactive_hours/?period=2026-Q3").content.decode()


def test_who_may_not_enter_numbers_reads_notes_and_writes_none() -> None:
    world.fill(clients=1)
    vcio = signed_in("vCIO")
    assert write(vcio).status_code == 403
    assert "Add the note" not in vcio.get("/notes/").content.decode()
    assert "Add a note" not in vcio.get(OPERATIONS).content.decode()
    note = notes.add(User.objects.create_superuser("boss"), kind="other", on=world.LAST.starts_on, text="Seen.")
    assert "Seen." in vcio.get("/notes/").content.decode()
    assert vcio.post(f"/notes/{note.pk}/take-back/").status_code == 403
    assert Note.objects.filter(taken_back_at=None).count() == 1


def test_a_note_is_taken_back_once() -> None:
    editor = signed_in("Editor")
    world.fill(clients=1)
    write(editor)
    note = Note.objects.get()
    assert editor.post(f"/notes/{note.pk}/take-back/").status_code == 302
    assert editor.post(f"/notes/{note.pk}/take-back/").status_code == 404
    assert "Power cut." not in editor.get("/notes/").content.decode()


@pytest.mark.parametrize(("given", "says"), [
    ({"text": ""}, "This field is required"), ({"on": "soon"}, "Enter a valid date"),
    ({"last": "2026-03-01"}, "The last day is before the first"), ({"metric": "nothing"}, "Select a valid choice"),
    ({"client": "nobody"}, "Select a valid choice"),
])  # fmt: skip
def test_what_cannot_be_noted_is_said_beside_the_field(given: dict[str, str], says: str) -> None:
    world.fill(clients=1)
    assert says in write(signed_in("Editor"), **given).content.decode()
    assert not Note.objects.exists()


@pytest.mark.parametrize("away", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_the_way_back_is_one_of_our_own_pages(away: str) -> None:
    world.fill(clients=1)
    assert write(signed_in("Editor"), next=away).url == "/notes/"


def test_one_day_and_many_days_are_written_as_people_do() -> None:
    world.fill(clients=1)
    editor = signed_in("Editor")
    write(editor, last="2026-03-12", text="One.")
    write(editor, last="2026-03-14", text="Three.")
    body = editor.get("/notes/").content.decode()
    assert "12 Mar 2026</span> · Outage: One." in body
    assert "12 Mar 2026 to 14 Mar 2026</span> · Outage: Three." in body


def again(browser: Client, **given: str) -> str:
    asked = {"client": "client-0", "reason": "A new phone system.", "next": "/numbers/rhem/", **given}
    return browser.post("/limits/rhem/again/", asked, follow=True).content.decode()


def test_limits_are_worked_out_again_by_those_who_may_and_the_working_says_who_and_why() -> None:
    world.fill(clients=1)
    varying.hold(everyone=True)
    editor, address = signed_in("Editor"), "/numbers/rhem/?period=2026-Q3&client=client-0"
    assert "Held until somebody" in editor.get(address).content.decode()
    assert "Say why the limits" in again(editor, reason=" ")
    assert "worked out again" in again(editor)
    body = editor.get(address).content.decode()
    assert "by editor" in body
    assert "A new phone system." in body
    assert "Earlier limits" in body
    assert HeldLimits.objects.exclude(superseded_at=None).count() == 1
    vcio = signed_in("vCIO")
    assert vcio.post("/limits/rhem/again/", {"reason": "Because."}).status_code == 403
    assert "Work the limits out again" not in vcio.get(address).content.decode()
    assert editor.post("/limits/employee_expense/again/", {"reason": "Because."}).status_code == 404


def test_a_chart_of_one_number_draws_its_normal_range_and_the_working_judges_its_latest_month() -> None:
    world.fill(clients=1)
    varying.hold(everyone=True)
    vcio = signed_in("vCIO")
    names = [trace["name"] for trace in figure(vcio.get(OPERATIONS).content.decode(), "rhem-trend")["data"]]
    assert names[:3] == ["lower limit", "upper limit", "average"]
    body = vcio.get("/numbers/rhem/?period=2026-Q3").content.decode()
    assert "as of Sep 2026" in body
    assert "Signal or noise" in body
