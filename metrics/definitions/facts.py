"""The relations metrics count: each says its rows, what every row must meet, and whose readings rule it."""

from __future__ import annotations

from dataclasses import replace

from collectors.declare import Layer
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.backups import Backup, BackupRun, RecoveryTest
from collectors.facts.estate import Alert, Asset
from collectors.facts.licenses import License
from collectors.facts.money import InvoiceLine, LedgerBalance
from collectors.facts.posture import Incident, PostureCheck, Seat
from collectors.facts.sales import Activity, Deal
from collectors.facts.service import Survey, Ticket, TimeEntry
from metrics.declare import Bridge, Facts

TICKETS = Facts(
    name="tickets",
    entity=Ticket,
    layer=Layer.PSA,
    base="tickets",
    words="tickets, without children of another ticket and without those merged into another",
    sql="""ticket f
    LEFT JOIN queue_kind_days q ON q.queue_id = f.queue_id AND {day} >= q.from_on AND {day} < q.until_on""",
    keep="f.retired_on IS NULL AND f.parent_id IS NULL AND f.merged_into_id IS NULL",
)

# Time on a child or on a merged ticket is work on the ticket it belongs to, so that ticket's queue decides (C20).
# OFFSET 0 has the kind worked out once a row, and not again in every condition that reads it.
TIME = Facts(
    name="time",
    entity=TimeEntry,
    layer=Layer.PSA,
    base="hours",
    also=(Ticket,),
    words="time entries; time on a child or merged ticket counts in the queue of the ticket it belongs to",
    sql="""time_entry f
    LEFT JOIN ticket t ON t.id = f.ticket_id
    LEFT JOIN ticket root ON root.id = coalesce(t.merged_into_id, t.parent_id)
    LEFT JOIN queue_kind_days q ON q.queue_id = coalesce(root.queue_id, t.queue_id)
        AND {day} >= q.from_on AND {day} < q.until_on
    CROSS JOIN LATERAL (
        SELECT CASE WHEN f.ticket_id IS NOT NULL OR f.charged_to = 'ticket' THEN coalesce(q.kind, 'undecided')
                    WHEN f.charged_to = 'project' THEN 'project' ELSE 'internal' END AS kind
        OFFSET 0
    ) work""",
    keep="f.retired_on IS NULL",
)
KIND_OF_WORK = "work.kind"
# Whoever the time was for: what is told of it is the company's alone.
TIME_OF_ALL = Facts(
    name="time of all",
    entity=TimeEntry,
    layer=Layer.PSA,
    words="time entries, whoever they are for",
    sql="time_entry f",
    keep="f.retired_on IS NULL",
    account="",
)
SURVEYS = Facts(
    name="surveys",
    entity=Survey,
    layer=Layer.PSA,
    base="answers",
    words="answers to surveys about tickets",
    sql="survey f",
    keep="f.retired_on IS NULL",
)

# The MSP's own devices are not managed for a client: they count neither for the company nor for anyone (R124, C26).
DEVICES = Facts(
    name="devices",
    entity=Asset,
    layer=Layer.RMM,
    base="devices",
    words="devices in the RMM, without those of internal organizations",
    sql="asset_state f JOIN asset t ON t.id = f.thing_id AND t.layer = 'rmm'",
    connection="t.connection_id",
    internal=False,
)
# What lists of their own tell of them: patches, antivirus, restarts, warranty.
DEVICES_TOLD_OF = replace(
    DEVICES, name="devices told of", told_apart=True, words="devices in the RMM, and what it tells of each"
)
NO_SPARE = "(:spare_pattern = '' OR f.name !~* :spare_pattern)"

AGREEMENT_LINES = Facts(
    name="agreement lines",
    entity=Agreement,
    layer=Layer.PSA,
    base="agreements",
    also=(Addition,),
    words="agreements and their additions within their terms, each normalised to a month",
    sql="agreement_line f JOIN agreement t ON t.id = f.agreement_id",
    connection="t.connection_id",
    row="coalesce(f.addition_id, -f.agreement_id)",
)
MANAGED = "(cardinality(:managed_agreement_kinds) = 0 OR lower(f.kind) = ANY(:managed_agreement_kinds))"
SEATS = "f.product ~* :seat_products"
AGREEMENT_BRIDGE = Bridge(
    facts=AGREEMENT_LINES,
    thing="f.agreement_id",
    amount="sum(f.monthly_amount)",
    where=MANAGED,
    where_words="agreement types that count as managed services",
)

LEDGER = """ledger_balance f
    JOIN ledger_account la ON la.id = f.ledger_account_id
    LEFT JOIN ledger_category_days lc ON lc.ledger_account_id = la.id
        AND {day} >= lc.from_on AND {day} < lc.until_on"""
