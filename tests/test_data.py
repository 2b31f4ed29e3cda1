import dataclasses
import gzip
import hashlib
import io
import itertools
import os
import pickle
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import types
import urllib.error
from pathlib import Path

import numpy as np
import pytest

import helpers
from helpers import data
from tests import faulty_server

PROJECT = data.ROOT
SMALL = {
    "x_train": (100, 32, 32, 3),
    "y_train": (100, 1),
    "x_test": (20, 32, 32, 3),
    "y_test": (20, 1),
}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """An empty project with the working directory where a notebook's kernel has it."""
    root = tmp_path / "project"
    (root / "notebooks").mkdir(parents=True)
    monkeypatch.setattr(data, "ROOT", root)
    monkeypatch.chdir(root / "notebooks")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return root


@pytest.fixture(autouse=True)
def standin(monkeypatch):
    """A stand-in that costs nothing: one grey level, 77, all over."""
    module = types.ModuleType("helpers.standin")
    images = tuple(np.full(shape, 77 if "x" in key else 7, "u1") for key, shape in SMALL.items())
    module.make_standin = lambda seed=0: (images[:2], images[2:])
    monkeypatch.setitem(sys.modules, "helpers.standin", module)
    monkeypatch.setattr(helpers, "standin", module, raising=False)


@pytest.fixture
def small(monkeypatch):
    """Lets an .npz of 100 + 20 images pass for all of CIFAR-10."""
    monkeypatch.setattr(data, "SHAPES", SMALL)


def arrays(**changes):
    """Returns good arrays of the small sizes, with `changes`; None leaves one out."""
    rng = np.random.default_rng(1)
    good = {
        key: rng.integers(0, 256 if "x" in key else 10, shape, dtype=np.uint8)
        for key, shape in SMALL.items()
    }
    return {key: array for key, array in (good | changes).items() if array is not None}


@pytest.fixture
def npz(project):
    path = project / "images.npz"

    def write(**changes):
        np.savez(path, **arrays(**changes))
        return path

    return write


def is_standin(images):
    return (images[0][0] == 77).all()


def refusal(source=None):
    """Returns the message with which `source` is refused."""
    with pytest.raises(data.DataError) as caught:
        data.load_cifar10(source)
    return str(caught.value)


# --- A file -------------------------------------------------------------------------------


def test_an_npz_gives_exactly_what_keras_gives(project, capsys):
    stored = {key: np.zeros(shape, np.uint8) for key, shape in data.SHAPES.items()}
    stored["x_test"] = np.asfortranarray(stored["x_test"])
    stored["x_test"][9_999, 31, 30] = (1, 2, 3)
    stored["y_train"] = stored["y_train"].astype(">i8")
    stored["y_train"][:, 0] = np.arange(50_000) % 10
    np.savez(project / "images.npz", **stored)

    (x_train, y_train), (x_test, y_test) = data.load_cifar10(project / "images.npz")

    assert x_train.shape == (50_000, 32, 32, 3) and x_test.shape == (10_000, 32, 32, 3)
    assert y_train.shape == (50_000, 1) and y_test.shape == (10_000, 1)
    for array in (x_train, y_train, x_test, y_test):
        assert array.dtype == np.uint8 and array.flags.c_contiguous and array.flags.writeable
    assert x_test[9_999, 31, 30].tolist() == [1, 2, 3] and y_train[49_999, 0] == 9
    printed = capsys.readouterr()
    assert printed.out == "Images: CIFAR-10, from images.npz (50,000 to train, 10,000 to test)\n"
    assert printed.err == ""


def test_the_class_names_are_in_the_order_of_the_labels():
    assert len(data.CLASS_NAMES) == 10
    assert data.CLASS_NAMES[0] == "airplane" and data.CLASS_NAMES[9] == "truck"


def test_a_relative_path_is_looked_up_in_the_working_directory_first(small, project, capsys):
    np.savez(project / "a.npz", **arrays(y_test=np.full((20, 1), 1)))
    assert data.load_cifar10("a.npz")[1][1][0, 0] == 1
    np.savez(project / "notebooks" / "a.npz", **arrays(y_test=np.full((20, 1), 2)))
    assert data.load_cifar10("a.npz")[1][1][0, 0] == 2
    first, second = capsys.readouterr().out.splitlines()
    assert "from a.npz" in first and "from notebooks/a.npz" in second


