"""tools/backend.py, and what the lane of JAX promises."""

import importlib.util
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
        assert environment == {"KERAS_BACKEND": chosen}


def test_a_choice_stands(monkeypatch):
    with_installed(monkeypatch, "tensorflow")
    environment = {"KERAS_BACKEND": "jax"}
    assert backend.choose(environment) == "jax" and environment == {"KERAS_BACKEND": "jax"}


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
