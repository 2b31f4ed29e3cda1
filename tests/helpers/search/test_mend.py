import json
import shutil
import warnings

import numpy as np
import pytest

from helpers.search import (
    ProjectError,
    mend_project,
    trials_table,
)
from tests.support.crashes import make, result, search_and_die

# Where it dies; which trials run afterwards without and with mending.
GAPS = {
    "finished, not entered": ("oracle", "save", "1", "COMPLETED", ["1", "2"], ["2"]),
    "drawn, not entered": ("oracle", "save", "1", "RUNNING", ["2"], ["1", "2"]),
    "reported, not ended": ("oracle", "end_trial", "1", "COMPLETED", ["1", "2"], ["1", "2"]),
    "the first one": ("tuner", "save", "0", "COMPLETED", ["0", "1", "2"], ["1", "2"]),
}


@pytest.mark.parametrize("mended", [False, True])
@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_in_which_a_process_died_is_mended(tmp_path, gap, mended):
    where, method, trial_id, status, unmended_ran, mended_ran = GAPS[gap]
    undisturbed = make(tmp_path, project="undisturbed")
    undisturbed.search(verbose=0)
    dying = make(tmp_path)
    dying.bias = 1.0 if gap == "reported, not ended" else 0.0
    owner = dying if where == "tuner" else dying.oracle
    search_and_die(dying, owner, method, trial_id, status)
    if mended:
        (told,) = mend_project(tmp_path / "project")
        assert told.startswith(f"Trial {trial_id} ")
    tuner = make(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # KerasTuner takes the old result for one of our own making
        tuner.search(verbose=0)
    assert tuner.ran == (mended_ran if mended else unmended_ran)
    if mended:
        states = (tmp_path / name / "oracle.json" for name in ("project", "undisturbed"))
        mine, right = (json.loads(file.read_text()) for file in states)
        for kept in ("end_order", "run_times", "ongoing_trials", "retry_queue"):
            assert mine[kept] == right[kept]
    scores, right = (result(tmp_path / name)["score"] for name in ("project", "undisturbed"))
    expected = right.to_list()
    expected[0] += dying.bias  # this trial was finished before, and is kept
    if not mended and gap == "reported, not ended":
        expected[1] += dying.bias  # the old result is kept, although the trial ran again
    if not mended and gap == "drawn, not entered":
        expected[1:] = [np.nan, right[1]]  # one trial never runs, another one gets its values
    np.testing.assert_array_equal(scores, expected)


def test_a_project_that_is_whole_or_not_there_yet_needs_no_mending(tmp_path):
    assert mend_project(tmp_path / "none") == []
    make(tmp_path).search(verbose=0)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.json")}
    assert mend_project(tmp_path / "project") == []
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.json")} == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
@pytest.mark.parametrize("cut", ["oracle.json", "trial_2/trial.json"])
def test_a_file_that_was_cut_short_is_named_and_the_other_trials_are_read(tmp_path, cut, share):
    make(tmp_path).search(verbose=0)
    folder = tmp_path / "project"
    whole = (folder / cut).read_text()
    (folder / cut).write_text(whole[: int(share * len(whole))])
    left = 3 if cut == "oracle.json" else 2
    with pytest.raises(ProjectError, match=rf"(?s){cut} short.*{left} finished.*reuse_trials"):
        mend_project(folder)
    assert (trials_table(folder)["status"] == "COMPLETED").sum() == left
    with pytest.raises(json.JSONDecodeError):  # what KerasTuner says by itself
        make(tmp_path)


def test_a_trial_that_has_lost_its_file_is_named(tmp_path):
    make(tmp_path).search(verbose=0)
    shutil.rmtree(tmp_path / "project" / "trial_1")
    with pytest.raises(ProjectError, match=r"trial_1.trial\.json is missing"):
        mend_project(tmp_path / "project")


def test_a_state_that_is_missing_or_behind_is_named_and_no_finished_trial_removed(tmp_path):
    make(tmp_path, max_trials=2).search(verbose=0)
    state = tmp_path / "project" / "oracle.json"
    behind = state.read_text()
    make(tmp_path, max_trials=3).search(verbose=0)
    state.write_text(behind)
    with pytest.raises(ProjectError, match=r"knows nothing of the finished.*trial_2"):
        mend_project(tmp_path / "project")
    state.unlink()
    with pytest.raises(ProjectError, match=r"oracle\.json is missing.*3 finished trials"):
        mend_project(tmp_path / "project")
    assert (trials_table(tmp_path / "project")["status"] == "COMPLETED").sum() == 3


@pytest.mark.parametrize("left", ["", "{"])
def test_a_tuner_s_own_file_that_was_cut_short_is_made_anew(tmp_path, left):
    make(tmp_path).search(verbose=0)
    (tmp_path / "project" / "tuner0.json").write_text(left)
    mend_project(tmp_path / "project")
    assert len(make(tmp_path).oracle.trials) == 3
