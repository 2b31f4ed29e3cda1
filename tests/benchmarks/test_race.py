import pytest

from benchmarks import race


def test_a_race_without_repeats_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["race.py", "--repeats", "0"])
    with pytest.raises(SystemExit) as raised:
        race.main()
    assert raised.value.code == 2
    assert "--repeats must be at least 1, and is 0" in capsys.readouterr().err
