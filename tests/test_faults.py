"""Nothing is lost: searches that are really killed, on disks that are really full."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest

from helpers import (
    learning_curves,
    mend_project,
    protect,
    reuse_trials,
    trials_table,
    watch,
)
from helpers.resume import DiskError
from helpers.trials import ProjectError

ROOT = Path(__file__).parent.parent

# A search in a process of its own, forked from one that has imported everything, so that it can be
# killed and started again many times. `moments` says how: "random", or "each": at every single
# moment before and after a file is put in its place.
JOB = """
import json, os, pathlib, random, signal, sys, time
import keras_tuner
from helpers import mend_project, protect, trials, watch

folder, name, moments, kills = pathlib.Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4])
how = {
    "random": (keras_tuner.RandomSearch, {"max_trials": 100 if moments == "random" else 30}),
    "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": 8, "num_initial_points": 3}),
    "Hyperband": (keras_tuner.Hyperband, {"max_epochs": 8, "factor": 2}),
}[name]

def search(project):
    hp = keras_tuner.HyperParameters()
    hp.Float("x", 0.0, 1.0)
    hp.Int("n", 1, 9)

    class Sleeping(how[0]):
        def run_trial(self, trial, **unused):
            time.sleep(0.01 if moments == "random" else 0.0)
            values = trial.hyperparameters.values
            return {"loss": values["x"] * values["n"] + values.get("tuner/epochs", 0)}

    mend_project(folder / project)
    where = {"directory": folder, "project_name": project, "seed": 3}
    tuner = Sleeping(objective="loss", hyperparameters=hp, **where, **how[1])
    protect(tuner)
    watch(tuner)
    tuner.search(verbose=0)

def in_a_child(begin, kill_after=None):
    child = os.fork()
    if child == 0:
        try:
            begin()
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def dies_at(moment):
    replace, passed = os.replace, 0

    def replace_or_die(source, target):
        nonlocal passed
        passed += 2
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if passed + 1 == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace_or_die
    search("killed")

assert in_a_child(lambda: search("undisturbed")) == 0
draw, killed, kept = random.Random(1), 0, {}
while killed < kills:
    if moments == "random":
        longest = 0.15 if name == "Bayesian" else 0.06
        status = in_a_child(lambda: search("killed"), draw.uniform(0, longest))
    else:
        status = in_a_child(lambda: dies_at(2 + killed % 14))
    assert status in (0, -signal.SIGKILL), status
    # What is completed now has to be there in the end, and now already if it was before.
    now = {
        file.parent.name: (found.hyperparameters.values, found.score)
        for file in sorted((folder / "killed").glob("trial_*/trial.json"))
        if (found := trials.read_trial(file)).status == "COMPLETED"
    }
    assert all(now[name] == kept[name] for name in kept), (now, kept)
    kept = now
    killed += status != 0
    if status == 0:
        break
assert in_a_child(lambda: search("killed")) == 0
print(json.dumps({"killed": killed, "kept": kept}))
"""

# A real training. Each trial sets its own seed, so that it does not matter which came before it.
TRAINING_JOB = """
import pathlib, sys
import keras, keras_tuner
from helpers import build_model, load_cifar10, mend_project, protect, watch

folder, project = pathlib.Path(sys.argv[1]), sys.argv[2]

def build(hp):
    keras.utils.set_random_seed(1)
    return build_model(hp)

