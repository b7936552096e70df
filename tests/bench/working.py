"""The working of one number with the rows behind it, in their own order: what a reader waits who asks “why”."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode

from django.core.management import call_command
from django.urls import reverse

from metrics.periods import Month, Quarter
from tests.bench.measure import say
from tests.bench.pages import alone, p95, served, signed_in

GOAL = "p95 under 100 ms"
ONE = "client-7"
NUMBERS = {  # what each kind of number is made of
    "counted": "reactive_tickets_closed", "summed": "reactive_hours", "standing": "tickets_open",
    "listed": "endpoints_managed", "moved": "new_mrr", "opened with": "opening_mrr", "worked out": "rhem",
    "of money": "net_profit",
}  # fmt: skip


def bench(of: str) -> None:
    cookie = signed_in()
    call_command("collectstatic", interactive=False, verbosity=0)
    with served("tests.bench.empty:application", "tests.bench.empty_settings") as empty, served(
        "qbr.wsgi:application", "qbr.settings"
    ) as product:
        floor = statistics.median(alone(empty, "/", cookie))
        for name, path in addresses():
            took = alone(product, path, cookie)
            middle, most = statistics.median(took), p95(took)
            figure = (
                f"median {middle:.1f} ms, ratio {middle / floor:.1f} to the empty view's {floor:.2f} ms; p95 {most:.1f}"
                f" ms, ratio {most / floor:.1f}"
            )
            say(f"The working of {name}  {path}", figure, GOAL, of)


def addresses() -> Iterator[tuple[str, str]]:
    """Each kind of number, for the company and for one client, of the last month and of the last quarter that ended."""
    spans = Month.holding(date.today()).previous, Quarter.holding(date.today()).previous
    for made, metric in NUMBERS.items():
        for whose, query in (("the company", {}), ("one client", {"client": ONE})):
            for span in spans:
                if not (query and made == "of money"):  # the ledger knows no clients
                    asked = urlencode({"period": str(span), **query})
                    yield f"a number {made}, {whose}, {span.grain}", f"{reverse('number', args=[metric])}?{asked}"
