"""Drawings of how things work together: no results, only boxes, bars and arrows."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from helpers.plots.style import BLUE, GREEN, ORANGE, SKY, new_figure, styled

# The boxes of the loop: the text of each, and the colour of its edge.
STATIONS = (("tuner", ORANGE), ("build_model(hp)", BLUE), ("fit", BLUE), ("score", GREEN))
PASSED_ON = ("values in hp", "a model", "a history")
RETURNED = "the score goes into the log; then the next trial begins"
COLOURS = (SKY, ORANGE, GREEN)


@styled()
def draw_search_loop() -> Figure:
    """Draws what a tuner does over and over: choose values, build, fit, record the score."""
    fig, ((ax,),) = new_figure(1, 1, 10, 2.8)
    ax.set(xlim=(0, 10), ylim=(0, 2.8))
    ax.axis("off")
    centres = [1.1 + 2.6 * place for place in range(len(STATIONS))]
    for x, (name, colour) in zip(centres, STATIONS, strict=True):
        ax.text(
            x, 1.9, name, size=14, ha="center", va="center",
            bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": colour, "lw": 2},
        )  # fmt: skip
    arrow = {"arrowstyle": "-|>", "lw": 2, "color": "black", "mutation_scale": 18}
    halves = [0.45, 1.0, 0.3, 0.45]  # of each box's width, so that arrows begin at its edge
    for place, what in enumerate(PASSED_ON):
        start, end = centres[place] + halves[place], centres[place + 1] - halves[place + 1]
        ax.annotate("", xy=(end, 1.9), xytext=(start, 1.9), arrowprops=arrow)
        ax.text((start + end) / 2, 2.3, what, ha="center", va="center")
    back = {**arrow, "connectionstyle": "bar,fraction=-0.13"}
    ax.annotate("", xy=(centres[0], 1.5), xytext=(centres[-1], 1.5), arrowprops=back)
    ax.text(sum(centres) / len(centres), 0.15, RETURNED, ha="center", va="center")
    return fig


@styled()
def draw_split(rows: Mapping[str, Mapping[str, int]]) -> Figure:
    """Draws how the same images are divided up, one bar for each way of doing it.

    Args:
        rows: For each bar, by its name, the sizes of its parts by their names, from left to
            right. A part has the same colour in every bar.

    Raises:
        ValueError: The bars do not add up to the same number, or have more than three parts.
    """
    names = list(dict.fromkeys(name for parts in rows.values() for name in parts))
    if len({sum(parts.values()) for parts in rows.values()}) != 1 or len(names) > len(COLOURS):
        raise ValueError(f"Not the same images, in at most {len(COLOURS)} parts: {dict(rows)}.")
    colours = dict(zip(names, COLOURS, strict=False))
    fig, ((ax,),) = new_figure(1, 1, 10, 1 + 0.9 * len(rows))
    for place, parts in enumerate(rows.values()):
        left = 0
        for name, size in parts.items():
            ax.barh(place, size, left=left, height=0.75, color=colours[name], edgecolor="black")
            ax.text(left + size / 2, place, f"{name}\n{size:,}", ha="center", va="center")
            left += size
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.set(xlabel="images", xlim=(0, left))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.grid(False)
    return fig
