from pathlib import Path

import keras
import keras_tuner
import pytest
from keras_tuner.engine.trial import Trial

from helpers import files
from helpers.search.room import MARGIN, check_room_for_checkpoints, checkpoint_bytes
from tests.support.crashes import build, make, training


def test_an_epoch_begins_with_room_for_its_checkpoint_and_for_little_more(tmp_path, monkeypatch):
    tuner, asked, begun = training(tmp_path), [], []
    monkeypatch.setattr(files, "check_room", lambda folder, size: asked.append((folder, size)))
    tuner.on_epoch_begin = lambda trial, model, epoch, logs=None: begun.append((epoch, logs))
    check_room_for_checkpoints(tuner)
    hp = keras_tuner.HyperParameters()
    model, trial = build(hp), Trial(hp, "7")
    model.optimizer.build(model.trainable_variables)
    folder = Path(tuner.get_trial_dir("7"))

    tuner.on_epoch_begin(trial, model, 0)
    checkpoint = folder / "checkpoint.weights.h5"
    model.save_weights(checkpoint)
    tuner.on_epoch_begin(trial, model, 1, logs={})
    (where, first), (_, second) = asked
    assert where == folder and begun == [(0, None), (1, {})]
    assert checkpoint.stat().st_size <= first <= checkpoint.stat().st_size + MARGIN
    assert second == MARGIN, "the checkpoint is written over"


def test_a_model_that_is_not_compiled_has_weights_only():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert checkpoint_bytes(model) == 4 * (3 * 2 + 2)


def test_an_epoch_without_room_does_not_begin(tmp_path, monkeypatch):
    def check_room(folder, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "check_room", check_room)
    tuner = training(tmp_path)
    check_room_for_checkpoints(tuner)
    hp = keras_tuner.HyperParameters()
    with pytest.raises(OSError, match="No space left"):
        tuner.on_epoch_begin(Trial(hp, "7"), build(hp), 0)


def test_a_tuner_that_trains_no_keras_model_is_left_alone(tmp_path):
    class Plain(keras_tuner.engine.base_tuner.BaseTuner):
        def run_trial(self, trial, **unused):
            return 1.0

    oracle = make(tmp_path).oracle
    tuner = Plain(oracle, directory=tmp_path, project_name="plain")
    check_room_for_checkpoints(tuner)
    assert not hasattr(tuner, "on_epoch_begin")
