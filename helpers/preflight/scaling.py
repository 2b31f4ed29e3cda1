"""Whether a model may bring its inputs to a scale that a network can learn from."""

from collections.abc import Iterator

import keras

# Layers that leave the scale of what goes into them as it is, or only multiply it by weights that
# begin near one. Every other layer is given the benefit of the doubt.
KEEPING_SCALE = (
    keras.layers.InputLayer,
    keras.layers.Dense,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Permute,
    keras.layers.Concatenate,
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.Softmax,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.SeparableConv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.ZeroPadding2D,
    keras.layers.RandomFlip,
    keras.layers.RandomRotation,
    keras.layers.RandomTranslation,
    keras.layers.RandomZoom,
    keras.layers.LSTM,
    keras.layers.GRU,
    keras.layers.SimpleRNN,
    keras.layers.Bidirectional,
    keras.layers.TimeDistributed,
    keras.layers.Add,
)


def may_scale_inputs(model: keras.Model) -> bool:
    """Returns whether some part of a model may scale the inputs.

    That is a layer such as `Rescaling`, a normalization or an embedding, a layer or a model whose
    `call` the user wrote, and arithmetic between layers (`inputs / 255`).
    """
    return any(type(part) not in KEEPING_SCALE for part in _parts(model))


def _parts(model: keras.Model) -> Iterator[object]:
    if type(model) not in (keras.Sequential, keras.Model) and not _is_functional(model):
        yield model  # a subclass: only its `call` knows
        return
    # A functional model's operations are its layers and what was done between them.
    for part in model.operations if _is_functional(model) else model.layers:
        if isinstance(part, keras.Model):
            yield from _parts(part)
        else:
            yield part


def _is_functional(model: keras.Model) -> bool:
    return type(model).__module__.startswith("keras.") and hasattr(model, "operations")
