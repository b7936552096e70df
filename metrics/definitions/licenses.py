"""Licences: seats bought, assigned and unused in the tenant, and what the marketplace charges for them (R21)."""

from __future__ import annotations

from metrics.declare import Access, Across, Better, Derived, Metric, Section, ToldStock, Unit
from metrics.definitions.facts import LICENSES, SEATS_OF_TENANT, SUBSCRIPTIONS

RULES = ("free_licenses", "listing_tolerance_days")
PAID = (
    "NOT f.trial AND NOT f.suspended AND "
    "(:free_licenses = '' OR (f.sku !~* :free_licenses AND f.product !~* :free_licenses))"
)
PAID_WORDS = "neither free, on trial nor suspended"

PERSON = "f.enabled IS NOT FALSE AND f.guest IS NOT TRUE"


def _seats(key: str, label: str, meaning: str, value: str, better: Better = Better.NEITHER) -> ToldStock:
    return ToldStock(
        key=key, label=label, section=Section.OPERATIONS, unit=Unit.COUNT, meaning=meaning, facts=LICENSES,
        value=f"sum({value})", where=f"{PAID} AND {value} IS NOT NULL", where_words=PAID_WORDS,
        among=PAID, told=f"{PAID} AND {value} IS NOT NULL", rules=RULES, better=better, across=Across.LAST,
        requirement="R21",
    )


def _money(key: str, label: str, meaning: str, each: str) -> ToldStock:
    told = f"NOT f.trial AND f.cycle_months > 0 AND f.seats IS NOT NULL AND f.{each} IS NOT NULL"
    return ToldStock(
        key=key, label=label, section=Section.FINANCIAL, unit=Unit.MONEY, meaning=meaning, access=Access.FINANCE,
        facts=SUBSCRIPTIONS, value=f"sum(f.seats * f.{each} / f.cycle_months)", where=told,
        where_words="not on trial, by the month", among="NOT f.trial", told=told,
        rules=("listing_tolerance_days",), across=Across.LAST, requirement="R21",
    )


MONTHLY: tuple[Metric, ...] = (
    _seats("license_seats", "Licence seats bought", "Seats of paid licences in the tenant.", "f.seats"),
    _seats("license_seats_assigned", "Licence seats assigned", "Seats of paid licences assigned to someone.",
           "f.assigned"),
    _seats("license_seats_unused", "Licence seats unused", "Seats of paid licences assigned to nobody.",
           "(CASE WHEN f.seats > f.assigned THEN f.seats - f.assigned WHEN f.seats <= f.assigned THEN 0 END)",
           Better.LOWER),
    Derived(
        key="license_use", label="Licence use", section=Section.OPERATIONS, unit=Unit.PERCENT, better=Better.HIGHER,
        meaning="Share of the paid licence seats that are assigned to someone.",
        formula="license_seats_assigned / license_seats * 100", undefined="no paid licence", requirement="R21",
    ),
    ToldStock(
        key="licensed_users", label="Licensed users", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning="People of the tenant who may sign in and hold a licence, no guests.", facts=SEATS_OF_TENANT,
        where=f"{PERSON} AND f.licensed", where_words="that may sign in, with a licence, no guests", among=PERSON,
        told=f"{PERSON} AND f.licensed IS NOT NULL", rules=("listing_tolerance_days",), across=Across.LAST,
        base="people", requirement="R21",
    ),
    _money("license_spend", "Licence spend a month", "What the marketplace charges us for licences, by the month.",
           "unit_cost"),
    _money("license_charges", "Licence charges a month", "What clients are to be charged for those licences.",
           "unit_price"),
)  # fmt: skip
