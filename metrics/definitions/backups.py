"""Backups: what is protected, whether runs end well, how long since a good one, whether recovery was tried (R19)."""

from __future__ import annotations

from metrics.declare import Better, Derived, Flow, Metric, Section, Stock, ToldStock, Unit, at_least, at_most
from metrics.definitions.facts import BACKUP_RUNS, BACKUPS, BACKUPS_BY_RUN, BACKUPS_BY_TEST, DEVICES, NO_SPARE

RULES = ("listing_tolerance_days",)
KINDS = {"continuity": "Continuity", "saas": "SaaS"}
EXPECTED = "NOT f.paused"  # a person stopped the others


def _protected(kind: str) -> Stock:
    return Stock(
        key=f"{kind}_backups", label=f"{KINDS[kind]} backups", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning=f"What {KINDS[kind]} backup protects and should run.", facts=BACKUPS,
        where=f"f.kind = '{kind}' AND {EXPECTED}", where_words=f"{KINDS[kind]}, not paused", rules=RULES,
        requirement="R19",
    )


def _silent(kind: str, key: str, days: int, words: str) -> ToldStock:
    """No good run on any of so many days up to the one it was listed on, though it was there all that while."""
    among = f"f.kind = '{kind}' AND {EXPECTED}"
    return ToldStock(
        key=f"{kind}_failing_{key}", label=f"{KINDS[kind]} backups failing over {words}", section=Section.OPERATIONS,
        unit=Unit.COUNT, meaning=f"What {KINDS[kind]} backup protects and had no good run for {words}.",
        facts=BACKUPS_BY_RUN, better=Better.LOWER, among=among, told=f"{among} AND told.runs",
        where=f"{among} AND told.runs AND f.from_on <= d.day - {days} "
        f"AND (last.good_on IS NULL OR last.good_on <= d.day - {days})",
        where_words=f"{KINDS[kind]}, not paused, no good run for {words}", rules=RULES, requirement="R19",
        goal=at_most("0"),
    )


PROTECTED: tuple[Metric, ...] = tuple(
    metric
    for kind in KINDS
    for metric in (
        _protected(kind), _silent(kind, "48_hours", 2, "48 hours"), _silent(kind, "7_days", 7, "7 days"),
    )
)  # fmt: skip

RUNS: tuple[Metric, ...] = (
    Flow(
        key="backup_runs", label="Backup runs", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning="Backup runs that ended, well or not.", facts=BACKUP_RUNS, dated="f.finished_on",
        where_words="by the day ended", requirement="R19",
    ),
    Flow(
        key="backup_runs_good", label="Good backup runs", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning="Backup runs that ended well, with or without warnings.", facts=BACKUP_RUNS, dated="f.finished_on",
        where="f.outcome <> 'failed'", where_words="not failed, by the day ended", better=Better.HIGHER,
        requirement="R19",
    ),
    Derived(
        key="backup_success", label="Backup success rate", section=Section.OPERATIONS, unit=Unit.PERCENT,
        meaning="Share of the backup runs that ended well.", better=Better.HIGHER,
        formula="backup_runs_good / backup_runs * 100", undefined="no backup run", goal=at_least("98"),
        requirement="R19",
    ),
)

CONTINUITY = f"f.kind = 'continuity' AND {EXPECTED}"
# A system that tells of recoveries without naming what was recovered says nothing of a single backup.
TEST_TOLD = f"{CONTINUITY} AND told.recovery AND trials.of_a_backup IS NOT FALSE"
TRIED: tuple[Metric, ...] = (
    Stock(
        key="continuity_recovery_known", label="Backups whose recovery tests are known", section=Section.OPERATIONS,
        unit=Unit.COUNT, facts=BACKUPS_BY_TEST,
        meaning="Continuity backups of systems that say when a recovery was tried.",
        where=TEST_TOLD, where_words="Continuity, not paused, recovery tests told", rules=RULES,
        requirement="R19",
    ),
    ToldStock(
        key="continuity_recovery_tested", label="Backups with a tested recovery", section=Section.OPERATIONS,
        unit=Unit.COUNT, facts=BACKUPS_BY_TEST, better=Better.HIGHER, among=CONTINUITY,
        told=TEST_TOLD,
        meaning="Continuity backups from which a recovery was tried, not without success, in the last 92 days.",
        where=f"{CONTINUITY} AND trial.tested_on > d.day - 92",
        where_words="Continuity, not paused, recovery tried in the last 92 days", rules=RULES, requirement="R19",
    ),
    Derived(
        key="recovery_tested", label="Recovery tested", section=Section.OPERATIONS, unit=Unit.PERCENT,
        meaning="Share of the continuity backups whose recovery tests are known from which one was tried in the last "
        "quarter.",
        better=Better.HIGHER, formula="continuity_recovery_tested / continuity_recovery_known * 100",
        undefined="no backup whose recovery tests are told", goal=at_least("100"), requirement="R19",
    ),
)

COVERAGE: tuple[Metric, ...] = (
    Stock(
        key="servers_managed", label="Servers managed", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning="Servers in the RMM at the end of the month, without spares and our own.", facts=DEVICES,
        where=f"f.kind = 'server' AND {NO_SPARE}", where_words="servers, not named as spares",
        rules=("spare_pattern", *RULES), requirement="R19",
    ),
    Stock(
        key="servers_backed_up", label="Servers backed up", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning="Servers of the RMM that the backup system protects, told by serial number or name.", facts=BACKUPS,
        better=Better.HIGHER, value="count(DISTINCT device.thing_id)",
        where="device.kind = 'server' AND (:spare_pattern = '' OR device.name !~* :spare_pattern)",
        where_words="of a server in the RMM", rules=("spare_pattern", *RULES), requirement="R19",
    ),
    Derived(
        key="backup_coverage", label="Backup coverage", section=Section.OPERATIONS, unit=Unit.PERCENT,
        meaning="Share of the servers managed that are backed up.", better=Better.HIGHER,
        formula="servers_backed_up / servers_managed * 100", undefined="no server", goal=at_least("100"),
        requirement="R19",
    ),
    Derived(
        key="servers_not_backed_up", label="Servers not backed up", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning="Servers managed that no backup system is seen to protect.", better=Better.LOWER,
        formula="servers_managed - servers_backed_up", requirement="R19",
    ),
)

MONTHLY: tuple[Metric, ...] = (*PROTECTED, *RUNS, *TRIED, *COVERAGE)
