"""A search as a table, with learning curves; and what lets it go on after a crash."""

from helpers.search.disk import DiskError
from helpers.search.mend import mend_project
from helpers.search.project import ProjectError
from helpers.search.protection import CHIEF_DISK_FULL, CHIEF_FAILED, protect
from helpers.search.reuse import reuse_trials
from helpers.search.room import checkpoint_bytes
from helpers.search.table import learning_curves, trials_table
from helpers.search.watching import watch

__all__ = [
    "CHIEF_DISK_FULL",
    "CHIEF_FAILED",
    "DiskError",
    "ProjectError",
    "checkpoint_bytes",
    "learning_curves",
    "mend_project",
    "protect",
    "reuse_trials",
    "trials_table",
    "watch",
]
