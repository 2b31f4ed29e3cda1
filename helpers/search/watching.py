"""Records the learning curves of a search, and shows how far it has come."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import keras
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

from helpers import display, files
from helpers.search.project import FINISHED, RECORD, read_record


def watch(tuner: BaseTuner) -> None:
    """Records the learning curves of `tuner.search` and shows how far it has come.

    Call it once, before `tuner.search(..., verbose=0)`. The recording survives a crash: it
    is written after every epoch, beside KerasTuner's own file of the trial. The display is
    one line in a notebook or a terminal; it stays silent where nobody watches: in a pipe,
    and under pytest.

    Args:
        tuner: Any KerasTuner tuner that has not begun to search. Its hooks
            (`on_trial_begin` and so on, see `keras_tuner.Tuner`) still run.
    """
    _Watch(tuner, display.progress_display())


class _Watch:
    """What happens at the hooks of a watched tuner."""

    def __init__(self, tuner: BaseTuner, show: Callable[[float, int | None, str], None]):
        self.tuner = tuner
        self.show = show
        self.began = self.trial_began = time.perf_counter()
        self.finished_here = 0
        self.finished_seconds = 0.0
        self.record: dict = {}
        for hook in ("on_search_begin", "on_trial_begin", "on_epoch_end", "on_trial_end"):
            if hasattr(tuner, hook):  # a tuner of scikit-learn's models knows no epochs
                setattr(tuner, hook, _in_turn(getattr(tuner, hook), getattr(self, hook)))

    def on_search_begin(self) -> None:
        self.began = time.perf_counter()
        self.finished_here = 0
        self.finished_seconds = 0.0

    def on_trial_begin(self, trial: Trial) -> None:
        self.trial_began = time.perf_counter()
        self.record = {"parameters": None, "seconds": None, "epochs": []}
        files.remove(self._file(trial))  # of the same trial, before a crash
        self._report("")

    def on_epoch_end(
        self, trial: Trial, model: keras.Model, epoch: int, logs: dict | None = None
    ) -> None:
        self._take_over(trial)
        epochs = self.record["epochs"]
        execution = epochs[-1]["execution"] if epochs else 1
        # With `executions_per_trial` the epochs of one trial begin again.
        if epochs and epoch + 1 <= epochs[-1]["epoch"]:
            execution += 1
        seconds = time.perf_counter() - self.trial_began
        logs = {name: float(value) for name, value in (logs or {}).items()}
        epochs.append({"execution": execution, "epoch": epoch + 1, "seconds": seconds, **logs})
        self.record["parameters"] = model.count_params()
        self._save(trial)
        self._report(f", epoch {epoch + 1}")

    def on_trial_end(self, trial: Trial) -> None:
        self._take_over(trial)
        if self.record["seconds"] is None:
            self.record["seconds"] = time.perf_counter() - self.trial_began
        self.record["message"] = trial.message
        self._save(trial)
        self.finished_here += 1
        self.finished_seconds = time.perf_counter() - self.began
        self._report("")

    def _take_over(self, trial: Trial) -> None:
        # Of a trial that was not trained here, by `reuse_trials`; or of its epochs before it was
        # interrupted, by `protect`.
        if not self.record["epochs"] and (before := read_record(self._file(trial))):
            self.record = before
            if before["epochs"]:
                self.trial_began -= before["epochs"][-1]["seconds"]

    def _save(self, trial: Trial) -> None:
        files.write_text(self._file(trial), json.dumps(self.record))

    def _file(self, trial: Trial) -> Path:
        return Path(self.tuner.get_trial_dir(trial.trial_id)) / RECORD

    def _report(self, epoch: str) -> None:
        total = getattr(self.tuner.oracle, "max_trials", None)
        trials = getattr(self.tuner.oracle, "trials", {}).values()
        finished = sum(trial.status in FINISHED for trial in trials) or self.finished_here
        running = any(trial.status == TrialStatus.RUNNING for trial in trials)
        words = [f"Trial {finished + running}" + (f" of {total}" if total else "") + epoch]
        if failed := sum(trial.status == TrialStatus.FAILED for trial in trials):
            words.append(f"{failed} failed")
        completed = [trial for trial in trials if trial.status == TrialStatus.COMPLETED]
        if completed:
            objective = self.tuner.oracle.objective
            best = self.tuner.oracle.get_best_trials(1)[0]
            words.append(f"best {objective.name} {best.score:.3f} (trial {best.trial_id})")
        seconds = time.perf_counter() - self.began
        words.append(f"{_clock(seconds)} gone")
        if total and 0 < self.finished_here and finished < total:
            # At the pace of the finished trials, less what the running one has had already.
            ahead = self.finished_seconds / self.finished_here * (total - finished)
            left = max(0.0, ahead - (seconds - self.finished_seconds))
            words.append(f"about {_clock(left)} left")
        self.show(finished, total, " | ".join(words))


def _in_turn(first: Callable, second: Callable) -> Callable:
    def both(*args, **kwargs):
        first(*args, **kwargs)
        second(*args, **kwargs)

    return both


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}"
