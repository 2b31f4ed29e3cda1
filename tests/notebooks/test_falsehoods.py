"""Falsehoods that were planted into the prose: the claim behind the sentence no longer finds it.

A claim names the sentences that it proves. Whoever turns one of them into its opposite has to turn
the claim's copy as well, and then to look at what the claim asserts.
"""

import nbformat
import pytest

from tests.support.notebook_cells import FOLDER
from tests.support.notebook_rules import names_the_sentences_that_its_claims_prove as breaches

# The notebook, words of its prose, and what is false.
FALSEHOODS = [
    (
        "01_draw_values",
        "With `Int`, both ends are included",
        "With `Int`, the upper end is left out",
    ),
    (
        "01_draw_values",
        "A linear search hardly looks at the lowest decade",
        "A linear search mostly looks at the lowest decade",
    ),
    ("01_draw_values", "identified by its name and its conditions", "identified by its name alone"),
    ("02_look_at_cifar10", "Eight times as much for `float64`", "Twice as much for `float64`"),
    (
        "02_look_at_cifar10",
        "gives every class the same share in both parts",
        "leaves the share of every class to chance",
    ),
    (
        "02_look_at_cifar10",
        "no validation image was also trained on",
        "no validation image was left out of training",
    ),
    (
        "03_build_model",
        "Without rescaling the loss is very much larger",
        "Without rescaling the loss is about the same",
    ),
    (
        "03_build_model",
        "A network can learn wrong labels by heart just as well",
        "A network cannot learn wrong labels by heart",
    ),
    ("03_build_model", "is the natural logarithm of ten", "is the binary logarithm of ten"),
    (
        "04_search_at_random",
        "draws values at random and ignores all earlier results",
        "draws values at random and learns from earlier results",
    ),
    (
        "04_search_at_random",
        "goes through all combinations, one after the other",
        "draws combinations at random",
    ),
    (
        "04_search_at_random",
        "A grid of any six widths has the same chance",
        "A grid of six widths has a better chance",
    ),
    (
        "05_retrain_best_model",
        "is a **new** model with random weights",
        "is the **trained** model of the trial",
    ),
    (
        "05_retrain_best_model",
        "the best of a thousand a little more than three",
        "the best of a thousand no more than that",
    ),
    (
        "05_retrain_best_model",
        "the second number can never be lower than the third",
        "the second number can never be higher than the third",
    ),
    (
        "06_design_space",
        "It draws a value for each of the five",
        "It draws a value for one of the five",
    ),
    (
        "06_design_space",
        "The logarithmic scale lies above the linear one",
        "The linear scale lies above the logarithmic one",
    ),
    ("06_design_space", "but in opposite directions", "and always in the same direction"),
    (
        "07_compare_strategies",
        "a grid that is cut off is behind random search",
        "a grid that is cut off is ahead of random search",
    ),
    (
        "07_compare_strategies",
        "Up to the mark it *is* random search",
        "From the start it learns from its trials",
    ),
    (
        "07_compare_strategies",
        "a doubling costs as much as all trials before it, and it buys less",
        "a doubling costs as much as all trials before it, and it buys more",
    ),
    (
        "08_trust_winner",
        "the more so, the more trials compete and the less they truly differ",
        "the more so, the fewer trials compete and the more they truly differ",
    ),
    (
        "08_trust_winner",
        "The winner loses a part of its lead, not all of it.",
        "The winner loses all of its lead.",
    ),
    ("08_trust_winner", "more searches than that go wrong", "fewer searches than that go wrong"),
    (
        "09_tune_convnet",
        "The CNN has less than half as many parameters",
        "The CNN has twice as many parameters",
    ),
    (
        "09_tune_convnet",
        "Neither augmentation nor dropout adds any parameters",
        "Augmentation and dropout add many parameters",
    ),
    (
        "09_tune_convnet",
        "The convolutions compute in `float16`",
        "The convolutions compute in `float64`",
    ),
    (
        "10_run_for_hours",
        "Only the trial that was running began again",
        "Every trial began again",
    ),
    (
        "10_run_for_hours",
        "but does not mark the trial as failed",
        "and marks the trial as failed",
    ),
    ("10_run_for_hours", "Most of them end early", "Few of them end early"),
    (
        "11_repair_searches",
        "It gives up after three failures in a row",
        "It gives up after the first failure",
    ),
    (
        "11_repair_searches",
        "KerasTuner fails a trial whose score is NaN",
        "KerasTuner completes a trial whose score is NaN",
    ),
    ("11_repair_searches", "is less than half of its score", "is about as high as its score"),
]


@pytest.mark.parametrize(("notebook", "truth", "falsehood"), FALSEHOODS)
def test_a_falsehood_in_the_prose_is_noticed(notebook, truth, falsehood):
    planted = nbformat.read(FOLDER / f"{notebook}.ipynb", as_version=4)
    assert breaches(planted) == []
    prose = [cell for cell in planted.cells if cell.cell_type == "markdown"]
    for cell in prose:
        cell.source = " ".join(cell.source.split())  # a line may end between any two words
    assert any(truth in cell.source for cell in prose), "it has changed: choose other words"
    for cell in prose:
        cell.source = cell.source.replace(truth, falsehood)
    found = breaches(planted)
    assert found and all("does not say" in breach for breach in found)


def test_falsehoods_are_planted_into_every_notebook():
    notebooks = {path.stem for path in FOLDER.glob("*.ipynb")}
    assert {notebook for notebook, *_ in FALSEHOODS} == notebooks and len(FALSEHOODS) >= 15
