"""The admin, where people own the rules: connections, mapping, settings."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import PermissionDenied
from django.forms.models import BaseModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

# So that admins and forms can tell the type checker their model, as in `ModelAdmin[Organization]`; Django does not
# offer it yet.
for kind in (BaseModelAdmin, BaseModelForm):
    setattr(kind, "__class_getitem__", classmethod(lambda own, model: own))  # noqa: B010 - unknown to the types


class QbrAdminConfig(AdminConfig):
    default_site = "qbr.admin_site.QbrAdminSite"


class QbrAdminSite(AdminSite):
    site_header = site_title = "QBR administration"
    index_title = "What people decide"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One door for everyone, where guesses are counted; whoever is in already and may not see this is told so."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        from django.contrib.auth.views import redirect_to_login  # needs the models, which load after this module

        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("sign_in"))
