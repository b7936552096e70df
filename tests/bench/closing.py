"""Closing one quarter against rolling that quarter up: a close changes states and copies no value."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from metrics import closing
from metrics.models import PeriodChange
from metrics.periods import Month, Quarter
from metrics.rollup import whole
from metrics.rollup.asked import about_closed
from metrics.rollup.compute import compute
from tests.bench.measure import say

ROUNDS = 3
ALL = {check.key: "bench" for check in closing.CHECKS}
WRITTEN = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
VALUES_WRITTEN = WRITTEN + " WHERE relname LIKE 'metrics\\_%'"


def bench(of: str) -> None:
    """Expects values that are worked out. The quarter is the last that has ended; what is before it closes first."""
    quarter = Quarter.holding(timezone.now().date()).previous
    rounds = [_round(quarter) for _ in range(ROUNDS)]
    ratios = [close / roll for close, roll, _, _ in rounds]
    close, roll = (statistics.median(times) for times in list(zip(*rounds, strict=True))[:2])
    _, _, rows, values = rounds[-1]
    figure = (f"ratio {statistics.median(ratios):.4f} (from {min(ratios):.4f} to {max(ratios):.4f}); "
              f"{close:.3f} s against {roll:.2f} s; {rows} rows written by the close, {values} of them values")
    say("Closing a quarter with its checks, against rolling that quarter up", figure, "under 1, no value written", of)


def _round(quarter: Quarter) -> tuple[float, float, int, int]:
    """Seconds of the close and of the roll-up, rows written by the close, values among them; all taken back."""
    before = Month.holding(quarter.starts_on - timedelta(1))
    with transaction.atomic():
        closing.close(before, None, accept=ALL, earlier=True)
        rows, values = _count(WRITTEN), _count(VALUES_WRITTEN)
        began = time.perf_counter()
        closing.close(quarter, None, reason="bench", accept=ALL)
        took = time.perf_counter() - began
        rows, values = _count(WRITTEN) - rows, _count(VALUES_WRITTEN) - values
        assert PeriodChange.objects.filter(reason="bench").exists()
        transaction.set_rollback(True)
    with transaction.atomic():
        whole.alone()
        asked = replace(about_closed(timezone.now()), whole=frozenset(quarter.months), closed_through=None)
        began = time.perf_counter()
        compute(asked)
        rolled = time.perf_counter() - began
        transaction.set_rollback(True)
    return took, rolled, rows, values


def _count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])
