import keras_tuner
import numpy as np
import pytest

from helpers.bank import RECORDINGS, load_bank
from helpers.models import build_mlp

RECORDING = RECORDINGS["cifar10_mlp"]
SPACE, SEEDS, EPOCHS = RECORDING.space, RECORDING.seeds, RECORDING.epochs
FILE, COLUMNS = RECORDING.file, list(RECORDING.columns)


@pytest.fixture(scope="module")
def course_bank():
    return load_bank()


def test_the_bank_holds_all_of_the_documented_space(course_bank):
    assert course_bank.space == SPACE
    assert (course_bank.seeds, course_bank.epochs) == (SEEDS, EPOCHS)
    rows = int(np.prod([len(values) for values in SPACE.values()])) * len(SEEDS) * EPOCHS
    assert len(course_bank.table) == rows
    assert list(course_bank.table) == COLUMNS
    assert rows // EPOCHS // len(SEEDS) >= 200


def test_the_bank_was_trained_for_real(course_bank):
    assert course_bank.provenance["images_sha256"]
    assert course_bank.table["val_acc"].between(0, 1).all()
    assert (course_bank.table["seconds"] > 0).all()
    best = course_bank.table.groupby([*SPACE, "seed"])["val_acc"].max()
    # No two trainings are alike, not even of the same configuration; but networks that a rate
    # too large has killed at once all answer the same.
    curves = course_bank.table.pivot_table("val_loss", [*SPACE, "seed"], "epoch")
    alive = curves[best > 0.15]
    assert not alive.duplicated().any() and len(alive) > 0.8 * len(curves)
    assert {rate for *_, rate, _, _ in curves.index.difference(alive.index)} <= {3e-3, 1e-2}
    assert 0.4 < best.max() < 0.6


def test_the_parameters_are_those_of_the_model(course_bank):
    values = {"num_hidden": 100, "num_layers": 3, "dropout": 0.2, "learning_rate": 1e-3}
    hp = keras_tuner.HyperParameters()
    for name, value in values.items():
        hp.Fixed(name, value)
    recorded = course_bank.table.query("num_hidden == 100 and num_layers == 3")["parameters"]
    assert set(recorded) == {build_mlp(hp).count_params()}


def test_the_bank_is_small_enough_for_git():
    assert FILE.stat().st_size <= 10_000_000


def test_the_page_of_the_bank_names_its_versions_and_columns(course_bank):
    page = (FILE.parent / "README.md").read_text(encoding="utf-8")
    for name, version in course_bank.provenance["versions"].items():
        assert f"{name} {version}" in page.replace("Keras", "keras").replace("JAX", "jax")
    assert course_bank.provenance["images_sha256"] in page
    assert f"{len(course_bank.table):,} rows" in page
    for column in COLUMNS:
        assert f"`{column}`" in page
