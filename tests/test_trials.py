"""helpers.trials: a search as a table, its learning curves, its progress."""

import json
import sys
import types

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest

from helpers import trials
from helpers.trials import ProjectError, learning_curves, trials_table, watch

X, Y = np.random.default_rng(0).normal(size=(64, 4)), np.eye(2)[np.arange(64) % 2]
DATA = {"x": X, "y": Y, "validation_data": (X, Y), "verbose": 0}


class Scored(keras_tuner.RandomSearch):
    """A search that trains nothing: its score is a formula of the values."""

    def run_trial(self, trial, *args, **kwargs):
        hp = trial.hyperparameters
        depth = hp.Int("depth", 1, 3)
        with hp.conditional_scope("depth", [2, 3]):
            rate = hp.Float("rate", 0.1, 0.5)
        if depth == 3:
            raise ValueError(f"depth {depth} is too deep\nand this is a second line")
        return {self.oracle.objective.name: depth + (rate or 0)}


def scored(folder, direction="max", trials=8, **kwargs):
    objective = keras_tuner.Objective("val_acc", direction)
    how = {"directory": folder, "project_name": "p", "seed": 3, "max_trials": trials}
    tuner = Scored(objective=objective, max_consecutive_failed_trials=99, **how, **kwargs)
    hp = keras_tuner.HyperParameters()
    depth = hp.Int("depth", 1, 3)
    with hp.conditional_scope("depth", [2, 3]):
        hp.Float("rate", 0.1, 0.5)
    assert depth == 1
    tuner.oracle.update_space(hp)
    return tuner


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    tuner = scored(tmp_path_factory.mktemp("searched"))
    tuner.search()
    return tuner


def build(hp):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(hp.Int("units", 2, 9))])
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["acc"])
    return model


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    how = {"directory": folder, "project_name": "p", "seed": 3, "max_trials": 2}
    tuner = keras_tuner.RandomSearch(build, "val_acc", executions_per_trial=2, **how)
    watch(tuner)
    tuner.search(epochs=3, **DATA)
    return tuner


# --- The table ----------------------------------------------------------------------------


def test_the_table_has_one_row_per_trial_with_its_values_score_and_status(searched):
    table = trials_table(searched)
    assert list(table.index) == list(range(8))
    for number, trial in searched.oracle.trials.items():
        row = table.loc[int(number)]
        assert row["depth"] == trial.hyperparameters.values["depth"]
        assert row["status"] == trial.status
        if trial.status == "COMPLETED":
            assert row["score"] == trial.score


def test_a_failed_trial_stays_in_the_table_with_the_line_that_says_why(searched):
    table = trials_table(searched)
    failed = table[table["status"] == "FAILED"]
    assert len(failed) and (failed["depth"] == 3).all()
    assert failed["score"].isna().all() and failed["rank"].isna().all()
    assert set(failed["message"]) == {"ValueError: depth 3 is too deep"}
    assert set(table.loc[table["status"] == "COMPLETED", "message"]) == {""}


def test_the_value_of_an_inactive_hyperparameter_is_empty(searched):
    table = trials_table(searched)
    shallow = table["depth"] == 1
    assert shallow.any() and table.loc[shallow, "rate"].isna().all()
    assert table.loc[~shallow, "rate"].notna().all()


def test_whole_numbers_stay_whole_where_another_trial_has_none(searched):
    assert str(trials_table(searched)["depth"].dtype) == "Int64"


@pytest.mark.parametrize("direction", ["max", "min"])
def test_rank_1_is_the_best_trial_of_keras_tuner(tmp_path, direction):
    tuner = scored(tmp_path, direction)
    tuner.search()
    table = trials_table(tuner)
    best = [int(trial.trial_id) for trial in tuner.oracle.get_best_trials(3)]
    assert list(table.sort_values("rank").index[:3]) == best


@pytest.mark.parametrize("direction", ["max", "min"])
def test_the_table_from_the_folder_is_the_table_from_memory(tmp_path, direction, monkeypatch):
    run_trial = Scored.run_trial

    def diverge_once(self, trial):
        scores = run_trial(self, trial)
        return scores if trial.trial_id != "2" else dict.fromkeys(scores, float("nan"))

    monkeypatch.setattr(Scored, "run_trial", diverge_once)
    tuner = scored(tmp_path, direction)
    tuner.search()
    assert trials_table(tuner).loc[2, "status"] == "FAILED"
    pd.testing.assert_frame_equal(trials_table(tmp_path / "p"), trials_table(tuner))


def test_a_watched_search_gives_the_same_table_from_its_folder(trained):
    pd.testing.assert_frame_equal(trials_table(trained.project_dir), trials_table(trained))


