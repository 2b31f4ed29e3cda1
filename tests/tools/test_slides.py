"""The exported slides: what is on them, and that they need nothing from another host."""

import base64
import hashlib
import re
import shutil

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools import offline, slides
from tools.notebooks import NotebookError

NOTEBOOKS = sorted((slides.ROOT / "notebooks").glob("*.ipynb"))
PIXEL = base64.b64encode(b"\x89PNG not really").decode()
TITLE = "# 01 Draw\n\nNow: **why not?**"


def markdown(source, kind):
    return nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


def code(source, kind, *outputs, **metadata):
    metadata["slideshow"] = {"slide_type": kind}
    return nbformat.v4.new_code_cell(source, metadata=metadata, outputs=list(outputs))


def shown(**data):
    return nbformat.v4.new_output("execute_result", data)


@pytest.fixture
def deck(tmp_path):
    """A function that exports a notebook of the given cells, and returns its page."""

    def export(*cells):
        notebook = nbformat.v4.new_notebook(cells=[markdown(TITLE, "slide"), *cells])
        nbformat.write(notebook, tmp_path / "01_draw.ipynb")
        slides.export([tmp_path / "01_draw.ipynb"], tmp_path / "slides")
        html = (tmp_path / "slides" / "01_draw.html").read_text(encoding="utf-8")
        return BeautifulSoup(html, "html.parser")

    return export


def test_a_deck_has_the_slides_of_the_notebook_and_not_what_it_skips(deck):
    page = deck(
        markdown("## One", "slide"),
        code("1 + 1", "fragment"),
        markdown("Not this.", "skip"),
        code("2 + 2", "-"),
        markdown("Below.", "subslide"),
        markdown("## Two", "slide"),
    )
    stacks = page.select(".slides > section")
    assert [len(stack.select("section")) for stack in stacks] == [1, 2, 1]
    one = stacks[1].select_one("section")
    assert one.h2.text == "One" and "Not this." not in page.text
    assert [cell.text.strip() for cell in one.select(".fragment .jp-Cell")] == ["1 + 1", "2 + 2"]
    assert page.title.text == "01 Draw"


def test_formulas_are_mathml_in_prose_and_in_results(deck):
    result = shown(**{"text/markdown": r"It is $\sqrt{2}$.", "text/plain": "?"})
    page = deck(markdown(r"Half is $\frac{1}{2}$, not `$x$`.", "slide"), code("x", "slide", result))
    assert page.select_one("math mfrac") and page.select_one("math msqrt")
    assert "$" not in page.text.replace("$x$", "")


def test_a_figure_is_described_by_the_paragraph_after_it(deck):
    figure = code("draw()", "slide", shown(**{"image/png": PIXEL, "text/plain": "<Figure>"}))
    words = markdown('**In the figure:** a "dot" for\neach `trial`.\n\nMore.', "skip")
    (image,) = deck(figure, words).select("img")
    assert image["alt"] == 'A "dot" for each trial.'
    with pytest.raises(NotebookError, match=r"^01_draw.ipynb: .* no alternative text"):
        deck(figure)


@pytest.mark.parametrize(
    ("metadata", "code_is_shown", "output_is_shown"),
    [
        ({}, True, True),
        ({"tags": ["conclusion", "nbval-ignore-output"]}, False, True),
        ({"tags": ["output-on-slide"]}, False, True),
        ({"jupyter": {"outputs_hidden": True}}, True, False),
    ],
    ids=["code", "a conclusion", "long code", "a log"],
)
def test_a_slide_shows_of_a_cell(deck, metadata, code_is_shown, output_is_shown):
    page = deck(code("fit()", "-", shown(**{"text/plain": "IT"}), **metadata))
    assert bool(page.select(".highlight")) == code_is_shown
    assert ("IT" in page.text) == output_is_shown


def test_the_list_of_the_decks_leads_to_each(deck, tmp_path):
    deck()
    html = (tmp_path / "slides" / "index.html").read_text(encoding="utf-8")
    link = BeautifulSoup(html, "html.parser").select_one("li a")
    assert (link["href"], link.text) == ("01_draw.html", "01 Draw")
    assert "Why not?" in html


def test_what_was_exported_before_is_gone(deck, tmp_path):
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides" / "99_old.html").touch()
    deck()
    assert [path.name for path in (tmp_path / "slides").glob("[0-9]*")] == ["01_draw.html"]


def test_a_deck_that_needs_another_host_is_an_error(deck):
    with pytest.raises(NotebookError, match="01_draw.html loads https://cdn.example/a.png"):
        deck(markdown('<img alt="" src="https://cdn.example/a.png">', "slide"))


def test_every_notebook_from_01_to_08_becomes_a_deck(tmp_path):
    chosen = slides.with_slides(NOTEBOOKS)
    assert [path.name[:2] for path in chosen] == [f"{number:02}" for number in range(1, 9)]
    slides.export(chosen, tmp_path / "slides")
    assert offline.in_site(tmp_path / "slides") == []
    for path in chosen:
        html = (tmp_path / "slides" / f"{path.stem}.html").read_text(encoding="utf-8")
        page = BeautifulSoup(html, "html.parser")
        assert len(page.select(".slides > section > section")) > 20
        assert all(len(image["alt"]) > 40 for image in page.select("img"))
        assert "def solution_" not in page.text and "'Not answered yet.'" not in page.text
        for loaded in page.select("script[src], link[rel=stylesheet]"):
            assert (tmp_path / "slides" / loaded.get("src", loaded.get("href"))).is_file()


def test_a_notebook_without_slides_is_named(capsys, monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS[8], tmp_path / "notebooks")
    monkeypatch.setattr(slides, "ROOT", tmp_path)
    assert slides.main(["09"]) == 1
    assert capsys.readouterr().err == f"no slides in {NOTEBOOKS[8].name}\n"
    assert slides.main(["03"]) == 1
    assert "no notebook 03" in capsys.readouterr().err
    assert not (tmp_path / "build").exists()


def test_the_library_is_the_published_one_with_its_licence():
    # The files of reveal.js 6.0.2, as npm has them.
    folder = slides.SOURCE / "_static" / "reveal"
    digests = {
        path.name: hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        for path in folder.iterdir()
    }
    assert digests == {
        "LICENSE": "b2883e4b610bfa1b4d8fff84c4d4b825cc7d553cbd9fec4777c04068a2859dc0",
        "reveal.css": "615ee850cbbb98a0f688b60ed37b21819a3f54c9f3e6f20e33e63693ab74a0c0",
        "reveal.js": "aa1bbbf2617b23a623b23612cb3c5bdb63de512e652bf20fcfa832b045d37844",
    }
    assert re.search("Permission is hereby granted", (folder / "LICENSE").read_text())
