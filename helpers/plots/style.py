"""How every figure of the course looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

# The palette of Okabe and Ito, "Color Universal Design" (2008): people with any common form of
# colour blindness can tell its colours apart.
BLUE, SKY, ORANGE, VERMILION = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
GREEN = "#009E73"
STAR = {"marker": "*", "markersize": 19, "markeredgecolor": "black", "linestyle": "none"}

# Sizes that can be read from the back of a lecture hall. The type is loose because Matplotlib has
# a type of its own for the names of its settings.
STYLE: dict[Any, Any] = {
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
def styled() -> Iterator[None]:
    """Applies STYLE while a function draws; used as a decorator.

    `plt.rc_context` won't do. On exit it resets every setting, including those that a notebook's
    backend made if it was loaded in the meantime, and the reader's own figures would not show.
    """
    before = {key: plt.rcParams[key] for key in STYLE}
    plt.rcParams.update(STYLE)
    try:
        yield
    finally:
        plt.rcParams.update(before)


def new_figure(
    rows: int, columns: int, width: float, height: float, **kwargs: Any
) -> tuple[Figure, np.ndarray]:
    """Returns a closed figure of the given size in inches, and its axes, shape (rows, columns)."""
    fig, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False, **kwargs)
    plt.close(fig)
    return fig, axes
