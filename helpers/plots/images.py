"""Figures of images, and of the classes that a model assigns to them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from helpers.plots.style import new_figure, styled


@styled()
def show_images(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], *, per_class: int = 10
) -> Figure:
    """Shows the first few images of every class, one row per class.

    Args:
        images: uint8 or float in [0, 1], shape (N, height, width, 3).
        labels: Integers, shape (N,) or (N, 1): the index of each image's class.
        class_names: The names, in the order of the labels.
        per_class: The most images in a row. A class that has fewer shows all of them.

    Raises:
        ValueError: There are not as many labels as images.
    """
    labels = np.ravel(labels)
    if len(labels) != len(images):
        raise ValueError(f"{len(images)} images come with {len(labels)} labels.")
    fig, axes = new_figure(len(class_names), per_class, 0.72 * per_class + 1.3, 7.6)
    for row, name in enumerate(class_names):
        of_class = np.flatnonzero(labels == row)[:per_class]
        for column, ax in enumerate(axes[row]):
            ax.axis("off")
            if column < len(of_class):
                # Not smoothed: the model sees these very pixels, and smoothing makes large files.
                ax.imshow(images[of_class[column]], interpolation="nearest")
        axes[row, 0].text(
            -0.2, 0.5, name, transform=axes[row, 0].transAxes, ha="right", va="center"
        )
    return fig


@styled()
def show_confusion(confusion: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Shows how often each class was mistaken for each other one, as shares of the true class.

    Args:
        confusion: Counts, shape (classes, classes). Rows are true classes, columns predicted ones.
        class_names: The names, in the order of the rows.

    Raises:
        ValueError: The counts are not square, or do not have one row per name.
    """
    confusion = np.asarray(confusion)
    size = len(class_names)
    if confusion.shape != (size, size):
        raise ValueError(f"{size} classes need {size} x {size} counts, not {confusion.shape}.")
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    fig, ((ax,),) = new_figure(1, 1, 7.4, 5.4)
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
