"""helpers.models: the lecture's model, and how it is compiled."""

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from helpers import models


@pytest.fixture(scope="module")
def model():
    return models.build_model(keras_tuner.HyperParameters())


@pytest.fixture
def fresh_xla(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "class")
    models._xla_here.cache_clear()
    yield models.xla_for_dense
    models._xla_here.cache_clear()


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


def test_a_cpu_that_has_xla_uses_it(fresh_xla, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert fresh_xla() is True


def test_the_quick_budget_does_not_wait_for_xla(fresh_xla, monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "quick")
    assert fresh_xla() is False


def test_a_model_learns_the_same_with_and_without_xla(fresh_xla, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
    labels, losses = np.eye(10)[np.arange(64) % 10], []
    for budget in ("class", "quick"):
        monkeypatch.setenv("COURSE_BUDGET", budget)
        keras.utils.set_random_seed(1)
        model = models.build_model(keras_tuner.HyperParameters())
        losses.append(model.fit(images, labels, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_a_cpu_without_xla_does_not_ask_for_it(fresh_xla, monkeypatch):
    def no_compiler(function, jit_compile):
        raise tf.errors.UnimplementedError(None, None, "no registered compiler for platform Host")

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(tf, "function", no_compiler)
    assert fresh_xla() is False


@pytest.mark.parametrize(("system", "choice"), [("Darwin", False), ("Linux", "auto")])
def test_on_a_gpu_metal_never_uses_xla_and_any_other_leaves_it_to_keras(
    fresh_xla, monkeypatch, system, choice
):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a GPU"])
    monkeypatch.setattr(models.platform, "system", lambda: system)
    assert fresh_xla() is choice or fresh_xla() == choice


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


def test_the_mlp_declares_four_hyperparameters_and_draws_the_rate_by_factors():
    hp = keras_tuner.HyperParameters()
    models.build_mlp(hp)
    space = {one.name: one for one in hp.space}
    assert set(space) == {"num_hidden", "dropout", "num_layers", "learning_rate"}
    assert space["learning_rate"].sampling == "log"
