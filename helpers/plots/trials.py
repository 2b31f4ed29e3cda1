"""Figures of the trials of one search and of the values that it draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.plots.style import BLUE, ORANGE, SKY, STAR, VERMILION, new_figure, styled


@styled()
def plot_trials(
    table: pd.DataFrame, *, objective: str = "val_acc", direction: str | None = None
) -> Figure:
    """Shows each trial's score, the best score so far, and how long each trial took.

    Args:
        table: What `trials_table` returned, with the columns `score`, `status` and `seconds` and
            one row per trial. A trial without a score is marked as such and never left out.
        objective: What the score is, for the axis.
        direction: `max` if a higher score is better, `min` if a lower one is; None takes what
            `trials_table` found out, and otherwise `min` for a loss or an error.

    Raises:
        ValueError: No trial has a score, or the direction is neither `max` nor `min`.
    """
    direction = _direction(table, objective, direction)
    score = table["score"].to_numpy(float)
    scored = np.isfinite(score)
    if not scored.any():
        raise ValueError(
            "No trial has a score yet. The columns `status` and `message` of the table say why."
        )
    fig, (panels,) = new_figure(1, 2, 11, 4, width_ratios=[3, 2])
    scores, times = panels
    place = np.arange(len(table))
    best_so_far = (np.fmax if direction == "max" else np.fmin).accumulate(score)
    scores.step(place, best_so_far, where="post", color=ORANGE, zorder=1, label="best so far")
    scores.plot(place[scored], score[scored], "o", color=BLUE, ms=13, label="trial")
    winner = np.nanargmax(score) if direction == "max" else np.nanargmin(score)
    scores.plot(place[winner], score[winner], **STAR, color=ORANGE, label="best")
    if not scored.all():
        floor = np.full((~scored).sum(), np.nanmin(score))
        scores.plot(place[~scored], floor, "x", color=VERMILION, ms=13, mew=3, label="no score")
    scores.set(title="Score of each trial", ylabel=objective)
    scores.legend(loc="best")
    seconds = table["seconds"].to_numpy(float)
    times.bar(place, np.nan_to_num(seconds), color=SKY, edgecolor=BLUE)
    times.set(title="Time of each trial", ylabel="seconds")
    for ax in panels:
        ax.set(xlabel="trial")
        _name_places(ax, table.index)
    return fig


def _direction(table: pd.DataFrame, name: str, wanted: str | None) -> str:
    """Returns `max` or `min`: which scores of that name are better."""
    if wanted is None:
        by_name = "min" if "loss" in name or "error" in name else "max"
        return table.attrs.get("direction", by_name)
    if wanted not in ("max", "min"):
        raise ValueError(f"direction is 'max' or 'min', not {wanted!r}.")
    return wanted


def _name_places(ax: Axes, names: Sequence) -> None:
    """Labels at most about 15 places, so that the labels don't run into each other."""
    step = max(1, len(names) // 15)
    ax.set_xticks(range(0, len(names), step), [str(name) for name in names[::step]])


@styled()
def plot_draws(
    draws: Mapping[str, Sequence], *, unit: str = "value", log: bool = False, bins: int = 40
) -> Figure:
    """Shows which values a hyperparameter draws, one panel for each way of drawing them.

    Args:
        draws: The values drawn, by the name of the way in which they were drawn: numbers, or
            strings and truth values, whose occurrences are counted.
        unit: What the values are, for the axis.
        log: Whether the axis is logarithmic, with bars of equal width on it. For numbers only.
        bins: The number of bars for numbers.

    Raises:
        ValueError: There are no draws, or a logarithmic axis was requested for values that are
            not positive numbers.
    """
    if not draws or any(len(values) == 0 for values in draws.values()):
        raise ValueError("There is nothing to show: no values were drawn.")
    fig, panels = new_figure(len(draws), 1, 9, 1.2 + 1.7 * len(draws), sharex=True)
    words = all(isinstance(value, (str, bool)) for values in draws.values() for value in values)
    if words and log:
        raise ValueError("A logarithmic axis has no place for words.")
    if words:
        kinds = list(dict.fromkeys(str(value) for values in draws.values() for value in values))
    else:
        every = np.concatenate([np.asarray(values, float) for values in draws.values()])
        if log and every.min() <= 0:
            raise ValueError("A logarithmic axis has no place for values of 0 or less.")
        low, high = every.min(), every.max()
        if low == high:  # one value: give it a bar that has a width
            low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
        edges = (np.geomspace if log else np.linspace)(low, high, bins + 1)
    for ax, (name, values) in zip(panels[:, 0], draws.items(), strict=True):
        if words:
            drawn = [str(value) for value in values]
            ax.bar(kinds, [drawn.count(kind) for kind in kinds], color=SKY, edgecolor=BLUE)
        else:
            ax.hist(values, bins=edges, color=SKY, edgecolor=BLUE)
        ax.set(title=name, ylabel="draws")
        if log:
            ax.set_xscale("log")
    panels[-1, 0].set(xlabel=unit)
    return fig


@styled()
def plot_parallel(
    table: pd.DataFrame, names: Sequence[str], *, score: str = "score", direction: str | None = None
) -> Figure:
    """Shows one line per trial, through its value of each hyperparameter, coloured by score.

    Lines are coloured by the rank of their score, so that a few bad trials far below all others
    do not make the rest look alike.

    The values of a hyperparameter are ranked and evenly spaced, so that a logarithmic scale or
    strings need no special axis. Lines through the same value lie side by side, the better ones
    above. The line of a trial in which a hyperparameter was inactive (empty) passes below the
    others there.

    Args:
        table: One row per trial: a column for each of `names`, and the score.
        names: The hyperparameters, in the order of the axes.
        score: The column to colour by. Trials without one are left out.
        direction: `max` if a higher score is better, `min` if a lower one is; None takes what
            `trials_table` found out, and otherwise `min` for a loss or an error.

    Raises:
        ValueError: No trial has a score, there are fewer than two hyperparameters, or the
            direction is neither `max` nor `min`.
    """
    direction = _direction(table, score, direction)
    if len(names) < 2:
        raise ValueError("Parallel coordinates need at least two hyperparameters.")
    table = table[table[score].notna()].sort_values(score, ascending=direction == "max")
    if table.empty:
        raise ValueError("No trial has a score, so there is nothing to colour by.")
    fig, ((ax,),) = new_figure(1, 1, 10, 5)
    heights = pd.DataFrame(index=table.index)
    beside = np.linspace(-0.04, 0.04, len(table))
    for place, name in enumerate(names):
        values = sorted(table[name].dropna().unique())
        between = max(1, len(values) - 1)
        inactive = -0.12
        ranks = [
            inactive if pd.isna(value) else values.index(value) / between for value in table[name]
        ]
        heights[place] = ranks + beside
        # Where there are many, not every value is labelled: the labels would overlap.
        for rank in range(0, len(values), len(values) // 10 + 1):
            label = values[rank] if isinstance(values[rank], str) else f"{values[rank]:g}"
            ax.text(
                place + 0.03, rank / between, label, va="center", size=11, zorder=4, bbox=_PAPER
            )
    # The worst line is drawn first and the best last, on top of all others.
    colour = plt.cm.ScalarMappable(plt.Normalize(0, max(1, len(table) - 1)), "viridis")
    for line, shade in zip(heights.to_numpy(), colour.to_rgba(np.arange(len(table))), strict=True):
        ax.plot(range(len(names)), line, color=shade, lw=1.2, alpha=0.7)
    ax.plot(range(len(names)), line, color=VERMILION, lw=3.5, label="best trial")
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks([])
    ax.set(xlim=(-0.1, len(names) - 0.6), title="One line per trial")
    ax.grid(True, axis="x", color="black", alpha=0.5)
    ax.spines["left"].set_visible(False)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    bar = fig.colorbar(colour, ax=ax, label=f"{score}, by rank")
    # At each place of the bar, the score of the trial with that rank.
    places = np.unique(np.linspace(0, len(table) - 1, 6).astype(int))
    bar.set_ticks(places.tolist(), labels=[f"{table[score].iloc[place]:.3g}" for place in places])
    return fig


_PAPER = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
