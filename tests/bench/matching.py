"""Matching the accounts of six systems, all at once and one by one, and how the time grows with the clients."""

from __future__ import annotations

import statistics
import time
from random import Random

from django.db import connection

from collectors.facts.accounts import Account
from collectors.sandbox.labelled import FOUNDING, LabelledAccount, labelled_world
from organizations import blocking, suggestions
from organizations.evaluation.writing import SEEN_FROM, write
from organizations.matching import link_new
from tests.bench import database
from tests.bench.measure import Ratio, in_turn, say

SEED = 31
CLIENTS = (1_000, 10_000)
NEW = 30  # accounts that come one by one
MATCHED = "account_link, organization, proposal, signal, signals_read, touched"

# What anyone would write first: the same id or the same domain as a company of the PSA. It judges nothing, so it links
# wrongly, and it proposes nothing for the rest.
BY_HAND = """
CREATE TEMPORARY TABLE by_hand AS
WITH company AS (
    SELECT a.id, a.external_id, a.evidence FROM account a JOIN connection c ON c.id = a.connection_id
    WHERE c.vendor = %(founding)s
),
domain_of AS (SELECT id, jsonb_array_elements_text(evidence -> 'domains') AS name FROM company)
SELECT a.id AS account_id, p.id AS company_id
FROM account a JOIN company p ON p.external_id = a.evidence -> 'ids' ->> %(founding)s
UNION
SELECT a.id, d.id FROM (SELECT id, jsonb_array_elements_text(evidence -> 'domains') AS name FROM account) a
JOIN domain_of d ON d.name = a.name AND d.id <> a.id
"""


def bench(scale: float) -> None:
    seconds = []
    for clients in CLIENTS:
        database.empty()
        world = labelled_world(SEED, max(20, int(clients * scale)), everywhere=True).accounts
        held_back = Random(SEED).sample([one for one in world if one.system != FOUNDING], min(NEW, len(world) // 10))
        kept_back = set(map(_record, held_back))
        write([one for one in world if _record(one) not in kept_back])
        took, of = _all_at_once(len(world) - len(held_back))
        seconds.append((statistics.median(took.ours), len(world)))
    _say_growth(seconds, of)
    _one_by_one(held_back, of)


def _record(one: LabelledAccount) -> tuple[str, str]:
    return one.system, one.external_id


def _all_at_once(accounts: int) -> tuple[Ratio, str]:
    took = in_turn(link_new, _by_hand, before=_nothing_matched)
    _nothing_matched()
    done = link_new()
    linked, founded, waiting = (sum(counts.values()) for counts in (done.linked, done.founded, done.waiting))
    of = (f"{accounts:,} accounts in six systems: {founded:,} organizations founded, {linked:,} accounts linked,"
          f" {waiting:,} proposed")
    say("Linking and proposing, against a join of ids and domains that judges nothing", took,
        "under 30 s with 10,000 clients", of)
    return took, of


def _say_growth(seconds: list[tuple[float, int]], of: str) -> None:
    (few, fewer), (many, more) = seconds
    growth = many / few / (more / fewer)
    say("Growth: how much more time an account takes among ten times as many", f"{growth:.2f} times",
        "near 1", f"{few:.2f} s for {fewer:,} accounts, {many:.2f} s for {more:,}")


def _one_by_one(held_back: list[LabelledAccount], of: str) -> None:
    """Each new account's signals are read and its proposal is stored, with everything else already matched."""
    connections = dict(Account.objects.values_list("connection__vendor", "connection").distinct())
    took = []
    for one in held_back:
        account = Account.objects.create(
            connection_id=connections[one.system], external_id=one.external_id, name=one.name,
            evidence=dict(one.evidence), seen_from=SEEN_FROM,
        )  # fmt: skip
        took.append(_seconds(account.pk))
    empty = statistics.median(_round_trip() for _ in range(NEW * 10))
    middle = statistics.median(took)
    say("One new account, proposed among all the others", f"median {middle * 1000:.1f} ms (from {min(took) * 1000:.1f}"
        f" to {max(took) * 1000:.1f}); {middle / empty:.0f} empty round trips to the database", "under 50 ms",
        f"{len(took)} accounts with evidence of every kind, after {of}")


def _seconds(account: int) -> float:
    began = time.perf_counter()
    blocking.refresh([account])
    suggestions.refresh([account])
    return time.perf_counter() - began


def _round_trip() -> float:
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute("SELECT 1")
        cursor.fetchone()
        return time.perf_counter() - began


def _by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, {"founding": FOUNDING})


def _nothing_matched() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {MATCHED} CASCADE")
        cursor.execute("DROP TABLE IF EXISTS by_hand")
        cursor.execute("ANALYZE")
