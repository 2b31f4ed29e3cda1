"""Model builders that a tuner can call, and how their models are compiled."""

import functools
import platform

import keras
import keras_tuner

from helpers.budget import get_budget

IMAGE_SHAPE = (32, 32, 3)
CLASSES = 10


def xla_for_dense() -> bool | str:
    """Returns what to pass as `Model.compile(jit_compile=...)` for a network of Dense layers.

    On a CPU, Keras' default ("auto") leaves XLA off, although it makes an epoch of the
    lecture's MLP about a third shorter; convolutions get slower with it, so this is for
    dense networks only (`benchmarks/lecture_search.py` measures it).

    Returns:
        True on a CPU whose TensorFlow can compile with XLA; False where it can't, on Apple's
        Metal, and at the `quick` budget, whose trainings are over before the compilation
        has paid; "auto" (Keras decides) with any other GPU or another backend.
    """
    if keras.backend.backend() != "tensorflow":
        return "auto"
    return False if get_budget().name == "quick" else _xla_here()


@functools.cache
def _xla_here() -> bool | str:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return False if platform.system() == "Darwin" else "auto"
    # Not every build of TensorFlow has XLA's CPU compiler, and none says so beforehand.
    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(0))
    except tf.errors.OpError:
        return False
    return True


def _flat_pixels() -> list:
    return [
        keras.Input(shape=IMAGE_SHAPE, dtype="uint8"),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
    ]


def build_model(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Builds and compiles the lecture's MLP: one hidden layer, whose width is tuned.

    The model takes the pixels as they are stored and scales them itself, so images stay
    uint8 in memory, four times smaller than float32.

    Args:
        hp: Where the value of `num_hidden` (50 to 1000 in steps of 50) comes from.

    Returns:
        A compiled model from uint8 images of shape (N, 32, 32, 3) to the probabilities of
        the classes, float32 of shape (N, 10). It expects one-hot labels of shape (N, 10)
        and reports the accuracy as `acc`.
    """
    model = keras.Sequential(
        [
            *_flat_pixels(),
            keras.layers.Dense(
                hp.Int("num_hidden", min_value=50, max_value=1000, step=50), activation="relu"
            ),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=["acc"],
        jit_compile=xla_for_dense(),
    )
    return model


def build_mlp(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Builds and compiles an MLP with five hyperparameters, one of which `fit` takes.

    Args:
        hp: Where the values come from: `num_hidden` (units of each hidden layer, 50 to 1000
            in steps of 50), `num_layers` (hidden layers, 1 to 3), `dropout` (share of the
            units that are left out in training, 0 to 0.5, after each hidden layer) and
            `learning_rate` (of Adam, 1e-4 to 1e-2, drawn on a logarithmic scale). The fifth,
            the batch size, belongs to `HyperModel.fit`.

    Returns:
        A compiled model, from and to what `build_model`'s takes and gives.
    """
    num_hidden = hp.Int("num_hidden", min_value=50, max_value=1000, step=50)
    dropout = hp.Float("dropout", min_value=0.0, max_value=0.5, step=0.1)
    model = keras.Sequential(_flat_pixels())
    for _ in range(hp.Int("num_layers", min_value=1, max_value=3)):
        model.add(keras.layers.Dense(num_hidden, activation="relu"))
        model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(CLASSES, activation="softmax"))
    learning_rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="categorical_crossentropy",
        metrics=["acc"],
        jit_compile=xla_for_dense(),
    )
    return model
