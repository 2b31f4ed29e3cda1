"""Findings about the search space; each mistake goes wrong for real."""

import keras
import keras_tuner
import numpy as np
import pytest

from helpers.preflight import ERROR, WARNING, space
from tests.support.small_searches import build, compiled, look_at, only, probe_of, search


def test_bounds_that_the_user_overrides_are_sound(tuner_of):
    hp = keras_tuner.HyperParameters()
    hp.Int("units", min_value=4, max_value=8, step=2)
    assert look_at(tuner_of(hyperparameters=hp)).findings == []


def test_fewer_combinations_than_trials(tuner_of):
    hp = keras_tuner.HyperParameters()
    hp.Choice("units", [2, 4])
    tuner = tuner_of(max_trials=3, hyperparameters=hp)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and finding.evidence == "2 combinations, 3 trials"
    assert finding.problem.startswith("The space has fewer combinations than max_trials: ")
    search(tuner)
    assert len(tuner.oracle.trials) <= 2


@pytest.mark.parametrize(("trials", "findings"), [(10, 0), (11, 1)])
def test_as_many_trials_as_combinations_are_sound(tuner_of, trials, findings):
    assert len(list(space.check_size(probe_of(tuner_of(max_trials=trials))))) == findings


def test_a_grid_may_have_a_limit_beyond_its_end(tuner_of):
    hp = keras_tuner.HyperParameters()
    hp.Choice("units", [2])
    tuner = tuner_of(tuner_class=keras_tuner.GridSearch, max_trials=11, hyperparameters=hp)
    report = look_at(tuner)
    assert report.findings == [] and report.estimate.trials == 1
    search(tuner)
    assert len(tuner.oracle.trials) == 1


def test_a_space_that_grows_during_the_search_is_counted_as_a_whole(tuner_of):
    def growing(hp):
        layers = [
            keras.layers.Dense(hp.Choice(f"units_{i}", [2, 4]))
            for i in range(hp.Int("layers", 1, 3))
        ]
        return compiled(keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")]))

    tuner = tuner_of(growing, max_trials=10)  # one layer alone would have 3 * 2 combinations
    assert list(space.check_size(probe_of(tuner))) == []


@pytest.mark.parametrize("name", ["batch_size", "epochs"])
def test_what_is_tuned_but_never_reaches_fit(tuner_of, name):
    def tuning(hp):
        hp.Choice(name, [2, 3])
        return build(hp)

    tuner = tuner_of(tuning)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and finding.problem.startswith(f"{name} is tuned, but")

    class Passing(keras_tuner.HyperModel):
        def build(self, hp):
            return tuning(hp)

        def fit(self, hp, model, *args, **kwargs):
            return model.fit(*args, **{**kwargs, name: hp.get(name)})

    assert look_at(tuner_of(Passing(), project_name="other")).findings == []


def test_a_tuner_that_trains_by_itself_may_declare_more(tuner_of):
    class Own(keras_tuner.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            return trial.hyperparameters.Float("x", -1.0, 1.0) ** 2

    tuner = tuner_of(None, tuner_class=Own, objective=None, max_trials=4)
    report = look_at(tuner, None, None, validation_data=None)
    assert report.findings == [] and report.estimate.trials == 4
    assert report.unchecked == ("the models, since the tuner has no hypermodel.",)
    tuner.search(verbose=0)
    assert len(tuner.oracle.trials) == 4


def test_the_same_name_declared_twice_with_other_bounds(tuner_of):
    values = []

    def twice(hp):
        values.append((hp.Int("size", 2, 4), hp.Int("size", 100, 200)))
        return build(hp)

    tuner = tuner_of(twice, max_trials=1)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "share a name" in finding.problem
    assert "size is declared as 2 to 4" in finding.evidence and "100 to 200" in finding.evidence
    search(tuner)
    assert all(first == second for first, second in values)


def test_a_name_that_is_declared_three_times_is_one_finding(tuner_of):
    def thrice(hp):
        for values in ([1, 2], [3, 4], [5, 6]):
            hp.Choice("size", values)
        return build(hp)

    finding = only(look_at(tuner_of(thrice)))
    assert finding.evidence == "size is declared as one of [1, 2], and again as one of [3, 4]"


def test_a_name_that_only_a_larger_model_declares_twice(tuner_of):
    def deep(hp):
        for i in range(hp.Int("layers", 1, 2)):
            hp.Choice("size", [i, i + 10])
        return build(hp)

    (finding,) = space.check_duplicate_names(probe_of(tuner_of(deep)))
    assert finding.evidence == "size is declared as one of [0, 10], and again as one of [1, 11]"


def test_the_same_name_declared_twice_alike_is_sound(tuner_of):
    def alike(hp):
        assert hp.Int("size", 2, 4) == hp.Int("size", 2, 4)
        return build(hp)

    assert look_at(tuner_of(alike)).findings == []


def test_the_same_name_in_two_branches_is_sound(tuner_of):
    def branches(hp):
        kind = hp.Choice("kind", ["narrow", "wide"])
        for name, bounds in (("narrow", (2, 4)), ("wide", (100, 200))):
            with hp.conditional_scope("kind", [name]):
                if kind == name:
                    hp.Int("size", *bounds)
        return build(hp)

    assert look_at(tuner_of(branches)).findings == []


@pytest.mark.parametrize("tuner_class", [keras_tuner.RandomSearch, keras_tuner.GridSearch])
def test_a_seed_of_0(tuner_of, tuner_class):
    tuner = tuner_of(tuner_class=tuner_class, seed=0)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and "seed=0" in finding.problem
    assert tuner.oracle.seed != 0


def test_a_learning_rate_that_is_sampled_linearly_over_decades(tuner_of):
    def linear(hp):
        hp.Float("learning_rate", min_value=1e-5, max_value=1e-1)
        return build(hp)

    tuner = tuner_of(linear, max_trials=40)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and "sampled linearly" in finding.problem
    assert "1.0% of the draws are below 0.001" in finding.evidence
    hp = tuner.oracle.get_space().space[0]
    drawn = np.array([hp.random_sample(seed) for seed in range(2000)])
    assert (drawn < 1e-3).mean() < 0.02


@pytest.mark.parametrize(
    ("low", "high", "sampling", "findings"),
    [
        (1.0, 100.0, "linear", 1),
        (1.0, 99.0, "linear", 0),
        (1.0, 100.0, "log", 0),
        (0.0, 100.0, "linear", 0),
    ],
)
def test_two_decades_belong_on_a_logarithmic_scale(tuner_of, low, high, sampling, findings):
    def ranged(hp):
        hp.Float("rate", low, high, sampling=sampling)
        return build(hp)

    found = list(space.check_scales(probe_of(tuner_of(ranged))))
    assert len(found) == findings
    if low == 1.0 and found:  # 9 of the 99 are below 10, the middle of the scale
        assert found[0].evidence == "rate from 1 to 100: 9.1% of the draws are below 10"
        assert found[0].cure == 'hp.Float("rate", ..., sampling="log")'


def test_neither_a_default_nor_a_condition_changes_which_values_can_be_drawn():
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        hp.Int("size", 1, 5, default=5)
    conditional = hp.space[-1]
    plain = keras_tuner.engine.hyperparameters.Int("size", 1, 5)
    wider = keras_tuner.engine.hyperparameters.Int("size", 1, 6)
    assert space.values_of(conditional) == space.values_of(plain) != space.values_of(wider)
