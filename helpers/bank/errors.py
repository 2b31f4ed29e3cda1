"""The error that a bank raises."""

import keras_tuner


class BankError(keras_tuner.errors.FatalValueError):
    """The bank can't be read or has no answer. This error ends a KerasTuner search at once."""
