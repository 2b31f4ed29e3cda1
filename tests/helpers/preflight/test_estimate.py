"""What a search will cost."""

import keras_tuner
import pytest

from helpers.kerastuner import hyperband_budget
from helpers.preflight import estimate
from helpers.preflight.rehearsal import Rehearsal
from tests.support.small_searches import OwnFit, OwnTrial, X, build, look_at, probe_of, search


def priced(probe, default=(2.0, 0.1, 0.01), largest=(4.0, 0.3, 0.02)):
    """Puts known times into a probe: those of a start, a step and a validation step, in seconds."""
    for values, times in (("default", default), ("largest", largest)):
        start, step, validation_step = times or (9.0, None, 0.0)
        probe._rehearsals[values] = Rehearsal(
            start_seconds=start, step_seconds=step, validation_step_seconds=validation_step
        )
    return probe


def test_minutes_are_those_of_all_starts_and_steps(tuner_of):
    # 900 examples in batches of 300 are 3 steps, and as many to validate.
    options = {"epochs": 5, "batch_size": 300}
    tuner = tuner_of(max_trials=4, executions_per_trial=2)
    found = estimate.estimate_cost(priced(probe_of(tuner, **options)))
    assert (found.trials, found.epochs, found.largest_timed) == (4, 40, True)
    default = 4 * 2 * 2.0 + 40 * (3 * 0.1 + 3 * 0.01)
    largest = 4 * 2 * 4.0 + 40 * (3 * 0.3 + 3 * 0.02)
    assert found.minutes == pytest.approx((default / 60, largest / 60))

    found = estimate.estimate_cost(priced(probe_of(tuner, **options), largest=None))
    assert not found.largest_timed and found.minutes == pytest.approx((default / 60, default / 60))
    unknown = priced(probe_of(tuner, **options), default=None, largest=None)
    assert estimate.estimate_cost(unknown).minutes is None


def test_what_was_run_before_is_not_counted_again(tuner_of):
    for most, left in ((5, 3), (1, 0)):
        probe = probe_of(tuner_of(max_trials=most))
        probe.tuner.oracle.trials.update(dict.fromkeys("01"))
        assert (estimate.trials_to_run(probe), estimate.trial_limit(probe)) == (left, most)
        assert estimate.epochs_to_run(probe) == left


def test_epochs_of_a_hyperband_that_was_run_before_are_not_counted_again(tuner_of):
    options = {"tuner_class": keras_tuner.Hyperband, "max_epochs": 2, "factor": 2}
    tuner = tuner_of(**options)
    trials, epochs = hyperband_budget(tuner.oracle)
    probe = probe_of(tuner)
    assert (estimate.trials_to_run(probe), estimate.epochs_to_run(probe)) == (trials, epochs)
    hp = keras_tuner.HyperParameters()
    hp.values = {"tuner/epochs": 2, "tuner/initial_epoch": 1}
    tuner.oracle.trials["0"] = keras_tuner.engine.trial.Trial(hp)
    assert (estimate.trials_to_run(probe), estimate.epochs_to_run(probe)) == (
        trials - 1,
        epochs - 1,
    )


@pytest.mark.parametrize(
    ("builder", "tuner_class", "epochs", "expected"),
    [
        (OwnFit(), keras_tuner.RandomSearch, None, None),
        (OwnFit(), keras_tuner.RandomSearch, 3, 6),  # if it passes them on
        (build, OwnTrial, 3, None),
    ],
)
def test_the_epochs_of_ones_own_training(tuner_of, builder, tuner_class, epochs, expected):
    probe = probe_of(tuner_of(builder, tuner_class=tuner_class), epochs=epochs)
    assert estimate.trials_to_run(probe) == 2
    assert estimate.epochs_to_run(probe) == expected


def test_a_search_without_a_limit(tuner_of):
    def endless(hp):
        hp.Float("rate", 0.0, 1.0)
        return build(hp)

    probe = probe_of(tuner_of(endless, max_trials=None))
    found = estimate.estimate_cost(priced(probe))
    assert (found.trials, found.epochs, found.minutes) == (None, None, None)


def test_the_checkpoints_are_not_larger_than_estimated(tuner_of, tmp_path):
    def large(hp):
        hp.Fixed("units", 20000)
        return build(hp)

    tuner = tuner_of(large, max_trials=1)
    estimated = look_at(tuner).estimate.megabytes
    search(tuner)
    written = sum(file.stat().st_size for file in tmp_path.rglob("*.weights.h5")) / 1e6
    assert 0.9 * written < estimated < 1.3 * written


def test_minutes_come_out_of_a_real_rehearsal(tuner_of, timed):
    report = look_at(tuner_of(), x=X, epochs=5)
    assert report.findings == []
    low, high = report.estimate.minutes
    assert 0 < low <= high and report.estimate.largest_timed


def space_of(*declare):
    hp = keras_tuner.HyperParameters()
    for one in declare:
        one(hp)
    return hp.space


def conditional(hp):
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        hp.Int("size", min_value=1, max_value=5)
    hp.Boolean("flag")


@pytest.mark.parametrize(
    ("declare", "combinations", "grid"),
    [
        (conditional, 2 * (1 + 5), 2 * (1 + 5)),
        (lambda hp: hp.Float("rate", 0.0, 1.0), None, 10),
        (lambda hp: hp.Float("rate", 0.0, 1.0, step=0.25), 5, 5),
        (lambda hp: hp.Int("units", 1, 100, sampling="log"), 100, None),
        (lambda hp: hp.Int("units", 1, 10_000), 10_000, 10_000),
        (lambda hp: hp.Int("units", 1, 10_001), None, None),
        (lambda hp: hp.Int("units", 1, 10**12), None, None),
        (lambda hp: hp.Fixed("units", 3), 1, 1),
    ],
)
def test_combinations_are_counted_with_their_conditions(declare, combinations, grid):
    assert estimate.count_combinations(space_of(declare)) == combinations
    if grid is not None:
        assert estimate.count_combinations(space_of(declare), grid=True) == grid


def test_many_combinations_are_not_counted_to_their_end():
    large = [lambda hp, i=i: hp.Int(f"units_{i}", 1, 10_000) for i in range(4)]
    assert estimate.count_combinations(space_of(*large)) is None
