"""What each notebook promises is practised in it."""

import itertools
import re

import nbformat
import pytest

from tests.support.notebook_cells import FOLDER

# Where each item of "You will" is practised: an exercise, or words of a cell that the reader runs.
PRACTISED = {
    "01_draw_values": {
        "try values by hand": "Exercise E",
        "tell a parameter from a hyperparameter": "Exercise A",
        "declare a hyperparameter": "Exercise B",
        "say what a name stands for": "Exercise C",
        "make one hyperparameter depend": "Exercise D",
    },
    "02_look_at_cifar10": {
        "load the images": "load_cifar10()",
        "view them by class": "Exercise A",
        "say what it costs in memory": "Exercise B",
        "turn labels into one-hot vectors": "Exercise C",
        "split off a validation set by hand": "Exercise D",
    },
    "03_build_model": {
        "read a model's `summary()`": "without_input.summary()",
        "count parameters by hand": "Exercise A",
        "turn a fixed Keras model": "Exercise B",
        "check a model's input": "Exercise C",
        "find the mistakes": "Exercise D",
    },
    "04_search_at_random": {
        "name the searches that KerasTuner offers": "answer_d = {",
        "configure `RandomSearch` for a search of your own": "def answer_b",
        "read the summary, the table and the pictures": "def answer_c",
        "take the best models out": "searched, searched.get_best_models()[0]",
        "say what a handful of trials cannot": "answer_a = ...",
    },
    "05_retrain_best_model": {
        "get the best hyperparameters out": "model = build_model(best_hps[0])",
        "train it in full, and read its curves": "answer_b = {",
        "judge it on the test set, once": "result = test_set.evaluate(model)",
        "see which classes it confuses": "def answer_a",
        "save it, and load it again in another process": "def answer_c",
        "decide what to do next": "answer_b = {",
    },
    "06_design_space": {
        "write a `HyperModel` that tunes the batch size": "class TunedMLP(keras_tuner.HyperModel)",
        "choose between a linear and a logarithmic scale": "Exercise A",
        "use conditions": "Exercise C",
        "read parallel coordinates and importances": "Exercise B",
        "check whether the best point lies at the edge": "found_gains = gains(worth, bank.space)",
    },
    "07_compare_strategies": {
        "explain how each strategy spends its trials": "once = {strategy: search(",
        "repeat a search with independent seeds": "np.random.SeedSequence(7).generate_state(RUNS)",
        "compare strategies at equal budgets": "Exercise B",
        "judge a winner by trainings": "worths = {key: worths_of_winners(*key)",
        "work out how many random trials are enough": "Exercise A",
        "place Optuna and other methods beside KerasTuner": "def search_with_optuna(",
    },
    "08_trust_winner": {
        "measure the noise of a score": "seed_sd, freedom = ",
        "feel the winner's curse": "Exercise C",
        "measure what it costs to select on the test set": "def selection_cost(",
        "compare four things": "def paired(",
        "decide by a rule": "Exercise A",
    },
    "09_tune_convnet": {
        "compute a convolution by hand": "def convolve(image, kernel)",
        "write a builder": "Exercise C",
        "count what a Hyperband search will cost": "Exercise B",
        "decide what to do when the winner lies at the edge": "at_edge.append(",
        "choose an honest opponent": "best_mlp = two_seeds.idxmax()",
        "look at the mistakes that are left": "result.predictions != result.labels",
        "build the network for mixed precision": "mixed = built_under(",
    },
    "10_run_for_hours": {
        "run a search as a script": "running.kill()\nrunning.wait()",
        "stop hopeless trainings early": "search_at_night(keep_checkpoints=1)",
        "say what KerasTuner does": "Exercise B",
        "spread one search over several processes": "cluster.run(script, workers=2",
        "go through a checklist": "report = preflight.check(",
    },
    "11_repair_searches": {
        "predict from a few lines of code": "Exercise 11",
        "run a broken search": "table = run(*patient_3())",
        "repair it, and let a self-check": "Exercise 1:",
        "let `helpers.preflight.check` look": "Exercise 12",
    },
}


def cells(notebook):
    return nbformat.read(FOLDER / f"{notebook}.ipynb", as_version=4).cells


def test_all_notebooks_are_listed():
    assert set(PRACTISED) == {path.stem for path in FOLDER.glob("*.ipynb")}


@pytest.mark.parametrize("notebook", PRACTISED)
def test_every_item_of_you_will_is_practised(notebook):
    first = "\n\n".join(
        cell.source
        for cell in itertools.takewhile(lambda cell: cell.cell_type == "markdown", cells(notebook))
    )
    items = re.findall(r"^- (.*?)[;.]$", first, re.MULTILINE | re.DOTALL)
    rows = PRACTISED[notebook]
    assert len(items) == len(rows)
    for item, (beginning, where) in zip(items, rows.items(), strict=True):
        assert item.startswith(beginning)
        kind = "markdown" if where.startswith("Exercise ") else "code"
        sources = [cell.source for cell in cells(notebook) if cell.cell_type == kind]
        assert any(where in source for source in sources), f"nothing practises: {item}"
