"""What a model builder declares, for a test to read."""

from collections.abc import Callable

import keras
import keras_tuner
from keras_tuner.engine.hyperparameters import HyperParameter


def declared(
    build: Callable[[keras_tuner.HyperParameters], keras.Model],
) -> dict[str, HyperParameter]:
    """Returns the hyperparameters that a builder declares, by name."""
    hp = keras_tuner.HyperParameters()
    build(hp)
    return {one.name: one for one in hp.space}


def drawn(hp: HyperParameter) -> set:
    """Returns every value that a hyperparameter draws."""
    return {hp.random_sample(seed) for seed in range(1, 1000)}
