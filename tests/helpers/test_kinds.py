"""What is for the reader's own searches, tried on the kinds of searches that people write."""

import os
import subprocess
import sys
from pathlib import Path

import keras_tuner
import pandas as pd
import pytest

from helpers.plots import plot_curves, plot_parallel, plot_trials
from helpers.preflight import check, rehearsal
from helpers.search import (
    ProjectError,
    learning_curves,
    mend_project,
    protect,
    reuse_trials,
    trials_table,
    watch,
)
from tests.support.backends import HAS_TENSORFLOW, needs_tensorflow, tf
from tests.support.crashes import Died, posix
from tests.support.kinds import KINDS, NEED_TENSORFLOW, make, search

# What `tf.data` does stays a graph, which does not matter here.
GRAPHS = "ignore:Even though the .tf.config.experimental_run_functions"
pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(GRAPHS)]

ROOT = Path(__file__).parents[2]
# Their training is not Keras' own fit, or keeps the callbacks of KerasTuner to itself.
WITHOUT_CURVES = {"any function", "estimators on a data frame"}
# They draw the same values again after a crash. Others go on from results, which may differ.
DRAWS_AGAIN = (keras_tuner.oracles.RandomSearchOracle, keras_tuner.oracles.GridSearchOracle)


@pytest.fixture(autouse=True, scope="module")
def no_graphs():
    """Trainings this short would spend their time on TensorFlow's graphs."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(kind, marks=needs_tensorflow if kind in NEED_TENSORFLOW else ())
        for kind in KINDS
    ],
)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def undisturbed(kind, tmp_path_factory):
    """The tuner of a search that has run, and the trials that it began."""
    return run(kind, tmp_path_factory.mktemp("undisturbed"))


def run(kind, folder, project="project", reused=None, dies_in=None):
    """Runs a search as a reader would who wants it safe; returns its tuner and what it began."""
    mend_project(folder / project)
    tuner, arguments, options = make(kind, folder, project)
    begun = []
    run_trial = tuner.run_trial

    def run_or_die(trial, *args, **kwargs):
        begun.append(trial.trial_id)
        if len(begun) == dies_in:
            tuner.on_batch_end = die  # at the first step of its training, if it reports steps
        result = run_trial(trial, *args, **kwargs)
        return die() if len(begun) == dies_in else result

    tuner.run_trial = run_or_die
    if reused is not None:
        reuse_trials(tuner, folder / reused)
    protect(tuner)
    watch(tuner)
    search(tuner, arguments, options)
    return tuner, begun


def die(*args, **kwargs):
    raise Died


def hyperparameters(tuner):
    return {name: trial.hyperparameters.values for name, trial in tuner.oracle.trials.items()}


def test_preflight_finds_nothing_wrong(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(rehearsal, "LONG_ENOUGH", 0.0)  # a single step is enough here
    tuner, arguments, options = make(kind, tmp_path)
    assert check(tuner, *arguments, **options).findings == []
    assert tuner.oracle.trials == {}


def test_a_search_that_died_in_a_training_ends_as_the_undisturbed_one(kind, undisturbed, tmp_path):
    tuner, begun = undisturbed
    with pytest.raises(Died):
        run(kind, tmp_path, dies_in=2)
    if isinstance(tuner, keras_tuner.GridSearch):
        with pytest.raises(ProjectError, match="does not save how far a grid has come"):
            run(kind, tmp_path)
        resumed, begun_again = run(kind, tmp_path, "another project", reused="project")
    else:
        resumed, begun_again = run(kind, tmp_path)
        assert begun_again == begun[1:]  # the first one was finished; the second runs again
    assert set(resumed.oracle.trials) == set(tuner.oracle.trials)
    assert trials_table(resumed)["status"].equals(trials_table(tuner)["status"])
    if isinstance(tuner.oracle, DRAWS_AGAIN):
        assert hyperparameters(resumed) == hyperparameters(tuner)


def test_its_table_and_its_curves_are_the_same_from_memory_and_from_the_disk(kind, undisturbed):
    tuner, begun = undisturbed
    table = trials_table(tuner)
    from_disk = trials_table(tuner.project_dir)
    pd.testing.assert_frame_equal(from_disk, table)
    assert from_disk.attrs == table.attrs == {"direction": tuner.oracle.objective.direction}
    assert len(table) == len(begun) and table["seconds"].notna().all()
    scored = table["status"] == "COMPLETED"
    assert table.loc[scored, "score"].notna().all()
    best = tuner.oracle.get_best_trials(1)[0]
    assert table.index[table["rank"] == 1].tolist() == [int(best.trial_id)]
    if kind in WITHOUT_CURVES:
        with pytest.raises(ProjectError, match="no learning curves"):
            learning_curves(tuner)
    else:
        curves = learning_curves(tuner)
        assert learning_curves(tuner.project_dir).equals(curves)
        assert set(curves["trial"]) == set(table.index[scored])
        assert curves.groupby("trial").size().equals(table.loc[scored, "epochs"].astype("int64"))


def test_its_figures_show_every_trial(kind, undisturbed):
    tuner, _ = undisturbed
    table, objective = trials_table(tuner.project_dir), tuner.oracle.objective
    how = {"direction": objective.direction}
    figure = plot_trials(table, objective=objective.name, **how)
    assert len(figure.axes[1].patches) == len(table)
    names = list(table.columns[: table.columns.get_loc("status")])
    if len(names) > 1:
        figure = plot_parallel(table, names, **how)
        assert len(figure.axes[0].lines) == table["score"].notna().sum() + 1  # the best twice
    if kind not in WITHOUT_CURVES:
        curves = learning_curves(tuner)
        figure = plot_curves(curves, metric=curves.columns[-1])
        assert len(figure.axes[0].lines) == curves["trial"].nunique()


# Forked from a process that has imported everything and trained nothing.
JOB = """
import gc, os, pathlib, signal, sys
import keras
from helpers import mend_project, protect, watch
from tests.support.kinds import make, search

