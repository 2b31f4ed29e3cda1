import base64
import os
import struct
import sys

import ipykernel
import nbformat
import pytest

from helpers.bank import BankError, BeatTheTuner
from helpers.bank.game import WIDGET
from tests.support.figures import line
from tools.notebooks import execute

RIVAL = [0.5, 0.9, 2.0]


@pytest.fixture
def game(bank):
    return BeatTheTuner(bank, RIVAL)


def test_a_trial_scores_what_the_bank_holds(game, bank):
    values = {"num_hidden": 100, "learning_rate": 1e-3}
    figure = game.play(**values)
    assert game.scores == [bank.curve(values, 1)["val_acc"].max()]
    assert list(line(figure.axes[0], "you, each trial").get_ydata()) == game.scores
    assert list(line(figure.axes[0], "random search, median").get_ydata()) == RIVAL


def test_the_best_so_far_never_falls(game):
    for rate in (1e-5, 1e-4, 1e-3):
        figure = game.play(num_hidden=50, learning_rate=rate)
    best = line(figure.axes[0], "you, best so far").get_ydata()
    assert list(best) == [max(game.scores[: i + 1]) for i in range(3)]


def test_the_verdict_says_who_is_ahead_and_when_the_game_is_over(game):
    assert game.verdict() == "3 trials to play."
    game.play(num_hidden=50, learning_rate=1e-4)
    assert game.verdict().startswith("You are ahead: ") and game.verdict().endswith("2 to play.")
    game.play(num_hidden=50, learning_rate=1e-4)
    game.play(num_hidden=50, learning_rate=1e-4)
    assert game.verdict().startswith("Random search is ahead: ")
    assert game.verdict().endswith("The game is over.")
    with pytest.raises(ValueError, match="Make a new game"):
        game.play(num_hidden=50, learning_rate=1e-4)


def test_a_configuration_that_is_not_in_the_bank_costs_no_trial(game):
    with pytest.raises(BankError, match="num_hidden=51"):
        game.play(num_hidden=51, learning_rate=1e-4)
    assert game.scores == []


def test_a_game_without_trials_is_refused(bank):
    with pytest.raises(ValueError, match="at least one trial"):
        BeatTheTuner(bank, [])


def test_where_nobody_watches_a_figure_stands_in(game):
    bundle = game._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png"}
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_without_ipywidgets_a_figure_stands_in(game, monkeypatch):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setitem(sys.modules, "ipykernel", ipykernel)
    assert set(game._repr_mimebundle_()) == {"text/plain", "image/png"}


def test_the_button_plays_what_the_menus_say(game, monkeypatch):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setitem(sys.modules, "ipykernel", ipykernel)
    box = game._widgets()
    width, rate, row, picture = box.children
    button, says = row.children
    assert WIDGET in game._repr_mimebundle_()
    width.value, rate.value = 200, 1e-2
    before = picture.value
    for trial in (1, 2, 3):
        assert not button.disabled
        button.click()
        assert len(game.scores) == trial
    assert button.disabled and says.value == game.verdict() and picture.value != before
    score = game._bank.curve({"num_hidden": 200, "learning_rate": 1e-2}, 1)["val_acc"].max()
    assert set(game.scores) == {score}


@pytest.mark.kernel
def test_a_committed_notebook_keeps_the_figure_and_no_buttons(tmp_path, bank):
    source = (
        "from helpers import BeatTheTuner, load_bank\n"
        f"BeatTheTuner(load_bank({str(tmp_path / 'bank.csv.gz')!r}), [0.5])"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    watched = {name: value for name, value in os.environ.items() if name != "PYTEST_VERSION"}
    execute(notebook, tmp_path, watched)
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"text/plain", "image/png"}
    assert base64.b64decode(output.data["image/png"]).startswith(b"\x89PNG")
    assert "widgets" not in notebook.metadata


def test_the_verdict_compares_the_best_with_the_rival_after_as_many_trials(bank):
    game = BeatTheTuner(bank, [0.5, 0.9])
    game.scores = [0.75]
    assert game.verdict() == "You are ahead: 0.7500 against 0.5000. 1 to play."
    game.scores = [0.75, 0.25]
    assert game.verdict() == "Random search is ahead: 0.7500 against 0.9000. The game is over."
    with pytest.raises(ValueError) as caught:
        game.play(num_hidden=50, learning_rate=1e-4)
    assert str(caught.value) == "All trials have been played. Make a new game."
    game.scores = [0.5]
    assert game.verdict().startswith("Random search is ahead"), "a draw is no lead"
    with pytest.raises(ValueError) as caught:
        BeatTheTuner(bank, [])
    assert str(caught.value) == "The rival needs at least one trial."


def test_the_menus_offer_every_recorded_value_under_the_name_of_its_hyperparameter(
    game, monkeypatch
):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setitem(sys.modules, "ipykernel", ipykernel)
    width, rate, row, picture = game._widgets().children
    assert (width.description, rate.description) == ("num_hidden", "learning_rate")
    assert width.options == (("50", 50), ("100", 100), ("200", 200), ("400", 400), ("600", 600))
    assert rate.options[0] == ("1e-05", 1e-5)
    assert width.style.description_width == "110px" and width.style.button_width == "auto"
    button, sentence = row.children
    assert (button.description, button.button_style, button.icon) == ("Train", "primary", "play")
    assert sentence.value == "3 trials to play."
    assert picture.format == "png" and picture.width == "680"
    # At the resolution of Jupyter's own figures: 8 by 3.8 inches, 100 dots each.
    wide, high = struct.unpack(">II", picture.value[16:24])
    assert (wide, high) == (800, 380)
    assert game._repr_mimebundle_()["text/plain"] == "3 trials to play."
