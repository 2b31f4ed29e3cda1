"""A project folder, an `.npz` and a download for every test of the room."""

import gzip
import hashlib
import io
import pickle
import tarfile

import numpy as np
import pytest

from helpers.data import keras_cache, source
from helpers.data import npz as npz_module
from helpers.data import standin as standin_module
from tests.support.images import SMALL, arrays


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """An empty project with the working directory where a notebook's kernel has it."""
    root = tmp_path / "project"
    (root / "notebooks").mkdir(parents=True)
    monkeypatch.setattr(source, "ROOT", root)
    monkeypatch.chdir(root / "notebooks")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where the lock is
    return root


@pytest.fixture(autouse=True)
def standin(monkeypatch):
    """A stand-in that costs nothing: one grey level, 77, all over."""
    images = tuple(np.full(shape, 77 if "x" in key else 7, "u1") for key, shape in SMALL.items())
    monkeypatch.setattr(standin_module, "make_standin", lambda seed=0: (images[:2], images[2:]))


@pytest.fixture
def small(monkeypatch):
    """Lets an .npz of 100 + 20 images pass for all of CIFAR-10."""
    monkeypatch.setattr(npz_module, "SHAPES", SMALL)


@pytest.fixture
def npz(project):
    path = project / "images.npz"

    def write(**changes):
        np.savez(path, **arrays(**changes))
        return path

    return write


@pytest.fixture(scope="session")
def archive():
    """CIFAR-10's archive with as many images, all nearly alike, so that it packs small."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as packed:
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for number in range(1, 7):
                # One row is an image: its red, then green, then blue pixels.
                pixels = np.tile(np.repeat(np.array([10, 20, 30], np.uint8), 1024), (10_000, 1))
                pixels[:, 0] = number
                content = pickle.dumps({b"data": pixels, b"labels": [*range(10)] * 1000})
                name = "test_batch" if number == 6 else f"data_batch_{number}"
                member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def keras_cifar10():
    import keras  # noqa: F401
    from keras.src.datasets import cifar10

    return cifar10


@pytest.fixture
def cache(tmp_path):
    """Keras' home. Were it not there, Keras would silently use /tmp/.keras instead."""
    (tmp_path / "keras").mkdir()
    return tmp_path / "keras"


@pytest.fixture
def download_from(keras_cifar10, cache, archive, monkeypatch):
    """Points Keras' own `load_data` and `get_file` at another URL, hash and cache."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(keras_cache, "DOWNLOAD_TIMEOUT", 0.3)
    get_file = keras_cifar10.get_file
    sha256 = hashlib.sha256(archive).hexdigest()

    def point_at(url):
        def redirected(origin, file_hash, **options):
            assert origin.startswith("https://") and len(file_hash) == 64
            return get_file(origin=url, file_hash=sha256, cache_dir=cache, **options)

        monkeypatch.setattr(keras_cifar10, "get_file", redirected)

    return point_at
