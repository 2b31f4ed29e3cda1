"""The files of a project directory: what KerasTuner writes there, and what `watch` adds."""

import json
import os
from pathlib import Path

from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

from helpers import files

RECORD = "record.json"
FINISHED = (TrialStatus.COMPLETED, TrialStatus.FAILED)


class ProjectError(ValueError):
    """A folder is not the project directory of a search, or lacks what was asked for."""


def project_dir(search: BaseTuner | str | os.PathLike) -> Path:
    """Returns the project directory of a tuner, or the one that is named."""
    return Path(search.project_dir if isinstance(search, BaseTuner) else search)


def trials_of(search: BaseTuner | str | os.PathLike) -> list[tuple[int | str, Trial | None, dict]]:
    """Returns (number, trial, record) of every trial; None for a trial that can't be read."""
    folder = project_dir(search)
    if not folder.is_dir():
        raise ProjectError(
            f"There is no folder {folder}. Name the project directory of a search: "
            "the tuner's `directory`, a slash, and its `project_name`."
        )
    # A tuner that works for a chief has no trials of its own: they are in the folder.
    in_memory = getattr(getattr(search, "oracle", None), "trials", None)
    if in_memory is None:
        files = folder.glob("trial_*/trial.json")
        found = {file.parent.name.removeprefix("trial_"): read_trial(file) for file in files}
    else:
        found = in_memory
    if not found and not isinstance(search, BaseTuner):
        raise ProjectError(
            f"The folder {folder} holds no trials (no trial_*/trial.json). "
            "Is it the project directory, and has the search begun?"
        )
    numbered = [
        (
            int(trial_id) if trial_id.isdigit() else trial_id,
            trial,
            read_record(folder / f"trial_{trial_id}" / RECORD),
        )
        for trial_id, trial in found.items()
    ]
    # By number: KerasTuner writes 6 or 06, depending on how many trials the search was to have.
    return sorted(numbered, key=lambda entry: (isinstance(entry[0], str), entry[0]))


def read_trial(file: Path) -> Trial | None:
    """Returns the trial that a `trial.json` holds, or None if a crash cut the file short."""
    try:
        return Trial.from_state(json.loads(files.read_text(file)))
    # KerasTuner writes these files in place, so that a crash can leave half of one.
    except (json.JSONDecodeError, KeyError, UnicodeDecodeError):
        return None


def read_record(file: Path) -> dict:
    """Returns what `watch` recorded of a trial; empty if it recorded nothing."""
    try:
        return json.loads(files.read_text(file))
    except FileNotFoundError:  # also of a trial that is just about to run again
        return {}


def trial_files(folder: Path) -> list[Path]:
    """Returns the files that hold KerasTuner's trials."""
    return sorted(folder.glob("trial_*/trial.json"))


def completed_trials(folder: Path) -> list[Trial]:
    """Returns the trials that were completed."""
    found = map(read_trial, trial_files(folder))
    return [trial for trial in found if trial and trial.status == TrialStatus.COMPLETED]
