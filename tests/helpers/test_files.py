import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import files

HOLDER = """
import sys, time
from helpers.files import FolderLock
lock = FolderLock(sys.argv[1], "a test")
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_a_file_is_replaced_in_one_step_and_nothing_else_is_left(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with files.replacing(target) as file:
        file.write("new\n")
        assert target.read_text() == "old"
    assert target.read_bytes() == b"new\n" and os.listdir(tmp_path) == ["a.json"]


def test_an_error_while_it_is_written_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), files.replacing(target, "wb") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["a.json"]


def test_what_a_crash_left_of_a_file_is_recognised(tmp_path):
    with files.replacing(tmp_path / "a.json"):
        (draft,) = tmp_path.iterdir()
        assert files.is_draft(draft)
    assert not files.is_draft(tmp_path / "a.json")
    assert not files.is_draft(tmp_path / files.LOCK_FILE)


def test_a_file_that_somebody_has_open_on_windows_is_replaced_when_it_is_closed(
    tmp_path, monkeypatch
):
    replace, refusals = os.replace, [PermissionError(13, "in use")] * 3

    def refuse_first(source, target):
        if refusals:
            raise refusals.pop()
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", refuse_first)
    files.write_text(tmp_path / "a.json", "new")
    assert (tmp_path / "a.json").read_text() == "new" and not refusals


def test_a_file_that_stays_open_is_an_error_after_a_while(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(files.os, "replace", refuse)
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    with pytest.raises(PermissionError):
        files.write_text(tmp_path / "a.json", "new")
    assert not list(tmp_path.iterdir())


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


def test_a_drive_that_does_not_exist_is_an_error_and_no_endless_loop(monkeypatch):
    monkeypatch.setattr(files.os.path, "exists", lambda path: False)
    with pytest.raises(FileNotFoundError, match="no such drive"):
        files.check_writable("Z:/searches/mine")


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_that_another_process_holds_names_it(tmp_path, holder):
    lock = files.FolderLock(tmp_path, "mine")
    with pytest.raises(files.LockedError, match=rf"Process {holder.pid} on .* \(a test\) is at"):
        lock.acquire()
    assert not lock.held


def test_a_lock_of_a_process_that_was_killed_blocks_nobody(tmp_path, holder):
    holder.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    holder.wait()
    with files.FolderLock(tmp_path, "mine") as lock:
        assert lock.held
    assert not lock.held


def test_two_locks_of_one_process_exclude_each_other_and_one_can_be_taken_twice(tmp_path):
    first, second = (files.FolderLock(tmp_path, "mine") for _ in range(2))
    with first:
        first.acquire()
        with pytest.raises(files.LockedError, match=f"Process {os.getpid()} "):
            second.acquire()
        first.release()
        assert first.held
    second.acquire()
    second.release()
    assert [path.name for path in Path(tmp_path).iterdir()] in ([], [files.LOCK_FILE])
