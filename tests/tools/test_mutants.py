import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tools import mutants

DECORATED = """import contextlib
import functools


@contextlib.contextmanager
@functools.wraps(print)
def lend():
    yield 3


class Kept:
    @property
    def one(self):
        return 1


@functools.cache
def double(x):
    return 2 * x
"""


def test_a_decorator_is_called_below_its_function_and_means_the_same():
    plain = mutants.undecorate(DECORATED)
    assert "lend = contextlib.contextmanager(functools.wraps(print)(lend))" in plain
    assert plain.count("@") == 1, "only that of the method is left"
    names: dict = {}
    exec(plain, names)
    with names["lend"]() as lent:
        assert lent == 3
    assert names["double"](4) == 8 and names["double"].cache_info().misses == 1
    assert names["Kept"]().one == 1


def test_source_without_decorators_stays_as_it_is():
    source = DECORATED.replace("@", "# ")
    assert mutants.undecorate(source) == source


def test_every_room_has_its_tests_where_they_mirror_it():
    assert mutants.tests_of("helpers/plots") == ["tests/helpers/plots"]
    assert mutants.tests_of("helpers/display.py") == ["tests/helpers/test_display.py"]
    own, *others = mutants.tests_of("helpers/kerastuner")
    assert own == "tests/helpers/kerastuner"
    assert others and all((mutants.ROOT / one).exists() for one in others)
    assert mutants.modules_of("helpers/display.py") == ["helpers/display.py"]
    assert "helpers/plots/style.py" in mutants.modules_of("helpers/plots")


def tried(folder, codes):
    """Writes what mutmut leaves behind: the mutated module, and an exit code for each mutant."""
    module = folder / "helpers" / "one.py"
    module.parent.mkdir()
    bodies = {"orig": "x + 1", "1": "x - 1", "2": "x + 2", "3": "None", "4": "x", "5": "x + 1"}
    module.write_text(
        "".join(
            f"def x_f__mutmut_{n}(x{'=1' if n == '5' else ''}):\n    return {body}\n"
            for n, body in bodies.items()
        )
    )
    keys = {f"helpers.one.x_f__mutmut_{number}": code for number, code in codes.items()}
    module.with_name("one.py.meta").write_text(json.dumps({"exit_code_by_key": keys}))
    return list(mutants.outcomes(folder))


def test_what_no_test_notices_is_shown_as_a_change(tmp_path, capsys):
    found = tried(tmp_path, {1: 1, 2: 0, 3: 33, 4: None})
    assert [one.noticed for one in found] == [True, False, False], "the fourth was not tried"
    assert not mutants.report(found)
    printed = capsys.readouterr().out
    assert (
        "helpers/one.py: x_f__mutmut_2 (no test notices)\n-    return x + 1\n+    return x + 2"
        in (printed)
    )
    assert "x_f__mutmut_3 (no test runs it)" in printed and "x_f__mutmut_1" not in printed
    assert printed.splitlines()[-1].split() == ["all", "3", "1", "33.3%", "0"]


def test_a_default_that_no_test_notices_is_shown_too(tmp_path):
    (one,) = tried(tmp_path, {5: 0})
    assert one.change == "-def (x):\n+def (x=1):"


def test_nine_in_ten_are_enough_and_a_test_without_end_counts_as_one_that_failed(tmp_path, capsys):
    assert mutants.report(tried(tmp_path, {1: 1, 2: 255, 3: -24, 4: 36, 5: 70}))
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "5", "5", "100.0%", "3"]


def test_what_a_shared_fixture_ran_counts_for_every_test_that_uses_it(monkeypatch, tmp_path):
    monkeypatch.setenv("MUTANT_HITS", str(tmp_path / "hits"))
    ran, names = SimpleNamespace(_stats={"of the test"}), {}
    monkeypatch.setitem(sys.modules, "mutmut", ModuleType("mutmut"))
    monkeypatch.setitem(sys.modules, "mutmut.state", SimpleNamespace(state=lambda: ran))
    exec(mutants.SHARED, names)
    for scope, name in (("module", "shared"), ("function", "own")):
        setting_up = names["pytest_fixture_setup"](SimpleNamespace(scope=scope, argname=name), None)
        next(setting_up)
        ran._stats.add(f"of {name}")
        with pytest.raises(StopIteration):
            setting_up.send(None)
    assert ran._stats == {"of the test", "of shared", "of own"}
    ran._stats.clear()  # the next test
    (tmp_path / "hits").write_text("of another process\n")
    names["pytest_runtest_teardown"](SimpleNamespace(fixturenames=["shared", "own"]))
    assert ran._stats == {"of shared", "of another process"}
    assert not (tmp_path / "hits").exists()


def test_what_another_process_runs_is_noted_once(monkeypatch, tmp_path):
    trampoline = ModuleType("trampoline")
    monkeypatch.setitem(sys.modules, "mutmut", ModuleType("mutmut"))
    monkeypatch.setitem(sys.modules, "mutmut.mutation", SimpleNamespace(trampoline=trampoline))
    monkeypatch.setenv("MUTANT_HITS", str(tmp_path / "hits"))
    monkeypatch.setenv("MUTANT_UNDER_TEST", "stats")
    exec(mutants.SITE, {})
    for name in ("helpers.f", "helpers.f", "helpers.g"):
        trampoline.record_trampoline_hit(name, caller=None)
    assert (tmp_path / "hits").read_text() == "helpers.f\nhelpers.g\n"


def test_no_test_file_computes_while_it_is_imported(computed_when_collected):
    assert not computed_when_collected, (
        "a test file has TensorFlow compute when it is imported, and then `make mutants` waits for "
        "copies of the process in which it can't: let the tests or their fixtures compute"
    )
