import re
import warnings
from pathlib import Path

import keras_tuner
import pytest

from helpers.kerastuner import TESTED, check_version

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements-common.txt"


def test_the_version_that_was_tested_says_nothing(monkeypatch):
    monkeypatch.setattr(keras_tuner, "__version__", TESTED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_version()


def test_another_version_is_named_with_the_way_back(monkeypatch):
    monkeypatch.setattr(keras_tuner, "__version__", "2.0.0")
    with pytest.warns(UserWarning) as caught:
        check_version()
    assert str(caught[0].message) == (
        f"KerasTuner 2.0.0 is installed, but the helpers were tested with {TESTED} and use parts "
        "of it that may change. If something fails: pip install "
        f"keras-tuner=={TESTED}"
    )


def test_the_warning_points_to_who_asked_for_the_check(monkeypatch):
    monkeypatch.setattr(keras_tuner, "__version__", "2.0.0")
    with pytest.warns(UserWarning) as caught:
        check_version()
    assert caught[0].filename == __file__


def test_the_version_that_was_tested_is_the_one_that_is_installed():
    pinned = re.search(r"^keras-tuner\S*==(\S+)", REQUIREMENTS.read_text("utf-8"), re.MULTILINE)
    assert pinned and pinned[1] == TESTED
