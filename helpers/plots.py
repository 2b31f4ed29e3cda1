"""Every figure of the course: takes data, returns the Matplotlib figure, knows no tuner.

A figure is closed before it is returned, so that a notebook shows it once, as the value of
its cell. In a script, call `figure.savefig(...)`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

# The palette of Okabe and Ito, "Color Universal Design" (2008): it can be told apart with
# every common form of colour blindness.
BLUE, SKY, ORANGE, VERMILION = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
GREEN = "#009E73"
STAR = {"marker": "*", "markersize": 19, "markeredgecolor": "black", "linestyle": "none"}

# Sizes that can be read from the back of a lecture hall.
STYLE = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "lines.linewidth": 2,
    "figure.constrained_layout.use": True,
}


@contextmanager
def _style() -> Iterator[None]:
    """Applies STYLE for a while.

    Not by `plt.rc_context`: as it ends, it resets every setting, also those that a notebook's
    backend made if it was loaded meanwhile, and the reader's own figures would not show.
    """
    before = {key: plt.rcParams[key] for key in STYLE}
    plt.rcParams.update(STYLE)
    try:
        yield
    finally:
        plt.rcParams.update(before)


def _figure(rows: int, columns: int, width: float, height: float, **kwargs):
    fig, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False, **kwargs)
    plt.close(fig)
    return fig, axes


@_style()
def show_images(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], *, per_class: int = 10
) -> Figure:
    """Shows the first few images of every class, one row a class.

    Args:
        images: uint8 or float in [0, 1], shape (N, height, width, 3).
        labels: Integers, shape (N,) or (N, 1): the index of each image's class.
        class_names: The names, in the order of the labels.
        per_class: Images in a row, at most; a class that has fewer shows what it has.

    Raises:
        ValueError: There are not as many labels as images.
    """
    labels = np.ravel(labels)
    if len(labels) != len(images):
        raise ValueError(f"{len(images)} images come with {len(labels)} labels.")
    fig, axes = _figure(len(class_names), per_class, 0.72 * per_class + 1.3, 7.6)
    for row, name in enumerate(class_names):
        of_class = np.flatnonzero(labels == row)[:per_class]
        for column, ax in enumerate(axes[row]):
            ax.axis("off")
            if column < len(of_class):
                # Not smoothed: the pixels are what the model gets, and smoothing makes large files.
                ax.imshow(images[of_class[column]], interpolation="nearest")
        axes[row, 0].text(
            -0.2, 0.5, name, transform=axes[row, 0].transAxes, ha="right", va="center"
        )
    return fig


@_style()
def show_loss_acc(history: object) -> Figure:
    """Shows loss and accuracy over the epochs, for training and for validation.

    Args:
        history: What `model.fit` returned, or its `history` dictionary: lists of floats by
            name, `loss` and `acc` or `accuracy`, and the same with `val_` before it.

    Raises:
        ValueError: It holds no loss or no accuracy.
    """
    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    accuracy = next((name for name in ("acc", "accuracy") if name in curves), None)
    if "loss" not in curves or accuracy is None:
        raise ValueError(
            f"The history holds {', '.join(curves) or 'nothing'}, but a loss and an accuracy are "
            'needed. Compile the model with metrics=["acc"], and pass what model.fit returned.'
        )
    fig, (panels,) = _figure(1, 2, 11, 4)
    loss_panel = (panels[0], "loss", "Loss", "cross-entropy (nats)")
    accuracy_panel = (panels[1], accuracy, "Accuracy", "accuracy (share of images)")
    for ax, name, title, unit in (loss_panel, accuracy_panel):
        epochs = np.arange(1, len(curves[name]) + 1)
        marker = "o" if len(epochs) < 30 else None
        ax.plot(epochs, curves[name], color=BLUE, marker=marker, label="training")
        if validation := curves.get(f"val_{name}"):
            ax.plot(epochs, validation, color=VERMILION, marker=marker, ls="--", label="validation")
            best = np.argmin(validation) if name == "loss" else np.argmax(validation)
            ax.plot(
                epochs[best], validation[best], **STAR, color=VERMILION, label="best validation"
            )
        ax.set(title=title, xlabel="epoch", ylabel=unit)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend()
    return fig


@_style()
def plot_trials(
    table: pd.DataFrame, *, objective: str = "val_acc", direction: str = "max"
) -> Figure:
    """Shows each trial's score, the best score so far, and how long each trial took.

    Args:
        table: What `trials_table` returned: the columns `score`, `status` and `seconds`,
            one row per trial. A trial without a score is marked as such, never left out.
        objective: What the score is, for the axis.
        direction: `max` if a higher score is better, `min` if a lower one is.

    Raises:
        ValueError: No trial has a score, or the direction is another word.
    """
    if direction not in ("max", "min"):
        raise ValueError(f"direction is 'max' or 'min', not {direction!r}.")
    score = table["score"].to_numpy(float)
    scored = np.isfinite(score)
    if not scored.any():
        raise ValueError(
            "No trial has a score yet. The columns `status` and `message` of the table say why."
        )
    fig, (panels,) = _figure(1, 2, 11, 4, width_ratios=[3, 2])
    scores, times = panels
    place = np.arange(len(table))
    best_so_far = (np.fmax if direction == "max" else np.fmin).accumulate(score)
    scores.step(place, best_so_far, where="post", color=ORANGE, zorder=1, label="best so far")
    scores.plot(place[scored], score[scored], "o", color=BLUE, ms=9, label="trial")
    winner = np.nanargmax(score) if direction == "max" else np.nanargmin(score)
    scores.plot(place[winner], score[winner], **STAR, color=ORANGE, label="best")
    if not scored.all():
        floor = np.full((~scored).sum(), np.nanmin(score))
        scores.plot(place[~scored], floor, "x", color=VERMILION, ms=10, mew=3, label="no score")
    scores.set(title="Score of each trial", ylabel=objective)
    scores.legend(loc="best")
    seconds = table["seconds"].to_numpy(float)
    times.bar(place, np.nan_to_num(seconds), color=SKY, edgecolor=BLUE)
    times.set(title="Time of each trial", ylabel="seconds")
    for ax in panels:
        ax.set(xlabel="trial")
        _name_places(ax, table.index)
    return fig


def _name_places(ax: Axes, names: Sequence) -> None:
    """Names at most about 15 places, so that the names don't run into each other."""
    step = max(1, len(names) // 15)
    ax.set_xticks(range(0, len(names), step), [str(name) for name in names[::step]])


@_style()
def plot_curves(
    curves: pd.DataFrame, *, metric: str = "val_acc", names: Mapping | None = None
) -> Figure:
    """Shows one learning curve per trial; where a trial ran several times, their mean.

    Args:
        curves: What `learning_curves` returned: `trial`, `epoch` and the metric.
        metric: The column to show.
        names: What to call each trial, by its number; by default "trial" and the number.

    Raises:
        ValueError: There is no such metric.
    """
    if metric not in curves:
        known = [name for name in curves if name not in ("trial", "execution", "epoch", "seconds")]
        raise ValueError(f"The curves hold {', '.join(known)}, but no {metric!r}.")
    # Not by `pivot_table`, which leaves out a trial that diverged: its curve is all NaN.
    by_trial = curves.groupby(["epoch", "trial"])[metric].mean().unstack()
    fig, ((ax,),) = _figure(1, 1, 8, 4.2)
    # Shades of one colour in the order of the trials, and a marker each: both can be told
    # apart without colour.
    shades = plt.get_cmap("viridis")(np.linspace(0, 0.9, by_trial.shape[1]))
    for number, (trial, curve) in enumerate(by_trial.items()):
        label = f"trial {trial}" if names is None else names[trial]
        ax.plot(curve, color=shades[number], marker="osD^v<>P*X"[number % 10], label=label)
    ax.set(title="Learning curves of the trials", xlabel="epoch", ylabel=metric)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if by_trial.shape[1] <= 12:
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


@_style()
def plot_draws(
    draws: Mapping[str, Sequence], *, unit: str = "value", log: bool = False, bins: int = 40
) -> Figure:
    """Shows what values a hyperparameter draws, one panel per way to draw them.

    Args:
        draws: The values drawn, by the name of how they were drawn: numbers, or words and
            truth values, whose occurrences are counted.
        unit: What the values are, for the axis.
        log: Use a logarithmic axis, with bars of equal width on it. Numbers only.
        bins: Bars for numbers.

    Raises:
        ValueError: There are no draws, or a logarithmic axis is asked for values that are
            not positive numbers.
    """
    if not draws or any(len(values) == 0 for values in draws.values()):
        raise ValueError("There is nothing to show: no values were drawn.")
    fig, panels = _figure(len(draws), 1, 9, 1.2 + 1.7 * len(draws), sharex=True)
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


@_style()
def show_confusion(confusion: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Shows how often each class was taken for each other one, as shares of the true class.

    Args:
        confusion: Counts, shape (classes, classes): row true, column predicted.
        class_names: The names, in the order of the rows.

    Raises:
        ValueError: The counts are not square, or not one row per name.
    """
    confusion = np.asarray(confusion)
    size = len(class_names)
    if confusion.shape != (size, size):
        raise ValueError(f"{size} classes need {size} x {size} counts, not {confusion.shape}.")
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    fig, ((ax,),) = _figure(1, 1, 8.4, 7.4)
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(size, size):
        share = shares[row, column]
        ink = "white" if share > 0.5 else "black"
        ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", size=10, color=ink)
    ax.grid(False)
    ax.set_xticks(range(size), class_names, rotation=45, ha="right")
    ax.set_yticks(range(size), class_names)
    ax.set(title="Per 100 images of the true class", xlabel="predicted class", ylabel="true class")
    percent = StrMethodFormatter("{x:.0%}")
    fig.colorbar(image, label="share of the true class", format=percent, shrink=0.7)
    return fig


@_style()
def plot_parallel(table: pd.DataFrame, names: Sequence[str], *, score: str = "score") -> Figure:
    """Shows one line per trial, from the value of each hyperparameter to the next, by score.

    The values of a hyperparameter are ranked and spread evenly, so that a logarithmic scale or
    words need no axis of their own. Lines through the same value lie side by side, the better
    ones above. A trial in which a hyperparameter was inactive (empty) passes below the others.

    Args:
        table: One row per trial: a column for each of `names`, and the score.
        names: The hyperparameters, in the order of the axes.
        score: The column to colour by; higher is better. Trials without one are left out.

    Raises:
        ValueError: No trial has a score, or there are less than two hyperparameters.
    """
    if len(names) < 2:
        raise ValueError("Parallel coordinates need at least two hyperparameters.")
    table = table[table[score].notna()].sort_values(score)
    if table.empty:
        raise ValueError("No trial has a score, so there is nothing to colour by.")
    fig, ((ax,),) = _figure(1, 1, 10, 5)
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
        # Not every one of many: the labels would run into each other.
        for rank in range(0, len(values), len(values) // 10 + 1):
            label = values[rank] if isinstance(values[rank], str) else f"{values[rank]:g}"
            ax.text(
                place + 0.03, rank / between, label, va="center", size=11, zorder=4, bbox=_PAPER
            )
    scores = table[score].to_numpy(float)
    colour = plt.cm.ScalarMappable(plt.Normalize(scores.min(), scores.max()), "viridis")
    for line, value in zip(heights.to_numpy(), scores, strict=True):
        ax.plot(range(len(names)), line, color=colour.to_rgba(value), lw=1.2, alpha=0.7)
    ax.plot(range(len(names)), line, color=VERMILION, lw=3.5, label="best trial")
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks([])
    ax.set(xlim=(-0.1, len(names) - 0.6), title="One line per trial")
    ax.grid(True, axis="x", color="black", alpha=0.5)
    ax.spines["left"].set_visible(False)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    fig.colorbar(colour, ax=ax, label=score)
    return fig


_PAPER = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}


@_style()
def plot_bands(
    runs: Mapping[str, np.ndarray],
    *,
    steps: Sequence[float],
    xlabel: str,
    ylabel: str,
    floor: float | None = None,
    band: tuple[float, float] = (10, 90),
) -> Figure:
    """Shows many repeats of each strategy: their median, and a band that holds most of them.

    Args:
        runs: By name, an array of shape (repeats, steps): one row a repeat. NaN where a
            repeat has no value yet; a step where any repeat has none is not drawn.
        steps: The place of each column on the horizontal axis.
        xlabel: What the steps are, with the unit.
        ylabel: What the values are, with the unit.
        floor: Where the vertical axis begins: early values are often far below all others.
        band: The percentiles between which the band lies.

    Raises:
        ValueError: There are no runs, or not one column per step.
    """
    if not runs:
        raise ValueError("There is nothing to show: no runs.")
    fig, ((ax,),) = _figure(1, 1, 9, 4.6)
    looks = [(BLUE, "-"), (VERMILION, "--"), (ORANGE, "-."), (GREEN, ":"), (SKY, "-")]
    for number, (name, values) in enumerate(runs.items()):
        values = np.asarray(values, float)
        if values.ndim != 2 or values.shape[1] != len(steps) or not len(values):
            raise ValueError(
                f"{name}: {len(steps)} steps need an array of shape (repeats, {len(steps)}), "
                f"not {values.shape}."
            )
        colour, dashes = looks[number % len(looks)]
        low, middle, high = np.percentile(values, [band[0], 50, band[1]], axis=0)
        ax.fill_between(steps, low, high, color=colour, alpha=0.15, lw=0)
        ax.plot(steps, middle, color=colour, ls=dashes, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(bottom=floor)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="lower right", title=f"median, and from {band[0]} to {band[1]} %")
    return fig


@_style()
def plot_game(scores: Sequence[float], rival: Sequence[float]) -> Figure:
    """Shows the best of a player's scores so far beside a rival's.

    Args:
        scores: The player's score of each trial so far; may be empty.
        rival: The rival's best score so far, one value a trial of the whole game.
    """
    fig, ((ax,),) = _figure(1, 1, 8, 3.8)
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
