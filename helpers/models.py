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


def _pixels() -> list:
    return [keras.Input(shape=IMAGE_SHAPE, dtype="uint8"), keras.layers.Rescaling(1 / 255)]


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
            *_pixels(),
            keras.layers.Flatten(),
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
    model = keras.Sequential([*_pixels(), keras.layers.Flatten()])
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


def build_cnn(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Builds and compiles a convolutional network, the one of notebook 09.

    A few blocks of a convolution (3 by 3, each with twice the filters of the one before) and a
    pooling that halves height and width; then dropout and a Dense layer. Optionally, images are
    flipped and shifted at random, in training only: in `fit`, and also where the model is called
    like a function without `training=False`.

    Args:
        hp: Where the values come from: `augment` (flip and shift, or not), `filters` (of the
            first convolution, 16 to 32 in steps of 8), `depth` (blocks, 2 to 4), `dropout`
            (share of the features left out in training, 0 to 0.5), `optimizer` (`adam` or `sgd`
            with momentum), and a learning rate for each, drawn on a logarithmic scale and active
            with its optimizer only: `adam_rate` (3e-4 to 3e-3) or `sgd_rate` (1e-2 to 1e-1).

    Returns:
        A compiled model, from and to what `build_model`'s takes and gives. Its last layer is
        float32 also under a policy of mixed precision. Never compiled with XLA on a CPU, where
        convolutions get slower with it.
    """
    # In the order of the notebook: from one seed, both draw the same.
    dropout = hp.Float("dropout", min_value=0.0, max_value=0.5, step=0.1)
    layers = _pixels()
    if hp.Boolean("augment"):
        layers += [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomTranslation(0.1, 0.1, fill_mode="nearest"),
        ]
    filters = hp.Int("filters", min_value=16, max_value=32, step=8)
    for block in range(hp.Int("depth", min_value=2, max_value=4)):
        layers += [
            keras.layers.Conv2D(filters * 2**block, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
        ]
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dropout(dropout),
        keras.layers.Dense(CLASSES, activation="softmax", dtype="float32"),
    ]
    model = keras.Sequential(layers)
    model.compile(
        optimizer=_optimizer(hp),
        loss="categorical_crossentropy",
        metrics=["acc"],
    )
    return model


def _optimizer(hp: keras_tuner.HyperParameters) -> keras.optimizers.Optimizer:
    # Both scopes are entered always: KerasTuner knows only of what it has seen declared.
    kind = hp.Choice("optimizer", ["adam", "sgd"])
    with hp.conditional_scope("optimizer", "adam"):
        adam_rate = hp.Float("adam_rate", min_value=3e-4, max_value=3e-3, sampling="log")
    with hp.conditional_scope("optimizer", "sgd"):
        sgd_rate = hp.Float("sgd_rate", min_value=1e-2, max_value=1e-1, sampling="log")
    if kind == "adam":
        return keras.optimizers.Adam(adam_rate)
    return keras.optimizers.SGD(sgd_rate, momentum=0.9)
