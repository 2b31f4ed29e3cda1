"""TEACHING.md, taken apart: for each notebook its plan, its questions and its quiz."""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from tests.support.notebook_cells import FOLDER

DOCUMENT = Path(__file__).parents[2] / "TEACHING.md"
PARTS = ["Goal", "Plan", "At home", "Questions for the room", "Where students stumble"]
PARTS += ["If time is short", "Quiz", "Answers"]
PLANS = (45, 90)  # minutes
EXERCISE = 6  # minutes, as the README counts them
WORDS = 650  # about a page
LAST = ("What you can do now", "Exercises", "Where to read on", "Versions")


@dataclass(frozen=True)
class Question:
    """Of a quiz: its choices by letter, or none where a number is asked for."""

    text: str
    choices: dict[str, str]
    answer: str

    @property
    def given(self) -> str:
        """What the document says is right: the words of a choice, or the number."""
        return self.choices.get(self.answer, self.answer)


def parts(text: str) -> dict[str, str]:
    """Returns the part of each notebook, by its title (`01 Draw values ...`)."""
    found = re.split(r"^## (\d\d .*)$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def block(part: str, name: str) -> str:
    """Returns what follows a bold name such as `**Goal.**`, up to the next of PARTS."""
    ends = "|".join(re.escape(one) for one in PARTS)
    found = re.search(rf"^\*\*{re.escape(name)}(.*?)(?=^\*\*(?:{ends})|\Z)", part, re.S | re.M)
    return found[1] if found else ""


def plan(part: str) -> list[tuple[int, list[str]]]:
    """Returns the minutes of each row of the plan, and the headings that it names."""
    rows = re.findall(r"^\| (\d+) \| (.*?) \| .*\|$", block(part, "Plan"), re.MULTILINE)
    return [(int(minutes), named(headings)) for minutes, headings in rows]


def named(text: str) -> list[str]:
    """Returns what stands in italics."""
    return re.findall(r"(?<!\*)\*([^*\s][^*]*)\*(?!\*)", text)


def quiz(part: str) -> list[Question]:
    """Returns the questions of the quiz, in their order."""
    answers = dict(
        re.findall(r"(\d): ([^;\s]+?)\.?(?:;|\s*$)", block(part, "Answers"), re.MULTILINE)
    )
    found = []
    for number, line in re.findall(r"^(\d)\. (.*)$", block(part, "Quiz"), re.MULTILINE):
        text, *rest = re.split(r" \(([a-d])\) ", line)
        choices = dict(zip(rest[::2], map(str.strip, rest[1::2]), strict=True))
        found.append(Question(text, choices, answers.get(number, "").replace(",", "")))
    return found


def headings(path: Path) -> list[str]:
    """Returns the headings of a notebook, each with its `##` or `###`."""
    cells = nbformat.read(path, as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.findall(r"^#{2,3} .*$", prose, re.MULTILINE)


def readme_minutes(readme: str) -> dict[str, int]:
    """Returns the minutes for a person, by the number of the notebook."""
    rows = re.findall(r"^\| \[(\d\d)\].*\| (\d+) \|$", readme, re.MULTILINE)
    return {number: int(minutes) for number, minutes in rows}


def faults(part: str, of_notebook: list[str], promised: int) -> list[str]:
    """Returns what is wrong with the part of a notebook, a sentence for each fault.

    Args:
        part: What `parts` gives for it.
        of_notebook: What `headings` gives for it.
        promised: The minutes that the README promises.
    """
    return [
        *(f"it lacks the part {name}" for name in PARTS if not block(part, name).strip()),
        *_faults_of_length(part, promised),
        *_faults_of_headings(part, of_notebook),
        *_faults_of_quiz(part),
    ]


def _faults_of_length(part: str, promised: int) -> list[str]:
    found, rows = [], plan(part)
    stated = re.match(r" for (\d+) minutes\.", block(part, "Plan"))
    total = sum(minutes for minutes, _ in rows)
    if not stated or int(stated[1]) not in PLANS:
        found.append(f"the plan is for none of {PLANS} minutes")
    elif total != int(stated[1]):
        found.append(f"the plan's minutes add up to {total}, not to {stated[1]}")
    home = re.match(r", (\d+) minutes:", block(part, "At home"))
    at_home = int(home[1]) if home else 0
    if at_home != EXERCISE * len(named(block(part, "At home"))):
        found.append(f"at home, {at_home} minutes are not {EXERCISE} for each exercise")
    if total + at_home < promised:
        found.append(f"{total} and {at_home} minutes are fewer than the README's {promised}")
    if (words := len(re.findall(r"\w[\w'’-]*", part))) > WORDS:
        found.append(f"{words} words are more than a page")
    return found


def _faults_of_headings(part: str, of_notebook: list[str]) -> list[str]:
    titles = [heading.lstrip("# ") for heading in of_notebook]
    rows, found = plan(part), []
    planned = [heading for _, headings in rows for heading in headings]
    elsewhere = [named(block(part, name)) for name in ("At home", "If time is short")]
    mentioned = {*planned, *sum(elsewhere, [])}
    found += [f"the notebook has no heading {one!r}" for one in mentioned if one not in titles]
    sections = [one for one in planned if one in titles and not one.startswith("Exercise")]
    if sections != sorted(sections, key=titles.index):
        found.append("the plan's headings are not in the notebook's order")
    due = {one[3:] for one in of_notebook if one.startswith("## ")} - {*LAST}
    due |= {title for title in titles if title.startswith("Exercise ")}
    found += [f"{one!r} is neither in the plan nor left out" for one in sorted(due - mentioned)]
    middle = next((title for title in titles if title.startswith("Half-way")), None)
    until = sum(
        minutes
        for row, (minutes, _) in enumerate(rows)
        if any(middle in headings for _, headings in rows[row:])
    )
    if middle and 2 * until != sum(minutes for minutes, _ in rows):
        found.append(f"the half-way point comes after {until} minutes")
    return found


def _faults_of_quiz(part: str) -> list[str]:
    questions = quiz(part)
    found = [] if len(questions) == 5 else [f"the quiz has {len(questions)} questions"]
    for number, question in enumerate(questions, start=1):
        choices = list(question.choices.values())
        if choices and (question.answer not in question.choices or len(choices) < 2):
            found.append(f"question {number}: {question.answer!r} is none of its choices")
        if len(set(choices)) < len(choices):
            found.append(f"question {number} has the same choice twice")
        if not choices and not ("(A number.)" in question.text and _is_number(question.answer)):
            found.append(f"question {number} has neither choices nor a number")
    return found


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def all_notebooks() -> dict[str, Path]:
    """Returns the notebooks by number."""
    return {path.name[:2]: path for path in sorted(FOLDER.glob("*.ipynb"))}
