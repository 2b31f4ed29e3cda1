from pathlib import Path

import keras
import keras_tuner
import pytest

from helpers.bank import BankError
from helpers.search import trials_table

TUNERS = {
    "grid": (keras_tuner.GridSearch, {"max_trials": 10}),
    "random": (keras_tuner.RandomSearch, {"max_trials": 10}),
    "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": 6, "num_initial_points": 4}),
    "Hyperband": (keras_tuner.Hyperband, {"max_epochs": 9, "factor": 3}),
}


@pytest.mark.parametrize("name", TUNERS)
def test_every_score_is_the_best_recorded_epoch(bank, name):
    tuner_class, how = TUNERS[name]
    tuner = bank.tuner(tuner_class, seed=1, **how)
    tuner.search()
    trials = tuner.replayed()
    assert isinstance(tuner, tuner_class)
    assert len(trials) == len(tuner.oracle.trials) > 5
    for number, trial in trials.iterrows():
        oracles_own = tuner.oracle.trials[f"{number:0{len(str(how.get('max_trials')))}d}"]
        values = oracles_own.hyperparameters.values
        first, last = values.get("tuner/initial_epoch", 0), values.get("tuner/epochs", 9)
        curve = bank.curve({name: values[name] for name in bank.space}, int(trial["seed"]))
        assert trial["score"] == oracles_own.score == curve["val_acc"][first:last].max()
        assert trial["epochs"] == last - first
        assert trial["seconds"] == 2.0 * trial["epochs"]


@pytest.mark.parametrize("name", TUNERS)
def test_the_same_seed_gives_the_same_search(bank, name):
    tuner_class, how = TUNERS[name]

    def search(seed):
        tuner = bank.tuner(tuner_class, seed=seed, **how)
        tuner.search()
        return tuner.replayed()

    assert search(1).equals(search(1))
    assert not search(1).equals(search(2))


def test_nothing_is_trained_or_printed(bank, monkeypatch, capsys):
    monkeypatch.setattr(keras.Model, "fit", None)
    monkeypatch.setattr(keras.Sequential, "__init__", None)
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=3)
    tuner.search()
    assert len(tuner.replayed()) == 3 and capsys.readouterr().out == ""


def test_hyperband_goes_on_with_the_training_that_it_took_over(bank):
    tuner = bank.tuner(keras_tuner.Hyperband, seed=1, max_epochs=9, factor=3)
    tuner.search()
    trials, oracle = tuner.replayed(), tuner.oracle
    taken_over = 0
    for number, trial in trials.iterrows():
        values = oracle.trials[f"{number:04d}"].hyperparameters.values
        if earlier := values.get("tuner/trial_id"):
            taken_over += 1
            assert trial["seed"] == trials.loc[int(earlier), "seed"]
            assert trial["epochs"] == values["tuner/epochs"] - values["tuner/initial_epoch"]
    assert taken_over > 3
    # KerasTuner's brackets for 9 epochs and factor 3: (number, epochs trained) of each round.
    rounds = [(9, 1), (3, 2), (1, 6), (5, 3), (2, 6), (3, 9)]
    assert trials["epochs"].sum() == sum(number * epochs for number, epochs in rounds)


def test_a_search_can_take_fewer_epochs(bank):
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=5)
    tuner.search(epochs=2)
    trials = tuner.replayed()
    assert (trials["epochs"] == 2).all()
    first = trials.iloc[0]
    curve = bank.curve(first[list(bank.space)], int(first["seed"]))
    assert first["score"] == curve["val_acc"][:2].max()


def test_a_loss_is_minimised(bank):
    tuner = bank.tuner(keras_tuner.GridSearch, seed=1, objective="val_loss")
    tuner.search()
    trials = tuner.replayed()
    (best,) = tuner.oracle.get_best_trials(1)
    assert len(trials) == 30 and best.score == trials["score"].min()
    row = trials.loc[int(best.trial_id)]
    assert row["score"] == bank.curve(row[list(bank.space)], int(row["seed"]))["val_loss"].min()


def test_a_part_of_the_space_can_be_searched(bank):
    hp = keras_tuner.HyperParameters()
    hp.Fixed("learning_rate", 1e-3)
    hp.Int("num_hidden", min_value=50, max_value=100, step=50)
    tuner = bank.tuner(keras_tuner.GridSearch, seed=1, hyperparameters=hp)
    tuner.search()
    assert list(tuner.replayed()["num_hidden"]) == [50, 100]


def test_the_table_of_trials_knows_such_a_search(bank):
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=4)
    tuner.search()
    assert list(trials_table(tuner)["score"]) == list(tuner.replayed()["score"])


def test_a_search_leaves_no_files_behind(bank, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "files"))
    (tmp_path / "files").mkdir()
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=2)
    tuner.search()
    assert list((tmp_path / "files").iterdir())
    del tuner
    assert not list((tmp_path / "files").iterdir())


def test_an_unrecorded_configuration_ends_a_search_at_once(bank):
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=9)
    # As an oracle of one's own might, whatever the space says.
    wild = {"status": "RUNNING", "values": {"num_hidden": 75, "learning_rate": 1e-3}}
    tuner.oracle.populate_space = lambda trial_id: wild
    with pytest.raises(BankError, match="does not hold num_hidden=75"):
        tuner.search()


def space(**choices):
    hp = keras_tuner.HyperParameters()
    for name, values in choices.items():
        hp.Choice(name, values)
    return hp


