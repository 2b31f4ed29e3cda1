import errno
import http.client
import itertools
import os
import pickle
import signal
import socket
import ssl
import tarfile
import threading
import time
import urllib.error
import zlib
from pathlib import Path

import numpy as np
import pytest

from helpers import locks
from helpers.data import DataError, keras_cache, load_cifar10
from tests.support import faulty_server
from tests.support.images import is_archive, is_standin, refusal

pytestmark = pytest.mark.tensorflow


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
        with pytest.raises(DataError) as caught:
            load_cifar10("cifar10")
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
        assert is_standin(load_cifar10("auto"))
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
        images = load_cifar10("cifar10")
    assert is_archive(images)
    for array in itertools.chain(*images):
        assert array.dtype == np.uint8 and array.flags.c_contiguous
    *_, shown, kept = capsys.readouterr().out.splitlines()
    assert shown == "Images: CIFAR-10, from Keras' cache (50,000 to train, 10,000 to test)"
    assert kept == "Kept as data/cifar10.npz, which the course reads from now on."


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
# Python warns of a fork of several threads, and so does JAX, with which the child computes nothing.
may_fork = pytest.mark.filterwarnings(
    "ignore:.*multi-threaded.*fork:DeprecationWarning",
    r"ignore:os\.fork\(\) was called:RuntimeWarning",
)


@needs_fork
@may_fork
def test_a_download_that_was_killed_does_not_break_the_next(
    archive, download_from, cache, monkeypatch
):
    monkeypatch.setattr(keras_cache, "DOWNLOAD_TIMEOUT", 60)
    target = cache / "datasets" / "cifar-10-batches-py-target_archive"
    with faulty_server.serve(faulty_server.stalls_halfway(archive)) as url:
        download_from(url)
        killed(
            lambda: load_cifar10("cifar10"),
            when=lambda: target.exists() and target.stat().st_size > 0,
        )
    assert 0 < target.stat().st_size < len(archive)
    with faulty_server.serve(faulty_server.whole(archive)) as url:
        download_from(url)
        assert is_archive(load_cifar10("cifar10"))


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
        killed(lambda: load_cifar10("cifar10"))
    unpacked = {path.name: path.stat().st_size for path in target.rglob("*_batch*")}
    assert sorted(unpacked) == ["data_batch_1", "data_batch_2", "data_batch_3"]
    assert unpacked["data_batch_3"] == 1000
    assert is_archive(load_cifar10("cifar10"))


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
        load_cifar10("auto")


