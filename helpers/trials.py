"""A search as a table: its trials, their learning curves, and how far it has come.

KerasTuner writes one `trial.json` per trial, with the last word on each metric but no
learning curve, no time and no parameter count. `watch` adds these, in a `record.json`
beside it, and shows the progress of the search. `trials_table` and `learning_curves` read
both, from a tuner in memory or from its project directory.
"""

import html
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import pandas as pd
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

RECORD = "record.json"
FINISHED = (TrialStatus.COMPLETED, TrialStatus.FAILED)
UNREADABLE = "UNREADABLE"
COLUMNS = ["status", "score", "rank", "seconds", "parameters", "epochs", "message"]


class ProjectError(ValueError):
    """A folder is not the project directory of a search, or lacks what was asked for."""


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
    _Watch(tuner, _progress_display())


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
            setattr(tuner, hook, _in_turn(getattr(tuner, hook), getattr(self, hook)))

    def on_search_begin(self) -> None:
        self.began = time.perf_counter()
        self.finished_here = 0
        self.finished_seconds = 0.0

    def on_trial_begin(self, trial: Trial) -> None:
        self.trial_began = time.perf_counter()
        self.record = {"parameters": None, "seconds": None, "epochs": []}
        self._file(trial).unlink(missing_ok=True)  # of the same trial, before a crash
        self._report("")

    def on_epoch_end(
        self, trial: Trial, model: keras.Model, epoch: int, logs: dict | None = None
    ) -> None:
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
        self.record["seconds"] = time.perf_counter() - self.trial_began
        # `reuse_trials` has brought the record of a trial that was not trained here.
        if self.record["epochs"] or not self._file(trial).exists():
            self._save(trial)
        self.finished_here += 1
        self.finished_seconds = time.perf_counter() - self.began
        self._report("")

    def _save(self, trial: Trial) -> None:
        write_whole(self._file(trial), json.dumps(self.record))

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


def _progress_display() -> Callable[[float, int | None, str], None]:
    """Returns a function (finished, total or None, text) that shows them to who watches."""
    # pytest sets this variable, also for the notebooks that nbval runs; a display that
    # changes with time has no place in an output that is compared.
    if "PYTEST_VERSION" in os.environ:
        return lambda finished, total, text: None
    if "ipykernel" in sys.modules:
        from IPython.display import display

        # `tools/notebooks.py` knows the display by this mark and keeps it out of git.
        mark = {"course": "progress"}
        handle = None

        def show_in_notebook(finished: float, total: int | None, text: str) -> None:
            nonlocal handle
            bar = f'<progress value="{finished}" max="{total}"></progress> ' if total else ""
            data = {"text/html": bar + html.escape(text), "text/plain": text}
            if handle is None:
                handle = display(data, raw=True, metadata=mark, display_id=True)
            else:
                handle.update(data, raw=True, metadata=mark)

        return show_in_notebook
    if sys.stdout.isatty():
        clear_line = "\r\033[K"
        return lambda finished, total, text: print(
            clear_line + text, end="\n" if finished == total else "", flush=True
        )
    return lambda finished, total, text: None


def trials_table(search: BaseTuner | str | os.PathLike) -> pd.DataFrame:
    """Returns the trials of a search, one row each, in the order in which they were drawn.

    Args:
        search: A tuner, or the project directory of one (`directory/project_name`), also
            of one that is still searching or was killed.

    Returns:
        A table indexed by the trial's number, with one column per hyperparameter (empty
        where a condition made it inactive) and then
        `status` (`COMPLETED`, `FAILED`, `RUNNING`, ... or `UNREADABLE` for a trial whose
        file a crash cut short), `score` (of the objective; NaN without one), `rank` (1 is
        the best score), `seconds` (of the trial), `parameters` (of its model), `epochs`
        (over all executions) and `message` (why the trial failed). `seconds`, `parameters`
        and `epochs` are there if `watch` recorded them.

    Raises:
        ProjectError: The folder does not exist or holds no trials.
    """
    rows = []
    for trial_id, trial, record in _trials(search):
        values, facts = {}, {"status": UNREADABLE, "score": float("nan"), "message": ""}
        if trial is not None:
            hyperparameters = trial.hyperparameters
            values = {
                name: value
                for name, value in hyperparameters.values.items()
                if hyperparameters.is_active(name)
            }
            # A running or failed trial has no score yet.
            score = float("nan") if trial.score is None else float(trial.score)
            facts = {"status": trial.status, "score": score, "message": _cause(trial.message)}
        recorded = {
            "seconds": record.get("seconds"),
            "parameters": record.get("parameters"),
            "epochs": len(record["epochs"]) if record else None,
        }
        rows.append((trial_id, values, facts | recorded))
    names = list(dict.fromkeys(name for _, values, _ in rows for name in values))
    index = pd.Index([trial_id for trial_id, _, _ in rows], name="trial")
    # Nullable types: a missing width must not turn the others into 64.0.
    table = pd.DataFrame([values for _, values, _ in rows], index=index, columns=names)
    table = table.convert_dtypes()
    facts = pd.DataFrame([facts for _, _, facts in rows], index=index, columns=COLUMNS)
    ascending = _direction(search) == "min"
    score = facts["score"].astype("float64")
    facts["rank"] = score.rank(method="first", ascending=ascending).astype("Int64")
    facts = facts.astype({"seconds": "float64", "parameters": "Int64", "epochs": "Int64"})
    # A hyperparameter may have the name of one of our own columns; neither may hide the other.
    table = table.rename(columns={name: f"{name} (value)" for name in names if name in facts})
    return table.join(facts)


