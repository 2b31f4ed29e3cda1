"""The callbacks with which a training goes on where it was interrupted."""

from pathlib import Path
from typing import Any

import keras

from helpers.search.backup import Curve


class UnusableError(Exception):
    """A backup does not fit the model."""


class History(keras.callbacks.History):
    """Begins with the epochs before an interruption."""

    def __init__(self, before: Curve | None) -> None:
        """Takes over these epochs; None for a training that begins."""
        super().__init__()
        self.before = [] if before is None else before.epoch
        self.epoch = list(self.before)
        self.history = {} if before is None else before.history

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Keeps the numbers of the epochs, which Keras forgets here."""
        super().on_train_begin(logs)
        self.epoch = list(self.before)


class Restore(keras.callbacks.Callback):
    """Puts a model back where its backup left it. First of all callbacks: none has begun then.

    Args:
        state: The folder of `backup_and_restore`.
        epoch: The epoch that comes next, from 0.
    """

    def __init__(self, state: Path, epoch: int) -> None:
        """Remembers the arguments, which are described above."""
        super().__init__()
        self.state, self.epoch = state, epoch

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Loads weights, optimizer and epoch, or raises an `UnusableError`."""
        try:
            backup_and_restore(self.state, self.model).on_train_begin()
        except Exception as error:
            raise UnusableError(f"{type(error).__name__}: {error}") from error

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Raises an `UnusableError` if Keras has not gone on from that epoch."""
        if epoch < self.epoch:
            raise UnusableError(f"epoch {epoch + 1} would be trained again")


def backup_and_restore(folder: Path, model: Any) -> keras.callbacks.BackupAndRestore:
    """Returns Keras' callback for one backup in a folder of its own.

    Its `on_epoch_end` makes the backup. Its `on_train_begin` restores it, if the folder has one.
    """
    callback = keras.callbacks.BackupAndRestore(str(folder), delete_checkpoint=False)
    callback.set_model(model)
    return callback
