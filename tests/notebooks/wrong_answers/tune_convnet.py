"""Notebook 09: wrong answers to its exercises, each with words of the sentence that refuses it."""

from functools import cache
from typing import Any

from tests.support.notebook_cells import run_cells

NOTEBOOK = "09_tune_convnet"


@cache
def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them."""
    import keras
    import keras_tuner
    import numpy as np
    import pandas as pd

    modules = {"keras": keras, "keras_tuner": keras_tuner, "np": np, "pd": pd}
    cells = ("def hyperband_rounds(", "def examined(", "def moved_by(")
    return run_cells(NOTEBOOK, *cells, **modules)


def steady(depth):
    """Forgets that a step is twice as long after each pooling."""
    return 1 + 3 * depth


def augmentation(
    *,
    low: float = 0.05,
    high: float = 0.2,
    step: float | None = 0.05,
    condition: bool | None = True,
    only_if_true: bool = False,
    flip: bool = True,
    up: bool = True,
    across: bool = True,
    use: bool = True,
):
    """Returns an `augmentation`: the right one, or one with a mistake in it."""

    def build(hp):
        import keras

        augment = hp.Boolean("augment")
        if only_if_true and not augment:
            return []
        if condition is None:
            shift = hp.Float("shift", low, high, step=step)
        else:
            with hp.conditional_scope("augment", condition):
                shift = hp.Float("shift", low, high, step=step)
        if not augment:
            return []
        far = shift if use else 0.1
        moves = keras.layers.RandomTranslation(
            far if up else 0.0, far if across else 0.0, fill_mode="nearest"
        )
        return [keras.layers.RandomFlip("horizontal"), moves] if flip else [moves]

    return build


def without_a_list(hp):
    layers = augmentation()(hp)
    return layers[-1] if layers else None


def in_another_order(hp):
    # The layers in the other order, which makes no difference.
    import keras

    hp.Boolean("augment")
    with hp.conditional_scope("augment", [True]):
        far = hp.Float("shift", 0.05, 0.2, step=0.05)
    moves = keras.layers.RandomTranslation(far, far) if hp.get("augment") else None
    return [moves, keras.layers.RandomFlip("horizontal")] if moves else []


WRONG = {
    "a": [
        (lambda depth: 3 * depth, "After one block a value sees 4 pixels, not 3"),
        (lambda depth: 4 * 2 ** (depth - 1), "Don't just double it"),
        (steady, "a step is two pixels long"),
        (lambda depth: 4**depth, "After two blocks a value sees 10 pixels, not 16"),
        (lambda depth: 6 * depth - 2, "it should see 22 and 46 pixels"),
        (lambda depth: min(3 * 2**depth - 2, 32), "22 and 46 pixels, not [22, 32]"),
    ],
    "b": [
        (70, "That is the number of trials"),
        (450, "A continued trial does not repeat its first epochs"),
        (630, "That is with a factor of 2"),
        (108, "Add up trials times new epochs over all rounds: not 108"),
        (49 * 27, "Add up trials times new epochs over all rounds"),
    ],
    "c": [
        (augmentation(only_if_true=True), "Enter the scope in every call"),
        (lambda hp: [] if not hp.Boolean("augment") else [], "Enter the scope in every call"),
        (augmentation(condition=None), "should be active only where"),
        (augmentation(condition=False), "should be active only where"),
        # By rounding, KerasTuner misses this maximum.
        (augmentation(high=0.15), "`shift` draws [0.05, 0.1], which is another range"),
        (augmentation(low=0.0), "`shift` draws [0.0, 0.05"),
        (augmentation(step=0.01), "which is another range"),
        (augmentation(step=None), "which is another range"),
        (augmentation(flip=False), "keep the mirroring"),
        (augmentation(use=False), "Both directions should move the image by `shift`"),
        (augmentation(up=False), "Both directions should move the image by `shift`"),
        (augmentation(across=False), "Both directions should move the image by `shift`"),
        (without_a_list, "Without augmentation, return an empty list"),
    ],
}

RIGHT = {
    "a": [lambda depth: 3 * 2**depth - 2],
    "b": [375.0],
    "c": [augmentation(), in_another_order],
}
