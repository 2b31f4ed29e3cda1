from helpers.bank import RECORDINGS, Recording

SMALL = Recording("small", "digits", {"a": (1, 2), "b": (0.5,)}, (1,), epochs=2, tests=False)


def test_a_recording_holds_every_combination_of_its_space():
    assert SMALL.all_values() == [{"a": 1, "b": 0.5}, {"a": 2, "b": 0.5}]
    assert len(RECORDINGS["cifar10_mlp"].all_values()) == 420


def test_a_recording_may_hold_chosen_configurations_only():
    deep = RECORDINGS["cifar10_mlp_deep"]
    assert deep.all_values()[0] == {
        "num_hidden": 400,
        "num_layers": 3,
        "dropout": 0.0,
        "learning_rate": 0.0003,
        "batch_size": 128,
    }
    assert len(deep.all_values()) == 30
    assert all(values in RECORDINGS["cifar10_mlp"].all_values() for values in deep.all_values())


def test_a_recording_has_a_file_and_columns_for_what_it_measures():
    assert SMALL.file.parts[-2:] == ("bank", "small.csv.gz")
    assert SMALL.columns == (
        *("a", "b", "seed", "epoch", "loss", "acc", "val_loss", "val_acc", "seconds", "parameters"),
    )
    assert RECORDINGS["digits_mlp"].metrics[-2:] == ("test_loss", "test_acc")
    assert {name: one.name for name, one in RECORDINGS.items()} == {n: n for n in RECORDINGS}
