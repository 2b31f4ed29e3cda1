"""Plant small faults in one room of `helpers/`, one at a time, and list those that go unnoticed.

`make mutants ARGS=helpers/plots` runs it. It installs mutmut into build/, works on a copy there,
and exits with 1 if the room's own tests notice fewer than nine faults in ten. mutmut needs `fork`,
which Windows does not have.
"""

import argparse
import ast
import difflib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "build" / "mutmut"
COPY = ROOT / "build" / "mutants"
VERSION = "3.8.1"  # pinned, because `names_of` uses parts of it that may change
COPIED = (
    *("helpers", "tests", "tools", "benchmarks", "examples", "bank"),
    *("conftest.py", "requirements-common.txt"),
)
# KerasTuner's private names are mostly tested by the tests of the features that need them.
NEXT_DOOR = {
    "helpers/kerastuner": (
        "tests/helpers/bank/test_bayesian.py",
        "tests/helpers/search/test_checkpoints.py",
        "tests/helpers/search/test_deadline.py",
        "tests/helpers/search/test_trainings.py",
    )
}
ENOUGH = 0.9
# Exit codes. Any other also means that a test failed: what it started may have ended the process.
UNTESTED = 33
SURVIVED = {0, 5, UNTESTED, 34, 35}  # all tests passed, or none was run
ENDLESS = {24, -24, 36, 152, 255}  # the tests did not come to an end

# Every Python that a test starts runs this. mutmut's counting and its trial failure work only in
# the process of the tests and break in any other one, so what the others run is noted in a file.
SITE = """import os
asked = os.environ.get("MUTANT_UNDER_TEST")
if asked == "fail":
    del os.environ["MUTANT_UNDER_TEST"]
elif asked == "stats":
    from mutmut.mutation import trampoline
    noted = set()
    def note(name, caller=None):
        if name not in noted:
            noted.add(name)
            try:
                with open(os.environ["MUTANT_HITS"], "a") as file:
                    file.write(name + "\\n")
            except OSError:
                pass  # a test has limited the size of files
    trampoline.record_trampoline_hit = note
"""

# Added to the copied conftest.py. mutmut tries a mutant on the tests that ran its function. It
# credits what a fixture shared by several tests has run to the first of them alone, and what
# another process has run to none.
SHARED = """

import os
from pathlib import Path

import pytest
from mutmut.state import state

_RAN: dict[str, set[str]] = {}


def _ran_elsewhere():
    hits = Path(os.environ["MUTANT_HITS"])
    names = hits.read_text().splitlines() if hits.exists() else []
    hits.unlink(missing_ok=True)
    return names


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    before = set(state()._stats)
    state()._stats.clear()
    try:
        return (yield)
    finally:
        state()._stats.update(_ran_elsewhere())
        if fixturedef.scope != "function":
            _RAN.setdefault(fixturedef.argname, set()).update(state()._stats)
        state()._stats.update(before)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    state()._stats.update(_ran_elsewhere())
    for name in item.fixturenames:
        state()._stats.update(_RAN.get(name, ()))
"""

NAMES = """import sys
from pathlib import Path
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name
for name in sys.argv[1:]:
    for mutant in mutate_file_contents(name, Path(name).read_text("utf-8")).mutant_names:
        print(get_mutant_name(Path(name), mutant))
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: its name, and mutmut's exit code for it."""

    module: str
    name: str
    code: int | None
    change: str

    @property
    def noticed(self) -> bool:
        """Whether a test failed."""
        return self.code not in SURVIVED


def undecorate(source: str) -> str:
    """Return `source` with every top-level decorator turned into a call below its function.

    mutmut leaves decorated functions alone, and every figure of the course is one.
    """
    lines = source.splitlines(keepends=True)
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    for node in reversed(functions):  # from the end, so that earlier line numbers stay right
        if not node.decorator_list:
            continue
        expression = node.name
        for decorator in reversed(node.decorator_list):
            expression = f"{ast.unparse(decorator)}({expression})"
        lines.insert(node.end_lineno or 0, f"\n{node.name} = {expression}\n")
        del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "".join(lines)


def tests_of(room: str) -> list[str]:
    """Return where the tests of a room are: their folders mirror the rooms."""
    path = Path("tests", room)
    own = path.with_name(f"test_{path.name}") if path.suffix else path
    return [own.as_posix(), *NEXT_DOOR.get(room, ())]


