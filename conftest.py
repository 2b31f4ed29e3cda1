"""What every test run shares: small made-up work, unless the caller asks for more."""

import os

# Also for a plain `pytest`, as Windows users call it. Kernels inherit these variables.
os.environ.setdefault("COURSE_DATA", "standin")
os.environ.setdefault("COURSE_BUDGET", "quick")
