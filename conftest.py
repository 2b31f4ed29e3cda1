"""What every test run shares: small made-up work, unless the caller asks for more."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support import sparing
from tools import backend

# Also for a plain `pytest`, as Windows users call it. Kernels inherit these variables.
os.environ.setdefault("COURSE_DATA", "standin")
os.environ.setdefault("COURSE_BUDGET", "quick")
backend.choose()

COMPUTED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Keeps the user's own IPython profile out of the kernels, and spares their trainings."""
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    startup = Path(folder.name) / "profile_default" / "startup"
    startup.mkdir(parents=True)
    text = sparing.STARTUP.format(path=sparing.__file__)
    (startup / "00-sparing.py").write_text(text, encoding="utf-8")
    os.environ["IPYTHONDIR"] = folder.name  # kernels inherit this, too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out the notebook that takes too long with JAX on a CPU."""
    if backend.choose() == "jax":
        reason = "on a CPU, convolutions take several times as long with JAX, as notebook 09 says"
        for item in items:
            if item.path.name == "09_tune_convnet.ipynb":
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spares the trainings in this process, and notes whether TensorFlow has computed already."""
    context = sys.modules.get("tensorflow.python.eager.context")
    state = context and context.context_safe()
    session.config.stash[COMPUTED] = state is not None and state._context_handle is not None
    sparing.spare_trainings()


@pytest.fixture(scope="session")
def computed_when_collected(pytestconfig: pytest.Config) -> bool:
    """Whether TensorFlow had computed anything before the first test, in a file that was loaded."""
    return pytestconfig.stash[COMPUTED]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails if something made a tuner without a `directory`, which then writes into the project."""
    folders = [session.config.rootpath, session.config.rootpath / "notebooks"]
    if left := [str(one) for one in folders if (one / "untitled_project").exists()]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nA tuner without a `directory` left untitled_project in {', '.join(left)}")
