"""tools/backend.py, and what the lane of JAX promises."""

import importlib.util
import os
import subprocess
import sys

import pytest

from tools import backend


def with_installed(monkeypatch, *names):
    monkeypatch.setattr(backend, "find_spec", lambda name: name if name in names else None)


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [(["tensorflow"], "tensorflow"), (["jax"], "jax"), (["jax", "tensorflow"], "tensorflow")],
)
def test_without_a_choice_it_is_what_is_installed_here_and_processes_inherit_it(
    monkeypatch, installed, chosen
):
    with_installed(monkeypatch, *installed)
    for environment in ({}, {"KERAS_BACKEND": ""}):
        assert backend.choose(environment) == chosen
        assert environment["KERAS_BACKEND"] == chosen
        assert len(environment) == (4 if chosen == "jax" else 1)


def test_a_choice_stands_and_so_does_a_place_for_what_is_compiled(monkeypatch):
    with_installed(monkeypatch, "tensorflow")
    environment = {"KERAS_BACKEND": "jax", "JAX_COMPILATION_CACHE_DIR": "here"}
    assert backend.choose(environment) == "jax"
    assert environment["JAX_COMPILATION_CACHE_DIR"] == "here"


TRAINING = """
import sys, keras, numpy
from jax import monitoring
seen = []
monitoring.register_event_listener(lambda event, **_: seen.append(event))
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(numpy.ones((8, 3)), numpy.ones(8), verbose=0)
hits = seen.count("/jax/compilation_cache/cache_hits")
misses = seen.count("/jax/compilation_cache/cache_misses")
print(hits, misses)
"""


@pytest.mark.tensorflow
@pytest.mark.skipif(backend.choose() != "jax", reason="this is the lane of TensorFlow")
def test_another_process_does_not_compile_the_same_model_again(tmp_path):
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(tmp_path)}

    def train():
        command = [sys.executable, "-c", TRAINING]
        return map(int, subprocess.check_output(command, env=environment, text=True).split())

    _, misses = train()
    assert misses > 0
    hits, misses = train()
    assert hits > 0 and misses == 0


@pytest.mark.tensorflow
def test_keras_computes_with_the_backend_that_was_chosen_and_loads_no_other():
    program = "import sys, keras, keras_tuner, helpers.cluster, helpers.preflight, helpers.search;"
    program += "print(keras.backend.backend(), *({'jax', 'tensorflow'} & set(sys.modules)))"
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert printed.split() == [backend.choose()] * 2


@pytest.mark.tensorflow
@pytest.mark.skipif(backend.choose() != "jax", reason="this is the lane of TensorFlow")
def test_the_lane_of_jax_has_no_tensorflow():
    assert importlib.util.find_spec("tensorflow") is None
