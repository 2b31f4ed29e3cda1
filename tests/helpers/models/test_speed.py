import inspect

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


def test_a_model_learns_the_same_whether_it_is_sped_up_or_not(fresh_xla):
    images, labels, losses = *some_images(64), []
    for budget in ("lesson", "quick"):
        keras.utils.set_random_seed(1)
        fit = sped_up(budget).fit
        losses.append(fit(images, labels, epochs=2, verbose=0, shuffle=False).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def some_images(count):
    images = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return images, np.eye(10)[np.arange(count) % 10]


@pytest.fixture
def given_to_keras(monkeypatch):
    """Records what arrives at Keras' `fit`, in place of training."""
    calls = []

    def fit(
        self, x=None, y=None, batch_size=None, epochs=1, validation_data=None,
        shuffle=True, sample_weight=None, validation_split=0.0,
    ):  # fmt: skip
        given = locals()
        calls.append({name: given[name] for name in given if name not in ("self", "calls")})

    monkeypatch.setattr(keras.Model, "fit", fit)
    return calls


@needs_tensorflow
def test_every_pass_has_every_image_once_with_its_own_label_in_a_new_order(given_to_keras):
    images, labels = np.arange(70, dtype=np.uint8), np.arange(70) * 2.0
    sped_up("lesson").fit(images, labels, batch_size=32, epochs=3)
    (call,) = given_to_keras
    assert (call["y"], call["batch_size"], call["epochs"]) == (None, None, 3)
    passes = [list(call["x"].as_numpy_iterator()) for _ in range(2)]
    for one in passes:
        assert [len(some) for some, _ in one] == [32, 32, 6]
        for some, of_them in one:
            np.testing.assert_array_equal(of_them, some * 2.0)
        assert sorted(np.concatenate([some for some, _ in one])) == list(range(70))
    first, second = (np.concatenate([some for some, _ in one]).tolist() for one in passes)
    assert first != second and first != sorted(first)
    assert passes[0][0][0].dtype == np.uint8 and passes[0][0][1].dtype == np.float32


@needs_tensorflow
def test_the_validation_images_keep_their_order_and_the_size_of_a_batch(given_to_keras):
    images, labels = np.arange(70), np.arange(70)
    sped_up("lesson").fit(images, labels, validation_data=(images, labels))
    sped_up("lesson").fit(images, labels, 64, shuffle=False, validation_data=[images, labels])
    for call, sizes in zip(given_to_keras, [[32, 32, 6], [64, 6]], strict=True):
        batches = [some for some, _ in call["validation_data"].as_numpy_iterator()]
        assert [len(some) for some in batches] == sizes
        assert np.concatenate(batches).tolist() == list(range(70))
    in_order = [some for some, _ in given_to_keras[1]["x"].as_numpy_iterator()]
    assert np.concatenate(in_order).tolist() == list(range(70)), "not shuffled, as it was asked"


@needs_tensorflow
def test_no_thread_tunes_the_pipelines_and_no_graph_is_written_out(given_to_keras):
    arrays = some_images(8)
    sped_up("lesson").fit(*arrays, validation_data=arrays)
    for data in (given_to_keras[0]["x"], given_to_keras[0]["validation_data"]):
        assert data.options().autotune.enabled is False
        assert data.options().experimental_optimization.apply_default_optimizations is False


@needs_tensorflow
@pytest.mark.parametrize(
    "settings",
    [
        {"sample_weight": np.ones(8)},
        {"validation_split": 0.25},
        {"shuffle": "batch"},
        {"validation_data": (np.ones(8), np.ones(8), np.ones(8))},
        {"validation_data": ([1.0], [1.0])},
        {"y": np.ones(7)},
        {"y": None},
        {"x": np.ones(0), "y": np.ones(0)},
        {"x": [np.ones(8), np.ones(8)]},
        {"x": np.float32(1), "y": np.float32(1)},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_what_is_more_than_two_arrays_is_left_to_keras(given_to_keras, settings):
    settings = {"x": np.ones(8), "y": np.ones(8), "batch_size": 4} | settings
    sped_up("lesson").fit(**settings)
    (call,) = given_to_keras
    assert all(call[name] is value for name, value in settings.items())


@needs_tensorflow
@pytest.mark.parametrize(("pays", "steps"), [(True, 32), (False, 1)])
def test_steps_are_taken_together_in_training_and_only_where_xla_is_on(
    fresh_xla, monkeypatch, pays, steps
):
    monkeypatch.setattr(speed, "_xla_pays", lambda: pays)
    asked = []
    monkeypatch.setattr(
        keras.Model, "fit", lambda self, x=None: asked.append(self.steps_per_execution)
    )
    model = sped_up("lesson")
    model.fit(np.ones(8))
    assert (asked, model.steps_per_execution) == ([steps], 1)


@needs_tensorflow
def test_after_a_training_a_batch_at_a_time_is_evaluated_and_predicted(fresh_xla):
    images, labels = some_images(72)
    model = sped_up("lesson")
    # What was made for single steps must not serve the training, nor the other way round.
    model.evaluate(images, labels, batch_size=2, verbose=0)
    model.train_on_batch(images[:2], labels[:2])
    model.predict(images, batch_size=2, verbose=0)
    predicted = []
    predicts = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: predicted.append(
            len(model.predict(images, batch_size=2, verbose=0))
        )
    )
    done = model.fit(
        images,
        labels,
        batch_size=2,
        verbose=0,
        validation_data=(images, labels),
        callbacks=[predicts],
    )
    assert predicted == [72] and model.optimizer.iterations == 1 + 36
    steps = []
    on_batch = keras.callbacks.LambdaCallback(
        on_test_batch_end=lambda step, logs: steps.append(step),
        on_predict_batch_end=lambda step, logs: steps.append(step),
    )
    loss, _ = model.evaluate(images, labels, batch_size=24, verbose=0, callbacks=[on_batch])
    model.predict(images, batch_size=24, verbose=0, callbacks=[on_batch])
    assert steps == [0, 1, 2, 0, 1, 2]
    assert loss == pytest.approx(done.history["val_loss"][0], rel=1e-4)


@needs_tensorflow
def test_fit_says_which_arguments_it_takes_as_before():
    plain = models.build_model(keras_tuner.HyperParameters())
    assert inspect.signature(sped_up("lesson").fit) == inspect.signature(plain.fit)


@needs_tensorflow
def test_the_last_call_of_an_epoch_may_have_fewer_steps(fresh_xla):
    images, labels = some_images(72)
    steps = []
    on_batch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: steps.append(step)
    )
    model = sped_up("lesson")
    model.fit(images, labels, batch_size=2, epochs=2, verbose=0, callbacks=[on_batch])
    assert steps == [31, 63, 31, 63], "Keras counts whole calls"
    assert model.optimizer.iterations == 2 * 36


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
