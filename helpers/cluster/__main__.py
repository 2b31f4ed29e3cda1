"""`python -m helpers.cluster SCRIPT --workers 2`."""

import argparse
import sys
from collections.abc import Sequence

from helpers.cluster.errors import ClusterError
from helpers.cluster.launcher import LOOPBACK, run


def main(command_line: Sequence[str] | None = None) -> int:
    """Does what the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.cluster",
        description="Run one search script as KerasTuner's chief and workers, on this machine.",
    )
    parser.add_argument("script", help="a Python script that makes a tuner and calls its search")
    parser.add_argument("arguments", nargs="*", help="the script's own arguments (after --)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--port", type=int, help="the chief's port (default: a free one)")
    parser.add_argument(
        "--address", default=LOOPBACK, help="where the chief listens (only the default is private)"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    options = parser.parse_intermixed_args(command_line)
    try:
        return run(**vars(options))
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
