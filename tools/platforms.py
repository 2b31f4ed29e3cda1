"""Resolve requirements.txt for every platform and Python, and print what each gets.

`make platforms` runs it. It exits with 1 if a row is not what the course promises, and with 2 if
it could not resolve anything (no network). Only wheels count: no student should have to compile.
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ["tensorflow", "tensorflow-metal", "keras", "numpy", "pandas"]
AT_ONCE = 5  # most of the time is spent waiting for the network
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


@dataclass(frozen=True)
class Row:
    """A platform with a Python, and what the course promises there.

    `tensorflow` is the series, such as "2.21", or None where there is no wheel; `metal` likewise.
    """

    platform: str
    python: str
    tensorflow: str | None
    metal: str | None = None


def promised(platform: str, python: str) -> Row:
    """Return the row for one of PLATFORMS and one of PYTHONS."""
    if python == "3.14":
        return Row(platform, python, None)
    if platform == "macOS arm64" and python != "3.13":
        return Row(platform, python, "2.19", metal="1.2")
    if platform == "macOS x86_64":
        return Row(platform, python, "2.16" if python != "3.13" else None)
    return Row(platform, python, "2.21")


# Our name for each platform, and uv's.
PLATFORMS = {
    "Linux x86_64": "x86_64-unknown-linux-gnu",
    "Linux aarch64": "aarch64-unknown-linux-gnu",
    "Windows x86_64": "x86_64-pc-windows-msvc",
    "macOS arm64": "aarch64-apple-darwin",
    "macOS x86_64": "x86_64-apple-darwin",
}
ROWS = [promised(platform, python) for platform in PLATFORMS for python in PYTHONS]


class NoSolution(Exception):
    """uv found no set of wheels; the message says why in a few words."""


def resolve(row: Row) -> dict[str, str]:
    """Return the version of each package that `row` gets.

    Raises NoSolution if there is none, and CalledProcessError, with uv's message in `stderr`, if uv
    could not tell.
    """
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--no-annotate",
    ]
    command += ["--only-binary", ":all:", "--python-platform", PLATFORMS[row.platform]]
    command += ["--python-version", row.python, "requirements.txt"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "No solution found" in done.stderr:
        raise NoSolution(reason(done.stderr))
    done.check_returncode()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", done.stdout, flags=re.MULTILINE))


def reason(explanation: str) -> str:
    """Shorten uv's explanation of why there is no solution."""
    package = re.search(r"Because (?:only )?([\w-]+)\S* .*?no wheels", explanation, flags=re.DOTALL)
    return f"no wheel of {package[1]}" if package else " ".join(explanation.split())[:160]


def kept(row: Row, versions: dict[str, str]) -> bool:
    """Return whether `versions` (empty if there is no solution) is what `row` promises."""

    def series(package: str) -> str | None:
        version = versions.get(package)
        return version and ".".join(version.split(".")[:2])

    return series("tensorflow") == row.tensorflow and series("tensorflow-metal") == row.metal


def outcome(row: Row) -> tuple[Row, dict[str, str], str]:
    """Resolve `row`; return it with its versions or, if there are none, the reason."""
    try:
        return row, resolve(row), ""
    except NoSolution as error:
        return row, {}, f"none: {error}"


def main() -> int:
    """Print the table and return the exit status."""
    layout = "{:<15} {:<7}" + " {:<17}" * len(SHOWN)
    print(layout.format("platform", "Python", *SHOWN).rstrip())
    status = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for row, versions, why in pool.map(outcome, ROWS):
                cells = (
                    [versions.get(package, "-") for package in SHOWN]
                    if versions
                    else [why, *[""] * (len(SHOWN) - 1)]
                )
                line = layout.format(row.platform, row.python, *cells).rstrip()
                if not kept(row, versions):
                    line += "  <- not what the course promises"
                    status = 1
                print(line, flush=True)
        except subprocess.CalledProcessError as error:
            pool.shutdown(cancel_futures=True)
            print(
                f"{error.stderr}\nuv could not resolve: check the network and the proxy.",
                file=sys.stderr,
            )
            return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
