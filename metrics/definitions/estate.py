"""The estate's health: patches, antivirus, systems out of support, warranty, restarts and alerts (R18)."""

from __future__ import annotations

from metrics.declare import (
    Better,
    Derived,
    Flow,
    Metric,
    Section,
    Standing,
    Stock,
    ToldStock,
    Unit,
    at_least,
)
from metrics.definitions.facts import ALERTS, DEVICES_BY_SYSTEM, DEVICES_TOLD_OF, NO_SPARE

RULES = ("endpoint_kinds", "spare_pattern", "listing_tolerance_days")
ENDPOINT = f"f.kind = ANY(:endpoint_kinds) AND {NO_SPARE}"
LIVE_IN = "of the kinds that count as endpoints"
SERIOUS = "f.severity IN ('critical', 'high')"


def _devices(
    key: str, label: str, meaning: str, where: str, words: str, told: str, rules: tuple[str, ...] = (),
    better: Better = Better.LOWER, by_system: bool = False, requirement: str = "R18",
) -> ToldStock:
    """Endpoints of which something is true that not every RMM tells."""
    return ToldStock(
        key=key, label=label, section=Section.OPERATIONS, unit=Unit.COUNT, meaning=meaning, better=better,
        facts=DEVICES_BY_SYSTEM if by_system else DEVICES_TOLD_OF, where=f"{ENDPOINT} AND {where}",
        where_words=f"{LIVE_IN}, {words}", among=ENDPOINT, told=f"{ENDPOINT} AND {told}", rules=(*RULES, *rules),
        requirement=requirement,
    )  # fmt: skip


def _share(key: str, label: str, meaning: str, part: str, whole: str, undefined: str, least: str = "") -> Derived:
    return Derived(
        key=key, label=label, section=Section.OPERATIONS, unit=Unit.PERCENT, meaning=meaning, better=Better.HIGHER,
        formula=f"{part} / {whole} * 100", undefined=undefined, goal=at_least(least) if least else None,
        requirement="R18",
    )


PATCH_TOLD, VIRUS_TOLD = "f.patches_missing IS NOT NULL", "f.antivirus <> ''"
SYSTEM_TOLD, WARRANTY_TOLD = "system.supported_until IS NOT NULL", "t.warranty_until IS NOT NULL"

PATCHES: tuple[Metric, ...] = (
    Stock(
        key="devices_with_patch_state", label="Devices whose patches are known", section=Section.OPERATIONS,
        unit=Unit.COUNT, meaning="Endpoints of which the RMM says how many patches are missing.", facts=DEVICES_TOLD_OF,
        where=f"{ENDPOINT} AND {PATCH_TOLD}", where_words=f"{LIVE_IN}, missing patches known", rules=RULES,
        requirement="R18",
    ),
    _devices("devices_patched", "Devices fully patched", "Endpoints with no approved patch missing.",
             "f.patches_missing = 0", "no patch missing", PATCH_TOLD, better=Better.HIGHER),
    _share("patch_compliance", "Patch compliance", "Share of the endpoints with no approved patch missing.",
           "devices_patched", "devices_with_patch_state", "no device tells its patches", least="90"),
    _devices("devices_many_patches_missing", "Devices missing many patches",
             "Endpoints that lack more patches than the setting allows, five unless it is changed.",
             "f.patches_missing > :many_patches", "more patches missing than the setting allows", PATCH_TOLD,
             rules=("many_patches",)),
    _devices("devices_not_restarted", "Devices not restarted", "Endpoints that have run for more than 30 days.",
             "f.booted_on < d.day - 30", "started more than 30 days before", "f.booted_on IS NOT NULL"),
    Stock(
        key="devices_with_restart_known", label="Devices whose last start is known", section=Section.OPERATIONS,
        unit=Unit.COUNT, meaning="Endpoints of which the RMM says when they were last started.",
        facts=DEVICES_TOLD_OF, where=f"{ENDPOINT} AND f.booted_on IS NOT NULL",
        where_words=f"{LIVE_IN}, last start known", rules=RULES, requirement="R18",
    ),
    _share("devices_restarted", "Restarted within 30 days", "Share of the endpoints that were started in the last 30 "
           "days. It tells nothing of failures: no RMM read here tells those.",
           "(devices_with_restart_known - devices_not_restarted)", "devices_with_restart_known",
           "no device tells its last start"),
)  # fmt: skip

