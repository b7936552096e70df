"""Signing in and out, and how often a password may be guessed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from qbr.accounts.guesses import ALLOWED
from qbr.demo.sign_ins import SIGN_INS

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return User.objects.create_superuser("ada@lantern.example", "ada@lantern.example", "long enough words")


def sign_in(client: Client, password: str, username: str = "ada@lantern.example", **headers: str):
    return client.post(reverse("sign_in"), {"username": username, "password": password}, **headers)


def test_it_sends_everyone_to_the_set_up_while_there_is_no_admin(client: Client) -> None:
    assert client.get(reverse("sign_in")).headers["Location"] == reverse("set_up")


def test_a_right_password_signs_in_and_an_unfinished_set_up_goes_on(client: Client, person: User) -> None:
    answer = sign_in(client, "long enough words")
    assert answer.headers["Location"] == reverse("set_up")
    assert client.session["_auth_user_id"] == str(person.pk)


def test_it_goes_back_to_the_page_that_asked(client: Client, person: User) -> None:
    answer = client.post(
        reverse("sign_in"),
        {"username": person.username, "password": "long enough words", "next": "/data/?month=2026-01"},
    )
    assert answer.headers["Location"] == "/data/?month=2026-01"


def test_a_wrong_password_says_so_and_signs_nobody_in(client: Client, person: User) -> None:
    answer = sign_in(client, "wrong")
    assert "do not belong together" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_after_too_many_wrong_passwords_even_the_right_one_must_wait(client: Client, person: User) -> None:
    for _ in range(ALLOWED):
        sign_in(client, "wrong")
    answer = sign_in(client, "long enough words")
    assert "Too many wrong passwords" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_guesses_from_one_address_do_not_lock_the_person_out_at_another(client: Client, person: User) -> None:
    for _ in range(ALLOWED):
        sign_in(client, "wrong", REMOTE_ADDR="203.0.113.9")
    assert sign_in(client, "long enough words", REMOTE_ADDR="203.0.113.10").status_code == 302


def test_spelling_the_name_otherwise_gives_no_more_guesses(client: Client, person: User) -> None:
    for _ in range(ALLOWED):
        sign_in(client, "wrong", username=" ADA@lantern.example")
    assert "Too many" in sign_in(client, "long enough words").content.decode()


def test_a_right_password_forgets_the_wrong_ones_before_it(client: Client, person: User) -> None:
    for _ in range(2):
        for _ in range(ALLOWED - 1):
            sign_in(client, "wrong")
        assert sign_in(client, "long enough words").status_code == 302
        client.logout()


def test_signing_out_takes_a_post(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get(reverse("sign_out")).status_code == 405
    client.post(reverse("sign_out"))
    assert "_auth_user_id" not in client.session


def test_demo_sign_ins_are_shown_only_in_the_demo(client: Client, person: User, settings) -> None:
    settings.DEMO = False
    assert SIGN_INS[0].password not in client.get(reverse("sign_in")).content.decode()
    settings.DEMO = True
    assert SIGN_INS[0].password in client.get(reverse("sign_in")).content.decode()


def test_the_administration_has_no_door_of_its_own(client: Client, person: User) -> None:
    asked = client.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0] == reverse("sign_in") + "?next=/admin/"
    assert client.post("/admin/login/", {"username": person.username, "password": "wrong"}).status_code == 302
    client.force_login(person)
    assert client.get("/admin/").status_code == 200


def test_whoever_is_signed_in_and_may_not_administer_is_told_so(client: Client, person: User) -> None:
    client.force_login(User.objects.create_user("reader"))
    assert client.get("/admin/", follow=True).status_code == 403