# A connection shows cash or accrual, as its setting says; balances of the other basis stay where they are.
SHOWN_BASIS = """f.retired_on IS NULL AND lower(f.basis) = (
    SELECT lower(coalesce(nullif(x.settings->>'basis', ''), 'accrual'))
    FROM connection x WHERE x.id = f.connection_id)"""
INCOME_SIDES = "('income', 'other_income')"
COST_SIDES = "('cogs', 'expense', 'other_expense')"

INCOME = Facts(
    name="ledger income",
    entity=LedgerBalance,
    layer=Layer.LEDGER,
    words="the ledger's profit and loss by month",
    sql=LEDGER,
    keep=SHOWN_BASIS,
    account="",
    unsettled=f"sum(abs(f.amount)) FILTER (WHERE lc.category IS NULL AND la.side IN {INCOME_SIDES})",
    unsettled_words="of income in no category",
)
COSTS = Facts(
    name="ledger costs",
    entity=LedgerBalance,
    layer=Layer.LEDGER,
    words="the ledger's profit and loss by month",
    sql=LEDGER,
    keep=SHOWN_BASIS,
    account="",
    unsettled=f"sum(abs(f.amount)) FILTER (WHERE lc.category IS NULL AND la.side IN {COST_SIDES})",
    unsettled_words="of costs in no category",
)
# A cost put among revenue lowers it, and income put among costs lowers those.
AS_INCOME = f"sum(CASE WHEN la.side IN {COST_SIDES} THEN -f.amount ELSE f.amount END)"
AS_COST = f"sum(CASE WHEN la.side IN {INCOME_SIDES} THEN -f.amount ELSE f.amount END)"

# Until when the maker supports a device's system: the row of the highest rank whose patterns match.
DEVICES_BY_SYSTEM = Facts(
    name="devices by system",
    entity=Asset,
    layer=Layer.RMM,
    base="devices",
    words="devices in the RMM, with the last day their operating system is supported",
    sql="""asset_state f JOIN asset t ON t.id = f.thing_id AND t.layer = 'rmm'
    LEFT JOIN LATERAL (
        SELECT l.supported_until, l.name FROM os_lifecycle l
        WHERE f.os ~* l.pattern AND (l.version_pattern = '' OR f.os_version ~* l.version_pattern)
        ORDER BY l.rank DESC, l.supported_until DESC LIMIT 1
    ) system ON true""",
    connection="t.connection_id",
    internal=False,
    told_apart=True,
)
ALERTS = Facts(
    name="alerts",
    entity=Alert,
    layer=Layer.RMM,
    words="alerts the RMM raised",
    sql="alert f",
    keep="f.retired_on IS NULL AND f.layer = 'rmm'",
    internal=False,
)

# A backup of a device is told apart from the device: the RMM's own row for it, if one stands on that day.
BACKUPS = Facts(
    name="backups",
    entity=Backup,
    layer=Layer.BACKUP,
    words="devices and seats that are backed up",
    beside=(Asset, BackupRun, RecoveryTest),
    sql="""backup_state f JOIN backup t ON t.id = f.thing_id
    LEFT JOIN LATERAL (
        SELECT k.thing_id, k.kind, k.name FROM same_device s
        JOIN asset_state k ON k.thing_id = s.asset_id AND k.from_on <= {day} AND k.until_on > {day}
        WHERE s.layer = 'backup' AND s.other = f.thing_id LIMIT 1
    ) device ON true
    LEFT JOIN LATERAL (
        SELECT max(b.finished_on) AS good_on FROM backup_run b
        WHERE b.backup_id = f.thing_id AND b.outcome <> 'failed' AND b.finished_on <= {day} AND b.retired_on IS NULL
    ) last ON true
    LEFT JOIN LATERAL (
        SELECT max(r.tested_on) AS tested_on FROM recovery_test r
        WHERE r.backup_id = f.thing_id AND r.passed IS NOT FALSE AND r.tested_on <= {day} AND r.retired_on IS NULL
    ) trial ON true
    LEFT JOIN (
        SELECT connection_id, bool_or(entity = 'BackupRun') AS runs, bool_or(entity = 'RecoveryTest') AS recovery
        FROM reading WHERE account_id IS NULL GROUP BY 1
    ) told ON told.connection_id = t.connection_id
    LEFT JOIN (
        SELECT connection_id, bool_or(backup_id IS NOT NULL) AS of_a_backup
        FROM recovery_test WHERE retired_on IS NULL GROUP BY 1
    ) trials ON trials.connection_id = t.connection_id""",
    connection="t.connection_id",
    internal=False,
)
BACKUPS_BY_RUN = replace(BACKUPS, name="backups by their runs", through=(BackupRun,))
BACKUPS_BY_TEST = replace(BACKUPS, name="backups by their recovery tests", through=(RecoveryTest,))
BACKUP_RUNS = Facts(
    name="backup runs",
    entity=BackupRun,
    layer=Layer.BACKUP,
    words="backup runs",
    sql="backup_run f",
    keep="f.retired_on IS NULL",
    internal=False,
)

