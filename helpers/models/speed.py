"""Decides in one place how models are compiled."""

import functools
import platform
from collections.abc import Callable

import keras
import keras_tuner

from helpers.budget import Budget

Builder = Callable[[keras_tuner.HyperParameters], keras.Model]


def speed_up(build: Builder, budget: Budget) -> Builder:
    """Returns a builder of the same models, compiled with XLA where that makes a search shorter.

    On a CPU, Keras' default ("auto") leaves XLA off, although XLA makes an epoch of the lecture's
    MLP about a third shorter (`benchmarks/lecture_search.py` measures this). It stays off at the
    `quick` budget, whose trainings end before the compilation has paid off. It makes convolutions
    slower, so don't pass a builder of networks that have them.

    With JAX, Keras always compiles with XLA, and there is nothing to set.

    Args:
        build: A model builder that a tuner can call. Its models are compiled, and their layers
            are Dense.
        budget: How long the models will be trained.

    Returns:
        A builder to give to a tuner instead of `build`.
    """

    @functools.wraps(build)
    def build_and_set(hp: keras_tuner.HyperParameters) -> keras.Model:
        model = build(hp)
        if budget.name != "quick" and keras.backend.backend() == "tensorflow":
            model.jit_compile = _xla_pays()
        return model

    return build_and_set


@functools.cache
def _xla_pays() -> bool:
    """Returns whether XLA makes Dense layers faster, given the device that it would compile for."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return platform.system() != "Darwin"  # Apple's Metal doesn't support XLA
    # Not every build of TensorFlow has XLA's CPU compiler, and none says so beforehand.
    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(0))
    except tf.errors.OpError:
        return False
    return True
