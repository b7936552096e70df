"""Starts the sandbox from a command line."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

from collectors.sandbox.server import Sandbox
from collectors.sandbox.world.clock import Clock
from collectors.sandbox.world.options import Options

EVENING = 18


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8900, help="0 takes any free port")
    parser.add_argument("--clients", type=int, default=36)
    parser.add_argument("--months", type=int, default=24, help="full months of history before today")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--today", type=date.fromisoformat, help="the clock stands on this day, at six in the evening")
    parser.add_argument("--zone", default="America/Chicago", help="business time zone")
    parser.add_argument("--rate-limit", type=int, default=0, help="requests a minute for each vendor; 0 for none")


def start(
    *, port: int, clients: int, months: int, seed: int, today: date | None, zone: str, rate_limit: int
) -> Sandbox:
    """A sandbox that listens but does not serve yet."""
    day = today or datetime.now(ZoneInfo(zone)).date()
    options = Options(clients=clients, months=months, seed=seed, today=day, zone=zone)
    clock = Clock(None if today is None else options.calendar().at(today, EVENING))
    return Sandbox(options, port, clock, rate_limit)


def serve(sandbox: Sandbox) -> None:
    """Serves until interrupted or terminated."""
    print(f"Sandbox at {sandbox.base} - see {sandbox.base}/_sandbox/info", flush=True)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        sandbox.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        sandbox.server_close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    add_options(parser)
    chosen = parser.parse_args(arguments)
    serve(start(**vars(chosen)))
