import numpy as np
import pytest

from helpers import plots
from helpers.data import CLASS_NAMES
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


def test_show_confusion_of_ten_classes_fits_on_a_screen_with_every_number_inside_its_cell():
    fig = plots.show_confusion(100 * np.ones((10, 10), int), CLASS_NAMES)
    fig.canvas.draw()
    assert fig.get_tightbbox().height * fig.dpi <= 560  # pixels
    ax, cell = fig.axes[0], fig.axes[0].get_window_extent().width / 10
    for text in ax.texts:
        text.set_text("100")  # the widest number
        assert text.get_window_extent().width < 0.8 * cell
    heights = [name.get_window_extent().height for name in ax.get_yticklabels()]
    assert max(heights) < cell, "the names do not touch"
    assert min(name.get_size() for name in ax.get_yticklabels()) >= 11


def test_show_images_shows_pixels_as_they_are_beside_the_name_of_their_class():
    images = np.zeros((3, 2, 2, 3), np.uint8)
    fig = plots.show_images(images, np.array([0, 1, 2]), NAMES)
    assert len(fig.axes) == 3 * 10
    for ax in fig.axes:
        assert not ax.axison
        for image in ax.images:
            assert image.get_interpolation() == "nearest"
        for name in ax.texts:
            assert name.get_transform() == ax.transAxes, "its place is not that of the image"
            assert name.get_position() == (-0.2, 0.5)
            assert (name.get_ha(), name.get_va()) == ("right", "center")


def test_show_confusion_writes_each_share_into_its_cell_so_that_it_can_be_read():
    ax, bar = plots.show_confusion(np.array([[6, 4, 0], [5, 5, 0], [2, 0, 8]]), NAMES).axes
    written = {text.get_position(): (text.get_text(), text.get_color()) for text in ax.texts}
    assert len(written) == 9
    assert written[0, 0] == ("60", "white") and written[1, 0] == ("40", "black")
    assert written[0, 1] == written[1, 1] == ("50", "black") and written[0, 2] == ("20", "black")
    for text in ax.texts:
        assert (text.get_ha(), text.get_va(), text.get_size()) == ("center", "center", 10)
    ax, bar = plots.show_confusion(np.array([[2, 1, 1], [1, 2, 1], [1, 1, 2]]), NAMES).axes
    image = ax.images[0]
    assert image.get_cmap().name == "Blues" and image.get_clim() == (0, 1)
    assert bar.yaxis.get_major_formatter()(0.25) == "25%"


def test_show_confusion_takes_classes_of_one_image_and_of_none():
    ax, _ = plots.show_confusion(np.array([[1, 0, 0], [0, 0, 0], [0, 1, 1]]), NAMES).axes
    shares = [[1, 0, 0], [0, 0, 0], [0, 0.5, 0.5]]
    np.testing.assert_allclose(ax.images[0].get_array(), shares)


def test_show_confusion_hides_the_grid_and_slants_the_names_below():
    ax, _ = plots.show_confusion(np.eye(3), NAMES).axes
    assert not any(line.get_visible() for line in ax.get_xgridlines() + ax.get_ygridlines())
    assert list(ax.get_xticks()) == list(ax.get_yticks()) == [0, 1, 2]
    for name in ax.get_xticklabels():
        assert (name.get_rotation(), name.get_ha()) == (45, "right")


def test_show_confusion_says_what_it_got():
    with pytest.raises(ValueError) as caught:
        plots.show_confusion(np.zeros((2, 3)), NAMES)
    assert str(caught.value) == "3 classes need 3 x 3 counts, not (2, 3)."
