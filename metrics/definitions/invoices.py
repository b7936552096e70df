"""What clients were invoiced: as the PSA says and as the ledger says, which are two accounts of one thing."""

from __future__ import annotations

from metrics.declare import Access, Better, Derived, Flow, Metric, Section, Told, Unit
from metrics.definitions.facts import INVOICES, LEDGER_INVOICES

DATED = "by the day of the invoice, without tax"
TOLD = "(f.agreement_id IS NOT NULL OR f.kind <> '')"  # of a line that says neither nobody knows what it is for

MONTHLY: tuple[Metric, ...] = (
    Flow(
        key="invoiced", label="Invoiced", section=Section.FINANCIAL, unit=Unit.MONEY, access=Access.FINANCE,
        meaning="What the PSA invoiced, without tax, credits taken off.", better=Better.HIGHER, facts=INVOICES,
        dated="f.posted_on", value="sum(f.amount)", where_words=DATED, requirement="R17",
    ),
    Told(
        key="invoiced_agreements", label="Invoiced on agreements", section=Section.FINANCIAL, unit=Unit.MONEY,
        meaning="What the PSA invoiced on agreements, without tax.", access=Access.FINANCE, better=Better.HIGHER,
        facts=INVOICES, dated="f.posted_on", value="sum(f.amount)", where="f.agreement_id IS NOT NULL",
        where_words=f"of an agreement, {DATED}", among="true", told=TOLD, requirement="R17",
    ),
    Derived(
        key="invoiced_beside_agreements", label="Invoiced beside agreements", section=Section.FINANCIAL,
        unit=Unit.MONEY, meaning="What the PSA invoiced for projects, time and products, credits taken off.",
        access=Access.FINANCE, better=Better.HIGHER, formula="invoiced - invoiced_agreements", requirement="R17",
    ),
    Flow(
        key="invoiced_in_ledger", label="Invoiced in the ledger", section=Section.FINANCIAL, unit=Unit.MONEY,
        meaning="Invoices and sales receipts of the ledger, without tax, credits taken off.", access=Access.FINANCE,
        better=Better.HIGHER, facts=LEDGER_INVOICES, dated="f.posted_on", value="sum(f.amount)", where_words=DATED,
        requirement="R17",
    ),
)
