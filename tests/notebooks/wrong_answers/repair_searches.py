"""Notebook 11: wrong answers to its exercises, each with words of the sentence that refuses it."""

from functools import cache, partial
from typing import Any

from tests.support.notebook_cells import run_cells

NOTEBOOK = "11_repair_searches"
BEFORE = (
    "def small(images)",
    "gc.freeze()",
    "def make_mlp(",
    "def project(name)",
    "def run(tuner, data)",
    "def handed_in(",
    "class TunedBatch(",
    "def trained_batches(",
    "def patient_4()",
    "def patient_5()",
    "def patient_6()",
    "def patient_7()",
    "def patient_8()",
    "def models_of(",
    "def patient_9()",
    "def solution_9()",
    "def patient_10()",
    "def distinct(",
    "def score_and_truth(",
)


@cache
def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them."""
    import keras_tuner

    from helpers.preflight import check

    known = {"check_9": lambda repaired: None, "Answer1": keras_tuner.HyperModel, "check": check}
    return run_cells(NOTEBOOK, *BEFORE, **known)


class Cells:
    """The names of the notebook's cells, looked up when an answer is asked for."""

    def __getattr__(self, name: str) -> Any:
        return names()[name]


N = Cells()


def searching(build, *, tuner="RandomSearch", data=None, objective="val_acc", **how):
    """Returns an answer: a tuner of this space, and its data."""
    how = {"max_trials": 2, "seed": 1, **how}

    def answer():
        made = getattr(N.keras_tuner, tuner)(build, objective, **how, **N.project("answer"))
        return made, (data() if data else N.data)

    return answer


def only_the_tuner(answer):
    return lambda: answer()[0]


def width(low=16, high=64, step=8):
    return lambda hp: N.make_mlp([hp.Int("num_hidden", low, high, step=step)])


def chosen(*widths):
    return lambda hp: N.make_mlp([hp.Choice("num_hidden", list(widths))])


# Exercise 1
def hypermodel(sizes=(512, 1024), *, passed_on=True, returned=True, tuned=True):
    """Returns a function for the self-check: it makes the class when it is asked for."""

    class Answer:
        def build(self, hp):
            return N.build_model(hp) if tuned else N.make_mlp([32])

        def fit(self, hp, model, *args, **kwargs):
            size = hp.Choice("batch_size", list(sizes)) if sizes else 512
            if passed_on:
                kwargs["batch_size"] = size
            history = model.fit(*args, **kwargs)
            return history if returned else None

    return Answer


class Lazy:
    """A class of KerasTuner's that is derived only when a self-check looks at it."""

    def __init__(self, **how):
        self.base = hypermodel(**how)

    def __getattr__(self, name):
        return getattr(self.made(), name)

    def __call__(self):
        return self.made()()

    def made(self):
        return type("Answer", (self.base, N.keras_tuner.HyperModel), {})


# Exercise 4
def images(keep_images, keep_labels=None):
    def data():
        import numpy as np

        _, damaged = N.patient_4()
        x, y = damaged["x"], damaged["y"]
        x = np.nan_to_num(x) if keep_images is None else np.delete(x, keep_images, axis=0)
        labels = keep_images if keep_labels is None else keep_labels
        return damaged | {"x": x, "y": y if labels is None else np.delete(y, labels, axis=0)}

    return searching(N_build, data=data, max_trials=3)


def N_build(hp):
    return N.build_model(hp)


# Exercise 5
def hyperband(epochs=None, **how):
    def data():
        return N.data if epochs is None else N.data | {"epochs": epochs}

    def answer():
        how_ = {"max_epochs": 3, "factor": 4, "seed": 1, **how}
        made = N.keras_tuner.Hyperband(N_build, "val_acc", **how_, **N.project("answer"))
        return made, data()

    return answer


# Exercise 6
def rate(hp, low=1e-4, high=1e-2):
    return N.make_mlp([32], rate=hp.Float("rate", low, high, sampling="log"))


# Exercise 7
def today(widest=256, *, trials=3, yesterday=True, **how):
    def answer():
        if yesterday:
            N.run(N.width_search(64, max_trials=1, overwrite=True), N.data)
        return N.width_search(widest, max_trials=trials, **how), N.data

    return answer


# Exercise 8
def layers(names, bounds=((32, 64, 16), (4, 12, 4)), fixed=()):
    def build(hp):
        widths = [
            low if name in fixed else hp.Int(name, low, high, step=step)
            for name, (low, high, step) in zip(names, bounds, strict=False)
        ]
        return N.make_mlp(widths)

    return searching(build)


# Exercise 9
def learning(rate_of, use=lambda drawn: {"rate": drawn}, **how):
    def build(hp):
        return N.make_mlp([hp.Int("num_hidden", 16, 64, step=8)], **use(rate_of(hp)))

    return searching(build, **how)


def drawn_rate(hp):
    return hp.Float("rate", min_value=1e-4, max_value=1e-1, sampling="log")


# Exercise 10
def compared(**changes):
    def answer():
        tuner, given = N.patient_10()
        return tuner, given | {name: get() for name, get in changes.items()}

    return answer


# Exercise 11
def last(sampling="log", validation=None):
    def build(hp):
        return N.make_mlp([32], rate=hp.Float("rate", 1e-5, 1e-1, sampling=sampling))

    def data():
        return N.data | ({"validation_data": validation()} if validation else {})

    return searching(build, data=data)


# Exercise 12
def effect(*facts, differ=True):
    def answer(build, name, low, high):
        seen = []
        for value in (low, high):
            hp = N.keras_tuner.HyperParameters()
            hp.Fixed(name, value)
            seen.append([fact(build(hp)) for fact in facts])
        return (seen[0] != seen[1]) == differ

    return answer


