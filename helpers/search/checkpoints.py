"""Keeps the weights of the best trials only."""

import contextlib
from typing import Any

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

from helpers import kerastuner


def keep_checkpoints(tuner: BaseTuner, number: int) -> None:
    """Removes the weights of all but the best trials, whenever a trial or the search has ended.

    Args:
        tuner: A tuner that keeps the books: the only one, or the chief's.
        number: How many trials keep theirs. More do where scores are equal, where a Hyperband
            may yet promote them, and where a trial began with their weights.
    """
    oracle, search = tuner.oracle, tuner.search
    end_trial = oracle.end_trial
    removed: set[str] = set()

    def prune() -> None:
        kept = _kept(oracle, number)
        for trial_id in oracle.trials.keys() - kept - removed:
            # On Windows, somebody may have it open: it is tried again when the next trial ends.
            with contextlib.suppress(OSError):
                file = kerastuner.checkpoint_file(tuner, trial_id)
                if file is not None:
                    file.unlink(missing_ok=True)
                removed.add(trial_id)

    def end_trial_and_prune(trial: Trial) -> None:
        end_trial(trial)
        prune()

    def search_and_prune(*args: Any, **kwargs: Any) -> None:
        search(*args, **kwargs)
        prune()

    oracle.end_trial, tuner.search = end_trial_and_prune, search_and_prune


def _kept(oracle: keras_tuner.Oracle, number: int) -> set[str]:
    """Returns the IDs of the trials whose weights are needed."""
    completed = [one for one in oracle.trials.values() if one.status == TrialStatus.COMPLETED]
    kept = {one.trial_id for one in oracle.trials.values() if kerastuner.is_at_work(one)}
    kept |= kerastuner.may_be_promoted(oracle) & {trial.trial_id for trial in completed}
    if completed:
        last = [one for one in oracle.get_best_trials(number) if one in completed][-1]
        # And all that are as good: KerasTuner may name others of them when it is started again.
        better = oracle.objective.better_than
        kept |= {one.trial_id for one in completed if not better(last.score, one.score)}
    # Hyperband's models load the weights that they began with whenever they are built.
    waiting = list(kept)
    while waiting:
        before = kerastuner.trained_from(oracle.trials[waiting.pop()])
        if before is not None and before not in kept:
            kept.add(before)
            waiting.append(before)
    return kept
