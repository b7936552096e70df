"""The sign-in form: counts wrong guesses and says plainly what is the matter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from qbr.accounts.guesses import PAUSE_MINUTES, Guesses


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "That user name and password do not belong together. Try again.",
        "inactive": "This sign-in has been switched off. Ask your administrator.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail or user name"
        self.fields["username"].widget.attrs.update({"autocomplete": "username", "autocapitalize": "none"})
        self.fields["password"].widget.attrs["autocomplete"] = "current-password"

    def clean(self) -> dict[str, Any]:
        assert self.request is not None
        guesses = Guesses(self.request, self.cleaned_data.get("username") or "")
        if guesses.used_up:
            raise forms.ValidationError(f"Too many wrong passwords. Wait {PAUSE_MINUTES} minutes, then try again.")
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            guesses.add()
            raise
        guesses.forget()
        return cleaned
