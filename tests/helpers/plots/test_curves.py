import numpy as np
import pandas as pd
import pytest

from helpers import plots
from tests.support.figures import labels, line


def test_show_loss_acc_shows_the_four_curves_and_marks_the_best_validation():
    history = {
        "loss": [2.0, 1.0, 0.5],
        "acc": [0.2, 0.5, 0.8],
        "val_loss": [2.0, 1.5, 1.7],
        "val_acc": [0.2, 0.4, 0.3],
    }
    loss, accuracy = plots.show_loss_acc(history).axes
    for ax, name in ((loss, "loss"), (accuracy, "acc")):
        assert list(line(ax, "training").get_ydata()) == history[name]
        assert list(line(ax, "validation").get_ydata()) == history[f"val_{name}"]
        assert list(line(ax, "training").get_xdata()) == [1, 2, 3]
    assert line(loss, "best validation").get_xydata().tolist() == [[2, 1.5]]
    assert line(accuracy, "best validation").get_xydata().tolist() == [[2, 0.4]]


def test_show_loss_acc_takes_what_fit_returned_and_the_name_accuracy_too():
    class History:
        history = {"loss": [1.0], "accuracy": [0.5]}

    loss, accuracy = plots.show_loss_acc(History()).axes
    assert list(line(accuracy, "training").get_ydata()) == [0.5]


def test_show_loss_acc_without_an_accuracy_says_how_to_get_one():
    with pytest.raises(ValueError, match=r'holds loss, .*metrics=\["acc"\]'):
        plots.show_loss_acc({"loss": [1.0]})


def test_plot_curves_shows_one_curve_per_trial_and_the_mean_of_its_executions():
    curves = pd.DataFrame(
        {
            "trial": [0, 0, 0, 0, 1, 1],
            "execution": [1, 1, 2, 2, 1, 1],
            "epoch": [1, 2, 1, 2, 1, 2],
            "val_acc": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        }
    )
    (ax,) = plots.plot_curves(curves, names={0: "small", 1: "large"}).axes
    np.testing.assert_allclose(line(ax, "small").get_ydata(), [0.2, 0.3])
    np.testing.assert_allclose(line(ax, "large").get_ydata(), [0.5, 0.6])


def test_plot_curves_keeps_a_trial_that_diverged():
    curves = pd.DataFrame(
        {"trial": [0, 1], "execution": 1, "epoch": 1, "val_acc": [0.5, float("nan")]}
    )
    (ax,) = plots.plot_curves(curves).axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["trial 0", "trial 1"]


def test_plot_curves_names_the_metrics_that_there_are():
    curves = pd.DataFrame({"trial": [0], "execution": [1], "epoch": [1], "acc": [0.1]})
    with pytest.raises(ValueError, match="hold acc, but no 'val_acc'"):
        plots.plot_curves(curves)


def test_show_loss_acc_labels_its_panels():
    loss, accuracy = plots.show_loss_acc({"loss": [1.0], "acc": [0.5]}).axes
    assert labels(loss) == ("Loss", "epoch", "cross-entropy (nats)")
    assert labels(accuracy) == ("Accuracy", "epoch", "accuracy (share of images)")


def test_show_loss_acc_puts_its_star_on_no_epoch_that_diverged():
    history = {"loss": [1.0] * 3, "acc": [0.5] * 3, "val_acc": [0.2, 0.4, 0.3]}
    nan = float("nan")
    loss, _ = plots.show_loss_acc({**history, "val_loss": [nan, 2.0, 1.0]}).axes
    assert line(loss, "best validation").get_xydata().tolist() == [[3, 1.0]]
    loss, _ = plots.show_loss_acc({**history, "val_loss": [nan, nan, nan]}).axes
    assert "best validation" not in {one.get_label() for one in loss.lines}


def test_plot_curves_labels_its_axes():
    curves = pd.DataFrame({"trial": [0], "execution": [1], "epoch": [1], "val_acc": [0.1]})
    (ax,) = plots.plot_curves(curves).axes
    assert labels(ax) == ("Learning curves of the trials", "epoch", "val_acc")
