"""What the checks look at: the tuner, its data, and models built once."""

import math
from dataclasses import dataclass, field

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.base_tuner import BaseTuner

from helpers.kerastuner import DeclarationRecorder


@dataclass
class Probe:
    """What the checks look at. Models are built when first asked for, and only once."""

    tuner: BaseTuner
    x: object
    y: object
    validation: object
    validation_split: float
    epochs: int | None
    batch_size: int
    test: object
    declared: list = field(default_factory=list)  # every hyperparameter, as often as declared
    _built: dict = field(default_factory=dict)

    @property
    def space(self) -> list[hps.HyperParameter]:
        """The hyperparameters that the tuner knows."""
        return self.tuner.oracle.get_space().space

    @property
    def validates(self) -> bool:
        """Whether there is anything to validate on."""
        return self.validation is not None or self.validation_split > 0

    @property
    def arrays(self) -> bool:
        """Whether the inputs are one array."""
        return isinstance(self.x, np.ndarray)

    def validation_arrays(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns the arrays that trials are compared on, or None if they are no arrays."""
        if isinstance(self.validation, tuple) and isinstance(self.validation[0], np.ndarray):
            return self.validation[:2]
        if self.arrays and self.validation_split:  # Keras takes the last ones
            cut = round(len(self.x) * (1 - self.validation_split))
            return self.x[cut:], self.y[cut:]
        return None

    def first_batch(self) -> tuple:
        """Returns the inputs and the targets of the first step."""
        if self.arrays:
            return self.x[: self.batch_size], self.y[: self.batch_size]
        return tuple(next(iter(self.x)))[:2]

    def steps(self) -> int | None:
        """Returns the number of steps of an epoch, or None if that is unknown."""
        try:
            return math.ceil(len(self.x) / self.batch_size) if self.arrays else len(self.x)
        except TypeError:
            return None

    def model(self, *, largest: bool = False) -> keras.Model:
        """Returns the model of the default values, or of the largest ones."""
        if largest not in self._built:
            hp = DeclarationRecorder()
            known = self.tuner.oracle.get_space()
            hp.values = (
                {one.name: _largest(one) for one in known.space} if largest else known.values
            )
            self._built[largest] = self.tuner.hypermodel.build(hp)
            self.declared += hp.declared
        return self._built[largest]


def _largest(hp: hps.HyperParameter):
    if isinstance(hp, hps.Int | hps.Float):
        return hp.max_value
    values = list(hp.values)
    numbers = all(isinstance(value, int | float) for value in values)
    return max(values) if numbers else hp.default


def has_own_fit(probe: Probe) -> bool:
    """Returns whether the user wrote `fit`, which may report and declare what it likes."""
    hypermodel = probe.tuner.hypermodel
    return hypermodel is not None and type(hypermodel).fit is not keras_tuner.HyperModel.fit


def reported_metrics(probe: Probe) -> list[str]:
    """Returns the names of what a training step reports."""
    model = probe.model()
    return list(model.train_on_batch(*probe.first_batch(), return_dict=True))
