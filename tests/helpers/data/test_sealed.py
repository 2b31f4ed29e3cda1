import dataclasses

import numpy as np
import pytest

from helpers.data import SealedTestSet, TestSetOpenedError


class Model:
    """Answers with given probabilities, and remembers how it was asked."""

    def __init__(self, output):
        self.output = output
        self.calls = []

    def predict(self, x, *, batch_size, verbose):
        self.calls.append((len(x), batch_size, verbose))
        if isinstance(self.output, Exception):
            raise self.output
        return self.output


LABELS = np.array([[0], [1], [2], [2]], np.uint8)
GUESSES = np.array([0, 1, 2, 5])  # three of four are right
SURE = np.eye(10, dtype=np.float32)[GUESSES]


@pytest.fixture
def sealed():
    return SealedTestSet(np.zeros((4, 32, 32, 3), np.uint8), LABELS)


def test_the_first_look_judges_the_model_and_is_remembered(sealed, capsys):
    model = Model(0.9 * SURE + 0.01)
    result = sealed.evaluate(model, batch_size=3)
    assert result.accuracy == 0.75
    assert result.loss == pytest.approx(-(3 * np.log(0.91) + np.log(0.01)) / 4)
    np.testing.assert_array_equal(result.predictions, GUESSES)
    np.testing.assert_array_equal(result.labels, [0, 1, 2, 2])
    assert result.confusion.shape == (10, 10) and result.confusion.sum() == 4
    assert result.confusion[2, 5] == 1 and result.confusion[2, 2] == 1  # rows are the truth
    assert model.calls == [(4, 3, 0)]
    assert sealed.result is result and sealed.looks == 1
    assert capsys.readouterr().out == ""


def test_a_second_look_is_refused_with_the_reason_and_the_score(sealed):
    sealed.evaluate(Model(SURE))
    other = Model(SURE)
    with pytest.raises(TestSetOpenedError) as caught:
        sealed.evaluate(other)
    message = str(caught.value)
    assert "0.7500" in message and "too optimistic" in message and "again=True" in message
    assert other.calls == [] and sealed.looks == 1


def test_again_overrides_and_says_what_it_costs(sealed, capsys):
    sealed.evaluate(Model(SURE), again=True)
    assert capsys.readouterr().out == ""  # the first look costs nothing
    result = sealed.evaluate(Model(np.eye(10)[LABELS[:, 0]]), again=True)
    printed = capsys.readouterr().out
    assert "Look 2" in printed and "accuracy 1.0000, before 0.7500" in printed
    assert "What it costs" in printed
    assert sealed.looks == 2 and sealed.result is result


@pytest.mark.parametrize(
    "output, complaint",
    [
        (np.eye(10)[[0, 1, 2]], r"shape \(3, 10\) instead of \(4, 10\)"),
        (np.full((4, 1), 1.0), r"shape \(4, 1\)"),
        (np.full((4, 10), np.nan), "not finite"),
        (2 * SURE - 0.1, "softmax"),
        (2 * SURE, "softmax"),
    ],
)
def test_an_output_that_is_no_probabilities_leaves_the_set_sealed(sealed, output, complaint):
    with pytest.raises(ValueError, match=complaint):
        sealed.evaluate(Model(output))
    assert sealed.looks == 0 and sealed.result is None
    sealed.evaluate(Model(SURE))


def test_a_model_that_raises_leaves_the_set_sealed(sealed):
    with pytest.raises(RuntimeError, match="out of memory"):
        sealed.evaluate(Model(RuntimeError("out of memory")))
    assert sealed.looks == 0
    sealed.evaluate(Model(SURE))


def test_a_certain_mistake_costs_a_finite_loss(sealed):
    assert sealed.evaluate(Model(SURE)).loss == pytest.approx(-np.log(1e-7) / 4)


def test_a_sealed_set_shows_its_state_and_not_its_data(sealed):
    assert repr(sealed) == "SealedTestSet(4 images, sealed)"
    assert not any(isinstance(getattr(sealed, name), np.ndarray) for name in public(sealed))
    sealed.evaluate(Model(SURE))
    assert repr(sealed) == "SealedTestSet(4 images, opened once, accuracy 0.7500)"
    sealed.evaluate(Model(SURE), again=True)
    assert repr(sealed) == "SealedTestSet(4 images, opened 2 times, accuracy 0.7500)"


