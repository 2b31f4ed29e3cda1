"""What a figure shows, for a test to read."""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D


def line(ax: Axes, label: str) -> Line2D:
    """Returns the line with that label."""
    return next(one for one in ax.lines if one.get_label() == label)


def labels(ax: Axes) -> tuple[str, str, str]:
    """Returns the title and what the horizontal and the vertical axis say."""
    return ax.get_title(), ax.get_xlabel(), ax.get_ylabel()
