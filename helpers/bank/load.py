"""Reads a recording and checks that it is complete."""

import gzip
import io
import itertools
import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.bank.errors import BankError
from helpers.bank.recordings import METRICS, RECORDINGS, SCHEMA, TEST_METRICS
from helpers.bank.table import Bank


def load_bank(source: str | os.PathLike = "cifar10_mlp") -> Bank:
    """Reads a recording and checks that it is complete.

    Args:
        source: The name of one of the course's recordings (`cifar10_mlp`, `cifar10_mlp_deep` or
            `digits_mlp`), or the path of a file that `benchmarks/record_bank.py` wrote.

    Raises:
        BankError: The file does not exist, can't be read, is cut short or damaged, or belongs to
            another version of the schema; or its first line or a column is missing, or a row is
            duplicated or missing.
    """
    recording = RECORDINGS.get(str(source))
    path = recording.file if recording else Path(source)
    text = _decompress(path)
    first, _, rest = text.partition("\n")
    header = _header(path, first)
    space = {name: tuple(values) for name, values in header["space"].items()}
    seeds, epochs = tuple(header["seeds"]), header["epochs"]
    keys = [*space, "seed", "epoch"]
    table, metrics = _numbers(path, rest, keys)
    configurations = header.get("configurations") or itertools.product(*space.values())
    _check_rows(path, table[keys], [tuple(values) for values in configurations], seeds, epochs)
    table = table.sort_values(keys, ignore_index=True)
    return Bank(header, table, space, seeds, epochs, metrics)


def _decompress(path: Path) -> str:
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except FileNotFoundError:
        raise BankError(
            f"There is no bank {path}. The course's own are {', '.join(RECORDINGS)}; "
            "`git checkout bank` brings them back, and `python -m benchmarks.record_bank NAME` "
            "records them anew, which takes hours."
        ) from None
    except gzip.BadGzipFile as error:  # which is an OSError too
        raise _damaged(path, f"it is no gzip file ({error})") from None
    except OSError as error:
        raise BankError(f"{path} can't be read: {error.strerror or error}.") from None
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _damaged(path, f"it is cut short or damaged ({error})") from None


def _header(path: Path, line: str) -> dict:
    """Returns what the first line says about how the recording was made."""
    try:
        header = json.loads(line.removeprefix("# "))
        schema = header["schema"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise _damaged(path, "its first line does not say how it was made") from None
    if schema != SCHEMA:
        raise BankError(
            f"{path.name} is of version {schema} of the schema, and these helpers read version "
            f"{SCHEMA}. Take the bank and the helpers from the same version of the course."
        )
    space, configurations = header.get("space"), header.get("configurations")
    width = len(space) if isinstance(space, dict) else 0
    usable = {
        "space": width > 0 and all(map(_are_numbers, space.values())),
        "seeds": _are_numbers(header.get("seeds")),
        "epochs": isinstance(header.get("epochs"), int) and header["epochs"] > 0,
        "configurations": configurations is None
        or isinstance(configurations, list)
        and all(_are_numbers(row) and len(row) == width for row in configurations),
    }
    if faulty := [name for name, is_usable in usable.items() if not is_usable]:
        raise _damaged(path, f"its first line lacks a usable {', '.join(faulty)}")
    return header


def _are_numbers(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) > 0
        and all(isinstance(value, (int, float)) for value in values)
    )


def _numbers(path: Path, text: str, keys: list[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Returns the table, which holds only numbers, and the names of its metrics."""
    try:
        table = pd.read_csv(io.StringIO(text))
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _damaged(path, f"it is not a table ({error})") from None
    metrics = METRICS + tuple(name for name in TEST_METRICS if name in table)
    columns = [*keys, *metrics, "seconds", "parameters"]
    if missing := [name for name in columns if name not in table]:
        raise _damaged(path, f"it lacks the column {', '.join(missing)}")
    table = table[columns]
    numbers = table.apply(pd.to_numeric, errors="coerce")
    # The loss is missing where a training diverged. Everything else must be a number.
    diverged = table.isna() & table.columns.str.endswith("loss")
    faulty = table.index[(numbers.isna() & ~diverged).any(axis=1)]
    if len(faulty):
        raise _damaged(
            path, f"row {faulty[0] + 1} is cut short or holds something other than numbers"
        )
    return numbers, metrics


def _check_rows(
    path: Path,
    rows: pd.DataFrame,
    configurations: Sequence[tuple[float, ...]],
    seeds: Sequence[int],
    epochs: int,
) -> None:
    """Checks that there is exactly one row per configuration, seed and epoch, and no other row."""
    names = list(rows.columns)
    twice = rows.duplicated()
    if twice.any():
        raise _damaged(
            path, f"it holds {twice.sum()} rows twice, such as row {rows.index[twice][0] + 1}"
        )
    expected = pd.MultiIndex.from_tuples(
        [
            (*values, seed, epoch)
            for values, seed, epoch in itertools.product(
                configurations, seeds, range(1, epochs + 1)
            )
        ],
        names=names,
    )
    found = pd.MultiIndex.from_frame(rows)
    if len(lacking := expected.difference(found)):
        named = ", ".join(f"{n}={v}" for n, v in zip(names, lacking[0], strict=True))
        raise _damaged(path, f"it lacks {len(lacking)} of {len(expected)} rows, such as {named}")
    if len(strange := found.difference(expected)):
        named = ", ".join(f"{n}={v}" for n, v in zip(names, strange[0], strict=True))
        raise _damaged(path, f"it holds rows of another space, such as {named}")


def _damaged(path: Path, why: str) -> BankError:
    return BankError(
        f"{path.name} is not a whole bank: {why}. `git checkout bank` brings the course's back."
    )
