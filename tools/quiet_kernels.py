"""Keep out of notebooks what TensorFlow's libraries print as they start, in this environment.

Jupyter's kernels show in the notebook whatever a library writes to the process's own stderr, and
no setting of TensorFlow's silences it all. A line of configuration in the environment leaves it to
the terminal. Run by set-up and by tools/lab.py; with another front end, run it once by hand.
"""

import sys
from pathlib import Path

CONFIGURATION = "c.IPKernelApp.capture_fd_output = False\n"


def quieten(prefix: Path) -> bool:
    """Configure the kernels of the environment at `prefix`, and return whether that was possible.

    A configuration that is there already is kept, whatever it says.
    """
    path = prefix / "etc" / "ipython" / "ipython_kernel_config.py"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(CONFIGURATION)
    except FileExistsError:
        pass
    except OSError:  # somebody else's environment; the lines are ugly, but harmless
        return False
    return True


def is_own(prefix: Path, base_prefix: Path) -> bool:
    """Return whether the environment at `prefix` is a virtual one, or a named one of conda's.

    Others carry more than this course, and are none of its business.
    """
    return prefix != base_prefix or prefix.parent.name == "envs"


def main() -> None:
    """Configure the running interpreter's environment, if it was made for the course."""
    prefix = Path(sys.prefix)
    if is_own(prefix, Path(sys.base_prefix)):
        quieten(prefix)


if __name__ == "__main__":
    main()
