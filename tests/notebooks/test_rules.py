"""The conventions of the notebooks, and what their committed outputs have to show."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.support import notebook_rules as rules

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def printed(notebook: NotebookNode) -> str:
    return "".join(
        output.get("text", "") for cell in rules.code_cells(notebook) for output in cell.outputs
    )


def test_notebooks_are_numbered_without_a_gap():
    assert [path.name[:3] for path in PATHS] == [f"{n:02}_" for n in range(1, len(PATHS) + 1)]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name[:2])
def test_every_notebook_keeps_every_rule(path, rule):
    assert rule(read(path)) == []


def test_nbval_ignores_at_most_a_third_of_all_code_cells():
    notebooks = {path.name: read(path) for path in PATHS}
    ignored = [
        f"{name}: {cell.source.splitlines()[0]}"
        for name, notebook in notebooks.items()
        for cell in rules.ignored_cells(notebook)
    ]
    total = sum(len(rules.code_cells(notebook)) for notebook in notebooks.values())
    print(f"nbval ignores the outputs of {len(ignored)} of {total} code cells:", *ignored, sep="\n")
    assert len(ignored) <= total * rules.MAX_IGNORED_SHARE, "\n".join(ignored)


# --- A planted bad notebook for every rule ------------------------------------------------

Plant = Callable[[NotebookNode], None]


def tagged(notebook: NotebookNode, tag: str) -> NotebookNode:
    return next(cell for cell in rules.code_cells(notebook) if tag in rules.tags(cell))


def with_figure(notebook: NotebookNode) -> int:
    return next(
        place
        for place, cell in enumerate(notebook.cells)
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
    )


def say(notebook: NotebookNode, sentence: str) -> None:
    notebook.cells[0].source += f"\n\n{sentence}"


def show(notebook: NotebookNode, text: str, name: str = "stdout") -> None:
    output = nbformat.v4.new_output("stream", name=name, text=text)
    rules.code_cells(notebook)[1].outputs.append(output)


def replace_in_prose(old: str, new: str) -> Plant:
    def plant(notebook):
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = cell.source.replace(old, new)

    return plant


def retag(old: str, new: str) -> Plant:
    def plant(notebook):
        cell = tagged(notebook, old)
        cell.metadata.tags = [new if tag == old else tag for tag in cell.metadata.tags]

    return plant


def rewrite(tag: str, source: str) -> Plant:
    return lambda notebook: tagged(notebook, tag).update(source=source)


def output_of(tag: str, text: str) -> Plant:
    def plant(notebook):
        shown = nbformat.v4.new_output("execute_result", {"text/plain": text})
        tagged(notebook, tag).outputs = [shown]

    return plant


def unfold_solution(notebook):
    del tagged(notebook, "solution").metadata["jupyter"]


def swap_first_two_counts(notebook):
    first, second = rules.code_cells(notebook)[:2]
    first.execution_count, second.execution_count = 2, 1


def skip_a_cell(notebook):
    rules.code_cells(notebook)[3].execution_count = None


def plant_an_error(notebook):
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])
    rules.code_cells(notebook)[1].outputs = [error]


def announce_an_error_that_does_not_come(notebook):
    rules.code_cells(notebook)[1].metadata["tags"] = ["raises-exception"]


def ignore_most_cells(notebook):
    for cell in rules.code_cells(notebook)[::2]:
        cell.metadata["tags"] = ["nbval-ignore-output"]


def remove_the_description(notebook):
    del notebook.cells[with_figure(notebook) + 1]


def remove_the_figure(notebook):
    notebook.cells[with_figure(notebook)].outputs = []


def move_the_end_to_the_front(notebook):
    notebook.cells.insert(1, notebook.cells.pop(-2))


def silence_the_budget(notebook):
    rules.code_cells(notebook)[1].outputs = []


def change_the_first_cell(notebook):
    rules.code_cells(notebook)[0].source += "\nprint('found')"


def unfold_the_first_cell(notebook):
    del rules.code_cells(notebook)[0].metadata["jupyter"]


def repeat_the_first_cell(notebook):
    notebook.cells.append(copy.deepcopy(rules.code_cells(notebook)[0]))


def move_the_first_cell(notebook):
    first, second = rules.code_cells(notebook)[:2]
    notebook.cells.remove(first)
    notebook.cells.insert(notebook.cells.index(second) + 1, first)


def print_a_version_that_is_none(notebook):
    rules.code_cells(notebook)[-1].outputs[0].text += "keras is of 2026\n"


def drop_all_claims(notebook):
    for cell in rules.code_cells(notebook):
        cell.metadata["tags"] = [tag for tag in rules.tags(cell) if tag != "claim"]


def name_no_sentence(notebook):
    del tagged(notebook, "claim").metadata["proves"]


def name_a_sentence_that_comes_later(notebook):
    tagged(notebook, "claim").metadata["proves"] = [notebook.cells[-2].source.splitlines()[0]]


def unfold_a_claim(notebook):
    del tagged(notebook, "claim").metadata["jupyter"]


def answer(notebook: NotebookNode) -> NotebookNode:
    return next(cell for cell in notebook.cells if "answers" in cell.metadata)


def leave_a_prediction_without_an_answer(notebook):
    del answer(notebook).metadata["answers"]


def answer_what_comes_later(notebook):
    answer(notebook).metadata["answers"].append(notebook.cells[-1].id)


def slide(kind: str, of: Callable[[NotebookNode], NotebookNode]) -> Plant:
    return lambda notebook: of(notebook).metadata["slideshow"].update(slide_type=kind)


def of_words(words: str) -> Callable[[NotebookNode], NotebookNode]:
    return lambda notebook: next(cell for cell in notebook.cells if words in cell.source)


def of_tag(tag: str) -> Callable[[NotebookNode], NotebookNode]:
    return lambda notebook: tagged(notebook, tag)


def forget_the_slide_of_a_cell(notebook):
    del notebook.cells[3].metadata["slideshow"]


def show_the_output_with_the_question(notebook):
    asked = next(i for i, c in enumerate(notebook.cells) if "**Predict before you run" in c.source)
    notebook.cells[asked + 1].metadata["slideshow"]["slide_type"] = "-"


PLANTED: list[tuple[Callable, Plant]] = [
    (rules.was_run_in_order, swap_first_two_counts),
    (rules.was_run_in_order, skip_a_cell),
    (rules.shows_only_errors_that_it_announces, plant_an_error),
    (rules.shows_only_errors_that_it_announces, announce_an_error_that_does_not_come),
    (rules.writes_nothing_to_stderr, lambda nb: show(nb, "oneDNN is on", "stderr")),
    (rules.shows_no_absolute_path, lambda nb: show(nb, "Saved /home/ada/x.keras")),
    (rules.shows_no_absolute_path, lambda nb: show(nb, "Saved C:\\Users\\ada")),
    (rules.shows_no_absolute_path, lambda nb: show(nb, "File \x1b[32m/home/ada/x.py\x1b[39m")),
    (rules.weighs_little, lambda nb: show(nb, "x" * 1_000_000)),
    (rules.has_normal_metadata, lambda nb: nb.metadata.update(widgets={})),
    (rules.has_normal_metadata, lambda nb: nb.cells[1].metadata.update(execution={})),
    (rules.has_the_anatomy, replace_in_prose("**You need**", "")),
    (rules.has_the_anatomy, replace_in_prose("# 01 ", "# ")),
    (rules.has_the_anatomy, replace_in_prose("**Predict before you run", "**Now")),
    (rules.has_the_anatomy, move_the_end_to_the_front),
    (rules.begins_with_the_cell_that_finds_the_course, change_the_first_cell),
    (rules.begins_with_the_cell_that_finds_the_course, unfold_the_first_cell),
    (rules.begins_with_the_cell_that_finds_the_course, repeat_the_first_cell),
    (rules.begins_with_the_cell_that_finds_the_course, move_the_first_cell),
    (rules.begins_with_the_cell_that_finds_the_course, output_of("hosted", "'found'")),
    (rules.tells_its_budget_first, silence_the_budget),
    (rules.keeps_code_cells_short, rewrite("claim", "assert 1 + 1\n" * 13)),
    (rules.keeps_code_cells_short, rewrite("claim", "%%writefile a.py\n" + "1 + 1\n" * 80)),
    (rules.states_no_result_in_prose, lambda nb: say(nb, "The best trial reached 0.43.")),
    (rules.states_no_result_in_prose, lambda nb: say(nb, "It is right in 43 % of cases.")),
    (rules.ends_its_story_with_a_conclusion, replace_in_prose("## The answer", "## The end")),
    (
        rules.ends_its_story_with_a_conclusion,
        replace_in_prose("What do you have to tell", "Why tell"),
    ),
    (rules.answers_its_predictions, leave_a_prediction_without_an_answer),
    (rules.answers_its_predictions, answer_what_comes_later),
    (rules.names_the_sentences_that_its_claims_prove, name_no_sentence),
    (rules.names_the_sentences_that_its_claims_prove, name_a_sentence_that_comes_later),
    (rules.says_of_every_cell_what_it_is_on_the_slides, forget_the_slide_of_a_cell),
    (
        rules.says_of_every_cell_what_it_is_on_the_slides,
        slide("sub-slide", of_words("## What is a hyperparameter?")),
    ),
    (
        rules.says_of_every_cell_what_it_is_on_the_slides,
        slide("skip", lambda notebook: notebook.cells[0]),
    ),
    (
        rules.says_of_every_cell_what_it_is_on_the_slides,
        replace_in_prose("# 01 Draw", "# 09 Draw"),
    ),
    (rules.shows_no_claim_and_no_exercise_on_a_slide, slide("-", of_tag("claim"))),
    (rules.shows_no_claim_and_no_exercise_on_a_slide, slide("fragment", of_tag("solution"))),
    (rules.shows_no_claim_and_no_exercise_on_a_slide, slide("-", of_tag("self-check"))),
    (
        rules.shows_no_claim_and_no_exercise_on_a_slide,
        slide("slide", of_words("### Exercise A")),
    ),
    (rules.asks_on_its_slides_before_it_shows, show_the_output_with_the_question),
    (
        rules.asks_on_its_slides_before_it_shows,
        slide("skip", of_words("**Predict before you run")),
    ),
    (rules.ends_its_slides_with_the_answer, slide("skip", of_words("## The answer"))),
    (rules.ends_its_slides_with_the_answer, slide("-", of_words("## The answer"))),
    (rules.ends_its_slides_with_the_answer, slide("skip", of_tag("conclusion"))),
    (rules.folds_its_claims, unfold_a_claim),
    (rules.asserts_its_claims, rewrite("claim", "print('it is so')")),
    (rules.asserts_its_claims, rewrite("claim", "assert True")),
    (rules.asserts_its_claims, drop_all_claims),
    (rules.has_exercises_with_check_and_solution, retag("solution", "other")),
    (rules.has_exercises_with_check_and_solution, replace_in_prose("### Exercise ", "### ")),
    (rules.has_exercises_with_check_and_solution, rewrite("self-check", "'Right.'")),
    (rules.has_exercises_with_check_and_solution, output_of("self-check", "'Right.'")),
    (rules.has_exercises_with_check_and_solution, output_of("solution", "'Not answered yet.'")),
    (rules.has_exercises_with_check_and_solution, unfold_solution),
    (rules.describes_its_figures, remove_the_description),
    (rules.describes_its_figures, remove_the_figure),
    (rules.uses_no_hidden_pyplot_state, rewrite("claim", "plt.plot([1])")),
    (rules.compares_most_outputs, ignore_most_cells),
    (rules.masks_the_versions_that_it_prints, print_a_version_that_is_none),
]


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_a_planted_bad_notebook_breaks_its_rule(rule, plant):
    bad = copy.deepcopy(read(PATHS[0]))
    assert rule(bad) == [], "the notebook is good before the breach is planted"
    plant(bad)
    assert rule(bad) != []


def test_every_rule_has_a_planted_bad_notebook():
    assert {rule for rule, _ in PLANTED} == set(rules.RULES)


# --- What the committed outputs show ------------------------------------------------------


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name[:2])
def test_committed_outputs_come_from_the_lesson_budget_and_real_images(path):
    text = printed(read(path))
    assert "Budget: lesson" in text
    if "Images: " in text:
        assert "Images: CIFAR-10" in text


def number_after(words: str, text: str) -> float:
    return float(re.search(re.escape(words) + r"\s+(\d+\.\d+)", text)[1])


def test_the_committed_search_is_as_good_as_the_lecture_s():
    text = printed(read(FOLDER / "04_search_at_random.ipynb"))
    assert number_after("validation accuracy", text) >= 0.42


def test_the_committed_retraining_comes_to_the_lecture_s_test_accuracy():
    text = printed(read(FOLDER / "05_retrain_best_model.ipynb"))
    assert number_after("best validation accuracy during the search", text) >= 0.42
    assert number_after("test accuracy", text) == pytest.approx(0.48, abs=0.02)
