"""The launcher: everything starts by one command, and nothing outlives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from qbr.launch import _digest

pytestmark = pytest.mark.processes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(folder: Path, port: int, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "-m", "qbr.launch", *arguments],
        env={**environment, "PORT": str(port), "QBR_LOCAL": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], words: str, seconds: float = 120) -> str:
    assert process.stdout is not None
    lines, deadline = [], time.monotonic() + seconds
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
        if time.monotonic() > deadline:
            break
    raise AssertionError(f"It never said {words!r}: {''.join(lines)}")


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that were started with this folder as theirs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"QBR_LOCAL={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("launch")
    yield place
    subprocess.run(
        [sys.executable, "-m", "qbr.postgres", "drop"], env={**os.environ, "QBR_LOCAL": str(place)}, check=True
    )


def test_it_starts_empty_asks_for_an_admin_and_stops_everything_it_started(folder: Path) -> None:
    port = free_port()
    process = launch(folder, port, "run")
    try:
        read_until(process, f"http://127.0.0.1:{port}")
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).read().decode()
        assert "admin" in page.lower()
        assert len(processes_of(folder)) > 3
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert processes_of(folder) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_says_in_one_line_that_a_port_is_taken(folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = int(holder.getsockname()[1])
        process = launch(folder, port, "run")
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said.strip() == f"Port {port} is taken. Choose another: make run PORT={port + 100}"


def test_styles_and_scripts_of_an_app_are_collected_anew_when_they_change(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    seen = {_digest(tmp_path)}
    for folder in ("static", "organizations/static"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "mapping.js").write_text(folder)
        seen.add(_digest(tmp_path))
    assert len(seen) == 3
