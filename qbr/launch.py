"""Starts the whole product on this machine, keeps it running, and stops every process it started.

`python -m qbr.launch demo` runs it on a synthetic MSP behind a vendor sandbox; `... run` runs it empty.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from qbr import postgres

ROOT = postgres.ROOT
STOP_PATIENCE = 8.0  # seconds between asking a process to stop and making it


class CannotStart(RuntimeError):
    """One clear line for the person at the terminal."""


@dataclass
class Child:
    """One process of the product, in a process group of its own."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (postgres.LOCAL / f"{self.name}.log").open("ab")
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: int) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    def wait(self, seconds: float) -> bool:
        if self.process is None:
            return True
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def main(arguments: list[str]) -> int:
    demo = "demo" in arguments
    port = int(os.environ.get("PORT", "8000"))
    database_was_running = _database_running()
    children: list[Child] = []
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell that starts it in the background ignores the second
        signal.signal(number, _interrupt)
    try:
        _check_ports("demo" if demo else "run", port, port + 1 if demo else port)
        if "--reset" in arguments:
            _reset()
        _prepare(demo, port)
        _step("Database", _database)
        if demo:
            children.append(_sandbox(port + 1))
            _command("demo")
        _step("Styles and scripts", _static)
        children += [_web(port), _worker()]
        _wait_for_port(children[-2], port)
        _announce(port, demo)
        _watch(children)
    except (CannotStart, postgres.NotStarted) as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)
    finally:
        _stop(children)
        if not database_was_running and not os.environ.get("DATABASE_URL"):
            postgres.stop()
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _check_ports(target: str, first: int, last: int) -> None:
    for port in range(first, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise CannotStart(f"Port {port} is taken. Choose another: make {target} PORT={first + 100}") from None


def _database_running() -> bool:
    if os.environ.get("DATABASE_URL"):
        return True
    postgres.LOCAL.mkdir(parents=True, exist_ok=True)
    return postgres.running()


def _reset() -> None:
    """Empty the embedded database; somebody's own server is never emptied from here."""
    if os.environ.get("DATABASE_URL"):
        raise CannotStart("DATABASE_URL is set: make demo-reset empties only the embedded database.")
    postgres.drop()
    (postgres.LOCAL / "demo-began-on").unlink(missing_ok=True)


def _prepare(demo: bool, port: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qbr.settings")
    if demo:
        os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{port + 1}"
        os.environ["DEMO"] = "1"
    else:
        os.environ["SETUP_TOKEN"] = os.environ.get("SETUP_TOKEN") or secrets.token_urlsafe(9)


def _step(name: str, work: Callable[[], str]) -> None:
    began = time.monotonic()
    print(f"{name} … ", end="", flush=True)
    print(f"{work()} ({time.monotonic() - began:.1f} s)", flush=True)


def _database() -> str:
    import django

    django.setup()  # starts the embedded server where no other is named
    _command("migrate", verbosity=0, interactive=False)
    _command("createcachetable", verbosity=0)
    return "ready"


def _command(*arguments: str, **options: Any) -> None:
    """One of our commands, in this process: starting Django once is most of a quick start."""
    from django.core.management import CommandError, call_command

    try:
        call_command(*arguments, **options)
    except (CommandError, OSError) as fault:
        raise CannotStart(f"“manage.py {' '.join(arguments)}” failed: {fault}") from fault


def _sandbox(port: int) -> Child:
    """The vendors' stand-in. Its world keeps the day it began on, so that a second start finds the same one, and its
    clock follows ours."""
    began = postgres.LOCAL / "demo-began-on"
    if not began.exists():
        began.write_text(date.today().isoformat())
    arguments = ["--port", str(port), "--today", began.read_text()]
    child = Child("sandbox", [sys.executable, "-m", "collectors.sandbox", *arguments])
    child.start()
    _wait_for_port(child, port)
    follow = urllib.request.Request(
        f"http://127.0.0.1:{port}/_sandbox/clock", b'{"now": null}', {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(follow, timeout=60).close()  # noqa: S310 - our own child on loopback
    print(f"Vendor sandbox … http://127.0.0.1:{port}", flush=True)
    return child


def _static() -> str:
    """Collected once for each state of the sources: compressing takes longer than everything else at start."""
    stamp = ROOT / "staticfiles" / f"collected-{_digest(ROOT)[:16]}"
    if stamp.exists():
        return "unchanged"
    shutil.rmtree(ROOT / "staticfiles", ignore_errors=True)
    _command("collectstatic", interactive=False, verbosity=0)
    stamp.touch()
    return "collected"


def _digest(root: Path) -> str:
    """Of what collecting reads: the project's own styles and scripts, each app's, and packages that bring more."""
    digest = hashlib.sha256()
    folders = [root / "static", *root.glob("*/static")]
    for file in sorted(file for folder in folders for file in folder.rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    digest.update((root / "requirements.txt").read_bytes())
    return digest.hexdigest()


def _web(port: int) -> Child:
    child = Child(
        "web",
        [sys.executable, "-m", "gunicorn", "qbr.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", "2",
         "--threads", "4", "--worker-class", "gthread", "--access-logfile", "/dev/null", "--graceful-timeout", "5"],
        {"CONN_MAX_AGE": "60"},
    )
    child.start()
    return child


def _worker() -> Child:
    child = Child("worker", [sys.executable, str(ROOT / "manage.py"), "qcluster"], {"WORKERS": "2"})
    child.start()
    return child


def _wait_for_port(child: Child, port: int, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not child.running:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    log = postgres.LOCAL / f"{child.name}.log"
    raise CannotStart(f"The {child.name} did not start; its last lines are in {log}.")


def _announce(port: int, demo: bool) -> None:
    print(f"\n  The product is running at http://127.0.0.1:{port}\n", flush=True)
    if demo:
        _command("demo", sign_ins=True)
    else:
        print(f"  Set-up token, asked for from other machines: {os.environ['SETUP_TOKEN']}", flush=True)
    print("  Ctrl-C stops it.\n", flush=True)


def _watch(children: list[Child]) -> None:
    """Restart what died, and a worker that lives but no longer moves (an idle worker killed wedges the cluster)."""
    from collectors.watchdog import WorkerWatch

    watch = WorkerWatch()
    while True:
        time.sleep(1)
        for child in children:
            stuck = child.name == "worker" and watch.is_stuck()
            if child.running and not stuck:
                continue
            print(f"The {child.name} {'no longer moves' if stuck else 'ended'}; starting it again.", flush=True)
            child.send(signal.SIGKILL)
            child.wait(5)
            child.start()
            if child.name == "worker":
                watch.restarted()


def _stop(children: list[Child]) -> None:
    for child in reversed(children):
        if child.process is not None:
            child.process.terminate()  # the first of the group ends its own; told all at once, the worker's wait
    deadline = time.monotonic() + STOP_PATIENCE
    for child in children:
        child.wait(max(0.1, deadline - time.monotonic()))
        child.send(signal.SIGKILL)  # the whole group, so that nothing it started outlives it
        child.wait(2)


if __name__ == "__main__":
    os.chdir(Path(ROOT))
    sys.exit(main(sys.argv[1:]))
