"""One search in several processes of this machine: KerasTuner's own chief and workers."""

from helpers.cluster.errors import ClusterError
from helpers.cluster.launcher import run

__all__ = ["ClusterError", "run"]
