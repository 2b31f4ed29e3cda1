import keras_tuner
import pytest
from keras_tuner.engine.trial import TrialStatus

from helpers import kerastuner


def space(**choices):
    hp = keras_tuner.HyperParameters()
    for name, values in choices.items():
        hp.Choice(name, values)
    return hp


def started(oracle, folder):
    oracle.verbose = 0
    oracle._set_project_dir(folder, "p")
    return oracle


def run_trials(oracle, count=100):
    """Runs trials until the oracle has no more, or there are `count` of them."""
    for _ in range(count):
        trial = oracle.create_trial("tuner0")
        if trial.status == TrialStatus.STOPPED:
            return
        oracle.update_trial(trial.trial_id, {"score": 0.5})
        trial.status = TrialStatus.COMPLETED
        oracle.end_trial(trial)


def grid(folder, **choices):
    objective = keras_tuner.Objective("score", "max")
    oracle = keras_tuner.oracles.GridSearchOracle(objective, hyperparameters=space(**choices))
    return started(oracle, folder)


def test_a_grid_is_exhausted_when_every_combination_was_tried_and_not_before(tmp_path):
    oracle = grid(tmp_path, a=[1, 2], b=[1, 2, 3])
    run_trials(oracle, 5)
    assert not kerastuner.is_exhausted(oracle)
    run_trials(oracle)
    assert len(oracle.trials) == 6 and kerastuner.is_exhausted(oracle)


def test_a_grid_with_a_gap_in_the_middle_is_not_exhausted(tmp_path):
    oracle = grid(tmp_path, a=[1, 2, 3, 4])
    run_trials(oracle)
    assert kerastuner.is_exhausted(oracle)
    del oracle.trials["0002"]
    assert not kerastuner.is_exhausted(oracle)


def test_an_oracle_has_the_trials_and_a_client_has_not(tmp_path):
    assert kerastuner.keeps_books(grid(tmp_path, a=[1]))
    assert not kerastuner.keeps_books(object())


def test_an_oracle_saves_by_the_writers_that_it_was_given(tmp_path):
    oracle, saved = grid(tmp_path, a=[1]), []
    kerastuner.replace_writers(
        oracle,
        save_trial=lambda trial: saved.append(trial.trial_id),
        save_oracle=lambda: saved.append("oracle"),
    )
    run_trials(oracle, 1)
    assert {"0", "oracle"} <= {one.lstrip("0") or "0" for one in saved}
    assert not (tmp_path / "p" / "oracle.json").exists()


def test_every_declaration_is_noted_also_one_that_kerastuner_ignores():
    hp = kerastuner.DeclarationRecorder()
    assert hp.declared == []
    assert hp.Int("a", 1, 5) == 1 and hp.Int("a", 2, 9) == 1
    assert [(one.name, one.min_value) for one in hp.declared] == [("a", 1), ("a", 2)]
    assert len(hp.space) == 1, "KerasTuner ignores the second"


@pytest.mark.parametrize(
    ("max_epochs", "rounds"),
    [
        # (trials, epochs that each trains on) of every round, from the last bracket to the first.
        (9, [(9, 1), (3, 2), (1, 6), (5, 3), (2, 6), (3, 9)]),
        (3, [(3, 1), (1, 2), (2, 3)]),
    ],
)
@pytest.mark.parametrize("iterations", [1, 2])
def test_hyperband_trains_the_rounds_of_its_brackets(max_epochs, rounds, iterations):
    oracle = keras_tuner.oracles.HyperbandOracle(
        "val_loss", max_epochs=max_epochs, factor=3, hyperband_iterations=iterations
    )
    trials = sum(number for number, _ in rounds) * iterations
    epochs = sum(number * trained for number, trained in rounds) * iterations
    assert kerastuner.hyperband_budget(oracle) == (trials, epochs)


def test_an_endless_hyperband_has_endless_trials():
    oracle = keras_tuner.oracles.HyperbandOracle("val_loss", max_epochs=9, hyperband_iterations=0)
    assert kerastuner.hyperband_budget(oracle) == (float("inf"), float("inf"))


def test_a_bayesian_oracle_needs_a_process_that_knows_its_bound():
    with pytest.raises(NotImplementedError):
        kerastuner.BoundMinimisingOracle("val_loss").make_process()
