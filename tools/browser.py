"""Run the tests in tests/browser/, which look at the web site and at JupyterLab in Chromium.

python -m tools.browser [--chromium] [OPTION...]

What they need (requirements-browser.txt) is installed into an environment of its own,
.venv-browser, on first use, so any Python from 3.11 will do. The web site is built if build/site
is missing or older than its sources. With --chromium, Playwright first downloads its own Chromium,
and installs what that needs of the system. An OPTION is one of pytest's. Pictures of the pages
that a test failed on are in build/browser.
"""

from __future__ import annotations  # so that an older Python gets as far as the message about it

import argparse
import subprocess
import sys

from tools import environments, website

ROOT = website.ROOT
ENVIRONMENT = ROOT / ".venv-browser"
# In place of the project's own options, which belong to plugins that this environment lacks.
PYTEST = [
    "--override-ini=addopts=",
    "--override-ini=testpaths=tests/browser",
    "--import-mode=importlib",
    "--strict-markers",
    "-rfEs",
    "--screenshot=only-on-failure",
    f"--output={website.BUILD / 'browser'}",
]


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--chromium", action="store_true")
    own, options = parser.parse_known_args(arguments)  # pytest has a help of its own
    try:
        python = environments.install(ENVIRONMENT, ROOT / "requirements-browser.txt")
        if not website.is_current(website.BUILD / "site"):
            website.make([])
    except (website.SiteError, environments.InstallError) as error:
        print(error, file=sys.stderr)
        return 1
    if own.chromium:
        playwright = [str(python), "-m", "playwright", "install", "--with-deps", "chromium"]
        if status := subprocess.run(playwright).returncode:
            return status
    return subprocess.run([str(python), "-m", "pytest", *PYTEST, *options], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
