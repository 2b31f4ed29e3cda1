import json

import keras_tuner
import numpy as np
import pytest

from helpers.bank import PoolError, hand_in, own_seed
from helpers.bank.handed_in import LARGEST, read_search
from tests.support.class_study import content, handed_in
from tests.support.searches import scored


def searched(bank, tuner_class=keras_tuner.RandomSearch, seed=7, **how):
    tuner = bank.tuner(tuner_class, seed=seed, **how)
    tuner.search()
    return tuner


def test_a_search_that_a_bank_answered_is_handed_in_and_read_again(bank, tmp_path):
    tuner = searched(bank, max_trials=5)
    file = hand_in(tuner, " Ada L. ", tmp_path / "new")
    assert file == tmp_path / "new" / "search-Ada-L.json"
    search, replayed = read_search(file), tuner.replayed()
    assert (search.student, search.seed) == ("Ada L.", 7)
    study = search.study
    assert (study.strategy, study.objective, study.direction) == ("RandomSearch", "val_acc", "max")
    assert study.trials == 5
    np.testing.assert_array_equal(search.scores, replayed["score"])
    assert search.best == replayed["score"].max()
    values = [json.loads(trial) for trial in search.trials]
    assert values == replayed[list(bank.space)].to_dict("records")


def test_two_searches_of_one_space_belong_to_one_study_and_of_two_spaces_to_two(bank, tmp_path):
    one, other = (hand_in(searched(bank, seed=s, max_trials=3), f"s{s}", tmp_path) for s in (1, 2))
    hp = keras_tuner.HyperParameters()
    hp.Choice("num_hidden", [50, 100])
    hp.Choice("learning_rate", [1e-3, 1e-2])
    third = searched(bank, hyperparameters=hp, max_trials=3)
    third = hand_in(third, "s3", tmp_path)
    assert read_search(one).study == read_search(other).study != read_search(third).study


def test_hyperbands_records_are_no_values_of_a_trial(bank, tmp_path):
    tuner = searched(bank, keras_tuner.Hyperband, max_epochs=9)
    search = read_search(hand_in(tuner, "ada", tmp_path))
    assert {*json.loads(search.trials[0])} == set(bank.space)
    assert search.study.strategy == "Hyperband"


def test_a_search_that_trained_is_handed_in_with_its_failed_trials(tmp_path):
    tuner = scored(tmp_path)
    tuner.search()
    trials = tuner.oracle.trials.values()
    next(iter(trials)).score, next(iter(trials)).status = None, "FAILED"
    search = read_search(hand_in(tuner, "ada", tmp_path))
    expected = [np.nan if trial.score is None else trial.score for trial in trials]
    np.testing.assert_array_equal(search.scores, expected)


def test_a_search_that_has_not_begun_or_not_ended_is_not_handed_in(bank, tmp_path):
    with pytest.raises(PoolError, match="No trial has a score"):
        hand_in(bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=2), "ada", tmp_path)
    tuner = searched(bank, max_trials=2)
    tuner.oracle.trials["1"].status = "RUNNING"
    with pytest.raises(PoolError, match="Trial 1 has not ended"):
        hand_in(tuner, "ada", tmp_path)
    assert list(tmp_path.glob("search-*")) == []


@pytest.mark.parametrize("name", ["", "  ", "--", "a" * 61, "a\nb", "a\x1b[2J"])
def test_what_is_no_name_is_refused(name, bank, tmp_path):
    with pytest.raises(PoolError, match="is no name"):
        hand_in(searched(bank, max_trials=1), name, tmp_path)


def test_everyone_has_a_seed_of_their_own_that_stays():
    seeds = [own_seed(f"student {number}") for number in range(500)]
    assert len(set(seeds)) == 500 and min(seeds) >= 1 and max(seeds) < 2**32
    assert (
        own_seed("ada") == own_seed(" ada ") == np.random.SeedSequence([*b"ada"]).generate_state(1)
    )


FAULTY = {
    "another JSON": ({"a": 1}, "not a search that `hand_in` wrote"),
    "a list": ([1], "not a search that `hand_in` wrote"),
    "another version": (content(version=9), "version 9, and this is 1"),
    "no student": (content(student=" "), "no usable student"),
    "a name that commands the terminal": (content(student="a\x1b[2J"), "no usable student"),
    "a number for a name": (content(student=3), "no usable student"),
    "no seed": (content(seed=1) | {"seed": "1"}, "no usable seed"),
    "a direction that is none": (content(direction="up"), "no usable direction"),
    "no space": (content(space=None), "no usable space"),
    "a score that is text": (content(scores=(0.5, "0.6")), "no usable trials"),
    "a score that is missing": (content(trials=[{"values": {}}]), "no usable trials"),
    "a score that is infinite": (content(scores=(0.5, float("inf"))), "no usable trials"),
    "a score that no float can hold": (content(scores=(0.5, 10**400)), "no usable trials"),
    "a trial that is none": (content(trials=[7]), "no usable trials"),
    "two faults": (content(objective=None, trials=None), "no usable objective, trials"),
    "no trials": (content(trials=[]), "none of its trials has a score"),
    "only failed trials": (content(scores=(None, None)), "none of its trials has a score"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_file_is_refused_with_its_reason(fault, tmp_path):
    faulty, reason = FAULTY[fault]
    file = tmp_path / "search-ada.json"
    file.write_text(json.dumps(faulty))
    with pytest.raises(PoolError, match=reason):
        read_search(file)


def test_a_file_that_is_cut_short_or_no_text_or_too_large_is_refused(tmp_path):
    file = handed_in(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    with pytest.raises(PoolError, match=r"damaged or cut short \(line 1\)"):
        read_search(file)
    file.write_bytes(whole.decode().encode("utf-16"))
    with pytest.raises(PoolError, match="no text"):
        read_search(file)
    file.write_bytes(whole + b" " * LARGEST)
    with pytest.raises(PoolError, match="far too large"):
        read_search(file)
    file.write_text("[" * 100_000)
    with pytest.raises(PoolError, match="not a search"):
        read_search(file)
    with pytest.raises(PoolError, match="can't be read: No such file"):
        read_search(tmp_path / "none.json")
    (tmp_path / "notes.txt").write_text("Dear teacher")
    with pytest.raises(PoolError, match="not a search"):
        read_search(tmp_path / "notes.txt")


def test_a_mark_that_an_editor_puts_first_does_no_harm(tmp_path):
    file = handed_in(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_search(file).student == "ada"
