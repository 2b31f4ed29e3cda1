"""Build the web site from the committed notebooks, without executing them, into build/site.

python -m tools.website [--repository URL] [NAME...]

What it needs (requirements-site.txt) is installed into an environment of its own, .venv-site, on
first use, so any Python from 3.11 will do. A NAME is the beginning of a notebook's file name, such
as `05`. Without one, all notebooks become pages. `--repository` says where the project is, for a
link on the start page.
"""

from __future__ import annotations  # so that an older Python gets as far as the message about it

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools import environments, game, offline, pages

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-site"
BUILD = ROOT / "build"
# What a site is made from, in the project.
SOURCES = [
    "site/**/*",
    "notebooks/[0-9][0-9]_*.ipynb",
    "bank/cifar10_mlp.csv.gz",
    "docs/search.png",
    "tools/website.py",
    "tools/pages.py",
    "tools/folds.py",
    "tools/predictions.py",
    "tools/game.py",
    "requirements-site.txt",
]


class SiteError(Exception):
    """The site can't be built; the message is for the user."""


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


def is_current(site: Path) -> bool:
    """Return whether `site` has a page for each notebook and is newer than what it is made from."""
    start = site / "index.html"
    names = [path.stem for path in select(ROOT / "notebooks", [])]
    if not all((site / f"{name}.html").is_file() for name in ["index", *names]):
        return False
    files = [path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file()]
    return max(path.stat().st_mtime for path in files) <= start.stat().st_mtime


def make(names: list[str], repository: str | None = None) -> Path:
    """Make the site of the notebooks that `names` select, and return its start page.

    Raises SiteError or InstallError if that fails.
    """
    notebooks = select(ROOT / "notebooks", names)
    python = environments.install(ENVIRONMENT, ROOT / "requirements-site.txt")
    prepare(notebooks, BUILD / "site-source", repository)
    build(python, BUILD / "site-source", BUILD / "site")
    return BUILD / "site" / "index.html"


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a file name")
    parser.add_argument("--repository", metavar="URL", help="where the project is")
    options = parser.parse_args()
    try:
        start = make(options.names, options.repository)
    except (SiteError, environments.InstallError) as error:
        sys.exit(str(error))
    print(f"Open {start}")


if __name__ == "__main__":
    main()
