import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import plots
from helpers.plots.style import BLUE, VERMILION
from tests.support.figures import entries, has_whole_ticks, labels, line, looks, points


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


def test_show_loss_acc_puts_its_star_on_no_epoch_whose_loss_diverged_not_even_for_its_accuracy():
    nan, inf = float("nan"), float("inf")
    history = {"loss": [1.0] * 4, "acc": [0.5] * 4, "val_acc": [0.2, 0.4, 0.5, 0.6]}
    loss, accuracy = plots.show_loss_acc({**history, "val_loss": [2.0, 1.0, nan, inf]}).axes
    assert points(line(loss, "best validation")) == [(2, 1.0)]
    assert points(line(accuracy, "best validation")) == [(2, 0.4)]
    _, accuracy = plots.show_loss_acc({**history, "val_loss": [nan] * 4}).axes
    assert "best validation" not in looks(accuracy)
    _, accuracy = plots.show_loss_acc(history).axes  # without a validation loss, all count
    assert points(line(accuracy, "best validation")) == [(4, 0.6)]


def test_plot_curves_labels_its_axes():
    curves = pd.DataFrame({"trial": [0], "execution": [1], "epoch": [1], "val_acc": [0.1]})
    (ax,) = plots.plot_curves(curves).axes
    assert labels(ax) == ("Learning curves of the trials", "epoch", "val_acc")


def test_show_loss_acc_tells_its_curves_apart_with_and_without_colour():
    history = {name: [0.1, 0.2, 0.3] for name in ("loss", "acc", "val_loss", "val_acc")}
    for ax in plots.show_loss_acc(history).axes:
        assert looks(ax) == {
            "training": (BLUE, "-", "o"),
            "validation": (VERMILION, "--", "o"),
            "best validation": (VERMILION, "None", "*"),
        }
        assert entries(ax.get_legend()) == ["training", "validation", "best validation"]
        assert has_whole_ticks(ax)


@pytest.mark.parametrize(("epochs", "marker"), [(29, "o"), (30, "None")])
def test_show_loss_acc_marks_each_epoch_of_a_short_training_only(epochs, marker):
    history = {name: [0.1] * epochs for name in ("loss", "acc", "val_loss", "val_acc")}
    for ax in plots.show_loss_acc(history).axes:
        assert {looks(ax)[name][2] for name in ("training", "validation")} == {marker}


def test_show_loss_acc_without_validation_shows_the_training_alone():
    for ax in plots.show_loss_acc({"loss": [1.0], "acc": [0.5]}).axes:
        assert entries(ax.get_legend()) == ["training"]
        assert points(line(ax, "training"))[0][0] == 1


def test_show_loss_acc_of_nothing_says_so():
    with pytest.raises(ValueError) as caught:
        plots.show_loss_acc({})
    assert str(caught.value) == (
        "The history holds nothing, but a loss and an accuracy are needed. Compile the model with "
        'metrics=["acc"], and pass what model.fit returned.'
    )
    with pytest.raises(ValueError, match="holds acc, val_acc, but a loss"):
        plots.show_loss_acc({"acc": [0.5], "val_acc": [0.5]})


def curves_of(trials):
    """Returns the curves of some trials, two epochs each, the later ones higher."""
    rows = [(trial, 1, epoch, trial + epoch / 10) for trial in range(trials) for epoch in (1, 2)]
    return pd.DataFrame(rows, columns=["trial", "execution", "epoch", "val_acc"])


def test_plot_curves_gives_each_trial_a_shade_and_a_marker_in_their_order():
    (ax,) = plots.plot_curves(curves_of(12)).axes
    assert [one.get_marker() for one in ax.lines] == list("osD^v<>P*X") + ["o", "s"]
    shades = plt.get_cmap("viridis")(np.linspace(0, 0.9, 12))
    np.testing.assert_allclose([one.get_color() for one in ax.lines], shades)
    assert points(ax.lines[3]) == [(1, 3.1), (2, 3.2)]
    assert has_whole_ticks(ax)


def test_plot_curves_leaves_its_legend_out_where_it_would_be_too_long():
    (ax,) = plots.plot_curves(curves_of(12)).axes
    assert entries(ax.get_legend()) == [f"trial {number}" for number in range(12)]
    figure = plots.plot_curves(curves_of(2))
    figure.canvas.draw()
    (ax,) = figure.axes
    assert ax.get_legend().get_window_extent().x0 >= ax.get_window_extent().x1, "covers the data"
    middle = ax.get_legend().get_window_extent()
    assert abs(middle.y0 + middle.y1 - ax.bbox.y0 - ax.bbox.y1) < 4, "not beside the middle"
    (ax,) = plots.plot_curves(curves_of(13)).axes
    assert ax.get_legend() is None


def test_plot_curves_names_no_column_that_is_not_a_metric():
    curves = curves_of(1).assign(seconds=1.0, loss=2.0)
    with pytest.raises(ValueError) as caught:
        plots.plot_curves(curves, metric="acc")
    assert str(caught.value) == "The curves hold val_acc, loss, but no 'acc'."


def test_plot_curves_lists_the_trials_in_the_order_of_their_names_and_shades_them_in_it():
    (ax,) = plots.plot_curves(curves_of(3), names={2: "narrow", 0: "wide"}).axes
    assert entries(ax.get_legend()) == ["narrow", "wide"]
    assert points(line(ax, "narrow")) == [(1, 2.1), (2, 2.2)]
    shades = plt.get_cmap("viridis")([0, 0.9])
    np.testing.assert_allclose([one.get_color() for one in ax.lines], shades)
    assert {one.get_markersize() for one in ax.lines} == {9}


def test_plot_losses_shows_both_losses_of_every_training_on_shared_axes():
    flat, steep = {"loss": [2, 1], "val_loss": [3, 2]}, {"loss": [9, 1, 0], "val_loss": [8, 7, 6]}
    first, second = plots.plot_losses({"A": flat, "B": steep}).axes
    assert labels(first) == ("A", "epoch", "cross-entropy (nats)")
    assert labels(second) == ("B", "epoch", "")
    assert points(line(second, "training")) == [(1, 9), (2, 1), (3, 0)]
    assert looks(first) == {
        "training": (BLUE, "-", "None"),
        "validation": (VERMILION, "--", "None"),
    }
    assert entries(first.get_legend()) == ["training", "validation"]
    assert first.get_ylim() == second.get_ylim()
    assert has_whole_ticks(first) and has_whole_ticks(second)
    assert points(line(first, "validation")) == [(1, 3), (2, 2)]


def test_plot_losses_of_nothing_says_so():
    with pytest.raises(ValueError, match="no histories"):
        plots.plot_losses({})
