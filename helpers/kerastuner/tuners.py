"""What KerasTuner's tuners do with a hypermodel."""

from typing import Any

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner


def build_model(tuner: BaseTuner, hp: keras_tuner.HyperParameters) -> Any:
    """Returns what a trial would train. `Tuner` may compile the hypermodel's model once more.

    Args:
        tuner: A tuner with a hypermodel.
        hp: The hyperparameters of the trial. Those that the hypermodel declares are added.
    """
    if isinstance(tuner, keras_tuner.Tuner):
        return tuner._build_hypermodel(hp)
    return tuner.hypermodel.build(hp)
