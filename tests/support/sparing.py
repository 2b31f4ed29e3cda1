"""Spares trainings that are over in an instant what takes longer than they do.

conftest.py and the kernels that a test run starts load this file.
"""

import gc
import sys
from typing import Any

# A kernel runs this as it starts. The project's folder stays out of its path, for a notebook
# must find `helpers` because it is installed.
STARTUP = """
from importlib import util as _util

_spec = _util.spec_from_file_location("_sparing", {path!r})
_sparing = _util.module_from_spec(_spec)
_spec.loader.exec_module(_sparing)
_sparing.register(get_ipython())
del _util, _spec, _sparing
"""


def spare_trainings() -> bool:
    """Leaves out what changes no result, and says whether a backend was loaded, to be spared.

    KerasTuner collects garbage before each trial, among all that the backend has loaded; and
    TensorFlow improves the graph of each pipeline of data.
    """
    if not {"tensorflow", "jax"} & sys.modules.keys():
        return False
    gc.collect()
    gc.freeze()
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    return True


def register(shell: Any) -> None:
    """Spares the trainings of an IPython `shell` from the first cell that finds a backend."""

    def before_cell(info: object) -> None:
        if spare_trainings():
            shell.events.unregister("pre_run_cell", before_cell)

    shell.events.register("pre_run_cell", before_cell)
