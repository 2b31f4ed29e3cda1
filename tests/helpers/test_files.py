import builtins
import errno
import locale
import os
import shutil
from pathlib import Path

import pytest

from helpers import files


def test_a_file_is_replaced_in_one_step_and_nothing_else_is_left(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with files.replacing(target) as file:
        file.write("new\n")
        assert target.read_text() == "old"
    assert target.read_bytes() == b"new\n" and os.listdir(tmp_path) == ["a.json"]


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    """Or a power cut could leave the new name without the content."""
    steps, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: steps.append("fsync") or fsync(file))
    monkeypatch.setattr(os, "replace", lambda *files: steps.append("replace") or replace(*files))
    files.write_text(tmp_path / "a.json", "new")
    assert steps == ["fsync", "replace"]


def test_a_finished_file_is_on_the_disk_before_it_takes_the_place_of_another(tmp_path, monkeypatch):
    steps, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: steps.append("fsync") or fsync(file))
    monkeypatch.setattr(os, "replace", lambda *files: steps.append("replace") or replace(*files))
    source, target = tmp_path / "new", tmp_path / "old"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    files.move(source, target)
    assert steps == ["fsync", "replace"]
    assert target.read_bytes() == b"new" and not source.exists()


@pytest.fixture
def plain_locale():
    """Has Python open files in ASCII, where nobody says otherwise and the system knows locales."""
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    yield
    locale.setlocale(locale.LC_CTYPE, before)


def test_text_is_utf_8_whatever_the_locale_of_the_system(tmp_path, plain_locale):
    files.write_text(tmp_path / "a.json", "größer \u2192\r\n")
    assert (tmp_path / "a.json").read_bytes() == "größer \u2192\r\n".encode()
    assert files.read_text(tmp_path / "a.json") == "größer \u2192\n"


def test_an_error_while_it_is_written_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), files.replacing(target, "wb") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["a.json"]


def test_a_draft_that_can_t_be_removed_does_not_hide_the_error(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "in use")

    with pytest.raises(ZeroDivisionError), files.replacing(tmp_path / "a.json"):
        monkeypatch.setattr(os, "unlink", refuse)
        monkeypatch.setattr(Path, "unlink", refuse)
        raise ZeroDivisionError


def test_what_a_crash_left_of_a_file_is_recognised(tmp_path):
    with files.replacing(tmp_path / "a.json"):
        (draft,) = tmp_path.iterdir()
        assert files.is_draft(draft)
    assert not files.is_draft(tmp_path / "a.json")
    assert not files.is_draft(tmp_path / ".lock")


OPEN_ELSEWHERE = {
    "replacing": ("replace", lambda file: files.write_text(file, "new")),
    "reading": ("open", lambda file: files.read_text(file)),
    "removing": ("unlink", lambda file: files.remove(file)),
    "removing its folder": ("unlink", lambda file: files.remove(file.parent)),
}


@pytest.fixture(params=OPEN_ELSEWHERE)
def refused(request, tmp_path, monkeypatch):
    """A file, something to do with it, and how often Windows refuses that from now on."""
    name, act = OPEN_ELSEWHERE[request.param]
    file = tmp_path / "folder" / "a.json"
    file.parent.mkdir()
    file.write_text("old", encoding="utf-8")
    owner = builtins if name == "open" else os
    original, left = getattr(owner, name), []

    def refuse_first(*args, **kwargs):
        if left:
            left.pop()
            raise PermissionError(errno.EACCES, "The file is in use", str(file))
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, refuse_first)
    return file, lambda: act(file), left


def test_a_file_that_somebody_has_open_on_windows_is_waited_for(refused):
    file, act, left = refused
    left.extend(range(3))
    done = act()
    assert not left
    if done is None and file.exists():
        assert file.read_text() == "new" and os.listdir(file.parent) == ["a.json"]
    else:
        assert done == "old" or not file.exists()


def test_a_file_that_stays_open_is_an_error_after_a_while_and_stays_as_it_is(refused, monkeypatch):
    file, act, left = refused
    left.extend(range(10**5))
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    with pytest.raises(PermissionError, match="in use"):
        act()
    left.clear()
    assert file.read_text() == "old" and os.listdir(file.parent) == ["a.json"]


def test_what_is_not_there_need_not_be_removed(tmp_path):
    files.remove(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EFBIG, "x"), True),
        (OSError(errno.ENOENT, "x"), False),
        (RuntimeError(f"HDF5: write failed ({os.strerror(errno.ENOSPC)})"), True),
        (RuntimeError("another error"), False),
    ],
)
def test_a_full_disk_is_recognised_by_its_number_or_its_words(error, full):
    assert files.is_disk_full(error) is full


def test_a_folder_that_is_to_be_made_can_be_written_if_its_parent_can(tmp_path):
    files.check_writable(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_a_folder_holds_no_other(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(OSError):
        files.check_writable(tmp_path / "a" / "b")


def test_a_drive_that_does_not_exist_is_an_error_and_no_endless_loop(monkeypatch):
    monkeypatch.setattr(files.os.path, "exists", lambda path: False)
    with pytest.raises(FileNotFoundError, match=" There is no such drive: ") as raised:
        files.check_writable("Z:/searches/mine")
    assert raised.value.errno == errno.ENOENT
    assert raised.value.filename == Path("Z:/searches/mine").absolute().anchor


def test_a_file_that_is_too_large_for_the_disk_has_no_room_and_leaves_nothing(
    tmp_path, monkeypatch
):
    files.check_room(tmp_path, 1000)
    monkeypatch.delattr(os, "posix_fallocate", raising=False)  # which would fill the disk
    files.check_room(tmp_path, 1000)
    with pytest.raises(OSError) as raised:
        files.check_room(tmp_path, 10 * shutil.disk_usage(tmp_path).free)
    assert raised.value.errno == errno.ENOSPC and raised.value.filename == str(tmp_path)
    assert raised.value.strerror == os.strerror(errno.ENOSPC) and not list(tmp_path.iterdir())


def test_a_quota_is_asked_for_every_byte_in_the_folder_itself(tmp_path, monkeypatch):
    def refuse(file, *asked):
        raise OSError(errno.ENOSPC, str(asked))

    just_enough = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: just_enough)
    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    with pytest.raises(OSError, match=r"\(0, 1000\)"):
        files.check_room(tmp_path, 1000)
    with pytest.raises(FileNotFoundError):
        files.check_room(tmp_path / "no such folder", 1000)
