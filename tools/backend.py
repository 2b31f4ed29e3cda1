"""Which backend Keras computes with here: TensorFlow, or JAX where only that is installed.

`make` names it in the variable KERAS_BACKEND. Whoever starts a tool or the tests without make need
not, since each environment of the course holds one of the two.
"""

import os
import platform
from collections.abc import MutableMapping
from importlib.util import find_spec
from pathlib import Path

VARIABLE = "KERAS_BACKEND"
ROOT = Path(__file__).resolve().parent.parent
OTHERS = ("jax", "torch")  # Keras' backends beside TensorFlow that can train


def choose(environment: MutableMapping[str, str] = os.environ) -> str:
    """Return the backend that `environment` names; if it names none, the one that is installed.

    The variable is then set, so that kernels and other processes that are started get the same.
    With JAX, they also keep what they compile, and find it again: another training of the same
    layers, in a search, for another seed or in tomorrow's kernel, does not wait for the compiler.
    """
    if not environment.get(VARIABLE):
        only_jax = find_spec("tensorflow") is None and find_spec("jax") is not None
        environment[VARIABLE] = "jax" if only_jax else "tensorflow"
    if environment[VARIABLE] == "jax":
        # By machine: what is compiled for one processor may end a program on another.
        compiled = ROOT / "build" / "compiled" / platform.node()
        environment.setdefault("JAX_COMPILATION_CACHE_DIR", str(compiled))
        # All of it, not only what took a second; with a limit, JAX also locks the folder.
        environment.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        environment.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", "200000000")
    return environment[VARIABLE]
