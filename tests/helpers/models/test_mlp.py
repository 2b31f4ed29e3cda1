import keras
import keras_tuner
import numpy as np
import pytest

from helpers import models
from tests.support.models import declared, drawn


@pytest.fixture(scope="module")
def model():
    return models.build_model(keras_tuner.HyperParameters())


def test_the_model_has_the_lecture_s_layers(model):
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Rescaling", "Flatten", "Dense", "Dense"]
    hidden, output = model.layers[2:]
    assert (hidden.units, hidden.activation.__name__) == (50, "relu")
    assert (output.units, output.activation.__name__) == (10, "softmax")


def test_the_model_is_compiled_as_in_the_lecture(model):
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)
    assert model.loss == "categorical_crossentropy"
    images, labels = np.zeros((2, 32, 32, 3), "uint8"), np.eye(10)[:2]
    assert set(model.evaluate(images, labels, return_dict=True, verbose=0)) == {"loss", "acc"}


def test_the_width_can_be_50_to_1000_in_steps_of_50():
    hp = keras_tuner.HyperParameters()
    models.build_model(hp)
    (width,) = hp.space
    assert width.name == "num_hidden"
    assert {width.random_sample(seed) for seed in range(1, 1000)} == set(range(50, 1001, 50))


def test_the_width_that_a_tuner_chose_is_built():
    hp = keras_tuner.HyperParameters()
    hp.values["num_hidden"] = 700
    assert models.build_model(hp).count_params() == 700 * 3073 + 10 * 701


def test_the_model_takes_uint8_pixels_and_scales_them_itself(model):
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    unscaled = keras.Sequential(model.layers[1:])
    expected = unscaled(images.astype("float32") / 255)
    np.testing.assert_allclose(model(images), expected, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_mlp_has_as_many_hidden_layers_as_asked_for_and_a_dropout_after_each(layers):
    hp = keras_tuner.HyperParameters()
    for name, value in {"num_layers": layers, "num_hidden": 70, "dropout": 0.2}.items():
        hp.Fixed(name, value)
    hp.Fixed("learning_rate", 3e-3)
    mlp = models.build_mlp(hp)
    kinds = [type(layer).__name__ for layer in mlp.layers]
    assert kinds == ["Rescaling", "Flatten", *["Dense", "Dropout"] * layers, "Dense"]
    assert [layer.units for layer in mlp.layers[2:-1:2]] == [70] * layers
    assert {layer.rate for layer in mlp.layers[3:-1:2]} == {0.2}
    assert float(mlp.optimizer.learning_rate) == pytest.approx(3e-3)
    images, labels = np.zeros((2, 32, 32, 3), "uint8"), np.eye(10)[:2]
    assert set(mlp.evaluate(images, labels, return_dict=True, verbose=0)) == {"loss", "acc"}


def test_the_mlp_declares_four_hyperparameters_in_their_ranges():
    space = declared(models.build_mlp)
    assert set(space) == {"num_hidden", "dropout", "num_layers", "learning_rate"}
    assert drawn(space["num_hidden"]) == set(range(50, 1001, 50))
    assert drawn(space["num_layers"]) == {1, 2, 3}
    assert drawn(space["dropout"]) == {0.0, 0.125, 0.25, 0.375, 0.5}, "both ends can be drawn"
    rate = space["learning_rate"]
    assert (rate.min_value, rate.max_value, rate.sampling) == (1e-4, 1e-2, "log")


def test_the_mlps_have_relu_units_and_adam():
    for network in (models.build_mlp, models.build_digits_mlp):
        model = network(keras_tuner.HyperParameters())
        *hidden, output = (la for la in model.layers if isinstance(la, keras.layers.Dense))
        assert {layer.activation.__name__ for layer in hidden} == {"relu"}
        assert output.activation.__name__ == "softmax" and output.units == 10
        assert type(model.optimizer) is keras.optimizers.Adam
        assert model.loss == "categorical_crossentropy"


def test_the_digits_mlp_declares_five_hyperparameters_in_their_ranges():
    space = declared(models.build_digits_mlp)
    assert set(space) == {"num_hidden", "num_layers", "dropout", "noise", "learning_rate"}
    assert drawn(space["num_hidden"]) == {32, 64, 128, 256, 512}
    assert drawn(space["num_layers"]) == {1, 2, 3}
    assert drawn(space["dropout"]) == {0.0, 0.2, 0.4} and drawn(space["noise"]) == {0.0, 0.1}
    rate = space["learning_rate"]
    assert (rate.min_value, rate.max_value, rate.sampling) == (3e-4, 3e-2, "log")


def test_the_digits_mlp_is_built_with_the_values_that_a_tuner_chose():
    hp = keras_tuner.HyperParameters()
    values = {"num_hidden": 64, "num_layers": 2, "dropout": 0.4, "noise": 0.1}
    for name, value in {**values, "learning_rate": 3e-3}.items():
        hp.Fixed(name, value)
    model = models.build_digits_mlp(hp)
    kinds = [type(layer).__name__ for layer in model.layers]
    hidden = ["Dense", "Dropout"]
    assert kinds == ["Rescaling", "GaussianNoise", "Flatten", *hidden, *hidden, "Dense"]
    assert model.layers[0].scale == 1 / 16 and model.layers[1].stddev == 0.1
    assert [model.layers[i].units for i in (3, 5)] == [64, 64]
    assert {model.layers[i].rate for i in (4, 6)} == {0.4}
    assert float(model.optimizer.learning_rate) == pytest.approx(3e-3)
    pixels, labels = np.full((2, 8, 8, 1), 16, "uint8"), np.eye(10)[:2]
    assert set(model.evaluate(pixels, labels, return_dict=True, verbose=0)) == {"loss", "acc"}