EDR_AGENTS = Facts(
    name="agents of endpoint protection",
    entity=Asset,
    layer=Layer.EDR,
    words="devices in the endpoint protection, and which of the RMM's each is",
    sql="""asset_state f JOIN asset t ON t.id = f.thing_id AND t.layer = 'edr'
    LEFT JOIN LATERAL (
        SELECT k.thing_id, k.kind, k.name FROM same_device s
        JOIN asset_state k ON k.thing_id = s.asset_id AND k.from_on <= {day} AND k.until_on > {day}
        WHERE s.layer = 'edr' AND s.other = f.thing_id LIMIT 1
    ) device ON true""",
    connection="t.connection_id",
    internal=False,
)
INCIDENTS = Facts(
    name="incidents",
    entity=Incident,
    layer=Layer.EDR,
    words="incidents of the endpoint protection, without false positives and those folded into another",
    sql="incident f",
    keep="f.retired_on IS NULL AND f.layer = 'edr' AND NOT f.dismissed",
    internal=False,
)
TENANT_INCIDENTS = Facts(
    name="tenant incidents",
    entity=Incident,
    layer=Layer.TENANT,
    words="incidents of the cloud tenant, without false positives and those folded into another",
    sql="incident f",
    keep="f.retired_on IS NULL AND f.layer = 'tenant' AND NOT f.dismissed",
    internal=False,
)
CHECKS = Facts(
    name="posture checks",
    entity=PostureCheck,
    layer=Layer.TENANT,
    words="what the cloud tenant scores of itself",
    sql="posture_check_state f JOIN posture_check t ON t.id = f.thing_id AND t.layer = 'tenant'",
    connection="t.connection_id",
    internal=False,
)
SEATS_OF_TENANT = Facts(
    name="sign-ins",
    entity=Seat,
    layer=Layer.TENANT,
    words="sign-ins of the cloud tenant",
    sql="seat_state f JOIN seat t ON t.id = f.thing_id AND t.layer = 'tenant'",
    connection="t.connection_id",
    internal=False,
)
CONTROLLED = Facts(
    name="controlled computers",
    entity=Asset,
    layer=Layer.CONTROL,
    words="computers under application control",
    sql="asset_state f JOIN asset t ON t.id = f.thing_id AND t.layer = 'control'",
    connection="t.connection_id",
    internal=False,
)
LICENSES = Facts(
    name="licences of the tenant",
    entity=License,
    layer=Layer.TENANT,
    words="licences of the cloud tenant",
    sql="license_state f JOIN license t ON t.id = f.thing_id AND t.layer = 'tenant'",
    connection="t.connection_id",
    internal=False,
)
SUBSCRIPTIONS = Facts(
    name="subscriptions",
    entity=License,
    layer=Layer.MARKETPLACE,
    words="subscriptions bought in the marketplace",
    sql="license_state f JOIN license t ON t.id = f.thing_id AND t.layer = 'marketplace'",
    connection="t.connection_id",
    internal=False,
)

# What is not of a client belongs to a prospect: it counts for the company, as not linked.
DEALS = Facts(
    name="deals",
    entity=Deal,
    layer=Layer.CRM,
    base="deals",
    words="deals in the CRM, as they are told now",
    sql="deal f",
    keep="f.retired_on IS NULL",
)
ACTIVITIES = Facts(
    name="activities",
    entity=Activity,
    layer=Layer.CRM,
    base="calls and meetings",
    words="calls and meetings in the CRM that took place",
    sql="activity f",
    keep="f.retired_on IS NULL AND f.done",
)
# The PSA and the ledger both hold what was invoiced: two layers, which never add up.
INVOICES = Facts(
    name="invoices",
    entity=InvoiceLine,
    layer=Layer.PSA,
    base="invoices",
    words="invoices of the PSA by line, without tax; credits are taken off",
    sql="invoice_line f",
    keep="f.retired_on IS NULL AND f.layer = 'psa'",
)
LEDGER_INVOICES = Facts(
    name="invoices of the ledger",
    entity=InvoiceLine,
    layer=Layer.LEDGER,
    base="invoices",
    words="invoices and sales receipts of the ledger by line, without tax; credits are taken off",
    sql="invoice_line f",
    keep="f.retired_on IS NULL AND f.layer = 'ledger'",
)
