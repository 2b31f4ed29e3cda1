import pytest

from benchmarks import bank_file
from helpers.bank import BankError, load_bank
from tests.support.recordings import HEADER, SMALL, named, rows


def open_recording(path, header=HEADER):
    return bank_file.open_recording(path, SMALL, header)


def test_a_training_that_was_cut_short_is_removed_and_nothing_else(tmp_path):
    path = tmp_path / "recording.csv"
    assert open_recording(path) == set()
    bank_file.append(path, rows(5))
    whole = path.read_text()
    for torn in ("10,1,0.0,0.001,32,1,1,2.0,0.1", "10,1,0.0,0.001,32,1,1,2,2,2,2,2,2,1.0,9\n"):
        path.write_text(whole + torn)
        assert open_recording(path) == {named(5)}
        assert path.read_text() == whole
    bank_file.append(path, rows(10))
    assert open_recording(path) == {named(5), named(10)}


@pytest.mark.parametrize(
    "other", [{"backend": "jax"}, {"epochs": 3}, {"schema": 0}, {"space": {"num_hidden": [5]}}]
)
def test_recordings_of_different_origin_are_not_mixed(tmp_path, other):
    path = tmp_path / "recording.csv"
    open_recording(path)
    bank_file.append(path, rows(5))
    before = path.read_bytes()
    (name,) = other
    with pytest.raises(bank_file.RecordingError, match=f"else .{name}: .* name another"):
        open_recording(path, {**HEADER, **other})
    assert path.read_bytes() == before, "it was changed all the same"


def test_a_recording_may_go_on_another_day(tmp_path):
    path = tmp_path / "recording.csv"
    open_recording(path)
    bank_file.append(path, rows(5))
    later = {**HEADER, "begun": "tomorrow", "machine": "another"}
    assert open_recording(path, later) == {named(5)}


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "# [1, 2]\n", "\x89PNG"])
def test_a_file_that_is_no_recording_is_left_alone(tmp_path, content):
    path = tmp_path / "recording.csv"
    path.write_text(content)
    with pytest.raises(bank_file.RecordingError, match="is not a recording"):
        open_recording(path)
    assert path.read_text() == content


def test_a_whole_recording_becomes_a_bank_and_part_of_one_does_not(tmp_path):
    path, target = tmp_path / "recording.csv", tmp_path / "bank.csv.gz"
    open_recording(path)
    trainings = [(width, drop, seed) for width in (10, 5) for drop in (0.2, 0.0) for seed in (2, 1)]
    for training in trainings[:-1]:
        bank_file.append(path, rows(*training))
    with pytest.raises(BankError, match="lacks 2 of 16 rows"):
        bank_file.pack(path, SMALL, target)
    assert not target.exists()
    bank_file.append(path, rows(*trainings[-1]))
    bank_file.pack(path, SMALL, target)
    packed = target.read_bytes()
    bank = load_bank(target)
    assert len(bank.table) == 16 and "test_acc" in bank.metrics
    assert list(bank.table["num_hidden"]) == [5] * 8 + [10] * 8
    bank_file.pack(path, SMALL, target)
    assert target.read_bytes() == packed, "packed twice, the file differs"
