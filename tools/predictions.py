"""Where a notebook answers the predictions that it asks for, and how such an answer is folded.

What builds the web site needs this too, so it uses none of the course's packages.
"""

import re
from collections.abc import Sequence
from typing import Any

Cell = dict[str, Any]

QUESTION = re.compile(r"\*\*Predict\s+before\s+you\s+run")


def telling(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that tell an answer soon after the question, each of them once.

    These are the cells after a question, up to the last that answers it. An answer that comes
    only after a heading is not included: readers have had time to think by then.
    """
    ids = [cell.get("id") for cell in cells]
    places = set()
    for end, cell in enumerate(cells):
        # A question that isn't there is for the rules about notebooks to report.
        for question in set(cell["metadata"].get("answers", [])) & set(ids):
            between = range(ids.index(question) + 1, end + 1)
            if not any(_begins_section(cells[place]) for place in between):
                places |= set(between)
    return [cells[place] for place in sorted(places)]


def fold(prose: str, summary: str) -> str:
    """Return the Markdown `prose` with the answer in it folded under the line `summary`.

    The answer ends before a heading or another question. If its last paragraph ends in a colon,
    it leads on to the next cell, and stays unfolded.
    """
    if prose.startswith("<details>"):
        return prose
    paragraphs = prose.strip().split("\n\n")
    end = next((i for i in range(1, len(paragraphs)) if _ends_answer(paragraphs, i)), None)
    if end is None and len(paragraphs) > 1 and paragraphs[-1].endswith(":"):
        end = -1
    answer = "\n\n".join(paragraphs[:end])
    rest = "\n\n".join(paragraphs[end:]) if end else ""
    folded = f"<details>\n<summary>{summary}</summary>\n\n{answer}\n\n</details>"
    return f"{folded}\n\n{rest}" if rest else folded


def _begins_section(cell: Cell) -> bool:
    return cell["cell_type"] == "markdown" and cell["source"].startswith("#")


def _ends_answer(paragraphs: list[str], index: int) -> bool:
    """Return whether the paragraph at `index` holds a heading or the next question."""
    in_code = "".join(paragraphs[:index]).count("```") % 2
    heading = paragraphs[index].startswith("#") and not in_code
    return heading or bool(QUESTION.search(paragraphs[index]))
