"""Settings of nbgrader for this course, which it reads when it is run in this folder.

`make assignment` puts this file here once and never changes it, so adapt it as you like.
"""

import os
import sys
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 (nbgrader provides it)

c.CourseDirectory.course_id = "keras-tuning-course"

# nbgrader calls alembic, which is installed beside it, by its bare name.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])

# Cells run in the course's own environment, at its smallest budget and on its made-up images. To
# grade in another way, set these variables before you call nbgrader.
os.environ.setdefault("COURSE_BUDGET", "quick")
os.environ.setdefault("COURSE_DATA", "standin")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
kernels = [str(Path(__file__).resolve().parent / "jupyter"), os.environ.get("JUPYTER_PATH", "")]
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, kernels))
c.Execute.kernel_name = "keras-tuning-course"

# Seconds for a cell that a student may have changed: an endless loop is interrupted after this
# time, and costs its own exercise only. The lesson's cells have been restored, and may take longer.
seconds = 120
lesson_seconds = 600


def seconds_for(cell):
    """Return how long nbgrader waits for a cell."""
    restored = cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("lesson-")
    return lesson_seconds if restored else seconds


c.Execute.timeout_func = seconds_for
# What TensorFlow computes can't be interrupted at once.
c.Execute.iopub_timeout = 60

# To nbgrader, any text on stderr is a failure, even if a right answer leads to a mere warning.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "."

# The released cells hold a line to replace already.
c.ClearSolutions.code_stub = {"python": ""}
# Students may change the cells of the lesson, which are restored before grading.
c.LockCells.lock_readonly_cells = False

# Where `nbgrader release_assignment` and `nbgrader submit` exchange files on a shared machine.
c.Exchange.root = str(Path(__file__).resolve().parent / "exchange")
