"""What the set-up asks: an admin, the calendar, and a vendor's own settings."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from collectors.connections import Connection
from collectors.declare import Setting, Vendor
from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar
from metrics.models import Rule
from metrics.periods import MONTH_NAMES, Month
from qbr.first_use import gate
from qbr.first_use.steps import Step, next_step

FIRST_ADMIN_LOCK = 7_132_002
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


class ConnectionForm(forms.Form):
    """The fields a vendor file declares, and a name for the connection."""

    def __init__(self, *args: Any, vendor: Vendor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.vendor = vendor
        self.fields["label"] = forms.CharField(
            label="Name of this connection", initial=vendor.label, max_length=80, help_text="As it is called on pages."
        )
        for setting in vendor.settings:
            self.fields[f"setting_{setting.name}"] = _field(setting)

    def clean_label(self) -> str:
        label: str = self.cleaned_data["label"].strip()
        if Connection.objects.filter(vendor=self.vendor.slug, label=label).exists():
            raise ValidationError("There is a connection of that name already.")
        return label

    def unsaved(self) -> Connection:
        """Switched off until it has been tried."""
        given = {setting: self.cleaned_data[f"setting_{setting.name}"] for setting in self.vendor.settings}
        source = Connection(vendor=self.vendor.slug, label=self.cleaned_data["label"], enabled=False)
        source.settings = {setting.name: value for setting, value in given.items() if value and not setting.secret}
        source.secrets = {setting.name: value for setting, value in given.items() if value and setting.secret}
        return source


def _field(setting: Setting) -> forms.Field:
    common: dict[str, Any] = {
        "label": setting.label, "help_text": setting.help, "required": setting.required, "initial": setting.default
    }  # fmt: skip
    if setting.choices:
        return forms.ChoiceField(choices=setting.choices, **common)
    widget = forms.PasswordInput(attrs={"autocomplete": "off"}) if setting.secret else forms.TextInput()
    return forms.CharField(widget=widget, **common)


def _spoken(zone: str) -> str:
    return zone.replace("_", " ")
