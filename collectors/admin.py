"""Connections, their runs and the records that could not be read, as an admin sees them."""

from __future__ import annotations

import json
import time
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from collectors import consent, reach, schedules
from collectors.client import Client
from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.declare import Vendor
from collectors.errors import CollectError
from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import EVERY_ACCOUNT, Touched
from collectors.forms import ConnectionForm, EnteredForm, form_for, stored_secrets
from collectors.quarantine import replay
from collectors.systems import is_collected, system, uncollected
from collectors.tried import PATIENCE, SECONDS
from collectors.vendors import VENDORS

SHARED = ("label", "enabled", "schedule", "counts_from", "counts_to")


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin[Connection]):
    form = ConnectionForm
    list_display = ("label", "vendor_label", "enabled", "schedule", "last_run", "problem", "consent_warning")
    list_filter = ("enabled",)
    search_fields = ("label",)
    actions = ("test_connections", "enable", "disable")
    change_form_template = "admin/collectors/connection/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        latest = CollectorRun.objects.filter(connection=OuterRef("pk")).order_by("-started_at")
        return super().get_queryset(request).annotate(last_state=Subquery(latest.values("state")[:1]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "collectors_connection"
        return [
            path("consented/", view(self.consented), name=f"{name}_consented"),
            path("<int:pk>/connect/", view(self.connect), name=f"{name}_connect"),
            path("<int:pk>/test/", require_POST(view(self.test)), name=f"{name}_test"),
            *super().get_urls(),
        ]

    # The form

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.GET.get("vendor") not in VENDORS:
            context = {
                **self.admin_site.each_context(request),
                "title": "Which system?",
                "opts": self.opts,
                "vendors": sorted(VENDORS.values(), key=lambda vendor: vendor.label),
            }
            return TemplateResponse(request, "admin/collectors/connection/choose.html", context)
        return super().add_view(request, *args, **kwargs)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = kwargs.get("obj")
        vendor, label = _vendor(request, obj), system(_slug(request, obj)).label
        title = f"{'Change' if obj else 'Add'} a {label} connection"
        context.update(vendor=vendor, label=label, title=title, callback=_callback(request))
        if obj:
            may_change = vendor is not None and self.has_change_permission(request, obj)
            context.update(consent_warning=consent.warning(obj), may_change=may_change)
            context.update(connect_label="Reconnect" if obj.consent_expires_at else "Connect")
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Connection | None = None, change: bool = False, **kwargs: Any) -> Any:
        vendor = _vendor(request, obj)
        return form_for(vendor, obj) if vendor else EnteredForm

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        vendor = _vendor(request, obj)
        days = ("Days on which its facts count", {"fields": SHARED[3:], "classes": ("collapse",)})
        if vendor is None:
            return [(None, {"fields": SHARED[:1]}), days]
        settings = [setting.name for setting in vendor.settings if not setting.secret]
        secrets = [setting.name for setting in vendor.settings if setting.secret]
        return [
            (None, {"fields": SHARED[:3]}),
            (f"Where {vendor.label} is", {"fields": settings}),
            ("Keys", {"fields": secrets, "description": f"{vendor.advice} Keys can be set here and never be read."}),
            days,
        ]

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """What the form does not show is taken from the row as it is now: a run may have stored a token meanwhile."""
        vendor = _vendor(request, obj if change else None)
        if change:
            stored = Connection.objects.select_for_update(no_key=True).get(pk=obj.pk)
            obj.secrets_sealed, obj.settings = stored.secrets_sealed, stored.settings
            obj.consent_expires_at, obj.full_compare_at = stored.consent_expires_at, stored.full_compare_at
            obj.problem = "" if form.secrets_given() else stored.problem
        else:
            obj.vendor = _slug(request, None)
        before, obj.settings = obj.settings, form.settings_after(obj.settings)
        if form.secrets_given():
            obj.secrets = {**stored_secrets(obj), **form.secrets_given()}
        super().save_model(request, obj, form, change)
        if change and vendor is not None:
            reach.forget(obj, vendor, before)
        if change and {"counts_from", "counts_to"} & set(form.changed_data):
            Touched.objects.bulk_create(
                [Touched(entity="Connection", account=EVERY_ACCOUNT, month=EARLIEST)], ignore_conflicts=True
            )
        transaction.on_commit(schedules.match)

    def response_add(self, request: HttpRequest, obj: Connection, post_url_continue: str | None = None) -> HttpResponse:
        """Stay on the connection: the next thing to do is to test it, or to consent."""
        return HttpResponseRedirect(reverse("admin:collectors_connection_change", args=[obj.pk]))

    # The list

    @admin.display(description="System", ordering="vendor")
    def vendor_label(self, obj: Connection) -> str:
        return system(obj.vendor).label

    @admin.display(description="Last run")
    def last_run(self, obj: Any) -> str:
        if not is_collected(obj.vendor):
            return uncollected(obj.vendor)
        return CollectorRun.State(obj.last_state).label if obj.last_state else "Never"

    @admin.display(description="Consent")
    def consent_warning(self, obj: Connection) -> str:
        return consent.warning(obj)

    @admin.action(description="Test the connection", permissions=["change"])
    def test_connections(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            _say_test(request, connection)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        queryset.update(enabled=True)
        transaction.on_commit(schedules.match)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        queryset.update(enabled=False)
        transaction.on_commit(schedules.match)

    # Speaking to the vendor

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        _say_test(request, self._changeable(request, pk))
        return _to_connection(pk)

    def connect(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self._changeable(request, pk)
        back = reverse("admin:collectors_connection_change", args=[pk])
        try:
            return HttpResponseRedirect(consent.begin(request, connection, _callback(request), back))
        except CollectError as fault:
            messages.error(request, str(fault))
            return _to_connection(pk)

    def consented(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            connection, back = consent.finish(request, _callback(request))
        except CollectError as fault:
            messages.error(request, str(fault))
            return HttpResponseRedirect(reverse("admin:collectors_connection_changelist"))
        _say_test(request, connection)
        return HttpResponseRedirect(back)

    def _changeable(self, request: HttpRequest, pk: int) -> Connection:
        connection = self.get_object(request, str(pk))
        if connection is None or not self.has_change_permission(request, connection):
            raise PermissionDenied
        return connection


class ReadOnly(admin.ModelAdmin[Any]):
    """A list to look at: what is in it was written by runs."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(CollectorRun)
class CollectorRunAdmin(ReadOnly):
    list_display = (
        "connection", "started_at", "state", "step", "read", "added", "changed", "retired", "quarantined", "error"
    )  # fmt: skip
    list_filter = ("state", "connection")
    list_select_related = ("connection",)
    ordering = ("-started_at",)

    @admin.display(description="Read")
    def read(self, run: CollectorRun) -> int:
        return _counted(run, "read")

    @admin.display(description="Added")
    def added(self, run: CollectorRun) -> int:
        return _counted(run, "added")

    @admin.display(description="Changed")
    def changed(self, run: CollectorRun) -> int:
        return _counted(run, "changed")

    @admin.display(description="Retired")
    def retired(self, run: CollectorRun) -> int:
        return _counted(run, "retired")

    @admin.display(description="Quarantined")
    def quarantined(self, run: CollectorRun) -> int:
        return _counted(run, "quarantined")


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(ReadOnly):
    list_display = ("external_id", "connection", "endpoint", "reason", "first_seen_at", "last_seen_at", "replayed_at")
    list_filter = (("replayed_at", admin.EmptyFieldListFilter), "connection", "endpoint")
    list_select_related = ("connection",)
    ordering = ("-last_seen_at",)
    actions = ("try_again",)
    fields = (
        "connection", "endpoint", "external_id", "reason", "pretty", "first_seen_at", "last_seen_at", "replayed_at"
    )  # fmt: skip
    readonly_fields = ("pretty",)

    @admin.display(description="Record")
    def pretty(self, record: QuarantinedRecord) -> str:
        return format_html("<pre>{}</pre>", json.dumps(record.record, indent=2, ensure_ascii=False))

    @admin.action(description="Try again", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[QuarantinedRecord]) -> None:
        loaded, unreadable = replay(list(queryset.values_list("pk", flat=True)))
        said = messages.WARNING if unreadable else messages.SUCCESS
        self.message_user(request, f"{loaded} loaded, {unreadable} still cannot be read.", said)


def _slug(request: HttpRequest, connection: Connection | None) -> str:
    return connection.vendor if connection else request.GET["vendor"]


def _vendor(request: HttpRequest, connection: Connection | None) -> Vendor | None:
    """The vendor's file; None where there is none, and the connection's records were entered without a collector."""
    return VENDORS.get(_slug(request, connection))


def _callback(request: HttpRequest) -> str:
    """The address to register with the vendor as redirect URI."""
    return request.build_absolute_uri(reverse("admin:collectors_connection_consented"))


def _to_connection(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:collectors_connection_change", args=[pk]))


def _say_test(request: HttpRequest, connection: Connection) -> None:
    vendor = VENDORS.get(connection.vendor)
    if vendor is None:
        how = uncollected(connection.vendor).lower()
        messages.warning(request, f"{connection.label}: {how}. There is nothing to test.")
        return
    try:
        with Client(connection, vendor, patience=PATIENCE, deadline=time.monotonic() + SECONDS) as client:
            messages.success(request, client.test())
    except CollectError as fault:
        messages.error(request, str(fault))


def _counted(run: CollectorRun, name: str) -> int:
    """One count over all endpoints of a run."""
    return sum(int(counts.get(name, 0)) for counts in run.counts.values() if isinstance(counts, dict))
