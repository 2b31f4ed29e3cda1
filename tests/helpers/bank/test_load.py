import gzip
import json

import keras_tuner
import numpy as np
import pandas as pd
import pytest

from helpers.bank import BankError, load_bank
from helpers.bank.recordings import SCHEMA
from tests.support.banks import small_file


def test_a_missing_bank_says_how_to_get_it(tmp_path):
    with pytest.raises(BankError, match="There is no bank .*benchmarks.record_bank"):
        load_bank(tmp_path / "none.csv.gz")


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_bank_that_is_cut_short_is_refused(tmp_path, share):
    path = small_file(tmp_path / "bank.csv.gz")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BankError, match="not a whole bank"):
        load_bank(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "bank.csv.gz"
    path.write_bytes(b"num_hidden,num_layers\n1,2\n")
    with pytest.raises(BankError, match="no gzip file"):
        load_bank(path)
    path.write_bytes(gzip.compress(b"num_hidden,num_layers\n1,2\n"))
    with pytest.raises(BankError, match="does not say how it was made"):
        load_bank(path)


def test_a_table_that_was_cut_before_it_was_compressed_is_refused(tmp_path):
    path = small_file(tmp_path / "bank.csv.gz")
    lines = gzip.decompress(path.read_bytes())[:-20]
    path.write_bytes(gzip.compress(lines))
    with pytest.raises(BankError, match="not a whole bank: row 540 is cut short"):
        load_bank(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[:-9], "lacks 9 of 540 rows, such as num_hidden=600, .* seed=2, epoch=1"),
        (lambda t: pd.concat([t, t.iloc[[5]]]), "holds 1 rows twice, such as row 541"),
        (lambda t: t.drop(columns="val_acc"), "lacks the column val_acc"),
        (lambda t: t.drop(columns="learning_rate"), "lacks the column learning_rate"),
        (lambda t: t.assign(val_acc=t["val_acc"].where(t.index != 3)), "row 4 is cut short"),
        (lambda t: t.astype({"acc": object}).replace({"acc": {t["acc"][7]: "x"}}), "row 8 .*other"),
        (lambda t: t.replace({"num_hidden": {200: 300}}), "lacks 108 of 540 rows"),
        (
            lambda t: pd.concat([t, t.iloc[[0]].assign(num_hidden=75)]),
            "holds rows of another space, such as num_hidden=75",
        ),
    ],
)  # fmt: skip
def test_a_table_with_a_fault_is_refused(tmp_path, change, message):
    path = small_file(tmp_path / "bank.csv.gz", change=change)
    with pytest.raises(BankError, match=f"not a whole bank: .*{message}"):
        load_bank(path)


def test_a_bank_of_another_schema_is_refused(tmp_path):
    path = small_file(tmp_path / "bank.csv.gz", schema=SCHEMA + 1)
    with pytest.raises(BankError, match=f"version {SCHEMA + 1} of the schema, and these helpers"):
        load_bank(path)


@pytest.mark.parametrize("name", ["space", "seeds", "epochs"])
def test_a_bank_whose_first_line_lacks_something_names_it(tmp_path, name):
    path = small_file(tmp_path / "bank.csv.gz", leave_out=name)
    with pytest.raises(BankError, match=f"bank: its first line lacks a usable {name}\\. `git"):
        load_bank(path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("space", [None, [], {}, {"num_hidden": None}, {"num_hidden": []}, {"num_hidden": ["x"]}]),
        ("seeds", [None, 1, [], ["x"], [[1]]]),
        ("epochs", [None, "9", 0, 1.5, [9]]),
        ("configurations", [1, "x", [None], [[1]], [[50, "x"]], [[50, 1e-5, 1]], {"a": 1}]),
    ],
)
def test_a_bank_whose_first_line_says_something_strange_names_it(tmp_path, name, values):
    path = small_file(tmp_path / "bank.csv.gz", epochs=1)
    header, _, rest = gzip.decompress(path.read_bytes()).decode().partition("\n")
    for value in values:
        changed = {**json.loads(header.removeprefix("# ")), name: value}
        text = f"# {json.dumps(changed)}\n{rest}"
        path.write_bytes(gzip.compress(text.encode(), 1))
        with pytest.raises(BankError, match=f"its first line lacks a usable {name}\\."):
            load_bank(path)


def test_a_bank_that_was_cut_anywhere_is_refused(tmp_path):
    path = small_file(tmp_path / "bank.csv.gz", epochs=1)
    text = gzip.decompress(path.read_bytes())
    end_of_header = text.index(b"\n")
    for kept in (*range(0, end_of_header + 60, 7), *range(end_of_header + 60, len(text) - 1, 499)):
        path.write_bytes(gzip.compress(text[:kept], 1))
        with pytest.raises(BankError, match="not a whole bank: "):
            load_bank(path)


def test_a_folder_is_no_bank(tmp_path):
    with pytest.raises(BankError, match=f"{tmp_path.name} can't be read: ."):
        load_bank(tmp_path)


