"""Say whether the running Python supports the course. Even 2.7 runs this, so that it can say no.

Prints one line and exits with 0, 1 or 2:
0  `VERSION EXECUTABLE`: the version (major.minor), and what to build a virtual environment from
1  `VERSION`: this version is not supported
2  why this interpreter won't do, although its version would, and what to do about it
"""

import os
import platform
import subprocess
import sys

OLDEST = (3, 10)
NEWEST = (3, 13)
NEWEST_ON_INTEL_MAC = (3, 12)


def under_rosetta():
    """Return whether this is an Intel program that Apple silicon translates."""
    try:
        translated = subprocess.check_output(["/usr/sbin/sysctl", "-n", "sysctl.proc_translated"])
    except (OSError, subprocess.CalledProcessError):  # an Intel Mac does not know the key
        return False
    return translated.strip() == b"1"


def defect(version, intel, rosetta):
    """Return what is wrong with an interpreter of a supported `version`, or None."""
    if platform.python_implementation() != "CPython" or "free-threading" in sys.version:
        return "is not the standard build, for which TensorFlow has wheels: install that one"
    if sys.maxsize <= 2**32:
        return "is a 32-bit build, for which TensorFlow has no wheel: install the 64-bit one"
    if rosetta:
        return "is an Intel build on Apple silicon: install the one for arm64"
    if intel and os.environ.get("BACKEND") == "jax":
        return "runs on an Intel Mac, for which JAX has no wheel: leave BACKEND=jax out"
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        package = "python{0}-venv".format(version)
        return "has no venv module: install it (on Debian and Ubuntu: apt install " + package + ")"
    return None


def main():
    """Print the verdict and return the exit status."""
    version = "{0}.{1}".format(*sys.version_info[:2])
    intel = sys.platform == "darwin" and platform.machine() == "x86_64"
    rosetta = intel and under_rosetta()
    newest = NEWEST_ON_INTEL_MAC if intel and not rosetta else NEWEST
    if not OLDEST <= tuple(sys.version_info[:2]) <= newest:
        print(version)
        return 1
    problem = defect(version, intel, rosetta)
    if problem:
        print("Python {0} ({1}) {2}".format(version, sys.executable, problem))
        return 2
    # If called through a shim or another virtual environment, name what lies behind, as venv does.
    print("{0} {1}".format(version, getattr(sys, "_base_executable", sys.executable)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
