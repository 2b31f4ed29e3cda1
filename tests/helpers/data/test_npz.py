import itertools
import os
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest

from helpers.data import SHAPES, DataError, load_cifar10
from tests.support.images import SMALL, arrays, refusal


def test_an_npz_gives_exactly_what_keras_gives(project, capsys):
    stored = {key: np.zeros(shape, np.uint8) for key, shape in SHAPES.items()}
    stored["x_test"] = np.asfortranarray(stored["x_test"])
    stored["x_test"][9_999, 31, 30] = (1, 2, 3)
    stored["y_train"] = stored["y_train"].astype(">i8")
    stored["y_train"][:, 0] = np.arange(50_000) % 10
    np.savez(project / "images.npz", **stored)

    (x_train, y_train), (x_test, y_test) = load_cifar10(project / "images.npz")

    assert x_train.shape == (50_000, 32, 32, 3) and x_test.shape == (10_000, 32, 32, 3)
    assert y_train.shape == (50_000, 1) and y_test.shape == (10_000, 1)
    for array in (x_train, y_train, x_test, y_test):
        assert array.dtype == np.uint8 and array.flags.c_contiguous and array.flags.writeable
    assert x_test[9_999, 31, 30].tolist() == [1, 2, 3] and y_train[49_999, 0] == 9
    printed = capsys.readouterr()
    assert printed.out == "Images: CIFAR-10, from images.npz (50,000 to train, 10,000 to test)\n"
    assert printed.err == ""


def test_a_folder_is_refused(project):
    (project / "images.npz").mkdir()
    assert "is a folder" in refusal("images.npz")


def test_an_empty_file_is_refused(project):
    (project / "images.npz").touch()
    assert "is empty" in refusal("images.npz")


@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
def test_a_truncated_npz_is_refused(small, npz, share):
    path = npz()
    os.truncate(path, int(path.stat().st_size * share))
    assert "cut short or damaged" in refusal(path)


def test_a_file_that_is_no_zip_is_refused(project):
    (project / "images.npz").write_text("<html>Please log in to the network</html>")
    assert "is not an .npz" in refusal("images.npz")


def test_a_renamed_npy_is_refused(project):
    with open(project / "images.npz", "wb") as file:
        np.save(file, np.zeros((3, 3)))
    assert "is a single array (.npy)" in refusal("images.npz")


def test_missing_arrays_are_named(small, npz):
    assert "lacks y_train, x_test." in refusal(npz(y_train=None, x_test=None))


@pytest.mark.parametrize(
    "key, shape, wanted",
    [
        ("x_train", (99, 32, 32, 3), (100, 32, 32, 3)),
        ("x_test", (20, 3, 32, 32), (20, 32, 32, 3)),
        ("y_test", (20,), (20, 1)),
    ],
)
def test_a_wrong_shape_is_refused(small, npz, key, shape, wanted):
    assert f"has {key} of shape {shape} instead of {wanted}" in refusal(
        npz(**{key: np.zeros(shape, np.uint8)})
    )


def test_fewer_images_than_cifar10_are_refused(npz):
    assert "instead of (50000, 32, 32, 3)" in refusal(npz())


def test_float_images_are_refused(small, npz):
    bad = np.zeros(SMALL["x_test"], np.float32)
    assert "has x_test of dtype float32 instead of uint8" in refusal(npz(x_test=bad))


def test_float_labels_are_refused(small, npz):
    bad = np.zeros((100, 1))
    assert "has y_train of dtype float64 instead of integers" in refusal(npz(y_train=bad))


@pytest.mark.parametrize("label", [10, -1, 256])
def test_labels_out_of_range_are_refused(small, npz, label):
    bad = np.zeros((20, 1), np.int64)
    bad[7] = label
    message = refusal(npz(y_test=bad))
    assert f"{label}" in message and "in y_test instead of 0 to 9" in message


class Payload:
    """Creates the file `path` when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_an_array_of_pickled_objects_is_refused_and_never_unpickled(small, npz, tmp_path):
    trace = tmp_path / "unpickled"
    bad = np.full((100, 1), Payload(trace))
    path = npz(y_train=bad)
    assert "holds pickled objects as y_train" in refusal(path)
    assert not trace.exists()
    np.load(path, allow_pickle=True)["y_train"]
    assert trace.exists(), "the payload is a dud, so the test proved nothing"


def test_a_renamed_pickle_is_refused_and_never_unpickled(project, tmp_path):
    trace = tmp_path / "unpickled"
    (project / "images.npz").write_bytes(pickle.dumps(Payload(trace)))
    assert "is not an .npz" in refusal("images.npz")
    assert not trace.exists()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_flipped_byte_in_the_images_is_noticed(small, project, save):
    path = project / "images.npz"
    save(path, **arrays())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    assert "cut short or damaged" in refusal(path)


def test_a_flipped_byte_anywhere_is_either_harmless_or_a_data_error(small, npz):
    path = npz()
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    # Where the structure is: around the first header, and from the last array to the end.
    spots = [*range(0, 200, 2), *range(len(content) - 600, len(content), 6)]
    refused = 0
    for spot in spots:
        changed = bytearray(content)
        changed[spot] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        try:
            images = load_cifar10(path)
        except DataError:
            refused += 1
        else:
            for array, good in zip(itertools.chain(*images), arrays().values(), strict=True):
                np.testing.assert_array_equal(array, good)
    assert refused > len(spots) / 2


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has other permissions")
def test_an_unreadable_file_is_refused(small, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", None)  # the system's own again: pytest's is root's
    with tempfile.TemporaryDirectory() as folder:  # one that others than root can enter
        os.chmod(folder, 0o755)
        path = Path(folder) / "images.npz"
        np.savez(path, **arrays())
        path.chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # root may read anything
        try:
            assert "can't be read: Permission denied" in refusal(path)
        finally:
            os.seteuid(user)
