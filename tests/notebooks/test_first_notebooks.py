"""What notebooks 01 to 03 conclude, by other routes than their own."""

import re
from fractions import Fraction
from math import floor, log

import numpy as np
import pytest

from tests.support.notebook_cells import conclusion, run_cells

DRAW, LOOK, BUILD = "01_draw_values", "02_look_at_cifar10", "03_build_model"
NUMBER = r"(\d[\d,]*(?:\.\d+)?)"


def numbers(pattern, text):
    """Returns what stands at each N of a pattern."""
    found = re.search(re.escape(pattern).replace("N", NUMBER), text)
    assert found, f"{pattern!r} does not match {text!r}"
    return [float(one.replace(",", "")) for one in found.groups()]


# --- 01 -----------------------------------------------------------------------------------


def one_hidden_layer(width, seed):
    """The accuracy of scikit-learn's own network, trained as in the notebook."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    x, y = load_digits(return_X_y=True)
    model = MLPClassifier((width,), batch_size=32, learning_rate_init=1e-3, random_state=seed)
    scores = []
    for _ in range(5):  # epochs
        model.partial_fit(x[:1200] / 16, y[:1200], classes=range(10))
        scores.append(model.score(x[1200:] / 16, y[1200:]))
    return max(scores)


def test_the_widest_of_three_layers_wins_in_another_library_with_other_seeds_too():
    text = conclusion(DRAW, "best_width = max(log")
    winner, tried, accuracy = numbers(
        "N units were the best of N widths, with an accuracy of N", text
    )
    for seed in (5, 6):
        scores = {width: one_hidden_layer(width, seed) for width in (4, 16, 64)}
        assert max(scores, key=scores.get) == winner == 64 and len(scores) == tried
        assert accuracy == pytest.approx(scores[64], abs=0.06)
    assert numbers("All combinations of three knobs would take N trainings", text) == [3**3]


def test_the_values_of_an_int_and_of_a_float_are_those_of_exact_arithmetic():
    text = conclusion(DRAW, "best_width = max(log")
    low, high, between = numbers("can be N, N or any of N values in between", text)
    widths = [32 + 32 * k for k in range(100) if 32 + 32 * k <= 512]
    assert (low, high, between) == (widths[0], widths[-1], len(widths) - 2)
    reach = numbers("gets as far as N in steps of 0.1, and as far as N in steps of 0.125", text)
    for step, told in zip((0.1, 0.125), reach, strict=True):
        # Of what the computer stores, not of what one writes.
        steps = floor(Fraction(0.5) / Fraction(step))
        assert told == pytest.approx(steps * step)


def test_the_shares_of_the_lowest_decade_are_those_of_the_two_scales():
    text = conclusion(DRAW, "linear, logarithmic = (")
    linear, logarithmic = numbers("N lie in the lowest decade on a linear scale, and N on a", text)
    assert linear == pytest.approx(100 * (1e-3 - 1e-4) / (1e-1 - 1e-4), abs=0.5)
    assert logarithmic == pytest.approx(100 / 3, abs=2.5)
    assert "`momentum` is `None`" in text
    assert numbers("The N hyperparameters of the last space have N names", text) == [3, 2]


# --- 02 -----------------------------------------------------------------------------------


def test_the_images_their_sets_and_their_memory_are_those_of_cifar_10():
    text = conclusion(LOOK, "height, width, colours")
    images, height, width, colours = numbers(
        "N to train and validate, as `uint8`, N x N pixels of N colours", text
    )
    assert (images, height, width, colours) == (50_000, 32, 32, 3)
    each, classes, chance = numbers("N images in each of N classes, so that chance is N %", text)
    assert each * classes == images and chance == 100 / classes
    times = numbers(
        "takes N times the memory of the stored images, a `float32` array N times", text
    )
    dtypes = [(np.zeros(1, np.uint8) / 255).dtype, np.dtype("float32")]
    assert times == [dtype.itemsize for dtype in dtypes]
    assert numbers("N for training, N for validation, N for test", text) == [4e4, 1e4, 1e4]
    assert "is sealed" in text


def test_the_bluest_classes_are_those_of_sky_and_sea_and_nothing_leaks():
    text = conclusion(LOOK, "the bluest classes are")
    assert "airplane and ship" in text
    assert numbers("N of 255 grey levels ahead of the third", text)[0] > 5
    assert numbers("of the N validation images, N are exact copies", text)[1] < 10


# --- 03 -----------------------------------------------------------------------------------


def test_the_parameters_are_counted_by_a_formula():
    text = conclusion(BUILD, "Hand over")
    low, high, small, large, times = numbers(
        "from N to N, and returns a compiled model of N to N parameters, N times as many", text
    )
    for width, told in ((low, small), (high, large)):
        assert told == (3072 + 1) * width + (width + 1) * 10
    assert times == round(large / small) == 20


def first_loss(scale, seed):
    """The cross-entropy of an untrained network with Keras' initial weights, in NumPy."""
    rng = np.random.default_rng(seed)
    # About the mean and the spread of photographs; neighbouring pixels are alike.
    coarse = rng.normal(120, 60, size=(1024, 8, 8, 3)).clip(0, 255)
    x = coarse.repeat(4, axis=1).repeat(4, axis=2).reshape(1024, -1) * scale
    for inputs, outputs in ((3072, 250), (250, 10)):
        limit = np.sqrt(6 / (inputs + outputs))  # Glorot and Bengio (2010)
        x = x @ rng.uniform(-limit, limit, size=(inputs, outputs))
        x = np.maximum(x, 0) if outputs == 250 else x
    truth = x[np.arange(1024), rng.integers(10, size=1024)]
    top = x.max(axis=1)
    return float((top + np.log(np.exp(x - top[:, None]).sum(axis=1)) - truth).mean())


def test_the_first_loss_is_that_of_random_weights_with_and_without_scaled_pixels():
    text = conclusion(BUILD, "Hand over")
    first, undecided, without = numbers(
        "the first loss (N; undecided is N, and without rescaling it was N)", text
    )
    assert undecided == round(log(10), 2)
    scaled, raw = (np.mean([first_loss(s, seed) for seed in range(8)]) for s in (1 / 255, 1))
    assert first == pytest.approx(scaled, rel=0.25)
    assert without == pytest.approx(raw, rel=0.6) and without > 50 * undecided
    assert numbers("by heart (accuracy N in the end)", text)[0] > 0.9


def test_a_float_in_steps_that_are_exact_would_not_prove_the_claim_of_notebook_01():
    with pytest.raises(AssertionError, match="never drawn"):
        run_cells(
            DRAW,
            '"0.5 is never drawn"',
            stepped={"tenths": [0, 0.1, 0.2, 0.3, 0.4, 0.5], "eighths": []},
        )
