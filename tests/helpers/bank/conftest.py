import pytest

from helpers.bank import load_bank
from tests.support.banks import small_file


@pytest.fixture
def bank(tmp_path):
    return load_bank(small_file(tmp_path / "bank.csv.gz"))
