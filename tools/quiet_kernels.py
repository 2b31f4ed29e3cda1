"""Keep what TensorFlow's libraries print on start-up out of this environment's notebooks.

Jupyter's kernels show in the notebook whatever a library writes to the process's own stderr, and
no TensorFlow setting silences it all. A line of configuration in the environment sends it to the
terminal instead. Set-up and tools/lab.py run this. With another front end, run it once by hand.
"""

import sys
from pathlib import Path

CONFIGURATION = "c.IPKernelApp.capture_fd_output = False\n"


def quieten(prefix: Path) -> bool:
    """Configure the kernels of the environment at `prefix`, and return whether that was possible.

    An existing configuration is kept, whatever it says.
    """
    path = prefix / "etc" / "ipython" / "ipython_kernel_config.py"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(CONFIGURATION)
    except FileExistsError:
        pass
    except OSError:  # it is somebody else's environment, and the lines are ugly but harmless
        return False
    return True


def is_own(prefix: Path, base_prefix: Path) -> bool:
    """Return whether the environment at `prefix` is a virtual one or a named conda one.

    Any other serves more than this course, which should leave it alone.
    """
    return prefix != base_prefix or prefix.parent.name == "envs"


def main() -> None:
    """Configure the running interpreter's environment, if it was made for the course."""
    prefix = Path(sys.prefix)
    if is_own(prefix, Path(sys.base_prefix)):
        quieten(prefix)


if __name__ == "__main__":
    main()
