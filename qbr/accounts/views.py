"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url

from qbr.accounts.forms import SignInForm
from qbr.demo.sign_ins import SIGN_INS
from qbr.first_use.steps import Step, next_step


class SignIn(views.LoginView):
    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if next_step() is Step.ADMIN:
            return redirect("set_up")
        return super().dispatch(request, *args, **kwargs)

    def get_default_redirect_url(self) -> str:
        """An admin whose set-up is not finished goes on with it."""
        if self.request.user.is_superuser and next_step() in (Step.CALENDAR, Step.CONNECTION):
            return resolve_url("set_up")
        return super().get_default_redirect_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sign_ins=SIGN_INS if settings.DEMO else (), **kwargs)


sign_in = SignIn.as_view()
sign_out = views.LogoutView.as_view()  # answers only POST
