"""tools/copies.py on small notebooks, and on those of the course."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.support.notebook_cells import FOLDER
from tools import copies, notebooks, packing

COURSE = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
CHECK = """\
def check_a(answer):
    if answer is ...:
        return "Not answered yet."
    tried = list(answer(number) for number in (1, 2))
    assert tried == [318_410, 7], "Count the biases."
    return "Right."


check_a(answer_a)"""
SOLUTION = "def solution_a(number):\n    return [318_410, 7][number - 1]\n\n\ncheck_a(solution_a)"


def code(source, *tags, **metadata):
    shown = new_output("execute_result", {"text/plain": "'Right.'"})
    about = {**metadata, **({"tags": list(tags)} if tags else {})}
    return new_code_cell(source, metadata=about, outputs=[shown], execution_count=3)


def exercise(answer="def answer_a(number):\n    return ...", *before):
    return new_notebook(
        cells=[
            *before,
            new_markdown_cell("## Exercises\n\n### Exercise A: count them\n\nHow many?"),
            code(answer, "answer"),
            code(CHECK, "self-check"),
            code(SOLUTION, "solution", jupyter={"source_hidden": True}),
        ]
    )


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def first_line(cell):
    return cell.source.partition("\n")[0]


@pytest.mark.parametrize("copied", [copies.for_students, copies.without_solutions])
def test_a_copy_has_no_outputs_and_leaves_its_original_alone(copied):
    original = exercise()
    before = nbformat.writes(original)
    cells = [cell for cell in copied(original).cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in cells] == [([], None)] * len(cells)
    assert nbformat.writes(original) == before


def test_of_a_folded_cell_only_what_it_is_shows():
    claim, hidden = code("assert best == 64", "claim"), code("best = 64")
    hidden.metadata["jupyter"] = {"source_hidden": True}
    told = code("Markdown('Both are equal.')", answers=["d9bc843f"])
    cells = copies.for_students(exercise("answer_a = ...", claim, hidden, told)).cells
    folded = [cell for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert [first_line(cell) for cell in folded] == [
        "# Claim: checks that what the text says is true of this run. Unfold to read.",
        "# Run this cell. There is no need to read it.",
        "# The answer to the prediction: run this cell.",
        "# Self-check of exercise A: run this cell. Unfolded, it shows the answer.",
        "# Solution of exercise A: unfold to read.",
    ]
    assert [cell.source for cell in cells if cell not in folded][1:] == ["answer_a = ..."]


def test_a_cell_magic_stays_the_first_line_and_a_line_of_magic_is_no_hindrance():
    magic = code("%%writefile long.py\nprint(1)", "claim")
    timed = code("%time best = 64\n!ls")
    for copied in (copies.for_students, copies.without_solutions):
        cells = copied(exercise("answer_a = ...", magic, timed)).cells
        assert sources(new_notebook(cells=cells[:2])) == [magic.source, timed.source]


def test_only_the_solution_hides_what_it_puts_out():
    *_, check, solution = copies.for_students(exercise()).cells
    assert check.metadata["jupyter"] == {"source_hidden": True}
    assert solution.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}


def test_a_copy_of_a_copy_is_the_same():
    claim = code("assert best == 64", "claim")
    told = new_markdown_cell("It is 64.", metadata={"answers": ["d9bc843f"]})
    for copied in (copies.for_students, copies.without_solutions):
        once = copied(exercise("answer_a = ...", claim, told))
        assert copies.for_students(once) == once


@pytest.mark.parametrize(
    ("prose", "open_part"),
    [
        ("It is 64.\n\nSo much for that.", ""),
        ("It is 64.\n\n## Next\n\nGo on.", "\n\n## Next\n\nGo on."),
        (
            "It is 64.\n\nNow **Predict before\nyou run:** why?",
            "\n\nNow **Predict before\nyou run:** why?",
        ),
        ("```\na()\n\n# not a heading\n```\n\nIt is 64.", ""),
        ("It is 64.\n\nNow list them:", "\n\nNow list them:"),
        ("It is 64, as these show:", ""),
    ],
    ids=[
        "all of it",
        "a heading",
        "a question",
        "code",
        "what leads to the next cell",
        "one paragraph",
    ],
)
def test_the_answer_to_a_prediction_is_folded_and_what_comes_after_it_is_not(prose, open_part):
    told = new_markdown_cell(prose, metadata={"answers": ["d9bc843f"]})
    folded = copies.for_students(new_notebook(cells=[told])).cells[0].source
    before, end, after = folded.partition("\n\n</details>")
    assert before.startswith("<details>\n<summary>The answer. ") and after == open_part
    assert before.endswith(f"</summary>\n\n{prose.removesuffix(open_part)}")


@pytest.mark.kernel
@pytest.mark.parametrize("copied", [copies.for_students, copies.without_solutions])
@pytest.mark.parametrize(
    ("body", "says"), [("number", "Count the biases."), ("1 / 0", "division by zero")]
)
def test_a_refused_answer_shows_the_sentence_and_not_the_lines_around(copied, body, says, tmp_path):
    notebook = copied(exercise(f"def answer_a(number):\n    return {body}"))
    notebook.cells = [cell for cell in notebook.cells if "solution" not in copies.tags(cell)]
    notebook.cells[-1].metadata["tags"].append("raises-exception")
    notebooks.execute(notebook, tmp_path, {})
    shown = str(notebook.cells[-1].outputs)
    assert says in shown and "318" not in shown and "assert" not in shown


def test_without_solutions_a_self_check_still_works_and_can_not_be_read():
    copy = copies.without_solutions(exercise())
    assert [tag for cell in copy.cells for tag in copies.tags(cell)] == ["answer", "self-check"]
    *_, check = sources(copy)
    assert "318" not in check and "biases" not in check and check.endswith("check_a(answer_a)")
    names = {"answer_a": lambda number: [318_410, 7][number - 1]}
    exec(check, names)
    assert names["check_a"](names["answer_a"]) == "Right."
    with pytest.raises(AssertionError, match="Count the biases."):
        exec(check, {"answer_a": abs})


def test_a_self_check_brings_what_it_needs_of_a_solution_and_its_neighbours():
    notebook = exercise()
    notebook.cells[-1].source = f"import math\nBASE = math.floor(6.5)\n{SOLUTION}"
    notebook.cells += [
        code("def answer_b(): ...", "answer"),
        code("def check_b(x):\n    return right() + BASE\n\n\ncheck_b(answer_b)", "self-check"),
        code("def right():\n    return 1 + UNIT\n\n\nUNIT = 2\ncheck_b(right)", "solution"),
    ]
    check = sources(copies.without_solutions(notebook))[-1]
    names = {"answer_b": None}
    exec(check, names)
    assert names["check_b"](None) == 9
    assert "solution_a" not in packing.unpacked(check)


def test_a_lesson_that_needs_a_solution_is_refused_by_its_cell():
    notebook = exercise()
    notebook.cells.append(new_code_cell("print(solution_a(1))", id="abc"))
    with pytest.raises(copies.CopyError, match="cell abc uses .*solution_a"):
        copies.without_solutions(notebook)


def test_the_solutions_are_open_and_the_rest_is_as_it_was():
    original = exercise("answer_a = ...", code("assert True", "claim", jupyter={"a": 1}))
    copy = copies.with_solutions(original)
    assert "jupyter" not in copy.cells[-1].metadata
    assert copy.cells[:-1] == original.cells[:-1] and copy.cells[-1].outputs


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.name[:2])
def test_no_copy_of_the_course_shows_an_answer(path):
    original = nbformat.read(path, as_version=4)
    for copy in (copies.for_students(original), copies.without_solutions(original)):
        for cell in copy.cells:
            kinds = {"solution", "self-check", "claim"}.intersection(copies.tags(cell))
            hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
            assert hidden or not kinds, f"{cell.id} is open"
            if "self-check" in kinds:
                quoted = "linecache" not in cell.source and "zlib" not in cell.source
                assert not quoted, f"an error of {cell.id} quotes it"
            if hidden:
                assert first_line(cell).startswith("# "), f"{cell.id} shows its code"
            if cell.cell_type == "markdown" and "answers" in cell.metadata:
                assert cell.source.startswith("<details>")
    left = "\n".join(sources(copies.without_solutions(original)))
    for cell in original.cells:
        if "solution" in copies.tags(cell):
            statements = packing.statements(cell.source)
            assert not [one for one in statements if one in left], cell.id


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.name[:2])
def test_every_packed_self_check_of_the_course_holds_the_whole_of_its_original(path):
    original = nbformat.read(path, as_version=4)
    checks = [cell for cell in original.cells if "self-check" in copies.tags(cell)]
    copied = copies.without_solutions(original).cells
    packed = [cell.source for cell in copied if "self-check" in copies.tags(cell)]
    assert len(packed) == len(checks) > 0
    for check, source in zip(checks, packed, strict=True):
        *definition, call = packing.statements(check.source)
        assert packing.unpacked(source).endswith("\n".join(definition))
        assert source.endswith(f"\n{call}")
