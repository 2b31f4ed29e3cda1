"""The file of a recording, which grows by whole trainings and which no kill can spoil."""

import csv
import gzip
import io
import json
import os
from pathlib import Path

from helpers import files
from helpers.bank import Recording, load_bank
from helpers.bank.recordings import Values

MAY_DIFFER = {"begun", "machine"}  # between the parts of one recording
Training = tuple[str, ...]  # what identifies one: its values and seed, as the file spells them


class RecordingError(Exception):
    """A recording can't be continued; the message says why, and what to do about it."""


def name_training(recording: Recording, row: Values) -> Training:
    """Returns what identifies the training to which a row belongs."""
    return tuple(str(row[name]) for name in (*recording.space, "seed"))


def open_recording(path: Path, recording: Recording, header: dict) -> set[Training]:
    """Begins the recording at `path`, or checks and repairs an existing one.

    Rows of a training that a kill cut short are removed.

    Args:
        path: The file that grows.
        recording: What is recorded in it.
        header: How the recording is made, for its first line.

    Returns:
        Every training that has been recorded completely.

    Raises:
        RecordingError: The file was begun with different settings, or is not a recording.
    """
    columns = recording.columns
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(path, f"# {json.dumps(header)}\n{','.join(columns)}\n")
        return set()
    lines = path.read_text(errors="replace").splitlines(keepends=True)
    _check_origin(path, lines[0] if lines else "", header)
    whole = [
        line for line in lines[2:] if line.endswith("\n") and line.count(",") == len(columns) - 1
    ]
    rows = list(csv.DictReader([lines[1], *whole]))
    epochs: dict[Training, int] = {}
    for row in rows:
        training = name_training(recording, row)
        epochs[training] = epochs.get(training, 0) + 1
    done = {training for training, count in epochs.items() if count == recording.epochs}
    kept = [
        line for line, row in zip(whole, rows, strict=True) if name_training(recording, row) in done
    ]
    if kept != lines[2:]:
        files.write_text(path, "".join([*lines[:2], *kept]))
    return done


def _check_origin(path: Path, first_line: str, header: dict) -> None:
    try:
        begun_with = dict(json.loads(first_line.removeprefix("# ")))
    except (TypeError, ValueError):
        raise RecordingError(
            f"{path} is not a recording. Move it away, or name another file with --out."
        ) from None
    differ = [
        name for name in header if begun_with.get(name) != header[name] and name not in MAY_DIFFER
    ]
    if differ:
        reported = "; ".join(f"{n}: {begun_with.get(n)} there, {header[n]} here" for n in differ)
        raise RecordingError(
            f"{path} was begun with something else ({reported}), and one recording must not mix "
            "them. Continue with what it was begun with, or name another file with --out."
        )


def append(path: Path, rows: list[Values]) -> None:
    """Adds a whole training to the recording, and makes sure that the disk has it."""
    text = io.StringIO()
    csv.DictWriter(text, rows[0], lineterminator="\n").writerows(rows)
    with open(path, "a", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())


def pack(path: Path, recording: Recording, target: Path) -> None:
    """Sorts and compresses a complete recording into `target`, and checks that it can be read.

    Raises:
        BankError: The recording is not complete. The target stays as it was.
    """
    first, names, *lines = path.read_text().splitlines()
    columns = names.split(",")
    order = [columns.index(name) for name in (*recording.space, "seed", "epoch")]
    lines.sort(key=lambda line: [float(line.split(",")[column]) for column in order])
    text = "\n".join([first, names, *lines]) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    # Without a time stamp, packing twice gives the same file.
    content = gzip.compress(text.encode(), mtime=0)
    with files.replacing(target, "wb") as file:
        file.write(content)
        file.flush()
        load_bank(file.name)
