import keras_tuner
import pandas as pd
import pytest

from helpers.search import ProjectError, trials_table
from tests.support.searches import Scored, scored


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


def test_a_value_that_stays_listed_while_it_is_inactive_is_empty_too(tmp_path):
    """As KerasTuner leaves it when a later value of another one makes it inactive."""
    tuner = scored(tmp_path)
    tuner.search()
    for trial in tuner.oracle.trials.values():
        trial.hyperparameters.values.setdefault("rate", 0.25)
        trial.save(tmp_path / "p" / f"trial_{trial.trial_id}" / "trial.json")
    for search in (tuner, tmp_path / "p"):
        table = trials_table(search)
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
    assert table.attrs["direction"] == direction


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
    table = trials_table(scored(tmp_path, "min"))
    assert len(table) == 0 and {"status", "score", "rank", "message"} <= set(table.columns)
    assert table.attrs["direction"] == "min"  # which no trial tells yet


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
