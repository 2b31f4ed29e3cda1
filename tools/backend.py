"""Which backend Keras computes with here: TensorFlow, or JAX where only that is installed.

`make` names it in the variable KERAS_BACKEND. Whoever starts a tool or the tests without make need
not, since each environment of the course holds one of the two.
"""

import os
from collections.abc import MutableMapping
from importlib.util import find_spec

VARIABLE = "KERAS_BACKEND"
OTHERS = ("jax", "torch")  # Keras' backends beside TensorFlow that can train


def choose(environment: MutableMapping[str, str] = os.environ) -> str:
    """Return the backend that `environment` names; if it names none, the one that is installed.

    The variable is then set, so that kernels and other processes that are started get the same.
    """
    if not environment.get(VARIABLE):
        only_jax = find_spec("tensorflow") is None and find_spec("jax") is not None
        environment[VARIABLE] = "jax" if only_jax else "tensorflow"
    return environment[VARIABLE]
