"""Notebook 10: wrong answers to its exercises, each with words of the sentence that refuses it."""

import math
import tempfile
from pathlib import Path
from typing import Any

from tests.support.notebook_cells import run_cells

NOTEBOOK = "10_run_for_hours"
FOLDER = tempfile.TemporaryDirectory(prefix="wrong-answers-", ignore_cleanup_errors=True)


def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them."""
    import keras
    import keras_tuner
    from sklearn.datasets import load_digits

    from helpers import trials_table

    x, y = load_digits(return_X_y=True)
    known = {
        "keras": keras,
        "keras_tuner": keras_tuner,
        "trials_table": trials_table,
        "where": {"directory": Path(FOLDER.name), "overwrite": True},
        "x_train": x[:200],
        "y_train": y[:200],
        "settings": {"validation_data": (x[200:400], y[200:400]), "batch_size": 200, "verbose": 0},
        "AnswerB": lambda: Raise(lambda loss: ...),  # its cell calls the check, too
    }
    cells = ("def search(tuner", "def build_diverging", "def diverge(", "def raised(")
    return run_cells(NOTEBOOK, *cells, **known)


def hours(trials, share, minutes, retries):
    return trials * share * retries * minutes / 60


class Raise:
    """A callback, from what it does at a loss. It is not Keras' class, to import this quickly."""

    def __init__(self, at_loss):
        self.at_loss = at_loss

    def __getattr__(self, name):
        if name.startswith(("on_", "set_")):
            return lambda *args, **kwargs: None
        raise AttributeError(name)

    def on_train_batch_end(self, batch, logs=None):
        return self.at_loss(logs["loss"])


def error(name="FailedTrialError"):
    import keras_tuner

    return ValueError if name == "ValueError" else getattr(keras_tuner.errors, name)


def at_nan(name, test=math.isnan):
    """Returns what raises an error of this name where `test` holds for the loss."""

    def act(loss):
        if test(loss):
            raise error(name)("the loss is NaN")

    return act


def epochs(next_epoch, ends=True, order=str):
    """Returns an answer to exercise C, from what it makes of the epochs that a trial began."""

    def answer(notes):
        begun = {}
        for event, trial in (note.split() for note in notes):
            if event == "end":
                if ends:
                    begun.pop(trial)
                continue
            begun.setdefault(trial, [])
            if event.startswith("epoch"):
                begun[trial].append(int(event[5:]))
        return {order(trial): next_epoch(found) for trial, found in begun.items()}

    return answer


WRONG = {
    "a": [
        (lambda t, s, m, r: t * m * (1 + s * r) / 60, "0 retries: 0 hours more, not 20"),
        (lambda t, s, m, r: t * s * r * m, "They are minutes: divide"),
        (lambda t, s, m, r: t * s * (r + 1) * m / 60, "0 retries: 0 hours more, not 2"),
        (lambda t, s, m, r: t * r * m / 60, "2 retries: 4 hours more, not 40"),
        (lambda t, s, m, r: t * s * (r > 0) * m / 60, "2 retries: 4 hours more, not 2"),
        (lambda t, s, m, r: None, "The function should return the hours, but returns None"),
    ],
    "b": [
        (lambda loss: None, "When the loss of a batch is NaN, on_train_batch_end has to raise"),
        (at_nan("FailedTrialError", lambda loss: loss == math.nan), "has to raise"),
        (at_nan("ValueError"), "without a retry: you raise a ValueError"),
        (at_nan("FatalError"), "without a retry: you raise a FatalError"),
        (at_nan("FailedTrialError", lambda loss: True), "A loss of 1.5 is no reason to raise"),
        (
            at_nan("FailedTrialError", lambda loss: not loss < 2),
            "In a search, the trials should not be ['FAILED', 'FAILED']",
        ),
    ],
    "c": [
        (epochs(lambda found: max(found, default=0) + 1), "no epoch of 1 or 10 is finished"),
        (epochs(len), "no epoch of 1 or 10 is finished"),
        (
            epochs(lambda found: max(found, default=1), ends=False),
            "{'0': 2, '1': 1, '10': 1} should",
        ),
        (epochs(lambda found: max(found, default=1), order=int), "{1: 1, 10: 1} should be {'1': 1"),
        (epochs(lambda found: 1), "an epoch under way is repeated"),
        (epochs(lambda found: len(found) or 1), "1 had gone on"),
    ],
}
WRONG["b"] = [(Raise(act), words) for act, words in WRONG["b"]]

RIGHT = {
    "a": [hours, lambda t, s, m, r: sum(t * s * m for _ in range(r)) / 60],
    "b": [Raise(at_nan("FailedTrialError", lambda loss: loss != loss))],
    "c": [epochs(lambda found: max(found, default=1))],
}
