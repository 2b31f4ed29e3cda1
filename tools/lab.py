"""Open JupyterLab on the reader's copy of the first notebook, with the whole project visible.

python -m tools.lab [--new] [--original] [OPTION...]

The copies are in my-course/. Missing ones are made, and existing ones are never changed. With
--new, if the course has changed a notebook, its new version is put beside the reader's copy. With
--original, the course's own notebooks are opened, with their outputs and solutions. An OPTION is
one of JupyterLab's, such as --no-browser.

There is one server per project and backend of Keras: a second call opens the one that is already
running. The kernels of a server compute with its backend, so the address of a server says which it
is, unless it is TensorFlow: http://localhost:8888/jax/.
"""

import argparse
import os
import sys
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from jupyter_server.serverapp import list_running_servers
from jupyterlab.labapp import LabApp

from tools import backend, my_course, quiet_kernels
from tools.notebooks import NotebookError, select

ROOT = Path(__file__).resolve().parent.parent


def running_server(root: Path, lane: str = "tensorflow") -> Mapping[str, str] | None:
    """Return what Jupyter knows about its server for the folder `root`, or None if there is none.

    Only this user's servers are known, and only those of the backend `lane`. One that does not
    answer has ended without cleaning up, and another process may since have been given its number.
    """
    for server in list_running_servers():
        folder = server.get("root_dir", "")
        here = os.path.isdir(folder) and os.path.samefile(folder, root)
        if here and lane_of(server) == lane and answers(server["url"]):
            return server
    return None


def lane_of(server: Mapping[str, str]) -> str:
    """Return the backend of a server, which its address tells."""
    name = server.get("base_url", "/").strip("/")
    return name if name in backend.OTHERS else "tensorflow"


def address(lane: str) -> str:
    """Return where on its host a server of the backend `lane` is."""
    return "/" if lane == "tensorflow" else f"/{lane}/"


def answers(url: str) -> bool:
    """Return whether a Jupyter server answers at `url`."""
    try:
        with urllib.request.urlopen(url + "api", timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Open the running server of the project `root`, or start one; return the exit status."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--new", action="store_true")
    parser.add_argument("--original", action="store_true")
    own, options = parser.parse_known_args(arguments)  # JupyterLab has a help of its own
    try:
        told = [] if own.original else my_course.update(root, own.new)
        folder = root / ("notebooks" if own.original else my_course.FOLDER)
        notebook = folder / select(root / "notebooks", [])[0].name
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    if told:
        print(*told, sep="\n", flush=True)
    lane = backend.choose()
    server = running_server(root, lane)
    if server:
        path = notebook.relative_to(root).as_posix()
        url = f"{server['url']}lab/tree/{path}?token={server['token']}"
        print(f"JupyterLab already serves this project: {url}")
        if "--no-browser" not in options:
            webbrowser.open(url)
        return 0
    quiet_kernels.main()
    # For the kernels, so that no more than necessary goes to the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    where = [f"--ServerApp.root_dir={root}"]
    if lane != "tensorflow":  # where the reader's own configuration says, for the usual one
        where.append(f"--ServerApp.base_url={address(lane)}")
    LabApp.launch_instance([*where, str(notebook), *options])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
