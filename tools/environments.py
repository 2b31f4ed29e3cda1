"""Virtual environments beside .venv, each made from one file of requirements on first use.

`make site`, `make browser` and `make assignment` have one each, so that the course itself needs
none of their packages. This module runs in whatever Python the caller has, before anything is
installed.
"""

from __future__ import annotations  # so that an older Python gets as far as the message about it

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)


class InstallError(Exception):
    """An environment can't be made; the message is for the user."""


def interpreter(environment: Path) -> Path:
    """Return the path of the Python in the virtual environment `environment`."""
    windows = environment / "Scripts" / "python.exe"
    return windows if sys.platform == "win32" else environment / "bin" / "python"


def state(environment: Path, requirements: Path) -> str:
    """Return what a finished environment was made from. When that changes, it is made anew.

    This includes the path, because scripts contain it: once a project is moved, theirs is wrong.
    """
    version = ".".join(map(str, sys.version_info[:2]))
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{version} {digest} {environment}"


def install(environment: Path, requirements: Path) -> Path:
    """Return the Python of an `environment` with the `requirements`, making it if necessary.

    Raises InstallError if that fails.
    """
    if sys.version_info < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InstallError(
            f"{requirements.name} needs Python {oldest} or later: name one with "
            "PYTHON=/path/to/python"
        )
    python, stamp = interpreter(environment), environment / "installed"
    made_of = state(environment, requirements)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_of:
        return python
    shutil.rmtree(environment, ignore_errors=True)
    print(f"Installing {requirements.name} into {environment.name}, only once: a minute or two.")
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    venv = [sys.executable, "-m", "venv", str(environment)]
    for command in (venv, [*pip, "-r", str(requirements)]):
        if subprocess.run(command).returncode:
            raise InstallError("the installation did not finish: check the network, and try again")
    stamp.write_text(made_of, encoding="utf-8")
    return python
