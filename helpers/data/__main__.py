"""`python -m helpers.data --save data/cifar10.npz`: downloads CIFAR-10 once for a whole class."""

import argparse
import os
import sys

from helpers.data.errors import DataError
from helpers.data.source import LOCAL_FILE, VARIABLE, save_cifar10


def _import_keras_quietly() -> None:
    """Imports Keras without the lines that TensorFlow's C++ code writes to stderr at start-up."""
    stderr = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        import keras  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def main(argv: list[str] | None = None) -> int:
    """Runs `python -m helpers.data` and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.data",
        description="Downloads CIFAR-10 (170 MB) through Keras, unless Keras' cache has it, and "
        "writes it to one .npz of 184 MB that can be handed to a whole class.",
        epilog=f"The course finds {LOCAL_FILE} by itself; for any other place, set "
        f"{VARIABLE} to its path.",
    )
    parser.add_argument(
        "--save", metavar="FILE", required=True, help=f"the file to write, e.g. {LOCAL_FILE}"
    )
    target = parser.parse_args(argv).save
    _import_keras_quietly()
    try:
        save_cifar10(target)
    except DataError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    megabytes = os.path.getsize(os.path.expanduser(target)) / 1e6
    print(f"Wrote {target}: CIFAR-10, 50,000 images to train, 10,000 to test, {megabytes:.0f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
