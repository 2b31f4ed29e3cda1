"""Every private name of KerasTuner that the course touches, each behind a public function.

KerasTuner offers no public way to write its files safely, to look a trial up in a running chief, or
to know beforehand what Hyperband will do. What is used here belongs to one release, which
`requirements.txt` pins; the tests notice when another one differs.
"""

import collections
import time
import warnings
from collections.abc import Callable

import keras_tuner
import numpy as np
import scipy.optimize
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.distribute import utils as _distribute

TESTED = "1.4.8"


def check_version() -> None:
    """Warns if another KerasTuner is installed than the one that this module was written for."""
    found = keras_tuner.__version__
    if found != TESTED:
        warnings.warn(
            f"KerasTuner {found} is installed, but the helpers were tested with {TESTED} and use "
            "parts of it that may change. If something fails: pip install "
            f"keras-tuner=={TESTED}",
            stacklevel=2,
        )


check_version()


def is_chief() -> bool:
    """Returns whether this process is the chief of a search in several processes."""
    return _distribute.is_chief_oracle()


def is_worker() -> bool:
    """Returns whether this process is a worker of a search in several processes."""
    return _distribute.has_chief_oracle() and not _distribute.is_chief_oracle()


def keeps_books(oracle: object) -> bool:
    """Returns whether an oracle has the trials; a worker's is a client, which asks the chief."""
    return isinstance(oracle, keras_tuner.Oracle)


def replace_writers(
    oracle: keras_tuner.Oracle,
    *,
    save_trial: Callable[[Trial], None],
    save_oracle: Callable[[], None],
) -> None:
    """Has an oracle save a trial, and its own state, by other functions than KerasTuner's."""
    oracle._save_trial, oracle.save = save_trial, save_oracle


def end_chief_promptly() -> None:
    """Lets a chief look every second whether its workers have ended; KerasTuner waits 20."""
    # Imported here: it needs gRPC, which only a cluster does.
    from keras_tuner.src.distribute import oracle_chief

    have_ended = oracle_chief.exit_chief

    def wait_until_they_have(oracle: keras_tuner.Oracle) -> bool:
        while not have_ended(oracle):
            time.sleep(1)
        time.sleep(1)  # the last answer may be on its way still
        return True

    oracle_chief.exit_chief = wait_until_they_have


def count_statuses(address: str, *, timeout: float = 5.0) -> dict[str, int] | None:
    """Asks a chief how many trials are in which state.

    Args:
        address: `host:port` of the chief.
        timeout: Seconds to wait for an answer.

    Returns:
        The number of trials by status, or None if the chief does not answer.
    """
    import grpc
    from keras_tuner.src import protos

    service = protos.get_service()
    with grpc.insecure_channel(address) as channel:
        stub = protos.get_service_grpc().OracleStub(channel)
        try:
            answer = stub.GetBestTrials(
                service.GetBestTrialsRequest(num_trials=10**6), timeout=timeout
            )
        except grpc.RpcError:
            return None
    return dict(collections.Counter(Trial.from_proto(trial).status for trial in answer.trials))


class DeclarationRecorder(keras_tuner.HyperParameters):
    """Hyperparameters that note every declaration, also one that KerasTuner ignores.

    Attributes:
        declared: Every hyperparameter, as often as it was declared.
    """

    def __init__(self) -> None:
        """Begins with nothing declared."""
        super().__init__()
        self.declared: list[hps.HyperParameter] = []

    def _retrieve(self, hp):
        self.declared.append(hp)
        return super()._retrieve(hp)


def hyperband_budget(oracle: keras_tuner.oracles.HyperbandOracle) -> tuple[int, int]:
    """Returns the trials and the epochs of a whole Hyperband, by the oracle's own arithmetic.

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


class BoundMinimisingOracle(keras_tuner.oracles.BayesianOptimizationOracle):
    """Bayesian optimisation whose Gaussian process knows the gradient of its bound.

    KerasTuner minimises a bound of the score from 50 starting points for each trial, and leaves
    the gradient to SciPy, which estimates it from a prediction for each hyperparameter. The steps
    here are those of its `populate_space`; only the gradient is exact.
    """

    def make_process(self, **params):
        """Returns a Gaussian process that has `lower_bound(x, beta)`: a value and its gradient.

        Args:
            **params: What `sklearn.gaussian_process.GaussianProcessRegressor` takes.
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
