"""The conventions of the notebooks, as functions that list what breaks them.

Each rule takes a notebook and returns sentences, one per breach; none means that it holds.
"""

import ast
import configparser
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from tools.first_cell import TAG, is_first_cell
from tools.notebooks import CELL_METADATA, METADATA, code_cells

MAX_BYTES = 1_000_000
MAX_CODE_LINES = 12  # ten, and the brackets of a call that is laid out one argument a line
# A cell that writes a script is read as a file: in one piece, or it has to be put together in the
# reader's head. It is linted by a test of its own, since ruff skips such a cell.
WRITES_FILE = "%%writefile "
MAX_FILE_LINES = 80
MAX_IGNORED_SHARE = 1 / 3
SLIDE_TYPES = {"slide", "subslide", "fragment", "-", "skip", "notes"}
OFF_SLIDES = {"skip", "notes"}
NEVER_ON_SLIDES = {"claim", "answer", "self-check", "solution"}
WITH_SLIDES = range(1, 9)  # the numbers of the notebooks that are lectured from
SECTIONS = ("**You will**", "**You need**", "## What you can do now", "## Exercises",
            "## Where to read on", "## Versions")  # fmt: skip

# `C:\...`, and Unix paths below a folder that people's files or installations live in.
ABSOLUTE_PATH = re.compile(
    r"\b[A-Za-z]:\\\\?\w|(?<![\w.~/])/(?:home|Users|root|tmp|var|opt|usr|mnt|work|private|content)/"
)
COLOUR = re.compile(r"\\u001b\[[\d;]*m")  # as JSON writes it
# Decimals and percentages: how the results of a run look. Code spans and formulas are exempt,
# since a setting such as `1e-3` or `0.1` is not a result.
RESULT = re.compile(r"\d+\.\d+|\d\s?(?:%|per ?cent\b)")
# What nbval replaces before it compares. It reads its file in this way, too.
MASKS = configparser.RawConfigParser()
MASKS.read(Path(__file__).parents[1] / "notebooks" / "sanitize.cfg", encoding="utf-8")
VERSION = MASKS["version"]


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def ignored_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in code_cells(notebook) if "nbval-ignore-output" in tags(cell)]


