"""Notebook 03: wrong answers to its exercises, each with words of the sentence that refuses it."""

from math import e, log
from typing import Any

import numpy as np

NOTEBOOK = "03_build_model"


def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them: here, random images."""
    import keras
    import keras_tuner

    rng = np.random.default_rng(0)
    x_val = rng.integers(256, size=(1024, 32, 32, 3), dtype=np.uint8)
    y_val = keras.utils.to_categorical(rng.integers(10, size=1024), num_classes=10)
    return {"keras": keras, "keras_tuner": keras_tuner, "x_val": x_val, "y_val": y_val}


def builder(
    dropout=None, *, scale=1 / 255, width=None, softmax="softmax", returned=True, compiled=True
):
    """Returns a builder of the notebook's model with some of it left out or done otherwise."""

    def build(hp):
        import keras

        asked = hp.Int("num_hidden", min_value=50, max_value=1000, step=50)
        model = keras.Sequential([keras.Input(shape=(32, 32, 3), dtype="uint8")])
        model.add(keras.layers.Rescaling(scale))
        model.add(keras.layers.Flatten())
        model.add(keras.layers.Dense(width or asked, activation="relu"))
        if dropout:
            model.add(keras.layers.Dropout(dropout(hp)))
        model.add(keras.layers.Dense(10, activation=softmax))
        if compiled:
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["acc"])
        return model if returned else None

    return build


def rate(low=0.0, high=0.5, step=0.125):
    return lambda hp: hp.Float("dropout", low, high, step=step)


WRONG = {
    "a": [
        (308_310, "That is one hidden layer"),
        (318_200, "Each unit has a bias"),
        (3072 * 100 + 100 + 3072 * 100 + 100 + 100 * 10 + 10, "looks at the 100 units"),
        (154_160, "for each of the three dense layers"),
        (210, "for each of the three dense layers"),
    ],
    "b": [
        (builder(), "Expected one Dropout layer"),
        (builder(lambda hp: 0.5), "Expected one Dropout layer with the rate from hp, got [0.5]"),
        (builder(rate(), width=50), "With num_hidden=100 it should have 308,310 parameters"),
        (builder(rate(step=0.1)), "The dropout draws [0.0, 0.1, 0.2, 0.3"),
        (builder(rate(step=None)), "The dropout draws"),
        (builder(rate(high=0.375)), "The dropout draws [0.0, 0.125, 0.25, 0.375]"),
        (builder(rate(low=0.125)), "The dropout draws [0.125, 0.25, 0.375, 0.5]"),
    ],
    "c": [
        (log(10), "That is the loss for ten classes"),
        (2, "the logarithm to the base 10"),
        (6.6, "the logarithm to the base 2"),
        (0.01, "the probability of each class"),
        (9.8, "The natural logarithm of the number of classes"),
        (log(100) / e, "The natural logarithm of the number of classes"),
    ],
    "d": [
        (builder(returned=False), "It returns no compiled model"),
        (builder(width=100), "The width from hp does not reach the layer"),
        (builder(softmax=None), "Not probabilities"),
        (builder(softmax="sigmoid"), "Not probabilities"),
        (builder(scale=1), "The first loss is"),
        (builder(compiled=False), "It returns no compiled model"),
    ],
}

RIGHT = {
    "a": [318_410],
    "b": [builder(rate()), builder(rate(), compiled=False)],
    "c": [4.6, log(100)],
    "d": [builder()],
}
