"""How the rows behind a number are shown: for each relation that metrics count, its columns.

SQL speaks of the counted row as the definitions do: `f` and the aliases of its facts. Names of other records are
looked up by id, so that only the rows of one page cost anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from metrics.declare import Median, Metric, Movement, Opening, facts_of
from metrics.spreadsheets import Kind


@dataclass(frozen=True)
class Shown:
    key: str  # what addresses sort by
    label: str
    sql: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Listing:
    columns: tuple[Shown, ...]
    link: str  # the record's page in the vendor's console
    external: str  # its id there
    newest_first: str  # key of the column it is sorted by, unless asked; empty: by record, the last first


def _name(table: str, of: str, what: str = "name") -> str:
    return f"(SELECT x.{what} FROM {table} x WHERE x.id = {of})"  # noqa: S608 - names of our own


def _client(account: str) -> str:
    """The client's own name where the account is linked on that day, else the vendor's name for it."""
    return f"coalesce(o.client, {_name('account', account)})"


TICKETS = Listing(
    columns=(
        Shown("number", "Ticket", "f.external_id"),
        Shown("title", "Title", "f.title"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("queue", "Queue", _name("queue", "f.queue_id")),
        Shown("technician", "Technician", _name("technician", "f.technician_id")),
        Shown("status", "Status", "f.status"),
        Shown("opened", "Opened", "f.opened_on", Kind.DAY),
        Shown("closed", "Closed", "f.closed_on", Kind.DAY),
    ),
    link="f.link", newest_first="opened", external="f.external_id",
)
TIME = Listing(
    columns=(
        Shown("ticket", "Ticket", "t.external_id"),
        Shown("title", "Title", "t.title"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("technician", "Technician", _name("technician", "f.technician_id")),
        Shown("work", "Work", "coalesce(nullif(f.work_type, ''), f.charged_to)"),
        Shown("worked", "Worked", "f.worked_on", Kind.DAY),
        Shown("entered", "Entered", "f.entered_on", Kind.DAY),
        Shown("hours", "Hours", "f.hours", Kind.HOURS),
    ),
    link="coalesce(nullif(f.link, ''), t.link)", newest_first="entered", external="f.external_id",
)
DEVICES = Listing(
    columns=(
        Shown("name", "Device", "f.name"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("kind", "Kind", "replace(f.kind, '_', ' ')"),
        Shown("os", "System", "f.os"),
        Shown("serial", "Serial", "t.serial"),
        Shown("seen", "Last contact", "t.last_seen_at", Kind.MOMENT),
    ),
    link="t.link", newest_first="", external="t.external_id",
)
AGREEMENT_LINES = Listing(
    columns=(
        Shown("agreement", "Agreement", "t.name"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("kind", "Type", "f.kind"),
        Shown("product", "Addition", "f.product"),
        Shown("seats", "Seats", "f.seats", Kind.COUNT),
        Shown("from", "From", "f.from_on", Kind.DAY),
        Shown("amount", "A month", "f.monthly_amount", Kind.MONEY),
    ),
    link="t.link", newest_first="amount",
    external=f"coalesce({_name('addition', 'f.addition_id', 'external_id')}, t.external_id)",
)
MOVEMENTS = Listing(
    columns=(
        Shown("agreement", "Agreement", _name("agreement", "p.thing")),
        Shown("client", "Client", _client("p.account_id")),
        Shown("before", "Month before", "p.before", Kind.MONEY),
        Shown("now", "This month", "p.now", Kind.MONEY),
        Shown("moved", "Moved by", "p.now - p.before", Kind.MONEY),
    ),
    link=_name("agreement", "p.thing", "link"), newest_first="moved",
    external=_name("agreement", "p.thing", "external_id"),
)
LEDGER = Listing(
    columns=(
        Shown("account", "Ledger account", "la.name"),
        Shown("number", "Number", "la.number"),
        Shown("side", "Side", "replace(la.side, '_', ' ')"),
        Shown("category", "Category", "replace(lc.category, '_', ' ')"),
        Shown("amount", "Amount", "f.amount", Kind.MONEY),
    ),
    link="coalesce(nullif(f.link, ''), la.link)", newest_first="amount", external="f.external_id",
)

BY_SYSTEM = Listing(
    columns=(
        *DEVICES.columns[:4],
        Shown("version", "Version", "f.os_version"),
        Shown("supported", "Supported until", "system.supported_until", Kind.DAY),
        Shown("seen", "Last contact", "t.last_seen_at", Kind.MOMENT),
    ),
    link="t.link", newest_first="", external="t.external_id",
)
RAISED = (
    Shown("title", "Title", "f.title"),
    Shown("client", "Client", _client("f.account_id")),
    Shown("severity", "Severity", "f.severity"),
    Shown("raised", "Raised", "f.raised_on", Kind.DAY),
    Shown("resolved", "Resolved", "f.resolved_on", Kind.DAY),
)
ALERTS = Listing(
    columns=(*RAISED[:2], Shown("device", "Device", _name("asset", "f.asset_id", "hostname")), *RAISED[2:]),
    link="f.link", newest_first="raised", external="f.external_id",
)
INCIDENTS = Listing(columns=RAISED, link="f.link", newest_first="raised", external="f.external_id")
BACKUPS = Listing(
    columns=(
        Shown("name", "Backup", "coalesce(nullif(t.hostname, ''), t.external_id)"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("kind", "Kind", "f.kind"),
        Shown("device", "Device in the RMM", "device.name"),
        Shown("good", "Last good run", "last.good_on", Kind.DAY),
        Shown("tested", "Recovery tried", "trial.tested_on", Kind.DAY),
    ),
    link="t.link", newest_first="", external="t.external_id",
)
RUNS = Listing(
    columns=(
        Shown("name", "Backup", _name("backup", "f.backup_id", "hostname")),
        Shown("client", "Client", _client("f.account_id")),
        Shown("outcome", "Outcome", "f.outcome"),
        Shown("finished", "Ended", "f.finished_on", Kind.DAY),
    ),
    link="f.link", newest_first="finished", external="f.external_id",
)
AGENTS = Listing(
    columns=(
        Shown("name", "Agent", "f.name"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("device", "Device in the RMM", "device.name"),
        Shown("serial", "Serial", "t.serial"),
        Shown("seen", "Last contact", "t.last_seen_at", Kind.MOMENT),
    ),
    link="t.link", newest_first="", external="t.external_id",
)
CONTROLLED = Listing(
    columns=DEVICES.columns[:2] + DEVICES.columns[3:], link="t.link", newest_first="", external="t.external_id"
)
CHECKS = Listing(
    columns=(
        Shown("check", "Check", "replace(t.name, '_', ' ')"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("score", "Points", "f.score", Kind.COUNT),
        Shown("of", "Of", "f.out_of", Kind.COUNT),
    ),
    link="t.link", newest_first="", external="t.external_id",
)
SEATS = Listing(  # of a person the vendor's own opaque id, and nothing else
    columns=(
        Shown("seat", "Sign-in", "t.external_id"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("admin", "Administrator", "CASE WHEN f.admin THEN 'yes' WHEN NOT f.admin THEN 'no' END"),
        Shown("mfa", "Second factor", "CASE WHEN f.mfa THEN 'registered' WHEN NOT f.mfa THEN 'none' END"),
    ),
    link="t.link", newest_first="", external="t.external_id",
)
LICENSES = Listing(
    columns=(
        Shown("product", "Product", "coalesce(nullif(f.product, ''), f.sku)"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("seats", "Seats", "f.seats", Kind.COUNT),
        Shown("assigned", "Assigned", "f.assigned", Kind.COUNT),
    ),
    link="t.link", newest_first="", external="t.external_id",
)
SUBSCRIPTIONS = Listing(
    columns=(
        *LICENSES.columns[:3],
        Shown("cost", "Cost of a seat", "f.unit_cost", Kind.MONEY),
        Shown("price", "Price of a seat", "f.unit_price", Kind.MONEY),
        Shown("cycle", "Months it covers", "f.cycle_months", Kind.COUNT),
    ),
    link="t.link", newest_first="", external="t.external_id",
)

DEALS = Listing(
    columns=(
        Shown("name", "Deal", "f.name"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("stage", "Stage", "f.stage"),
        Shown("status", "Status", "f.status"),
        Shown("owner", "Seller", "f.owner"),
        Shown("created", "Created", "f.created_on", Kind.DAY),
        Shown("closed", "Closed", "f.closed_on", Kind.DAY),
        Shown("amount", "Amount", "f.amount", Kind.MONEY),
    ),
    link="f.link", newest_first="created", external="f.external_id",
)
ACTIVITIES = Listing(
    columns=(
        Shown("kind", "Kind", "f.kind"),
        Shown("type", "Type", "f.type"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("outcome", "Outcome", "f.outcome"),
        Shown("owner", "Seller", "f.owner"),
        Shown("happened", "On", "f.happened_on", Kind.DAY),
    ),
    link="f.link", newest_first="happened", external="f.external_id",
)
INVOICES = Listing(
    columns=(
        Shown("number", "Invoice", "f.number"),
        Shown("client", "Client", _client("f.account_id")),
        Shown("kind", "Kind", "f.kind"),
        Shown("agreement", "Agreement", _name("agreement", "f.agreement_id")),
        Shown("category", "Class", "f.category"),
        Shown("posted", "Dated", "f.posted_on", Kind.DAY),
        Shown("amount", "Amount", "f.amount", Kind.MONEY),
    ),
    link="f.link", newest_first="posted", external="f.external_id",
)

ANSWERS = Listing(
    columns=(
        Shown("ticket", "Ticket", _name("ticket", "f.ticket_id", "external_id")),
        Shown("title", "Title", _name("ticket", "f.ticket_id", "title")),
        Shown("client", "Client", _client("f.account_id")),
        Shown("answered", "Answered", "f.answered_on", Kind.DAY),
        Shown("score", "Points of 100", "f.score", Kind.COUNT),
    ),
    link=f"coalesce(nullif(f.link, ''), {_name('ticket', 'f.ticket_id', 'link')})", newest_first="answered",
    external="f.external_id",
)
TIME_OF_ALL = Listing(
    columns=(
        Shown("technician", "Technician", _name("technician", "f.technician_id")),
        Shown("work", "Work", "coalesce(nullif(f.work_type, ''), f.charged_to)"),
        Shown("entered", "Entered", "f.entered_on", Kind.DAY),
        Shown("hours", "Hours", "f.hours", Kind.HOURS),
    ),
    link="f.link", newest_first="entered", external="f.external_id",
)

BY_FACTS: Mapping[str, Listing] = {
    "tickets": TICKETS, "time": TIME, "time of all": TIME_OF_ALL, "surveys": ANSWERS,
    "devices": DEVICES, "devices told of": DEVICES,
    "agreement lines": AGREEMENT_LINES, "ledger income": LEDGER, "ledger costs": LEDGER,
    "devices by system": BY_SYSTEM, "alerts": ALERTS,
    "backups": BACKUPS, "backups by their runs": BACKUPS, "backups by their recovery tests": BACKUPS,
    "backup runs": RUNS, "agents of endpoint protection": AGENTS, "incidents": INCIDENTS,
    "tenant incidents": INCIDENTS, "posture checks": CHECKS, "sign-ins": SEATS, "controlled computers": CONTROLLED,
    "licences of the tenant": LICENSES, "subscriptions": SUBSCRIPTIONS,
    "deals": DEALS, "activities": ACTIVITIES, "invoices": INVOICES, "invoices of the ledger": INVOICES,
}


def listing_of(metric: Metric) -> Listing | None:
    """None where a metric counts no rows of its own."""
    if isinstance(metric, Median):
        told = Shown("told", metric.label, metric.each, Kind.HOURS)
        listing = BY_FACTS[metric.of.facts.name]
        return replace(listing, columns=(*listing.columns, told))
    facts = facts_of(metric)
    if facts is None:
        return None
    return MOVEMENTS if isinstance(metric, Movement | Opening) else BY_FACTS[facts.name]
