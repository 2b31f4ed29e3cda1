"""The curves that exercise B of notebook 05 draws show what its self-check says of them."""

import numpy as np

from tests.support.notebook_cells import run_cells


def test_the_given_curves_are_what_the_checks_say_of_them():
    given = run_cells("05_retrain_best_model", "plot_losses(given)", np=np)["given"]
    late = {
        (panel, name): float(np.polyfit(range(8), loss[-8:], 1)[0])
        for panel, losses in given.items()
        for name, loss in losses.items()
    }
    assert late["A", "loss"] < -0.02 and late["A", "val_loss"] > 0.02
    assert abs(late["B", "loss"]) < 0.002 and given["B"]["loss"][-1] > 1.7
    assert late["C", "loss"] < -0.01 and late["C", "val_loss"] < -0.01
