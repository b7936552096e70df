"""Pages over a thousand clients, served as in production, against a Django view that does nothing."""

from __future__ import annotations

import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from html import unescape
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.urls import reverse

from metrics.periods import Quarter
from organizations.models import Organization
from tests.bench.measure import say
from tests.bench.world import Size

ALONE = 40  # requests of a page on its own
PARTS = 3  # requests of each part a page loads by itself
USERS = 20
PAUSE = 1.0  # seconds a user looks at a page
CROWDED = 20.0  # seconds each page is asked for by all of them
OWN_CLIENTS = 25  # that the person who asks looks after
PART = re.compile(r'<[^>]*hx-get="([^"]*)"[^>]*hx-trigger="[^"]*\b(?:load|revealed|intersect)\b[^"]*"')
GUNICORN = ("--workers", "2", "--threads", "4", "--worker-class", "gthread", "--access-logfile", "/dev/null")


def addresses() -> dict[str, str]:
    """Each page as a person opens it: the last whole quarter, for the company or for one client."""
    quarter = Quarter.holding(date.today()).previous
    company, one = {"period": str(quarter)}, {"period": str(quarter), "client": "client-7"}
    asked = {
        "Today": ("today", {}),
        "Portfolio": ("portfolio", company),
        "Operations": ("operations", company),
        "Operations, one client": ("operations", one),
        "Service": ("service", company),
        "Service, one client": ("service", one),
        "Financial": ("financial", company),
        "Financial, one client": ("financial", one),
        "Client": ("client", one),
        "SmartNumbers": ("smartnumbers", company),
        "Monthly business review": ("business_review", company),
        "Data": ("data", {}),
    }
    found = {name: f"{reverse(view)}?{urlencode(query)}" for name, (view, query) in asked.items()}
    return found | {"A number's working": f"{reverse('number', args=['rhem'])}?{urlencode(company)}"}


def bench(size: Size, of: str) -> None:
    cookie = signed_in()
    call_command("collectstatic", interactive=False, verbosity=0)
    with served("tests.bench.empty:application", "tests.bench.empty_settings") as empty, served(
        "qbr.wsgi:application", "qbr.settings"
    ) as product:
        for name, path in addresses().items():
            _page(name, path, product, empty, cookie, of)


def _page(name: str, path: str, product: int, empty: int, cookie: str, of: str) -> None:
    against = alone(empty, "/", cookie)
    mine = alone(product, path, cookie)
    crowd = crowded(product, path, cookie)
    middle, floor = statistics.median(mine), statistics.median(against)
    figure = (
        f"alone: median {middle:.1f} ms (from {min(mine):.1f} to {max(mine):.1f}), ratio {middle / floor:.1f} to the"
        f" empty view's {floor:.2f} ms\n    {USERS} users: p95 {p95(crowd):.1f} ms, median"
        f" {statistics.median(crowd):.1f} ms of {len(crowd)} requests{parts(product, path, cookie)}"
    )
    say(f"{name}  {path}", figure, "median under 50 ms alone, p95 under 100 ms", of)


def parts(port: int, path: str, cookie: str) -> str:
    """What the page then asks for by itself, each alone: these wait for nobody, and a reader waits for the slowest."""
    asking = _Asking(port, cookie)
    asking.ask(path)
    took = {}
    for address in dict.fromkeys(unescape(found) for found in PART.findall(asking.body.decode())):
        name = address.rpartition("=")[2] if "panel=" in address else address
        took[name] = statistics.median(asking.ask(address) for _ in range(PARTS))
    if not took:
        return ""
    return "\n    then loads " + ", ".join(f"{name} {middle:.0f} ms" for name, middle in took.items())


def alone(port: int, path: str, cookie: str) -> list[float]:
    """Milliseconds of each request, one after another, once both workers are warm."""
    asking = _Asking(port, cookie)
    for _ in range(8):
        asking.ask(path)
        asking.close()  # so that the next may come to the other worker
    return [asking.ask(path) for _ in range(ALONE)]


def crowded(port: int, path: str, cookie: str) -> list[float]:
    """Milliseconds of each request of people who pause between them, until the time is up."""
    until = time.monotonic() + CROWDED
    took: list[list[float]] = [[] for _ in range(USERS)]
    failures: list[BaseException] = []

    def one(number: int) -> None:
        asking = _Asking(port, cookie)
        time.sleep(PAUSE * number / USERS)
        try:
            while time.monotonic() < until:
                took[number].append(asking.ask(path))
                time.sleep(PAUSE)
        except Exception as failure:
            failures.append(failure)

    people = [threading.Thread(target=one, args=(number,)) for number in range(USERS)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    if failures:
        raise failures[0]
    return [each for times in took for each in times]


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


class _Asking:
    """One browser: a connection kept open while the server keeps it, and a session."""

    def __init__(self, port: int, cookie: str) -> None:
        self.cookie = cookie
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.body = b""

    def ask(self, path: str) -> float:
        began = time.perf_counter()
        try:
            self.connection.request("GET", path, headers={"Cookie": self.cookie})
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # it had been kept open for too long
            self.close()
            self.connection.request("GET", path, headers={"Cookie": self.cookie})
            answer = self.connection.getresponse()
        self.body = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {self.body[:200]!r}")
        return took

    def close(self) -> None:
        self.connection.close()


def signed_in() -> str:
    """The cookie of somebody who may see everything and looks after some clients."""
    person = User.objects.create_superuser("bench")
    mine = Organization.objects.filter(kind="client").order_by("pk").values_list("pk", flat=True)[:OWN_CLIENTS]
    Organization.objects.filter(pk__in=list(mine)).update(owner=person)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


@contextmanager
def served(application: str, settings_module: str) -> Iterator[int]:
    """The product's own gunicorn command on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", *GUNICORN]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings_module, "CONN_MAX_AGE": "60"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The web server did not start.")