ANTIVIRUS: tuple[Metric, ...] = (
    Stock(
        key="devices_with_antivirus_state", label="Devices whose antivirus is known", section=Section.SECURITY,
        unit=Unit.COUNT, meaning="Endpoints of which the RMM says whether antivirus runs.", facts=DEVICES_TOLD_OF,
        where=f"{ENDPOINT} AND {VIRUS_TOLD}", where_words=f"{LIVE_IN}, antivirus known", rules=RULES,
        requirement="R18",
    ),
    _devices("devices_without_antivirus", "Devices without antivirus",
             "Endpoints on which no antivirus runs.", "f.antivirus IN ('missing', 'off')", "no antivirus running",
             VIRUS_TOLD),
    _devices("devices_antivirus_current", "Devices with current antivirus",
             "Endpoints on which antivirus runs and is up to date.", "f.antivirus = 'protected'",
             "antivirus running and up to date", VIRUS_TOLD, better=Better.HIGHER),
    _share("antivirus_coverage", "Antivirus coverage", "Share of the endpoints whose antivirus runs and is up to date.",
           "devices_antivirus_current", "devices_with_antivirus_state", "no device tells its antivirus", least="95"),
)  # fmt: skip

LIFE: tuple[Metric, ...] = (
    _devices("devices_out_of_support", "Devices out of support",
             "Endpoints whose operating system the maker no longer supports.", "system.supported_until < d.day",
             "operating system past its last day of support", SYSTEM_TOLD, by_system=True),
    _devices("devices_support_ends_soon", "Devices whose support ends soon",
             "Endpoints whose operating system is supported for 180 more days at the most.",
             "system.supported_until >= d.day AND system.supported_until < d.day + 180",
             "operating system supported for 180 more days at the most", SYSTEM_TOLD, by_system=True),
    _devices("devices_out_of_warranty", "Devices out of warranty", "Endpoints whose warranty has ended.",
             "t.warranty_until < d.day", "warranty ended", WARRANTY_TOLD),
    _devices("devices_warranty_due", "Devices whose warranty ends soon",
             "Endpoints whose warranty ends within 90 days.",
             "t.warranty_until >= d.day AND t.warranty_until < d.day + 90", "warranty ends within 90 days",
             WARRANTY_TOLD),
)  # fmt: skip

ALERTING: tuple[Metric, ...] = (
    Flow(
        key="alerts_raised", label="Alerts raised", section=Section.OPERATIONS, unit=Unit.COUNT, better=Better.LOWER,
        meaning="Alerts the RMM's monitors raised.", facts=ALERTS, dated="f.raised_on",
        where_words="by the day raised", requirement="R18",
    ),
    Flow(
        key="alerts_serious", label="Serious alerts", section=Section.OPERATIONS, unit=Unit.COUNT, better=Better.LOWER,
        meaning="Alerts of critical or high severity.", facts=ALERTS, dated="f.raised_on", where=SERIOUS,
        where_words="critical or high, by the day raised", requirement="R18",
    ),
    Standing(
        key="alerts_open", label="Alerts open", section=Section.OPERATIONS, unit=Unit.COUNT, better=Better.LOWER,
        meaning="Alerts that were raised and not yet resolved at the end of the month.", facts=ALERTS,
        began="f.raised_on", until="f.resolved_on", where_words="open at the end of the month", requirement="R18",
    ),
)

MONTHLY: tuple[Metric, ...] = (*PATCHES, *LIFE, *ALERTING)
