"""Figures of single scores and their errors, and of where a search looks."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import BLUE, VERMILION, new_figure, styled


@styled()
def plot_scores(
    values: Sequence[float],
    scores: Sequence[float],
    errors: Sequence[float],
    *,
    xlabel: str,
    ylabel: str,
) -> Figure:
    """Shows a score for each value of one hyperparameter, with a bar for its uncertainty.

    Args:
        values: The values of the hyperparameter, one per trial.
        scores: The scores, one per trial.
        errors: How far each bar reaches up and down, in units of the score.
        xlabel: What the values are, with the unit.
        ylabel: What the scores are, with the unit.

    Raises:
        ValueError: There is nothing to show, or not exactly one score and one error per value.
    """
    if not len(values) == len(scores) == len(errors) > 0:
        raise ValueError(
            f"There are {len(values)} values, {len(scores)} scores and {len(errors)} errors."
        )
    fig, ((ax,),) = new_figure(1, 1, 9, 4.4)
    ax.errorbar(
        np.asarray(values, float),
        np.asarray(scores, float),
        yerr=np.asarray(errors, float),
        fmt="o",
        color=BLUE,
        ms=12,
        capsize=8,
        capthick=2,
    )
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return fig


@styled()
def plot_designs(designs: Mapping[str, np.ndarray], *, xlabel: str, ylabel: str) -> Figure:
    """Shows where searches look in a space of two hyperparameters, one square panel per search.

    A line drops from every trial to the horizontal axis and shows how many different values of
    that hyperparameter the search has tried.

    Args:
        designs: By name, the trials of a search, shape (trials, 2), both from 0 to 1.
        xlabel: What the first hyperparameter is.
        ylabel: What the second one is.

    Raises:
        ValueError: There are no designs.
    """
    if not designs:
        raise ValueError("There is nothing to show: no designs.")
    fig, (panels,) = new_figure(1, len(designs), 4.6 * len(designs), 4.8, sharey=True)
    for ax, (name, points) in zip(panels, designs.items(), strict=True):
        x, y = np.asarray(points, float).T
        ax.vlines(x, 0, y, color=VERMILION, lw=1.5, ls=":")
        ax.plot(x, np.zeros_like(x), "^", color=VERMILION, ms=10, clip_on=False, zorder=3)
        ax.plot(x, y, "o", color=BLUE, ms=12)
        ax.set(title=name, xlabel=xlabel, xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        ax.set_aspect("equal")
        ax.xaxis.labelpad = 12  # below the triangles
    panels[0].set_ylabel(ylabel)
    return fig