def make_copy(room: str) -> None:
    """Copy the project to where mutmut may change it, and have it mutate `room` alone."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, COPY / name, ignore=unwanted)
        else:
            shutil.copy(source, COPY / name)
    with open(COPY / "conftest.py", "a", encoding="utf-8") as conftest:
        conftest.write(SHARED)
    for path in modules_of(room):
        text = undecorate((COPY / path).read_text(encoding="utf-8"))
        (COPY / path).write_text(text, encoding="utf-8")
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    chosen = (
        f"[tool.mutmut]\nonly_mutate = {json.dumps(modules_of(room))}\n"
        f"pytest_add_cli_args_test_selection = {json.dumps(tests_of(room))}\n"
    )
    settings = settings.replace("[tool.mutmut]\n", chosen)
    (COPY / "pyproject.toml").write_text(settings, encoding="utf-8")
    (COPY / "mutants").mkdir()


def modules_of(room: str) -> list[str]:
    """Return the modules of a room, relative to the project."""
    path = ROOT / room
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [module.relative_to(ROOT).as_posix() for module in found]


def environment() -> dict[str, str]:
    """Return the environment of the tests, in which mutmut and the mutated helpers come first."""
    paths = [str(COPY / "mutants"), str(TOOL)]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "COURSE_DATA": "standin",
        "COURSE_BUDGET": "quick",
        "MUTANT_HITS": str(COPY / "hits"),
    }


def install() -> None:
    """Install mutmut into build/, beside the environment of the course and not into it."""
    if not (TOOL / f"mutmut-{VERSION}.dist-info").exists():
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(TOOL)]
        subprocess.run([*command, "--python", sys.executable, f"mutmut=={VERSION}"], check=True)
    (TOOL / "sitecustomize.py").write_text(SITE, encoding="utf-8")


def names_of(room: str, share: float, seed: int) -> list[str]:
    """Return the names of a random share of a room's mutants; an empty list means all of them."""
    if share >= 1:
        return []
    done = subprocess.run(
        [sys.executable, "-c", NAMES, *modules_of(room)],
        cwd=COPY,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    names = done.stdout.split()
    return random.Random(seed).sample(names, round(share * len(names)))


def outcomes(mutants: Path) -> Iterator[Outcome]:
    """Yield what became of each mutant that was tried."""
    for meta in sorted(mutants.rglob("*.py.meta")):
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        path = meta.with_suffix("")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bodies = {
            node.name: ast.unparse(node).replace(f"def {node.name}(", "def (", 1).splitlines()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        }
        for key, code in codes.items():
            if code is None:
                continue
            name = key.rpartition(".")[2]
            before = bodies.get(re.sub(r"_mutmut_\d+$", "_mutmut_orig", name), [])
            after = bodies.get(name, [])
            change = [
                line
                for line in difflib.unified_diff(before, after, n=0, lineterm="")
                if not line.startswith(("---", "+++", "@@"))
            ]
            module = path.relative_to(mutants).as_posix()
            yield Outcome(module, name, code, "\n".join(change))


def report(found: list[Outcome]) -> bool:
    """Print what no test noticed and a line per module; return whether enough was noticed."""
    for one in found:
        if not one.noticed:
            why = "no test runs it" if one.code == UNTESTED else "no test notices"
            print(f"{one.module}: {one.name} ({why})\n{one.change}")
    print(f"\n{'module':<34} {'mutants':>8} {'noticed':>8} {'share':>7} {'endless':>8}")
    for module in [*dict.fromkeys(one.module for one in found), "all"]:
        of_module = [one for one in found if module in (one.module, "all")]
        noticed = sum(one.noticed for one in of_module)
        share = noticed / max(1, len(of_module))
        endless = sum(one.code in ENDLESS for one in of_module)
        print(f"{module:<34} {len(of_module):>8} {noticed:>8} {share:>7.1%} {endless:>8}")
    return share >= ENOUGH


def main(argv: list[str] | None = None) -> int:
    """Run the tool and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", help="a folder or a module, such as helpers/plots")
    parser.add_argument("--share", type=float, default=1.0, help="how many of the mutants, 0 to 1")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    options = parser.parse_args(argv)
    room = options.room.rstrip("/")
    if missing := [name for name in (room, *tests_of(room)) if not (ROOT / name).exists()]:
        parser.error(f"There is no {' and no '.join(missing)}.")
    install()
    make_copy(room)
    names = names_of(room, options.share, options.seed)
    mutmut = [sys.executable, str(TOOL / "bin" / "mutmut"), "run", *names]
    # Through a pipe, because some tests limit the size of files and our output may go to one.
    with subprocess.Popen(
        mutmut, cwd=COPY, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        while chunk := os.read(process.stdout.fileno(), 4096):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
    if process.returncode:
        sys.exit("mutmut could not begin. Do the room's tests pass? See above.")
    return 0 if report(list(outcomes(COPY / "mutants"))) else 1


if __name__ == "__main__":
    sys.exit(main())
