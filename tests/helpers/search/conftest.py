import keras_tuner
import pytest

from helpers.search import watch
from tests.support.disks import LimitedFiles, MountedDisk
from tests.support.searches import DATA, build, scored


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    tuner = scored(tmp_path_factory.mktemp("searched"))
    tuner.search()
    return tuner


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    how = {"directory": folder, "project_name": "p", "seed": 3, "max_trials": 2}
    tuner = keras_tuner.RandomSearch(build, "val_acc", executions_per_trial=2, **how)
    watch(tuner)
    tuner.search(epochs=3, **DATA)
    return tuner


@pytest.fixture(params=[MountedDisk, LimitedFiles])
def small_disk(tmp_path, request):
    (tmp_path / "disk").mkdir()
    disk = request.param(tmp_path / "disk")
    yield disk
    disk.remove()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """No limit outlives the test itself: pytest then writes its report, perhaps to a file."""
    try:
        return (yield)
    finally:
        if "small_disk" in item.funcargs:
            item.funcargs["small_disk"].make_room()
