"""Finds out whether somebody is watching, and shows progress on one line."""

import html
import os
import sys
from collections.abc import Callable
from typing import Literal, TextIO

# `tools/notebooks.py` recognises the display by this mark and keeps it out of git.
MARK = {"course": "progress"}

# Takes how much is done, how much there is in total (None if unknown), and the text.
Progress = Callable[[float, float | None, str], None]


def watcher() -> Literal["notebook", "terminal", "nobody"]:
    """Returns who sees what is shown: nobody in a pipe or under pytest, and hence under nbval.

    A display that changes over time has no place in an output that is compared.
    """
    if "PYTEST_VERSION" in os.environ:
        return "nobody"
    if "ipykernel" in sys.modules:
        return "notebook"
    return "terminal" if sys.stdout.isatty() else "nobody"


def progress_display() -> Progress:
    """Returns a function that shows one line, updated in place, to whoever is watching."""
    who = watcher()
    if who == "notebook":
        return _notebook_display()
    if who == "terminal":
        return lambda done, total, text: print(
            f"\r\033[K{text}", end="\n" if done == total else "", flush=True
        )
    return lambda done, total, text: None


def _notebook_display() -> Progress:
    from IPython.display import display

    handle = None

    def show(done: float, total: float | None, text: str) -> None:
        nonlocal handle
        bar = f'<progress value="{done}" max="{total}"></progress> ' if total else ""
        data = {"text/html": bar + html.escape(text), "text/plain": text}
        if handle is None:
            handle = display(data, raw=True, metadata=MARK, display_id=True)
        else:
            handle.update(data, raw=True, metadata=MARK)

    return show


def line_display(stream: TextIO) -> Callable[[str, str], None]:
    """Returns a function that reports to a terminal or a log.

    In a terminal, the line is replaced each time. In a log, a new line is written only when the
    reported text has changed.

    Args:
        stream: Where the line goes.

    Returns:
        A function of two texts: what is reported, and a part that changes all the time, such as
        the seconds. A change in that part alone does not cause a new line in a log.
    """
    in_place = stream.isatty()
    last = None

    def show(text: str, changing: str = "") -> None:
        nonlocal last
        if in_place:
            stream.write(f"\r\033[K{text}{changing}")
        elif text != last:
            stream.write(f"{text}{changing}\n")
        stream.flush()
        last = text

    return show
