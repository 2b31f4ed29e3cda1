import json
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from helpers.search import (
    learning_curves,
)
from tests.support.crashes import posix, result

ROOT = Path(__file__).parents[3]


# A search in a process of its own, forked from one that has imported everything, so that it can be
# killed and started again many times. `moments` says how: "random", or "each": at every single
# moment before and after a file is put in its place.
JOB = """
import json, os, pathlib, random, signal, sys, time
import keras_tuner
from helpers import mend_project, protect, watch
from helpers.search.project import read_trial

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
        if (found := read_trial(file)).status == "COMPLETED"
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


def killed_and_resumed(folder, name, moments, kills):
    (folder / "job.py").write_text(JOB)
    command = [sys.executable, folder / "job.py", folder, name, moments, str(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


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
