"""Trainings that die where a test wants them to, and whose results can be compared."""

import keras
import keras_tuner
import numpy as np

from helpers.search import learning_curves, protect, trials_table, watch
from tests.support.backends import EAGERLY
from tests.support.crashes import Died

X = np.random.default_rng(0).normal(size=(48, 4)).astype("float32")
Y = np.eye(2)[np.arange(48) % 2]
EPOCHS = 4


def build(hp):
    # So that it does not matter what was trained before.
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(hp.Int("units", 2, 9)), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    optimizer = keras.optimizers.SGD(0.02, momentum=0.9)
    model.compile(optimizer, loss="categorical_crossentropy", run_eagerly=EAGERLY)
    return model


class Diary(keras.callbacks.Callback):
    """Notes each epoch that is trained, and dies where it is told to.

    Its list is shared by the copies that KerasTuner makes.
    """

    def __init__(self, dies_at=None, error=Died):
        super().__init__()
        self.epochs, self.dies_at, self.error = [], dies_at, error

    def __deepcopy__(self, memo):
        copied = Diary(self.dies_at, self.error)
        copied.epochs = self.epochs
        return copied

    def on_epoch_begin(self, epoch, logs=None):
        if len(self.epochs) == self.dies_at:
            raise self.error
        self.epochs.append(epoch + 1)


def make(folder, project="project", tuner_class=keras_tuner.RandomSearch, builder=build, **how):
    """Returns a tuner of one trial that is watched and protected, with a backup at each epoch."""
    options = how.pop("protect", {})
    if tuner_class is keras_tuner.RandomSearch or "max_trials" in how:
        how = {"max_trials": 1, **how}
    where = {"directory": folder, "project_name": project, "seed": 3}
    tuner = tuner_class(builder, objective="val_loss", **where, **how)
    protect(tuner, **{"backup_every": 0, **options})
    watch(tuner)
    return tuner


def search(tuner, *callbacks, epochs=EPOCHS, **how):
    data = {"validation_data": (X, Y), "batch_size": 48, "shuffle": False, "verbose": 0}
    tuner.search(X, Y, epochs=epochs, callbacks=list(callbacks), **data, **how)


def outcome(folder, project):
    """Returns what two searches have to agree in: trials, scores, steps, curves and weights."""
    table = trials_table(folder / project).drop(columns="seconds")
    curves = learning_curves(folder / project).drop(columns="seconds")
    trials = []
    for file in sorted((folder / project).glob("trial_*/trial.json")):
        trial = keras_tuner.engine.trial.Trial.load(str(file))
        model = build(trial.hyperparameters)
        model.optimizer.build(model.trainable_variables)
        model.load_weights(file.with_name("checkpoint.weights.h5"))
        weights = [one.numpy().tolist() for one in (*model.variables, *model.optimizer.variables)]
        trials.append((trial.trial_id, trial.score, trial.best_step, weights))
    return table.to_dict(), curves.to_dict(), trials
