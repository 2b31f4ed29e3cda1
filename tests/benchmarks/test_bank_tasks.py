import dataclasses

import numpy as np
import pytest

from benchmarks import bank_tasks
from helpers.bank import RECORDINGS
from tests.support.recordings import SMALL, rows


def grey_images(count, side=32, channels=3, step=25):
    """Images whose class can be seen: each class has a grey of its own."""
    labels = np.random.default_rng(0).integers(0, 10, count)
    pixels = np.broadcast_to((step * labels)[:, None, None, None], (count, side, side, channels))
    return pixels.astype(np.uint8), np.eye(10)[labels]


def timeless(trained):
    return [{**row, "seconds": 0} for row in trained]


def test_a_training_is_real():
    data = grey_images(256)
    wrong = data[0], np.roll(data[1], 1, axis=1)  # so that no network is right about them
    images = bank_tasks.Images(data, data, wrong, "a hash")
    values = {name: value for name, value in rows(10)[0].items() if name in SMALL.space}
    values["learning_rate"] = 3e-3
    first, second = bank_tasks.train(SMALL, images, values, 1)
    assert list(first) == list(SMALL.columns)
    assert first["parameters"] == 3072 * 10 + 10 + 10 * 10 + 10
    assert second["loss"] < first["loss"] and first["seconds"] > 0
    assert second["test_loss"] > second["val_loss"], "the test images are other ones"
    again = bank_tasks.train(SMALL, images, values, 1)
    assert timeless(again) == timeless([first, second]), "the same seed gave another result"
    assert bank_tasks.train(SMALL, images, values, 2)[1]["loss"] != second["loss"]


def test_scoring_the_test_images_changes_nothing_in_the_training():
    data = grey_images(64)
    images = bank_tasks.Images(data, data, data, "a hash")
    values = {name: value for name, value in rows(5, 0.2)[0].items() if name in SMALL.space}
    tested = bank_tasks.train(SMALL, images, values, 1)
    untested = dataclasses.replace(SMALL, tests=False)
    plain = bank_tasks.train(untested, images, values, 1)
    assert "test_acc" not in plain[0]
    for row, other in zip(plain, tested, strict=True):
        assert {name: other[name] for name in row if name != "seconds"} == {
            name: row[name] for name in row if name != "seconds"
        }


def test_the_digits_are_split_without_an_image_in_two_parts():
    images = bank_tasks.load_images("digits")
    assert images.sizes == {"train_images": 400, "validation_images": 200, "test_images": 1197}
    parts = [images.train, images.validation, images.test]
    assert all(x.dtype == np.uint8 and x.shape[1:] == (8, 8, 1) for x, _ in parts)
    assert max(x.max() for x, _ in parts) == 16
    everything = np.concatenate([x for x, _ in parts]).reshape(1797, -1)
    from sklearn.datasets import load_digits

    original = load_digits().data.astype(np.uint8)
    assert sorted(map(bytes, everything)) == sorted(map(bytes, original))
    train, validation = (labels.sum(axis=0) for _, labels in parts[:2])
    np.testing.assert_allclose(train, 2 * validation, atol=2)  # each class in the same share


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recording_s_values_build_its_model(name):
    recording = RECORDINGS[name]
    data = grey_images(32) if recording.task == "cifar10" else grey_images(32, 8, 1, 1)
    images = bank_tasks.Images(data, data, data, "a hash")
    short = dataclasses.replace(recording, epochs=1)
    (row,) = bank_tasks.train(short, images, recording.all_values()[0], recording.seeds[0])
    assert list(row) == list(recording.columns)
