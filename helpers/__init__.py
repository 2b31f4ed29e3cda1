"""Plotting and plumbing of the course; what it teaches stands in the notebooks."""

import importlib

_OWNERS = {
    "BeatTheTuner": "game",
    "CLASS_NAMES": "data",
    "SealedTestSet": "data",
    "build_cnn": "models",
    "build_mlp": "models",
    "build_model": "models",
    "get_budget": "budget",
    "learning_curves": "trials",
    "load_bank": "bank",
    "load_cifar10": "data",
    "mend_project": "resume",
    "plot_bands": "plots",
    "plot_curves": "plots",
    "plot_draws": "plots",
    "plot_parallel": "plots",
    "plot_trials": "plots",
    "protect": "resume",
    "reuse_trials": "resume",
    "show_confusion": "plots",
    "show_images": "plots",
    "show_loss_acc": "plots",
    "train_validation_split": "data",
    "trials_table": "trials",
    "watch": "trials",
    "xla_for_dense": "models",
}

__all__ = list(_OWNERS)


# Imported when first used: `python -m helpers.data` must not find itself imported already, and
# who only wants the images doesn't wait for TensorFlow.
def __getattr__(name: str):
    """Imports the module that owns `name`, and returns what it means there."""
    if name not in _OWNERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"helpers.{_OWNERS[name]}"), name)


def __dir__() -> list[str]:
    """Lists what there is, so that completion works before anything is imported."""
    return __all__
