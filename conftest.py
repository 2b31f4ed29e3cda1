"""What every test run shares: small made-up work, unless the caller asks for more."""

import gc
import os
import sys

# Also for a plain `pytest`, as Windows users call it. Kernels inherit these variables.
os.environ.setdefault("COURSE_DATA", "standin")
os.environ.setdefault("COURSE_BUDGET", "quick")


def pytest_collection_finish() -> None:
    """Spares trainings that are over in an instant what takes longer than they do.

    KerasTuner collects garbage before each trial, among all that TensorFlow has loaded; and
    TensorFlow improves the graph of each pipeline of data, which changes no result.
    """
    gc.collect()
    gc.freeze()
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
