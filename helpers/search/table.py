"""A search as a table: its trials and their learning curves.

KerasTuner writes one `trial.json` per trial, with the last word on each metric but no learning
curve, no time and no parameter count. `watch` adds these, in a `record.json` beside it. The
functions here read both, from a tuner in memory or from its project directory.
"""

import os

import pandas as pd
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import TrialStatus

from helpers.search.project import ProjectError, trials_of

UNREADABLE = "UNREADABLE"
COLUMNS = ["status", "score", "rank", "seconds", "parameters", "epochs", "message"]


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
        and `epochs` are there if `watch` recorded them; the last two only where Keras' `fit`
        reported its epochs. Its `attrs["direction"]` says whether
        higher scores are better (`max`) or lower ones (`min`).

    Raises:
        ProjectError: The folder does not exist or holds no trials.
    """
    rows = []
    for trial_id, trial, record in trials_of(search):
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
            # What a worker sends to its chief has no room for the message.
            message = trial.message or record.get("message")
            facts = {"status": trial.status, "score": score, "message": _cause(message)}
        recorded = {name: record.get(name) for name in ("seconds", "parameters")}
        epochs = len(record.get("epochs", []))
        if epochs or (record and facts["status"] != TrialStatus.COMPLETED):
            recorded["epochs"] = epochs
        rows.append((trial_id, values, facts | recorded))
    names = list(dict.fromkeys(name for _, values, _ in rows for name in values))
    index = pd.Index([trial_id for trial_id, _, _ in rows], name="trial")
    # Nullable types: a missing width must not turn the others into 64.0.
    table = pd.DataFrame([values for _, values, _ in rows], index=index, columns=names)
    table = table.convert_dtypes()
    facts = pd.DataFrame([facts for _, _, facts in rows], index=index, columns=COLUMNS)
    direction = _direction(search)
    score = facts["score"].astype("float64")
    facts["rank"] = score.rank(method="first", ascending=direction == "min").astype("Int64")
    facts = facts.astype({"seconds": "float64", "parameters": "Int64", "epochs": "Int64"})
    # A hyperparameter may have the name of one of our own columns; neither may hide the other.
    table = table.rename(columns={name: f"{name} (value)" for name in names if name in facts})
    table = table.join(facts)
    table.attrs["direction"] = direction
    return table


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
    records = [(trial_id, record) for trial_id, _, record in trials_of(search) if record]
    rows = [
        {"trial": trial_id, **epoch} for trial_id, record in records for epoch in record["epochs"]
    ]
    if records and not rows:
        raise ProjectError(
            "This search has no learning curves: its trials have reported no epoch. They do that "
            "where Keras' fit trains, with the callbacks that KerasTuner passes to it."
        )
    if not rows:
        raise ProjectError(
            "This search has no learning curves: KerasTuner keeps none. "
            "Call watch(tuner) before tuner.search(...), and search again."
        )
    return pd.DataFrame(rows)


def _direction(search: BaseTuner | str | os.PathLike) -> str:
    """Returns `max` or `min`: which scores are better."""
    objective = getattr(getattr(search, "oracle", None), "objective", None)
    if objective is not None:
        return objective.direction
    # No file says what the objective was. The score is a copy of its value, so the metrics
    # that equal the score in every trial are the candidates.
    completed = [
        trial
        for _, trial, _ in trials_of(search)
        if trial and trial.status == TrialStatus.COMPLETED
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
