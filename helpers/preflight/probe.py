"""What the checks look at: the tuner, its data, and two models that were tried out."""

from dataclasses import dataclass, field
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.base_tuner import BaseTuner

from helpers.preflight import batches
from helpers.preflight.rehearsal import PATIENCE, Rehearsal, rehearse


@dataclass
class Probe:
    """A search that has not begun. Models are built when they are first asked for, and only once.

    Attributes:
        tuner: The tuner.
        x: Inputs to train on, of any kind that `Model.fit` takes.
        y: Targets, if they are not in `x`.
        validation: What is given as `validation_data`; None without it.
        validation_split: Share of `x` and `y` to validate on.
        epochs: Epochs of each trial; None if they are not given.
        batch_size: Examples in a batch, if the data are arrays.
        test: Inputs and targets of the test set, or a `SealedTestSet`; None without it.
        options: What else is given to `search`, by name.
    """

    tuner: BaseTuner
    x: Any
    y: Any
    validation: Any
    validation_split: float
    epochs: int | None
    batch_size: int
    test: Any
    options: dict[str, Any]
    _rehearsals: dict[str, Rehearsal] = field(default_factory=dict)

    @property
    def space(self) -> list[hps.HyperParameter]:
        """The hyperparameters that the tuner knows before its first trial."""
        return self.tuner.oracle.get_space().space

    @property
    def trains_by_itself(self) -> bool:
        """Whether the user wrote the training, which may declare and report what it likes."""
        hypermodel = self.tuner.hypermodel
        return (
            hypermodel is None
            or not isinstance(self.tuner, keras_tuner.Tuner)
            or not type(self.tuner).run_trial.__module__.startswith("keras_tuner.")
            or type(hypermodel).fit is not keras_tuner.HyperModel.fit
        )

    @property
    def validates(self) -> bool:
        """Whether the trials are validated."""
        return self.validation is not None or self.validation_split > 0

    def training_part(self) -> tuple[Any, Any]:
        """Returns the inputs and the targets that are left for training."""
        if self._is_split():
            stop = self._split_at()
            return tuple(
                None if part is None else batches.take_rows(part, 0, stop)
                for part in (self.x, self.y)
            )  # pyright: ignore[reportReturnType]
        return self.x, self.y

    def validation_part(self) -> Any:
        """Returns what the trials are validated on: a tuple of arrays, a data set, or None."""
        if self.validation is not None or not self._is_split():
            return self.validation
        start = self._split_at()
        y = None if self.y is None else batches.take_rows(self.y, start, None)
        return batches.take_rows(self.x, start, None), y

    def validation_inputs(self) -> Any:
        """Returns the inputs that the trials are validated on if these are arrays, or None."""
        part = self.validation_part()
        if isinstance(part, tuple | list) and part and batches.kind_of(part[0]) == batches.ARRAYS:
            return part[0]
        return None

    def rehearsal(self, values: str = "default") -> Rehearsal:
        """Returns what happened when a model was built and, if possible, trained for a moment.

        Args:
            values: `default`, or `largest` for the largest value of each hyperparameter, or
                `smallest`. The smallest is built but never trained; nor is the largest if the
                default model needed more than `PATIENCE` seconds to begin.
        """
        if values not in self._rehearsals:
            space = self.tuner.oracle.get_space()
            chosen = dict(space.values)
            if values != "default":
                chosen = {hp.name: extreme_value(hp, values) for hp in space.space}
            patient = values == "default" or self.rehearsal().start_seconds <= PATIENCE
            trains = values != "smallest" and patient
            self._rehearsals[values] = rehearse(
                self.tuner, chosen, self._fit_arguments if trains else None
            )
        return self._rehearsals[values]

    def steps(self) -> tuple[int | None, int | None]:
        """Returns the training and the validation steps of an epoch; None where unknown."""
        x, _ = self.training_part()
        steps = self.options.get("steps_per_epoch") or batches.count_steps(x, self.batch_size)
        if not self.validates:
            return steps, 0
        part, size = self.validation_part(), self._validation_batch_size()
        whole = part[0] if isinstance(part, tuple | list) else part
        return steps, self.options.get("validation_steps") or batches.count_steps(whole, size)

    def _is_split(self) -> bool:
        return self.validation_split > 0 and batches.kind_of(self.x) == batches.ARRAYS

    def _split_at(self) -> int:
        # As Keras does, which validates on the last examples.
        return int(batches.length(self.x) * (1.0 - self.validation_split))

    def _validation_batch_size(self) -> int:
        return self.options.get("validation_batch_size") or self.batch_size

    def _fit_arguments(self, steps: int, validation_steps: int) -> dict[str, Any] | None:
        """Returns arguments for `fit` with the first batches, or None if they can't be taken."""
        x, y = self.training_part()
        kind = batches.kind_of(x)
        chosen: dict[str, Any] = {"class_weight": self.options.get("class_weight")}
        if kind == batches.ARRAYS:
            stop = _whole_batches(batches.length(x), self.batch_size, steps)
            weight = self.options.get("sample_weight")
            chosen |= {"x": batches.take_rows(x, 0, stop), "batch_size": self.batch_size}
            chosen["y"] = None if y is None else batches.take_rows(y, 0, stop)
            chosen["sample_weight"] = None if weight is None else batches.take_rows(weight, 0, stop)
        elif kind == batches.BATCHES:
            chosen["x"] = batches.first_batches(x, steps)
        else:
            return None
        part = self.validation_part()
        if isinstance(part, tuple | list) and batches.kind_of(part[0]) == batches.ARRAYS:
            size = self._validation_batch_size()
            chosen["validation_batch_size"] = size
            stop = _whole_batches(batches.length(part[0]), size, validation_steps)
            chosen["validation_data"] = tuple(
                None if one is None else batches.take_rows(one, 0, stop) for one in part
            )
        elif batches.kind_of(part) == batches.BATCHES:
            chosen["validation_data"] = batches.first_batches(part, validation_steps)
        elif part is not None:
            return None
        return chosen


def extreme_value(hp: hps.HyperParameter, which: str) -> Any:
    """Returns the `largest` or the `smallest` value; the default where values have no order."""
    values = list(hp.values) if isinstance(hp, hps.Choice | hps.Boolean | hps.Fixed) else []
    if isinstance(hp, hps.Int | hps.Float):
        values = [hp.min_value, hp.max_value]
    if not values or not all(isinstance(value, int | float) for value in values):
        return hp.default
    return max(values) if which == "largest" else min(values)


def _whole_batches(examples: int, size: int, number: int) -> int:
    """Returns how many examples to take for so many batches, without a shorter last one.

    TensorFlow compiles once more for a batch of another size, and that would be timed.
    """
    return min(number, max(examples // size, 1)) * size