def test_a_file_outside_the_project_is_printed_without_its_folder(small, tmp_path, capsys):
    np.savez(tmp_path / "elsewhere.npz", **arrays())
    data.load_cifar10(tmp_path / "elsewhere.npz")
    assert capsys.readouterr().out.startswith("Images: CIFAR-10, from elsewhere.npz (100 to")


def test_the_variable_names_the_file_that_is_loaded(small, npz, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(npz(y_test=np.full((20, 1), 3))))
    assert data.load_cifar10()[1][1][0, 0] == 3


def test_the_argument_beats_the_variable(small, npz, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "standin")
    assert not is_standin(data.load_cifar10(npz()))


def test_a_missing_file_is_named_with_the_way_out():
    message = refusal("gone.npz")
    assert "'gone.npz'" in message and "no such file" in message and "--save" in message


def test_a_link_to_a_missing_file_is_refused(project):
    try:
        (project / "link.npz").symlink_to("gone.npz")
    except OSError as error:
        pytest.skip(f"this user may not make links: {error}")
    assert "No such file" in refusal("link.npz")


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
            images = data.load_cifar10(path)
        except data.DataError:
            refused += 1
        else:
            for array, good in zip(itertools.chain(*images), arrays().values(), strict=True):
                np.testing.assert_array_equal(array, good)
    assert refused > len(spots) / 2


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has other permissions")
def test_an_unreadable_file_is_refused(small):
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


# --- A choice of source -------------------------------------------------------------------


def test_an_unknown_source_is_refused_by_the_name_of_who_asked(monkeypatch):
    assert refusal("cifar-100").startswith("load_cifar10() asks for 'cifar-100'. Use auto, ")
    monkeypatch.setenv("COURSE_DATA", "real")
    assert refusal().startswith("COURSE_DATA asks for 'real'. Use auto, cifar10, standin, or")


