"""Room on the disk for the next checkpoint, made sure of before it is written."""

import math
from pathlib import Path

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

from helpers import files
from helpers.search.backup import BEST, FOLDERS

MARGIN = 100_000  # bytes: what HDF5 adds to the weights, and the small files beside them


def check_room_for_checkpoints(tuner: BaseTuner) -> None:
    """Has each epoch of a tuner begin with an error if its checkpoint would not fit on the disk.

    HDF5, which writes the weights, does not survive a full disk: in most cases the process ends
    in a segmentation fault, and says nothing.

    Args:
        tuner: Any tuner; nothing changes for one that does not train Keras models.
    """
    if not isinstance(tuner, keras_tuner.Tuner):
        return
    begin_epoch = tuner.on_epoch_begin

    def check_and_begin(
        trial: Trial, model: keras.Model, epoch: int, logs: dict | None = None
    ) -> None:
        folder = Path(tuner.get_trial_dir(trial.trial_id))
        # What is there already is overwritten: a checkpoint, or one that waits for a backup.
        found = [*folder.glob(f"{FOLDERS}/{BEST}*")] or [*folder.glob("checkpoint*")]
        there = sum(file.stat().st_size for file in found)
        files.check_room(folder, max(0, checkpoint_bytes(model) - there) + MARGIN)
        begin_epoch(trial, model, epoch, logs=logs)

    tuner.on_epoch_begin = check_and_begin


def checkpoint_bytes(model: keras.Model) -> int:
    """Returns what the weights of a model and the state of its optimizer take."""
    # A model that is not compiled, but trained in a loop of one's own, has no such attribute.
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer else ())]
    return sum(
        math.prod(v.shape) * np.dtype(keras.backend.standardize_dtype(v.dtype)).itemsize
        for v in variables
    )
