"""What becomes of a notebook on its way to the web site."""

import copy
import json
from pathlib import Path

import pytest

from tools import pages, predictions

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = {path.stem: pages.read(path) for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))}


def markdown(source):
    return {"cell_type": "markdown", "id": "aaaaaaaa", "metadata": {}, "source": source}


def code(source="1 + 1", *, tags=(), outputs=(), **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    cell = {"cell_type": "code", "id": "bbbbbbbb", "metadata": metadata, "source": source}
    return cell | {"outputs": list(outputs), "execution_count": None}


def shown(**data):
    return {"output_type": "execute_result", "metadata": {}, "execution_count": 1, "data": data}


PICTURE = shown(**{"image/png": "aGk=", "text/plain": "<Figure>"})
RIGHT = shown(**{"text/plain": "'Right.'"})


def page_of(*cells, names=()):
    return pages.page({"cells": [markdown("# 04 Search"), *cells]}, names)["cells"][1:]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_committed_notebook_becomes_a_page_and_stays_as_it_is(name):
    before = copy.deepcopy(NOTEBOOKS[name])
    made = pages.page(NOTEBOOKS[name], NOTEBOOKS)
    assert NOTEBOOKS[name] == before
    kept = [cell["id"] for cell in before["cells"] if cell["metadata"].get("tags") != ["hosted"]]
    assert [cell["id"] for cell in made["cells"]] == kept
    assert len(before["cells"]) == len(kept) + 1


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_figure_of_a_committed_notebook_has_words_for_who_cannot_see_it(name):
    figures = [
        cell
        for cell in pages.page(NOTEBOOKS[name])["cells"]
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", ()))
    ]
    for figure in figures:
        alt = figure["metadata"]["mystnb"]["image"]["alt"]
        assert len(alt) > 40 and alt[0].isupper()
        assert not set(alt) & set("*`\n") and "In the figure" not in alt


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_a_committed_notebook_folds_is_folded_on_its_page(name):
    for cell in pages.page(NOTEBOOKS[name])["cells"]:
        tags = set(cell["metadata"].get("tags", ()))
        if tags & {"solution", "claim", "self-check"}:
            assert tags & {"hide-cell", "hide-input"}
            assert not cell["outputs"] or "hide-cell" in tags, "its output would show"


@pytest.mark.parametrize("tag", ["solution", "claim", "self-check"])
def test_a_fold_hides_what_its_cell_shows(tag):
    silent, telling = page_of(code(tags=[tag]), code(tags=[tag], outputs=[RIGHT]))
    assert silent["metadata"]["tags"] == [tag, "hide-input"]
    assert telling["metadata"]["tags"] == [tag, "hide-cell"]


def test_a_conclusion_is_shown_without_the_code_that_makes_it():
    (cell,) = page_of(code(tags=["conclusion"], outputs=[RIGHT]))
    assert cell["metadata"]["tags"] == ["conclusion", "hide-input"]


def test_the_bar_of_a_fold_says_what_it_hides():
    solution, claim = page_of(code(tags=["solution"]), code(tags=["claim"]))
    assert solution["metadata"]["mystnb"] == {
        "code_prompt_show": "Show the solution",
        "code_prompt_hide": "Hide the solution",
    }
    assert claim["metadata"]["mystnb"]["code_prompt_show"] == "Show the assertions"


def test_what_its_author_folded_in_jupyterlab_is_folded():
    source, outputs, neither = page_of(
        code(jupyter={"source_hidden": True}), code(jupyter={"outputs_hidden": True}), code()
    )
    assert source["metadata"]["tags"] == ["hide-input"]
    assert outputs["metadata"]["tags"] == ["hide-output"]
    assert neither["metadata"]["tags"] == [] and "mystnb" not in neither["metadata"]


def asking(text="**Predict before\nyou run:** how many?", name="asks"):
    return markdown(text) | {"id": name}


def answering(source, *names):
    return markdown(source) | {"metadata": {"answers": list(names)}}


def test_an_answer_is_folded_until_its_reader_has_predicted():
    _, setting, telling, answer = page_of(
        asking(), code(), code(outputs=[RIGHT]), answering("Three.\n\nRead on:", "asks")
    )
    assert setting["metadata"]["tags"] == [] and telling["metadata"]["tags"] == ["hide-output"]
    assert telling["metadata"]["mystnb"]["code_prompt_show"] == "Show the output"
    summary = "The answer. Make your own prediction first, and then open this."
    folded = f"<details>\n<summary>{summary}</summary>\n\nThree.\n\n</details>\n\nRead on:"
    assert answer["source"] == folded


def test_the_figure_that_answers_is_folded_with_its_description_and_keeps_its_words():
    figure, words = code(outputs=[PICTURE]), markdown("**In the figure:** one dot.")
    _, figure, words, between, _ = page_of(
        asking(), figure, words, markdown("Now count."), answering("One.", "asks")
    )
    assert figure["metadata"]["tags"] == ["hide-output"]
    assert figure["metadata"]["mystnb"]["image"] == {"alt": "One dot."}
    assert "<summary>What the figure shows</summary>" in words["source"]
    assert between["source"] == "Now count."


def test_a_conclusion_that_answers_is_folded_and_so_is_its_code():
    conclusion = code(tags=["conclusion"], outputs=[RIGHT], answers=["asks"])
    _, cell, after = page_of(asking(), conclusion, code(outputs=[RIGHT]))
    assert cell["metadata"]["tags"] == ["conclusion", "hide-input", "hide-output"]
    assert cell["metadata"]["mystnb"]["code_prompt_show"] == "Show the {type}"
    assert after["metadata"]["tags"] == [], "what comes after the answer is shown"


def test_what_is_folded_with_its_code_is_folded_once():
    claim = code(tags=["claim"], outputs=[RIGHT])
    _, cell, _ = page_of(asking(), claim, answering("Three.", "asks"))
    assert cell["metadata"]["tags"] == ["claim", "hide-cell"]


def test_an_answer_in_a_later_section_is_not_folded():
    cells = [asking(), code(outputs=[RIGHT]), markdown("## Later"), answering("Three.", "asks")]
    _, shown_, _, answer = page_of(*cells)
    assert shown_["metadata"]["tags"] == [] and answer["source"] == "Three."


def test_the_next_question_stays_unfolded_and_its_answer_is_folded():
    second = "**Predict before you run:** and then?"
    _, both, last = page_of(
        asking(),
        answering(f"Three.\n\n{second}", "asks") | {"id": "again"},
        answering("Four.", "again"),
    )
    assert both["source"].endswith(f"Three.\n\n</details>\n\n{second}")
    assert "<details>" in last["source"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_prediction_of_a_committed_notebook_is_spoilt_by_what_stands_below_it(name):
    made = pages.page(NOTEBOOKS[name])["cells"]
    asked = [i for i, cell in enumerate(made) if predictions.QUESTION.search(cell["source"])]
    assert asked
    for question in asked:
        for cell in made[question + 1 :]:
            if cell["source"].startswith("#") and cell["cell_type"] == "markdown":
                break
            if cell.get("outputs"):
                folded = {"hide-output", "hide-cell"} & set(cell["metadata"]["tags"])
                assert folded, f"below {made[question]['id']}, {cell['id']} shows its output"
                break


def test_the_first_paragraph_after_a_figure_is_its_alternative_text():
    words = (
        "**In the figure:** a *dot* for each\ntrial of `run`, see [here](x.md); $k$.\n\nRead on."
    )
    figure, _ = page_of(code(outputs=[PICTURE]), markdown(words))
    alt = "A dot for each trial of run, see here; k."
    assert figure["metadata"]["mystnb"]["image"] == {"alt": alt}


@pytest.mark.parametrize("following", [[], [markdown("Look at it.")], [code()]])
def test_a_figure_without_words_is_an_error_that_names_its_cell(following):
    with pytest.raises(pages.PageError, match="bbbbbbbb has no alternative text"):
        page_of(code(outputs=[PICTURE]), *following)


def test_colours_and_empty_headings_leave_the_html_of_an_output():
    html = [
        '<pre style="white-space:pre"><span style="color: #00af00; ',
        'text-decoration-color: #00af00">1</span></pre><th></th><th>0</th>',
    ]
    (cell,) = page_of(code(outputs=[shown(**{"text/html": html})]))
    assert cell["outputs"][0]["data"]["text/html"] == (
        '<pre style="white-space:pre"><span style="">1</span></pre><td></td><th>0</th>'
    )


def test_a_mention_of_another_notebook_becomes_a_link_to_its_page():
    names = ["04_search", "05_retrain"]
    text = "# As in notebook 05\nNotebook\n05, notebook 04 (this one), notebook 06, `notebook 05`, "
    text += "[notebook 05](x.md), notebooks 01 to 05\n```\nnotebook 05\n```\nand notebook 05."
    (cell,) = page_of(markdown(text), names=names)
    expected = text.replace("Notebook\n05", "[Notebook\n05](05_retrain.ipynb)")
    expected = expected.replace("and notebook 05", "and [notebook 05](05_retrain.ipynb)")
    assert cell["source"] == expected


@pytest.mark.parametrize(
    "opening, asked",
    [
        ("Now: **how wide\nshould it be?** Let us see.", "How wide should it be?"),
        ("**Its question: which `hp`?**", "Which hp?"),
        ("**The question of this notebook: why?**", "Why?"),
        ("**You will** see.", None),
    ],
)
def test_the_question_of_a_notebook_is_what_it_opens_with_in_bold(opening, asked):
    assert pages.question({"cells": [markdown(f"# 04 Search\n\n{opening}")]}) == asked


def test_the_lists_of_the_start_page_hold_every_notebook_once_in_order():
    listed = [line for line in pages.contents(NOTEBOOKS).splitlines() if line.startswith("- [")]
    assert [line.split("](")[1].split(".")[0] for line in listed] == list(NOTEBOOKS)
    in_trees = pages.navigation(NOTEBOOKS).splitlines()
    assert [line for line in in_trees if line[:2].isdigit()] == list(NOTEBOOKS)
    assert tuple(in_trees[-3:-1]) == pages.PLAY, "after the notebooks"


def test_a_part_without_a_notebook_has_no_heading():
    assert list(pages.parts(["07_a", "08_b"])) == [pages.PARTS[8]]


def test_a_notebook_is_read_whatever_way_its_lines_are_stored(tmp_path):
    cells = [markdown(["# 01 A\n", "B"]), markdown("# 01 A\nB")]
    (tmp_path / "01_a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    first, second = pages.read(tmp_path / "01_a.ipynb")["cells"]
    assert first["source"] == second["source"] == "# 01 A\nB"
