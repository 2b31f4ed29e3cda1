import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from helpers import models
from helpers.budget import BUDGETS
from helpers.models import speed


@pytest.fixture(scope="module")
def model():
    return models.build_model(keras_tuner.HyperParameters())


@pytest.fixture
def fresh_xla():
    """Forgets before and after what this machine's compiler can do."""
    speed._xla_pays.cache_clear()
    yield
    speed._xla_pays.cache_clear()


def declared(build):
    """Returns the hyperparameters that a builder declares, by name."""
    hp = keras_tuner.HyperParameters()
    build(hp)
    return {one.name: one for one in hp.space}


def drawn(hp):
    """Returns every value that a hyperparameter draws."""
    return {hp.random_sample(seed) for seed in range(1, 1000)}


def sped_up(budget):
    build = models.speed_up(models.build_model, BUDGETS[budget])
    return build(keras_tuner.HyperParameters())


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
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    assert sped_up("lesson").jit_compile is True


def test_the_quick_budget_does_not_wait_for_xla(fresh_xla):
    assert sped_up("quick").jit_compile is False


def test_what_is_sped_up_is_the_model_of_the_builder_with_the_values_of_the_tuner():
    hp = keras_tuner.HyperParameters()
    hp.values["num_hidden"] = 150
    build = models.speed_up(models.build_model, BUDGETS["lesson"])
    assert build.__name__ == "build_model"
    assert build(hp).count_params() == 150 * 3073 + 10 * 151


def test_a_model_learns_the_same_with_and_without_xla(fresh_xla):
    images = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
    labels, losses = np.eye(10)[np.arange(64) % 10], []
    for budget in ("lesson", "quick"):
        keras.utils.set_random_seed(1)
        losses.append(sped_up(budget).fit(images, labels, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_a_cpu_without_xla_does_not_ask_for_it(fresh_xla, monkeypatch):
    def no_compiler(function, jit_compile):
        raise tf.errors.UnimplementedError(None, None, "no registered compiler for platform Host")

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    monkeypatch.setattr(tf, "function", no_compiler)
    assert speed._xla_pays() is False


@pytest.mark.parametrize(("system", "choice"), [("Darwin", False), ("Linux", True)])
def test_on_a_gpu_all_but_metal_use_xla(fresh_xla, monkeypatch, system, choice):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["a GPU"])
    monkeypatch.setattr(speed.platform, "system", lambda: system)
    assert speed._xla_pays() is choice


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
    assert {layer.activation.__name__ for layer in convolutions} == {"relu"}
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    # Each block halves height and width.
    assert network.layers[-3].output.shape == (None, (32 // 2**depth) ** 2 * 8 * 2**depth)


def test_the_cnn_reports_the_loss_and_acc():
    images, labels = np.zeros((2, 32, 32, 3), "uint8"), np.eye(10)[:2]
    assert set(cnn().evaluate(images, labels, return_dict=True, verbose=0)) == {"loss", "acc"}


def test_the_cnn_leaves_xla_to_keras_which_leaves_it_off_on_a_cpu(monkeypatch):
    asked: dict = {}
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
    assert getattr(network.optimizer, "momentum", 0.9) == 0.9
    active = {name for name in ("adam_rate", "sgd_rate") if hp.is_active(name)}
    assert active == {f"{kind}_rate"}, "the other rate means nothing"


def test_a_tuner_knows_all_of_the_cnn_s_hyperparameters_before_the_first_trial(tmp_path):
    tuner = keras_tuner.Hyperband(models.build_cnn, "val_acc", max_epochs=2, directory=tmp_path)
    names = {one.name for one in tuner.oracle.get_space().space}
    assert names == {
        "augment", "filters", "depth", "dropout", "optimizer", "adam_rate", "sgd_rate",
    }  # fmt: skip


def test_the_cnn_s_hyperparameters_have_their_ranges():
    space = declared(models.build_cnn)
    assert drawn(space["filters"]) == {16, 24, 32} and drawn(space["depth"]) == {2, 3, 4}
    assert drawn(space["dropout"]) == {0.0, 0.125, 0.25, 0.375, 0.5}, "both ends can be drawn"
    for name, low, high in (("adam_rate", 3e-4, 3e-3), ("sgd_rate", 1e-2, 1e-1)):
        rate = space[name]
        assert (rate.min_value, rate.max_value, rate.sampling) == (low, high, "log")


def test_the_cnn_s_probabilities_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = cnn()
    finally:
        keras.config.set_dtype_policy("float32")
    convolution = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    assert convolution.compute_dtype == "float16"
    assert network.layers[-1].compute_dtype == "float32"
