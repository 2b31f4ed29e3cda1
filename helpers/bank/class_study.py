"""The searches that a class has handed in: which of them can be compared, and how they differ."""

import itertools
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np

from helpers.bank.handed_in import PoolError, Search, Study, read_search

FEWEST = 4  # trials in a row that two searches are unlikely to share by chance


@dataclass(frozen=True)
class Pool:
    """The searches of a class that can be compared.

    Attributes:
        searches: One per student, in the order of their files.
        left_out: For each file that was left out, the reason.
    """

    searches: tuple[Search, ...]
    left_out: dict[str, str]

    def best_so_far(self) -> np.ndarray:
        """Returns the best score after each trial, shape (searches, trials); NaN before a score."""
        scores = np.array([search.scores for search in self.searches])
        better = np.fmax if self.searches[0].rises else np.fmin
        return better.accumulate(scores, axis=1)

    def luck(self) -> np.ndarray:
        """Returns how many of 100 searches, drawn from the others' trials, each search beats.

        Such a search draws as many trials as this one has, from the trials of all the others. If m
        of their n scores are below the best of this search, the best of k of them stays below it
        with probability C(m, k) / C(n, k). A tie counts as half a win.

        Returns:
            Values from 0 to 100, shape (searches,).
        """
        return np.array([100 * self._beaten(search) for search in self.searches])

    def _beaten(self, search: Search) -> float:
        sign = 1 if search.rises else -1
        others = [one.scores for one in self.searches if one is not search]
        # A trial that failed is worse than any other.
        scores = np.nan_to_num(sign * np.concatenate(others), nan=-np.inf)
        drawn = len(search.scores)
        below, equal = (scores < sign * search.best).sum(), (scores == sign * search.best).sum()
        ways = comb(int(below), drawn) + comb(int(below + equal), drawn)
        return ways / (2 * comb(len(scores), drawn))

    def alike(self) -> list[tuple[str, str, int]]:
        """Returns pairs of students whose searches are the same, apart from a shift by some trials.

        Returns:
            The two names, and the length of the longest run of trials that both searches share,
            which is more than half of the trials.
        """
        pairs = itertools.combinations(self.searches, 2)
        rows = [(a.student, b.student, _longest_row(a.trials, b.trials)) for a, b in pairs]
        return [
            row for row in rows if row[2] >= FEWEST and 2 * row[2] > len(self.searches[0].trials)
        ]


def _longest_row(a: Sequence[str], b: Sequence[str]) -> int:
    """Returns the length of the longest run of trials that occurs, in the same order, in both."""
    longest, ended = 0, [0] * (len(b) + 1)  # at each trial of b, the row that ends there
    for one in a:
        ended = [0, *(ended[place] + 1 if one == other else 0 for place, other in enumerate(b))]
        longest = max(longest, *ended)
    return longest


def collect(folder: str | os.PathLike) -> Pool:
    """Reads all files in a folder and its subfolders, and keeps the searches of one study.

    The study is the one that most of the files belong to. A file is left out if it is not a
    search, is damaged or belongs to another study, or if it is a second search by the same student
    or with the same seed, which draws the same trials.

    Raises:
        PoolError: The folder does not exist, or fewer than two searches are left.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PoolError(f"There is no folder {folder}.")
    found: dict[str, Search] = {}
    left_out: dict[str, str] = {}
    for file in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        name = file.relative_to(folder).as_posix()
        try:
            found[name] = read_search(file)
        except PoolError as error:
            left_out[name] = str(error)
    studies = Counter(search.study for search in found.values()).most_common(1)
    kept: dict[str, Search] = {}
    for name, search in found.items():
        if reason := _other_study(search.study, studies[0][0]) or _duplicate(search, kept):
            left_out[name] = reason
        else:
            kept[name] = search
    if len(kept) < 2:
        reasons = "".join(f"\n- {name}: {reason}" for name, reason in sorted(left_out.items()))
        raise PoolError(f"{folder} holds fewer than two searches to compare.{reasons}")
    return Pool(tuple(kept.values()), dict(sorted(left_out.items())))


def _other_study(study: Study, of_class: Study) -> str:
    told = [
        f"its {name} is {ours}, and that of the class {theirs}"
        for name in ("strategy", "objective", "direction")
        if (ours := getattr(study, name)) != (theirs := getattr(of_class, name))
    ]
    if study.space != of_class.space:
        told.append("its space is not that of the class")
    if study.trials != of_class.trials:
        told.append(f"it has {study.trials} trials, and the class {of_class.trials}")
    return "it belongs to another study: " + "; ".join(told) if told else ""


def _duplicate(search: Search, kept: dict[str, Search]) -> str:
    for name, other in kept.items():
        if search.student.casefold() == other.student.casefold():
            return f"{search.student} has handed in {name} already"
        if search.seed == other.seed:
            return f"it has the seed {search.seed} of {name}, and so the same trials"
    return ""
