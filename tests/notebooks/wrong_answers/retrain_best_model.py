"""Notebook 05: wrong answers to its exercises, each with words of the sentence that refuses it."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

NOTEBOOK = "05_retrain_best_model"
CHANCES = np.random.default_rng(2).random((20, 10))  # what the model predicts for twenty images


def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them: here, a made-up model."""
    model = SimpleNamespace(predict=lambda images, verbose: CHANCES)
    return {"np": np, "os": os, "x_val": np.zeros((30, 2)), "path": Path("model"), "model": model}


def name_of(best):
    """Returns an answer that names the class whose number `best` finds in the confusion matrix."""
    from helpers.data import CLASS_NAMES

    return lambda confusion: CLASS_NAMES[int(best(confusion))]


def shares(confusion, axis=1):
    return confusion.diagonal() / confusion.sum(axis=axis)


def by_hand(confusion):
    return max(range(10), key=lambda label: confusion[label, label] / sum(confusion[label]))


def step(**wrong):
    return {"A": "fewer epochs", "B": "other model", "C": "more epochs", **wrong}


def says(classes, process=1):
    """Returns an answer: what a process with that number is said to have printed."""
    return lambda model_file, images_file: (process, classes)


RISES = "A: the validation loss rises while the training loss falls."
RESTS = "B: both losses rest, and even the training images are too hard."
FALLS = "C: both losses are still on their way down."

WRONG = {
    "a": [
        (name_of(lambda confusion: confusion.diagonal().argmax()), "also by far the most images"),
        (
            name_of(lambda confusion: shares(confusion, axis=0).argmax()),
            "you have looked at the columns",
        ),
        (lambda confusion: shares(confusion).argmax(), "Return a name from CLASS_NAMES, not"),
        (name_of(lambda confusion: shares(confusion).argmin()), "it is the horse, not"),
    ],
    "b": [
        (step(A="more epochs"), RISES),
        (step(A="other model"), RISES),
        (step(B="more epochs"), RESTS),
        (step(B="fewer epochs"), RESTS),
        (step(C="fewer epochs"), FALLS),
        (step(C="other model"), FALLS),
        (step(A="more epochs", C="fewer epochs"), f"{RISES} {FALLS}"),
    ],
    "c": [
        (says(CHANCES.argmax(axis=1), process=os.getpid()), "not a fresh one"),
        (says(CHANCES), "not the shape (20, 10)"),  # probabilities instead of classes
        (says(3), "not the shape ()"),
        (says(CHANCES.argmax(axis=0)), "shape (10,)"),  # the maximum over the images
        (says(CHANCES[::-1].argmax(axis=1)), "predicts other classes"),
    ],
}

RIGHT = {
    "a": [name_of(by_hand)],
    "b": [step()],
    "c": [says(CHANCES.argmax(axis=1)), says(CHANCES.argmax(axis=1).tolist(), process=2)],
}
