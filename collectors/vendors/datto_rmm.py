"""Datto RMM: sites, the devices under each, their serial numbers by an audit, and alerts (REST API version 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from collectors.auth import PasswordGrant
from collectors.convert import choice, constant, day, day_of, evidence, first, flag, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind, AssetState
from collectors.pagination import NextLink, OnePage

NOBODYS = ("ondemand", "deleted devices")  # built-in sites, which are no client's
CLASSES = {"esxihost": AssetKind.VM_HOST, "printer": AssetKind.NETWORK, "rmmnetworkdevice": AssetKind.NETWORK}
CATEGORIES = {
    "server": AssetKind.SERVER, "desktop": AssetKind.WORKSTATION, "laptop": AssetKind.WORKSTATION,
    "workstation": AssetKind.WORKSTATION, "tablet": AssetKind.WORKSTATION, "smartphone": AssetKind.MOBILE,
    "mobile": AssetKind.MOBILE,
}  # fmt: skip
ANTIVIRUS = {
    "RunningAndUpToDate": AssetState.Antivirus.PROTECTED, "RunningAndNotUpToDate": AssetState.Antivirus.OUTDATED,
    "NotRunning": AssetState.Antivirus.OFF, "NotDetected": AssetState.Antivirus.MISSING,
}  # fmt: skip
UNPATCHED = ("NoPolicy", "NoData")  # nobody looks for patches there, so none counted is not none missing
PRIORITIES = {
    "Critical": Alert.Severity.CRITICAL, "High": Alert.Severity.HIGH, "Moderate": Alert.Severity.MEDIUM,
    "Low": Alert.Severity.LOW, "Information": Alert.Severity.LOW,
}  # fmt: skip

COUNTED = Total(at="pageDetails.totalCount")
PAGES = NextLink(at="pageDetails.nextPageUrl", size_param="max", size=250, takes=("page",))
VERSION = re.compile(r"\s+(\d+(?:\.\d+){1,3})$")


def sane(moment: Convert) -> Convert:
    """The same moment; Datto's zero day, in the year 1, is none."""
    return Convert(moment.paths, lambda value: None if _is_negative(value) else moment.of(value))


def _is_negative(value: Any) -> bool:
    return str(value).startswith("-")


def system(value: Any) -> str:
    """The name of an operating system. Windows has its version behind it; elsewhere the version is the name."""
    name = str(value or "").strip()
    return VERSION.sub("", name) if "windows" in name.casefold() else name


def version(value: Any) -> str:
    found = VERSION.search(str(value or "").strip())
    return found[1] if found else ""


def kind(class_: Any, category: Any) -> AssetKind:
    of_class = CLASSES.get(str(class_).casefold())
    return of_class or CATEGORIES.get(str(category).strip().casefold(), AssetKind.OTHER)


def missing(status: Any, pending: Any) -> Any:
    return None if status in UNPATCHED else pending


def what_watched(context: Any) -> str:
    """“perf_disk_usage_ctx” as words, which is all that an alert has for a title."""
    return str(context or "").removesuffix("_ctx").replace("_", " ")


def page_of_console(address: Any) -> str:
    """The record's page as Datto names it, where that is in a console of Datto's."""
    return str(address) if re.match(r"https://([a-z0-9-]+\.)*(centrastage\.net|datto\.com)/", str(address)) else ""


def blocked(status: int, body: Any) -> Fault | None:
    """Whoever asks on after a 429 is shut out for minutes, with the status of a missing right."""
    if status == 429:
        return Fault("the limit of requests is reached", wait=True, after=60)
    words = str(body).casefold()
    if status == 403 and ("rate limit" in words or "blocked" in words):
        return Fault("requests are blocked for some minutes", wait=True, after=300)
    if status == 200 and isinstance(body, dict) and {"error", "status"} <= body.keys():
        return Fault(f"it answers with an error that says {body['status']}", wait=True)
    return None


def always(start: datetime, end: datetime) -> dict[str, str]:
    """Alerts cannot be asked for by time. All come, and only what is recent is missed where it no longer does."""
    return {}


def audited(body: Any) -> list[Mapping[str, Any]]:
    return [body] if isinstance(body, dict) and ("bios" in body or "systemInfo" in body) else []


SITE = Convert(("onDemand", "name"), lambda demand, name: not demand and str(name).casefold() not in NOBODYS)
DEVICE = Convert(("deleted", "siteName"), lambda deleted, site: not deleted and str(site).casefold() not in NOBODYS)
PAGE = Convert(("portalUrl",), page_of_console)
CONTEXT = "alertContext.@class"

OPEN = Endpoint(
    name="open alerts",
    path="/v2/account/alerts/open",
    records_at="alerts",
    paginate=replace(PAGES, size=100),
    total=COUNTED,
    into=Alert,
    complete=True,
    window=always,
    optional=True,
    fields={
        "external_id": "alertUid",
        "asset": "alertSourceInfo.deviceUid",
        "title": first(text("diagnostics"), Convert((CONTEXT,), what_watched)),
        "kind": Convert((CONTEXT,), what_watched),
        "severity": choice("priority", PRIORITIES, default=Alert.Severity.UNKNOWN),
        "raised_at": sane(utc("timestamp")),
        "resolved_at": sane(utc("resolvedOn")),
    },
)