def learning_curves(search: BaseTuner | str | os.PathLike) -> pd.DataFrame:
    """Returns what `watch` recorded, one row per trial, execution and epoch.

    Args:
        search: A tuner, or the project directory of one.

    Returns:
        A table with the columns `trial`, `execution` and `epoch` (both from 1), `seconds`
        (since the trial began) and one for every metric that `fit` reported.

    Raises:
        ProjectError: The folder is not a project directory, or nothing was recorded.
    """
    rows = [
        {"trial": trial_id, **epoch}
        for trial_id, _, record in _trials(search)
        for epoch in record.get("epochs", [])
    ]
    if not rows:
        raise ProjectError(
            "This search has no learning curves: KerasTuner keeps none. "
            "Call watch(tuner) before tuner.search(...), and search again."
        )
    return pd.DataFrame(rows)


def write_whole(file: Path, text: str) -> None:
    """Replaces a file in one step: a crash leaves the old one or the new one, never a half."""
    temporary = file.with_suffix(".tmp")
    try:
        with open(temporary, "w") as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())  # or a power cut could leave the new name without the text
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)  # there still, if the disk is full


def _project_dir(search: BaseTuner | str | os.PathLike) -> Path:
    return Path(search.project_dir if isinstance(search, BaseTuner) else search)


def _trials(search: BaseTuner | str | os.PathLike) -> list[tuple[int | str, Trial | None, dict]]:
    """Returns (number, trial, record) of every trial; None for a trial that can't be read."""
    folder = _project_dir(search)
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
            _read_record(folder / f"trial_{trial_id}" / RECORD),
        )
        for trial_id, trial in found.items()
    ]
    # By number: KerasTuner writes 6 or 06, depending on how many trials the search was to have.
    return sorted(numbered, key=lambda entry: (isinstance(entry[0], str), entry[0]))


def read_trial(file: Path) -> Trial | None:
    """Returns the trial that a `trial.json` holds, or None if a crash cut the file short."""
    try:
        return Trial.load(str(file))
    # KerasTuner writes these files in place, so that a crash can leave half of one.
    except (json.JSONDecodeError, KeyError, UnicodeDecodeError):
        return None


def _read_record(file: Path) -> dict:
    return json.loads(file.read_text()) if file.is_file() else {}


def _direction(search: BaseTuner | str | os.PathLike) -> str:
    """Returns `max` or `min`: which scores are better."""
    objective = getattr(getattr(search, "oracle", None), "objective", None)
    if objective is not None:
        return objective.direction
    # No file says what the objective was. The score is a copy of its value, so the metrics
    # that equal the score in every trial are the candidates.
    completed = [
        trial for _, trial, _ in _trials(search) if trial and trial.status == TrialStatus.COMPLETED
    ]
    directions = {
        history.direction
        for name, history in (completed[0].metrics.metrics.items() if completed else ())
        if all(trial.metrics.get_best_value(name) == trial.score for trial in completed)
    }
    return "min" if directions == {"min"} else "max"


def _cause(message: str | None) -> str:
    """Returns the line of a traceback that says what went wrong, or an empty string."""
    lines = [line for line in (message or "").splitlines() if line.strip()]
    last_frame = max((i for i, line in enumerate(lines) if line.startswith("  File ")), default=-1)
    outside = [line for line in lines[last_frame + 1 :] if not line.startswith(" ")]
    return outside[0] if outside else ""
