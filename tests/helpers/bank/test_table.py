import numpy as np
import pytest

from helpers.bank import BankError


def test_a_configuration_that_was_not_recorded_is_named(bank):
    with pytest.raises(BankError, match=r"does not hold num_hidden=75, learning_rate=0.001 with"):
        bank.curve({"num_hidden": 75, "learning_rate": 1e-3}, seed=1)
    with pytest.raises(BankError, match="seed 9"):
        bank.curve({"num_hidden": 50, "learning_rate": 1e-3}, seed=9)
    with pytest.raises(BankError, match="does not hold num_hidden=50 with"):
        bank.curve({"num_hidden": 50}, seed=1)


def test_a_refusal_names_what_was_asked_and_what_is_held(bank):
    with pytest.raises(BankError) as caught:
        bank.curve({"num_hidden": 75, "learning_rate": 1e-3}, seed=1)
    assert str(caught.value) == (
        "The bank does not hold num_hidden=75, learning_rate=0.001 with seed 1, and it never "
        "guesses. It holds num_hidden in [50, 100, 200, 400, 600]; learning_rate in [1e-05, "
        "0.0001, 0.001, 0.01, 0.1, 1.0]; seeds [1, 2]."
    )
    with pytest.raises(BankError, match="num_hidden=\\[50\\]"):
        bank.curve({"num_hidden": [50], "learning_rate": 1e-3}, seed=1)


def test_a_curve_holds_the_rows_of_one_training_in_the_order_of_its_epochs(bank):
    for row, key in enumerate(bank.table[["num_hidden", "learning_rate", "seed"]].to_numpy()):
        curve = bank.curve({"num_hidden": key[0], "learning_rate": key[1]}, int(key[2]))
        assert sorted(curve) == ["acc", "loss", "seconds", "val_acc", "val_loss"]
        epoch = bank.table["epoch"][row] - 1
        assert all(curve[name][epoch] == bank.table[name][row] for name in curve)
        assert curve["val_acc"].shape == (9,)


def test_the_space_of_a_bank_is_a_choice_of_every_recorded_value(bank):
    hp = bank.hyperparameters()
    assert {one.name: tuple(one.values) for one in hp.space} == bank.space
    np.testing.assert_array_equal(list(bank.space), ["num_hidden", "learning_rate"])


def test_a_bank_shows_its_space_and_not_its_rows(bank):
    assert repr(bank).startswith("Bank(space={'num_hidden': (50, ")
    assert "provenance" not in repr(bank) and "table" not in repr(bank)
