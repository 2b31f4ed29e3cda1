"""Resolve the lists of requirements for every platform and Python, and print what each gets.

`make platforms` runs it. It exits with 1 if a row is not what the course promises, and with 2 if
it could not resolve anything (no network). Only wheels count: no student should have to compile.
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each list, the packages that the course promises a version of, and the others that are shown.
LISTS = {
    "requirements.txt": ["tensorflow", "tensorflow-metal"],
    "requirements-jax.txt": ["jax"],
}
SHOWN = ["keras", "numpy", "pandas"]
AT_ONCE = 5  # most of the time is spent waiting for the network
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


@dataclass(frozen=True)
class Row:
    """A platform with a Python, and what the course promises there.

    `tensorflow` is the series, such as "2.21", or None where there is no wheel; `metal` and `jax`
    likewise.
    """

    platform: str
    python: str
    tensorflow: str | None
    metal: str | None = None
    jax: str | None = None


def promised(platform: str, python: str) -> Row:
    """Return the row for one of PLATFORMS and one of PYTHONS."""
    if platform == "macOS x86_64":
        return Row(platform, python, "2.16" if python in ("3.10", "3.11", "3.12") else None)
    jax = "0.6" if python == "3.10" else "0.10"
    if python == "3.14":  # JAX has a wheel, but a course needs one Python for both lists
        return Row(platform, python, None, jax=jax)
    if platform == "macOS arm64" and python != "3.13":
        return Row(platform, python, "2.19", metal="1.2", jax=jax)
    return Row(platform, python, "2.21", jax=jax)


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


def resolve(row: Row, requirements: str) -> dict[str, str]:
    """Return the version of each package that `row` gets from one of LISTS.

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
    command += ["--python-version", row.python, requirements]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "No solution found" in done.stderr:
        raise NoSolution(reason(done.stderr))
    done.check_returncode()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", done.stdout, flags=re.MULTILINE))


def reason(explanation: str) -> str:
    """Shorten uv's explanation of why there is no solution."""
    package = re.search(r"Because (?:only )?([\w-]+)\S* .*?no wheels", explanation, flags=re.DOTALL)
    return f"no wheel of {package[1]}" if package else " ".join(explanation.split())[:160]


def kept(row: Row, versions: dict[str, str], requirements: str) -> bool:
    """Return whether `versions` (empty if there is no solution) is what `row` promises."""

    def series(package: str) -> str | None:
        version = versions.get(package)
        return version and ".".join(version.split(".")[:2])

    promises = {"tensorflow": row.tensorflow, "tensorflow-metal": row.metal, "jax": row.jax}
    return all(series(package) == promises[package] for package in LISTS[requirements])


def outcome(row: Row, requirements: str) -> tuple[Row, dict[str, str], str]:
    """Resolve `row`; return it with its versions or, if there are none, the reason."""
    try:
        return row, resolve(row, requirements), ""
    except NoSolution as error:
        return row, {}, f"none: {error}"


def print_table(requirements: str, pool: ThreadPoolExecutor) -> bool:
    """Print what every row gets from a list, and return whether it is what the course promises."""
    shown = [*LISTS[requirements], *SHOWN]
    layout = "{:<20} {:<7}" + " {:<17}" * len(shown)
    print(layout.format(requirements, "Python", *shown).rstrip())
    all_kept = True
    for row, versions, why in pool.map(partial(outcome, requirements=requirements), ROWS):
        cells = [versions.get(package, "-") for package in shown]
        if not versions:
            cells = [why, *[""] * (len(shown) - 1)]
        line = layout.format(row.platform, row.python, *cells).rstrip()
        if not kept(row, versions, requirements):
            line += "  <- not what the course promises"
            all_kept = False
        print(line, flush=True)
    return all_kept


def main() -> int:
    """Print a table for each list and return the exit status."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            as_promised = [print_table(requirements, pool) for requirements in LISTS]
        except subprocess.CalledProcessError as error:
            pool.shutdown(cancel_futures=True)
            print(
                f"{error.stderr}\nuv could not resolve: check the network and the proxy.",
                file=sys.stderr,
            )
            return 2
    return 0 if all(as_promised) else 1


if __name__ == "__main__":
    sys.exit(main())
