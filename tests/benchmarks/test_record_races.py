import json

import numpy as np
import pytest

from benchmarks import record_races
from helpers.bank import load_bank


@pytest.fixture(scope="module")
def bank():
    return record_races.first_seed(load_bank(record_races.NAME))


@pytest.mark.parametrize("strategy", record_races.STRATEGIES)
def test_the_committed_races_are_what_the_oracles_find(bank, strategy):
    recorded = json.loads(record_races.FILE.read_text(encoding="utf-8"))[strategy]
    seeds = record_races.seeds()[strategy]
    assert len(recorded) == len(seeds) == record_races.RUNS
    for run in (0, 41, 99):
        assert record_races.search(bank, strategy, seeds[run]) == recorded[run]


def test_no_two_searches_share_a_seed():
    every = [seed for some in record_races.seeds().values() for seed in some]
    assert len(set(every)) == len(every) == 2 * record_races.RUNS and min(every) >= 1


def test_only_the_first_seed_answers_a_race(bank):
    assert bank.seeds == (1,) and set(bank.table["seed"]) == {1}
    values = {name: known[-1] for name, known in bank.space.items()}
    whole = load_bank(record_races.NAME)
    np.testing.assert_array_equal(
        bank.curve(values, 1)["val_acc"], whole.curve(values, 1)["val_acc"]
    )


def test_a_search_that_ends_before_its_budget_is_refused(bank, monkeypatch):
    tuner_class, options = record_races.STRATEGIES["Bayesian"]
    monkeypatch.setitem(
        record_races.STRATEGIES, "Bayesian", (tuner_class, {**options, "max_trials": 3})
    )
    with pytest.raises(ValueError, match="ended after 45 epochs"):
        record_races.search(bank, "Bayesian", 1)


def test_the_races_are_written_by_strategy(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(record_races, "FILE", tmp_path / "races.json")
    monkeypatch.setattr(record_races, "RUNS", 1)
    record_races.main()
    written = json.loads((tmp_path / "races.json").read_text(encoding="utf-8"))
    assert list(written) == ["Bayesian", "Hyperband"] and capsys.readouterr().out
    assert all(len(run) == record_races.TRIALS for runs in written.values() for run in runs)
