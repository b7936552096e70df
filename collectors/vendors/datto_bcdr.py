"""Datto BCDR: appliances, what they protect and how it went, and SaaS Protection (Partner Portal API v1)."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from collectors.auth import Basic
from collectors.convert import constant, day, evidence, first, flag, tagged, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Record, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.backups import Backup, BackupRun, BackupState, RecoveryTest
from collectors.facts.estate import Asset, AssetKind
from collectors.pagination import Answer, Cursor, Pages

ONLY_OURS = {"showHiddenDevices": "0", "showChildResellerDevices": "0"}
COUNTED = Total(at="pagination.count")
HISTORY = {"daysUntil": "10"}
ORGANIZATION = first("organizationId", tagged("name", "clientCompanyName"))
ORGANIZATION_OF_DEVICE = first("each.organizationId", tagged("name", "each.clientCompanyName"))
CUSTOMER = first("organizationId", tagged("saas", "saasCustomerId"))
CUSTOMER_OF_SERVICE = first("each.organizationId", tagged("saas", "each.saasCustomerId"))
GOOD, BAD = ("success", "warning"), re.compile("fail|error", re.IGNORECASE)
YEARS = re.compile(r"(\d+)[ -]year", re.IGNORECASE)
PROTECTED = ("each.serialNumber", "volume", "assetId", "name")
OF_SERVICE = ("each.saasCustomerId", "suiteType", "appType")


class MaybePages(Pages):
    """Some lists come as a bare array, whole, whatever is asked for."""

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        return None if isinstance(answer.body, list) else super().after(answer, records, cursor)


def items(body: Any) -> list[Any]:
    return list(body if isinstance(body, list) else body["items"])


def records_in(value: Any) -> list[Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def runs(body: Any) -> Iterator[Record]:
    """The backups that each protected machine remembers; its last good one where none of these was good."""
    for asset in records_in(items(body)):
        if asset.get("isArchived"):
            continue
        named = {name: asset.get(name) for name in ("volume", "assetId", "name")}
        remembered = records_in(asset.get("backups"))
        yield from ({**one, **named} for one in remembered)
        if asset.get("lastSnapshot") and not any(_status(one) in GOOD for one in remembered):
            yield {"timestamp": asset["lastSnapshot"], "backup": {"status": "success"}, **named}


def services(body: Any) -> Iterator[Record]:
    """The services of one customer's cloud that are backed up, such as mail."""
    for customer in records_in(items(body)):
        for suite in records_in(customer.get("suites")):
            yield from ({**app, "suiteType": suite.get("suiteType")} for app in records_in(suite.get("appTypes")))


def service_runs(body: Any) -> Iterator[Record]:
    for app in services(body):
        named = {"suiteType": app["suiteType"], "appType": app.get("appType")}
        yield from ({**one, **named} for one in records_in(app.get("backupHistory")))


def machine(serial: Any, volume: Any, asset: Any, name: Any) -> str:
    """The appliance, and on it the first that is told of volume, asset and name."""
    if not (serial and (volume or asset or name)):
        raise ValueError("neither a volume nor a name")
    return f"{serial}/{volume or asset or name}"


def service(*parts: Any) -> str:
    return "saas/" + "/".join(str(part) for part in parts)


def when(thing: Convert, moment: str) -> Convert:
    """A thing's key with a moment, which tells one run of it from the others however the moment is written."""
    read = utc(moment)

    def of(*values: Any) -> str:
        if (at := read.of(values[-1])) is None:
            raise ValueError("no moment")
        return f"{thing.of(*values[:-1])}/{at:%Y%m%dT%H%M%S}"

    return Convert((*thing.paths, moment), of)


def outcome(status: Any, error: Any, verified: Any) -> str | None:
    """None of a backup that is still running, or of which nothing is said."""
    said = str(status or "").casefold()
    if said in GOOD:
        whole = said == GOOD[0] and not BAD.search(str(verified or ""))
        return str(BackupRun.Outcome.SUCCEEDED if whole else BackupRun.Outcome.WARNED)
    return str(BackupRun.Outcome.FAILED) if error or BAD.search(said) else None


