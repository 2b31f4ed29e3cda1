"""The builder of a convolutional network, as a tuner calls it."""

import keras
import keras_tuner

from helpers.models.mlp import CLASSES, pixel_layers


def build_cnn(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Builds and compiles the convolutional network of notebook 09.

    It has a few blocks, each with a convolution (3 by 3, with twice the filters of the one before)
    and a pooling that halves height and width, followed by dropout and a Dense layer. Optionally,
    images are flipped and shifted at random, but only in training: in `fit`, and also where the
    model is called like a function without `training=False`.

    Args:
        hp: Where the values come from: `augment` (flip and shift, or not), `filters` (of the
            first convolution, 16 to 32 in steps of 8), `depth` (blocks, 2 to 4), `dropout`
            (share of the features left out in training, 0 to 0.5 in steps of 0.125), `optimizer`
            (`adam` or `sgd` with momentum), and a learning rate for each, drawn on a logarithmic
            scale and active only with its own optimizer: `adam_rate` (3e-4 to 3e-3) or
            `sgd_rate` (1e-2 to 1e-1).

    Returns:
        A compiled model with the same inputs and outputs as `build_model`'s. Its last layer
        computes in float32 even under a mixed-precision policy. The model is never compiled with
        XLA on a CPU, where that makes convolutions slower.
    """
    # Declared in the notebook's order, so that both draw the same values from the same seed.
    dropout = hp.Float("dropout", min_value=0.0, max_value=0.5, step=0.125)
    layers = pixel_layers()
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
    # Both scopes are always entered, because KerasTuner knows only what it has seen declared.
    kind = hp.Choice("optimizer", ["adam", "sgd"])
    with hp.conditional_scope("optimizer", "adam"):
        adam_rate = hp.Float("adam_rate", min_value=3e-4, max_value=3e-3, sampling="log")
    with hp.conditional_scope("optimizer", "sgd"):
        sgd_rate = hp.Float("sgd_rate", min_value=1e-2, max_value=1e-1, sampling="log")
    if kind == "adam":
        return keras.optimizers.Adam(adam_rate)
    return keras.optimizers.SGD(sgd_rate, momentum=0.9)
