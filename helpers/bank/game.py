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
# The widget's own lines are as far apart as menus are.
SENTENCE = '<p style="line-height: 1.4">{}</p>'


class BeatTheTuner:
    """A game: find a better configuration than random search, in as many trials.

    As the value of a notebook cell, it shows a menu for each hyperparameter, a button, and the
    best score so far next to random search's. Where there are no widgets, because ipywidgets is
    not installed or nobody is watching (under pytest, or on a page that shows the notebook), it
    shows only the figure, and `play` does what the button would do.

    Args:
        bank: Where the scores come from. In one game, all of them belong to the same recorded
            seed, so that the same configuration always gives the same score. The first game is
            played with the first seed, and each new one with the next.
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
        self._games = 0
        self._trials: dict[tuple[float, ...], int] = {}  # the number of each configuration's trial
        self.scores: list[float] = []

    def play(self, **values: float) -> Figure:
        """Plays one trial and returns the updated figure.

        A configuration that was played before uses up no trial; the title of the figure says so.

        Args:
            **values: A recorded value for each hyperparameter, by name.

        Raises:
            BankError: The bank does not hold this configuration.
            ValueError: All trials have been played.
        """
        note = self._train(values)
        figure = self.figure()
        figure.axes[0].set_title(note)
        return figure

    def play_again(self) -> None:
        """Begins a new game, in which the networks were trained with the next recorded seed.

        So what was learned in the last game is of use, but its best score may have been luck.
        """
        self._games += 1
        self._trials.clear()
        self.scores = []

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

    @property
    def is_over(self) -> bool:
        """Whether all trials have been played."""
        return len(self.scores) == len(self._rival)

    def _train(self, values: dict[str, float]) -> str:
        """Plays one trial, and returns a sentence if the configuration was played before."""
        if self.is_over:
            raise ValueError("All trials have been played. Make a new game.")
        seed = self._bank.seeds[self._games % len(self._bank.seeds)]
        score = float(self._bank.curve(values, seed)["val_acc"].max())
        configuration = tuple(values[name] for name in self._bank.space)
        if trial := self._trials.get(configuration):
            return f"You trained this one in trial {trial}: {score:.4f}. That uses up no trial."
        self.scores.append(score)
        self._trials[configuration] = len(self.scores)
        return ""

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
            name: ipywidgets.Dropdown(
                options=[(f"{value:g}", value) for value in values],
                description=name,
                layout={"width": "240px"},
                style={"description_width": "110px"},
            )
            for name, values in self._bank.space.items()
        }
        button = ipywidgets.Button(description="Train", button_style="primary", icon="play")
        again = ipywidgets.Button(description="Play again", icon="refresh")
        sentence = ipywidgets.HTML(layout={"width": "240px"})
        picture = ipywidgets.Image(format="png", layout={"width": "560px", "max_width": "100%"})

        def show(note: str = "") -> None:
            picture.value = _png(self.figure())
            sentence.value = SENTENCE.format(f"{note} {self.verdict()}".strip())
            button.disabled = self.is_over
            again.layout.visibility = "visible" if self.is_over else "hidden"

        def train(_: object) -> None:
            show(self._train({name: menu.value for name, menu in menus.items()}))

        def restart(_: object) -> None:
            self.play_again()
            show("A new game: the same networks, trained with another seed.")

        button.on_click(train)
        again.on_click(restart)
        show()
        controls = ipywidgets.VBox(
            [*menus.values(), ipywidgets.HBox([button, again]), sentence],
            layout={"width": "270px"},
        )
        # Side by side, or one below the other where the page is narrow; neither is stretched.
        layout = {"flex_flow": "row wrap", "align_items": "flex-start"}
        return ipywidgets.Box([controls, picture], layout=layout)


def _png(figure: Figure) -> bytes:
    """Draws a figure at the resolution of Jupyter's own inline figures."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()
