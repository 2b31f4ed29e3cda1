"""Every figure of the course: each function takes data, not a tuner, and returns the figure.

A Matplotlib figure is closed before it is returned, so that a notebook shows it only once, as the
value of its cell. In a script, call `figure.savefig(...)`.
"""

from helpers.plots.classes import plot_class
from helpers.plots.curves import plot_curves, plot_losses, show_loss_acc
from helpers.plots.drawings import draw_search_loop, draw_split
from helpers.plots.images import show_confusion, show_images
from helpers.plots.races import plot_against, plot_bands, plot_game
from helpers.plots.scores import plot_designs, plot_scores
from helpers.plots.trials import plot_draws, plot_parallel, plot_trials

__all__ = [
    "draw_search_loop",
    "draw_split",
    "plot_against",
    "plot_bands",
    "plot_class",
    "plot_curves",
    "plot_designs",
    "plot_draws",
    "plot_game",
    "plot_losses",
    "plot_parallel",
    "plot_scores",
    "plot_trials",
    "show_confusion",
    "show_images",
    "show_loss_acc",
]
