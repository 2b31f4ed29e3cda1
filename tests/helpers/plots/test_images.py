import numpy as np
import pytest

from helpers import plots
from tests.support.figures import labels

NAMES = ("cat", "dog", "ship")


def test_show_images_shows_the_first_images_of_every_class_in_its_row():
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    fig = plots.show_images(images, np.array([[1], [0], [1], [1], [2], [0]]), NAMES, per_class=2)
    shown = [int(ax.images[0].get_array()[0, 0, 0]) if ax.images else None for ax in fig.axes]
    assert shown == [1, 5, 0, 2, 4, None]
    assert [ax.texts[0].get_text() for ax in fig.axes if ax.texts] == list(NAMES)


def test_show_images_needs_a_label_for_every_image():
    with pytest.raises(ValueError, match="2 images come with 1 labels"):
        plots.show_images(np.zeros((2, 4, 4, 3)), np.zeros(1, int), NAMES)


def test_show_confusion_shows_shares_of_the_true_class():
    ax = plots.show_confusion(np.array([[3, 1, 0], [0, 2, 2], [0, 0, 0]]), NAMES).axes[0]
    np.testing.assert_allclose(
        ax.images[0].get_array(), [[0.75, 0.25, 0], [0, 0.5, 0.5], [0, 0, 0]]
    )
    assert [text.get_text() for text in ax.texts][:3] == ["75", "25", "0"]


def test_show_confusion_needs_a_row_and_a_column_for_every_class():
    with pytest.raises(ValueError, match="3 x 3"):
        plots.show_confusion(np.zeros((2, 3)), NAMES)


def test_show_confusion_labels_its_axes():
    ax, bar = plots.show_confusion(np.eye(3), NAMES).axes
    assert labels(ax) == ("Per 100 images of the true class", "predicted class", "true class")
    assert bar.get_ylabel() == "share of the true class"
    assert [text.get_text() for text in ax.get_xticklabels()] == list(NAMES)
    assert [text.get_text() for text in ax.get_yticklabels()] == list(NAMES)
