"""How models are compiled, decided in one place."""

import functools
import platform
from collections.abc import Callable

import keras
import keras_tuner

from helpers.budget import Budget

Builder = Callable[[keras_tuner.HyperParameters], keras.Model]


def speed_up(build: Builder, budget: Budget) -> Builder:
    """Returns a builder of the same models, compiled with XLA where that makes a search shorter.

    On a CPU, Keras' default ("auto") leaves XLA off, although it makes an epoch of the lecture's
    MLP about a third shorter (`benchmarks/lecture_search.py` measures it). It is left off at the
    `quick` budget, whose trainings end before the compilation has paid off. It makes
    convolutions slower, so don't pass a builder of networks that have them.

    Args:
        build: A model builder, as a tuner takes it. Its models are compiled, and their layers
            are Dense.
        budget: How long the models will be trained.

    Returns:
        A builder that a tuner takes in place of `build`.
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
    """Returns whether XLA makes Dense layers faster: on a CPU that it can compile for."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return platform.system() != "Darwin"  # Apple's Metal can't
    # Not every build of TensorFlow has XLA's CPU compiler, and none says so beforehand.
    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(0))
    except tf.errors.OpError:
        return False
    return True
