"""A plugin of pytest for `make check`: what needs no TensorFlow, which can't be imported then.

    python -m pytest -p tests.support.without_tensorflow

A test in FOLDERS that needs TensorFlow or KerasTuner, itself or in a process that it starts, has
the mark `tensorflow`, or its file has (`pytestmark = pytest.mark.tensorflow`). One that ought to
have it fails here, so that nobody who edits comes to wait for TensorFlow.
"""

import importlib.abc
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Files in these folders, not in those below them. Elsewhere all tests need TensorFlow.
FOLDERS = (
    "tests/helpers",
    "tests/helpers/cluster",
    "tests/helpers/data",
    "tests/helpers/plots",
    "tests/notebooks",
    "tests/site",
    "tests/tools",
)
LIBRARIES = {"jax", "keras", "keras_tuner", "tensorboard", "tensorflow"}
MARKED_FILE = re.compile(r"^pytestmark = (?:\[[^\]]*|.*)\bmark\.tensorflow\b", re.MULTILINE)


class Refusal(importlib.abc.MetaPathFinder):
    """Fails each import of one of LIBRARIES."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        """Leaves every other module to the finders that come after this one."""
        if name in LIBRARIES:
            raise ImportError(
                f"{name} is imported: mark this test, or its file, with pytest.mark.tensorflow, "
                "and `make check` leaves it out"
            )


def pytest_configure(config: pytest.Config) -> None:
    """Forbids the libraries, here and in the processes that tests start."""
    loaded = LIBRARIES & set(sys.modules)
    assert not loaded, f"{loaded} came before this plugin"
    sys.meta_path.insert(0, Refusal())
    os.environ["KERAS_BACKEND"] = "none: mark this test with pytest.mark.tensorflow"
    config.option.markexpr = "not tensorflow"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leaves out other folders, and does not even import a file whose tests are all marked."""
    path = collection_path.relative_to(ROOT).as_posix()
    if collection_path.is_dir():
        return None if any(f"{folder}/".startswith(f"{path}/") for folder in FOLDERS) else True
    if path.rpartition("/")[0] not in FOLDERS:
        return True
    return True if MARKED_FILE.search(collection_path.read_text(encoding="utf-8")) else None
