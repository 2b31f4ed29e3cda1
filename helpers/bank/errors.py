"""The one error of this room."""

import keras_tuner


class BankError(keras_tuner.errors.FatalValueError):
    """The bank can't be read, or has no answer; it ends a KerasTuner search at once."""
