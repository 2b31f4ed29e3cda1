import keras_tuner
import pandas as pd
import pytest

from helpers.search import (
    ProjectError,
    learning_curves,
    reuse_trials,
    watch,
)
from tests.support.crashes import make, result, search_and_die, train, training

TUNERS = {
    "random": (keras_tuner.RandomSearch, {"max_trials": 6}),
    "grid": (keras_tuner.GridSearch, {"max_trials": 6}),
    "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": 6, "num_initial_points": 3}),
    "Hyperband": (keras_tuner.Hyperband, {"max_epochs": 4, "factor": 2}),
}


@pytest.mark.parametrize("name", TUNERS)
def test_the_finished_trials_of_a_lost_search_are_reused_and_the_rest_is_run(tmp_path, name):
    tuner_class, how = TUNERS[name]
    undisturbed = make(tmp_path, tuner_class, "undisturbed", **how)
    undisturbed.search(verbose=0)
    lost = make(tmp_path, tuner_class, "lost", **how)
    trial_id = list(undisturbed.oracle.trials)[4]
    search_and_die(lost, lost.oracle, "end_trial", trial_id, "COMPLETED")
    (tmp_path / "lost" / "oracle.json").write_text("")
    first = sorted((tmp_path / "lost").glob("trial_*"))[0]
    (first / "checkpoint.weights.h5").write_text("weights")
    (first / "logs").mkdir()  # somebody's own, which stays where it is

    tuner = make(tmp_path, tuner_class, "anew", **how)
    reuse_trials(tuner, tmp_path / "lost")
    tuner.search(verbose=0)
    assert tuner.ran == undisturbed.ran[4:]
    assert result(tmp_path / "anew").equals(result(tmp_path / "undisturbed"))
    assert (tmp_path / "anew" / first.name / "checkpoint.weights.h5").read_text() == "weights"


def declare_late(tuner):
    """Has a training declare a hyperparameter, as a `HyperModel.fit` may."""
    run_trial = tuner.run_trial

    def run_and_declare(trial, **kwargs):
        late = trial.hyperparameters.Choice("late", [0.0, 0.5])
        return {"loss": run_trial(trial, **kwargs)["loss"] + late}

    tuner.run_trial = run_and_declare
    return tuner


def test_what_only_a_training_declares_is_no_other_value(tmp_path):
    undisturbed = declare_late(make(tmp_path, keras_tuner.GridSearch, "undisturbed", max_trials=6))
    undisturbed.search(verbose=0)
    lost = declare_late(make(tmp_path, keras_tuner.GridSearch, "lost", max_trials=6))
    search_and_die(lost, lost.oracle, "end_trial", "4", "COMPLETED")
    tuner = declare_late(make(tmp_path, keras_tuner.GridSearch, "anew", max_trials=6))
    reuse_trials(tuner, tmp_path / "lost")
    tuner.search(verbose=0)
    assert tuner.ran == undisturbed.ran[4:]
    assert result(tmp_path / "anew").equals(result(tmp_path / "undisturbed"))


def test_a_reused_trial_keeps_its_learning_curve(tmp_path):
    lost = training(tmp_path, project="lost")
    watch(lost)
    train(lost)
    tuner = training(tmp_path)
    reuse_trials(tuner, tmp_path / "lost")
    watch(tuner)
    train(tuner)
    old, new = (learning_curves(tmp_path / name) for name in ("lost", "project"))
    assert len(new) == 2
    pd.testing.assert_frame_equal(new, old)


def test_a_reused_trial_takes_over_the_best_of_its_values_and_their_step(tmp_path):
    lost = make(tmp_path, project="lost", max_trials=1)
    lost.search(verbose=0)
    (old,) = lost.oracle.trials.values()
    old.metrics.register("acc", direction="max")
    for step, change in enumerate([0.5, -0.25, 0.25], start=1):
        old.metrics.update("loss", old.score + change, step=step)
        old.metrics.update("acc", 0.5 - change, step=step)
    old.score, old.best_step = old.score - 0.25, 2
    old.save(tmp_path / "lost" / "trial_0" / "trial.json")
    tuner = make(tmp_path, max_trials=1)
    reuse_trials(tuner, tmp_path / "lost")
    tuner.search(verbose=0)
    (new,) = tuner.oracle.trials.values()
    assert tuner.ran == [] and (new.score, new.best_step) == (old.score, 2)
    assert new.metrics.get_best_value("acc") == 0.75


def test_a_trial_is_reused_once_and_drawn_again_trained_again(tmp_path):
    """Each reused trial stands for one training, as it would without the old search."""
    lost = make(tmp_path, project="lost", max_trials=1)
    lost.search(verbose=0)
    tuner = make(tmp_path, max_trials=2)
    (old,) = lost.oracle.trials.values()
    tuner.oracle.populate_space = lambda trial_id: {
        "status": "RUNNING",
        "values": dict(old.hyperparameters.values),
    }
    reuse_trials(tuner, tmp_path / "lost")
    tuner.search(verbose=0)
    assert tuner.ran == ["1"]


def test_a_trial_that_failed_is_not_reused(tmp_path):
    lost = make(tmp_path, project="lost", max_trials=1)
    lost.run_trial = lambda trial, **unused: 1 / 0
    lost.search(verbose=0)
    with pytest.raises(ProjectError, match="no finished trial"):
        reuse_trials(make(tmp_path), tmp_path / "lost")


def test_nothing_can_be_reused_from_nowhere_or_from_the_search_itself(tmp_path):
    tuner = make(tmp_path)
    tuner.search(verbose=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError, match="no finished trial"):
        reuse_trials(tuner, tmp_path / "empty")
    with pytest.raises(ProjectError, match="another project_name"):
        reuse_trials(tuner, tmp_path / "project")
