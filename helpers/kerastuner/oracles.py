"""What the course needs from KerasTuner's oracles and hyperparameters beyond their public API."""

from collections.abc import Callable

import keras_tuner
import numpy as np
import scipy.optimize
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.trial import Trial, TrialStatus


def keeps_books(oracle: object) -> bool:
    """Returns whether an oracle holds the trials. A worker's oracle is a client of the chief."""
    return isinstance(oracle, keras_tuner.Oracle)


def replace_writers(
    oracle: keras_tuner.Oracle,
    *,
    save_trial: Callable[[Trial], None],
    save_oracle: Callable[[], None],
) -> None:
    """Makes an oracle save its trials and its own state with these functions, not KerasTuner's."""
    oracle._save_trial, oracle.save = save_trial, save_oracle


class DeclarationRecorder(keras_tuner.HyperParameters):
    """Hyperparameters that record every declaration, including those that KerasTuner ignores.

    Attributes:
        declared: Every hyperparameter, once for each time it was declared.
    """

    def __init__(self) -> None:
        """Begins with no declarations."""
        super().__init__()
        self.declared: list[hps.HyperParameter] = []

    def _retrieve(self, hp):
        self.declared.append(hp)
        return super()._retrieve(hp)


def hyperband_budget(oracle: keras_tuner.oracles.HyperbandOracle) -> tuple[int, int]:
    """Returns how many trials and epochs a whole Hyperband has, using the oracle's arithmetic.

    Epochs that a trial takes over from an earlier round are not counted again. An endless
    Hyperband (`hyperband_iterations` of None or 0) has infinitely many of both.
    """
    trials = epochs = 0
    for bracket in range(oracle._get_num_brackets()):
        reached = 0
        for round_number in range(oracle._get_num_rounds(bracket)):
            size = oracle._get_size(bracket, round_number)
            upto = oracle._get_epochs(bracket, round_number)
            trials += size
            epochs += size * (upto - reached)
            reached = upto
    return trials * oracle.hyperband_iterations, epochs * oracle.hyperband_iterations


def is_exhausted(oracle: keras_tuner.oracles.GridSearchOracle) -> bool:
    """Returns whether a grid search has tried every combination in its space."""
    tried = [trial.hyperparameters.values for trial in oracle.trials.values()]
    following = map(oracle._get_next_combination, tried)
    return all(values is None or values in tried for values in following)


class BoundMinimisingOracle(keras_tuner.oracles.BayesianOptimizationOracle):
    """Bayesian optimisation whose Gaussian process knows the gradient of its bound.

    For each trial, KerasTuner minimises a bound of the score from 50 starting points. It leaves
    the gradient to SciPy, which estimates it from a prediction for each hyperparameter. The steps
    here are those of KerasTuner's `populate_space`, except that the gradient is exact.
    """

    def make_process(self, **params):
        """Returns a Gaussian process that has `lower_bound(x, beta)`: a value and its gradient.

        Args:
            **params: The arguments of `sklearn.gaussian_process.GaussianProcessRegressor`.
        """
        raise NotImplementedError

    def _make_gpr(self):
        return self.make_process(**super()._make_gpr().get_params(deep=False))

    def populate_space(self, trial_id: str) -> dict:
        """Returns the status and the values of the next trial."""
        completed = sum(trial.status == "COMPLETED" for trial in self.trials.values())
        if completed < (self.num_initial_points or max(3 * len(self.hyperparameters.space), 3)):
            return self._random_populate_space()
        x, y = (np.nan_to_num(one, posinf=0, neginf=0) for one in self._vectorize_trials())
        self.gpr.fit(x, y)
        bounds = self._get_hp_bounds()
        starts = self._random_state.uniform(bounds[:, 0], bounds[:, 1], size=(50, len(bounds)))
        found = [
            scipy.optimize.minimize(
                self.gpr.lower_bound,
                start,
                args=(self.beta,),
                jac=True,
                bounds=bounds,
                method="L-BFGS-B",
            )
            for start in starts
        ]
        values = self._vector_to_values(min(found, key=lambda result: result.fun).x)
        return {"status": TrialStatus.RUNNING, "values": values}
