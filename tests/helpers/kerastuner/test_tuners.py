import keras
import keras_tuner

from helpers import kerastuner


def build(hp):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(hp.Int("units", 1, 4))])
    model.compile("sgd", "mse")
    return model


def test_a_tuner_builds_what_a_trial_would_train_with_its_own_loss(tmp_path):
    tuner = keras_tuner.RandomSearch(build, "loss", max_trials=1, loss="mae", directory=tmp_path)
    hp = keras_tuner.HyperParameters()
    hp.values["units"] = 3
    model = kerastuner.build_model(tuner, hp)
    assert model.output_shape == (None, 3) and model.loss == "mae"
    assert [one.name for one in hp.space] == ["units"]


def test_a_tuner_of_another_kind_builds_what_its_hypermodel_builds(tmp_path):
    objective = keras_tuner.Objective("score", "max")
    oracle = keras_tuner.oracles.RandomSearchOracle(objective, max_trials=1)
    tuner = keras_tuner.engine.base_tuner.BaseTuner(
        oracle, lambda hp: f"{hp.Choice('kind', ['tree', 'forest'])}!", directory=tmp_path
    )
    assert kerastuner.build_model(tuner, keras_tuner.HyperParameters()) == "tree!"
