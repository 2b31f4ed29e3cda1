"""The one error of this room."""

import keras_tuner


class BankError(keras_tuner.errors.FatalValueError):
    """The bank can't be read, or can't answer; KerasTuner ends a search at once with it."""
