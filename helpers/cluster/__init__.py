"""One search in several processes of this machine: KerasTuner's own chief and workers."""

from helpers.cluster.launcher import ClusterError, run

__all__ = ["ClusterError", "run"]