def parameters(model):
    return model.count_params()


def learning_rate(model):
    return float(model.optimizer.learning_rate)


TWO_THINGS = "Return two things, the tuner and its data"

WRONG = {
    "1": [
        (Lazy(sizes=()), "does not tune the batch size any more"),
        (Lazy(returned=False), "A trial did not finish"),
        (Lazy(passed_on=False), "For 512 and 1024 it trains with batches of [1024, 1024]"),
        (Lazy(tuned=False), "does not tune the width any more"),
    ],
    "2": [
        (searching(N_build, objective="val_accuracy"), "is its objective reported?"),
        (searching(N_build, max_trials=5), "There are 5 trials instead of two"),
        (searching(N_build, objective="acc"), "by the accuracy on the validation images"),
        (only_the_tuner(searching(N_build)), TWO_THINGS),
    ],
    "3": [
        (searching(chosen(16, 64), max_trials=10), "It asks for 10 trials, and runs 2"),
        (searching(width(), max_trials=2), "Run at least three trials"),
        (searching(width(16, 128), max_trials=3), "The smallest width should be 16"),
        (searching(width(32, 64), max_trials=3), "The smallest width should be 16"),
    ],
    "4": [
        (lambda: N.patient_4(), "There is still a NaN among the pixels"),
        (images(None), "Leave out the damaged image, and only that one"),
        (images(slice(0, 8)), "Leave out the damaged image, and only that one"),
        (images(7, 0), "Leave out the label of the damaged image, too"),
    ],
    "5": [
        (hyperband(epochs=3), "The `epochs` of search have no effect here"),
        (hyperband(max_epochs=2), "The longest trial has 2 epochs"),
        (searching(N_build), "Stay with Hyperband"),
    ],
    "6": [
        (searching(rate, max_trials=1, seed=None), "Two runs still draw different rates"),
        (searching(rate, max_trials=1, seed=0), "Two runs still draw different rates"),
        (searching(rate), "One trial is enough here"),
        (searching(partial(rate, low=1e-3), max_trials=1), "still be drawn from 1e-4 to 1e-2"),
        (
            searching(lambda hp: N.make_mlp([32], rate=hp.Fixed("rate", 1e-3)), max_trials=1),
            "still be drawn from 1e-4 to 1e-2",
        ),
    ],
    "7": [
        (today(), "KerasTuner knows of widths up to [64]"),
        (today(128, overwrite=True), "KerasTuner knows of widths up to [128]"),
        (today(trials=1, overwrite=True), "No trial is wider than yesterday's"),
        (only_the_tuner(today(overwrite=True)), TWO_THINGS),
    ],
    "8": [
        (lambda: N.patient_8(), "There are layers of 32, 32"),
        (layers(["a", "b"], ((4, 12, 4), (32, 64, 16))), "There are layers of 4, "),
        (layers(["a", "b"], fixed=["b"]), "There should be two hyperparameters"),
        (layers(["a"]), "The model should keep both hidden layers"),
    ],
    "9": [
        (lambda: N.patient_9(), "trains with another rate than it drew"),
        (learning(drawn_rate, lambda drawn: {"rate": drawn / 10}), "another rate than it drew"),
        (learning(lambda hp: hp.Fixed("rate", 1e-3)), "at least two trials that draw their rates"),
        (learning(drawn_rate, max_trials=1), "at least two trials that draw their rates"),
        (learning(lambda hp: 1e-2), "Keep the rate among the hyperparameters"),
    ],
    "10": [
        (lambda: N.patient_10(), "The trials are trained on images that compare them"),
        (
            compared(
                x=lambda: N.x_train,
                y=lambda: N.y_train,
                validation_data=lambda: (N.x_val, N.y_val),
            ),
            "Train on the copies of the hundred images, and on no others",
        ),
        (
            compared(validation_data=lambda: (N.x_test[:1000], N.y_test[:1000])),
            "Leave the test images alone here, too",
        ),
    ],
    "11": [
        (last("linear"), "A range over decades is sampled linearly"),
        (last(validation=lambda: (N.x_test, N.y_test)), "The trials are compared on test data"),
        (
            last(validation=lambda: (N.x_val[:100], N.y_val[:100])),
            "The validation set is too small",
        ),
        (searching(lambda hp: N.make_mlp([hp.Int("n", 16, 64)])), "Keep tuning the rate"),
    ],
    "12": [
        (effect(differ=False), "Patient 9 does not use its rate"),
        (effect(), "But patient 9 uses its num_hidden"),
        (effect(learning_rate), "But patient 9 uses its num_hidden"),
        (effect(parameters), "The repaired patient 9 uses its rate"),
    ],
}

RIGHT = {
    "1": [Lazy()],
    "2": [searching(N_build, tuner="BayesianOptimization")],
    "3": [searching(chosen(16, 32, 64), max_trials=3, tuner="GridSearch", seed=1)],
    "4": [images(7)],
    "5": [hyperband(factor=3)],
    "6": [searching(rate, max_trials=1, seed=7)],
    "7": [today(yesterday=False, overwrite=True)],
    "8": [layers(["wide", "narrow"])],
    "9": [learning(lambda hp: hp.Choice("rate", [1e-4, 1e-3, 1e-2]), seed=3)],
    "10": [compared(validation_data=lambda: (N.x_train[100:], N.y_train[100:]))],
    "11": [searching(partial(rate, low=1e-5, high=1e-1), max_trials=3)],
    "12": [
        effect(
            parameters, learning_rate, lambda model: model.optimizer.get_config()["learning_rate"]
        )
    ],
}