def with_any_rate():
    hp = space(num_hidden=[50])
    hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
    return hp


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        (space(num_hidden=[50], learning_rate=[1e-3], units=[1]), "has units, which the bank"),
        (space(num_hidden=[50]), "lacks learning_rate"),
        (
            space(num_hidden=[50, 75], learning_rate=[1e-3]),
            r"num_hidden in \[50, .*\], but .* 75",
        ),
        (with_any_rate(), "learning_rate in .* any number"),
    ],
)
def test_a_space_that_is_not_the_banks_is_refused(bank, hyperparameters, message):
    with pytest.raises(BankError, match=message):
        bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=1, hyperparameters=hyperparameters)


@pytest.mark.parametrize("seed", [0, -1])
def test_a_seed_that_kerastuner_would_ignore_is_refused(bank, seed):
    with pytest.raises(BankError, match="must be at least 1"):
        bank.tuner(keras_tuner.RandomSearch, seed=seed, max_trials=1)


def test_an_unknown_objective_is_refused(bank):
    with pytest.raises(BankError, match="has no 'val_accuracy'. Use one of: .*val_acc"):
        bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=1, objective="val_accuracy")


@pytest.mark.parametrize("epochs", [0, 10])
def test_epochs_that_were_not_recorded_are_refused(bank, epochs):
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=1)
    with pytest.raises(BankError, match="must be from 1 to 9"):
        tuner.search(epochs=epochs)


def test_a_hyperband_that_trains_longer_than_was_recorded_is_refused(bank):
    tuner = bank.tuner(keras_tuner.Hyperband, seed=1, max_epochs=27, factor=3)
    with pytest.raises(BankError, match="max_epochs=9 or less"):
        tuner.search()


def test_a_tuner_that_cannot_be_made_leaves_no_folder_behind(bank, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="nonsense"):
        bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=1, nonsense=True)
    assert not list(tmp_path.glob("bank-*"))


def test_a_trial_reports_every_metric_of_its_best_epoch(bank):
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=6)
    tuner.search()
    trials = tuner.replayed()
    assert trials.index.name == "trial" and set(trials["seed"]) == {1, 2}
    for number, row in trials.iterrows():
        curve = bank.curve(row[list(bank.space)], int(row["seed"]))
        best = curve["val_acc"].argmax()
        metrics = tuner.oracle.trials[str(number)].metrics
        for name in ("loss", "acc", "val_loss", "val_acc"):
            assert metrics.get_best_value(name) == curve[name][best]


@pytest.mark.parametrize("epochs", [1, 9])
def test_a_search_may_take_one_epoch_or_all_that_were_recorded(bank, epochs):
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=1)
    tuner.search(epochs=epochs)
    assert list(tuner.replayed()["epochs"]) == [epochs]


def test_a_space_may_hold_numbers_with_a_step(bank):
    hp = keras_tuner.HyperParameters()
    hp.Float("num_hidden", min_value=100.0, max_value=200.0, step=100.0)
    hp.Fixed("learning_rate", 1e-3)
    tuner = bank.tuner(keras_tuner.GridSearch, seed=1, hyperparameters=hp)
    tuner.search()
    assert list(tuner.replayed()["num_hidden"]) == [100, 200]


RATES = "1e-05, 0.0001, 0.001, 0.01, 0.1, 1.0"


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"seed": 0}, "seed=0 must be at least 1: KerasTuner takes 0 for no seed."),
        (
            {"objective": "val_accuracy"},
            "The bank has no 'val_accuracy'. Use one of: loss, acc, val_loss, val_acc.",
        ),
        (
            {"hyperparameters": space(num_hidden=[50], units=[1], depth=[1])},
            "The space has depth, units, which the bank did not vary. Take it out, and use only: "
            "num_hidden, learning_rate.",
        ),
        (
            {"hyperparameters": keras_tuner.HyperParameters()},
            "The space lacks num_hidden, learning_rate. Add it, with hp.Fixed(name, value) if it "
            "is not to be tuned.",
        ),
        (
            {"hyperparameters": with_any_rate()},
            f"The bank holds learning_rate in [{RATES}], but the space asks for any number too. "
            "Use hp.Choice with values that it holds.",
        ),
        (
            {"hyperparameters": space(num_hidden=[50], learning_rate=[1e-3, 2.0, 3.0])},
            f"The bank holds learning_rate in [{RATES}], but the space asks for 2.0, 3.0 too. "
            "Use hp.Choice with values that it holds.",
        ),
    ],
)
def test_what_the_bank_cannot_answer_is_refused_in_one_clear_sentence(bank, how, message):
    with pytest.raises(BankError) as caught:
        bank.tuner(keras_tuner.RandomSearch, max_trials=1, **{"seed": 1, **how})
    assert str(caught.value) == message


def test_epochs_that_were_not_recorded_are_named(bank):
    with pytest.raises(BankError) as caught:
        bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=1).search(epochs=10)
    assert str(caught.value) == "epochs=10 must be from 1 to 9."
    with pytest.raises(BankError) as caught:
        bank.tuner(keras_tuner.Hyperband, seed=1, max_epochs=27, factor=3).search()
    assert str(caught.value).endswith("epochs, but the bank holds 9. Give it max_epochs=9 or less.")


def test_a_replayed_search_spends_no_time_on_files(bank):
    tuner = bank.tuner(keras_tuner.RandomSearch, seed=1, max_trials=2)
    before = sorted(Path(tuner.project_dir).rglob("*"))
    tuner.search()
    assert len(tuner.oracle.trials) == 2
    assert sorted(Path(tuner.project_dir).rglob("*")) == before
