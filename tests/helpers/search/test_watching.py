import json

import keras_tuner
import numpy as np
import pytest

from helpers import display, files
from helpers.search import ProjectError, learning_curves, trials_table, watch, watching
from tests.support.searches import DATA, Scored, build, scored


def test_watch_records_every_epoch_of_every_execution(trained):
    curves = learning_curves(trained)
    expected = [(t, e, n) for t in (0, 1) for e in (1, 2) for n in (1, 2, 3)]
    recorded = curves[["trial", "execution", "epoch"]].itertuples(index=False)
    assert [tuple(row) for row in recorded] == expected
    assert {"loss", "acc", "val_loss", "val_acc"} <= set(curves.columns)


def test_the_recorded_curves_lead_to_the_scores_of_keras_tuner(trained):
    curves = learning_curves(trained)
    best_of_each = curves.groupby(["trial", "execution"])["val_acc"].max()
    means = best_of_each.groupby("trial").mean()
    np.testing.assert_allclose(means, trials_table(trained)["score"], atol=1e-6)


def test_watch_records_seconds_and_parameters(trained):
    table = trials_table(trained)
    units = table["units"]
    assert list(table["parameters"]) == list(units * 5 + (units + 1) * 2)
    last_epoch = learning_curves(trained).groupby("trial")["seconds"].max()
    assert (table["seconds"] >= last_epoch).all() and (last_epoch > 0).all()
    assert list(table["epochs"]) == [6, 6]


def test_a_search_that_nobody_watched_has_a_table_but_no_curves(searched):
    table = trials_table(searched)
    assert table[["seconds", "parameters", "epochs"]].isna().all(axis=None)
    with pytest.raises(ProjectError, match=r"watch\(tuner\)"):
        learning_curves(searched)


def test_a_trial_that_fails_before_its_first_epoch_is_recorded_with_its_seconds(tmp_path):
    tuner = scored(tmp_path)
    watch(tuner)
    tuner.search()
    table = trials_table(tuner)
    failed = table[table["status"] == "FAILED"]
    assert (table["seconds"] > 0).all() and len(failed) and (failed["epochs"] == 0).all()


def test_trials_that_report_no_epoch_are_not_said_to_have_none(tmp_path):
    tuner = scored(tmp_path)
    watch(tuner)
    tuner.search()
    table = trials_table(tuner)
    assert table.loc[table["status"] == "COMPLETED", "epochs"].isna().all()
    with pytest.raises(ProjectError, match=r"no learning curves: .* no epoch\. They do that where"):
        learning_curves(tuner)


def test_why_a_trial_failed_is_known_where_a_chief_was_not_told(tmp_path):
    """What a worker sends to its chief has no room for the message."""
    tuner = scored(tmp_path)
    watch(tuner)
    tuner.search()
    told = trials_table(tuner)["message"]
    for trial in tuner.oracle.trials.values():
        trial.message = None
        trial.save(tmp_path / "p" / f"trial_{trial.trial_id}" / "trial.json")
    assert (told != "").any()
    for search in (tuner, tmp_path / "p"):
        assert trials_table(search)["message"].equals(told)


def test_a_trial_that_runs_again_starts_a_new_record(tmp_path):
    attempts = []

    class Flaky(keras_tuner.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            attempts.append(trial.trial_id)
            histories = super().run_trial(trial, *args, **kwargs)
            if len(attempts) == 1:
                raise ValueError("only the first time")
            return histories

    how = {"directory": tmp_path, "project_name": "p", "seed": 3, "max_trials": 1}
    tuner = Flaky(build, "val_acc", max_retries_per_trial=1, **how)
    watch(tuner)
    tuner.search(epochs=2, **DATA)
    assert attempts == ["0", "0"]
    assert list(learning_curves(tuner)["epoch"]) == [1, 2]


def test_watch_does_not_replace_the_hooks_of_the_tuner(tmp_path):
    ended = []

    class Counting(Scored):
        def on_trial_end(self, trial):
            super().on_trial_end(trial)
            ended.append(trial.trial_id)

    tuner = Counting(
        objective=keras_tuner.Objective("val_acc", "max"), max_trials=2, directory=tmp_path
    )
    tuner.oracle.hyperparameters.Fixed("depth", 1)
    watch(tuner)
    tuner.search()
    assert ended == list(tuner.oracle.trials) and ended


def messages(monkeypatch, tuner):
    shown = []
    monkeypatch.setattr(display, "progress_display", lambda: lambda *what: shown.append(what))
    watch(tuner)
    tuner.search()
    return shown


def test_the_progress_tells_trial_k_of_n_the_best_so_far_and_the_time_left(monkeypatch, tmp_path):
    tuner = scored(tmp_path)
    shown = messages(monkeypatch, tuner)
    first, last = shown[0], shown[-1]
    assert first[2].startswith("Trial 1 of 8")
    assert last[:2] == (8, 8) and last[2].startswith("Trial 8 of 8")
    best = tuner.oracle.get_best_trials(1)[0]
    assert f"best val_acc {best.score:.3f} (trial {best.trial_id})" in last[2]
    assert any(" left" in text for _, _, text in shown[:-1]) and " left" not in last[2]
    failed = (trials_table(tuner)["status"] == "FAILED").sum()
    assert f"{failed} failed" in last[2]


def test_the_time_left_is_what_the_finished_trials_took_for_each_that_is_to_come(
    monkeypatch, tmp_path
):
    now = [0.0]
    monkeypatch.setattr(watching.time, "perf_counter", lambda: now[0])
    shown = []
    monkeypatch.setattr(display, "progress_display", lambda: lambda *what: shown.append(what[2]))
    tuner = scored(tmp_path, trials=3)
    watch(tuner)
    model = build(keras_tuner.HyperParameters())

    def train_for_100_seconds(trial):
        now[0] += 60
        tuner.on_epoch_end(trial, model, 0, {})
        now[0] += 40
        return {"val_acc": 0.5}

    monkeypatch.setattr(tuner, "run_trial", train_for_100_seconds)
    tuner.search()
    told = [text.rpartition("about ")[2] if "about" in text else "" for text in shown]
    #               begin  epoch  end
    assert told == ["", "", "3:20 left", "3:20 left", "2:20 left", "1:40 left",
                    "1:40 left", "0:40 left", ""]  # fmt: skip
    # Recorded are those of each trial, not those since the search began.
    assert list(trials_table(tmp_path / "p")["seconds"]) == [100.0] * 3
    assert list(learning_curves(tmp_path / "p")["seconds"]) == [60.0] * 3


def test_a_resumed_search_counts_the_trials_that_were_there(monkeypatch, tmp_path):
    scored(tmp_path, trials=3).search()
    shown = messages(monkeypatch, scored(tmp_path, trials=5))
    assert shown[0][2].startswith("Trial 4 of 5") and shown[-1][:2] == (5, 5)


def test_the_record_is_never_half_written(tmp_path, monkeypatch):
    tuner = scored(tmp_path, trials=1)
    watch(tuner)
    tuner.search()
    file = tmp_path / "p" / "trial_0" / "record.json"
    before = json.loads(file.read_text())

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        tuner.on_epoch_end(tuner.oracle.trials["0"], build(keras_tuner.HyperParameters()), 1, {})
    assert json.loads(file.read_text()) == before
