import base64
import os
import re
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
    game.play(num_hidden=50, learning_rate=1e-3)
    game.play(num_hidden=50, learning_rate=1e-2)
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


class Shown:
    """The widgets of a game, by what they are for."""

    def __init__(self, game):
        self.box = game._widgets()
        self.controls, self.picture = self.box.children
        *self.menus, buttons, self.sentence = self.controls.children
        self.train, self.again = buttons.children

    @property
    def says(self):
        return re.sub("<[^>]*>", "", self.sentence.value)

    def choose(self, *values):
        for menu, value in zip(self.menus, values, strict=True):
            menu.value = value

    def play(self, *values):
        self.choose(*values)
        self.train.click()


@pytest.fixture
def shown(game, monkeypatch):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setitem(sys.modules, "ipykernel", ipykernel)
    assert WIDGET in game._repr_mimebundle_()
    return Shown(game)


def test_the_button_plays_what_the_menus_say(game, shown):
    before = shown.picture.value
    rates = (1e-4, 1e-3, 1e-2)
    for trial, rate in enumerate(rates, start=1):
        assert not shown.train.disabled
        shown.play(200, rate)
        assert len(game.scores) == trial and shown.says == game.verdict()
    assert shown.train.disabled and shown.picture.value != before
    played = [{"num_hidden": 200, "learning_rate": rate} for rate in rates]
    assert game.scores == [game._bank.curve(one, 1)["val_acc"].max() for one in played]


def test_a_configuration_that_was_played_uses_up_no_trial_and_the_figure_says_so(game):
    values = {"num_hidden": 100, "learning_rate": 1e-3}
    game.play(num_hidden=50, learning_rate=1e-3)
    assert game.play(**values).axes[0].get_title() == ""
    scores = list(game.scores)
    figure = game.play(**values)
    note = f"You trained this one in trial 2: {scores[1]:.4f}. That uses up no trial."
    assert figure.axes[0].get_title() == note
    assert game.scores == scores and game.verdict().endswith("1 to play.")
    # However its values are written, and in whatever order.
    game.play(learning_rate=0.001, num_hidden=100.0)
    assert game.scores == scores


def test_the_button_says_that_a_configuration_was_played(game, shown):
    shown.play(100, 1e-3)
    shown.train.click()
    assert len(game.scores) == 1 and not shown.train.disabled
    assert shown.says.startswith("You trained this one in trial 1: ")
    assert shown.says.endswith(game.verdict())
    shown.play(200, 1e-3)
    assert shown.says == game.verdict()


def test_a_new_game_begins_with_the_same_networks_and_another_seed(game, bank):
    values = {"num_hidden": 100, "learning_rate": 1e-3}
    scores = {seed: bank.curve(values, seed)["val_acc"].max() for seed in bank.seeds}
    assert scores[1] != scores[2]
    for seed in (1, 2, 1):
        assert game.scores == [] and game.verdict() == "3 trials to play."
        game.play(**values)
        assert game.scores == [scores[seed]]
        game.play_again()


def test_a_game_can_be_played_again_once_it_is_over(game, shown):
    before = shown.picture.value
    for rate in (1e-4, 1e-3, 1e-2):
        assert not game.is_over and shown.again.layout.visibility == "hidden"
        shown.play(200, rate)
    assert game.is_over and shown.again.layout.visibility == "visible"
    shown.again.click()
    assert not shown.train.disabled and shown.again.layout.visibility == "hidden"
    assert shown.says.endswith("another seed. 3 trials to play.")
    assert shown.picture.value == before
    shown.train.click()
    assert game.scores == [
        game._bank.curve({"num_hidden": 200, "learning_rate": 1e-2}, 2)["val_acc"].max()
    ]


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


def test_the_menus_offer_every_recorded_value_under_the_name_of_its_hyperparameter(game, shown):
    width, rate = shown.menus
    assert (width.description, rate.description) == ("num_hidden", "learning_rate")
    assert width.options == (("50", 50), ("100", 100), ("200", 200), ("400", 400), ("600", 600))
    assert rate.options[0] == ("1e-05", 1e-5)
    button, again = shown.train, shown.again
    assert (button.description, button.button_style, button.icon) == ("Train", "primary", "play")
    assert (again.description, again.icon) == ("Play again", "refresh")
    assert shown.says == "3 trials to play."
    assert game._repr_mimebundle_()["text/plain"] == "3 trials to play."


def test_the_widgets_fit_a_small_screen(shown):
    def width(widget):
        return int(widget.layout.width.removesuffix("px"))

    # A screen of 1366 pixels leaves about 900 to an output in JupyterLab, beside its side bar.
    assert width(shown.controls) + width(shown.picture) < 850
    assert all(width(one) < width(shown.controls) for one in [*shown.menus, shown.sentence])
    assert shown.box.layout.align_items == "flex-start", "a long sentence stretches no picture"
    assert shown.box.layout.flex_flow == "row wrap" and shown.picture.layout.max_width == "100%"
    # At the resolution of Jupyter's own figures: 8 by 3.8 inches, 100 dots each.
    assert shown.picture.format == "png"
    wide, high = struct.unpack(">II", shown.picture.value[16:24])
    assert (wide, high) == (800, 380)
