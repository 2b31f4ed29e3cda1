"""What a figure shows, for a test to read."""

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.legend import Legend
from matplotlib.lines import Line2D


def line(ax: Axes, label: str) -> Line2D:
    """Returns the line with that label."""
    return next(one for one in ax.lines if one.get_label() == label)


def labels(ax: Axes) -> tuple[str, str, str]:
    """Returns the title and what the horizontal and the vertical axis say."""
    return ax.get_title(), ax.get_xlabel(), ax.get_ylabel()


def look(one: Line2D) -> tuple[str, str, str]:
    """Returns a line's colour, its dashes and its marker."""
    return to_hex(one.get_color()).upper(), one.get_linestyle(), str(one.get_marker())


def looks(ax: Axes) -> dict[str, tuple[str, str, str]]:
    """Returns the colour, the dashes and the marker of each line, by its label."""
    return {str(one.get_label()): look(one) for one in ax.lines}


def points(one: Line2D) -> list[tuple[float, float]]:
    """Returns the points that a line goes through."""
    return [(float(x), float(y)) for x, y in one.get_xydata()]


def entries(legend: Legend | None) -> list[str]:
    """Returns what a legend says, from top to bottom."""
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def has_whole_ticks(ax: Axes) -> bool:
    """Returns whether the horizontal axis names whole numbers only, as epochs and trials need."""
    return all(tick == int(tick) for tick in ax.get_xticks())
