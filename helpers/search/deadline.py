"""Ends a search in order when its time is up."""

import math
import time
from typing import Any

import keras
import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner

from helpers import kerastuner


class TimeIsUpError(keras_tuner.errors.FatalError):
    """The time of a search is up. KerasTuner lets it through, and counts no trial as failed."""


class Deadline:
    """When a search has to stop.

    Args:
        hours: How long it may take from its beginning; None for as long as it needs.
    """

    def __init__(self, hours: float | None) -> None:
        """Prepares the deadline, whose argument is described above; the clock does not run yet."""
        if hours is not None and not hours > 0:
            raise ValueError(f"stop_after={hours}: give the hours that a search may take.")
        self.hours = hours
        self._end = math.inf

    def start(self) -> None:
        """Starts the clock."""
        if self.hours is not None:
            self._end = time.monotonic() + 3600 * self.hours

    def has_passed(self) -> bool:
        """Returns whether the time is up."""
        return time.monotonic() >= self._end

    def check(self) -> None:
        """Raises a `TimeIsUpError` if the time is up."""
        if self.has_passed():
            raise TimeIsUpError(f"{self.hours:g} hours are over")


class StopOnTime(keras.callbacks.Callback):
    """Ends a training after the epoch in which the time is up, unless it ends there anyway."""

    def __init__(self, deadline: Deadline) -> None:
        """Remembers the deadline."""
        super().__init__()
        self.deadline = deadline

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Looks at the clock."""
        if not is_last_epoch(self, epoch):
            self.deadline.check()


def is_last_epoch(callback: keras.callbacks.Callback, epoch: int) -> bool:
    """Returns whether the training of a callback ends after this epoch."""
    # Code that calls the callbacks in a loop of its own may give them neither.
    stopped = getattr(callback.model, "stop_training", False)
    return stopped or epoch + 1 >= (callback.params or {}).get("epochs", math.inf)


def end_on_time(tuner: BaseTuner, deadline: Deadline) -> None:
    """Has `tuner.search` return in order when the time is up, between two trials or two epochs.

    Args:
        tuner: A tuner whose trainings have `StopOnTime` among their callbacks.
        deadline: Begins whenever the search does.
    """
    search, pre_create_trial = tuner.search, tuner.pre_create_trial

    def search_for_a_while(*args: Any, **kwargs: Any) -> None:
        deadline.start()
        try:
            search(*args, **kwargs)
        except TimeIsUpError as error:
            if not kerastuner.keeps_books(tuner.oracle):
                kerastuner.say_farewell(tuner.oracle, tuner.tuner_id)
            tuner.on_search_end()
            print(f"The search stops here: {error}. The same search goes on.")

    def create_no_more() -> None:
        deadline.check()
        pre_create_trial()

    tuner.search, tuner.pre_create_trial = search_for_a_while, create_no_more
