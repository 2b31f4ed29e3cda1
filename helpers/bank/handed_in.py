"""Reads the file in which a student hands in one search.

The file is JSON: `format` (FORMAT), `version` (VERSION), `student`, `seed`, `strategy` (the
tuner's class), `objective` and `direction` (`max` or `min`), `space` (for each hyperparameter, by
name, its KerasTuner configuration) and `trials`, in order, each with its `values` and its `score`,
which is null if the trial failed.
"""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers import files

FORMAT, VERSION = "search of a class study", 1
LONGEST_NAME = 60  # characters
LARGEST = 1_000_000  # bytes; a search of a thousand trials is smaller


class PoolError(ValueError):
    """A search can't be handed in, a file does not hold one, or there is nothing to pool."""


@dataclass(frozen=True)
class Study:
    """What must be the same for searches to be comparable.

    Attributes:
        strategy: The class of the tuner.
        objective: The name of the objective.
        direction: `max` or `min`.
        space: The space, as text that is equal for equal spaces.
        trials: The number of trials.
    """

    strategy: str
    objective: str
    direction: str
    space: str
    trials: int


@dataclass(frozen=True)
class Search:
    """One search that was handed in.

    Attributes:
        student: Whatever name the student chose.
        seed: The seed of the tuner.
        study: The study that it belongs to, within which it can be compared.
        trials: The values of each trial, as text that is equal for equal values.
        scores: The score of each trial, in the same order; NaN if it failed. Shape (trials,).
    """

    student: str
    seed: int
    study: Study
    trials: tuple[str, ...]
    scores: np.ndarray

    @property
    def best(self) -> float:
        """The best score, given the direction of the objective."""
        return float(np.nanmax(self.scores) if self.rises else np.nanmin(self.scores))

    @property
    def rises(self) -> bool:
        """Whether higher scores are better."""
        return self.study.direction == "max"


def read_search(file: str | os.PathLike) -> Search:
    """Reads one search that was handed in.

    Raises:
        PoolError: The file is of another kind, or damaged. The message says what is wrong.
    """
    content = _content(Path(file))
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise PoolError("it is not a search that `hand_in` wrote")
    if content.get("version") != VERSION:
        raise PoolError(f"it is of version {content.get('version')}, and this is {VERSION}")
    trials: Any = content.get("trials")
    usable = {
        **{name: is_name(content.get(name)) for name in ("student", "strategy", "objective")},
        "seed": isinstance(content.get("seed"), int),
        "direction": content.get("direction") in ("max", "min"),
        "space": isinstance(content.get("space"), dict),
        "trials": isinstance(trials, list) and all(map(_is_trial, trials)),
    }
    if faulty := [name for name, is_usable in usable.items() if not is_usable]:
        raise PoolError(f"it is damaged: there is no usable {', '.join(faulty)}")
    scores = np.array([trial["score"] for trial in trials], np.float64)  # null becomes NaN
    if not np.isfinite(scores).any():
        raise PoolError("none of its trials has a score")
    values = tuple(json.dumps(trial["values"], sort_keys=True) for trial in trials)
    space = json.dumps(content["space"], sort_keys=True)
    same = (content["strategy"], content["objective"], content["direction"], space, len(trials))
    return Search(content["student"].strip(), content["seed"], Study(*same), values, scores)


def _content(file: Path) -> Any:
    try:
        if file.stat().st_size > LARGEST:
            raise PoolError("it is far too large for a search")
        return json.loads(files.read_text(file).removeprefix("\ufeff"))  # some editors write it
    except OSError as error:
        raise PoolError(f"it can't be read: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        if file.suffix == ".json":
            raise PoolError(f"it is damaged or cut short (line {error.lineno})") from None
        raise PoolError("it is not a search that `hand_in` wrote") from None
    except UnicodeDecodeError:
        raise PoolError("it is no text") from None
    except (RecursionError, OverflowError):
        raise PoolError("it is not a search that `hand_in` wrote") from None


def is_name(text: object) -> bool:
    """Returns whether this can be shown as a name on one line."""
    # Text that a terminal would take for a command is not a name.
    return isinstance(text, str) and 0 < len(text.strip()) <= LONGEST_NAME and text.isprintable()


def _is_trial(trial: object) -> bool:
    if not isinstance(trial, dict) or not isinstance(trial.get("values"), dict):
        return False
    score = trial.get("score", "missing")
    # It must be a float, as `hand_in` writes it: a whole number can be larger than any float.
    return score is None or isinstance(score, float) and math.isfinite(score)
