"""Checks of the project folder: what an earlier search left there, and the room on its disk."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

from helpers.preflight.estimate import checkpoint_megabytes, trials_to_run
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding
from helpers.preflight.space import describe, values_of


def check_same_space(probe: Probe) -> Iterator[Finding]:
    """Finds a project in which another space was searched."""
    if probe.tuner.hypermodel is None or not _is_reloaded(probe):
        return
    known = {hp.name: hp for hp in probe.space}
    declared = probe.rehearsal().declared
    for hp in {one.name: one for one in reversed(declared)}.values():
        old = known.get(hp.name)
        twice = any(values_of(one) != values_of(hp) for one in declared if one.name == hp.name)
        if old is not None and values_of(old) != values_of(hp) and not twice:
            yield Finding(
                ERROR,
                "The project folder belongs to a search of another space; the search goes on in "
                "the old one.",
                f"{hp.name} is {describe(old)} there, and {describe(hp)} in the model",
                "overwrite=True to begin anew, or another project_name",
            )


def check_same_objective(probe: Probe) -> Iterator[Finding]:
    """Finds a project whose trials were scored by another objective."""
    objective = probe.tuner.oracle.objective
    scored = [one for one in probe.tuner.oracle.trials.values() if one.score is not None]
    others = []
    for trial in scored:
        measured = trial.metrics.metrics.get(objective.name)
        if measured is None or measured.direction != objective.direction:
            others.append(trial)
        elif not math.isclose(measured.get_best_value(), trial.score, rel_tol=1e-6):
            others.append(trial)
    if others:
        yield Finding(
            ERROR,
            "The project folder belongs to a search with another objective: scores that mean "
            "different things are compared.",
            f"{len(others)} of {len(scored)} trials there were not scored by {objective.name!r} "
            f"with the direction {objective.direction!r}",
            "overwrite=True to begin anew, or another project_name",
        )


def check_trials_are_left(probe: Probe) -> Iterator[Finding]:
    """Finds a search that ended before."""
    if _is_reloaded(probe) and trials_to_run(probe) == 0:
        yield Finding(
            WARNING,
            "The search in this project folder is complete: search returns at once, with no trial.",
            f"{len(probe.tuner.oracle.trials):,} trials in {probe.tuner.project_dir}, and none "
            "left to run",
            "a larger max_trials to go on, overwrite=True to begin anew, or another project_name",
        )


def check_disk_space(probe: Probe) -> Iterator[Finding]:
    """Finds a disk with less room than the checkpoints may take."""
    if probe.runs_trials_by_itself or (needed := checkpoint_megabytes(probe)) is None:
        return
    folder = Path(probe.tuner.project_dir)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e6
    if needed > free:
        yield Finding(
            ERROR,
            "The checkpoints do not fit on the disk.",
            f"up to {needed:,.0f} MB for all trials, {free:,.0f} MB free",
            "fewer trials, smaller models, or a `directory` on another disk",
        )


def _is_reloaded(probe: Probe) -> bool:
    # A new tuner has no such file before its first trial; without one, a difference is what the
    # user asked for, with `hyperparameters=`.
    return (Path(probe.tuner.project_dir) / "oracle.json").exists()