@needs_fork
@may_fork
def test_processes_that_load_at_the_same_time_all_get_the_whole_archive(
    archive, download_from, cache, project, monkeypatch, tmp_path
):
    copy = tarfile.copyfileobj

    unpacked = tmp_path / "unpacked"

    def copy_slowly(source, target, length, *rest, **options):
        with open(unpacked, "a") as log:
            log.write(f"{Path(target.name).name}\n")
        copy(source, target, length // 2)
        target.flush()
        time.sleep(0.1)  # long enough for another process to find half a file
        copy(source, target, length - length // 2)

    monkeypatch.setattr(tarfile, "copyfileobj", copy_slowly)
    packed = cache / "datasets" / "cifar-10-batches-py-target_archive"
    packed.parent.mkdir()
    packed.write_bytes(archive)
    download_from(faulty_server.refusing_url())
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            signal.alarm(120)
            status = 1
            try:
                time.sleep(0.15 * number)
                status = 0 if is_archive(load_cifar10("auto")) else 2
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert len(unpacked.read_text().split()) == 6, "unpacked more than once"
    assert os.listdir(project / "data") == ["cifar10.npz"]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has other permissions")
def test_a_project_that_cannot_be_written_loads_from_keras_each_time(
    archive, download_from, cache, project, capsys
):
    packed = cache / "datasets" / "cifar-10-batches-py-target_archive"
    packed.parent.mkdir()
    packed.write_bytes(archive)
    download_from(faulty_server.refusing_url())
    (project / "data").write_text("a file where the folder should be")
    assert is_archive(load_cifar10("cifar10"))
    assert "Kept as" not in capsys.readouterr().out


def hidden_behind(error):
    """Returns a bare Exception with `error` in its context, as Keras raises it."""
    try:
        try:
            raise error
        except Exception:
            raise Exception("URL fetch failure on https://...: None -- oops")  # noqa: B904
    except Exception as outer:
        return outer


DAMAGED = "Keras' unpacked copy is damaged; delete cifar-10-batches-py-target from Keras' folder "
CAUSES = [
    (
        urllib.error.URLError(socket.gaierror(-2, "unknown")),
        "no network (the server's name could not be looked up)",
    ),
    (urllib.error.URLError(TimeoutError()), "the server timed out"),
    (ConnectionRefusedError(), "the server refused the connection"),
    (
        urllib.error.URLError(ssl.SSLCertVerificationError("self-signed")),
        "the server's certificate could not be verified (a proxy in between, or on a Mac a Python "
        "whose `Install Certificates.command` was never run)",
    ),
    (urllib.error.ContentTooShortError("short", b""), "the download ended early"),
    (http.client.IncompleteRead(b""), "the download ended early"),
    (ConnectionResetError(), "the download ended early"),
    (ssl.SSLEOFError(), "the download ended early"),
    (tarfile.ReadError("bad"), f"{DAMAGED}`datasets`"),
    (EOFError(), f"{DAMAGED}`datasets`"),
    (zlib.error("bad"), f"{DAMAGED}`datasets`"),
    (pickle.UnpicklingError("bad"), f"{DAMAGED}`datasets`"),
    (urllib.error.HTTPError("url", 503, "Busy", {}, None), "the server answered 503 Busy"),
    (
        ValueError("Incomplete or corrupted file, hash does not match"),
        "what arrived is not CIFAR-10: it has the wrong hash (a proxy's login page?)",
    ),
    (OSError(errno.ENETUNREACH, "unreachable"), "no network"),
    (OSError(errno.EHOSTUNREACH, "unreachable"), "no network"),
    (OSError(errno.ENETDOWN, "down"), "no network"),
    (
        OSError(errno.ENOSPC, "full"),
        "there is no room on the disk (it is full, or a quota is reached)",
    ),
    (
        PermissionError(errno.EACCES, "Permission denied", "/home/ada/.keras"),
        "Keras' folder `datasets` can't be used (Permission denied)",
    ),
]


@pytest.mark.parametrize(("error", "words"), CAUSES)
def test_what_goes_wrong_is_said_in_plain_words(keras_cifar10, monkeypatch, error, words):
    for raised in (error, hidden_behind(error)):

        def fail(raised=raised):
            raise raised

        monkeypatch.setattr("keras.datasets.cifar10.load_data", fail)
        with pytest.raises(DataError) as caught:
            keras_cache.load_keras()
        assert str(caught.value) == f"CIFAR-10 could not be downloaded: {words}"
        assert caught.value.__cause__ is raised


def test_an_unknown_error_is_quoted_on_one_line(keras_cifar10, monkeypatch):
    def fail():
        raise RuntimeError("first line\n  second  line")

    monkeypatch.setattr("keras.datasets.cifar10.load_data", fail)
    with pytest.raises(DataError) as caught:
        keras_cache.load_keras()
    assert str(caught.value).endswith(": RuntimeError: first line second line")


def test_images_of_another_kind_than_cifar10_s_are_not_taken_from_keras(keras_cifar10, monkeypatch):
    few = np.zeros((3, 32, 32, 3), np.uint8), np.zeros((3, 1), np.uint8)
    monkeypatch.setattr("keras.datasets.cifar10.load_data", lambda: (few, few))
    with pytest.raises(DataError, match="^Keras' copy of CIFAR-10 has x_train of shape"):
        keras_cache.load_keras()


def test_a_process_waits_while_another_one_loads(monkeypatch, capsys):
    monkeypatch.setattr(keras_cache, "WAIT", 30.0)
    held = threading.Event()

    def load_for_a_while():
        with locks.FolderLock(keras_cache.lock_folder(), "a download"):
            held.set()
            time.sleep(0.2)

    other = threading.Thread(target=load_for_a_while)
    other.start()
    assert held.wait(30)
    with keras_cache.one_process_at_a_time():
        other.join()
        assert capsys.readouterr().out == (
            "Another process is loading CIFAR-10 through Keras; waiting for it.\n"
        )
        with pytest.raises(locks.LockedError, match=r"\(loading CIFAR-10\)"):
            locks.FolderLock(keras_cache.lock_folder(), "another").acquire()
    with keras_cache.one_process_at_a_time():
        assert capsys.readouterr().out == "", "the lock was not released"
