"""A search in several processes that trains nothing, and what a test wants to know of it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRIALS = 6

# A search that trains nothing, and notes when a trial begins and ends, and in which process. While
# there is a file `hold`, no trial ends but those that have a file `release` of their own; while
# there is a file `fill the disk`, the next trial that ends finds the chief's disk full.
JOB = f"""
import os, pathlib, sys, time
# Keras does without these, if need be; they take a quarter of the time in which a process starts.
sys.modules.update(dict.fromkeys(["matplotlib", "sklearn"]))
import keras_tuner
from helpers import mend_project, protect

folder = pathlib.Path(sys.argv[1])
me = os.environ["KERASTUNER_TUNER_ID"]

def note(word, trial):
    with open(folder / "notes", "a") as file:
        print(word, trial.trial_id, me, os.getpid(), file=file)

class Held(keras_tuner.RandomSearch):
    def run_trial(self, trial, **unused):
        note("begin", trial)
        released = folder / f"release {{trial.trial_id}}"
        while (folder / "hold").exists() and not released.exists():
            time.sleep(0.05)
        note("end", trial)
        return {{"loss": trial.hyperparameters.get("x")}}

hp = keras_tuner.HyperParameters()
hp.Float("x", 0.0, 1.0)
hp.Fixed("padding", 20_000 * "x")
if me == "chief":
    mend_project(folder / "project")
how = {{"directory": folder, "project_name": "project", "seed": 1}}
tuner = Held(objective="loss", max_trials={TRIALS}, hyperparameters=hp, **how)
protect(tuner)
if me == "chief":
    end_trial = tuner.oracle.end_trial

    def end_trial_on_a_full_disk(trial):
        if (folder / "fill the disk").exists():
            import resource
            (folder / "fill the disk").unlink()  # once: the next chief finds room
            # More than the log has, and less than the state takes.
            resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, resource.RLIM_INFINITY))
        return end_trial(trial)

    tuner.oracle.end_trial = end_trial_on_a_full_disk
(folder / f"pid-{{me}}").write_text(str(os.getpid()))
tuner.search(verbose=0)
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def notes(folder):
    file = folder / "notes"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(word, int(trial), who, int(pid)) for word, trial, who, pid in lines]


def wait_until(condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def is_alive(pid):
    if sys.platform == "win32":  # where os.kill ends a process, whatever the signal
        found = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, text=True)
        return str(pid) in found.stdout
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody has waited for is not alive.
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def completed(folder):
    files = (folder / "project").glob("trial_*/trial.json")
    found = {file: file.read_text() for file in files}
    return {file: text for file, text in found.items() if '"status": "COMPLETED"' in text}