mend_project(folder / project)
where = {"directory": folder, "project_name": project, "seed": 3}
tuner = keras_tuner.RandomSearch(build, "val_acc", max_trials=12, **where)
protect(tuner)
watch(tuner)
(x, y), _ = load_cifar10("standin")
x, y = x[:4096], keras.utils.to_categorical(y[:4096], 10)
how = {"epochs": 8, "batch_size": 128, "verbose": 0}
print("searching", flush=True)
tuner.search(x[:2048], y[:2048], validation_data=(x[2048:], y[2048:]), **how)
"""
PROJECTS = ("killed", "undisturbed")

posix = pytest.mark.skipif(os.name != "posix", reason="forks, and kills with SIGKILL")


def killed_and_resumed(folder, name, moments, kills):
    (folder / "job.py").write_text(JOB)
    command = [sys.executable, folder / "job.py", folder, name, moments, str(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def result(project):
    table = trials_table(project)
    return table.drop(columns=["seconds", "epochs", "parameters"])


@posix
@pytest.mark.parametrize(
    "name, moments, kills",
    [("random", "random", 20), ("random", "each", 42), ("Hyperband", "each", 42)],
)
def test_a_search_killed_again_and_again_ends_as_the_undisturbed_one(
    tmp_path, name, moments, kills
):
    assert killed_and_resumed(tmp_path, name, moments, kills)["killed"] == kills
    undisturbed = result(tmp_path / "undisturbed")
    assert (undisturbed["status"] == "COMPLETED").all() and len(undisturbed) >= 30
    assert result(tmp_path / "killed").equals(undisturbed)
    assert not list((tmp_path / "killed").rglob("*.tmp"))


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_a_search_that_trains_and_is_killed_anywhere_ends_as_the_undisturbed_one(tmp_path, seed):
    (tmp_path / "job.py").write_text(TRAINING_JOB)
    command = [sys.executable, tmp_path / "job.py", tmp_path]
    subprocess.run([*command, "undisturbed"], cwd=ROOT, check=True)
    draw, killed = random.Random(seed), 0
    while killed < 20:
        pipe = {"stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen([*command, "killed"], cwd=ROOT, **pipe) as running:
            # Not while it imports TensorFlow, which takes longer than a trial.
            while "searching" not in (line := running.stdout.readline()):
                assert line, "it ended before it searched"
            try:
                running.wait(draw.uniform(0.2, 3.0))
                break  # it is done
            except subprocess.TimeoutExpired:
                running.kill()
                killed += 1
    assert killed >= 10
    subprocess.run([*command, "killed"], cwd=ROOT, check=True)
    assert result(tmp_path / "killed").equals(result(tmp_path / "undisturbed"))
    curves = [learning_curves(tmp_path / name).drop(columns="seconds") for name in PROJECTS]
    pd.testing.assert_frame_equal(*curves)
    weights = [sorted((tmp_path / name).rglob("checkpoint.weights.h5")) for name in PROJECTS]
    assert len(weights[0]) == len(weights[1]) == len(result(tmp_path / "undisturbed"))


@posix
def test_a_bayesian_search_killed_again_and_again_keeps_its_trials(tmp_path):
    # KerasTuner does not save the random state from which it looks for the next values, so what
    # it draws after a crash may differ; what was finished may not.
    told = killed_and_resumed(tmp_path, "Bayesian", "random", 20)
    assert told["killed"] >= 15 and told["kept"]
    table = result(tmp_path / "killed")
    assert (table["status"] == "COMPLETED").all() and len(table) == 8
    assert {f"trial_{n}": row["score"] for n, row in table.iterrows()}.items() >= {
        (name, score) for name, (_, score) in told["kept"].items()
    }


# --- What each of the gaps does, and that it is closed ------------------------------------


class Died(BaseException):
    """As good as SIGKILL, for what is on the disk: nobody catches it and saves something."""


def make(folder, tuner_class=keras_tuner.RandomSearch, project="project", **how):
    """Makes a tuner whose trials train nothing; `ran` lists those that it has run."""

    class Instant(tuner_class):
        ran: list
        bias = 0.0

        def run_trial(self, trial, **unused):
            self.ran.append(trial.trial_id)
            return {"loss": trial.hyperparameters.get("x") + self.bias}

    hp = keras_tuner.HyperParameters()
    grid = tuner_class is keras_tuner.GridSearch
    hp.Float("x", min_value=0.0, max_value=1.0, step=0.125 if grid else None)
    if tuner_class is not keras_tuner.Hyperband:
        how = {"max_trials": 3, **how}
    where = {"directory": folder, "project_name": project}
    tuner = Instant(objective="loss", hyperparameters=hp, seed=1, **where, **how)
    tuner.ran = []
    return tuner


def search_and_die(tuner, owner, method, trial_id, status):
    """Dies where `owner` calls `method` and the trial has this status."""
    original = getattr(owner, method)

    def die_or_go_on(*args, **kwargs):
        trial = tuner.oracle.trials.get(trial_id)
        if trial is not None and trial.status == status:
            raise Died
        return original(*args, **kwargs)

    setattr(owner, method, die_or_go_on)
    with pytest.raises(Died):
        tuner.search(verbose=0)


# Where it dies; which trials run afterwards without and with mending.
GAPS = {
    "finished, not entered": ("oracle", "save", "1", "COMPLETED", ["1", "2"], ["2"]),
    "drawn, not entered": ("oracle", "save", "1", "RUNNING", ["2"], ["1", "2"]),
    "reported, not ended": ("oracle", "end_trial", "1", "COMPLETED", ["1", "2"], ["1", "2"]),
    "the first one": ("tuner", "save", "0", "COMPLETED", ["0", "1", "2"], ["1", "2"]),
}


@pytest.mark.parametrize("mended", [False, True])
@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_in_which_a_process_died_is_mended(tmp_path, gap, mended):
    where, method, trial_id, status, unmended_ran, mended_ran = GAPS[gap]
    undisturbed = make(tmp_path, project="undisturbed")
    undisturbed.search(verbose=0)
    dying = make(tmp_path)
    dying.bias = 1.0 if gap == "reported, not ended" else 0.0
    owner = dying if where == "tuner" else dying.oracle
    search_and_die(dying, owner, method, trial_id, status)
    if mended:
        (told,) = mend_project(tmp_path / "project")
        assert told.startswith(f"Trial {trial_id} ")
    tuner = make(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # KerasTuner takes the old result for one of our own making
        tuner.search(verbose=0)
    assert tuner.ran == (mended_ran if mended else unmended_ran)
    scores, right = (result(tmp_path / name)["score"] for name in ("project", "undisturbed"))
    expected = right.to_list()
    expected[0] += dying.bias  # this trial was finished before, and is kept
    if not mended and gap == "reported, not ended":
        expected[1] += dying.bias  # the old result is kept, although the trial ran again
    if not mended and gap == "drawn, not entered":
        expected[1:] = [np.nan, right[1]]  # one trial never runs, another one gets its values
    np.testing.assert_array_equal(scores, expected)


def test_a_project_that_is_whole_or_not_there_yet_needs_no_mending(tmp_path):
    assert mend_project(tmp_path / "none") == []
    make(tmp_path).search(verbose=0)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.json")}
    assert mend_project(tmp_path / "project") == []
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.json")} == before


# --- Files that are cut short, and what can still be done ---------------------------------

TUNERS = {
    "random": (keras_tuner.RandomSearch, {"max_trials": 6}),
    "grid": (keras_tuner.GridSearch, {"max_trials": 6}),
    "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": 6, "num_initial_points": 3}),
    "Hyperband": (keras_tuner.Hyperband, {"max_epochs": 4, "factor": 2}),
}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
@pytest.mark.parametrize("cut", ["oracle.json", "trial_2/trial.json"])
def test_a_file_that_was_cut_short_is_named_and_the_other_trials_are_read(tmp_path, cut, share):
    make(tmp_path).search(verbose=0)
    folder = tmp_path / "project"
    whole = (folder / cut).read_text()
    (folder / cut).write_text(whole[: int(share * len(whole))])
    left = 3 if cut == "oracle.json" else 2
    with pytest.raises(ProjectError, match=rf"(?s){cut} short.*{left} finished.*reuse_trials"):
        mend_project(folder)
    assert (trials_table(folder)["status"] == "COMPLETED").sum() == left
    with pytest.raises(json.JSONDecodeError):  # what KerasTuner says by itself
        make(tmp_path)


def test_a_trial_that_has_lost_its_file_is_named(tmp_path):
    make(tmp_path).search(verbose=0)
    shutil.rmtree(tmp_path / "project" / "trial_1")
    with pytest.raises(ProjectError, match=r"trial_1.trial\.json is missing"):
        mend_project(tmp_path / "project")


def test_a_state_that_is_missing_or_behind_is_named_and_no_finished_trial_removed(tmp_path):
    make(tmp_path, max_trials=2).search(verbose=0)
    state = tmp_path / "project" / "oracle.json"
    behind = state.read_text()
    make(tmp_path, max_trials=3).search(verbose=0)
    state.write_text(behind)
    with pytest.raises(ProjectError, match=r"knows nothing of the finished.*trial_2"):
        mend_project(tmp_path / "project")
    state.unlink()
    with pytest.raises(ProjectError, match=r"oracle\.json is missing.*3 finished trials"):
        mend_project(tmp_path / "project")
    assert (trials_table(tmp_path / "project")["status"] == "COMPLETED").sum() == 3


@pytest.mark.parametrize("left", ["", "{"])
def test_a_tuner_s_own_file_that_was_cut_short_is_made_anew(tmp_path, left):
    make(tmp_path).search(verbose=0)
    (tmp_path / "project" / "tuner0.json").write_text(left)
    mend_project(tmp_path / "project")
    assert len(make(tmp_path).oracle.trials) == 3


@pytest.mark.parametrize("name", TUNERS)
def test_the_finished_trials_of_a_lost_search_are_reused_and_the_rest_is_run(tmp_path, name):
    tuner_class, how = TUNERS[name]
    undisturbed = make(tmp_path, tuner_class, "undisturbed", **how)
    undisturbed.search(verbose=0)
    lost = make(tmp_path, tuner_class, "lost", **how)
    trial_id = list(undisturbed.oracle.trials)[4]
    search_and_die(lost, lost.oracle, "end_trial", trial_id, "COMPLETED")
    (tmp_path / "lost" / "oracle.json").write_text("")
    first = sorted((tmp_path / "lost").glob("trial_*"))[0]
    (first / "checkpoint.weights.h5").write_text("weights")

    tuner = make(tmp_path, tuner_class, "anew", **how)
    reuse_trials(tuner, tmp_path / "lost")
    tuner.search(verbose=0)
    assert tuner.ran == undisturbed.ran[4:]
    assert result(tmp_path / "anew").equals(result(tmp_path / "undisturbed"))
    assert (tmp_path / "anew" / first.name / "checkpoint.weights.h5").read_text() == "weights"


def test_a_reused_trial_keeps_its_learning_curve(tmp_path):
    lost = training(tmp_path, project="lost")
    watch(lost)
    train(lost)
    tuner = training(tmp_path)
    reuse_trials(tuner, tmp_path / "lost")
    watch(tuner)
    train(tuner)
    old, new = (learning_curves(tmp_path / name) for name in ("lost", "project"))
    assert len(new) == 4
    pd.testing.assert_frame_equal(new, old)


def test_nothing_can_be_reused_from_nowhere_or_from_the_search_itself(tmp_path):
    tuner = make(tmp_path)
    tuner.search(verbose=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError, match="no finished trial"):
        reuse_trials(tuner, tmp_path / "empty")
    with pytest.raises(ProjectError, match="another project_name"):
        reuse_trials(tuner, tmp_path / "project")


def test_a_grid_that_died_cannot_go_on_and_says_so_before_it_tries(tmp_path):
    dying = make(tmp_path, keras_tuner.GridSearch)
    search_and_die(dying, dying.oracle, "end_trial", "1", "COMPLETED")
    mend_project(tmp_path / "project")
    tuner = make(tmp_path, keras_tuner.GridSearch)
    with pytest.raises(ProjectError, match=r"how far a grid has come.*reuse_trials"):
        protect(tuner)
    with pytest.raises(KeyError, match="1"):  # what KerasTuner says by itself
        tuner.search(verbose=0)


def test_a_grid_that_is_done_can_be_opened_again(tmp_path):
    make(tmp_path, keras_tuner.GridSearch).search(verbose=0)
    protect(make(tmp_path, keras_tuner.GridSearch))


def test_a_chief_ends_soon_after_its_workers(tmp_path, monkeypatch):
    from keras_tuner.src.distribute import oracle_chief

    have_ended = oracle_chief.exit_chief
    monkeypatch.setattr(oracle_chief, "exit_chief", have_ended)  # and back again afterwards
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "1")
    tuner = make(tmp_path)
    protect(tuner)
    tuner.oracle.tuner_ids = {"worker0"}
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        tuner.oracle.tuner_ids.clear()

    monkeypatch.setattr(time, "sleep", sleep)
    assert oracle_chief.exit_chief(tuner.oracle) and have_ended(tuner.oracle)
    assert waited == [1, 1]


# --- Disks --------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 400 kB, on which no search of three checkpoints has room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only Linux's root may mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def build(hp):
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Dense(hp.Int("units", min_value=2000, max_value=2100), "relu"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    how = {"loss": "sparse_categorical_crossentropy", "metrics": ["acc"], "run_eagerly": True}
    model.compile("adam", **how)
    return model


X, Y = np.random.default_rng(0).normal(size=(40, 4)), np.arange(40) % 2


def training(folder, project="project"):
    where = {"directory": folder, "project_name": project, "seed": 1}
    return keras_tuner.RandomSearch(build, "val_acc", max_trials=4, **where)


def train(tuner):
    tuner.search(X, Y, validation_data=(X, Y), epochs=1, verbose=0)


# HDF5 fails once more when its half-written file is closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("protected", [False, True])
def test_a_disk_that_fills_up_ends_the_search_in_one_clear_error(small_disk, protected):
    tuner = training(small_disk)
    watch(tuner)
    if not protected:
        with pytest.raises(Exception) as raised:
            train(tuner)
        assert "finished are kept" not in str(raised.value)
        return
    protect(tuner)
    with pytest.raises(DiskError, match=r"(?s)disk that holds .* is full.*finished are kept"):
        train(tuner)
    before = result(small_disk / "project").query("status == 'COMPLETED'")
    assert 1 <= len(before) < 4
    # Room is made, and it goes on.
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    mend_project(small_disk / "project")
    tuner = training(small_disk)
    protect(tuner)
    train(tuner)
    after = result(small_disk / "project")
    assert len(after) == 4 and (after["status"] == "COMPLETED").all()
    assert after.loc[before.index, "score"].equals(before["score"])


def test_a_disk_that_is_full_is_noticed_before_the_first_trial(small_disk):
    tuner = make(small_disk)
    with pytest.raises(OSError):
        (small_disk / "filler").write_bytes(b"0" * 500_000)
    for look in (lambda: protect(tuner), lambda: mend_project(small_disk / "project")):
        with pytest.raises(DiskError, match="Nothing can be written into .*No space left"):
            look()
    assert tuner.ran == []


@posix
def test_a_folder_without_write_permission_is_noticed_before_the_tuner_is_made(tmp_path):
    tmp_path.chmod(0o555)
    if os.geteuid() == 0:  # who may write everywhere, and so plays somebody else
        os.seteuid(65534)
    try:
        with pytest.raises(DiskError, match=r"Permission denied.*`directory` where you may write"):
            mend_project(tmp_path / "searches" / "project")
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        tmp_path.chmod(0o755)


# --- Trials that fail ---------------------------------------------------------------------


def test_a_trial_out_of_memory_and_one_with_nan_do_not_end_the_search(tmp_path):
    def build_some_too_large(hp):
        kind = hp.Choice("kind", ["sound", "huge", "nan"])
        rate = 1e30 if kind == "nan" else 1e-3
        units = 10**14 if kind == "huge" else 2
        layers = [keras.layers.Dense(units), keras.layers.Dense(2, activation="softmax")]
        model = keras.Sequential([keras.Input(shape=(4,)), *layers])
        how = {"loss": "sparse_categorical_crossentropy", "run_eagerly": True}
        model.compile(keras.optimizers.SGD(rate), **how)
        return model

    where = {"directory": tmp_path, "project_name": "project", "seed": 1}
    tuner = keras_tuner.GridSearch(build_some_too_large, "val_loss", **where)
    protect(tuner)
    watch(tuner)
    tuner.search(X, Y, validation_data=(X, Y), epochs=1, verbose=0)
    table = trials_table(tuner).set_index("kind")
    assert table["status"].to_dict() == {"sound": "COMPLETED", "huge": "FAILED", "nan": "FAILED"}
    assert "OOM" in table["message"]["huge"]
