"""Open JupyterLab on the first notebook, with the whole project in its file browser.

python -m tools.lab [OPTION...]      an OPTION is one of JupyterLab's, such as --no-browser

There is one server for a project: a second call opens the one that runs.
"""

import os
import sys
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from jupyter_server.serverapp import list_running_servers
from jupyterlab.labapp import LabApp

from tools import quiet_kernels

ROOT = Path(__file__).resolve().parent.parent


def first_notebook(root: Path) -> Path:
    """Return the notebook to begin with."""
    return next((root / "notebooks").glob("01_*.ipynb"))


def running_server(root: Path) -> Mapping[str, str] | None:
    """Return what Jupyter knows about its server for the folder `root`, or None without one.

    Only this user's servers are known. One that does not answer has gone without cleaning up, and
    another process may have got its number.
    """
    for server in list_running_servers():
        folder = server.get("root_dir", "")
        if os.path.isdir(folder) and os.path.samefile(folder, root) and answers(server["url"]):
            return server
    return None


def answers(url: str) -> bool:
    """Return whether a Jupyter server answers at `url`."""
    try:
        with urllib.request.urlopen(url + "api", timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def main(options: list[str]) -> int:
    """Open the running server, or start one with `options`; return the exit status."""
    notebook = first_notebook(ROOT)
    server = running_server(ROOT)
    if server:
        path = notebook.relative_to(ROOT).as_posix()
        url = f"{server['url']}lab/tree/{path}?token={server['token']}"
        print(f"JupyterLab already serves this project: {url}")
        if "--no-browser" not in options:
            webbrowser.open(url)
        return 0
    quiet_kernels.main()
    # For the kernels: what then goes to the terminal is no more than needed there.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    LabApp.launch_instance([f"--ServerApp.root_dir={ROOT}", str(notebook), *options])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
