from pathlib import Path

import keras_tuner
import pytest

from helpers.search import protect, trials_table
from tests.support.crashes import Died
from tests.support.trainings import Diary, X, Y, make, search

pytestmark = pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")


SCORES = [0.5, 0.2, 0.9, 0.7, 0.2, 0.6]


def scored(folder, scores=SCORES, direction="min", number=2, objective=None, **how):
    """Returns a tuner whose trials have these scores and a file for their weights.

    A score of None fails.
    """

    class Saving(keras_tuner.RandomSearch):
        def run_trial(self, trial, **unused):
            checkpoint(self, trial).write_bytes(b"weights")
            score = scores[int(trial.trial_id)]
            if score is None:
                raise ValueError("no good")
            return score if isinstance(score, dict) else {"score": score}

    hp = keras_tuner.HyperParameters()
    hp.Float("x", 0.0, 1.0)
    objective = objective or keras_tuner.Objective("score", direction)
    where = {"directory": folder, "project_name": "project", "seed": 1}
    limits = {"max_trials": len(scores), "max_consecutive_failed_trials": 99, **how}
    tuner = Saving(lambda hp: None, objective=objective, hyperparameters=hp, **limits, **where)
    protect(tuner, keep_checkpoints=number)
    return tuner


def checkpoint(tuner, trial):
    return Path(tuner.get_trial_dir(trial.trial_id), "checkpoint.weights.h5")


def left(folder):
    files = folder.glob("project/trial_*/checkpoint.weights.h5")
    return sorted(int(file.parent.name.removeprefix("trial_")) for file in files)


@pytest.mark.parametrize(
    "scores, direction, number, kept",
    [
        (SCORES, "max", 1, [2]),
        (SCORES, "max", 2, [2, 3]),
        (SCORES, "max", 99, [0, 1, 2, 3, 4, 5]),
        (SCORES, "min", 2, [1, 4]),
        (SCORES, "min", 1, [1, 4]),  # KerasTuner may name either, when it is started again
        (SCORES, "min", 3, [0, 1, 4]),
        ([None, 0.3, None, 0.4], "min", 1, [1]),
        ([None, 0.3, None, 0.4], "min", 3, [1, 3]),
        ([None, None], "min", 1, []),
    ],
)
def test_the_weights_of_the_best_trials_are_kept(tmp_path, scores, direction, number, kept):
    tuner = scored(tmp_path, scores, direction, number)
    tuner.search(verbose=0)
    assert left(tmp_path) == kept
    best = tuner.oracle.get_best_trials(number)
    completed = [int(one.trial_id) for one in best if one.status == "COMPLETED"]
    assert set(completed) <= set(kept)
    assert len(trials_table(tuner)) == len(scores)  # no result is lost


def test_several_objectives_are_weighed_as_keras_tuner_does(tmp_path):
    objectives = [keras_tuner.Objective("loss", "min"), keras_tuner.Objective("acc", "max")]
    scores = [
        {"loss": loss, "acc": acc, "multi_objective": loss - acc}
        for loss, acc in ((1.0, 0.9), (0.2, 0.3), (0.5, 0.5))
    ]
    tuner = scored(tmp_path, scores, number=1, objective=objectives)
    tuner.search(verbose=0)
    assert left(tmp_path) == [1]
    assert tuner.oracle.get_best_trials(1)[0].trial_id == "1"


def test_at_every_moment_the_best_so_far_are_there_and_the_running_one(tmp_path):
    seen = []
    tuner = scored(tmp_path, direction="max", number=1)
    run_trial = tuner.run_trial

    def look(trial, **how):
        checkpoint(tuner, trial).write_bytes(b"of its first epoch")
        seen.append(left(tmp_path))
        return run_trial(trial, **how)

    tuner.run_trial = look
    tuner.search(verbose=0)
    assert seen == [[0], [0, 1], [0, 2], [2, 3], [2, 4], [2, 5]]


def test_a_trial_that_is_to_be_tried_again_keeps_its_weights(tmp_path):
    tuner = scored(tmp_path, [0.5, None, 0.4], number=1, max_retries_per_trial=1)
    seen, create_trial = [], tuner.oracle.create_trial

    def look(tuner_id):
        seen.append(left(tmp_path))
        return create_trial(tuner_id)

    tuner.oracle.create_trial = look
    tuner.search(verbose=0)
    assert seen == [[], [0], [0, 1], [0], [2]]


def test_a_search_that_goes_on_with_fewer_prunes_what_is_there(tmp_path):
    scored(tmp_path, direction="max", number=5).search(verbose=0)
    assert left(tmp_path) == [0, 1, 2, 3, 4, 5]  # 1 and 4 are equal
    scored(tmp_path, direction="max", number=2).search(verbose=0)  # nothing is left to run
    assert left(tmp_path) == [2, 3]


def test_a_file_that_somebody_has_open_is_removed_later(tmp_path, monkeypatch):
    refused = []
    unlink = Path.unlink

    def refuse_once(path, *args, **kwargs):
        if path.name == "checkpoint.weights.h5" and path.parent.name not in refused:
            refused.append(path.parent.name)
            raise PermissionError("in use")
        unlink(path, *args, **kwargs)

    monkeypatch.setattr(Path, "unlink", refuse_once)
    scored(tmp_path, direction="max", number=1).search(verbose=0)
    assert left(tmp_path) == [2] and len(refused) > 3


@pytest.mark.parametrize("number", [0, -1, 1.5, True])
def test_a_number_that_makes_no_sense_is_refused(tmp_path, number):
    with pytest.raises(ValueError, match="keep_checkpoints=.*at least 1"):
        scored(tmp_path, number=number)


def test_a_search_of_scikit_learn_keeps_its_best_models(tmp_path):
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    hp = keras_tuner.HyperParameters()
    oracle = keras_tuner.oracles.GridSearchOracle(
        objective=keras_tuner.Objective("score", "max"), hyperparameters=hp
    )
    tuner = keras_tuner.SklearnTuner(
        oracle,
        lambda hp: DecisionTreeClassifier(max_depth=hp.Int("depth", 1, 3), random_state=0),
        directory=tmp_path,
        project_name="project",
    )
    protect(tuner, keep_checkpoints=1, stop_after=99)
    tuner.search(*load_iris(return_X_y=True))
    assert len(trials_table(tuner)) == 3
    assert len(list(tmp_path.rglob("model.pickle"))) == 1
    assert tuner.get_best_models(1)[0].get_depth() == tuner.get_best_hyperparameters()[0]["depth"]


def test_hyperband_keeps_what_it_may_go_on_from_and_what_its_models_are_built_with(tmp_path):
    how = {"tuner_class": keras_tuner.Hyperband, "max_epochs": 4, "factor": 2}
    how |= {"protect": {"keep_checkpoints": 1, "backup_every": 1e9}}
    diary = Diary(dies_at=9)
    with pytest.raises(Died):
        search(make(tmp_path, **how), diary)
    tuner = make(tmp_path, **how)
    search(tuner)
    table = trials_table(tuner)
    assert (table["status"] == "COMPLETED").all() and len(table) > 8
    best = tuner.oracle.get_best_trials(1)[0]
    needed, one = set(), best
    while one is not None:
        needed.add(int(one.trial_id))
        before = one.hyperparameters.values.get("tuner/trial_id")
        one = before and tuner.oracle.get_trial(before)
    assert left(tmp_path) == sorted(needed)
    (model,) = tuner.get_best_models(1)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(best.score, rel=1e-5)
