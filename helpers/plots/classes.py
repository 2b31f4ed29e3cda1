"""The figure for a class of students in which everyone ran one search."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.plots.style import BLUE, ORANGE, VERMILION, new_figure, styled


@styled()
def plot_class(
    names: Sequence[str], best_so_far: np.ndarray, luck: np.ndarray, *, score: str
) -> Figure:
    """Shows how the best score of each search grew, and which searches were lucky.

    Args:
        names: The names of the searches.
        best_so_far: The best score after each trial, shape (searches, trials). NaN where a search
            has none yet.
        luck: How many of 100 searches each of them beats, shape (searches,).
        score: What the scores are, with the unit.

    Raises:
        ValueError: There are no searches, or not exactly one row and one value of luck per name.
    """
    values = np.asarray(best_so_far, float)
    if values.ndim != 2 or not len(names) == len(values) == len(luck) > 0:
        raise ValueError(
            f"There are {len(names)} names, {len(luck)} values of luck and scores of shape "
            f"{values.shape}: there must be one of each for every search."
        )
    height = max(4.4, 0.28 * len(names) + 1.4)
    fig, ((left, right),) = new_figure(1, 2, 12, height)
    trials = np.arange(1, values.shape[1] + 1)
    order = np.argsort(luck, kind="stable")
    colours = {int(order[0]): ORANGE, int(order[-1]): VERMILION}
    for number, row in enumerate(values):
        special = len(names) > 1 and number in colours
        colour, width = (colours[number], 3) if special else ("0.7", 1)
        left.step(trials, row, where="post", color=colour, lw=width, zorder=2 + special)
    known = np.isfinite(values).any(axis=0)
    middle = np.nanmedian(values[:, known], axis=0)
    left.step(trials[known], middle, where="post", color=BLUE, ls="--", zorder=4)
    left.lines[-1].set_label("median of the class")
    if len(names) > 1:
        for place, words in ((-1, "luckiest"), (0, "unluckiest")):
            number = int(order[place])
            left.lines[number].set_label(f"{words}: {_plain(names[number])}")
    left.set(xlabel="trials", ylabel=f"best {score} so far")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.legend(loc="best")
    places = np.arange(len(names))
    right.axvline(50, color="black", lw=1, ls=":")
    right.hlines(places, 50, np.asarray(luck)[order], color="0.7", lw=2)
    right.plot(np.asarray(luck)[order], places, "o", color=BLUE, ms=8)
    right.set_yticks(places, [_plain(names[number]) for number in order])
    right.set(xlabel="beats so many of 100 searches", xlim=(-3, 103), ylim=(-0.7, len(names) - 0.3))
    return fig


def _plain(name: str) -> str:
    """Returns the name, escaped so that Matplotlib finds no formula in it."""
    return name.replace("$", r"\$")
