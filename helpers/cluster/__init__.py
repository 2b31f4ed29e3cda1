"""Runs one search in several processes on this machine: KerasTuner's own chief and workers."""

from helpers.cluster.errors import ClusterError
from helpers.cluster.launcher import run
from helpers.cluster.waiting import wait_for_chief

__all__ = ["ClusterError", "run", "wait_for_chief"]
