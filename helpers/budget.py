"""How much work a notebook does: `quick`, `lesson` or `full`."""

import os
from dataclasses import dataclass

VARIABLE = "COURSE_BUDGET"
DEFAULT = "lesson"

# The text of the notebooks describes results that a `quick` run is too small to produce.
TOO_LITTLE = (
    "This shows that every cell runs. Its numbers are too noisy to compare anything or to support "
    f"what the text says. For that, use the budget {DEFAULT}."
)


@dataclass(frozen=True)
class Budget:
    """The sizes that a notebook takes from its budget instead of naming them itself.

    Attributes:
        name: `quick`, `lesson` or `full`.
        train_images: Number of images that a model is trained on during a search.
        validation_images: Number of images that trials are compared on.
        trials: Number of trials in a search (`max_trials`).
        epochs: Epochs of each trial.
        retrain_epochs: Epochs for which the winner is trained again, from scratch.
        repeats: Number of repeats of a search that is answered from recorded trials.
    """

    name: str
    train_images: int
    validation_images: int
    trials: int
    epochs: int
    retrain_epochs: int
    repeats: int

    def __str__(self) -> str:
        """Returns the budget as a notebook prints it, followed by a list of all budgets.

        At `quick`, it also says what such a run can't show.
        """
        line = f"Budget: {self.name} ({self._sizes()}, {self.retrain_epochs} epochs to retrain)"
        lines = [line, TOO_LITTLE] if self.name == "quick" else [line]
        return "\n".join([*lines, "", *_choices()])

    def _sizes(self) -> str:
        return f"{self.trials} trials of {self.epochs} epochs on {self.train_images:,} images"


BUDGETS = {
    budget.name: budget
    for budget in (
        # Proves that every cell runs. Each notebook takes at most 20 s on two CPU cores, or 30 s if
        # it compiles many networks (09) or starts processes of its own (10). There are only whole
        # batches, because XLA compiles once more for a shorter last one.
        Budget("quick", 2_048, 1_024, trials=3, epochs=2, retrain_epochs=4, repeats=2),
        # The lecture's own size.
        Budget("lesson", 40_000, 10_000, trials=6, epochs=4, retrain_epochs=20, repeats=50),
        # For a machine with a GPU. The lecture's space holds 20 widths, and RandomSearch stops
        # early when it keeps drawing what it has already tried, so more trials would be pointless.
        Budget("full", 40_000, 10_000, trials=16, epochs=12, retrain_epochs=50, repeats=100),
    )
}


def _choices() -> list[str]:
    purposes = {
        "quick": "to see that everything runs, in seconds",
        "lesson": "the size of the lecture, whose results the text describes",
        "full": "for a computer with a GPU",
    }
    width = max(map(len, BUDGETS))
    return [
        "A budget says how much work a notebook does. There are three:",
        *(f"  {name:{width}}  {BUDGETS[name]._sizes()}: {purposes[name]}" for name in purposes),
        'To change it, write get_budget("quick") above, or set the environment variable',
        f"{VARIABLE}=quick before you start JupyterLab. Then run all cells again.",
    ]


def get_budget(name: str | None = None) -> Budget:
    """Returns the budget that `name` or, without one, the variable COURSE_BUDGET asks for.

    Args:
        name: `quick`, `lesson` or `full`. None takes the value of COURSE_BUDGET, or `lesson` if
            that is empty or not set.

    Raises:
        ValueError: There is no budget with that name.
    """
    asked_by = "get_budget()" if name else VARIABLE
    name = name or os.environ.get(VARIABLE) or DEFAULT
    if name not in BUDGETS:
        raise ValueError(
            f"{asked_by} asks for the budget {name!r}. Use one of: {', '.join(BUDGETS)}."
        )
    return BUDGETS[name]
