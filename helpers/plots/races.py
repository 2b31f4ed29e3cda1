"""Figures that compare many searches."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from helpers.plots.style import BLUE, GREEN, ORANGE, SKY, VERMILION, new_figure, styled


@styled()
def plot_bands(
    runs: Mapping[str, np.ndarray],
    *,
    steps: Sequence[float],
    xlabel: str,
    ylabel: str,
    floor: float | None = None,
    band: tuple[float, float] = (10, 90),
) -> Figure:
    """Shows many repeats of each strategy: their median and a band that holds most of them.

    Args:
        runs: By name, an array of shape (repeats, steps), one row per repeat. It holds NaN where
            a repeat has no value yet, and a step where any repeat has none is not drawn.
        steps: Where each column is on the horizontal axis.
        xlabel: What the steps are, with the unit.
        ylabel: What the values are, with the unit.
        floor: Where the vertical axis begins, since early values are often far below all others.
        band: The percentiles between which the band lies.

    Raises:
        ValueError: There are no runs, or an array does not have one column per step.
    """
    if not runs:
        raise ValueError("There is nothing to show: no runs.")
    fig, ((ax,),) = new_figure(1, 1, 9, 4.6)
    looks = [(BLUE, "-"), (VERMILION, "--"), (ORANGE, "-."), (GREEN, ":"), (SKY, "-")]
    for number, (name, values) in enumerate(runs.items()):
        low, middle, high = _spread(name, values, steps, band)
        colour, dashes = looks[number % len(looks)]
        ax.fill_between(steps, low, high, color=colour, alpha=0.15, lw=0)
        ax.plot(steps, middle, color=colour, ls=dashes, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(bottom=floor)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="lower right", title=f"median, and from {band[0]} to {band[1]} %")
    return fig


@styled()
def plot_against(
    runs: Mapping[str, np.ndarray],
    *,
    reference: str,
    steps: Sequence[float],
    xlabel: str,
    ylabel: str,
    floor: float | None = None,
    marks: Mapping[str, tuple[float, str]] | None = None,
    band: tuple[float, float] = (10, 90),
) -> Figure:
    """Shows one panel for each strategy, with the median and the spread of its runs.

    Every panel also shows the median of the reference, so that each strategy is compared with it
    and no band hides another.

    Args:
        runs: By name, an array of shape (repeats, steps), one row per repeat. It holds NaN where
            a repeat has no value yet, and a step where any repeat has none is not drawn.
        reference: The name of the runs that all others are compared with.
        steps: Where each column is on the horizontal axis.
        xlabel: What the steps are, with the unit.
        ylabel: What the values are, with the unit.
        floor: Where the vertical axis begins, since early values are often far below all others.
        marks: By name, a step to mark in that panel, and words for what begins there.
        band: The percentiles between which the band lies.

    Raises:
        ValueError: There is nothing to compare, no such reference, or an array does not have one
            column per step.
    """
    if reference not in runs or len(runs) < 2:
        raise ValueError(f"There must be runs of {reference!r} and of something to compare.")
    others = [name for name in runs if name != reference]
    fig, (panels,) = new_figure(1, len(others), 4.1 * len(others) + 0.4, 3.9, sharey=True)
    _, base, _ = _spread(reference, runs[reference], steps, band)
    for number, (ax, name) in enumerate(zip(panels, others, strict=True)):
        colour = (VERMILION, GREEN, ORANGE, SKY)[number % 4]
        low, middle, high = _spread(name, runs[name], steps, band)
        ax.fill_between(steps, low, high, color=colour, alpha=0.25, lw=0)
        ax.plot(steps, base, color=BLUE, ls="--", label=reference)
        ax.plot(steps, middle, color=colour, label=name)
        if marks and name in marks:
            step, words = marks[name]
            ax.axvline(step, color="black", ls=":", lw=1.5)
            ax.annotate(words, (step, 0.02), xycoords=("data", "axes fraction"), rotation=90,
                        xytext=(3, 0), textcoords="offset points", size=10)  # fmt: skip
        ax.set(title=name, xlabel=xlabel)
        ax.set_ylim(bottom=floor)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    panels[0].set_ylabel(ylabel)
    fig.legend(
        handles=[
            Line2D([], [], color=BLUE, ls="--", label=f"median of {reference}"),
            Line2D([], [], color="black", label="median of the panel's strategy"),
            Patch(color="black", alpha=0.25, lw=0, label=f"from {band[0]} to {band[1]} % of it"),
        ],
        loc="outside lower center",
        ncols=3,
        frameon=False,
    )
    return fig


def _spread(
    name: str, values: np.ndarray, steps: Sequence[float], band: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the lower percentile, the median and the upper percentile at each step."""
    values = np.asarray(values, float)
    if values.ndim != 2 or values.shape[1] != len(steps) or not len(values):
        raise ValueError(
            f"{name}: {len(steps)} steps need an array of shape (repeats, {len(steps)}), "
            f"not {values.shape}."
        )
    low, middle, high = np.percentile(values, [band[0], 50, band[1]], axis=0)
    return low, middle, high


@styled()
def plot_game(scores: Sequence[float], rival: Sequence[float]) -> Figure:
    """Shows a player's best score so far beside a rival's.

    Args:
        scores: The player's score in each trial so far, possibly empty.
        rival: The rival's best score so far, one value per trial of the whole game.
    """
    fig, ((ax,),) = new_figure(1, 1, 8, 3.8)
    trials = np.arange(1, len(rival) + 1)
    ax.step(trials, rival, where="post", color=BLUE, ls="--", label="random search, median")
    if len(scores):
        played = trials[: len(scores)]
        best = np.maximum.accumulate(scores)
        ax.step(played, best, where="post", color=VERMILION, label="you, best so far")
        ax.plot(played, scores, "o", color=VERMILION, ms=8, label="you, each trial")
    ax.set(xlabel="trials", ylabel="validation accuracy", xlim=(0.5, len(rival) + 0.5))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="lower right")
    return fig
