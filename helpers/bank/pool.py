"""`python -m helpers.bank.pool FOLDER`: pools the searches of a whole class."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from helpers.bank.class_study import Pool, collect
from helpers.bank.handed_in import PoolError
from helpers.plots import plot_class


def describe(pool: Pool) -> str:
    """Returns, as text, what a class wants to know about its searches."""
    one, bests = pool.searches[0], np.array([search.best for search in pool.searches])
    count, trials = len(bests), one.study.trials
    lines = [
        f"{count} searches of {trials} trials each ({one.study.strategy}, {one.study.objective}).",
        f"Their best scores: {bests.min():.4f} to {bests.max():.4f}, median "
        f"{np.median(bests):.4f}, standard deviation {bests.std(ddof=1):.4f}.",
        "",
        "Best of k trials: the median of the class, and the middle eight in ten",
    ]
    so_far = pool.best_so_far()
    for k in sorted({*(2**power for power in range(trials.bit_length())), trials}):
        known = so_far[np.isfinite(so_far[:, k - 1]), k - 1]
        low, middle, high = np.percentile(known, [10, 50, 90]) if len(known) else [np.nan] * 3
        lines.append(f"{k:5}  {middle:.4f}  ({low:.4f} to {high:.4f})")
    lines += ["", "Luck: how many of 100 searches, drawn from the trials of the others, each beats"]
    luck = pool.luck()
    for place in np.argsort(-luck, kind="stable"):
        lines.append(f"{luck[place]:5.0f}  {bests[place]:.4f}  {pool.searches[place].student}")
    lines.append(
        f"Everyone searched the same space in the same way. Among {count} such searches, luck "
        f"alone lets the first one beat about {100 * count / (count + 1):.0f} of 100."
    )
    for a, b, shared in pool.alike():
        lines.append(
            f"Not independent: {a} and {b} have {shared} of {trials} trials in common, in the same "
            "order. Some of the seeds 1, 2, 3 and so on do that; take those of `own_seed`."
        )
    if pool.left_out:
        lines += ["", "Left out:"]
        lines += [f"- {name}: {reason}" for name, reason in pool.left_out.items()]
    return "\n".join(lines)


def draw(pool: Pool) -> Figure:
    """Returns the figure for a class: the best of k trials, and who was lucky."""
    study = pool.searches[0].study
    names = [search.student for search in pool.searches]
    return plot_class(names, pool.best_so_far(), pool.luck(), score=study.objective)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `python -m helpers.bank.pool` and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.bank.pool",
        description="Pools the searches that a class has handed in: the spread of their best "
        "scores, the best of k trials, and who was lucky.",
        epilog="A student writes such a file with `from helpers.bank import hand_in` and "
        "`hand_in(tuner, NAME)`.",
    )
    parser.add_argument("folder", help="the folder with the files; its subfolders are read too")
    parser.add_argument("--figure", metavar="FILE", help="where to draw it (default: FOLDER.png)")
    asked = parser.parse_args(argv)
    try:
        pool = collect(asked.folder)
    except PoolError as error:
        print(error, file=sys.stderr)
        return 1
    folder = Path(asked.folder).resolve()
    figure = Path(asked.figure) if asked.figure else folder.with_name(f"{folder.name}.png")
    # A Windows console can't show every name.
    getattr(sys.stdout, "reconfigure", lambda **unused: None)(errors="replace")
    print(describe(pool))
    try:
        draw(pool).savefig(figure, dpi=150)
    except OSError as error:
        print(f"{figure} can't be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    print(f"\nFigure: {figure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
