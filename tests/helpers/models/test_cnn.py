import keras
import keras_tuner
import numpy as np
import pytest

from helpers import models
from tests.support.models import declared, drawn


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
    assert (network.layers[-1].units, network.layers[-1].activation.__name__) == (10, "softmax")
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
    assert drawn(space["optimizer"]) == {"adam", "sgd"}
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
