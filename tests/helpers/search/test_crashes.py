import json
import random
import subprocess
import sys

import pandas as pd
import pytest

from helpers.search import learning_curves
from tests.support.crashes import ROOT, posix, result
from tests.support.processes import started

# Searches in processes of their own, forked from one that has imported everything, so that they can
# be killed and started again many times. `moments` says how: "random", or "each": at every single
# moment before and after a file is put in its place.
JOB = """
import json, os, pathlib, random, signal, sys, time
import keras_tuner
from helpers import mend_project, protect, watch
from helpers.search.project import read_trial

def search(project, name, moments):
    tuner_class, how = {
        "random": (keras_tuner.RandomSearch, {"max_trials": 100 if moments == "random" else 30}),
        "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": 8, "num_initial_points": 3}),
        "Hyperband": (keras_tuner.Hyperband, {"max_epochs": 8, "factor": 2}),
    }[name]
    hp = keras_tuner.HyperParameters()
    hp.Float("x", 0.0, 1.0)
    hp.Int("n", 1, 9)

    class Sleeping(tuner_class):
        def run_trial(self, trial, **unused):
            time.sleep(0.01 if moments == "random" else 0.0)
            values = trial.hyperparameters.values
            return {"loss": values["x"] * values["n"] + values.get("tuner/epochs", 0)}

    mend_project(project)
    where = {"directory": project.parent, "project_name": project.name, "seed": 3}
    tuner = Sleeping(objective="loss", hyperparameters=hp, **where, **how)
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

def dies_at(moment, search):
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
    search()

def kill_again_and_again(folder, name, moments, kills):
    assert in_a_child(lambda: search(folder / "undisturbed", name, moments)) == 0
    to_kill = lambda: search(folder / "killed", name, moments)
    draw, killed, kept = random.Random(1), 0, {}
    while killed < kills:
        if moments == "random":
            longest = 0.15 if name == "Bayesian" else 0.06
            status = in_a_child(to_kill, draw.uniform(0, longest))
        else:
            status = in_a_child(lambda: dies_at(2 + killed % 14, to_kill))
        assert status in (0, -signal.SIGKILL), status
        # What is completed now has to be there in the end, and now already if it was before.
        now = {
            file.parent.name: (found.hyperparameters.values, found.score)
            for file in sorted((folder / "killed").glob("trial_*/trial.json"))
            if (found := read_trial(file)).status == "COMPLETED"
        }
        assert all(now[name] == kept[name] for name in kept), (now, kept)
        kept = now
        killed += status != 0
        if status == 0:
            break
    assert in_a_child(to_kill) == 0
    return {"killed": killed, "kept": kept}

for folder, *how in json.loads(sys.argv[1]):
    pathlib.Path(folder).mkdir()
    print(json.dumps(kill_again_and_again(pathlib.Path(folder), *how)))
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


# Which search, when it is killed, and how often.
KILLINGS = [("random", "random", 20), ("random", "each", 42), ("Hyperband", "each", 42)]
BAYESIAN = ("Bayesian", "random", 20)


@pytest.fixture(scope="module")
def killings(tmp_path_factory):
    """The folder of each search, how often it was killed, and what was finished then."""
    top, every = tmp_path_factory.mktemp("killings"), [*KILLINGS, BAYESIAN]
    folders = [top / f"{name}, {moments}" for name, moments, _ in every]
    jobs = [(str(folder), *how) for folder, how in zip(folders, every, strict=True)]
    command = [sys.executable, "-c", JOB, json.dumps(jobs)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {
        how: (folder, one["killed"], one["kept"])
        for how, folder, one in zip(every, folders, found, strict=True)
    }


@posix
@pytest.mark.parametrize("how", KILLINGS)
def test_a_search_killed_again_and_again_ends_as_the_undisturbed_one(killings, how):
    folder, killed, _ = killings[how]
    assert killed == how[-1]
    undisturbed = result(folder / "undisturbed")
    assert (undisturbed["status"] == "COMPLETED").all() and len(undisturbed) >= 30
    assert result(folder / "killed").equals(undisturbed)
    assert not list((folder / "killed").rglob("*.tmp"))


@posix
def test_a_bayesian_search_killed_again_and_again_keeps_its_trials(killings):
    # KerasTuner does not save the random state from which it looks for the next values, so what
    # it draws after a crash may differ; what was finished may not.
    folder, killed, kept = killings[BAYESIAN]
    assert killed >= 15 and kept
    table = result(folder / "killed")
    assert (table["status"] == "COMPLETED").all() and len(table) == 8
    assert {f"trial_{n}": row["score"] for n, row in table.iterrows()}.items() >= {
        (name, score) for name, (_, score) in kept.items()
    }


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_a_search_that_trains_and_is_killed_anywhere_ends_as_the_undisturbed_one(tmp_path, seed):
    (tmp_path / "job.py").write_text(TRAINING_JOB)
    command = [sys.executable, tmp_path / "job.py", tmp_path]
    subprocess.run([*command, "undisturbed"], cwd=ROOT, check=True)
    draw, killed = random.Random(seed), 0
    while killed < 20:
        pipe = {"stdout": subprocess.PIPE, "text": True}
        with started([*command, "killed"], cwd=ROOT, **pipe) as running:
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