def test_a_bank_may_hold_a_single_seed(tmp_path):
    path = small_file(
        tmp_path / "bank.csv.gz", change=lambda table: table[table["seed"] == 1], seeds=[1]
    )
    assert load_bank(path).seeds == (1,)


def test_a_bank_may_hold_a_part_of_the_configurations(tmp_path):
    wanted = [[50, 1e-5], [400, 1e-2]]

    def keep(table):
        pairs = table[["num_hidden", "learning_rate"]].to_numpy().tolist()
        return table[[pair in wanted for pair in pairs]]

    path = small_file(tmp_path / "bank.csv.gz", change=keep, configurations=wanted)
    bank = load_bank(path)
    assert len(bank.table) == 2 * 2 * 9
    curve = bank.curve({"num_hidden": 400, "learning_rate": 1e-2}, 2)["val_acc"]
    rows = bank.table.query("num_hidden == 400 and seed == 2")
    assert list(curve) == list(rows["val_acc"]) and list(rows["epoch"]) == list(range(1, 10))


def test_metrics_of_the_test_set_are_there_where_they_were_recorded(tmp_path):
    def add(table):
        return table.assign(test_loss=1.0, test_acc=table["val_acc"] / 2)

    plain = load_bank(small_file(tmp_path / "plain.csv.gz"))
    tested = load_bank(small_file(tmp_path / "tested.csv.gz", change=add))
    assert "test_acc" not in plain.metrics and plain.metrics[-1] == "val_acc"
    objective = keras_tuner.Objective("test_acc", "max")
    curve = tested.curve({"num_hidden": 50, "learning_rate": 1e-5}, 1)
    np.testing.assert_array_equal(curve["test_acc"], curve["val_acc"] / 2)
    assert tested.tuner(keras_tuner.RandomSearch, seed=1, objective=objective, max_trials=1)


def refusal(path):
    """Returns the message with which a bank is refused."""
    with pytest.raises(BankError) as caught:
        load_bank(path)
    return str(caught.value)


def test_each_refusal_says_how_to_get_a_good_bank(tmp_path):
    path = tmp_path / "bank.csv.gz"
    assert refusal(path) == (
        f"There is no bank {path}. The course's own are cifar10_mlp, cifar10_mlp_deep, digits_mlp; "
        "`git checkout bank` brings them back, and `python -m benchmarks.record_bank NAME` records "
        "them anew, which takes hours."
    )
    small_file(path, schema=7)
    assert refusal(path) == (
        "bank.csv.gz is of version 7 of the schema, and these helpers read version 1. Take the "
        "bank and the helpers from the same version of the course."
    )
    way_out = ". `git checkout bank` brings the course's back."
    for damaged, why in (
        (gzip.compress(b"[]\n"), "its first line does not say how it was made"),
        (gzip.compress(b'# {"schema": 1}\n'), "its first line lacks a usable space, seeds, epochs"),
        (b"plain", "it is no gzip file (Not a gzipped file (b'pl'))"),
        (gzip.compress(b"x")[:-3], "it is cut short or damaged (Compressed file ended before the"
         " end-of-stream marker was reached)"),
    ):  # fmt: skip
        path.write_bytes(damaged)
        assert refusal(path) == f"bank.csv.gz is not a whole bank: {why}{way_out}"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda t: t.drop(columns=["acc", "seconds"]),
            "it lacks the column acc, seconds",
        ),
        (
            lambda t: t[(t["num_hidden"] != 100) | (t["epoch"] != 2)],
            "it lacks 12 of 120 rows, such as num_hidden=100, learning_rate=1e-05, seed=1, epoch=2",
        ),
        (
            lambda t: pd.concat([t, t.iloc[[3, 4]]]),
            "it holds 2 rows twice, such as row 121",
        ),
        (
            lambda t: pd.concat([t, t.iloc[[0]].assign(seed=3)]),
            "it holds rows of another space, such as num_hidden=50, learning_rate=1e-05, seed=3, "
            "epoch=1",
        ),
        (
            lambda t: t.assign(seconds=t["seconds"].where(t.index != 5)),
            "row 6 is cut short or holds something other than numbers",
        ),
    ],
)
def test_a_faulty_table_is_described_by_its_first_fault(tmp_path, change, why):
    path = small_file(tmp_path / "bank.csv.gz", epochs=2, change=change)
    assert f"is not a whole bank: {why}. `git" in refusal(path)


def test_a_training_that_diverged_has_no_loss_and_is_no_fault(tmp_path):
    def diverge(table):
        return table.assign(loss=np.nan, val_loss=np.nan)

    bank = load_bank(small_file(tmp_path / "bank.csv.gz", change=diverge, epochs=1))
    assert bank.table["loss"].isna().all() and bank.table["val_acc"].notna().all()


def test_rows_may_come_in_any_order(tmp_path):
    straight = load_bank(small_file(tmp_path / "a.csv.gz", epochs=3))
    mixed = small_file(tmp_path / "b.csv.gz", epochs=3, change=lambda t: t.sample(frac=1))
    assert load_bank(mixed).table.equals(straight.table)
    assert load_bank(str(mixed)).seeds == (1, 2)
