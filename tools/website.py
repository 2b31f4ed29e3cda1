"""Build the web site from the committed notebooks, without executing them, into build/site.

python -m tools.website [--repository URL] [NAME...]

What it needs (requirements-site.txt) is installed into an environment of its own, .venv-site, on
first use, so any Python from 3.11 will do. A NAME is the beginning of a notebook's file name, such
as `05`. Without one, all notebooks become pages. `--repository` says where the project is, for a
link on the start page.
"""

from __future__ import annotations  # so that an older Python gets as far as the message about it

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools import game, offline, pages

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
ENVIRONMENT = ROOT / ".venv-site"
BUILD = ROOT / "build"


class SiteError(Exception):
    """The site can't be built; the message is for the user."""


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

    Raises SiteError if that fails.
    """
    if sys.version_info < OLDEST:
        raise SiteError("the site needs Python 3.11 or later: name one with PYTHON=/path/to/python")
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
            raise SiteError("the installation did not finish: check the network, and try again")
    stamp.write_text(made_of, encoding="utf-8")
    return python


def select(folder: Path, names: list[str]) -> list[Path]:
    """Return the notebooks in `folder` whose file names begin with one of `names`, or all.

    Raises SiteError where there are none.
    """
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if names:
        found = [path for path in found if path.name.startswith(tuple(names))]
    if not found:
        raise SiteError(f"no notebook {' '.join(names) or 'NN_*.ipynb'} in {folder}")
    return found


def prepare(notebooks: list[Path], source: Path, repository: str | None = None) -> None:
    """Empty `source`, and write into it what Sphinx makes the site from.

    Raises SiteError if a notebook can't become a page.
    """
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "site", source, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "docs" / "search.png", source / "_static")
    game.write(source / "_static" / "recorded.js")
    read = {path.stem: pages.read(path) for path in notebooks}
    for name, notebook in read.items():
        try:
            text = json.dumps(pages.page(notebook, read), ensure_ascii=False)
        except pages.PageError as error:
            raise SiteError(f"{name}: {error}") from error
        (source / f"{name}.ipynb").write_text(text, encoding="utf-8")
    start = (source / "index.md").read_text(encoding="utf-8")
    numbers = {name[:2]: name for name in read}
    start = pages.link_notebooks(start, numbers)
    start = start.replace("<!-- contents -->", pages.contents(read))
    start = start.replace("<!-- first -->", notebooks[0].name)
    project = f"[the project]({repository})" if repository else "the project"
    start = start.replace("<!-- project -->", project)
    start = f"{start}\n{pages.navigation(read)}\n"
    (source / "index.md").write_text(start, encoding="utf-8")
    for play in (source / f"{name}.md" for name in pages.PLAY):
        linked = pages.link_notebooks(play.read_text(encoding="utf-8"), numbers)
        play.write_text(linked, encoding="utf-8")


def build(python: Path, source: Path, site: Path) -> None:
    """Build `site` from `source` with the Sphinx of `python`.

    Raises SiteError at a warning, an error, or a page that loads something from another host.
    """
    shutil.rmtree(site, ignore_errors=True)
    command = [str(python), "-m", "sphinx", "-q", "-W", "--keep-going", "-E"]
    command += ["-d", str(source.with_name(f"{source.name}-cache"))]
    if subprocess.run([*command, str(source), str(site)]).returncode:
        raise SiteError("Sphinx did not finish: see the messages above")
    if found := offline.in_site(site):
        raise SiteError("\n".join(["the site needs other hosts:", *found]))


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a file name")
    parser.add_argument("--repository", metavar="URL", help="where the project is")
    options = parser.parse_args()
    try:
        notebooks = select(ROOT / "notebooks", options.names)
        python = install(ENVIRONMENT, ROOT / "requirements-site.txt")
        prepare(notebooks, BUILD / "site-source", options.repository)
        build(python, BUILD / "site-source", BUILD / "site")
    except SiteError as error:
        sys.exit(str(error))
    print(f"Open {BUILD / 'site' / 'index.html'}")


if __name__ == "__main__":
    main()
