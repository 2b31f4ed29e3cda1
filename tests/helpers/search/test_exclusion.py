import errno
import os
import socket
import subprocess
import sys
import threading

import pytest

from helpers.search import DiskError, ProjectError, mend_project, protect, trials_table
from tests.support.crashes import ROOT, as_nobody, make, posix, result
from tests.support.processes import started

# Another kernel: it searches as told, and waits in its second trial for the next line.
OTHER = """
import sys
from pathlib import Path
from helpers import protect
from tests.support.crashes import make

for line in sys.stdin:
    tuner = make(Path(sys.argv[1]), project=line.strip())
    run_trial = tuner.run_trial

    def wait_and_run(trial, **how):
        if trial.trial_id == "1":
            print("waiting", flush=True)
            sys.stdin.readline()
        return run_trial(trial, **how)

    tuner.run_trial = wait_and_run
    protect(tuner)
    tuner.search(verbose=0)
    print("done", flush=True)
"""


class Other:
    """The other kernel, and what a test tells it."""

    def __init__(self, process):
        self.process = process

    def tell(self, line, answer):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        while (said := self.process.stdout.readline().strip()) != answer:
            assert self.process.poll() is None, "it has died"
            assert said.startswith("Reloading"), said


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("searches")


@pytest.fixture(scope="module")
def other(folder):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with started([sys.executable, "-c", OTHER, str(folder)], **pipes) as process:
        yield Other(process)
        process.kill()


def test_a_search_that_runs_in_another_process_keeps_this_one_out_by_name(folder, other):
    early = make(folder)
    protect(early)
    other.tell("project", "waiting")
    late = make(folder)
    protect(late)
    draft = folder / "project" / ".oracle.json.1.tmp"
    draft.write_text("of the live search")
    named = rf"Process {other.process.pid} on {socket.gethostname()} \(a search\) is at work in .*"
    for tuner in (early, late):
        with pytest.raises(ProjectError, match=named):
            tuner.search(verbose=0)
    with pytest.raises(ProjectError, match=named):
        mend_project(folder / "project")
    assert draft.exists()

    other.tell("", "done")
    for tuner in (early, late):
        with pytest.raises(ProjectError, match="Another search has written.*make the tuner again"):
            tuner.search(verbose=0)
        assert tuner.ran == []
    assert mend_project(folder / "project") == [] and not draft.exists()
    again = make(folder)
    protect(again)
    again.search(verbose=0)
    assert again.ran == [] and (trials_table(again)["status"] == "COMPLETED").all()


def test_a_search_that_was_killed_keeps_nobody_out(folder, other):
    other.tell("killed", "waiting")
    other.process.kill()
    other.process.wait()
    assert mend_project(folder / "killed") == []
    tuner = make(folder, project="killed")
    protect(tuner)
    tuner.search(verbose=0)
    assert tuner.ran == ["1", "2"] and len(result(folder / "killed")) == 3


def in_the_second_trial(tuner, act):
    """Has a protected search do something in the middle of its second trial."""
    run_trial = tuner.run_trial

    def act_and_run(trial, **how):
        if trial.trial_id == "1":
            act()
        return run_trial(trial, **how)

    tuner.run_trial = act_and_run
    protect(tuner)


def test_a_second_search_of_the_same_process_is_kept_out_too(tmp_path):
    tuner, raised = make(tmp_path), []

    def search_in_a_thread():
        def search():
            second = make(tmp_path)
            protect(second)
            with pytest.raises(ProjectError, match=f"Process {os.getpid()} .*at work") as caught:
                second.search(verbose=0)
            raised.append(caught.value)

        thread = threading.Thread(target=search)
        thread.start()
        thread.join()

    in_the_second_trial(tuner, search_in_a_thread)
    tuner.search(verbose=0)
    assert len(raised) == 1 and tuner.ran == ["0", "1", "2"]


