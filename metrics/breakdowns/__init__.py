"""Facts read for one panel of a page: by index, each in one statement, for one scope and period.

The parts add up to the stored metric of the same name, since they are counted by its own declaration.
"""

from metrics.breakdowns.agreements import AgreementRow, MovedAgreement, agreements, moved_agreements
from metrics.breakdowns.estate import (
    Contact,
    Online,
    OverMonths,
    Series,
    Supported,
    Unseen,
    UnseenDevices,
    by_support,
    endpoints_over,
    last_contact,
    not_seen,
    online_now,
)
from metrics.breakdowns.ledger import Beside, Unmapped, mrr_beside_ledger, unmapped_ledger
from metrics.breakdowns.sales import Billed, Stage, invoiced_by_class, invoiced_by_kind, pipeline_by_stage
from metrics.breakdowns.service import (
    Age,
    KindOfWork,
    LongTicket,
    Worked,
    hours_by_kind,
    longest_tickets,
    open_by_age,
    tickets_by,
)
from metrics.breakdowns.systems import OfSystem, by_system

__all__ = [
    "Age", "AgreementRow", "Beside", "Billed", "Contact", "KindOfWork", "LongTicket", "MovedAgreement", "OfSystem",
    "Online", "OverMonths", "Series", "Stage", "Supported", "Unmapped", "Unseen", "UnseenDevices", "Worked",
    "agreements", "by_support", "by_system", "endpoints_over", "hours_by_kind", "invoiced_by_class",
    "invoiced_by_kind", "last_contact", "longest_tickets", "moved_agreements", "mrr_beside_ledger", "not_seen",
    "online_now", "open_by_age", "pipeline_by_stage", "tickets_by", "unmapped_ledger",
]
