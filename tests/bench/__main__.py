"""`make bench`: what the product costs, as ratios of one run, in a database of its own.

    python -m tests.bench [--only PART ...] [--scale 0.1] [--keep]
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable

from tests.bench import database

PARTS = ("loading", "collecting", "rolling", "touched", "pages", "closing", "working", "matching")
TICKETS_LOADED = 200_000
ACCOUNTS_LOADED = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Ratios, each measured in one run.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts alone")
    parser.add_argument("--scale", type=float, default=1.0, help="a share of the named sizes, for a try")
    parser.add_argument("--keep", action="store_true", help="leave the database behind")
    asked = parser.parse_args()
    with database.lent(keep=asked.keep):
        _say_where()
        if asked.scale < 1:
            print(f"SCALE {asked.scale:g}: from fewer rows than named, so nothing below is a figure.\n", flush=True)
        for parts, work in GROUPS:
            if wanted := [part for part in parts if part in asked.only]:
                database.empty()
                work(wanted, asked.scale)


def _loaded(wanted: list[str], scale: float) -> None:
    from tests.bench import collecting, loading

    rows, accounts = max(1_000, int(TICKETS_LOADED * scale)), ACCOUNTS_LOADED
    if "loading" in wanted:
        loading.bench(rows, accounts)
    if "collecting" in wanted:
        collecting.bench(rows, accounts)


def _rolled(wanted: list[str], scale: float) -> None:
    from tests.bench import pages, rolling
    from tests.bench.world import Size

    size = Size().scaled(scale)
    of = rolling.prepare(size)
    if "rolling" in wanted or "touched" in wanted:
        whole = rolling.full(size, of, rounds=3 if "rolling" in wanted else 1)
        if "touched" in wanted:
            rolling.touched(of, whole)
    else:
        rolling.everything()
    if "pages" in wanted:
        pages.bench(size, of)


def _of_many_clients(wanted: list[str], scale: float) -> None:
    from tests.bench import closing, rolling, working
    from tests.bench.world import MANY_CLIENTS

    of = rolling.prepare(MANY_CLIENTS.scaled(scale))
    rolling.first_time(of)
    if "closing" in wanted:
        closing.bench(of)
    if "working" in wanted:
        working.bench(of)


def _matched(wanted: list[str], scale: float) -> None:
    from tests.bench import matching

    matching.bench(scale)


GROUPS: tuple[tuple[tuple[str, ...], Callable[[list[str], float], None]], ...] = (
    (("loading", "collecting"), _loaded),
    (("rolling", "touched", "pages"), _rolled),
    (("closing", "working"), _of_many_clients),
    (("matching",), _matched),
)


def _say_where() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
        version, buffers = cursor.fetchone()
    print(f"On {_processor()}, {os.cpu_count()} cores, {_memory_gigabytes():.0f} GB;"
          f" PostgreSQL {version} with shared_buffers {buffers}, Python {platform.python_version()}.\n"
          f"Load before the first figure: {os.getloadavg()[0]:.1f}.\n", flush=True)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    main()
