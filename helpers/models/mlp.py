"""Builders of networks of Dense layers, as a tuner calls them."""

import keras
import keras_tuner

from helpers.data import CLASS_NAMES, IMAGE_SHAPE

CLASSES = len(CLASS_NAMES)


def pixel_layers() -> list:
    """Returns an input for uint8 images as they are stored, and the layer that scales them."""
    return [keras.Input(shape=IMAGE_SHAPE, dtype="uint8"), keras.layers.Rescaling(1 / 255)]


def build_model(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Builds and compiles the lecture's MLP: one hidden layer, whose width is tuned.

    The model takes the pixels as they are stored and scales them itself, so images stay uint8 in
    memory, where they need a quarter of the space of float32.

    Args:
        hp: Where the value of `num_hidden` (50 to 1000 in steps of 50) comes from.

    Returns:
        A compiled model from uint8 images of shape (N, 32, 32, 3) to the probabilities of
        the classes, float32 of shape (N, 10). It expects one-hot labels of shape (N, 10)
        and reports the accuracy as `acc`.
    """
    model = keras.Sequential(
        [
            *pixel_layers(),
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
    )
    return model


def build_mlp(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Builds and compiles an MLP with four hyperparameters. A fifth belongs to `fit`.

    Args:
        hp: Where the values come from: `num_hidden` (units of each hidden layer, 50 to 1000
            in steps of 50), `num_layers` (hidden layers, 1 to 3), `dropout` (share of the
            units that are left out in training, after each hidden layer; 0 to 0.5 in steps of
            0.125) and `learning_rate` (of Adam, 1e-4 to 1e-2, drawn on a logarithmic scale).
            The fifth is the batch size, which `HyperModel.fit` declares.

    Returns:
        A compiled model with the same inputs and outputs as `build_model`'s.
    """
    num_hidden = hp.Int("num_hidden", min_value=50, max_value=1000, step=50)
    # The step has an exact binary value: with 0.1, rounding would make KerasTuner miss 0.5.
    dropout = hp.Float("dropout", min_value=0.0, max_value=0.5, step=0.125)
    model = keras.Sequential([*pixel_layers(), keras.layers.Flatten()])
    for _ in range(hp.Int("num_layers", min_value=1, max_value=3)):
        model.add(keras.layers.Dense(num_hidden, activation="relu"))
        model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(CLASSES, activation="softmax"))
    learning_rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="categorical_crossentropy",
        metrics=["acc"],
    )
    return model


def build_digits_mlp(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Builds and compiles an MLP for scikit-learn's digits, with five hyperparameters.

    Args:
        hp: Where the values come from: `num_hidden` (units of each hidden layer, 32 to 512, each
            twice the one before), `num_layers` (hidden layers, 1 to 3), `dropout` (share of the
            units that are left out in training, after each hidden layer, 0 to 0.4), `noise`
            (standard deviation of the noise added to the pixels in training, 0 or 0.1) and
            `learning_rate` (of Adam, 3e-4 to 3e-2, drawn on a logarithmic scale). A sixth, the
            batch size, is declared by `HyperModel.fit`.

    Returns:
        A compiled model from uint8 images of shape (N, 8, 8, 1), pixels 0 to 16, to the
        probabilities of the classes, float32 of shape (N, 10). It expects one-hot labels of
        shape (N, 10) and reports the accuracy as `acc`.
    """
    num_hidden = hp.Int("num_hidden", min_value=32, max_value=512, step=2, sampling="log")
    num_layers = hp.Int("num_layers", min_value=1, max_value=3)
    dropout = hp.Choice("dropout", [0.0, 0.2, 0.4])
    model = keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1), dtype="uint8"),
            keras.layers.Rescaling(1 / 16),
            keras.layers.GaussianNoise(hp.Choice("noise", [0.0, 0.1])),
            keras.layers.Flatten(),
        ]
    )
    for _ in range(num_layers):
        model.add(keras.layers.Dense(num_hidden, activation="relu"))
        model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(CLASSES, activation="softmax"))
    learning_rate = hp.Float("learning_rate", min_value=3e-4, max_value=3e-2, sampling="log")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="categorical_crossentropy",
        metrics=["acc"],
    )
    return model