def _numbered(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    return enumerate(code_cells(notebook), start=1)


def _prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def was_run_in_order(notebook: NotebookNode) -> list[str]:
    return [
        f"code cell {number} has the execution count {cell.execution_count}"
        for number, cell in _numbered(notebook)
        if cell.execution_count != number
    ]


def shows_only_errors_that_it_announces(notebook: NotebookNode) -> list[str]:
    breaches = []
    for number, cell in _numbered(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        announced = "raises-exception" in tags(cell)
        if failed and not announced:
            breaches.append(f"code cell {number} failed")
        if announced and not failed:
            breaches.append(f"code cell {number} announces an error that did not come")
    return breaches


def writes_nothing_to_stderr(notebook: NotebookNode) -> list[str]:
    return [
        f"code cell {number} wrote to stderr"
        for number, cell in _numbered(notebook)
        if any(output.get("name") == "stderr" for output in cell.outputs)
    ]


def shows_no_absolute_path(notebook: NotebookNode) -> list[str]:
    breaches = []
    for number, cell in _numbered(notebook):
        for output in cell.outputs:
            # A picture in base64 can hold anything that looks like a path.
            texts = {k: v for k, v in output.get("data", {}).items() if k != "image/png"}
            # A traceback is coloured, and the codes end in a letter, as a longer word would.
            shown = COLOUR.sub("", json.dumps({**output, "data": texts}))
            if found := ABSOLUTE_PATH.search(shown):
                breaches.append(f"code cell {number} shows the path {found.group()}...")
    return breaches


def weighs_little(notebook: NotebookNode) -> list[str]:
    size = len(json.dumps(notebook, ensure_ascii=False).encode())
    return [f"it weighs {size:,} bytes"] if size > MAX_BYTES else []


def has_normal_metadata(notebook: NotebookNode) -> list[str]:
    breaches = [] if notebook.metadata == METADATA else ["its metadata was not normalised"]
    return breaches + [
        f"cell {cell.id} keeps {key} in its metadata"
        for cell in notebook.cells
        for key in cell.metadata.keys() - CELL_METADATA
    ]


def has_the_anatomy(notebook: NotebookNode) -> list[str]:
    prose = _prose(notebook)
    breaches = []
    if not re.match(r"# \d\d [A-Z]\w+ ", prose):
        breaches.append("the first cell has no title with a number and a verb")
    places = [prose.find(section) for section in SECTIONS]
    breaches += [
        f"there is no {section}"
        for section, place in zip(SECTIONS, places, strict=True)
        if place < 0
    ]
    if not breaches and places != sorted(places):
        breaches.append("its sections are in another order")
    if "**Predict before you run" not in prose:
        breaches.append("it never asks for a prediction")
    return breaches


def begins_with_the_cell_that_finds_the_course(notebook: NotebookNode) -> list[str]:
    first, *others = code_cells(notebook)
    breaches = []
    if not is_first_cell(first.source):
        breaches.append("its first code cell is not that of `python -m tools.first_cell`")
    if tags(first) != [TAG] or not first.metadata.get("jupyter", {}).get("source_hidden"):
        breaches.append(f"its first code cell is not folded and tagged {TAG}")
    if first.outputs:
        breaches.append("its first code cell has an output")
    more = [cell.id for cell in others if TAG in tags(cell)]
    return breaches + [f"cell {other} is tagged {TAG}, too" for other in more]


def tells_its_budget_first(notebook: NotebookNode) -> list[str]:
    second = code_cells(notebook)[1]
    told = any(output.get("text", "").startswith("Budget: ") for output in second.outputs)
    return [] if told else ["the second code cell does not print the budget"]


def keeps_code_cells_short(notebook: NotebookNode) -> list[str]:
    breaches = []
    for number, cell in _numbered(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        limit = MAX_FILE_LINES if cell.source.startswith(WRITES_FILE) else MAX_CODE_LINES
        if len(lines) > limit:
            breaches.append(f"code cell {number} has {len(lines)} lines")
    return breaches


def states_no_result_in_prose(notebook: NotebookNode) -> list[str]:
    prose = re.sub(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)", "", _prose(notebook))
    return [f"prose states the result {found}" for found in RESULT.findall(prose)]


def asserts_its_claims(notebook: NotebookNode) -> list[str]:
    claims = [(number, cell) for number, cell in _numbered(notebook) if "claim" in tags(cell)]
    breaches = [] if len(claims) >= 3 else [f"it has only {len(claims)} claims"]
    return breaches + [
        f"the claim in code cell {number} asserts nothing"
        for number, cell in claims
        if not _asserts(cell.source)
    ]


def _asserts(source: str) -> bool:
    def proves(node: ast.AST) -> bool:
        if isinstance(node, ast.Assert):
            return not isinstance(node.test, ast.Constant)
        # numpy.testing.assert_allclose and its kin.
        called = getattr(getattr(node, "func", None), "attr", "")
        return called.startswith("assert_")

    return any(proves(node) for node in ast.walk(ast.parse(source)))


def names_the_sentences_that_its_claims_prove(notebook: NotebookNode) -> list[str]:
    breaches, read = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            read += _on_one_line(cell.source) + " "
        elif "claim" in tags(cell):
            sentences = cell.metadata.get("proves", [])
            breaches += [] if sentences else [f"the claim {cell.id} names no sentence"]
            breaches += [
                f"the claim {cell.id} proves what the text before it does not say: {sentence}"
                for sentence in sentences
                if _on_one_line(sentence) not in read
            ]
    return breaches


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def answers_its_predictions(notebook: NotebookNode) -> list[str]:
    asked, answered, breaches = set(), set(), []
    for cell in notebook.cells:
        for question in cell.metadata.get("answers", []):
            answered.add(question)
            if question not in asked:
                breaches.append(f"cell {cell.id} answers {question}, which asks nothing before it")
        if cell.cell_type == "markdown" and "**Predict before you run" in _on_one_line(cell.source):
            asked.add(cell.id)
    return breaches + [f"nothing answers cell {question}" for question in sorted(asked - answered)]


def ends_its_story_with_a_conclusion(notebook: NotebookNode) -> list[str]:
    sources = [cell.source for cell in notebook.cells]
    start = [i for i, source in enumerate(sources) if "## The answer\n" in source]
    headings = [i for i, source in enumerate(sources) if source.startswith("## ")]
    end = [i for i in headings if len(start) == 1 and i > start[0]]
    if not end:
        return ["it has no section called The answer before What you can do now"]
    kinds = [tags(cell) for cell in notebook.cells[start[0] + 1 : end[0]]]
    if not kinds or "conclusion" not in kinds[0] or kinds[-1] != ["claim"]:
        return ["its answer is not a conclusion first, and a claim in the end"]
    # In bold, sometimes after the words "Its question:".
    asked = re.search(r"\*\*(?:[^*?]*: )?([^*?]+\?)\*\*", _on_one_line(sources[0]))
    repeated = _on_one_line(sources[start[0]])
    if not asked or asked[1][0].upper() + asked[1][1:] not in repeated:
        return ["its answer does not repeat the question of the first cell"]
    return []


def says_of_every_cell_what_it_is_on_the_slides(notebook: NotebookNode) -> list[str]:
    number = int(re.match(r"# (\d+)", notebook.cells[0].source)[1])
    if number not in WITH_SLIDES:
        return [
            f"cell {cell.id} is for a slide show, which notebook {number} has not"
            for cell in notebook.cells
            if _slide_type(cell) not in (None, "skip")
        ]
    breaches = [
        # Without a type, a cell would be shown at the end of the last slide.
        f"cell {cell.id} says nothing about the slides, or something unknown"
        for cell in notebook.cells
        if _slide_type(cell) not in SLIDE_TYPES
    ]
    if _slide_type(notebook.cells[0]) != "slide":
        breaches.append("its first cell is no slide")
    return breaches


def _slide_type(cell: NotebookNode) -> str | None:
    return cell.metadata.get("slideshow", {}).get("slide_type")


def _on_slides(notebook: NotebookNode) -> list[NotebookNode]:
    has_slides = any(_slide_type(cell) == "slide" for cell in notebook.cells)
    return [c for c in notebook.cells if has_slides and _slide_type(c) not in OFF_SLIDES]


def shows_no_claim_and_no_exercise_on_a_slide(notebook: NotebookNode) -> list[str]:
    return [
        f"cell {cell.id} is on a slide"
        for cell in _on_slides(notebook)
        if NEVER_ON_SLIDES & {*tags(cell)} or "### Exercise " in cell.source
    ]


def asks_on_its_slides_before_it_shows(notebook: NotebookNode) -> list[str]:
    shown = {cell.id: cell for cell in _on_slides(notebook)}
    breaches = []
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        asks = "**Predict before you run" in _on_one_line(cell.source)
        if cell.cell_type == "markdown" and asks and after.id in shown:
            if cell.id not in shown:
                breaches.append(f"cell {after.id} is on a slide without the question before it")
            elif _slide_type(after) == "-":
                breaches.append(f"cell {after.id} appears together with the question before it")
    return breaches + [
        f"cell {cell.id} answers on a slide what no slide asks"
        for cell in shown.values()
        if not shown.keys() >= set(cell.metadata.get("answers", []))
    ]


def ends_its_slides_with_the_answer(notebook: NotebookNode) -> list[str]:
    shown = _on_slides(notebook)
    if not shown:
        return []
    start = [i for i, c in enumerate(notebook.cells) if c.source.startswith("## The answer\n")]
    if not start or _slide_type(notebook.cells[start[0]]) != "slide":
        return ["no slide is called The answer"]
    return [
        f"the answer in cell {cell.id} is on no slide"
        for cell in notebook.cells[start[0] :]
        if "conclusion" in tags(cell) and cell not in shown
    ]


def folds_its_claims(notebook: NotebookNode) -> list[str]:
    return [
        f"the claim in code cell {number} is not folded away"
        for number, cell in _numbered(notebook)
        if "claim" in tags(cell) and not cell.metadata.get("jupyter", {}).get("source_hidden")
    ]


def has_exercises_with_check_and_solution(notebook: NotebookNode) -> list[str]:
    breaches = []
    parts = ("answer", "self-check", "solution")
    found = [tag for cell in code_cells(notebook) for tag in tags(cell) if tag in parts]
    count = _prose(notebook).count("### Exercise ")
    if count < 2:
        breaches.append(f"it has {count} exercises")
    if found != list(parts) * count:
        breaches.append(f"{count} exercises do not each have an answer, a check and a solution")
    for number, cell in _numbered(notebook):
        if "self-check" in tags(cell) and not _asserts(cell.source):
            breaches.append(f"the self-check in code cell {number} can't fail")
        values = [output.get("data", {}).get("text/plain") for output in cell.outputs]
        shown = [value for value in values if value is not None]
        if "self-check" in tags(cell) and shown != ["'Not answered yet.'"]:
            breaches.append(f"the self-check in code cell {number} does not wait for an answer")
        if "solution" in tags(cell):
            if shown != ["'Right.'"]:
                breaches.append(f"the solution in code cell {number} does not pass its check")
            if not cell.metadata.get("jupyter", {}).get("source_hidden"):
                breaches.append(f"the solution in code cell {number} is not folded away")
    return breaches


def describes_its_figures(notebook: NotebookNode) -> list[str]:
    breaches = []
    for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        has_figure = cell.cell_type == "code" and any(
            "image/png" in output.get("data", {}) for output in cell.outputs
        )
        described = after is not None and after.source.startswith("**In the figure:**")
        if has_figure and not described:
            breaches.append(f"the figure of cell {cell.id} is not followed by its description")
        if described and not has_figure:
            breaches.append(f"cell {after.id} describes a figure that is not there")
    return breaches


def uses_no_hidden_pyplot_state(notebook: NotebookNode) -> list[str]:
    return [
        f"code cell {number} calls {found}"
        for number, cell in _numbered(notebook)
        for found in re.findall(r"\bplt\.(?!subplots\b|rc_context\b)\w+", cell.source)
    ]


def compares_most_outputs(notebook: NotebookNode) -> list[str]:
    ignored = ignored_cells(notebook)
    share = len(ignored) / len(code_cells(notebook))
    if share <= MAX_IGNORED_SHARE:
        return []
    first_lines = "; ".join(cell.source.splitlines()[0] for cell in ignored)
    return [f"nbval ignores {share:.0%} of its code cells: {first_lines}"]


def masks_the_versions_that_it_prints(notebook: NotebookNode) -> list[str]:
    text = "".join(output.get("text", "") for output in code_cells(notebook)[-1].outputs)
    masked = re.sub(VERSION["regex"], VERSION["replace"], text)
    return [
        f"nbval compares the version {line!r}" for line in masked.splitlines() if "<" not in line
    ]


RULES: tuple[Callable[[NotebookNode], list[str]], ...] = (
    was_run_in_order,
    shows_only_errors_that_it_announces,
    writes_nothing_to_stderr,
    shows_no_absolute_path,
    weighs_little,
    has_normal_metadata,
    has_the_anatomy,
    begins_with_the_cell_that_finds_the_course,
    tells_its_budget_first,
    keeps_code_cells_short,
    states_no_result_in_prose,
    ends_its_story_with_a_conclusion,
    answers_its_predictions,
    asserts_its_claims,
    names_the_sentences_that_its_claims_prove,
    says_of_every_cell_what_it_is_on_the_slides,
    shows_no_claim_and_no_exercise_on_a_slide,
    asks_on_its_slides_before_it_shows,
    ends_its_slides_with_the_answer,
    folds_its_claims,
    has_exercises_with_check_and_solution,
    describes_its_figures,
    uses_no_hidden_pyplot_state,
    compares_most_outputs,
    masks_the_versions_that_it_prints,
)
