import os
from pathlib import Path

import pytest

from helpers.cluster import launcher, processes


def make(tmp_path, workers=3):
    address = launcher.LOOPBACK
    return processes.make_processes(Path("job.py"), workers, ["a"], address, 1234, tmp_path)


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """A machine with two GPUs."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: x)'\necho 'GPU 1: A (UUID: y)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.skipif(os.name != "posix", reason="a shell script plays the tool")
def test_each_worker_gets_a_gpu_of_its_own_and_the_chief_none(tmp_path, nvidia_smi):
    chief, *workers = make(tmp_path)
    visible = [worker.environment["CUDA_VISIBLE_DEVICES"] for worker in workers]
    assert visible == ["0", "1", "0"] and chief.environment["CUDA_VISIBLE_DEVICES"] == "-1"


def test_only_gpus_that_this_process_may_use_are_handed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    chief, *workers = make(tmp_path, workers=2)
    assert [worker.environment["CUDA_VISIBLE_DEVICES"] for worker in workers] == ["2", "5"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert processes.list_gpus() == []


def test_without_gpus_nothing_is_said_of_them(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert all("CUDA_VISIBLE_DEVICES" not in one.environment for one in make(tmp_path))
