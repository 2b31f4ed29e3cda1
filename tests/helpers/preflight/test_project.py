"""Findings about the project folder; each mistake goes wrong for real."""

import shutil
from types import SimpleNamespace

import keras
import keras_tuner
import pytest

from helpers.preflight import ERROR, WARNING, project
from tests.support.small_searches import build, look_at, only, probe_of, search


def test_a_folder_that_is_reused_with_another_space(tuner_of):
    search(tuner_of(max_trials=1))

    def wider(hp):
        wide = keras_tuner.HyperParameters()
        wide.Fixed("units", hp.Int("units", min_value=100, max_value=200, step=2))
        return build(wide)

    tuner = tuner_of(wider, max_trials=3)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "another space" in finding.problem
    assert finding.evidence.startswith("units is 2 to 20 in steps of 2, linear there, and 100 to")
    search(tuner)
    drawn = [trial.hyperparameters.get("units") for trial in tuner.oracle.trials.values()]
    assert max(drawn) <= 20, "KerasTuner drew from the new space after all"
    assert look_at(tuner_of(wider, overwrite=True)).findings == []


def test_a_folder_that_is_reused_with_the_same_space(tuner_of):
    search(tuner_of(max_trials=1))
    assert look_at(tuner_of(max_trials=2)).findings == []
    tuner = tuner_of(max_trials=1)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and "returns at once" in finding.problem
    assert finding.evidence.startswith("1 trials in ")
    search(tuner)
    assert len(tuner.oracle.trials) == 1


def test_a_folder_that_is_reused_with_another_objective(tuner_of):
    def searched(**options):
        return tuner_of(max_trials=2, **options)

    search(tuner_of(max_trials=1))
    assert list(project.check_same_objective(probe_of(searched()))) == []
    for objective in ("val_loss", keras_tuner.Objective("val_accuracy", "min")):
        (finding,) = project.check_same_objective(probe_of(searched(objective=objective)))
        assert finding.severity == ERROR and "another objective" in finding.problem
        assert finding.evidence.startswith("1 of 1 trials there were not scored by 'val_")
    probe = probe_of(searched())
    (trial,) = probe.tuner.oracle.trials.values()
    trial.score *= 1.001  # of another metric with about the same values
    assert len(list(project.check_same_objective(probe))) == 1
    # What goes wrong: a loss is compared with accuracies.
    tuner = searched(objective="val_loss")
    search(tuner)
    accuracy, loss = (trial.score for trial in tuner.oracle.trials.values())
    assert accuracy < 1 < loss and tuner.oracle.get_best_trials()[0].score != loss


def test_several_objectives_are_the_same_ones_after_a_reload(tuner_of):
    several = {"objective": ["val_loss", "val_accuracy"]}
    search(tuner_of(max_trials=1, **several))
    assert list(project.check_same_objective(probe_of(tuner_of(**several)))) == []


@pytest.mark.parametrize(("missing", "findings"), [(0, 0), (1, 1)])
def test_checkpoints_larger_than_the_free_disk(tuner_of, monkeypatch, missing, findings):
    probe = probe_of(tuner_of(max_trials=2))
    # Two trials of 20 units: weights, and twice as much for Adam, which also keeps its learning
    # rate, four bytes each; and its count of the steps, a 64-bit number only with TensorFlow.
    count = 8 if keras.backend.backend() == "tensorflow" else 4
    needed = 2 * 4 * (3 * (8 * 20 + 3) + 1) + 2 * count
    asked = []

    def usage(folder):
        asked.append(folder)
        return SimpleNamespace(free=needed - missing)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    found = list(project.check_disk_space(probe))
    assert [finding.severity for finding in found] == [ERROR] * findings
    assert asked[0].exists(), "the disk of a folder that is still to be made"