VENDOR = Vendor(
    slug="datto_rmm",
    label="Datto RMM",
    layer=Layer.RMM,
    base_url="{address}/api",
    auth=PasswordGrant(
        token="{address}/auth/oauth/token",  # noqa: S106
        client=("public-client", "public"),
        user="{api_key}",
        password="{api_secret}",  # noqa: S106
    ),
    paginate=PAGES,
    test="/v2/account",
    test_shows="name",
    headers={"Accept": "application/json"},
    pace=5.0,
    errors=blocked,
    advice="In Datto RMM give the user whose key this is a security level that may view sites, devices and alerts.",
    settings=(
        Setting(
            name="address",
            label="API URL",
            help="As Datto RMM shows it beside the API key; without /api at its end.",
            default="https://pinotage-api.centrastage.net",
            free=True,
            choices=tuple(
                (f"https://{platform}-api.centrastage.net", platform.title())
                for platform in ("pinotage", "merlot", "concord", "vidal", "zinfandel", "syrah")
            ),
        ),
        Setting(name="api_key", label="API key", secret=True),
        Setting(name="api_secret", label="API secret key", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="sites",
            path="/v2/account/sites",
            records_at="sites",
            total=COUNTED,
            into=Account,
            complete=True,
            keep=SITE,
            fields={
                "external_id": "uid",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "evidence": evidence(fields={"autotask": "autotaskCompanyId"}),
                "link": PAGE,
            },
        ),
        Endpoint(
            name="devices",
            path="/v2/account/devices",
            records_at="devices",
            total=COUNTED,
            into=Asset,
            complete=True,
            keep=DEVICE,
            fields={
                "external_id": "uid",
                "account": "siteUid",
                "name": text("hostname"),
                "hostname": text("hostname"),
                "kind": Convert(("deviceClass", "deviceType.category"), kind),
                "os": Convert(("operatingSystem",), system),
                "os_version": Convert(("operatingSystem",), version),
                "patches_missing": Convert(
                    ("patchManagement.patchStatus", "patchManagement.patchesApprovedPending"), missing
                ),
                "antivirus": choice("antivirus.antivirusStatus", ANTIVIRUS, default=None),
                "booted_on": sane(day_of("lastReboot")),
                "warranty_until": day("warrantyDate"),
                "last_seen_at": sane(utc("lastSeen")),
                "online": flag("online"),
                "link": PAGE,
            },
        ),
        Endpoint(
            name="audits",
            path="/v2/audit/device/{uid}",
            each="devices",
            paginate=OnePage(),
            records=audited,
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            fields={
                "external_id": "each.uid",
                "serial": text("bios.serialNumber"),
                "model": text("systemInfo.model"),
            },
        ),
        OPEN,
        replace(OPEN, name="resolved alerts", path="/v2/account/alerts/resolved"),
    ),
    about=About(
        gives="devices, patches, antivirus, warranty, alerts",
        key=(
            "In Datto RMM open Setup, Global Settings, Access Control and switch API Access on.",
            "Open Setup, Security Levels and make a level that may only view: sites, devices and alerts.",
            "Open Setup, Users, make a user for this product and give it that security level alone.",
            "Open the user and press Generate API Keys. Copy the API URL, the key and the secret key, which is shown "
            "once, into this form.",
        ),
        writes="Datto RMM has no scopes: a key may do what its user may, so it cannot be made read-only for certain. "
        "This product only ever reads; the view-only security level keeps others from more.",
        never=(
            "user-defined fields, which may hold passwords and recovery keys",
            "proxy settings of a site",
            "who is signed in to a device",
            "addresses for remote control",
            "components, jobs and variables",
        ),
        limits="5 requests a second of the account's 10; after a 429 a minute's wait, and a block of five minutes is "
        "left to the next run.",
        not_offered={
            "Backup": "Its API knows backups only as causes of alerts.",
        },
        not_read={
            "Incident": "What its endpoint security finds comes as alerts, and is read as these.",
        },
        unsure=(
            Unsure("Whether pages count from 0 or 1.", "The link to the next page is followed, never computed."),
            Unsure("Whether that link keeps the other parameters of the question.", "They are sent again with it."),
            Unsure("How many alerts a page may have.", "100 are asked for, and fewer are fine."),
            Unsure("In which order alerts come.", "Both lists are read to their end each time."),
            Unsure(
                "Whether a 403 is a missing right or a block.",
                "One that speaks of a limit or a block, or says when to come back, is waited for.",
            ),
            Unsure("Whether patches that nobody approved are missing.", "Only approved ones that are pending count."),
        ),
    ),
)
