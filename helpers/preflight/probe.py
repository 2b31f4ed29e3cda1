"""What the checks look at: the tuner, its data, and two models that were tried out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
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

    def full_space(self) -> list[hps.HyperParameter]:
        """Returns `space`, and what the models declare beyond it: a loop may be longer there."""
        found = {place_of(hp): hp for hp in self.space}
        for values in ("default", "largest"):
            for hp in self.rehearsal(values).declared:
                found.setdefault(place_of(hp), hp)
        return list(found.values())

    @property
    def runs_trials_by_itself(self) -> bool:
        """Whether the user wrote `run_trial`, which may do with the arguments what it likes."""
        tuner = self.tuner
        own = not type(tuner).run_trial.__module__.startswith("keras_tuner.")
        return own or tuner.hypermodel is None or not isinstance(tuner, keras_tuner.Tuner)

    @property
    def trains_by_itself(self) -> bool:
        """Whether the user wrote the training, which may declare and report what it likes."""
        hypermodel_fit = getattr(type(self.tuner.hypermodel), "fit", None)
        return self.runs_trials_by_itself or hypermodel_fit is not keras_tuner.HyperModel.fit

    @property
    def executions(self) -> int:
        """How often each trial trains its model from the beginning."""
        return getattr(self.tuner, "executions_per_trial", 1)

    @property
    def validates(self) -> bool:
        """Whether the trials are validated."""
        return self.validation is not None or self.validation_split > 0

    def training_part(self) -> tuple[Any, Any]:
        """Returns the inputs and the targets that are left for training."""
        if self._is_split():
            stop = self._split_at()
            x = batches.take_rows(self.x, 0, stop)
            return x, None if self.y is None else batches.take_rows(self.y, 0, stop)
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
            values: `default`, or `largest` for the largest value of each hyperparameter. The
                largest model is built but not trained if the default one needed more than
                `PATIENCE` seconds to begin; and none is trained if the user wrote the training.
        """
        if values not in self._rehearsals:
            space = self.tuner.oracle.get_space()
            chosen = dict(space.values)
            patient = True
            if values == "largest":
                chosen = {hp.name: largest_value(hp) for hp in space.space}
                patient = self.rehearsal().start_seconds <= PATIENCE
            arguments = self._fit_arguments if patient and not self.trains_by_itself else None
            self._rehearsals[values] = rehearse(self.tuner, chosen, arguments)
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
            weight = self.options.get("sample_weight")
            x, y, weight = _beginning((x, y, weight), self.batch_size, steps)
            chosen |= {"x": x, "y": y, "sample_weight": weight, "batch_size": self.batch_size}
        elif kind == batches.BATCHES:
            chosen["x"] = batches.first_batches(x, steps)
            chosen["validation_split"] = self.validation_split  # `fit` will refuse it
        else:
            return None
        part = self.validation_part()
        if isinstance(part, tuple | list) and batches.kind_of(part[0]) == batches.ARRAYS:
            size = self._validation_batch_size()
            chosen["validation_batch_size"] = size
            chosen["validation_data"] = _beginning(part, size, validation_steps)
        elif batches.kind_of(part) == batches.BATCHES:
            chosen["validation_data"] = batches.first_batches(part, validation_steps)
        elif part is not None:
            return None
        return chosen


def largest_value(hp: hps.HyperParameter) -> Any:
    """Returns the largest value that a search may draw; the default where they have no order."""
    if isinstance(hp, hps.Int | hps.Float):
        # A range that is no multiple of its step ends below its maximum.
        return hp.max_value if hp.step is None else hp.prob_to_value(1.0)
    values = list(hp.values)
    return max(values) if all(isinstance(one, int | float) for one in values) else hp.default


def place_of(hp: hps.HyperParameter) -> tuple[str, str]:
    """Returns what tells hyperparameters apart: the name, and its conditions."""
    return hp.name, str([condition.get_config() for condition in hp.conditions])


def _beginning(parts: Sequence[Any], size: int, number: int) -> tuple:
    """Returns the first batches of arrays, without a shorter last one where there are others.

    TensorFlow compiles once more for a batch of another size, and that would be timed. Arrays of
    different lengths stay whole; `fit` will refuse them.
    """
    leaves = [leaf for leaf in keras.tree.flatten(parts) if hasattr(leaf, "shape")]
    if len({leaf.shape[0] for leaf in leaves}) != 1:
        return tuple(parts)
    stop = min(number, max(leaves[0].shape[0] // size, 1)) * size
    return tuple(None if part is None else batches.take_rows(part, 0, stop) for part in parts)
