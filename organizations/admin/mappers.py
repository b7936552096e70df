"""What only those see who may decide whose an account is, whatever a screen's own table is."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

M = TypeVar("M", bound=models.Model)
MAP = "organizations.change_waitingaccount"


class ForMappers(admin.ModelAdmin[M]):
    """A screen of its own in the place of a list of rows: nothing is added or edited as a row."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAP)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return request.user.has_perm(MAP)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def allowed(self, request: HttpRequest) -> None:
        """Raises PermissionDenied."""
        if not request.user.has_perm(MAP):
            raise PermissionDenied

    def page(self, request: HttpRequest, template: str, **shown: Any) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | shown
        return TemplateResponse(request, f"admin/organizations/{template}.html", context)
