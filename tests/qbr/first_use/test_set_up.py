"""The set-up's steps: who may take them, what each leaves behind, and that it can be left and taken up again."""

from __future__ import annotations

from datetime import date
from threading import Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from collectors.connections import CollectorRun, Connection
from collectors.facts.touched import Calendar
from metrics.models import Rule
from qbr.first_use.steps import Step, next_step

ADMIN = {
    "name": "Ada Vale", "email": "Ada@lantern.example", "password": "long enough words", "repeated": "long enough words"
}  # fmt: skip
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    person = User.objects.create_superuser("ada@lantern.example", "ada@lantern.example", "long enough words")
    client.force_login(person)
    return person


def test_at_this_machine_the_first_admin_needs_no_token_and_is_signed_in(client: Client) -> None:
    client.post(reverse("set_up_admin"), ADMIN)
    person = User.objects.get()
    assert (person.username, person.first_name, person.is_superuser) == ("ada@lantern.example", "Ada", True)
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize("token, made", [("", 0), ("guessed", 0), ("right-token", 1)])
def test_from_elsewhere_it_takes_the_token_of_the_terminal(client: Client, settings, token: str, made: int) -> None:
    settings.SETUP_TOKEN = "right-token"
    client.post(reverse("set_up_admin"), ADMIN | {"token": token}, **ELSEWHERE)
    assert User.objects.count() == made


def test_an_installation_without_a_token_lets_nobody_in_from_elsewhere(client: Client, settings) -> None:
    settings.SETUP_TOKEN = ""
    client.post(reverse("set_up_admin"), ADMIN | {"token": ""}, **ELSEWHERE)
    assert not User.objects.exists()
    assert "createsuperuser" in client.get(reverse("set_up_admin"), **ELSEWHERE).content.decode()


def test_a_proxy_on_this_machine_does_not_make_a_stranger_local(client: Client, settings) -> None:
    settings.SETUP_TOKEN = "right-token"
    client.post(reverse("set_up_admin"), ADMIN, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert not User.objects.exists()


def test_the_first_step_is_over_once_there_is_an_admin(client: Client, admin: User) -> None:
    client.logout()
    client.post(reverse("set_up_admin"), ADMIN | {"email": "second@lantern.example"})
    assert User.objects.count() == 1


@pytest.mark.parametrize("spoiled", [{"password": "short", "repeated": "short"}, {"repeated": "something else"}])
def test_a_weak_or_mistyped_password_makes_no_admin(client: Client, spoiled: dict[str, str]) -> None:
    client.post(reverse("set_up_admin"), ADMIN | spoiled)
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_are_first_at_once_one_becomes_the_admin() -> None:
    def ask(email: str) -> None:
        Client().post(reverse("set_up_admin"), ADMIN | {"email": email})
        database.close()

    both = [Thread(target=ask, args=(f"person{n}@lantern.example",)) for n in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert User.objects.count() == 1


def test_the_calendar_is_read_back_in_the_chosen_zone(client: Client, admin: User) -> None:
    client.post(
        reverse("set_up_calendar"), {"time_zone": "America/Denver", "fiscal_year_start": "7", "months_back": "24"}
    )
    calendar = Calendar.objects.get()
    here = timezone.now().astimezone(calendar.zone).date()
    assert calendar.time_zone == "America/Denver"
    assert calendar.read_from == date(here.year - 2, here.month, 1)
    assert Rule.objects.get(key="fiscal_year_start").value == 7


def test_only_the_admin_goes_on_after_the_first_step(client: Client, admin: User) -> None:
    client.force_login(User.objects.create_user("reader"))
    client.post(reverse("set_up_calendar"), {"time_zone": "UTC", "fiscal_year_start": "1", "months_back": "24"})
    assert not Calendar.objects.filter(read_from__isnull=False).exists()


def test_each_thing_done_leads_to_the_next_step(admin: User) -> None:
    assert next_step() is Step.CALENDAR
    Calendar.objects.create(read_from=date(2024, 1, 1))
    assert next_step() is Step.CONNECTION
    source = Connection.objects.create(vendor="ninjaone", label="NinjaOne")
    assert next_step() is Step.READ
    CollectorRun.objects.create(connection=source, as_of=timezone.now(), state=CollectorRun.State.DONE)
    assert next_step() is Step.NEXT
