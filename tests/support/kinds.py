"""The kinds of searches that people write, one small example of each.

Each function takes `where` (the tuner's `directory` and `project_name`) and returns a tuner and the
arguments of its `search`, by position and by name. Made from what guides, tutorials, books and
public repositories do: written anew, and so small that a trial trains for a few hundredths of a
second. All are sound: nothing is to be found wrong with them before they run.
"""

import keras
import keras_tuner
import numpy as np
import pandas as pd
from keras import layers
from keras_tuner import Objective

from tests.support.backends import EAGERLY, tf

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(60, 6)).astype("float32")
TEXTS = RNG.integers(0, 30, (60, 3))
CLASSES = (RNG.random(60) < 0.3).astype(int)
NUMBERS = RNG.normal(size=60)
TRAINING, VALIDATION = slice(0, 40), slice(40, 60)
# Enough of them to tell accuracies apart.
IMAGES, DIGITS = RNG.random((1000, 4, 4, 1)), np.eye(3)[RNG.integers(0, 3, 1000)]


def compiled(model, loss="mse", optimizer="sgd", metrics=()):
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics), run_eagerly=EAGERLY)
    return model


def regressor(hp, metrics=()):
    width = hp.Int("units", 4, 16, step=4)
    return compiled(
        keras.Sequential([layers.Dense(width, "relu"), layers.Dense(1)]), metrics=metrics
    )


def regression():
    data = {"x": FEATURES[TRAINING], "y": NUMBERS[TRAINING], "batch_size": 40}
    return data | {"validation_data": (FEATURES[VALIDATION], NUMBERS[VALIDATION])}


def several_executions(where):
    def build(hp):
        model = keras.Sequential([layers.Flatten()])
        for i in range(hp.Int("layers", 1, 2)):
            model.add(layers.Dense(hp.Int(f"units_{i}", 4, 8, step=4), hp.Choice("f", ["relu"])))
        if hp.Boolean("dropout"):
            model.add(layers.Dropout(0.25))
        model.add(layers.Dense(3, "softmax"))
        rate = hp.Float("rate", 1e-4, 1e-2, sampling="log")
        sgd = keras.optimizers.SGD(rate)
        return compiled(model, "categorical_crossentropy", sgd, ["accuracy"])

    tuner = keras_tuner.RandomSearch(
        build, "val_accuracy", max_trials=3, executions_per_trial=2, seed=7, **where
    )
    how = {"validation_data": (IMAGES[200:], DIGITS[200:]), "batch_size": 800}
    return tuner, (IMAGES[:200], DIGITS[:200]), how


def two_objectives(where):
    def build(hp):
        inputs = keras.Input((6,))
        x = inputs
        for i in range(hp.Int("layers", 0, 2)):
            x = layers.Dense(hp.Choice(f"units_{i}", [2, 4]), "relu")(x)
        acid, lime = layers.Dense(1, name="acid")(x), layers.Dense(1, name="lime")(x)
        model = keras.Model(inputs, {"acid": acid, "lime": lime})
        model.compile(
            keras.optimizers.SGD(hp.Choice("rate", [1e-2, 1e-3])),
            loss={"acid": "mse", "lime": "mse"},
            metrics={"acid": ["mae"], "lime": ["mae"]},
            run_eagerly=EAGERLY,
        )
        return model

    def targets(part):
        return {"acid": NUMBERS[part], "lime": NUMBERS[part] ** 2}

    objective = [Objective("val_acid_mae", "min"), Objective("val_lime_mae", "min")]
    tuner = keras_tuner.RandomSearch(build, objective, max_trials=2, seed=7, **where)
    validation = FEATURES[VALIDATION], targets(VALIDATION)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=9, restore_best_weights=True)
    how = {"validation_data": validation, "batch_size": 40, "callbacks": [stop]}
    return tuner, (), {"x": FEATURES[TRAINING], "y": targets(TRAINING), **how}


