"""Writes the file in which a student hands in one search. `handed_in` reads it."""

import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers import files
from helpers.bank.handed_in import FORMAT, LONGEST_NAME, VERSION, PoolError, is_name

if TYPE_CHECKING:
    import keras_tuner

ENDED = ("COMPLETED", "FAILED", "INVALID")


def own_seed(student: str) -> int:
    """Returns a seed for this student's search, from 1 to 2**32 - 1.

    Consecutive numbers are not independent seeds: KerasTuner draws nearly the same trials from
    them. The seeds that `numpy.random.SeedSequence` makes from names are unrelated.
    """
    return max(1, int(np.random.SeedSequence([*student.strip().encode()]).generate_state(1)[0]))


def hand_in(
    tuner: "keras_tuner.Tuner", student: str, folder: str | os.PathLike = "searches"
) -> Path:
    """Writes a finished search to a small file for the student to hand in.

    Args:
        tuner: A tuner that has searched: its trials were trained, or looked up in a bank.
        student: A name for the file and for the figure. A nickname will do.
        folder: Where to write the file. The folder is created if it does not exist.

    Returns:
        The file, `search-NAME.json`.

    Raises:
        PoolError: The search has not begun or not ended, no trial has a score, or the name can't
            be used in a file name.
    """
    slug = re.sub(r"\W+", "-", student).strip("-_")
    if not slug or not is_name(student):
        raise PoolError(
            f"{student!r} is no name: it needs a letter or a digit, and {LONGEST_NAME} characters "
            "or fewer on one line."
        )
    oracle = tuner.oracle
    trials = list(getattr(oracle, "trials", {}).values())
    if running := [trial.trial_id for trial in trials if trial.status not in ENDED]:
        raise PoolError(f"Trial {', '.join(running)} has not ended: finish the search first.")
    if all(trial.score is None for trial in trials):
        raise PoolError("No trial has a score: hand the search in when it has ended.")
    content = {
        "format": FORMAT,
        "version": VERSION,
        "student": student.strip(),
        "seed": int(oracle.seed),
        "strategy": type(tuner).__name__.removeprefix("Replayed"),
        "objective": oracle.objective.name,
        "direction": oracle.objective.direction,
        "space": {hp.name: hp.get_config() for hp in oracle.get_space().space},
        "trials": [
            {"values": _own_values(trial.hyperparameters.values), "score": _finite(trial.score)}
            for trial in trials
        ],
    }
    file = Path(folder) / f"search-{slug}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(file, json.dumps(content, indent=1, default=lambda one: one.item()) + "\n")
    return file


def _own_values(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of a trial without Hyperband's records."""
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}


def _finite(score: Any) -> float | None:
    return float(score) if score is not None and math.isfinite(score) else None