def service_outcome(active: Any, backed_up: Any, perfect: Any) -> str | None:
    """Of all the mailboxes or sites of a service at once: failed where not one was backed up."""
    if not active or backed_up is None:
        return None
    if not backed_up:
        return str(BackupRun.Outcome.FAILED)
    whole = backed_up == active and perfect in (None, active)
    return str(BackupRun.Outcome.SUCCEEDED if whole else BackupRun.Outcome.WARNED)


def slow_down(status: int, body: Any) -> Fault | None:
    """Its documents name no wait."""
    return Fault("too many requests", wait=True, after=60) if status == 429 else None


def _status(entry: Record) -> str:
    backup = entry.get("backup")
    return str(backup.get("status") or "").casefold() if isinstance(backup, dict) else ""


def _days(plan: Any) -> int | None:
    """The days of a plan named after its years; none of one that keeps for ever."""
    found = YEARS.search(str(plan or ""))
    return int(found[1]) * 365 if found else None


MACHINE, SERVICE = Convert(PROTECTED, machine), Convert(OF_SERVICE, service)
OUTCOME = Convert(("backup.status", "backup.errorMessage", "localVerification.status"), outcome)
SERVICE_OUTCOME = Convert(
    ("activeServiceCount", "activeServiceWithBackupCount", "activeServiceWithPerfectBackupCount"), service_outcome
)


def ended(told: Convert) -> Convert:
    return Convert(told.paths, lambda *values: told.of(*values) is not None)


