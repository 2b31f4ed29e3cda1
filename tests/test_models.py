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


def cnn(**values):
    hp = keras_tuner.HyperParameters()
    for name, value in values.items():
        hp.Fixed(name, value)
    return models.build_cnn(hp)


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("depth", [2, 3, 4])
def test_the_cnn_has_as_many_blocks_as_asked_for_each_with_twice_the_filters(depth, augment):
    network = cnn(depth=depth, filters=16, dropout=0.3, augment=augment)
    kinds = [type(layer).__name__ for layer in network.layers]
    random_layers = ["RandomFlip", "RandomTranslation"] * augment
    blocks = ["Conv2D", "MaxPooling2D"] * depth
    assert kinds == ["Rescaling", *random_layers, *blocks, "Flatten", "Dropout", "Dense"]
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [16, 32, 64, 128][:depth]
    assert network.layers[-2].rate == 0.3
    # Each block halves height and width.
    assert network.layers[-3].output.shape == (None, (32 // 2**depth) ** 2 * 8 * 2**depth)


def test_the_cnn_reports_the_loss_and_acc():
    images, labels = np.zeros((2, 32, 32, 3), "uint8"), np.eye(10)[:2]
    assert set(cnn().evaluate(images, labels, return_dict=True, verbose=0)) == {"loss", "acc"}


def test_the_cnn_leaves_xla_to_keras_which_leaves_it_off_on_a_cpu(monkeypatch):
    asked: dict = {}
    monkeypatch.setenv("COURSE_BUDGET", "class")
    monkeypatch.setattr(keras.Sequential, "compile", lambda self, **how: asked.update(how))
    cnn()
    assert asked.get("jit_compile", "auto") == "auto" and asked["metrics"] == ["acc"]


def test_the_cnn_scales_uint8_pixels_itself():
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    network = cnn(augment=False)
    unscaled = keras.Sequential(network.layers[1:])
    np.testing.assert_allclose(network(images), unscaled(images.astype("float32") / 255), atol=1e-5)


def test_the_cnn_changes_images_in_training_only():
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    network = cnn(augment=True, dropout=0.0)
    plain = keras.Sequential([network.layers[0], *network.layers[3:]])
    expected = plain(images, training=False)
    np.testing.assert_allclose(network(images, training=False), expected, atol=1e-6)
    np.testing.assert_allclose(network.predict(images, verbose=0), expected, atol=1e-5)
    assert not np.allclose(network(images, training=True), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "rate", "optimizer"),
    [("adam", 2e-3, keras.optimizers.Adam), ("sgd", 5e-2, keras.optimizers.SGD)],
)
def test_each_optimizer_of_the_cnn_gets_its_own_rate(kind, rate, optimizer):
    hp = keras_tuner.HyperParameters()
    hp.values |= {"optimizer": kind, f"{kind}_rate": rate}
    network = models.build_cnn(hp)
    assert type(network.optimizer) is optimizer
    assert float(network.optimizer.learning_rate) == pytest.approx(rate)
    active = {name for name in ("adam_rate", "sgd_rate") if hp.is_active(name)}
    assert active == {f"{kind}_rate"}, "the other rate means nothing"


def test_a_tuner_knows_all_of_the_cnn_s_hyperparameters_before_the_first_trial(tmp_path):
    tuner = keras_tuner.Hyperband(models.build_cnn, "val_acc", max_epochs=2, directory=tmp_path)
    names = {one.name for one in tuner.oracle.get_space().space}
    assert names == {
        "augment", "filters", "depth", "dropout", "optimizer", "adam_rate", "sgd_rate",
    }  # fmt: skip


def test_the_cnn_s_probabilities_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = cnn()
    finally:
        keras.config.set_dtype_policy("float32")
    convolution = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    assert convolution.compute_dtype == "float16"
    assert network.layers[-1].compute_dtype == "float32"