def test_before_the_search_the_table_is_empty_and_has_its_columns(tmp_path):
    table = trials_table(scored(tmp_path))
    assert len(table) == 0 and {"status", "score", "rank", "message"} <= set(table.columns)


def test_a_trial_file_that_a_crash_cut_short_is_a_row_that_says_so(tmp_path):
    tuner = scored(tmp_path)
    tuner.search()
    whole = trials_table(tuner)
    file = tmp_path / "p" / "trial_1" / "trial.json"
    file.write_text(file.read_text()[:100])
    table = trials_table(tmp_path / "p")
    assert table.loc[1, "status"] == "UNREADABLE"
    pd.testing.assert_frame_equal(
        table.drop(index=1)[["depth", "status", "score"]],
        whole.drop(index=1)[["depth", "status", "score"]],
    )


def test_a_hyperparameter_that_is_called_score_does_not_hide_the_score(tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Int("score", 5, 9)
    how = {"directory": tmp_path, "project_name": "p", "seed": 3, "max_trials": 2}

    class Constant(keras_tuner.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            return {"val_acc": 0.5}

    tuner = Constant(objective="val_acc", hyperparameters=hp, **how)
    tuner.search()
    table = trials_table(tuner)
    assert (table["score"] == 0.5).all() and table["score (value)"].between(5, 9).all()


def test_a_search_that_went_on_with_more_trials_keeps_their_order(tmp_path):
    scored(tmp_path, trials=3).search()
    longer = scored(tmp_path, trials=12)
    longer.search()
    assert set(longer.oracle.trials) >= {"0", "2", "03", "11"}, "KerasTuner pads its numbers"
    assert list(trials_table(longer).index) == list(range(12))
    assert list(trials_table(tmp_path / "p").index) == list(range(12))


def test_a_folder_that_does_not_exist_is_one_clear_error(tmp_path):
    with pytest.raises(ProjectError, match="There is no folder .*project_name"):
        trials_table(tmp_path / "nothing")


def test_a_folder_without_trials_is_one_clear_error(tmp_path):
    with pytest.raises(ProjectError, match="holds no trials"):
        trials_table(tmp_path)


# --- Learning curves ----------------------------------------------------------------------


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
    assert (table["seconds"] > 0).all() and (table["epochs"] == 0).all()


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


# --- Progress -----------------------------------------------------------------------------


def messages(monkeypatch, tuner):
    shown = []
    monkeypatch.setattr(trials, "_progress_display", lambda: lambda *what: shown.append(what))
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
    monkeypatch.setattr(trials.time, "perf_counter", lambda: now[0])
    shown = []
    monkeypatch.setattr(trials, "_progress_display", lambda: lambda *what: shown.append(what[2]))
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


def test_a_resumed_search_counts_the_trials_that_were_there(monkeypatch, tmp_path):
    scored(tmp_path, trials=3).search()
    shown = messages(monkeypatch, scored(tmp_path, trials=5))
    assert shown[0][2].startswith("Trial 4 of 5") and shown[-1][:2] == (5, 5)


def test_the_progress_is_silent_under_pytest_and_so_under_nbval(capsys):
    trials._progress_display()(1, 2, "Trial 1 of 2")
    assert capsys.readouterr().out == ""


def test_the_progress_is_silent_in_a_pipe(monkeypatch, capsys):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    trials._progress_display()(1, 2, "Trial 1 of 2")
    assert capsys.readouterr().out == ""


def test_the_progress_rewrites_one_line_of_a_terminal(monkeypatch, capsys):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show = trials._progress_display()
    show(1, 2, "Trial 2 of 2")
    show(2, 2, "done")
    assert capsys.readouterr().out == "\r\033[KTrial 2 of 2\r\033[Kdone\n"


def test_the_progress_updates_one_marked_output_of_a_notebook(monkeypatch):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    calls = []

    class Handle:
        def update(self, data, **kwargs):
            calls.append(("update", data, kwargs))

    def display(data, **kwargs):
        calls.append(("display", data, kwargs))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    show = trials._progress_display()
    show(1, 2, "Trial 2 of 2 <")
    show(2, 2, "done")
    assert [kind for kind, _, _ in calls] == ["display", "update"]
    assert calls[0][1]["text/html"] == '<progress value="1" max="2"></progress> Trial 2 of 2 &lt;'
    assert all(kwargs["metadata"] == {"course": "progress"} for _, _, kwargs in calls)


def test_the_record_is_never_half_written(tmp_path, monkeypatch):
    tuner = scored(tmp_path, trials=1)
    watch(tuner)
    tuner.search()
    file = tmp_path / "p" / "trial_0" / "record.json"
    before = json.loads(file.read_text())

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trials.os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        tuner.on_epoch_end(tuner.oracle.trials["0"], build(keras_tuner.HyperParameters()), 1, {})
    assert json.loads(file.read_text()) == before