def test_the_standin_is_announced_as_such(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", "standin")
    assert is_standin(data.load_cifar10())
    assert capsys.readouterr().out == (
        "Images: the stand-in, drawn by a formula - not CIFAR-10 (100 to train, 20 to test)\n"
    )


@pytest.mark.parametrize("source", ["auto", "cifar10", None])
def test_the_projects_own_file_comes_first(small, project, monkeypatch, capsys, source):
    monkeypatch.setenv("COURSE_DATA", "")
    (project / "data").mkdir()
    np.savez(project / "data" / "cifar10.npz", **arrays())
    data.load_cifar10(source)
    assert capsys.readouterr().out.startswith("Images: CIFAR-10, from data/cifar10.npz (")


@pytest.mark.parametrize("source", ["auto", "cifar10"])
def test_a_bad_file_of_the_project_is_an_error_and_not_passed_over(project, source):
    (project / "data").mkdir()
    (project / "data" / "cifar10.npz").write_bytes(b"PK half")
    assert refusal(source).startswith("data/cifar10.npz is cut short or damaged")


# --- Keras' cache and download ------------------------------------------------------------


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
    monkeypatch.setattr(data, "DOWNLOAD_TIMEOUT", 0.3)
    get_file = keras_cifar10.get_file
    sha256 = hashlib.sha256(archive).hexdigest()

    def point_at(url):
        def redirected(origin, file_hash, **options):
            assert origin.startswith("https://") and len(file_hash) == 64
            return get_file(origin=url, file_hash=sha256, cache_dir=cache, **options)

        monkeypatch.setattr(keras_cifar10, "get_file", redirected)

    return point_at


def is_archive(images):
    (x_train, y_train), (x_test, y_test) = images
    return (
        x_train[0, 0, 0].tolist() == [1, 20, 30]
        and x_train[49_999, 0, 0].tolist() == [5, 20, 30]
        and x_test[9_999, 0, 0].tolist() == [6, 20, 30]
        and (x_test[:, 31, 31] == (10, 20, 30)).all()
        and y_train[49_999, 0] == y_test[9_999, 0] == 9
    )


def half(body):
    return body[: len(body) // 2]


FAULTS = {
    "the server timed out": lambda body: faulty_server.never_answers,
    "server timed out": faulty_server.stalls_halfway,
    "the download ended early": faulty_server.ends_early,
    "download ended early": lambda body: faulty_server.hangs_up,
    "ended early": lambda body: faulty_server.cuts_a_chunk_short,
    "wrong hash": lambda body: faulty_server.whole(b"<html>Please log in to the network</html>"),
    "the server answered 403": lambda body: faulty_server.forbids,
}


@pytest.mark.parametrize("cause", FAULTS)
def test_cifar10_fails_with_the_cause_and_the_way_out(cause, archive, download_from):
    with faulty_server.serve(FAULTS[cause](archive)) as url:
        download_from(url)
        message = refusal("cifar10")
    assert cause in message and "--save data/cifar10.npz" in message
    assert "COURSE_DATA=standin" in message


def test_an_error_answer_does_not_keep_its_connection_open(download_from):
    with faulty_server.serve(faulty_server.forbids) as url:
        download_from(url)
        with pytest.raises(data.DataError) as caught:
            data.load_cifar10("cifar10")
    link = caught.value
    while not isinstance(link, urllib.error.HTTPError):
        link = link.__context__
    assert link.fp.closed


def test_cifar10_fails_when_the_server_refuses(download_from):
    download_from(faulty_server.refusing_url())
    assert "the server refused the connection" in refusal("cifar10")


def test_cifar10_fails_when_there_is_no_network(download_from, monkeypatch):
    def lookup(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    download_from("http://www.example.org/cifar-10-python.tar.gz")
    assert "no network" in refusal("cifar10")


@pytest.mark.parametrize("cause", ["the download ended early", "wrong hash", "server timed out"])
def test_auto_falls_back_to_the_standin_loudly(cause, archive, download_from, capsys):
    with faulty_server.serve(FAULTS[cause](archive)) as url:
        download_from(url)
        assert is_standin(data.load_cifar10("auto"))
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines.count("=" * 78) == 2  # whole lines, even after a progress bar that broke off
    assert "THESE ARE NOT THE CIFAR-10 IMAGES, but a stand-in that is drawn by a formula." in lines
    assert sum(line.startswith("Why: ") and cause in line for line in lines) == 1
    assert any("--save data/cifar10.npz" in line for line in lines)
    assert lines[-1].startswith("Images: the stand-in, drawn by a formula - not CIFAR-10 (")
    assert printed.err == ""  # a notebook would show it as a warning


def test_what_a_failed_download_leaves_behind_does_not_break_the_next(
    archive, download_from, capsys
):
    for cause in ("server timed out", "the download ended early", "wrong hash"):
        with faulty_server.serve(FAULTS[cause](archive)) as url:
            download_from(url)
            refusal("cifar10")
    with faulty_server.serve(faulty_server.whole(archive)) as url:
        download_from(url)
        capsys.readouterr()
        images = data.load_cifar10("cifar10")
    assert is_archive(images)
    for array in itertools.chain(*images):
        assert array.dtype == np.uint8 and array.flags.c_contiguous
    *_, source = capsys.readouterr().out.splitlines()
    assert source == "Images: CIFAR-10, from Keras' cache (50,000 to train, 10,000 to test)"


def killed(work, when=None):
    """Runs `work` in a copy of this process; it gets SIGKILL as soon as `when` is true."""
    child = os.fork()
    if child == 0:
        signal.alarm(120)  # a child that hangs ends by another signal, and fails the test
        try:
            work()
        finally:
            os._exit(0)
    if when:  # otherwise `work` does it itself
        deadline = time.monotonic() + 30
        while not when() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
# The child runs nothing but Python until it is killed, so other threads' locks don't matter.
may_fork = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@needs_fork
@may_fork
def test_a_download_that_was_killed_does_not_break_the_next(
    archive, download_from, cache, monkeypatch
):
    monkeypatch.setattr(data, "DOWNLOAD_TIMEOUT", 60)
    target = cache / "datasets" / "cifar-10-batches-py-target_archive"
    with faulty_server.serve(faulty_server.stalls_halfway(archive)) as url:
        download_from(url)
        killed(
            lambda: data.load_cifar10("cifar10"),
            when=lambda: target.exists() and target.stat().st_size > 0,
        )
    assert 0 < target.stat().st_size < len(archive)
    with faulty_server.serve(faulty_server.whole(archive)) as url:
        download_from(url)
        assert is_archive(data.load_cifar10("cifar10"))


@needs_fork
@may_fork
def test_an_unpacking_that_was_killed_does_not_break_the_next_which_needs_no_network(
    archive, download_from, cache, monkeypatch
):
    def die_in_the_third_file(source, target, length, *_, **__):
        if not target.name.endswith("data_batch_3"):
            target.write(source.read(length))
            return
        target.write(source.read(1000))
        target.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    target = cache / "datasets" / "cifar-10-batches-py-target"
    target.with_name(f"{target.name}_archive").parent.mkdir()
    target.with_name(f"{target.name}_archive").write_bytes(archive)
    download_from(faulty_server.refusing_url())
    with monkeypatch.context() as patch:
        patch.setattr(tarfile, "copyfileobj", die_in_the_third_file)
        killed(lambda: data.load_cifar10("cifar10"))
    unpacked = {path.name: path.stat().st_size for path in target.rglob("*_batch*")}
    assert sorted(unpacked) == ["data_batch_1", "data_batch_2", "data_batch_3"]
    assert unpacked["data_batch_3"] == 1000
    assert is_archive(data.load_cifar10("cifar10"))


def test_a_keras_folder_that_cannot_be_used_is_named(download_from, cache):
    (cache / "datasets").write_text("a file where Keras wants a folder")
    download_from(faulty_server.refusing_url())
    assert "Keras' folder `datasets` can't be used (" in refusal("cifar10")


def test_the_download_leaves_the_socket_timeout_as_it_was(download_from):
    before = socket.getdefaulttimeout()
    download_from(faulty_server.refusing_url())
    socket.setdefaulttimeout(12.5)
    try:
        refusal("cifar10")
        assert socket.getdefaulttimeout() == 12.5
    finally:
        socket.setdefaulttimeout(before)


def test_an_interrupt_is_not_taken_for_a_failed_download(keras_cifar10, monkeypatch):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras_cifar10, "get_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.load_cifar10("auto")


# --- Saving -------------------------------------------------------------------------------


def test_save_writes_what_keras_has_and_load_reads_it_back(archive, download_from, project, capsys):
    with faulty_server.serve(faulty_server.whole(archive)) as url:
        download_from(url)
        assert data.main(["--save", "../data/cifar10.npz"]) == 0
    assert "Wrote ../data/cifar10.npz: CIFAR-10, 50,000 images to" in capsys.readouterr().out
    assert os.listdir(project / "data") == ["cifar10.npz"]
    umask = os.umask(0)
    os.umask(umask)
    if os.name == "posix":  # others of the class may read it
        assert (project / "data" / "cifar10.npz").stat().st_mode & 0o777 == 0o666 & ~umask
    assert is_archive(data.load_cifar10("cifar10"))


def test_save_without_network_is_one_sentence_and_an_exit_code(tmp_path):
    (tmp_path / "keras").mkdir()
    proxy = faulty_server.refusing_url().rpartition("/")[0]
    done = subprocess.run(
        [sys.executable, "-m", "helpers.data", "--save", tmp_path / "out" / "cifar10.npz"],
        cwd=PROJECT,
        env=os.environ
        | {"KERAS_HOME": str(tmp_path / "keras"), "https_proxy": proxy, "no_proxy": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == ("CIFAR-10 could not be downloaded: the server refused the connection.\n")
    assert os.listdir(tmp_path / "out") == []


@pytest.fixture
def keras_gives(monkeypatch):
    """Keras has the images at hand; counts how often it is asked for them."""
    asked = []

    def load():
        asked.append(True)
        images = tuple(arrays().values())
        return images[:2], images[2:]

    monkeypatch.setattr(data, "_load_keras", load)
    return asked


def save_error(target, capsys):
    assert data.main(["--save", str(target)]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    return sentence


def test_save_refuses_a_folder_before_it_downloads(keras_gives, project, capsys):
    assert save_error(project, capsys).endswith("can't be written: Is a directory.")
    assert not keras_gives


def test_save_refuses_a_file_in_the_place_of_a_folder(keras_gives, project, capsys):
    (project / "data").touch()
    assert "can't be written: " in save_error(project / "data" / "cifar10.npz", capsys)
    assert not keras_gives


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has other permissions")
def test_save_refuses_a_folder_that_it_may_not_write_before_it_downloads(keras_gives, capsys):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            sentence = save_error(Path(folder) / "cifar10.npz", capsys)
        finally:
            os.seteuid(user)
            os.chmod(folder, 0o755)
    assert sentence.endswith("can't be written: Permission denied.")
    assert not keras_gives


def test_save_leaves_the_old_file_and_nothing_else_when_the_disk_takes_no_more(
    keras_gives, project, capsys
):
    resource = pytest.importorskip("resource", reason="no limits on this system")
    target = project / "cifar10.npz"
    target.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        sentence = save_error(target, capsys)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sentence.endswith("can't be written: File too large.")
    assert target.read_text() == "old"
    assert sorted(os.listdir(project)) == ["cifar10.npz", "notebooks"]


def test_save_leaves_nothing_behind_when_it_is_interrupted(project, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "_load_keras", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.save_cifar10(project / "data" / "cifar10.npz")
    assert os.listdir(project / "data") == []


# --- Splitting ----------------------------------------------------------------------------


def numbered(count=1000):
    """Images that carry their own number, and labels that follow from it."""
    x = np.arange(count).reshape(-1, 1, 1, 1) * np.ones((1, 2, 2, 3), np.int64)
    return x, (x[:, 0, 0, 0] % 10).reshape(-1, 1).astype(np.uint8)


def numbers_of(x):
    return x[:, 0, 0, 0]


def test_a_split_takes_each_image_once_and_keeps_its_label():
    x, y = numbered()
    (x_train, y_train), (x_val, y_val) = data.train_validation_split(x, y, validation=200)
    assert len(x_train) == len(y_train) == 800 and len(x_val) == len(y_val) == 200
    together = np.concatenate([numbers_of(x_train), numbers_of(x_val)])
    assert sorted(together) == list(range(1000))
    assert (numbers_of(x_train) % 10 == y_train[:, 0]).all()
    assert (numbers_of(x_val) % 10 == y_val[:, 0]).all()
    assert y_val.dtype == np.uint8 and y_val.shape == (200, 1)


def test_a_split_keeps_the_shares_of_unequal_classes_to_within_an_image():
    y = np.repeat([0, 3, 9], [700, 250, 50])
    (_, y_train), (_, y_val) = data.train_validation_split(y, y, validation=100, train=401)
    for label, share in ((0, 0.7), (3, 0.25), (9, 0.05)):
        assert abs((y_val == label).sum() - share * 100) <= 1
        assert abs((y_train == label).sum() - share * 401) <= 1


def test_a_split_is_shuffled_and_follows_the_seed():
    x, y = numbered()
    (first, _), (val, _) = data.train_validation_split(x, y, validation=100, seed=0)
    (again, _), _ = data.train_validation_split(x, y, validation=100, seed=0)
    (other, _), _ = data.train_validation_split(x, y, validation=100, seed=1)
    np.testing.assert_array_equal(first, again)
    assert set(numbers_of(first)) != set(numbers_of(other))
    for part in (first, val):
        assert (np.diff(numbers_of(part)) > 0).mean() < 0.65  # not sorted
        labels = numbers_of(part) % 10
        assert (np.diff(labels) == 0).mean() > 0.02  # nor dealt out class by class


def test_a_split_can_leave_images_out_for_a_small_budget():
    x, y = numbered()
    (x_train, _), (x_val, y_val) = data.train_validation_split(x, y, validation=0.1, train=50)
    assert len(x_train) == 50 and len(x_val) == 100
    assert not set(numbers_of(x_train)) & set(numbers_of(x_val))
    assert np.bincount(y_val[:, 0]).tolist() == [10] * 10


def test_a_split_of_one_hot_labels_is_the_split_of_their_indices():
    x, y = numbered()
    one_hot = np.eye(10, dtype=np.float32)[y[:, 0]]
    (_, y_train), (x_val, y_val) = data.train_validation_split(x, one_hot, validation=100)
    assert y_val.shape == (100, 10) and y_val.dtype == np.float32
    np.testing.assert_array_equal(y_val.argmax(axis=1), numbers_of(x_val) % 10)
    np.testing.assert_array_equal(
        y_train.argmax(1), data.train_validation_split(x, y, validation=100)[0][1][:, 0]
    )


def test_a_split_copies_so_that_the_large_array_can_be_freed():
    x, y = numbered()
    for array in itertools.chain(*data.train_validation_split(x, y, validation=100)):
        assert array.base is None and array.flags.c_contiguous


@pytest.mark.parametrize("validation", [0, -1, 1000, 1001, 0.0, 1.0, 1.5, 0.0001, True, "half"])
def test_a_split_refuses_a_validation_part_of_no_sense(validation):
    with pytest.raises(ValueError, match="validation="):
        data.train_validation_split(*numbered(), validation=validation)


@pytest.mark.parametrize("train", [0, -1, 901, 10.5])
def test_a_split_refuses_a_training_part_of_no_sense(train):
    with pytest.raises(ValueError, match=r"1,000 images, 100 for validation leave 900: train="):
        data.train_validation_split(*numbered(), validation=100, train=train)


def test_a_split_refuses_lengths_that_differ():
    x, y = numbered()
    with pytest.raises(ValueError, match="1,000 images, but 999 labels"):
        data.train_validation_split(x, y[1:])


@pytest.mark.parametrize(
    "labels, complaint",
    [
        (np.full((1000, 1), 10), "from 0 to 9"),
        (np.full((1000, 1), -1), "from 0 to 9"),
        (np.zeros((1000, 1)), "must be integers"),
        (np.zeros((1000, 2), int), "must be integers"),
        (np.zeros((1000, 10)), "not one-hot"),
        (np.full((1000, 10), 0.1), "not one-hot"),
    ],
)
def test_a_split_refuses_labels_of_another_kind(labels, complaint):
    with pytest.raises(ValueError, match=complaint):
        data.train_validation_split(numbered()[0], labels, validation=100)


# --- The sealed test set ------------------------------------------------------------------


class Model:
    """Answers with given probabilities, and remembers how it was asked."""

    def __init__(self, output):
        self.output = output
        self.calls = []

    def predict(self, x, *, batch_size, verbose):
        self.calls.append((len(x), batch_size, verbose))
        if isinstance(self.output, Exception):
            raise self.output
        return self.output


LABELS = np.array([[0], [1], [2], [2]], np.uint8)
GUESSES = np.array([0, 1, 2, 5])  # three of four are right
SURE = np.eye(10, dtype=np.float32)[GUESSES]


@pytest.fixture
def sealed():
    return data.SealedTestSet(np.zeros((4, 32, 32, 3), np.uint8), LABELS)


def test_the_first_look_judges_the_model_and_is_remembered(sealed, capsys):
    model = Model(0.9 * SURE + 0.01)
    result = sealed.evaluate(model, batch_size=3)
    assert result.accuracy == 0.75
    assert result.loss == pytest.approx(-(3 * np.log(0.91) + np.log(0.01)) / 4)
    np.testing.assert_array_equal(result.predictions, GUESSES)
    np.testing.assert_array_equal(result.labels, [0, 1, 2, 2])
    assert result.confusion.shape == (10, 10) and result.confusion.sum() == 4
    assert result.confusion[2, 5] == 1 and result.confusion[2, 2] == 1  # rows are the truth
    assert model.calls == [(4, 3, 0)]
    assert sealed.result is result and sealed.looks == 1
    assert capsys.readouterr().out == ""


def test_a_second_look_is_refused_with_the_reason_and_the_score(sealed):
    sealed.evaluate(Model(SURE))
    other = Model(SURE)
    with pytest.raises(data.TestSetOpenedError) as caught:
        sealed.evaluate(other)
    message = str(caught.value)
    assert "0.7500" in message and "too optimistic" in message and "again=True" in message
    assert other.calls == [] and sealed.looks == 1


def test_again_overrides_and_says_what_it_costs(sealed, capsys):
    sealed.evaluate(Model(SURE), again=True)
    assert capsys.readouterr().out == ""  # the first look costs nothing
    result = sealed.evaluate(Model(np.eye(10)[LABELS[:, 0]]), again=True)
    printed = capsys.readouterr().out
    assert "Look 2" in printed and "accuracy 1.0000, before 0.7500" in printed
    assert "What it costs" in printed
    assert sealed.looks == 2 and sealed.result is result


@pytest.mark.parametrize(
    "output, complaint",
    [
        (np.eye(10)[[0, 1, 2]], r"shape \(3, 10\) instead of \(4, 10\)"),
        (np.full((4, 1), 1.0), r"shape \(4, 1\)"),
        (np.full((4, 10), np.nan), "not finite"),
        (2 * SURE - 0.1, "softmax"),
        (2 * SURE, "softmax"),
    ],
)
def test_an_output_that_is_no_probabilities_leaves_the_set_sealed(sealed, output, complaint):
    with pytest.raises(ValueError, match=complaint):
        sealed.evaluate(Model(output))
    assert sealed.looks == 0 and sealed.result is None
    sealed.evaluate(Model(SURE))


def test_a_model_that_raises_leaves_the_set_sealed(sealed):
    with pytest.raises(RuntimeError, match="out of memory"):
        sealed.evaluate(Model(RuntimeError("out of memory")))
    assert sealed.looks == 0
    sealed.evaluate(Model(SURE))


def test_a_certain_mistake_costs_a_finite_loss(sealed):
    assert sealed.evaluate(Model(SURE)).loss == pytest.approx(-np.log(1e-7) / 4)


def test_a_sealed_set_shows_its_state_and_not_its_data(sealed):
    assert repr(sealed) == "SealedTestSet(4 images, sealed)"
    assert not any(isinstance(getattr(sealed, name), np.ndarray) for name in public(sealed))
    sealed.evaluate(Model(SURE))
    assert repr(sealed) == "SealedTestSet(4 images, opened once, accuracy 0.7500)"
    sealed.evaluate(Model(SURE), again=True)
    assert repr(sealed) == "SealedTestSet(4 images, opened 2 times, accuracy 0.7500)"


def public(thing):
    return [name for name in dir(thing) if not name.startswith("_")]


def test_a_result_cannot_be_improved_afterwards(sealed):
    result = sealed.evaluate(Model(SURE))
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.accuracy = 1.0
    assert repr(result).startswith("TestResult(loss=") and "predictions" not in repr(result)


def test_a_sealed_set_takes_one_hot_labels():
    sealed = data.SealedTestSet(np.zeros((4, 2)), np.eye(10)[LABELS[:, 0]])
    assert sealed.evaluate(Model(SURE)).accuracy == 0.75


def test_a_sealed_set_refuses_lengths_that_differ():
    with pytest.raises(ValueError, match="3 images and 4 labels"):
        data.SealedTestSet(np.zeros((3, 2)), LABELS)


def test_the_score_is_the_one_that_keras_evaluate_gives(keras_cifar10):
    import keras

    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).integers(0, 256, (300, 4, 4, 3), np.uint8)
    y = np.arange(300).reshape(-1, 1) % 10
    model = keras.Sequential(
        [
            keras.Input((4, 4, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(x, y, verbose=0)
    result = data.SealedTestSet(x, y).evaluate(model, batch_size=128)
    assert result.accuracy == pytest.approx(accuracy) and result.loss == pytest.approx(loss)


def test_a_sealed_test_set_says_which_images_it_contains_and_stays_sealed():
    images = np.arange(4 * 3, dtype=np.uint8).reshape(4, 3)
    sealed = data.SealedTestSet(images[:2], np.array([0, 1]))
    assert list(sealed.contains(images[::-1])) == [False, False, True, True]
    assert sealed.looks == 0 and sealed.result is None
