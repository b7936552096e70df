"""Makes `.venv` and keeps it equal to the pinned requirements. Runs on the system's Python, standard library alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NEEDED = (3, 11)
SETS: dict[str, tuple[str, ...]] = {"run": ("requirements.txt", "requirements-demo.txt")}
SETS["test"] = (*SETS["run"], "requirements-dev.txt")


def main(wanted: str) -> int:
    if sys.version_info < NEEDED:
        found = ".".join(map(str, sys.version_info[:3]))
        return _fail(f"Python 3.11 or newer is needed, and python3 here is {found}: install it, or set PYTHON=.")
    files = [ROOT / name for name in SETS[wanted]]
    stamp = VENV / f"installed-{wanted}-{_fingerprint(files)}"
    if stamp.exists():
        return 0
    _say(f"Environment: installing {', '.join(file.name for file in files)} into .venv")
    if not (VENV / "bin" / "python").exists() and not _make_venv():
        return 1
    for file in files:
        command = [_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                   "--require-hashes", "-r", str(file)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            return _fail(f"The packages of {file.name} could not be installed; see the lines above.")
    for old in VENV.glob(f"installed-{wanted}-*"):
        old.unlink()
    stamp.touch()
    return 0


def browser() -> int:
    """Install Debian's Chromium for the browser tests where it is missing and possible; else say what is skipped."""
    if shutil.which("chromium"):
        return 0
    if os.getuid() == 0 and shutil.which("apt-get"):
        _say("Browser: installing Debian's chromium for the browser tests")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    if not shutil.which("chromium"):
        _say("Browser: chromium is not installed, so the tests marked “browser” will be skipped.")
    return 0


def _python() -> str:
    return str(VENV / "bin" / "python")


def _fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _make_venv() -> bool:
    if _venv_works():
        return True
    if os.getuid() == 0 and shutil.which("apt-get"):  # Debian keeps venv in a package of its own
        _say("Environment: installing Debian's python3-venv")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "python3-venv"]):
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if _venv_works():
            return True
    _fail("Python's venv module is missing: install it first (on Debian: apt-get install python3-venv).")
    return False


def _venv_works() -> bool:
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, check=False)
    return done.returncode == 0


def _say(line: str) -> None:
    print(line, flush=True)


def _fail(line: str) -> int:
    print(line, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "run"
    sys.exit(browser() if what == "browser" else main(what))
