"""Commands for which the permissions of files hold, also if root gives them."""

import sys

# prctl 24 gives up a capability of Linux, and 1 is the one to pass over permissions.
OBEYING = """
import ctypes, os, sys
if sys.platform == "linux" and os.geteuid() == 0:
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def obeying(*command: str) -> list[str]:
    """Returns `command`, whose first word is a path, so that it keeps to the permissions."""
    return [sys.executable, "-c", OBEYING, *command]
