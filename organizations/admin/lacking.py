"""What clients pay for and lack, devices nobody pays for, and the words that tell which product is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.paginator import Paginator
from django.db import DataError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from collectors.declare import Layer
from collectors.facts.accounts import Account
from organizations import lacking
from organizations.admin.mappers import MAP, ForMappers
from organizations.admin.queue import today
from organizations.admin.rows import dollars
from organizations.lacking import KINDS, Lacking, Unpaid
from organizations.models import PaidLayer

A_PAGE = 25


class PaidLayerForm(forms.ModelForm[PaidLayer]):
    pattern = forms.CharField(
        label="Words in a product’s name", widget=AdminTextInputWidget, max_length=300,
        help_text="As the database reads a pattern, in any case: “backup|continuity” is one or the other, “\\medr\\M” "
        "the word alone.",
    )  # fmt: skip
    layer = forms.ChoiceField(
        label="What it pays for", choices=[(layer.value, label) for layer, (label, _) in KINDS.items()],
        help_text="Words for the RMM are general: a product that names another kind of system too is that one’s.",
    )  # fmt: skip

    class Meta:
        model = PaidLayer
        fields = ("pattern", "layer")

    def clean_pattern(self) -> str:
        pattern = str(self.cleaned_data["pattern"])
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT '' ~* %s", [pattern])
        except DataError as error:
            raise forms.ValidationError(
                "The database cannot read this pattern; use plain words, | and brackets in pairs."
            ) from error
        return pattern


@dataclass(frozen=True)
class Row:
    """A finding with its accounts in the system it speaks of."""

    found: Lacking | Unpaid
    accounts: Sequence[Account]

    @property
    def monthly(self) -> str:
        return dollars(self.found.monthly) if isinstance(self.found, Lacking) else ""


@admin.register(PaidLayer)
class LackingAdmin(ForMappers[PaidLayer]):
    form = PaidLayerForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAP)

    def has_change_permission(self, request: HttpRequest, obj: PaidLayer | None = None) -> bool:
        return request.user.has_perm(MAP)

    def has_delete_permission(self, request: HttpRequest, obj: PaidLayer | None = None) -> bool:
        return request.user.has_perm(MAP)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Both findings, and the words they rest on."""
        return require_safe(self.screen)(request)

    def screen(self, request: HttpRequest) -> HttpResponse:
        self.allowed(request)
        vendors, day = lacking.connected(), today()
        without = Paginator(lacking.lacking(vendors, day), A_PAGE).get_page(request.GET.get("p"))
        owed = Paginator(lacking.unpaid(vendors, day), A_PAGE).get_page(request.GET.get("u"))
        found: list[Lacking | Unpaid] = [*without, *owed]
        accounts = Account.objects.select_related("connection").in_bulk([key for one in found for key in one.accounts])
        return self.page(
            request, "lacking", title="Paid for and missing", without=without, owed=owed,
            lacking=_rows(list(without), accounts), unpaid=_rows(list(owed), accounts),
            judged=[KINDS[layer][0] for layer in KINDS if layer in vendors.values()],
            silent=lacking.not_connected(vendors), rmm=Layer.RMM in vendors.values(),
            words=[(each, KINDS[Layer(each.layer)][0]) for each in PaidLayer.objects.all()],
        )


def _rows(found: Sequence[Lacking | Unpaid], accounts: Mapping[int, Account]) -> list[Row]:
    return [Row(one, [accounts[account] for account in one.accounts if account in accounts]) for one in found]
