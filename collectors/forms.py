"""The form of a connection, made from what its vendor file asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from croniter import croniter
from cryptography.fernet import InvalidToken
from django import forms
from django.core.exceptions import ValidationError

from collectors.connections import Connection
from collectors.declare import Setting, Vendor
from collectors.errors import Refused
from collectors.facts.shapes import EARLIEST, FOREVER
from collectors.gate import secure
from collectors.systems import system

WIDE = {"class": "vTextField", "style": "width: 32em; max-width: 100%"}


class Suggested(forms.TextInput):
    """A text with suggestions behind it."""

    template_name = "admin/collectors/suggested.html"

    def __init__(self, choices: tuple[tuple[str, str], ...]) -> None:
        super().__init__(attrs=WIDE)
        self.choices = choices

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{name}_suggested"
        return {**context, "choices": self.choices}


class EnteredForm(forms.ModelForm[Connection]):
    """What every connection has, also one that no vendor file reads."""

    counts_from = forms.DateField(
        required=False, help_text="The first day on which its facts count. Empty: since ever.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    counts_to = forms.DateField(
        required=False, help_text="The first day on which they no longer count. Empty: until further notice.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip

    class Meta:
        model = Connection
        fields: tuple[str, ...] = ("label", "counts_from", "counts_to")
        widgets = {"label": forms.TextInput(attrs={"class": "vTextField"})}
        help_texts = {"label": "What people call it."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._blank_if("counts_from", EARLIEST)
        self._blank_if("counts_to", FOREVER)

    @property
    def slug(self) -> str:
        return self.instance.vendor

    def _blank_if(self, name: str, value: object) -> None:
        if self.initial.get(name, value) == value:
            self.initial[name] = None

    def clean_label(self) -> str:
        label = str(self.cleaned_data["label"]).strip()
        same = Connection.objects.filter(vendor=self.slug, label=label).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(f"There is a connection to {system(self.slug).label} of this name already.")
        return label

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["counts_from"] = cleaned.get("counts_from") or EARLIEST
        cleaned["counts_to"] = cleaned.get("counts_to") or FOREVER
        if cleaned["counts_from"] >= cleaned["counts_to"]:
            self.add_error("counts_to", "It must be later than the day it counts from.")
        return cleaned

    def settings_after(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The settings as they are to be stored."""
        return dict(stored)

    def secrets_given(self) -> dict[str, str]:
        """The secrets typed now; those left empty stay as they are."""
        return {}


class ConnectionForm(EnteredForm):
    """What every connection that is read has. A subclass made by `form_for` adds the vendor's own fields."""

    vendor: Vendor

    class Meta(EnteredForm.Meta):
        fields = ("label", "enabled", "schedule", "counts_from", "counts_to")
        widgets = {**EnteredForm.Meta.widgets, "schedule": forms.TextInput(attrs={"class": "vTextField"})}
        help_texts = {
            **EnteredForm.Meta.help_texts,
            "schedule": "Minute, hour, day, month and weekday in the business time zone: 17 * * * * is every hour "
            "at 17 minutes past.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial.setdefault("label", self.vendor.label)
        for setting in self.vendor.settings:
            if not setting.secret:
                self.initial[setting.name] = self.instance.settings.get(setting.name, setting.default)

    @property
    def slug(self) -> str:
        return self.vendor.slug

    def clean_schedule(self) -> str:
        text = " ".join(str(self.cleaned_data["schedule"]).split())
        if len(text.split()) != 5 or not croniter.is_valid(text):
            raise ValidationError("This is no schedule. It has five parts, such as 17 * * * *.")
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for setting in self.vendor.settings:
            if setting.name.endswith("address") and cleaned.get(setting.name):
                try:
                    secure(cleaned[setting.name])
                except Refused as refused:
                    self.add_error(setting.name, str(refused))
        return cleaned

    def settings_after(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The settings given; what a consent stored meanwhile stays where it is given empty."""
        given = {one.name: self.cleaned_data[one.name] for one in self.vendor.settings if not one.secret}
        by_consent = self.vendor.consent.keeps if self.vendor.consent else {}
        kept = {name: stored[name] for name in by_consent if name in stored}
        return {**kept, **{name: value.rstrip("/") for name, value in given.items() if value}}

    def secrets_given(self) -> dict[str, str]:
        given = {one.name: self.cleaned_data[one.name] for one in self.vendor.settings if one.secret}
        return {name: value for name, value in given.items() if value}


def form_for(vendor: Vendor, connection: Connection | None) -> type[ConnectionForm]:
    """The form class of one vendor's connections."""
    stored = stored_secrets(connection) if connection else {}
    fields = {setting.name: _field(setting, bool(stored.get(setting.name))) for setting in vendor.settings}
    return type("VendorConnectionForm", (ConnectionForm,), {**fields, "vendor": vendor, "__module__": __name__})


def stored_secrets(connection: Connection) -> dict[str, Any]:
    """The secrets there are; none where they cannot be opened, so that all are asked for anew."""
    try:
        return connection.secrets
    except InvalidToken:
        return {}


def _field(setting: Setting, stored: bool) -> forms.Field:
    if setting.secret:
        says = "It is set. Leave this empty to keep it." if stored else "Not set yet."
        return forms.CharField(
            label=setting.label, help_text=f"{setting.help} {says}".strip(), required=setting.required and not stored,
            widget=forms.PasswordInput(attrs={"class": "vTextField", "autocomplete": "new-password"}),
        )  # fmt: skip
    common: dict[str, Any] = {"label": setting.label, "help_text": setting.help, "required": setting.required}
    if setting.choices and not setting.free:
        return forms.ChoiceField(choices=setting.choices, **common)
    widget = Suggested(setting.choices) if setting.choices else forms.TextInput(attrs=WIDE)
    return forms.CharField(widget=widget, **common)
