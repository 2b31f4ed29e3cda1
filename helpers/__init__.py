"""Plotting and plumbing of the course; what it teaches stands in the notebooks."""

from typing import TYPE_CHECKING

from helpers.lazy import lazily

if TYPE_CHECKING:  # for editors and type checkers, which then complete these names
    from helpers.bank import BeatTheTuner as BeatTheTuner
    from helpers.bank import load_bank as load_bank
    from helpers.budget import get_budget as get_budget
    from helpers.data import CLASS_NAMES as CLASS_NAMES
    from helpers.data import SealedTestSet as SealedTestSet
    from helpers.data import load_cifar10 as load_cifar10
    from helpers.data import train_validation_split as train_validation_split
    from helpers.models import build_cnn as build_cnn
    from helpers.models import build_digits_mlp as build_digits_mlp
    from helpers.models import build_mlp as build_mlp
    from helpers.models import build_model as build_model
    from helpers.models import speed_up as speed_up
    from helpers.plots import draw_search_loop as draw_search_loop
    from helpers.plots import draw_split as draw_split
    from helpers.plots import plot_against as plot_against
    from helpers.plots import plot_bands as plot_bands
    from helpers.plots import plot_curves as plot_curves
    from helpers.plots import plot_designs as plot_designs
    from helpers.plots import plot_draws as plot_draws
    from helpers.plots import plot_losses as plot_losses
    from helpers.plots import plot_parallel as plot_parallel
    from helpers.plots import plot_scores as plot_scores
    from helpers.plots import plot_trials as plot_trials
    from helpers.plots import show_confusion as show_confusion
    from helpers.plots import show_images as show_images
    from helpers.plots import show_loss_acc as show_loss_acc
    from helpers.search import learning_curves as learning_curves
    from helpers.search import mend_project as mend_project
    from helpers.search import protect as protect
    from helpers.search import reuse_trials as reuse_trials
    from helpers.search import trials_table as trials_table
    from helpers.search import watch as watch

_ROOMS = {
    "BeatTheTuner": "bank",
    "CLASS_NAMES": "data",
    "SealedTestSet": "data",
    "build_cnn": "models",
    "build_digits_mlp": "models",
    "build_mlp": "models",
    "build_model": "models",
    "draw_search_loop": "plots",
    "draw_split": "plots",
    "get_budget": "budget",
    "learning_curves": "search",
    "load_bank": "bank",
    "load_cifar10": "data",
    "mend_project": "search",
    "plot_against": "plots",
    "plot_bands": "plots",
    "plot_curves": "plots",
    "plot_designs": "plots",
    "plot_draws": "plots",
    "plot_losses": "plots",
    "plot_parallel": "plots",
    "plot_scores": "plots",
    "plot_trials": "plots",
    "protect": "search",
    "reuse_trials": "search",
    "show_confusion": "plots",
    "show_images": "plots",
    "show_loss_acc": "plots",
    "speed_up": "models",
    "train_validation_split": "data",
    "trials_table": "search",
    "watch": "search",
}

__all__ = list(_ROOMS)

# Whoever only wants the images doesn't wait for TensorFlow.
__getattr__, __dir__ = lazily(__name__, _ROOMS)
