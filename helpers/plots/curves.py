"""Figures of learning curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.plots.style import BLUE, STAR, VERMILION, new_figure, styled


@styled()
def show_loss_acc(history: Any) -> Figure:
    """Shows loss and accuracy over the epochs, for training and for validation.

    A star marks the best epoch of each validation curve. No epoch whose validation loss is not
    a finite number counts, in either panel.

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
    fig, (panels,) = new_figure(1, 2, 11, 4)
    # An accuracy that a model still has after its loss diverged says nothing.
    losses = np.asarray(curves.get("val_loss", []), float)
    sound = np.isfinite(losses) if len(losses) else True
    loss_panel = (panels[0], "loss", "Loss", "cross-entropy (nats)")
    accuracy_panel = (panels[1], accuracy, "Accuracy", "accuracy (share of images)")
    for ax, name, title, unit in (loss_panel, accuracy_panel):
        epochs = np.arange(1, len(curves[name]) + 1)
        marker = "o" if len(epochs) < 30 else None
        ax.plot(epochs, curves[name], color=BLUE, marker=marker, label="training")
        if f"val_{name}" in curves:
            validation = np.asarray(curves[f"val_{name}"], float)
            ax.plot(epochs, validation, color=VERMILION, marker=marker, ls="--", label="validation")
            candidates = np.where(sound, validation, np.nan)
            if not np.isnan(candidates).all():  # a training that diverged has no best epoch
                best = np.nanargmin(candidates) if name == "loss" else np.nanargmax(candidates)
                ax.plot(
                    epochs[best], validation[best], **STAR, color=VERMILION, label="best validation"
                )
        ax.set(title=title, xlabel="epoch", ylabel=unit)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend()
    return fig


@styled()
def plot_curves(
    curves: pd.DataFrame, *, metric: str = "val_acc", names: Mapping | None = None
) -> Figure:
    """Shows one learning curve per trial, or the mean curve where a trial ran several times.

    Args:
        curves: What `learning_curves` returned, with the columns `trial`, `epoch` and the metric.
        metric: The column to show.
        names: What to call each trial, by its number, in the order in which the legend lists
            them and the shades run from dark to light. Trials without a name are left out. By
            default all are shown in the order of their numbers.

    Raises:
        ValueError: There is no such metric.
    """
    if metric not in curves:
        known = [name for name in curves if name not in ("trial", "execution", "epoch", "seconds")]
        raise ValueError(f"The curves hold {', '.join(known)}, but no {metric!r}.")
    # `pivot_table` would leave out a trial that diverged, because its curve is all NaN.
    by_trial = curves.groupby(["epoch", "trial"])[metric].mean().unstack()
    if names is None:
        names = {trial: f"trial {trial}" for trial in by_trial}
    fig, ((ax,),) = new_figure(1, 1, 9, 4.8)
    # Each trial has a marker as well as a shade, so that colour is not needed to tell them apart.
    shades = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(names)))
    for number, (trial, label) in enumerate(names.items()):
        marker = "osD^v<>P*X"[number % 10]
        ax.plot(by_trial[trial], color=shades[number], marker=marker, ms=9, label=label)
    ax.set(title="Learning curves of the trials", xlabel="epoch", ylabel=metric)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(names) <= 12:
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


@styled()
def plot_losses(histories: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Shows the training loss and the validation loss of several trainings, one panel each.

    Args:
        histories: By name, what `model.fit(...).history` holds: at least `loss` and `val_loss`,
            in nats, one value per epoch. All panels share their vertical axis.

    Raises:
        ValueError: There are no histories.
    """
    if not histories:
        raise ValueError("There is nothing to show: no histories.")
    fig, (panels,) = new_figure(1, len(histories), 2.9 * len(histories) + 0.5, 3.6, sharey=True)
    for ax, (name, history) in zip(panels, histories.items(), strict=True):
        epochs = np.arange(1, len(history["loss"]) + 1)
        ax.plot(epochs, history["loss"], color=BLUE, label="training")
        ax.plot(epochs, history["val_loss"], color=VERMILION, ls="--", label="validation")
        ax.set(title=name, xlabel="epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("cross-entropy (nats)")
    panels[0].legend()
    return fig
