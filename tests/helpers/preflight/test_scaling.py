"""Which models may scale their inputs."""

import keras
import pytest
from keras import layers

from helpers.preflight.scaling import may_scale_inputs


class Halving(layers.Layer):
    def call(self, inputs):
        return inputs / 2


class Wrapped(layers.Layer):
    def __init__(self):
        super().__init__()
        self.embedding = layers.Embedding(10, 4)

    def call(self, inputs):
        return self.embedding(inputs)


class OwnModel(keras.Model):
    def call(self, inputs):
        return inputs / 255


def functional(function):
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(1)(function(inputs)))


def sequential(*parts):
    return keras.Sequential([keras.Input((4,)), *parts, layers.Dense(1)])


@pytest.mark.parametrize(
    ("make", "scales"),
    [
        (lambda: sequential(), False),
        (lambda: sequential(layers.Dense(3), layers.Dropout(0.1)), False),
        (lambda: keras.Sequential([layers.Flatten(), layers.Dense(3)]), False),
        (lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)]), False),
        (lambda: keras.Sequential([keras.Input((8, 3)), layers.LSTM(2)]), False),
        (lambda: sequential(layers.Rescaling(0.1)), True),
        (lambda: sequential(layers.BatchNormalization()), True),
        (lambda: sequential(layers.Normalization()), True),
        (lambda: keras.Sequential([keras.Input((8,)), layers.Embedding(10, 4)]), True),
        (lambda: sequential(layers.Lambda(lambda x: x / 255)), True),
        (lambda: sequential(Halving()), True),
        (lambda: sequential(Wrapped()), True),
        (lambda: sequential(sequential(layers.Rescaling(0.1))), True),
        (lambda: sequential(sequential()), False),
        (lambda: functional(lambda x: x / 255), True),
        (lambda: functional(layers.Rescaling(0.1)), True),
        (lambda: functional(layers.Dense(3)), False),
        (lambda: OwnModel(), True),
    ],
)
def test_only_a_model_whose_parts_all_keep_the_scale_does_not_scale(make, scales):
    assert may_scale_inputs(make()) == scales
