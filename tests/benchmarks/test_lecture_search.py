"""What benchmarks/lecture_search.py makes of the seconds that it has measured."""

import sys
from pathlib import Path

import pytest

from benchmarks import lecture_search as bench

# Three epochs each: the first with the compilation, one of the others disturbed.
RUNS = [
    {"way": "lecture", "epochs": [22.0, 20.0, 40.0], "seconds": 83.0, "peak_bytes": 4000},
    {"way": "course", "epochs": [10.0, 6.0, 5.0], "seconds": 22.0, "peak_bytes": 1500},
    {"way": "jax", "epochs": [6.0, 4.0, 4.0], "seconds": 15.0, "peak_bytes": 700},
    {"way": "jax-32", "epochs": [9.0, 8.0, 9.0], "seconds": 27.0, "peak_bytes": 800},
]
ACCURACIES = {"lecture": 0.44, "course": 0.435, "jax": 0.445, "jax-32": 0.44}
FLOORS = {"lecture": 40.0, "course": 10.0, "jax": 10.0, "jax-32": 12.0}


@pytest.fixture
def figures():
    runs = [{**run, "val_acc": ACCURACIES[run["way"]]} for run in RUNS]
    return bench.summary(runs, FLOORS)


def test_an_undisturbed_trial_counts_its_compilation_and_its_fastest_epoch(figures):
    assert figures["undisturbed seconds of lecture"] == 3 * 20 + 2
    assert figures["undisturbed seconds of course"] == 3 * 5 + 5
    assert figures["compilation of course"] == 5 and figures["compilation of jax"] == 2
    assert figures["jax by floor"] == pytest.approx((3 * 4 + 2) / 10)
    assert bench.undisturbed_seconds([7.0]) == 7.0


def test_the_best_way_is_the_fastest_one_of_its_batch_size_and_never_the_lecture(figures):
    assert figures["undisturbed speed-up of the best"] == 62 / 14
    assert figures["speed-up of the best"] == 83 / 15
    assert figures["undisturbed speed-up of the best with 32"] == 62 / (3 * 8 + 1)
    assert figures["memory of the best"] == 700 / 4000
    assert figures["accuracy given up by jax"] == pytest.approx(-0.005)


def test_without_the_lecture_nothing_is_compared(figures):
    runs = [{**run, "val_acc": 0.4} for run in RUNS if run["way"] != "lecture"]
    alone = bench.summary(runs, {way: FLOORS[way] for way in ("course", "jax", "jax-32")})
    assert not [name for name in alone if "speed-up" in name or "memory" in name]


def results(figures, widths=bench.WIDTHS, ways=bench.WAYS):
    machine = {"matrix_rate": 1e11, "copy_bandwidth": 1e10}
    machine["floor_seconds"] = dict.fromkeys(ways, 10.0)
    known = {
        f"{name} of {way}": 1.0
        for way in ways
        for name in (
            *("seconds", "undisturbed seconds", "compilation", "peak bytes", "best accuracy"),
        )
    }
    known |= {f"{way} by floor": 1.0 for way in ways}
    return {
        "epochs": bench.EPOCHS,
        "widths": list(widths),
        "machine": machine,
        "summary": {**known, **figures},
    }


KEPT = {
    name.format(kind): bound
    for _, name, bound, _ in bench.EXPECTED
    for kind in ("", "undisturbed ")
}


@pytest.mark.parametrize("name", KEPT)
def test_a_full_run_fails_when_one_expectation_is_not_met_and_a_short_one_does_not(name, capsys):
    assert bench.report(results(KEPT))
    assert "NOT AS EXPECTED" not in capsys.readouterr().out
    (sense,) = {sense for _, one, _, sense in bench.EXPECTED if name.endswith(one[2:])}
    missed = {**KEPT, name: KEPT[name] * (0.99 if sense == "at least" else 1.01)}
    assert not bench.report(results(missed))
    assert capsys.readouterr().out.count("NOT AS EXPECTED") == 1
    assert bench.report(results(missed, widths=(950,)))


def test_larger_batches_have_a_lower_floor_and_arithmetic_bounds_it():
    floors = [bench.floor_seconds(950, 1, size, 1e11, 1e10) for size in (32, 128)]
    arithmetic = bench.floor_seconds(950, 1, 128, 1e11, float("inf"))
    # 50,000 images forward and back and 10,000 forward: 642 GFLOP.
    assert arithmetic == pytest.approx(6.42, rel=0.02)
    assert (floors[0] - arithmetic) / (floors[1] - arithmetic) == pytest.approx(4, rel=0.01)


def test_each_way_runs_in_the_environment_of_its_backend(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    made = tmp_path / ".venv-jax" / "bin" / "python"
    made.parent.mkdir(parents=True)
    made.touch()
    assert bench.python_of("jax") == made
    monkeypatch.setattr(bench, "find_spec", lambda name: name == "tensorflow")
    assert bench.python_of("course") == Path(sys.executable)
    made.unlink()
    with pytest.raises(SystemExit, match="no .venv-jax for jax: run `make setup BACKEND=jax`"):
        bench.python_of("jax")
