from concurrent.futures import ThreadPoolExecutor

import keras_tuner
import numpy as np
import pytest
import scipy.optimize
import sklearn.gaussian_process

from helpers.bank.bayesian import BayesianOptimization, GaussianProcess

BAYESIAN = keras_tuner.BayesianOptimization
HOW = {"max_trials": 8, "num_initial_points": 5}


class KerasTunersOwn(BAYESIAN):
    """Not replaced by the course's, since it is a class of its own."""


def search(bank, tuner_class, seed):
    tuner = bank.tuner(tuner_class, seed=seed, **HOW)
    tuner.search()
    return tuner.replayed()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", [1, 2, 30])
def test_a_bayesian_search_draws_the_trials_that_kerastuners_own_draws(bank, seed):
    assert isinstance(bank.tuner(BAYESIAN, seed=seed, **HOW), BayesianOptimization)
    assert not isinstance(bank.tuner(KerasTunersOwn, seed=seed, **HOW), BayesianOptimization)
    assert search(bank, BAYESIAN, seed).equals(search(bank, KerasTunersOwn, seed))


# Python's own filters of warnings are one for all threads, so one search may show the other's.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_two_searches_at_once_draw_what_each_draws_alone(bank):
    alone = [search(bank, BAYESIAN, seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as threads:
        together = threads.map(lambda seed: search(bank, BAYESIAN, seed), (1, 2))
        assert all(one.equals(other) for one, other in zip(alone, together, strict=True))


def test_what_a_bayesian_tuner_takes_reaches_the_tuner_and_its_oracle(bank):
    tuner = bank.tuner(BAYESIAN, seed=3, max_trials=4, beta=1.5, project_name="mine")
    assert (tuner.oracle.seed, tuner.oracle.max_trials, tuner.oracle.beta) == (3, 4, 1.5)
    assert tuner.project_name == "mine"


def test_the_gradient_of_the_bayesian_bound_is_right():
    rng = np.random.default_rng(0)
    points, values, x = rng.random((8, 3)), rng.random(8), rng.random(3)
    kernel = sklearn.gaussian_process.kernels.Matern(nu=2.5)
    process = GaussianProcess(kernel=kernel, normalize_y=True, alpha=1e-4, optimizer=None)
    process.fit(points, values)
    mean, deviation = process.predict(x[None], return_std=True)
    bound, gradient = process.lower_bound(x, 2.6)
    assert bound == pytest.approx((mean - 2.6 * deviation).item(), abs=1e-9)
    estimated = scipy.optimize.approx_fprime(x, lambda x: process.lower_bound(x, 2.6)[0])
    np.testing.assert_allclose(gradient, estimated, rtol=1e-5)
