"""Checks KerasTuner's version."""

import warnings

import keras_tuner

TESTED = "1.4.8"


def check_version() -> None:
    """Warns if the installed KerasTuner is not the version that this package was written for."""
    found = keras_tuner.__version__
    if found != TESTED:
        warnings.warn(
            f"KerasTuner {found} is installed, but the helpers were tested with {TESTED} and use "
            "parts of it that may change. If something fails: pip install "
            f"keras-tuner=={TESTED}",
            stacklevel=2,
        )
