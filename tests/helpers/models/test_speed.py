import keras
import keras_tuner
import numpy as np
import pytest

from helpers import models
from helpers.budget import BUDGETS
from helpers.models import speed
from tests.support.backends import needs_tensorflow, tf


@pytest.fixture
def fresh_xla():
    """Forgets before and after what this machine's compiler can do."""
    speed._xla_pays.cache_clear()
    yield
    speed._xla_pays.cache_clear()


def sped_up(budget):
    build = models.speed_up(models.build_model, BUDGETS[budget])
    return build(keras_tuner.HyperParameters())


@needs_tensorflow
def test_a_cpu_that_has_xla_uses_it(fresh_xla, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    assert sped_up("lesson").jit_compile is True


@needs_tensorflow
def test_the_quick_budget_does_not_wait_for_xla(fresh_xla):
    assert sped_up("quick").jit_compile is False


@pytest.mark.parametrize("budget", ["quick", "lesson"])
def test_with_jax_the_model_stays_as_keras_compiles_it_at_every_budget(monkeypatch, budget):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(speed, "_xla_pays", lambda: pytest.fail("TensorFlow was asked"))
    own = models.build_model(keras_tuner.HyperParameters())
    assert sped_up(budget).jit_compile is own.jit_compile


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


@needs_tensorflow
def test_a_cpu_without_xla_does_not_ask_for_it(fresh_xla, monkeypatch):
    def no_compiler(function, jit_compile):
        raise tf.errors.UnimplementedError(None, None, "no registered compiler for platform Host")

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    monkeypatch.setattr(tf, "function", no_compiler)
    assert speed._xla_pays() is False


@needs_tensorflow
@pytest.mark.parametrize(("system", "choice"), [("Darwin", False), ("Linux", True)])
def test_on_a_gpu_all_but_metal_use_xla(fresh_xla, monkeypatch, system, choice):
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: ["a GPU"] * (kind == "GPU")
    )
    monkeypatch.setattr(speed.platform, "system", lambda: system)
    assert speed._xla_pays() is choice
