"""Which kind of work a queue holds and which line a ledger account counts in: what is undecided comes first.

The things themselves are a vendor's and are only read here; people add dated decisions to them, one by one or for
all selected. A decision saved or deleted marks the roll-up by itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value, When
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar
from collectors.models import LedgerAccount, LedgerBalance, Queue
from metrics.admin.dated import DatedForm
from metrics.models import LedgerCategory, QueueKind
from metrics.models.rules import begins_in_closed

SPACED = {"style": "margin-right: .75rem"}


def today() -> date:
    return timezone.now().astimezone(Calendar.current().zone).date()


class DecisionForm(ActionForm):
    """Beside the choice of action: the decision itself, from when on, and why."""

    field_order = ("action", "decision", "from_on", "note")
    from_on = forms.DateField(
        required=False, label="from (empty: since ever)",
        widget=forms.DateInput(attrs={"type": "date", **SPACED}),
    )
    note = forms.CharField(required=False, max_length=200, label="why", widget=forms.TextInput(attrs={"size": 24}))


class QueueKindForm(DecisionForm):
    decision = forms.ChoiceField(
        label="as", required=False, choices=[("", "a kind…"), *QueueKind.Kind.choices],
        widget=forms.Select(attrs=SPACED),
    )


class LedgerCategoryForm(DecisionForm):
    decision = forms.ChoiceField(
        label="as", required=False, choices=[("", "a category…"), *LedgerCategory.Category.choices],
        widget=forms.Select(attrs=SPACED),
    )


class DecidedAdmin(admin.ModelAdmin[Any]):
    """A vendor's list on which people decide. A subclass names the decision's model and its two fields."""

    decision_model: ClassVar[type[QueueKind | LedgerCategory]]
    thing: ClassVar[str]  # the decision's foreign key
    what: ClassVar[str]  # the decision's own field
    words: ClassVar[str]

    actions = ("decide_for_all",)
    list_per_page = 100
    search_fields = ("name", "external_id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with the decision in force today, undecided ones first."""
        decided = self.decision_model._default_manager.filter(
            **{self.thing: OuterRef("pk")}, from_on__lte=today()
        ).order_by("-from_on")
        rows = super().get_queryset(request).filter(retired_on=None).select_related("connection")
        rows = rows.annotate(
            decided_as=Subquery(decided.values(self.what)[:1], output_field=TextField()),
            decided_from=Subquery(decided.values("from_on")[:1]),
            decided_note=Subquery(decided.values("note")[:1]),
        )
        undecided = Q(decided_as=None) | Q(decided_as="undecided")
        rows = rows.annotate(is_decided=Case(When(undecided, then=Value(0)), default=Value(1)))
        return cast("QuerySet[Any]", rows.order_by("is_decided", "name"))

    def get_action_choices(self, request: HttpRequest, default_choices: Any = ()) -> list[tuple[str, str]]:
        """Without an empty choice, since there is only one thing to do here."""
        return super().get_action_choices(request, list(default_choices))

    @admin.action(description="Decide for all selected")
    def decide_for_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        form = self.action_form(request.POST)
        form.fields["action"].choices = [(value, value) for value in request.POST.getlist("action")]
        if not form.is_valid() or not form.cleaned_data["decision"]:
            ask = f"Choose the {self.words} beside the action, and a day or none."
            self.message_user(request, ask, messages.WARNING)
            return
        decided = form.cleaned_data
        if problem := begins_in_closed(decided["from_on"] or EARLIEST):
            self.message_user(request, problem, messages.WARNING)
            return
        with transaction.atomic():
            for thing in queryset:
                self.decision_model._default_manager.update_or_create(
                    **{self.thing: thing}, from_on=decided["from_on"] or EARLIEST,
                    defaults={self.what: decided["decision"], "note": decided["note"], "by_id": request.user.pk},
                )
        self.message_user(request, f"{queryset.count()} decided. Figures follow within a minute.", messages.SUCCESS)

    def save_formset(self, request: HttpRequest, form: Any, formset: BaseInlineFormSet, change: bool) -> None:  # type: ignore[type-arg]
        for decision in formset.save(commit=False):
            decision.by = request.user
            decision.save()
        for decision in formset.deleted_objects:
            decision.delete()

    @admin.display(description="decided", ordering="decided_as")
    def decision(self, thing: Any) -> str:
        label = dict(self.decision_model._meta.get_field(self.what).flatchoices).get(thing.decided_as)  # type: ignore[union-attr]
        return format_html("<strong>{}</strong>", "Undecided") if not thing.is_decided else str(label)

    @admin.display(description="since", ordering="decided_from")
    def since(self, thing: Any) -> str:
        if thing.decided_from is None:
            return "—"
        return "ever" if thing.decided_from == EARLIEST else f"{thing.decided_from:%-d %b %Y}"

    @admin.display(description="note")
    def note(self, thing: Any) -> str:
        return thing.decided_note or ""


class Decisions(BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """A form that is to be deleted is not looked at by itself."""
        super().clean()
        days = [form.instance.from_on for form in self.deleted_forms]
        if days and (problem := begins_in_closed(*days)):
            raise ValidationError(problem)


class DecisionInline(admin.TabularInline[Any, Any]):
    """The decisions about one thing, newest first; each lasts until the next begins."""

    form = DatedForm
    formset = Decisions
    extra = 1
    ordering = ("-from_on",)
    readonly_fields = ("by", "at")


class QueueKindInline(DecisionInline):
    model = QueueKind
    fields = ("kind", "from_on", "note", "by", "at")
    verbose_name = "kind"
    verbose_name_plural = "Kinds, each until the next begins"


class LedgerCategoryInline(DecisionInline):
    model = LedgerCategory
    fields = ("category", "from_on", "note", "by", "at")
    verbose_name = "category"
    verbose_name_plural = "Categories, each until the next begins"


@admin.register(Queue)
class QueueAdmin(DecidedAdmin):
    decision_model, thing, what, words = QueueKind, "queue", "kind", "queue kind"
    action_form = QueueKindForm
    inlines = (QueueKindInline,)
    list_display = ("name", "decision", "since", "note", "connection", "active")
    list_filter = ("connection", "active")
    fields = ("name", "connection", "external_id", "active")
    readonly_fields = fields


@admin.register(LedgerAccount)
class LedgerAccountAdmin(DecidedAdmin):
    decision_model, thing, what, words = LedgerCategory, "ledger_account", "category", "ledger category"
    action_form = LedgerCategoryForm
    inlines = (LedgerCategoryInline,)
    list_display = ("name", "number", "side", "decision", "since", "amount", "note", "connection")
    list_filter = ("side", "connection", "active")
    search_fields = ("name", "number")
    fields = ("name", "number", "side", "connection", "external_id", "active")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of the profit and loss report, with what they held in the last twelve months."""
        balances = LedgerBalance.objects.filter(ledger_account=OuterRef("pk"))
        a_year_ago = today().replace(year=today().year - 1, day=1)
        year = balances.filter(month__gt=a_year_ago).order_by().values("ledger_account").annotate(sum=Sum("amount"))
        rows = super().get_queryset(request).annotate(year_amount=Subquery(year.values("sum")))
        rows = rows.filter(~Q(side=LedgerAccount.Side.NONE) | Exists(balances))
        return cast("QuerySet[Any]", rows.order_by("is_decided", F("year_amount").desc(nulls_last=True), "name"))

    @admin.display(description="last 12 months", ordering="year_amount")
    def amount(self, account: Any) -> str:
        return "—" if account.year_amount is None else f"{account.year_amount:,.2f}"
