import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from helpers import locks
from helpers.data import __main__ as command_line
from helpers.data import (
    keras_cache,
    load_cifar10,
    save_cifar10,
    source,
)
from tests.support import faulty_server
from tests.support.images import arrays, is_archive, is_standin, refusal

# What is said after waiting for nothing; the tests wait a tenth of a second.
WAITED = "CIFAR-10 could not be loaded: another process has not finished loading it in 0 minutes"


@contextlib.contextmanager
def being_loaded_elsewhere():
    """Holds the lock that a process takes while it loads CIFAR-10 through Keras."""
    with locks.FolderLock(keras_cache.lock_folder(), "a download"):
        yield


def test_a_relative_path_is_looked_up_in_the_working_directory_first(small, project, capsys):
    np.savez(project / "a.npz", **arrays(y_test=np.full((20, 1), 1)))
    assert load_cifar10("a.npz")[1][1][0, 0] == 1
    np.savez(project / "notebooks" / "a.npz", **arrays(y_test=np.full((20, 1), 2)))
    assert load_cifar10("a.npz")[1][1][0, 0] == 2
    first, second = capsys.readouterr().out.splitlines()
    assert "from a.npz" in first and "from notebooks/a.npz" in second


def test_a_file_outside_the_project_is_printed_without_its_folder(small, tmp_path, capsys):
    np.savez(tmp_path / "elsewhere.npz", **arrays())
    load_cifar10(tmp_path / "elsewhere.npz")
    assert capsys.readouterr().out.startswith("Images: CIFAR-10, from elsewhere.npz (100 to")


def test_the_variable_names_the_file_that_is_loaded(small, npz, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(npz(y_test=np.full((20, 1), 3))))
    assert load_cifar10()[1][1][0, 0] == 3


def test_the_argument_beats_the_variable(small, npz, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "standin")
    assert not is_standin(load_cifar10(npz()))


def test_a_missing_file_is_named_with_the_way_out():
    message = refusal("gone.npz")
    assert "'gone.npz'" in message and "no such file" in message and "--save" in message


def test_a_link_to_a_missing_file_is_refused(project):
    try:
        (project / "link.npz").symlink_to("gone.npz")
    except OSError as error:
        pytest.skip(f"this user may not make links: {error}")
    assert "No such file" in refusal("link.npz")


def test_an_unknown_source_is_refused_by_the_name_of_who_asked(monkeypatch):
    assert refusal("cifar-100").startswith("load_cifar10() asks for 'cifar-100'. Use auto, ")
    monkeypatch.setenv("COURSE_DATA", "real")
    assert refusal().startswith("COURSE_DATA asks for 'real'. Use auto, cifar10, standin, or")


def test_the_standin_is_announced_as_such(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", "standin")
    assert is_standin(load_cifar10())
    assert capsys.readouterr().out == (
        "Images: the stand-in, drawn by a formula - not CIFAR-10 (100 to train, 20 to test)\n"
    )


@pytest.mark.parametrize("source", ["auto", "cifar10", None])
def test_the_projects_own_file_comes_first(small, project, monkeypatch, capsys, source):
    monkeypatch.setenv("COURSE_DATA", "")
    (project / "data").mkdir()
    np.savez(project / "data" / "cifar10.npz", **arrays())
    load_cifar10(source)
    assert capsys.readouterr().out.startswith("Images: CIFAR-10, from data/cifar10.npz (")


def test_the_projects_own_file_is_read_without_waiting_for_another_process(
    small, project, monkeypatch, capsys
):
    monkeypatch.setattr(keras_cache, "WAIT", 0.1)
    (project / "data").mkdir()
    np.savez(project / "data" / "cifar10.npz", **arrays())
    with being_loaded_elsewhere():
        load_cifar10("auto")
    assert capsys.readouterr().out == (
        "Images: CIFAR-10, from data/cifar10.npz (100 to train, 20 to test)\n"
    )


@pytest.mark.tensorflow
def test_a_process_that_never_ends_its_download_is_not_waited_for_without_end(
    project, monkeypatch, capsys
):
    monkeypatch.setattr(keras_cache, "WAIT", 0.1)
    with being_loaded_elsewhere():
        assert is_standin(load_cifar10("auto"))
        first, *_ = capsys.readouterr().out.splitlines()
        message = refusal("cifar10")
        assert save_error(project / "cifar10.npz", capsys).startswith(WAITED)
    assert first == "Another process is loading CIFAR-10 through Keras; waiting for it."
    assert message.startswith(WAITED) and "COURSE_DATA=standin" in message
    assert not (project / "cifar10.npz").exists()


@pytest.mark.parametrize("source", ["auto", "cifar10"])
def test_a_bad_file_of_the_project_is_an_error_and_not_passed_over(project, source):
    (project / "data").mkdir()
    (project / "data" / "cifar10.npz").write_bytes(b"PK half")
    assert refusal(source).startswith("data/cifar10.npz is cut short or damaged")


@pytest.mark.tensorflow
def test_save_writes_what_keras_has_and_load_reads_it_back(archive, download_from, project, capsys):
    with faulty_server.serve(faulty_server.whole(archive)) as url:
        download_from(url)
        assert command_line.main(["--save", "../data/cifar10.npz"]) == 0
    assert "Wrote ../data/cifar10.npz: CIFAR-10, 50,000 images to" in capsys.readouterr().out
    assert os.listdir(project / "data") == ["cifar10.npz"]
    umask = os.umask(0)
    os.umask(umask)
    if os.name == "posix":  # others of the class may read it
        assert (project / "data" / "cifar10.npz").stat().st_mode & 0o777 == 0o666 & ~umask
    assert is_archive(load_cifar10("cifar10"))


@pytest.mark.tensorflow
def test_save_without_network_is_one_sentence_and_an_exit_code(tmp_path):
    (tmp_path / "keras").mkdir()
    proxy = faulty_server.refusing_url().rpartition("/")[0]
    done = subprocess.run(
        [sys.executable, "-m", "helpers.data", "--save", tmp_path / "out" / "cifar10.npz"],
        cwd=source.ROOT,
        env=os.environ
        | {"KERAS_HOME": str(tmp_path / "keras"), "https_proxy": proxy, "no_proxy": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == ("CIFAR-10 could not be downloaded: the server refused the connection.\n")
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.tensorflow
def test_only_the_import_of_keras_is_quiet(capfd):
    command_line._import_keras_quietly()
    os.write(2, b"an error")
    assert capfd.readouterr().err == "an error"


@pytest.fixture
def keras_gives(monkeypatch):
    """Keras has the images at hand; counts how often it is asked for them."""
    asked = []

    def load():
        asked.append(True)
        images = tuple(arrays().values())
        return images[:2], images[2:]

    monkeypatch.setattr(keras_cache, "load_keras", load)
    return asked


def save_error(target, capsys):
    assert command_line.main(["--save", str(target)]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    return sentence


@pytest.mark.tensorflow
def test_save_refuses_a_folder_before_it_downloads(keras_gives, project, capsys):
    assert save_error(project, capsys).endswith("can't be written: Is a directory.")
    assert not keras_gives


@pytest.mark.tensorflow
def test_save_refuses_a_file_in_the_place_of_a_folder(keras_gives, project, capsys):
    (project / "data").touch()
    assert "can't be written: " in save_error(project / "data" / "cifar10.npz", capsys)
    assert not keras_gives


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has other permissions")
@pytest.mark.tensorflow
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


@pytest.mark.tensorflow
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

    monkeypatch.setattr(keras_cache, "load_keras", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_cifar10(project / "data" / "cifar10.npz")
    assert os.listdir(project / "data") == []
