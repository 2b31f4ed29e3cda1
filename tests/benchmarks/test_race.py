from types import SimpleNamespace

import pytest

from benchmarks import race
from helpers.bank import load_bank
from tests.support.banks import small_file


def test_a_race_without_repeats_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["race.py", "--repeats", "0"])
    with pytest.raises(SystemExit) as raised:
        race.main()
    assert raised.value.code == 2
    assert "--repeats must be at least 1, and is 0" in capsys.readouterr().err


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A race of five trainings on a small bank, and one that is not recorded."""
    bank = load_bank(small_file(tmp_path / "bank.csv.gz"))
    monkeypatch.setattr(race, "TRIALS", 5)
    monkeypatch.setattr(race, "load_bank", lambda name: bank)
    first, second = race.BANKS
    recorded, missing = (SimpleNamespace(file=tmp_path / f"{n}.csv.gz") for n in ("bank", "none"))
    monkeypatch.setattr(race, "RECORDINGS", {first: recorded, second: missing})
    return bank


def test_the_race_prints_every_strategy_on_every_task_that_is_recorded(small, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["race.py", "--repeats", "1"])
    assert race.main() == 0
    printed = capsys.readouterr().out
    assert "cifar10_mlp: the median" in printed and "digits_mlp: not recorded" in printed
    for strategy in race.STRATEGIES:
        assert f"\n{strategy} " in printed


@pytest.mark.parametrize("strategy", race.STRATEGIES)
def test_every_strategy_of_the_race_spends_the_same_budget(small, strategy):
    spent = race.search(small, strategy, seed=3)["epochs"].sum()
    assert 4 * small.epochs < spent <= 5 * small.epochs
