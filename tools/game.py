"""The data behind "Beat the tuner" on the web site: recorded trainings and races for a browser."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BANK = ROOT / "bank" / "cifar10_mlp.csv.gz"
RACES = ROOT / "site" / "races.json"
UNIT = 10_000  # validation images, so that an accuracy in this unit is a whole number


def data(bank: Path = BANK, races: Path = RACES) -> dict[str, Any]:
    """Return what the game needs from the file `bank`, and the recorded `races`.

    Accuracies are in ten-thousandths. The trainings are in the order of the space, with the last
    hyperparameter changing fastest. `val_acc` and `acc` hold the epochs of the first seed, which
    is the one that is played, and `again` holds the best val_acc of the second.
    """
    with gzip.open(bank, "rt", encoding="utf-8") as file:
        header = json.loads(file.readline().removeprefix("# "))
        rows = list(csv.DictReader(file))
    space, epochs = header["space"], header["epochs"]
    first, second = header["seeds"][:2]
    curves: dict[tuple[float, ...], dict[str, list[int]]] = {}
    for row in rows:
        key = (*(float(row[name]) for name in space), int(row["seed"]))
        curve = curves.setdefault(key, {"val_acc": [], "acc": []})
        for name, so_far in curve.items():
            so_far.append(round(UNIT * float(row[name])))
    made: dict[str, Any] = {"space": space, "epochs": epochs, "val_acc": [], "acc": [], "again": []}
    for values in _configurations(list(space.values())):
        played = curves[(*values, first)]
        made["val_acc"].append(played["val_acc"])
        made["acc"].append(played["acc"])
        made["again"].append(max(curves[(*values, second)]["val_acc"]))
    made["races"] = json.loads(races.read_text(encoding="utf-8"))
    return made


def _configurations(space: list[list[float]]) -> list[tuple[float, ...]]:
    """Return all configurations of `space`, the last hyperparameter changing fastest."""
    found: list[tuple[float, ...]] = [()]
    for values in space:
        found = [(*begun, float(value)) for begun in found for value in values]
    return found


def write(target: Path) -> None:
    """Write the data as a script, which a page may load even when it is opened from disk."""
    text = json.dumps(data(), separators=(",", ":"))
    target.write_text(f"globalThis.recorded = {text};\n", encoding="utf-8")
