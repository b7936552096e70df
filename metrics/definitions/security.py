"""Security: endpoint protection, the tenant's score, second factors, incidents and application control (R20)."""

from __future__ import annotations

from metrics.declare import Better, Derived, Facts, Flow, Metric, Section, Standing, Stock, ToldStock, Unit, at_least
from metrics.definitions.estate import ANTIVIRUS
from metrics.definitions.facts import (
    CHECKS,
    CONTROLLED,
    EDR_AGENTS,
    INCIDENTS,
    SEATS_OF_TENANT,
    TENANT_INCIDENTS,
)

RULES = ("listing_tolerance_days",)
PERSON = "f.enabled IS NOT FALSE AND f.guest IS NOT TRUE AND f.licensed IS NOT FALSE"
PERSON_WORDS = "that may sign in, with a licence, no guests"
OF_AN_ENDPOINT = (
    "device.kind = ANY(:endpoint_kinds) AND (:spare_pattern = '' OR device.name !~* :spare_pattern)"
)
SCORE = "t.name = 'secure_score'"
SERIOUS = "f.severity IN ('critical', 'high')"


def _scored(key: str, label: str, meaning: str, column: str) -> ToldStock:
    told = f"{SCORE} AND f.score IS NOT NULL AND f.out_of IS NOT NULL"
    return ToldStock(
        key=key, label=label, section=Section.SECURITY, unit=Unit.COUNT, meaning=meaning, facts=CHECKS,
        value=f"sum(f.{column})", where=told, where_words="the secure score", among=SCORE, told=told, rules=RULES,
        requirement="R20",
    )


def _share(key: str, label: str, meaning: str, formula: str, undefined: str, least: str) -> Derived:
    return Derived(
        key=key, label=label, section=Section.SECURITY, unit=Unit.PERCENT, meaning=meaning, better=Better.HIGHER,
        formula=formula, undefined=undefined, goal=at_least(least), requirement="R20",
    )


def _incidents(facts: Facts, prefix: str, of: str) -> tuple[Metric, ...]:
    return (
        Flow(
            key=f"{prefix}incidents", label=f"{of} incidents", section=Section.SECURITY, unit=Unit.COUNT,
            meaning=f"{of} incidents that were raised.", better=Better.LOWER, facts=facts, dated="f.raised_on",
            where_words="by the day raised", requirement="R20",
        ),
        Flow(
            key=f"{prefix}incidents_serious", label=f"Serious {of[0].lower()}{of[1:]} incidents",
            section=Section.SECURITY, unit=Unit.COUNT, meaning=f"{of} incidents of critical or high severity.",
            better=Better.LOWER, facts=facts, dated="f.raised_on", where=SERIOUS,
            where_words="critical or high, by the day raised", requirement="R20",
        ),
        Standing(
            key=f"{prefix}incidents_open", label=f"{of} incidents open", section=Section.SECURITY, unit=Unit.COUNT,
            meaning=f"{of} incidents that were not resolved at the end of the month.", better=Better.LOWER,
            facts=facts, began="f.raised_on", until="f.resolved_on", where_words="open at the end of the month",
            requirement="R20",
        ),
    )


PROTECTION: tuple[Metric, ...] = (
    Stock(
        key="devices_protected", label="Devices with endpoint protection", section=Section.SECURITY, unit=Unit.COUNT,
        meaning="Endpoints of the RMM on which the endpoint protection has an agent, told by serial number or name.",
        facts=EDR_AGENTS, better=Better.HIGHER, value="count(DISTINCT device.thing_id)", where=OF_AN_ENDPOINT,
        where_words="of an endpoint in the RMM", rules=("endpoint_kinds", "spare_pattern", *RULES), requirement="R20",
    ),
    _share("edr_coverage", "Endpoint protection coverage", "Share of the endpoints that have an agent.",
           "devices_protected / endpoints_managed * 100", "no endpoint", "95"),
    Derived(
        key="devices_unprotected", label="Devices without endpoint protection", section=Section.SECURITY,
        unit=Unit.COUNT, meaning="Endpoints on which no agent of the endpoint protection is seen.",
        better=Better.LOWER, formula="endpoints_managed - devices_protected", requirement="R20",
    ),
    *_incidents(INCIDENTS, "", "Security"),
)  # fmt: skip

TENANTS: tuple[Metric, ...] = (
    _scored("secure_score_points", "Secure score points", "Points the tenant's secure score has reached.", "score"),
    _scored("secure_score_of", "Secure score points to reach", "Points the tenant's secure score could reach.",
            "out_of"),
    _share("secure_score", "Secure score", "Points reached of those the tenant could reach.",
           "secure_score_points / secure_score_of * 100", "no secure score", "60"),
    Stock(
        key="people_signing_in", label="People who sign in", section=Section.SECURITY, unit=Unit.COUNT,
        meaning="Sign-ins with a licence that are enabled and no guests, of which the second factor is known.",
        facts=SEATS_OF_TENANT, where=f"{PERSON} AND f.mfa IS NOT NULL",
        where_words=f"{PERSON_WORDS}, second factor known", rules=RULES, requirement="R20",
    ),
    ToldStock(
        key="people_without_mfa", label="People without a second factor", section=Section.SECURITY, unit=Unit.COUNT,
        meaning="Sign-ins with a licence that have registered no second factor.", better=Better.LOWER,
        facts=SEATS_OF_TENANT, where=f"{PERSON} AND f.mfa IS FALSE", where_words=f"{PERSON_WORDS}, no second factor",
        among=PERSON, told=f"{PERSON} AND f.mfa IS NOT NULL", rules=RULES, requirement="R20",
    ),
    _share("mfa_coverage", "MFA coverage", "Share of the people who sign in that have registered a second factor.",
           "(people_signing_in - people_without_mfa) / people_signing_in * 100", "nobody whose second factor is known",
           "100"),
    *_incidents(TENANT_INCIDENTS, "tenant_", "Tenant"),
)  # fmt: skip

CONTROL: tuple[Metric, ...] = (
    Stock(
        key="computers_controlled", label="Computers under application control", section=Section.SECURITY,
        unit=Unit.COUNT, meaning="Computers on which only what is allowed may run.", facts=CONTROLLED,
        better=Better.HIGHER, rules=RULES, requirement="R20",
    ),
)

MONTHLY: tuple[Metric, ...] = (*ANTIVIRUS, *PROTECTION, *TENANTS, *CONTROL)
