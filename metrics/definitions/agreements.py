"""Agreements: how many, what they bill a month, and how that moves (C30, C31, C45)."""

from __future__ import annotations

from metrics.declare import (
    Access,
    Across,
    Better,
    Derived,
    Metric,
    Movement,
    Opening,
    Part,
    Section,
    Stock,
    Unit,
)
from metrics.definitions.facts import AGREEMENT_BRIDGE, AGREEMENT_LINES, MANAGED, SEATS

RULES = ("managed_agreement_kinds", "listing_tolerance_days")
KINDS = "agreement types that count as managed services"


def _movement(part: Part, key: str, label: str, meaning: str, better: Better, spreadsheet_label: str = "") -> Movement:
    return Movement(
        key=key, label=label, section=Section.SALES, unit=Unit.MONEY, meaning=meaning, access=Access.FINANCE,
        better=better, base=label[0].lower() + label[1:], bridge=AGREEMENT_BRIDGE, part=part, rules=RULES,
        spreadsheet_label=spreadsheet_label, requirement="C31",
    )


MONTHLY: tuple[Metric, ...] = (
    Stock(
        key="managed_services_agreements", label="Managed services agreements", section=Section.GENERAL,
        unit=Unit.COUNT, meaning="Agreements that bill at the end of the month.", facts=AGREEMENT_LINES,
        value="count(DISTINCT f.agreement_id)", where=f"f.monthly_amount > 0 AND {MANAGED}",
        where_words=f"that bill; {KINDS}", rules=RULES,
        spreadsheet_label="# of Manage Services Agreements", requirement="R120",
    ),
    Stock(
        key="agreement_mrr", label="Agreement MRR", section=Section.FINANCIAL, unit=Unit.MONEY, across=Across.LAST,
        meaning="What agreements and their additions bill a month, at the end of the period.",
        access=Access.FINANCE, better=Better.HIGHER, facts=AGREEMENT_LINES, value="sum(f.monthly_amount)",
        where=MANAGED, where_words=KINDS, rules=RULES, base="MRR", requirement="C30",
    ),
    Stock(
        key="average_agreement_mrr", label="Average agreement MRR", section=Section.FINANCIAL, unit=Unit.MONEY,
        meaning="What agreements and their additions bill a month, as the mean of the period's month ends.",
        access=Access.FINANCE, facts=AGREEMENT_LINES, value="sum(f.monthly_amount)", where=MANAGED,
        where_words=KINDS, rules=RULES, base="MRR", requirement="C30",
    ),
    Stock(
        key="agreement_seats", label="Agreement seats", section=Section.FINANCIAL, unit=Unit.COUNT,
        meaning="Seats billed as additions at the end of the month, beyond those the base fee covers.",
        facts=AGREEMENT_LINES, value="sum(f.seats)", where=f"f.monthly_amount > 0 AND {SEATS} AND {MANAGED}",
        where_words=f"that bill, of products that are seats; {KINDS}", rules=(*RULES, "seat_products"),
        base="seats", requirement="C26",
    ),
    _movement(Part.NEW, "new_mrr", "New MRR", "MRR of agreements that did not bill a month before.",
              Better.HIGHER, "New MRR"),
    _movement(Part.LOST, "lost_mrr", "Lost MRR", "MRR of agreements that billed a month before and no longer do.",
              Better.LOWER, "Lost MRR"),
    _movement(Part.EXPANSION, "expansion_mrr", "Expansion MRR", "By how much agreements grew that billed before.",
              Better.HIGHER),
    _movement(Part.CONTRACTION, "contraction_mrr", "Contraction MRR", "By how much agreements shrank that still bill.",
              Better.LOWER),
    Opening(
        key="opening_mrr", label="Opening agreement MRR", section=Section.FINANCIAL, unit=Unit.MONEY,
        meaning="Agreement MRR at the end of the month before the period.", access=Access.FINANCE,
        bridge=AGREEMENT_BRIDGE, rules=RULES, base="opening MRR", requirement="C45",
    ),
)

RETENTION: tuple[Metric, ...] = (
    Derived(
        key="gross_revenue_retention", label="Gross revenue retention", section=Section.FINANCIAL, unit=Unit.PERCENT,
        meaning="Share of the opening agreement MRR that is still billed, growth left aside.", access=Access.FINANCE,
        better=Better.HIGHER, formula="(opening_mrr - lost_mrr - contraction_mrr) / opening_mrr * 100",
        undefined="no opening MRR", requirement="C45",
    ),
    Derived(
        key="net_revenue_retention", label="Net revenue retention", section=Section.FINANCIAL, unit=Unit.PERCENT,
        meaning="The opening clients' agreement MRR now as a share of what it was, growth included.",
        access=Access.FINANCE, better=Better.HIGHER, undefined="no opening MRR", requirement="C45",
        formula="(opening_mrr - lost_mrr - contraction_mrr + expansion_mrr) / opening_mrr * 100",
    ),
)
