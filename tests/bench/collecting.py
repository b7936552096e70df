"""A whole collect over real HTTP, against fetching and parsing the same pages and nothing else.

Each is a process of its own, so that its peak memory is its own: `python -m tests.bench.collecting collect|fetch URL`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.measure import peak_megabytes, say


def bench(rows: int, clients: int, rounds: int = 3) -> None:
    with _played(rows, clients) as address:
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_apart("collect", address))
            theirs.append(_apart("fetch", address))
    for each in (*ours, *theirs):
        if each["rows"] != rows:
            raise RuntimeError(f"{each['rows']:,} tickets were read where {rows:,} are served.")
    ratios = [their["seconds"] / our["seconds"] for our, their in zip(ours, theirs, strict=True)]
    rates = [statistics.median(rows / each["seconds"] for each in way) for way in (ours, theirs)]
    figure = (
        f"ratio {statistics.median(ratios):.2f} (from {min(ratios):.2f} to {max(ratios):.2f});"
        f" {rates[0]:,.0f} rows/s against {rates[1]:,.0f} rows/s\n"
        f"    peak memory {max(our['peak'] for our in ours):.0f} MB, of which {ours[0]['before']:.0f} MB before it"
        f" began; {max(their['peak'] for their in theirs):.0f} MB for fetching alone"
    )
    say("Collecting whole, against fetching and parsing alone", figure, "at least 0.35",
        f"{rows:,} tickets, {clients:,} companies")


@contextmanager
def _played(rows: int, clients: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.played", str(rows), str(clients)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _apart(way: str, address: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.collecting", way, address]
    environment = {**os.environ, "SANDBOX_URL": address}  # a sandbox is read without pace
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def fetch(address: str) -> int:
    """Fetch and parse every page of tickets, keeping none; how many there were."""
    import requests

    rows, link = 0, f"{address}/apis/3.0/service/tickets?pageSize=1000"
    with requests.Session() as session:
        while link:
            answer = session.get(link)
            rows += len(json.loads(answer.content))
            link = answer.links.get("next", {}).get("url", "")
    return rows


def collect(address: str) -> int:
    from django.db import connection

    from collectors import collect
    from collectors.connections import Connection

    source = Connection(vendor="connectwise_psa", label="Played", settings={"address": address, "company": "bench"})
    source.secrets = {"public_key": "bench", "private_key": "bench", "client_id": "bench"}
    source.save()
    done = collect.run(source)
    if done.state != "done":
        raise RuntimeError(f"The run ended {done.state}: {done.error}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ticket WHERE account_id IS NOT NULL AND queue_id IS NOT NULL")
        return int(cursor.fetchone()[0])


def main(way: str, address: str) -> None:
    work = fetch
    if way == "collect":
        import django

        django.setup()
        from tests.bench.database import empty

        empty()
        work = collect
    before, began = peak_megabytes(), time.perf_counter()
    rows = work(address)
    seconds = time.perf_counter() - began
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak_megabytes(), "before": before}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
