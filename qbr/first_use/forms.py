"""What the set-up asks: an admin, the calendar, and a vendor's own settings."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import QueryDict
from django.utils import timezone

from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar
from collectors.forms import ConnectionForm, form_for
from metrics.models import Rule
from metrics.periods import MONTH_NAMES, Month
from qbr.first_use import gate
from qbr.first_use.steps import Step, next_step

FIRST_ADMIN_LOCK = 7_132_002
CAN_WAIT = ("enabled", "schedule", "counts_from", "counts_to")
SCHEDULE = {"schedule": Connection._meta.get_field("schedule").get_default()}
FISCAL_STARTS = (1, 4, 7, 10)
NEAREST_ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Toronto", "Europe/London", "Australia/Sydney",
)  # fmt: skip


class AdminForm(forms.Form):
    token = forms.CharField(label="Set-up token", help_text="Printed in the terminal where the product was started.")
    name = forms.CharField(label="Your name", max_length=150)
    email = forms.EmailField(label="E-mail", help_text="You sign in with it.", max_length=150)
    password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False,
        help_text="At least ten characters.",
    )  # fmt: skip
    repeated = forms.CharField(
        label="Password again", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )

    def __init__(self, *args: Any, ask_token: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        if not ask_token:
            del self.fields["token"]

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        if not gate.token_is_right(token):
            raise ValidationError("That is not the set-up token this installation was started with.")
        return token

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned and cleaned["password"] != cleaned.get("repeated"):
            self.add_error("repeated", "The two passwords differ.")
        return cleaned

    def save(self) -> User | None:
        """The first admin, or None where another person was quicker."""
        first, _, last = self.cleaned_data["name"].strip().partition(" ")
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_ADMIN_LOCK])
            if next_step() is not Step.ADMIN:
                return None
            email = self.cleaned_data["email"].lower()
            return get_user_model().objects.create_superuser(
                email, email, self.cleaned_data["password"], first_name=first, last_name=last
            )


class CalendarForm(forms.Form):
    time_zone = forms.ChoiceField(
        label="Business time zone", help_text="A day, a month and a quarter begin and end at midnight there.",
        choices=lambda: [
            ("Often chosen", [(zone, _spoken(zone)) for zone in NEAREST_ZONES]),
            ("All", [(zone, _spoken(zone)) for zone in sorted(available_timezones()) if "/" in zone]),
        ],
    )  # fmt: skip
    fiscal_year_start = forms.TypedChoiceField(
        label="Fiscal year starts in", coerce=int, initial=1,
        choices=[(month, MONTH_NAMES[month - 1]) for month in FISCAL_STARTS],
        help_text="It names the year to date. Quarters are calendar quarters.",
    )  # fmt: skip
    months_back = forms.IntegerField(
        label="How many months back to read", initial=24, min_value=1, max_value=120,
        help_text="Tickets, time and the ledger. Devices and agreements are known from the first read on.",
    )  # fmt: skip

    def save(self, by: User) -> Calendar:
        calendar = Calendar.current()
        calendar.time_zone = self.cleaned_data["time_zone"]
        today = timezone.now().astimezone(calendar.zone).date()
        calendar.read_from = Month.holding(today).shift(-self.cleaned_data["months_back"]).starts_on
        calendar.save(update_fields=["time_zone", "read_from"])
        Rule.objects.update_or_create(
            key="fiscal_year_start", from_on=EARLIEST,
            defaults={"value": self.cleaned_data["fiscal_year_start"], "by": by, "note": "set up"},
        )  # fmt: skip
        return calendar


def connection_form(vendor: Vendor, data: QueryDict | None = None) -> ConnectionForm:
    """The admin's own form of a connection, with what can wait left as it is and the connection switched off."""
    form = form_for(vendor, None)
    if data is None:
        return form()
    return form({**data.dict(), **dict.fromkeys(CAN_WAIT, ""), **SCHEDULE})


def asked(form: ConnectionForm) -> list[forms.BoundField]:
    return [field for field in form.visible_fields() if field.name not in CAN_WAIT]


def unsaved(form: ConnectionForm) -> Connection:
    source: Connection = form.save(commit=False)
    source.vendor = form.vendor.slug
    source.settings, source.secrets = form.settings_after({}), form.secrets_given()
    return source


def _spoken(zone: str) -> str:
    return zone.replace("_", " ")
