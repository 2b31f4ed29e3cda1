"""Make a kernel ready for the course, for a notebook that was opened alone on a hosted server.

The first cell of every notebook runs this file where `helpers` is missing, after it has cloned the
course if necessary (tools/first_cell.py). What the lessons use is installed into the kernel's own
Python, which keeps each package that the course can work with, such as the server's TensorFlow.
Then `helpers` is importable in this kernel, and in the processes that it starts.

On a computer that is no such server nothing is installed, and an error says what to do instead.
`%run hosted.py --here` installs all the same.
"""

from __future__ import annotations  # so that an older Python gets as far as the message about it

import importlib
import os
import platform
import re
import site
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
# Each kind of server by a variable that it sets in its kernels. Binder is a JupyterHub.
SERVERS = {
    "COLAB_RELEASE_TAG": "Colab",
    "KAGGLE_KERNEL_RUN_TYPE": "Kaggle",
    "JUPYTERHUB_USER": "JupyterHub",
}
# The parts of the lists that the lessons need, by the lists' names and the parts' beginnings.
LESSONS = {
    "requirements.txt": "# TensorFlow brings Keras",
    "requirements-common.txt": "# What the lessons use.",
}

ELSEWHERE = """\
the Python of this notebook does not have what the course needs.
The course is in {root}
The Python is    {python}
On your own computer, run `make lab` in that folder, or choose the kernel of its .venv, which that
command makes. (The README there has other ways, without make and for Windows.)
If this is a server, or if you want to install into this Python all the same, run this in a cell:
%run "{file}" --here"""


class HostedError(Exception):
    """The kernel can't be made ready; the message is for the reader of the notebook."""


def server(environment: Mapping[str, str]) -> str | None:
    """Return the kind of server whose kernel has this `environment`, or None if it is none."""
    return next((name for variable, name in SERVERS.items() if variable in environment), None)


def check_python(pyproject: str, version: str) -> None:
    """Raise HostedError unless the text of `pyproject` allows this `version` of Python."""
    (supported,) = re.findall(r'^requires-python = "(.*)"$', pyproject, re.MULTILINE)
    if not SpecifierSet(supported).contains(version, prereleases=True):
        raise HostedError(f"the course needs Python {supported}, and this kernel is {version}")


def lessons(root: Path) -> list[Requirement]:
    """Return what the lessons use, for all platforms, from the lists of the project `root`."""
    lines: list[str] = []
    for name, beginning in LESSONS.items():
        parts = (root / name).read_text("utf-8").split("\n\n")
        (part,) = (part for part in parts if part.startswith(beginning))
        lines += part.splitlines()[1:]
    return [Requirement(line.partition("#")[0]) for line in lines]


def missing(needed: Iterable[Requirement]) -> list[Requirement]:
    """Return those of `needed` for this platform that no installed package can stand for.

    A version that the course uses on any platform will do.
    """
    needed = list(needed)
    return [
        one
        for one in needed
        if (one.marker is None or one.marker.evaluate())
        and not any(_installed(other) for other in needed if other.name == one.name)
    ]


def _installed(requirement: Requirement) -> bool:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)


def install(needed: Iterable[Requirement]) -> None:
    """Install `needed` into the running Python. Raises HostedError if that fails."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    if subprocess.run([*command, *map(str, needed)]).returncode:
        raise HostedError(
            "the installation did not finish: see pip's message above, check that this server may "
            "use the internet (on Kaggle, a setting of the notebook), and run this cell again"
        )
    user = site.getusersitepackages()
    if site.ENABLE_USER_SITE and os.path.isdir(user) and user not in sys.path:
        site.addsitedir(user)  # pip has made it, since the server's own packages are read-only


def versions_in_use() -> dict[str, str]:
    """Return the version of each distribution of which this process has loaded a module."""
    owners = metadata.packages_distributions()
    loaded = {name for module in owners if module in sys.modules for name in owners[module]}
    return {name: metadata.version(name) for name in loaded}


def make_importable(root: Path) -> None:
    """Let this process, and those that it starts, import the packages in the folder `root`."""
    sys.path.insert(0, str(root))
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root), *([others] if others else [])])
    importlib.invalidate_caches()


def main() -> None:
    """Make the running kernel ready. Raises HostedError if it can't be."""
    here = server(os.environ)
    if not here and "--here" not in sys.argv:
        raise HostedError(ELSEWHERE.format(root=ROOT, python=sys.executable, file=__file__))
    check_python((ROOT / "pyproject.toml").read_text("utf-8"), platform.python_version())
    needed = missing(lessons(ROOT))
    if needed:
        print("Installing", ", ".join(one.name for one in needed), "...", flush=True)
        before = versions_in_use()
        install(needed)
        importlib.invalidate_caches()
        after = versions_in_use()
        if replaced := [name for name in before if after.get(name) != before[name]]:
            raise HostedError(
                f"{', '.join(sorted(replaced))} had been in use when a new version was installed: "
                "restart the kernel (Colab calls it the session), and run all cells again"
            )
    make_importable(ROOT)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # as `make lab` does
    print(f"The course is ready on this server{f' ({here})' if here else ''}: {ROOT}")


if __name__ == "__main__":
    main()
