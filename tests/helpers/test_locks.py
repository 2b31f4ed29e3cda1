import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import files, locks
from tests.support.crashes import posix
from tests.support.processes import started

pytestmark = pytest.mark.tensorflow

HOLDER = """
import sys, time
from helpers.locks import FolderLock
lock = FolderLock(sys.argv[1], "a test")
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with started(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_that_another_process_holds_names_it(tmp_path, holder):
    lock = locks.FolderLock(tmp_path, "mine")
    named = rf"Process {holder.pid} on {socket.gethostname()} \(a test\) is at work"
    with pytest.raises(locks.LockedError, match=f"{named}.*; or work in another folder"):
        lock.acquire()
    assert not lock.held


def test_a_lock_of_a_process_that_was_killed_blocks_nobody(tmp_path, holder):
    holder.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    holder.wait()
    with locks.FolderLock(tmp_path, "mine") as lock:
        assert lock.held
    assert not lock.held


def test_a_folder_is_made_for_its_lock(tmp_path):
    with locks.FolderLock(tmp_path / "a" / "b", "mine") as lock:
        assert lock.held


def test_two_locks_of_one_process_exclude_each_other_and_one_can_be_taken_twice(tmp_path):
    first, second = (locks.FolderLock(tmp_path, "mine") for _ in range(2))
    with first:
        first.acquire()
        with pytest.raises(locks.LockedError, match=f"Process {os.getpid()} "):
            second.acquire()
        first.release()
        assert first.held
        with pytest.raises(locks.LockedError, match=f"Process {os.getpid()} "):
            second.acquire()
    second.acquire()
    second.release()
    assert [path.name for path in Path(tmp_path).iterdir()] in ([], [locks.LOCK_FILE])


@posix
def test_a_lock_of_a_killed_process_is_not_kept_by_a_child_that_it_forked(tmp_path):
    """As the workers of a data loader do, which live on for a while."""
    fork = "import os; child = os.fork(); child and print(child, flush=True); "
    forking = HOLDER.replace("time.sleep", f"{fork}time.sleep")
    command = [sys.executable, "-c", forking, str(tmp_path)]
    with started(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        child = int(process.stdout.readline())
        process.kill()
        process.wait()
        try:
            # It may not have begun to run yet.
            locks.FolderLock(tmp_path, "mine").acquire(timeout=30)
        finally:
            os.kill(child, signal.SIGKILL)


def refuse_locks(monkeypatch, number):
    import fcntl

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)


@posix
def test_the_warning_points_to_who_wanted_the_lock(tmp_path, monkeypatch):
    refuse_locks(monkeypatch, errno.ENOLCK)
    with pytest.warns(UserWarning) as caught:
        locks.FolderLock(tmp_path, "mine").acquire()
    assert caught[0].filename == __file__


@posix
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_a_warning_and_nothing_stays_locked(
    tmp_path, monkeypatch, number
):
    refuse_locks(monkeypatch, number)
    lock = locks.FolderLock(tmp_path, "mine")
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"has no locks.*no other process .* \(mine\)"):
            lock.acquire()
        assert not lock.held
        lock.release()
    monkeypatch.undo()
    with lock:
        assert lock.held


def test_a_note_that_somebody_reads_on_windows_does_not_keep_the_lock(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(files, "PATIENCE", 0.0)
    lock = locks.FolderLock(tmp_path, "mine")
    lock.acquire()
    monkeypatch.setattr(os, "unlink", refuse)
    lock.release()
    assert not lock.held


@pytest.mark.parametrize("note", ["", "[]", "{}", "half"])
def test_a_note_that_can_t_be_read_names_nobody(tmp_path, note):
    with locks.FolderLock(tmp_path, "mine"):
        (tmp_path / f"{locks.LOCK_FILE}.json").write_text(note)
        with pytest.raises(locks.LockedError, match="Another process is at work in"):
            locks.FolderLock(tmp_path, "mine").acquire()


def test_a_note_that_does_not_fit_on_the_disk_does_not_cost_the_lock(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "write_text", refuse)
    with locks.FolderLock(tmp_path, "mine") as lock:
        assert lock.held


def test_a_lock_that_is_let_go_in_time_is_waited_for_if_asked(tmp_path, monkeypatch):
    first, second = (locks.FolderLock(tmp_path, "mine") for _ in range(2))
    first.acquire()
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waited"))
    with pytest.raises(locks.LockedError):
        second.acquire()
    monkeypatch.setattr(time, "sleep", lambda _: first.release())
    second.acquire(timeout=60)
    assert second.held and not first.held
    second.release()
