"""A small bank of made-up curves."""

import gzip
import itertools
import json

import numpy as np
import pandas as pd

from helpers.bank.recordings import SCHEMA

SEEDS = (1, 2)
SMALL_SPACE = {
    "num_hidden": [50, 100, 200, 400, 600],
    "learning_rate": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0],
}  # 30 configurations


def small_file(path, *, epochs=9, change=lambda table: table, leave_out=None, **header):
    """Writes a bank of made-up curves, with changes to its table or its header."""
    rng = np.random.default_rng(0)
    rows = []
    for *values, seed, epoch in itertools.product(
        *SMALL_SPACE.values(), SEEDS, range(1, epochs + 1)
    ):
        metrics = dict(zip(("loss", "acc", "val_loss", "val_acc"), rng.random(4), strict=True))
        values = dict(zip(SMALL_SPACE, values, strict=True))
        rows.append(
            {**values, "seed": seed, "epoch": epoch, **metrics, "seconds": 2.0, "parameters": 7}
        )
    table = change(pd.DataFrame(rows))
    provenance = {
        "schema": SCHEMA,
        "space": SMALL_SPACE,
        "seeds": SEEDS,
        "epochs": epochs,
        **header,
    }
    provenance.pop(leave_out, None)
    text = f"# {json.dumps(provenance)}\n{table.to_csv(index=False)}"
    path.write_bytes(gzip.compress(text.encode()))
    return path