def test_a_cell_that_is_run_again_finds_the_search_as_it_left_it(tmp_path):
    tuner = make(tmp_path)
    for _ in range(2):
        protect(tuner)
        tuner.search(verbose=0)
        assert not (tmp_path / "project" / ".lock.json").exists()
    tuner.oracle.max_trials = 4
    tuner.search(verbose=0)
    longer = make(tmp_path, max_trials=5)
    protect(longer)
    longer.search(verbose=0)
    assert (tuner.ran, longer.ran) == (["0", "1", "2", "3"], ["4"])
    with pytest.raises(ProjectError, match="make the tuner again"):
        tuner.search(verbose=0)


def test_a_search_that_failed_can_be_run_again_with_the_same_tuner(tmp_path):
    tuner, accidents = make(tmp_path), [KeyboardInterrupt]

    def interrupt_once():
        if accidents:
            raise accidents.pop()

    in_the_second_trial(tuner, interrupt_once)
    with pytest.raises(KeyboardInterrupt):
        tuner.search(verbose=0)
    tuner.search(verbose=0)
    assert tuner.ran == ["0", "1", "2"]


def test_a_search_that_died_in_its_first_trial_begins_anew_without_mending(tmp_path):
    dying = make(tmp_path)
    dying.run_trial = lambda trial, **unused: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        dying.search(verbose=0)
    tuner = make(tmp_path)
    protect(tuner)
    tuner.search(verbose=0)
    assert tuner.ran == ["0", "1", "2"]


@pytest.mark.parametrize(
    "how",
    # Windows lets nobody remove, or rename, a folder in which a lock is held.
    [pytest.param({"overwrite": True}, marks=posix), {"max_trials": 4}],
)
def test_a_search_whose_folder_another_one_takes_ends_and_writes_nothing_more(
    tmp_path, how, capsys
):
    """As a tuner that is not protected does, or one that `overwrite=True` lets begin anew."""
    tuner, after = make(tmp_path), {}

    def let_another_one_search():
        make(tmp_path, **how).search(verbose=0)
        after.update({file: file.read_bytes() for file in tmp_path.rglob("trial*.json")})

    in_the_second_trial(tuner, let_another_one_search)
    for go_on in (tuner.search, tuner.save):
        with pytest.raises(ProjectError, match="or has removed what was there"):
            go_on()
    assert tuner.ran == ["0", "1"]
    assert "Traceback" not in capsys.readouterr().err, "as of a trial that failed"
    assert {file: file.read_bytes() for file in tmp_path.rglob("trial*.json")} == after


@posix
def test_a_search_whose_folder_is_removed_says_so(tmp_path):
    tuner = make(tmp_path)
    folder = tmp_path / "project"
    in_the_second_trial(tuner, lambda: folder.rename(tmp_path / "elsewhere"))
    with pytest.raises(ProjectError, match="has removed what was there"):
        tuner.search(verbose=0)


def test_a_tuner_that_was_made_before_another_search_began_is_noticed_when_it_is_protected(
    tmp_path,
):
    tuner = make(tmp_path)
    make(tmp_path).search(verbose=0)
    protect(tuner)
    with pytest.raises(ProjectError, match="make the tuner again"):
        tuner.search(verbose=0)


@posix
@pytest.mark.filterwarnings("ignore:The file system of .* has no locks")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told_and_searched_all_the_same(
    tmp_path, monkeypatch, number
):
    import fcntl

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    tuner = make(tmp_path)
    protect(tuner)
    tuner.search(verbose=0)
    assert tuner.ran == ["0", "1", "2"]
    with pytest.warns(UserWarning, match=r"no locks, so nothing keeps .*\(a search\)"):
        mend_project(tmp_path / "project")


@posix
def test_a_folder_that_lost_its_write_permission_is_named_when_it_is_searched(tmp_path):
    tuner = make(tmp_path)
    protect(tuner)
    with as_nobody(tmp_path / "project"), pytest.raises(DiskError, match="Permission denied"):
        tuner.search(verbose=0)
    assert tuner.ran == []
