"""The files of a trial that is under way: what it takes to go on with it after a crash."""

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from helpers import files
from helpers.search.project import RECORD

FOLDERS = "backup-*"  # in the folder of a trial: those of the tuners that ran it
BEST = "best-"  # begins the name of a file with weights that wait for the next backup
STATE = "state.json"


@dataclass
class Curve:
    """The epochs of one execution.

    Attributes:
        epoch: Their numbers, from 0, as in a `History`.
        history: Each metric over the epochs, as in a `History`.
        best_value: The best value of the objective after these epochs, for KerasTuner's saver.
    """

    epoch: list[int]
    history: dict[str, list[float]]
    best_value: float


@dataclass
class Progress:
    """How far a trial has come.

    Attributes:
        trial_id: The trial.
        values: Its hyperparameters.
        finished: The executions that are done.
        under_way: The execution that is under way; None between two executions.
        state: Subfolder with Keras' backup of that execution; None between two executions.
        best_weights: File with the weights of the best epoch, if a crash may have come before
            they were in the checkpoint.
        record: What `watch` had recorded; None if nobody watches.
        number: Counts the backups of this trial, so that each has files of its own.
    """

    trial_id: str
    values: dict[str, Any]
    finished: list[Curve] = field(default_factory=list)
    under_way: Curve | None = None
    state: str | None = None
    best_weights: str | None = None
    record: str | None = None
    number: int = 0


class Backup:
    """The backup of one trial.

    Everything is written beside the previous backup, which stays valid until one file, the state,
    is replaced in one step.

    Args:
        trial_folder: The folder of the trial.
        owner: The ID of the tuner that trains it.
        checkpoint: The file in which the weights of the best epoch belong.
    """

    def __init__(self, trial_folder: Path, owner: str, checkpoint: Path) -> None:
        """Names the files; nothing is read or written yet."""
        self.folder = trial_folder / FOLDERS.replace("*", owner)
        self._record = trial_folder / RECORD
        self.checkpoint = checkpoint

    def load(self, trial_id: str, values: dict[str, Any]) -> Progress:
        """Returns how far this trial has come, with these values, and puts its record back.

        A backup of another trial or of other values is removed, and so is one that can't be read.
        """
        anew = Progress(trial_id, json.loads(json.dumps(values)))  # as they are read back
        for others in self.folder.parent.glob(FOLDERS):
            # A chief gives a trial to another worker if the first one is silent. Should that one
            # be alive, it no longer finds what it had, and the two don't write to one folder.
            if not self.folder.exists():
                with contextlib.suppress(OSError):
                    others.rename(self.folder)
        try:
            found = json.loads(files.read_text(self.folder / STATE))
            found["finished"] = [Curve(**curve) for curve in found["finished"]]
            found["under_way"] = found["under_way"] and Curve(**found["under_way"])
            progress = Progress(**found)
        except (OSError, ValueError, TypeError, KeyError):
            progress = anew
        ours = (progress.trial_id, progress.values) == (anew.trial_id, anew.values)
        complete = progress.state is None or any((self.folder / progress.state).glob("*"))
        if not (progress.number and ours and complete):
            self.remove()
            return anew
        self._tidy(progress)
        if progress.record is not None:
            files.write_text(self._record, progress.record)
        return progress

    def save(self, progress: Progress) -> None:
        """Makes this the state from which the trial goes on."""
        if self._record.exists():
            progress.record = files.read_text(self._record)
        best = self.draft(progress)
        progress.best_weights = best.name if best.exists() else None
        progress.number += 1
        if progress.state is not None:
            for file in (self.folder / progress.state).iterdir():
                files.sync(file)
        # A metric may be a number of NumPy's.
        files.write_text(self.folder / STATE, json.dumps(asdict(progress), default=float))
        self._tidy(progress)

    def draft(self, progress: Progress) -> Path:
        """Returns where better weights wait for the next backup; they count from then on."""
        return self.folder / f"{BEST}{progress.number}.weights.h5"

    def settle(self, draft: Path) -> None:
        """Makes these weights the trial's checkpoint, if they exist."""
        if draft.exists():
            files.move(draft, self.checkpoint)

    def remove(self) -> None:
        """Removes the backup, if there is one."""
        remove_backup(self.folder.parent)

    def disown(self) -> None:
        """Removes the backup, and the record that it has put back."""
        self.remove()
        files.remove(self._record)

    def _tidy(self, progress: Progress) -> None:
        if progress.best_weights is not None:
            self.settle(self.folder / progress.best_weights)
        for path in self.folder.iterdir():
            if path.name not in (STATE, progress.state):
                with contextlib.suppress(OSError):  # next time, if somebody has it open
                    files.remove(path)


def remove_backup(trial_folder: Path) -> None:
    """Removes the backup in the folder of a trial, if there is one."""
    for folder in trial_folder.glob(FOLDERS):
        with contextlib.suppress(OSError):
            files.remove(folder)
