"""Beat the tuner: pick configurations by hand and compete with random search."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from helpers import display
from helpers.bank.table import Bank
from helpers.plots import plot_game

WIDGET = "application/vnd.jupyter.widget-view+json"


class BeatTheTuner:
    """A game: find a better configuration than random search, in as many trials.

    As the value of a notebook cell, it shows a menu for each hyperparameter, a button, and the
    best score so far next to random search's. Where there are no widgets, because ipywidgets is
    not installed or nobody is watching (under pytest, or on a page that shows the notebook), it
    shows only the figure, and `play` does what the button would do.

    Args:
        bank: Where the scores come from. Each belongs to the first recorded seed, so that the
            same configuration always gives the same score.
        rival: Random search's best score so far, as the median of many searches: one value
            per trial, shape (trials,). Its length is the number of trials in the game.

    Attributes:
        scores: The score of each trial played so far.

    Raises:
        ValueError: The rival has no trials.
    """

    def __init__(self, bank: Bank, rival: Sequence[float]) -> None:
        """Begins a game; the arguments are described above."""
        if not len(rival):
            raise ValueError("The rival needs at least one trial.")
        self._bank = bank
        self._rival = np.asarray(rival, float)
        self.scores: list[float] = []

    def play(self, **values: float) -> Figure:
        """Plays one trial and returns the updated figure.

        Args:
            **values: A recorded value for each hyperparameter, by name.

        Raises:
            BankError: The bank does not hold this configuration.
            ValueError: All trials have been played.
        """
        if len(self.scores) == len(self._rival):
            raise ValueError("All trials have been played. Make a new game.")
        self.scores.append(float(self._bank.curve(values, self._bank.seeds[0])["val_acc"].max()))
        return self.figure()

    def figure(self) -> Figure:
        """Returns the state of the game as a figure."""
        return plot_game(self.scores, self._rival.tolist())

    def verdict(self) -> str:
        """Returns who is ahead, in one sentence."""
        played = len(self.scores)
        if not played:
            return f"{len(self._rival)} trials to play."
        mine, rivals = max(self.scores), self._rival[played - 1]
        who = "You are ahead" if mine > rivals else "Random search is ahead"
        left = len(self._rival) - played
        return f"{who}: {mine:.4f} against {rivals:.4f}. " + (
            f"{left} to play." if left else "The game is over."
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, object]:
        """Shows the game as widgets, with a figure for places that have none."""
        bundle: dict[str, object] = {"text/plain": self.verdict(), "image/png": _png(self.figure())}
        widgets = self._widgets()
        return bundle if widgets is None else {**widgets._repr_mimebundle_(), **bundle}

    def _widgets(self) -> Any:
        if display.watcher() != "notebook":
            return None
        try:
            import ipywidgets
        except ImportError:
            return None
        menus = {
            name: ipywidgets.ToggleButtons(
                options=[(f"{value:g}", value) for value in values],
                description=name,
                style={"description_width": "110px", "button_width": "auto"},
            )
            for name, values in self._bank.space.items()
        }
        button = ipywidgets.Button(description="Train", button_style="primary", icon="play")
        sentence = ipywidgets.Label(self.verdict())
        picture = ipywidgets.Image(value=_png(self.figure()), format="png", width=680)

        def train(_: object) -> None:
            figure = self.play(**{name: menu.value for name, menu in menus.items()})
            picture.value, sentence.value = _png(figure), self.verdict()
            button.disabled = len(self.scores) == len(self._rival)

        button.on_click(train)
        return ipywidgets.VBox([*menus.values(), ipywidgets.HBox([button, sentence]), picture])


def _png(figure: Figure) -> bytes:
    """Draws a figure at the resolution of Jupyter's own inline figures."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()