folder, kinds = pathlib.Path(sys.argv[1]), sys.argv[2:]

def run(kind, project, killed):
    mend_project(folder / project)
    tuner, arguments, options = make(kind, folder, project)
    run_trial, begun = tuner.run_trial, []

    def note_and_run(trial, *args, **kwargs):
        begun.append(trial.trial_id)
        with open(folder / f"{project} began", "a") as file:
            print(trial.trial_id, file=file)
        if killed and len(begun) == 2:
            tuner.on_batch_end = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
        return run_trial(trial, *args, **kwargs)

    tuner.run_trial = note_and_run
    protect(tuner)
    watch(tuner)
    search(tuner, arguments, options)

def status_of(kind, project, killed):
    if (child := os.fork()) == 0:
        try:
            run(kind, project, killed)
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

gc.collect()
gc.freeze()
for kind in kinds:
    assert status_of(kind, kind, True) == -signal.SIGKILL, kind
    assert status_of(kind, kind, False) == 0, kind
"""


@posix
def test_a_search_killed_in_a_training_trains_no_finished_trial_again(tmp_path):
    kinds = {"own metric": 2} | ({"own loop": 3} if HAS_TENSORFLOW else {"two data frames": 2})
    (tmp_path / "job.py").write_text(JOB)
    command = [sys.executable, tmp_path / "job.py", tmp_path, *kinds]
    # A script finds its own folder, not that from which it is run.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    for kind, trials in kinds.items():
        table = trials_table(tmp_path / kind)
        assert (table["status"] == "COMPLETED").all() and len(table) == trials, kind
        began = [int(line) for line in (tmp_path / f"{kind} began").read_text().split()]
        assert began == [*range(trials)][:2] + [*range(trials)][1:], kind