def own_metric(where):
    @keras.saving.register_keras_serializable("kinds")
    class Worst(keras.metrics.Metric):
        def __init__(self, name="worst", **kwargs):
            super().__init__(name=name, **kwargs)
            self.value = self.add_weight(name="value", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            distance = keras.ops.max(keras.ops.abs(y_pred - keras.ops.cast(y_true, y_pred.dtype)))
            self.value.assign(keras.ops.maximum(self.value, distance))

        def result(self):
            return keras.ops.convert_to_tensor(self.value)

    tuner = keras_tuner.RandomSearch(
        lambda hp: regressor(hp, [Worst()]),
        Objective("val_worst", "min"),
        max_trials=2,
        seed=7,
        **where,
    )
    return tuner, (), regression()


def sequences_with_class_weights(where):
    def f1(y_true, y_pred):
        y_true, y_pred = keras.ops.cast(y_true, "float32"), keras.ops.round(y_pred)
        hits = keras.ops.sum(y_true * y_pred)
        return 2 * hits / (keras.ops.sum(y_true) + keras.ops.sum(y_pred) + 1e-7)

    def build(hp):
        model = keras.Sequential([layers.Embedding(30, 4)])
        model.add(layers.LSTM(hp.Int("units", 2, 4), return_sequences=True))
        model.add(layers.BatchNormalization())
        model.add(layers.GlobalMaxPool1D())
        model.add(layers.Dropout(hp.Choice("dropout", [0.3, 0.5])))
        model.add(layers.Dense(1, "sigmoid"))
        return compiled(model, "binary_crossentropy", metrics=[f1])

    tuner = keras_tuner.Hyperband(
        build, Objective("val_f1", "max"), max_epochs=2, factor=2, seed=7, **where
    )
    watching = {"monitor": "val_f1", "mode": "max"}
    callbacks = [
        keras.callbacks.EarlyStopping(patience=3, **watching),
        keras.callbacks.ReduceLROnPlateau(patience=2, **watching),
    ]
    how = {"validation_data": (TEXTS[VALIDATION], CLASSES[VALIDATION]), "batch_size": 40}
    how |= {"class_weight": {0: 1.0, 1: 2.5}, "callbacks": callbacks}
    return tuner, (TEXTS[TRAINING], CLASSES[TRAINING]), how


class TunedTraining(keras_tuner.HyperModel):
    def build(self, hp):
        return regressor(hp)

    def fit(self, hp, model, x, y, **kwargs):
        if hp.Boolean("normalize"):
            x = (x - x.mean(axis=0)) / x.std(axis=0)
        kwargs["batch_size"] = hp.Choice("batch_size", [20, 40])
        return model.fit(x, y, shuffle=hp.Boolean("shuffle"), **kwargs)


def tuned_training(where):
    tuner = keras_tuner.RandomSearch(TunedTraining(), "val_loss", max_trials=2, seed=7, **where)
    return tuner, (), regression()


class Judged(keras_tuner.HyperModel):
    """Judges its model itself, and returns no history; `result` is a number or a dictionary."""

    def __init__(self, as_dictionary):
        super().__init__()
        self.as_dictionary = as_dictionary

    def build(self, hp):
        return regressor(hp)

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        model.fit(x, y, **kwargs)
        inputs, targets = validation_data
        error = float(np.abs(np.ravel(model(inputs)) - targets).mean())
        return {"quality": -error, "error": error} if self.as_dictionary else error


def number_returned(where):
    return (
        keras_tuner.RandomSearch(Judged(False), max_trials=2, seed=7, **where),
        (),
        regression(),
    )


def dictionary_returned(where):
    objective = Objective("quality", "max")
    tuner = keras_tuner.RandomSearch(Judged(True), objective, max_trials=2, seed=7, **where)
    return tuner, (), regression()


class Parabola(keras_tuner.RandomSearch):
    def run_trial(self, trial, *args, **kwargs):
        x = trial.hyperparameters.Float("x", -1.0, 1.0)
        return x * x + 1


def any_function(where):
    return Parabola(max_trials=5, seed=7, **where), (), {}


class OwnLoop(keras_tuner.Tuner):
    def run_trial(self, trial, data):
        hp = trial.hyperparameters
        data = data.batch(hp.Int("batch_size", 20, 40, step=20))
        model = self.hypermodel.build(hp)
        for epoch in range(2):
            self.on_epoch_begin(trial, model, epoch, logs={})
            for step, batch in enumerate(data):
                self.on_batch_begin(trial, model, step, logs={})
                loss = float(model.train_on_batch(*batch))
                self.on_batch_end(trial, model, step, logs={"loss": loss})
            self.on_epoch_end(trial, model, epoch, logs={"loss": loss})
        return loss


def own_loop(where):
    oracle = keras_tuner.oracles.RandomSearchOracle(Objective("loss", "min"), max_trials=3, seed=7)
    data = tf.data.Dataset.from_tensor_slices((FEATURES[TRAINING], NUMBERS[TRAINING]))
    return OwnLoop(oracle=oracle, hypermodel=regressor, **where), (data,), {}


class TunedBatches(keras_tuner.BayesianOptimization):
    def run_trial(self, trial, *args, **kwargs):
        kwargs["batch_size"] = trial.hyperparameters.Int("batch_size", 10, 40)
        return super().run_trial(trial, *args, **kwargs)


def tuned_batch_size(where):
    tuner = TunedBatches(regressor, "val_loss", max_trials=2, seed=7, **where)
    return tuner, (), regression()


def grid_with_conditions(where):
    def build(hp):
        model = keras.Sequential()
        kind = hp.Choice("kind", ["deep", "flat"])
        with hp.conditional_scope("kind", ["deep"]):
            if kind == "deep":
                model.add(layers.Dense(hp.Choice("units", [2, 4]), "relu"))
        model.add(layers.Dense(1))
        return compiled(model)

    return keras_tuner.GridSearch(build, "val_loss", seed=7, **where), (), regression()


def estimators_on_a_data_frame(where):
    # Imported late: it takes a second.
    from sklearn import linear_model, neighbors

    def build(hp):
        kind = hp.Choice("kind", ["ridge", "neighbours"])
        if kind == "ridge":
            with hp.conditional_scope("kind", "ridge"):
                return linear_model.RidgeClassifier(hp.Float("alpha", 1e-3, 1, sampling="log"))
        with hp.conditional_scope("kind", "neighbours"):
            return neighbors.KNeighborsClassifier(hp.Int("count", 1, 9))

    oracle = keras_tuner.oracles.BayesianOptimizationOracle(
        Objective("score", "max"), max_trials=4, seed=7
    )
    data = pd.DataFrame(FEATURES), CLASSES
    return keras_tuner.SklearnTuner(oracle, build, **where), data, {}


def batches_with_class_weights(where):
    def build(hp):
        model = keras.Sequential([keras.Input((6,)), layers.Dense(hp.Int("units", 2, 8), "relu")])
        model.add(layers.Dense(1, "sigmoid"))
        adam = keras.optimizers.Adam(hp.Float("rate", 1e-4, 1e-2, sampling="log"))
        return compiled(model, "binary_crossentropy", adam, [keras.metrics.AUC(name="auc")])

    def data(part):
        pairs = FEATURES[part], CLASSES[part, None]
        return tf.data.Dataset.from_tensor_slices(pairs).batch(40).prefetch(1)

    tuner = keras_tuner.RandomSearch(
        build, Objective("val_auc", "max"), max_trials=2, seed=7, **where
    )
    how = {"validation_data": data(VALIDATION), "shuffle": False, "class_weight": {0: 1.0, 1: 2.5}}
    return tuner, (data(TRAINING),), how


class Windows(keras.utils.PyDataset):
    """Batches of three steps of a series, and the step after them."""

    def __init__(self, series, **kwargs):
        super().__init__(**kwargs)
        self.series = series

    def __len__(self):
        return 2

    def __getitem__(self, index):
        starts = np.arange(20 * index, 20 * index + 20)
        steps = self.series[starts[:, None] + np.arange(3)]
        return steps[..., None], self.series[starts + 3]


def windows_of_a_series(where):
    def build(hp):
        model = keras.Sequential([keras.Input((3, 1)), layers.GRU(hp.Int("units", 2, 4))])
        model.add(layers.Dense(1))
        return compiled(model, metrics=["mean_absolute_error"])

    objective = Objective("val_mean_absolute_error", "min")
    tuner = keras_tuner.RandomSearch(build, objective, max_trials=2, seed=7, **where)
    validation = RNG.normal(size=(20, 3, 1)), RNG.normal(size=20)
    how = {"validation_data": validation, "batch_size": None, "validation_batch_size": 20}
    return tuner, (Windows(NUMBERS),), how


def two_data_frames(where):
    def build(hp):
        codes, measures = keras.Input((3,)), keras.Input((6,))
        x = layers.Flatten()(layers.Embedding(30, hp.Int("width", 2, 4))(codes))
        x = layers.Dropout(hp.Float("dropout", 0.0, 0.5, step=0.25))(x)
        x = layers.Concatenate()([x, measures])
        outputs = layers.Dense(2, "softmax")(x)
        model = keras.Model([codes, measures], outputs)
        return compiled(model, "categorical_crossentropy", "rmsprop")

    def inputs(part):
        return [pd.DataFrame(TEXTS[part]), pd.DataFrame(FEATURES[part])]

    targets = pd.get_dummies(pd.Series(CLASSES))
    tuner = keras_tuner.BayesianOptimization(build, "val_loss", max_trials=2, seed=7, **where)
    validation = inputs(VALIDATION), targets.iloc[VALIDATION]
    return (
        tuner,
        (inputs(TRAINING), targets.iloc[TRAINING]),
        {
            "validation_data": validation,
            "batch_size": 40,
        },
    )


def inputs_by_name(where):
    def build(hp):
        past, now = keras.Input((3, 1), name="past"), keras.Input((6,), name="now")
        x = layers.LSTM(hp.Int("units", 2, 4))(past)
        outputs = layers.Dense(1)(layers.Concatenate()([x, now]))
        return compiled(keras.Model({"past": past, "now": now}, outputs))

    tuner = keras_tuner.RandomSearch(build, "val_loss", max_trials=2, seed=7, **where)
    inputs = {"past": TEXTS[..., None] / 30, "now": FEATURES}
    return tuner, (inputs, NUMBERS), {"validation_split": 0.25, "batch_size": 45}


def subclassed_model(where):
    class Network(keras.Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.hidden, self.out = layers.Dense(units, "relu"), layers.Dense(1)

        def call(self, inputs):
            return self.out(self.hidden(inputs))

    def build(hp):
        return compiled(Network(hp.Int("units", 2, 8)))

    tuner = keras_tuner.RandomSearch(build, "val_loss", max_trials=2, seed=7, **where)
    return tuner, (), regression()


def endless_generator(where):
    def batches(part):
        while True:
            yield FEATURES[part], NUMBERS[part, None]

    tuner = keras_tuner.RandomSearch(regressor, "val_loss", max_trials=2, seed=7, **where)
    how = {"validation_data": batches(VALIDATION), "validation_steps": 1}
    return tuner, (batches(TRAINING),), {**how, "steps_per_epoch": 1, "epochs": 2, "shuffle": False}


def refused_configurations(where):
    def build(hp):
        if hp.Int("units", 4, 16, step=4) * hp.Int("depth", 1, 3) > 36:
            raise keras_tuner.errors.FailedTrialError("too large")
        return regressor(hp)

    how = {"max_retries_per_trial": 1, "max_consecutive_failed_trials": 9}
    tuner = keras_tuner.RandomSearch(build, "val_loss", max_trials=4, seed=7, **how, **where)
    return tuner, (), regression()


def tailored_space(where):
    def build(hp):
        if hp.Boolean("dropout"):
            raise AssertionError("this hyperparameter is not tuned")
        sgd = keras.optimizers.SGD(hp.Choice("rate", [1e-2, 1e-3]))
        model = keras.Sequential([layers.Dense(hp.Int("units", 4, 16, step=4)), layers.Dense(1)])
        return compiled(model, "mae", sgd)

    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-2, sampling="log")
    hp.Fixed("units", 8)
    tuner = keras_tuner.RandomSearch(
        build,
        "val_loss",
        max_trials=2,
        hyperparameters=hp,
        tune_new_entries=False,
        seed=7,
        **where,
    )
    return tuner, (), regression()


KINDS = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        several_executions,
        two_objectives,
        own_metric,
        sequences_with_class_weights,
        tuned_training,
        number_returned,
        dictionary_returned,
        any_function,
        own_loop,
        tuned_batch_size,
        grid_with_conditions,
        estimators_on_a_data_frame,
        batches_with_class_weights,
        windows_of_a_series,
        two_data_frames,
        inputs_by_name,
        subclassed_model,
        endless_generator,
        refused_configurations,
        tailored_space,
    )
}


NEED_TENSORFLOW = {"own loop", "batches with class weights"}  # for its data sets


def make(kind, folder, project="project"):
    """Makes a tuner of that kind; returns it and the arguments of its `search`."""
    return KINDS[kind]({"directory": folder, "project_name": project})


def search(tuner, arguments, options):
    """Searches in silence, unless the tuner knows no `verbose`."""
    verbose = {} if isinstance(tuner, OwnLoop | keras_tuner.SklearnTuner) else {"verbose": 0}
    tuner.search(*arguments, **options, **verbose)
