import hashlib
import tracemalloc

import numpy as np
import pytest

from helpers.data import CLASS_NAMES, standin
from helpers.data.standin import make_standin
from helpers.data.standin_drawings import BODY, LOOKS

# Of 800 training and 200 test images and their labels.
PINNED = "34d9f9c69c77cc4baa3239f1aeae803e02c099c3453c9e60f766b7ed01f58a23"


@pytest.fixture(scope="module")
def made():
    """The stand-in of full size, and the most bytes that making it took."""
    tracemalloc.start()
    sets = make_standin()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return sets, peak


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(standin, "TRAIN_PER_CLASS", 80)
    monkeypatch.setattr(standin, "TEST_PER_CLASS", 20)


def digest(sets):
    return hashlib.sha256(b"".join(array.tobytes() for pair in sets for array in pair)).hexdigest()


def accuracy_of_nearest_mean_colour_layout(train, test, shift=0):
    """Classifies `test` by the nearest class mean in `train`, on images shrunk to 4 by 4."""

    def shrink(images):
        blocks = images[:10_000].reshape(-1, 4, 8, 4, 8, 3)
        return blocks.mean(axis=(2, 4), dtype=np.float32).reshape(-1, 48)

    x, y = shrink(train[0]), (train[1][:10_000].ravel() + shift) % 10
    means = np.stack([x[y == i].mean(axis=0) for i in range(10)])
    distances = ((shrink(test[0])[:, None] - means) ** 2).sum(axis=2)
    return (distances.argmin(axis=1) == test[1].ravel()).mean()


def test_shapes_and_dtypes_are_those_of_cifar10(made):
    (x_train, y_train), (x_test, y_test) = made[0]
    assert (x_train.shape, y_train.shape) == ((50_000, 32, 32, 3), (50_000, 1))
    assert (x_test.shape, y_test.shape) == ((10_000, 32, 32, 3), (10_000, 1))
    assert {array.dtype for pair in made[0] for array in pair} == {np.dtype(np.uint8)}


def test_every_class_is_equally_frequent_and_the_order_is_random(made):
    for (_, y), per_class in zip(made[0], (5_000, 1_000), strict=True):
        assert np.bincount(y.ravel()).tolist() == [per_class] * 10
        # Any thousand in a row hold each class about a hundred times (standard deviation 9).
        for part in np.split(y.ravel(), len(y) // 1_000):
            assert np.bincount(part, minlength=10).min() > 50


def test_the_same_seed_gives_the_same_bytes_on_every_platform(small):
    assert digest(make_standin(seed=0)) == PINNED
    assert digest(make_standin(seed=0)) == PINNED


def test_another_seed_gives_other_images_in_another_order(small):
    (x0, y0), _ = make_standin(seed=0)
    (x1, y1), _ = make_standin(seed=1)
    assert (y0 != y1).any()
    assert (x0 != x1).any(axis=(1, 2, 3)).all()


def test_no_image_occurs_twice_in_training_and_test_set_together(made):
    (x_train, _), (x_test, _) = made[0]
    # A corner tells images apart: 48 noisy bytes, unless a colour there is clipped to 0 or 255.
    images = {image[::8].tobytes() for x in (x_train, x_test) for image in x}
    assert len(images) == len(x_train) + len(x_test)


def test_airplane_and_ship_are_the_bluest_classes_by_a_clear_margin(made):
    (x, y), _ = made[0]
    x, y = x[:10_000], y[:10_000].ravel()
    bluer = np.array([np.subtract(*x[y == i].mean(axis=(0, 1, 2))[[2, 0]]) for i in range(10)])
    bluest = [CLASS_NAMES.index("airplane"), CLASS_NAMES.index("ship")]
    assert bluer[bluest].min() > 15 + np.delete(bluer, bluest).max()


def test_labels_match_pictures_and_labels_shifted_by_one_do_not(made):
    train, test = made[0]
    assert accuracy_of_nearest_mean_colour_layout(train, test) > 0.25
    assert accuracy_of_nearest_mean_colour_layout(train, test, shift=1) < 0.15


def test_each_class_has_a_drawing_of_its_own_that_keeps_off_the_edge_of_its_canvas():
    canvases = standin._draw_canvases()
    assert len({canvas.tobytes() for canvas in canvases}) == len(CLASS_NAMES) == len(LOOKS)
    inner = canvases[:, 1:-1, 1:-1]
    assert (inner > 0).sum() == (canvases > 0).sum()
    assert ((inner >= BODY).mean(axis=(1, 2)) > 0.1).all()


def test_making_it_takes_little_more_memory_than_it_has_itself(made):
    sets, peak = made
    assert peak < sum(array.nbytes for pair in sets for array in pair) + 60e6


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError):
        make_standin(seed=-1)
