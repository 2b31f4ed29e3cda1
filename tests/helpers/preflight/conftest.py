"""What the tests of this room share."""

import functools

import pytest

from helpers.preflight import rehearsal
from tests.support.small_searches import make_tuner


@pytest.fixture
def tuner_of(tmp_path):
    """Makes tuners whose project is in a folder of the test."""
    return functools.partial(make_tuner, tmp_path)


@pytest.fixture
def timed(monkeypatch):
    """Lets rehearsals time a single step, instead of as many as fill a second."""
    monkeypatch.setattr(rehearsal, "LONG_ENOUGH", 0.0)


@pytest.fixture(autouse=True)
def untimed(request, monkeypatch):
    """Keeps rehearsals from timing anything, unless a test asks for it."""
    if "timed" not in request.fixturenames:
        monkeypatch.setattr(rehearsal, "_time_steps", lambda *_: None)
