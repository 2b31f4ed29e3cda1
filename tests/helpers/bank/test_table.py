import pytest

from helpers.bank import BankError


def test_a_configuration_that_was_not_recorded_is_named(bank):
    with pytest.raises(BankError, match=r"does not hold num_hidden=75, learning_rate=0.001 with"):
        bank.curve({"num_hidden": 75, "learning_rate": 1e-3}, seed=1)
    with pytest.raises(BankError, match="seed 9"):
        bank.curve({"num_hidden": 50, "learning_rate": 1e-3}, seed=9)
    with pytest.raises(BankError, match="does not hold num_hidden=50 with"):
        bank.curve({"num_hidden": 50}, seed=1)
