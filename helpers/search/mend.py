"""Puts right what a crash left contradictory in a project directory."""

import json
import os
from pathlib import Path

from keras_tuner.engine.trial import Trial

from helpers import files
from helpers.search.backup import remove_backup
from helpers.search.disk import check_writable, clear_errors
from helpers.search.exclusion import lock_project
from helpers.search.project import FINISHED, ProjectError, completed_trials, read_trial, trial_files
from helpers.search.reuse import how_to_reuse


def mend_project(folder: str | os.PathLike) -> list[str]:
    """Puts right what a crash left contradictory in a project directory.

    Call it before the tuner is made, in the one process that keeps the books: the only one, or
    the chief. Afterwards the search goes on as if the crashed process had been stopped between
    two steps:

    - a trial that was finished, but not yet entered in KerasTuner's state, is entered (KerasTuner
      would run it again, over the result that it has);
    - a trial that was drawn, but not yet entered, is drawn again, with the same values
      (KerasTuner would count it, and never run it);
    - a trial that was cut off after its result was reported runs again (KerasTuner would run it,
      too, but keep the old result);
    - a search that was killed in its first trial goes on (KerasTuner would begin anew).

    Args:
        folder: `directory/project_name` of the tuner; there need not be one yet.

    Returns:
        One sentence for each trial that was put right.

    Raises:
        ProjectError: One of KerasTuner's own files is missing, or a crash cut it short (which
            `protect` prevents), or the files contradict each other.
            `trials_table` still reads the finished trials, `reuse_trials` goes on with them.
            Or another process is at work in the folder.
        DiskError: The folder can't be written.
    """
    folder = Path(folder)
    check_writable(folder)
    if not folder.is_dir():
        return []
    with lock_project(folder), clear_errors(folder):
        return _mend(folder)


def _mend(folder: Path) -> list[str]:
    file = folder / "oracle.json"
    # KerasTuner looks for this file, which it writes last, to see whether there is a search.
    own = folder / f"{os.environ.get('KERASTUNER_TUNER_ID', 'tuner0')}.json"
    if not file.is_file():
        if own.is_file():
            raise _beyond_repair(folder, f"{file} is missing")
        return []
    try:
        state = json.loads(files.read_text(file))
    except ValueError:
        raise _beyond_repair(folder, f"A crash cut {file} short") from None
    for draft in filter(files.is_draft, [*folder.glob(".*"), *folder.glob("trial_*/.*")]):
        files.remove(draft)  # what `protect` and `watch` had not put in its place yet
    mended = _forget_undrawn(folder, set(state["start_order"]))
    for tuner_id, trial_id in list(state["ongoing_trials"].items()):
        trial_file = folder / f"trial_{trial_id}" / "trial.json"
        trial = _read_whole_trial(folder, trial_file)
        if trial.status in FINISHED:
            del state["ongoing_trials"][tuner_id]
            if trial_id not in state["end_order"]:
                state["end_order"].append(trial_id)
            state["run_times"][trial_id] = max(1, state["run_times"].get(trial_id, 0))
            mended.append(f"Trial {trial_id} was finished, and does not run again.")
        elif trial.metrics.metrics:
            anew = Trial(trial.hyperparameters, trial.trial_id, trial.status)
            files.write_text(trial_file, json.dumps(anew.get_state()))
            remove_backup(trial_file.parent)
            mended.append(f"Trial {trial_id} was cut off at its end, and runs again.")
    if mended:
        files.write_text(file, json.dumps(state))
    if not own.is_file() or not _is_json(own):
        files.write_text(own, "{}")  # all that KerasTuner's own tuners keep there
    return mended


def _is_json(file: Path) -> bool:
    try:
        json.loads(files.read_text(file))
    except ValueError:
        return False
    return True


def _forget_undrawn(folder: Path, drawn: set[str]) -> list[str]:
    """Removes the unfinished trials that are not in `drawn`; checks that all others are there."""
    mended = []
    found = {file.parent.name.removeprefix("trial_"): file for file in trial_files(folder)}
    for trial_id, file in found.items():
        if trial_id in drawn:
            _read_whole_trial(folder, file)
            continue
        trial = read_trial(file)
        if trial is not None and trial.status in FINISHED:
            # No crash of KerasTuner does this, and a result is never removed.
            raise _beyond_repair(folder, f"oracle.json knows nothing of the finished {file}")
        files.remove(file.parent)
        mended.append(f"Trial {trial_id} had not been drawn to the end, and is drawn again.")
    if missing := sorted(drawn - set(found)):
        raise _beyond_repair(folder, f"{folder / f'trial_{missing[0]}' / 'trial.json'} is missing")
    return mended


def _read_whole_trial(folder: Path, file: Path) -> Trial:
    trial = read_trial(file)
    if trial is None:
        raise _beyond_repair(folder, f"A crash cut {file} short")
    return trial


def _beyond_repair(folder: Path, why: str) -> ProjectError:
    done = len(completed_trials(folder))
    return ProjectError(
        f"{why}: KerasTuner can't go on with this search. {done} finished trials are still there "
        "(`trials_table` shows them). To go on with them, make the tuner with another "
        f"project_name and the same seed, and {how_to_reuse(folder)}"
    )
