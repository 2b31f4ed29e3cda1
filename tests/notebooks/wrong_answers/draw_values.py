"""Notebook 01: wrong answers to its exercises, each with words of the sentence that refuses it."""

from typing import Any

from tests.support.notebook_cells import run_cells

NOTEBOOK = "01_draw_values"


def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.Int("units_2", min_value=32, max_value=512, step=32)
    return run_cells(NOTEBOOK, "def draw(hp", keras_tuner=keras_tuner, hp=hp)


DECISIONS = ("bias", "layers", "momentum", "flips", "weights", "stop")
KINDS = ("parameter", "model", "training", "data", "parameter", "training")


def sort(**wrong):
    return {**dict(zip(DECISIONS, KINDS, strict=True)), **wrong}


def declare(
    num_hidden=lambda hp: hp.Int("num_hidden", 50, 1000, step=50),
    learning_rate=lambda hp: hp.Float("learning_rate", 1e-4, 1e-1, sampling="log"),
    dropout=lambda hp: hp.Choice("dropout", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
    batch_size=lambda hp: hp.Int("batch_size", 16, 256, step=2, sampling="log"),
):
    def space(hp):
        for one in (num_hidden, learning_rate, dropout, batch_size):
            one(hp)
        return hp.values

    return space


def rate(condition, default=None, low=0.1):
    def space(hp):
        hp.Boolean("use_dropout")
        with hp.conditional_scope("use_dropout", condition):
            return hp.Float("rate", low, 0.5, default=default)

    return space


def tune(log_of):
    """Returns a tuner: what it makes of the widths that it should draw."""

    def search(hp, score, trials):
        widths = [hp.space[0].random_sample(seed) for seed in range(1, trials + 1)]
        return log_of(widths, score)

    return search


def pairs(widths, score):
    return sorted([(w, score(w)) for w in widths], key=lambda pair: pair[1], reverse=True)


def widths(name, count=3):
    return lambda hp: [hp.Int(name.format(i=i), 32, 512, step=32) for i in range(count)]


WRONG = {
    "a": [
        (sort(bias="model"), "bias: training finds it"),
        (sort(layers="parameter"), "layers: somebody decides it beforehand"),
        (sort(momentum="parameter"), "momentum: somebody decides it beforehand"),
        (sort(momentum="model"), "momentum is a decision about the training, not the model"),
        (sort(flips="training"), "flips is a decision about the data, not the training"),
        (sort(stop="model"), "stop is a decision about the training, not the model"),
    ],
    "b": [
        (declare(num_hidden=lambda hp: hp.Int("num_hidden", 50, 1000)), "num_hidden should draw"),
        (declare(num_hidden=lambda hp: hp.Int("units", 50, 1000, step=50)), "but draws None"),
        (declare(learning_rate=lambda hp: hp.Float("learning_rate", 1e-4, 1e-1)), "sampling?"),
        (
            declare(dropout=lambda hp: hp.Float("dropout", 0.0, 0.5, step=0.1)),
            "0.3, 0.4, 0.5], but draws [0.0, 0.1, 0.2, 0.3, 0.4]",
        ),
        (
            declare(batch_size=lambda hp: hp.Int("batch_size", 16, 256, step=16)),
            "batch_size should draw [16, 32, 64, 128, 256], but draws [16, 32, 48,",
        ),
        (declare(batch_size=lambda hp: hp.Choice("batch_size", [16, 32, 64])), "batch_size should"),
    ],
    "c": [
        (widths("units"), "One name is one decision"),
        (widths("width_{i}"), "Build the names with {i}"),
        (lambda hp: widths("units_{i}")(hp)[0], "Return a list of three widths"),
        (widths("units_{i}", count=2), "Build the names with {i}"),
        (lambda hp: sorted(widths("units_{i}")(hp), reverse=True), "you return [256, 128, 64]"),
    ],
    "d": [
        (lambda hp: hp.Boolean("use_dropout"), "With dropout the rate starts at 0.1"),
        (rate([True], low=0.0), "With dropout the rate starts at 0.1"),
        (rate([True], default=0.5), "With dropout the rate starts at 0.1, but you return 0.5"),
        (rate([False]), "With dropout the rate starts at 0.1, but you return None"),
        (rate([True, False]), "Without dropout there is no rate"),
        (lambda hp: hp.Float("rate", 0.1, 0.5), "Without dropout there is no rate"),
    ],
    "e": [
        (tune(lambda widths, score: pairs(widths, score)[0]), "The log has a pair for each trial"),
        (tune(lambda widths, score: pairs(widths[:1] * 8, score)), "Score each draw once"),
        (tune(lambda widths, score: pairs(widths[1:], score)), "Score each draw once"),
        (
            tune(lambda widths, score: [(w, score(w)) for w in sorted(widths, key=score)]),
            "Score each draw once",
        ),
        (tune(lambda widths, score: pairs(widths, score)[::-1]), "The highest score comes first"),
        (tune(lambda widths, score: sorted((w, score(w)) for w in widths)), "highest score"),
    ],
}

RIGHT = {
    "a": [sort()],
    "b": [
        declare(),
        declare(
            dropout=lambda hp: hp.Float("dropout", 0.0, 0.55, step=0.1),
            batch_size=lambda hp: hp.Choice("batch_size", [16, 32, 64, 128, 256]),
        ),
    ],
    "c": [widths("units_{i}")],
    "d": [rate([True])],
    "e": [tune(pairs)],
}
