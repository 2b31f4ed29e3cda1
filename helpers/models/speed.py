"""Decides in one place how models are compiled and how arrays reach them."""

import functools
import inspect
import platform
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import keras
import keras_tuner
import numpy as np

from helpers.budget import Budget

if TYPE_CHECKING:
    import tensorflow as tf

Builder = Callable[[keras_tuner.HyperParameters], keras.Model]

STEPS_PER_CALL = 32  # more make an epoch hardly any shorter
# `fit` with any other argument is left to Keras.
UNDERSTOOD = {
    *("x", "y", "batch_size", "epochs", "initial_epoch", "verbose", "callbacks"),
    *("validation_data", "validation_freq", "shuffle", "class_weight"),
}


def speed_up(build: Builder, budget: Budget) -> Builder:
    """Returns a builder of the same models, set so that a search with TensorFlow takes less time.

    The models compute the same, apart from rounding and the order of the training images, which
    is another random one. `benchmarks/lecture_search.py` measures what is gained by these:

    XLA: On a CPU, Keras' default ("auto") leaves it off, although it makes an epoch of the
        lecture's MLP about a third shorter. It makes convolutions slower, so don't pass a builder
        of networks that have them.

    Steps per call: After every batch TensorFlow returns to Python, and meanwhile all processors
        but one wait. Where XLA is on, `fit` takes 32 steps a call. Callbacks hear of batches only
        at the end of a call.

    No autotuning: A thread tunes the pipeline that Keras makes of arrays. It sleeps in between,
        each time twice as long as before, so towards the end of an epoch about as long as the epoch
        has taken. When the epoch is over, TensorFlow wakes the thread before it marks it as
        cancelled, and a thread that looks too early sleeps on, while the next epoch waits for its
        end. Such an epoch takes up to twice as long as others. So `fit` makes the pipelines itself,
        without that thread, unless it gets anything but NumPy arrays, or an argument that it does
        not know, such as `sample_weight`.

    Everything stays as it is at the `quick` budget, whose trainings end before the compilation
    has paid off, and with JAX, where Keras always compiles with XLA and has no such pipeline.

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
            model.fit = _faster_fit(model)
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


def _faster_fit(model: keras.Model) -> Callable[..., keras.callbacks.History]:
    """Returns the `fit` of a model, with pipelines of its own and several steps a call."""
    fit = model.fit
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def faster_fit(*args: Any, **kwargs: Any) -> keras.callbacks.History:
        given = signature.bind(*args, **kwargs).arguments
        train, validation = (given.get("x"), given.get("y")), given.get("validation_data")
        if (
            given.keys() <= UNDERSTOOD
            and given.get("shuffle", True) in (True, False)  # Keras knows "batch" besides
            and _is_pair_of_arrays(train)
            and (validation is None or _is_pair_of_arrays(validation))
        ):
            size = given.pop("batch_size", None) or 32
            given["x"] = _pipeline(train, size, shuffle=given.get("shuffle", True))
            given["y"], given["shuffle"] = None, False  # Keras would shuffle arrays only
            if validation is not None:
                given["validation_data"] = _pipeline(validation, size, shuffle=False)
        if not model.jit_compile:
            return fit(**given)
        # In training only: in predictions of a few calls each, TensorFlow takes the first call of
        # each new shape for a mistake, and warns of it.
        own = model.steps_per_execution
        _take_steps(model, STEPS_PER_CALL)
        try:
            return fit(**given)
        finally:
            _take_steps(model, own)

    return faster_fit


def _take_steps(model: keras.Model, steps: int) -> None:
    """Sets how many steps a model takes a call, and drops what was made for another number."""
    model.steps_per_execution = steps
    # Keras would go on with them, and then take one step where it counts many.
    model.train_function = model.test_function = model.predict_function = None


def _is_pair_of_arrays(data: Any) -> TypeGuard[Sequence[np.ndarray]]:
    """Returns whether `data` are inputs and as many labels, in two NumPy arrays."""
    return (
        isinstance(data, tuple | list)
        and len(data) == 2
        and all(isinstance(part, np.ndarray) and part.ndim > 0 for part in data)
        and 0 < len(data[0]) == len(data[1])
    )


def _pipeline(pair: Sequence[np.ndarray], batch_size: int, *, shuffle: bool) -> "tf.data.Dataset":
    """Returns the batches of two arrays, in a new order at every pass if they are shuffled."""
    import tensorflow as tf

    inputs, labels = (
        tf.convert_to_tensor(part, keras.config.floatx() if part.dtype.kind == "f" else None)
        for part in pair
    )
    # The places are shuffled and not the images, which would need a second copy of them.
    places = tf.data.Dataset.range(len(inputs))
    if shuffle:
        places = places.shuffle(len(inputs))
    batches = places.batch(batch_size).map(
        lambda some: (tf.gather(inputs, some), tf.gather(labels, some))
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    # Optimizing writes out the pipeline with everything in it, the images included.
    options.experimental_optimization.apply_default_optimizations = False
    return batches.prefetch(2).with_options(options)