def public(thing):
    return [name for name in dir(thing) if not name.startswith("_")]


def test_a_result_cannot_be_improved_afterwards(sealed):
    result = sealed.evaluate(Model(SURE))
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.accuracy = 1.0
    assert repr(result).startswith("TestResult(loss=") and "predictions" not in repr(result)


def test_a_sealed_set_takes_one_hot_labels():
    sealed = SealedTestSet(np.zeros((4, 2)), np.eye(10)[LABELS[:, 0]])
    assert sealed.evaluate(Model(SURE)).accuracy == 0.75


def test_a_sealed_set_refuses_lengths_that_differ():
    with pytest.raises(ValueError, match="3 images and 4 labels"):
        SealedTestSet(np.zeros((3, 2)), LABELS)


@pytest.mark.tensorflow
def test_the_score_is_the_one_that_keras_evaluate_gives(keras_cifar10):
    import keras

    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).integers(0, 256, (300, 4, 4, 3), np.uint8)
    y = np.arange(300).reshape(-1, 1) % 10
    model = keras.Sequential(
        [
            keras.Input((4, 4, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(x, y, verbose=0)
    result = SealedTestSet(x, y).evaluate(model, batch_size=128)
    assert result.accuracy == pytest.approx(accuracy) and result.loss == pytest.approx(loss)


def test_a_sealed_test_set_says_which_images_it_contains_and_stays_sealed():
    images = np.arange(4 * 3, dtype=np.uint8).reshape(4, 3)
    sealed = SealedTestSet(images[:2], np.array([0, 1]))
    assert list(sealed.contains(images[::-1])) == [False, False, True, True]
    assert sealed.looks == 0 and sealed.result is None


def test_the_words_that_guard_a_sealed_set(sealed, capsys):
    result = sealed.evaluate(Model(SURE))
    with pytest.raises(TestSetOpenedError) as caught:
        sealed.evaluate(Model(SURE))
    assert str(caught.value) == (
        "This test set is open: it gave an accuracy of 0.7500 (see `result`). Anyone who scores "
        "several models on it and keeps the best has used it for selection, and a score that was "
        "selected for being high is too optimistic. Compare models on validation data. To look "
        "anyway: again=True."
    )
    sealed.evaluate(Model(SURE), again=True)
    assert capsys.readouterr().out == (
        "Look 2 at the test set: accuracy 0.7500, before 0.7500.\n"
        "What it costs: if anything is chosen by these scores, the better one is too optimistic,\n"
        "and only new images could say by how much. Report the first one, or say that you looked "
        "2 times.\n"
    )
    assert result.labels.dtype == result.predictions.dtype == result.confusion.dtype == np.int64
    result.labels[:] = 0
    assert sealed.evaluate(Model(SURE), again=True).accuracy == 0.75, "the labels were changed"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (
            np.ones((4, 1)),
            "The model's output has shape (4, 1) instead of (4, 10): its last layer must have one "
            "unit per class.",
        ),
        (
            np.where(SURE == 1, np.inf, 0),
            "The model's output has values that are not finite: training diverged.",
        ),
        (
            np.eye(10)[GUESSES] * 1.03,
            "The model's output is not a probability for each class: end it with softmax.",
        ),
    ],
)
def test_an_output_that_cannot_be_judged_says_what_the_model_lacks(sealed, output, message):
    with pytest.raises(ValueError) as caught:
        sealed.evaluate(Model(output))
    assert str(caught.value) == message


def test_probabilities_may_be_rounded_and_zero(sealed):
    assert sealed.evaluate(Model(np.eye(10)[GUESSES] * 1.015)).accuracy == 0.75
    model = Model(SURE)
    sealed.evaluate(model, again=True)
    assert model.calls == [(4, 256, 0)]


def test_a_sealed_set_needs_images():
    with pytest.raises(ValueError, match="^There are 0 images and 0 labels.$"):
        SealedTestSet(np.zeros((0, 2)), np.zeros(0, int))