VENDOR = Vendor(
    slug="datto_bcdr",
    label="Datto BCDR",
    layer=Layer.BACKUP,
    base_url="{address}/v1",
    auth=Basic(user="{public_key}", password="{secret_key}"),  # noqa: S106
    paginate=MaybePages(size_param="_perPage", size=100, page_param="_page", pages_at="pagination.totalPages"),
    test="/bcdr/device?_page=1&_perPage=1",
    headers={"Accept": "application/json"},
    pace=1.0,
    errors=slow_down,
    console="https://portal.dattobackup.com",
    advice="In the Datto Partner Portal see under Admin, Integrations, API Keys which products this key may read.",
    settings=(
        Setting(name="address", label="API address", default="https://api.datto.com"),
        Setting(name="public_key", label="Public key", secret=True),
        Setting(name="secret_key", label="Secret key", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="organizations",
            path="/bcdr/device",
            params=ONLY_OURS,
            records_at="items",
            total=COUNTED,
            into=Account,
            complete=True,
            keep=Convert(ORGANIZATION.paths, lambda number, name: bool(number or name)),  # else it is in stock
            fields={
                "external_id": ORGANIZATION,
                "name": first("organizationName", "clientCompanyName"),
                "kind": constant(Account.Kind.CLIENT),
                "evidence": evidence(ids={"connectwise_psa": "clientCompanyName"}),
            },
        ),
        Endpoint(
            name="SaaS organizations",
            path="/saas/domains",
            records=items,
            total=COUNTED,
            into=Account,
            complete=True,
            optional=True,  # a key may be for the appliances alone
            fields={
                "external_id": CUSTOMER,
                "name": first("organizationName", "saasCustomerName"),
                "kind": constant(Account.Kind.CLIENT),
            },
        ),
        Endpoint(
            name="SaaS customers",
            path="/saas/domains",
            records=items,
            total=COUNTED,
            into=Account,
            complete=True,
            optional=True,
            fields={
                "external_id": tagged("domain", "saasCustomerId"),
                "name": first("domain", "saasCustomerName"),
                "kind": constant(Account.Kind.SITE),
                "parent": CUSTOMER,
                "evidence": evidence(domains=("domain",)),
            },
        ),
        Endpoint(
            name="appliances",
            path="/bcdr/device",
            params=ONLY_OURS,
            records_at="items",
            total=COUNTED,
            into=Asset,
            complete=True,
            fields={
                "external_id": "serialNumber",
                "account": ORGANIZATION,
                "serial": "serialNumber",
                "hostname": text("name"),
                "name": text("name"),
                "kind": constant(AssetKind.OTHER),
                "model": text("model"),
                "last_seen_at": utc("lastSeenDate"),
                "warranty_until": day("warrantyExpire"),
            },
        ),
        Endpoint(
            name="protected machines",
            path="/bcdr/device/{serialNumber}/asset",
            each="appliances",
            records=items,
            total=COUNTED,
            into=Backup,
            complete=True,
            keep=Convert(("isArchived",), lambda archived: archived is not True),
            fields={
                "external_id": MACHINE,
                "account": ORGANIZATION_OF_DEVICE,
                "kind": constant(BackupState.Kind.CONTINUITY),
                "hostname": text("name"),
                "serial": text("protectedMachine.serial"),
                "paused": flag("isPaused", False),
                "retention_days": Convert(("each.servicePlan",), _days),
            },
        ),
        Endpoint(
            name="SaaS services",
            path="/saas/{saasCustomerId}/applications",
            params=HISTORY,
            each="SaaS customers",
            records=services,
            into=Backup,
            complete=True,
            optional=True,
            fields={
                "external_id": SERVICE,
                "account": CUSTOMER_OF_SERVICE,
                "kind": constant(BackupState.Kind.SAAS),
                "service": text("appType"),
            },
        ),
        Endpoint(
            name="backups",
            path="/bcdr/device/{serialNumber}/asset",
            each="appliances",
            records=runs,
            into=BackupRun,
            latest=True,
            keep=ended(OUTCOME),
            fields={
                "external_id": when(MACHINE, "timestamp"),
                "backup": MACHINE,
                "outcome": OUTCOME,
                "finished_at": utc("timestamp"),
            },
        ),
        Endpoint(
            name="SaaS backups",
            path="/saas/{saasCustomerId}/applications",
            params=HISTORY,
            each="SaaS customers",
            records=service_runs,
            into=BackupRun,
            latest=True,
            optional=True,
            keep=ended(SERVICE_OUTCOME),
            fields={
                "external_id": when(SERVICE, "endTime"),
                "backup": SERVICE,
                "outcome": SERVICE_OUTCOME,
                "finished_at": utc("endTime"),
            },
        ),
        Endpoint(
            name="screenshots",
            path="/bcdr/device/{serialNumber}/asset",
            each="appliances",
            records=items,
            total=COUNTED,
            into=RecoveryTest,
            latest=True,
            keep=Convert(
                ("lastScreenshotAttempt", "isArchived"), lambda tried, archived: bool(tried) and archived is not True
            ),
            fields={
                "external_id": when(MACHINE, "lastScreenshotAttempt"),
                "backup": MACHINE,
                "passed": flag("lastScreenshotAttemptStatus"),
                "tested_at": utc("lastScreenshotAttempt"),
            },
        ),
    ),
    about=About(
        gives="what appliances and SaaS Protection protect, how each backup went, screenshot verification",
        key=(
            "Sign in to the Datto Partner Portal as an administrator.",
            "Open Admin, Integrations, API Keys and create a key; name it after this product.",
            "Give it the products BCDR and, where clients have it, SaaS Protection, and nothing else.",
            "Copy the public key and the secret key, which is shown once, into this form.",
            "Press Test connection.",
        ),
        writes="A key of the Partner Portal cannot be limited to reading: with it seats of SaaS Protection could be "
        "changed. This product only ever reads.",
        never=(
            "the remote address of an appliance and the addresses of screenshots, which let people in",
            "seats of SaaS Protection, which are people's names and addresses",
            "machines backed up without an appliance (Endpoint Backup, Direct-to-Cloud)",
            "what is inside a backup",
            "the log of activities",
        ),
        limits="1 request a second: one for each hundred appliances and three for each appliance. After a refusal for "
        "haste a minute passes.",
        not_read={
            "Alert": "It takes one more request an appliance, and what its alerts say of backups is read from these.",
        },
        unsure=(
            Unsure(
                "The words of a backup's status.",
                "“success” is good, a warning is a warning; anything else failed if it says so or names an error, and "
                "is left out while it does not.",
            ),
            Unsure(
                "Whether the lists of an appliance's machines and of SaaS customers come in pages where these are "
                "asked for.",
                "Pages are asked for, and a plain list is taken as the whole.",
            ),
            Unsure(
                "Which seat of SaaS Protection was backed up when: no list tells it.",
                "A service of a customer, such as mail, is one thing that is backed up. It failed when nothing in it "
                "was backed up, and has a warning where something was not.",
            ),
            Unsure("What daysUntil counts.", "Days of history. Where it is otherwise, what comes is read."),
            Unsure("How long SaaS Protection keeps what is told to be kept by time.", "Nothing is said of it."),
            Unsure("The limit of requests; 120 and 600 a minute are told.", "We stay below both."),
        ),
    ),
)
