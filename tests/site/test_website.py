"""The site as it is built: its environment, its pages, and what fails the build."""

import importlib.util
import os
import re
import sys
from pathlib import Path

import pytest

from tools import environments, offline, website

NOTEBOOKS = website.ROOT / "notebooks"
# Tables of Markdown; of pandas, and figures; formulas.
CHOSEN = ["01", "04", "08"]
PROJECT = "https://example.org/course"


@pytest.fixture(scope="module")
def sphinx():
    """A Python that has Sphinx: this one, or that of `make site`."""
    if importlib.util.find_spec("sphinx") and importlib.util.find_spec("myst_nb"):
        return Path(sys.executable)
    python = environments.interpreter(website.ENVIRONMENT)
    if not python.exists():
        pytest.skip(
            "Sphinx is not installed: run `make site` once, and this test uses its .venv-site"
        )
    return python


@pytest.fixture(scope="module")
def site(sphinx, tmp_path_factory):
    """The site of a few notebooks."""
    folder = tmp_path_factory.mktemp("site")
    website.prepare(website.select(NOTEBOOKS, CHOSEN), folder / "source", PROJECT)
    website.build(sphinx, folder / "source", folder / "site")
    return folder / "site"


def read(site, name):
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_there_is_a_page_for_each_notebook_and_the_start_page_leads_there(site):
    start = read(site, "index")
    for name in ["01_draw_values", "04_search_at_random", "08_trust_winner"]:
        assert f'href="{name}.html"' in start and "<h1>" in read(site, name)
    assert (site / "search.html").exists() and (site / "searchindex.js").exists()
    puzzle = start.partition("<details>")[2].partition("</details>")[0]
    assert puzzle.count('.html"') == 2, "notebooks 04 and 08"
    assert "<!--" not in start.partition('id="puzzle')[2].partition("</article>")[0]


def test_nothing_is_loaded_from_another_host(site):
    assert offline.in_site(site) == []


def test_every_figure_has_its_alternative_text(site):
    pictures = re.findall(r"<img[^>]*>", read(site, "04_search_at_random"))
    alts = [re.search(r'alt="([^"]*)"', picture)[1] for picture in pictures]
    assert len(alts) == 4 and all(len(alt) > 40 for alt in alts)


def test_solutions_self_checks_and_claims_are_folded(site):
    html = read(site, "04_search_at_random")
    for what in ["the solution", "the self-check", "the assertions"]:
        assert html.count(f"Show {what}</p>") > 2
    # What stands outside of every fold.
    open_ = re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL)
    assert "solution_a" not in re.sub("<[^>]*>", "", open_)
    assert "Right." not in open_ and "Not answered yet" not in open_
    assert 'aria-label="Toggle hidden content"' not in html


def test_an_answer_to_a_prediction_is_folded_with_its_formulas_and_code_intact(site):
    html = read(site, "01_draw_values")
    assert html.count("Show the output</p>") > 5
    answers = re.findall(r"<details>\s*<summary>The answer\..*?</details>", html, re.DOTALL)
    assert len(answers) > 5 and all("<p>" in answer for answer in answers)
    assert any("<code" in answer for answer in answers)
    assert "Three times three times three makes 27" in answers[0]
    assert "Show the source</p>" in read(site, "08_trust_winner"), "of a conclusion that answers"


def test_no_table_has_a_heading_of_nothing(site):
    for name in ["01_draw_values", "04_search_at_random", "08_trust_winner"]:
        html = read(site, name)
        assert "<th" in html and not re.search(r"<th\b[^>]*>(\s|<p>|</p>)*</th>", html)


def test_formulas_are_mathml_and_no_script_draws_them(site):
    html = read(site, "08_trust_winner")
    assert html.count("<math") > 40 and "<msqrt>" in html
    assert not re.search("<script[^>]*(mathjax|katex)", html, re.IGNORECASE)
    prose = re.sub(r"<(pre|script).*?</\1>", "", html, flags=re.DOTALL)
    assert "$" not in prose, "a formula was left as it was written"


@pytest.mark.parametrize(
    ("name", "script"), [("beat_the_tuner", "game.js"), ("bank_explorer", "explorer.js")]
)
def test_a_page_to_play_with_is_linked_and_no_notebook_loads_its_scripts(site, name, script):
    parts = ["uplot/uPlot.iife.min.js", "recorded.js", "rules.js", "charts.js", script]
    parts += ["uplot/uPlot.min.css", "game.css"]
    html = read(site, name)
    for part in parts:
        assert f'="_static/{part}' in html and (site / "_static" / part).is_file()
        assert f"_static/{part}" not in read(site, "index") + read(site, "04_search_at_random")
    assert [html.index(part) for part in parts[:5]] == sorted(map(html.index, parts[:5]))
    begin = read(site, "index").partition("begin docutils")[2].partition("</div>")[0]
    assert 'href="beat_the_tuner.html"' in begin
    assert f'href="{name}.html"' in read(site, "01_draw_values"), "in the navigation"
    assert re.search(r'href="08_trust_winner.html">(<[^>]*>)?notebook 08', html, re.IGNORECASE)


def test_the_page_says_where_the_project_is(site):
    assert f'href="{PROJECT}">the project</a>' in read(site, "index")


def test_a_warning_of_sphinx_fails_the_build(sphinx, tmp_path, capfd):
    website.prepare(website.select(NOTEBOOKS, ["03"]), tmp_path / "source")
    with (tmp_path / "source" / "index.md").open("a", encoding="utf-8") as start:
        start.write("\n[lost](nowhere.md)\n")
    with pytest.raises(website.SiteError, match="Sphinx did not finish"):
        website.build(sphinx, tmp_path / "source", tmp_path / "site")
    assert "nowhere.md" in capfd.readouterr().err


def test_a_page_that_needs_another_host_fails_the_build(sphinx, tmp_path):
    website.prepare(website.select(NOTEBOOKS, ["03"]), tmp_path / "source")
    with (tmp_path / "source" / "index.md").open("a", encoding="utf-8") as start:
        start.write('\n<img alt="" src="https://cdn.example/a.png">\n')
    with pytest.raises(website.SiteError, match="index.html loads https://cdn.example/a.png"):
        website.build(sphinx, tmp_path / "source", tmp_path / "site")


def test_what_was_prepared_before_is_gone(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "99_old.ipynb").touch()
    website.prepare(website.select(NOTEBOOKS, ["03"]), tmp_path / "source")
    assert [path.name for path in (tmp_path / "source").glob("*.ipynb")] == ["03_build_model.ipynb"]


def test_a_figure_without_words_fails_with_the_name_of_its_notebook(tmp_path):
    text = (NOTEBOOKS / "03_build_model.ipynb").read_text(encoding="utf-8")
    assert "**In the figure:**" in text
    broken = tmp_path / "03_build_model.ipynb"
    broken.write_text(text.replace("**In the figure:**", "Look:"), encoding="utf-8")
    with pytest.raises(website.SiteError, match="^03_build_model: .* no alternative text"):
        website.prepare([broken], tmp_path / "source")


def test_notebooks_are_chosen_by_the_beginning_of_their_names(tmp_path):
    for name in ["01_a.ipynb", "02_b.ipynb", "notes.ipynb"]:
        (tmp_path / name).touch()
    assert [path.name for path in website.select(tmp_path, ["02"])] == ["02_b.ipynb"]
    assert len(website.select(tmp_path, [])) == 2
    with pytest.raises(website.SiteError, match="no notebook 03"):
        website.select(tmp_path, ["03"])


def test_a_site_is_current_until_something_that_it_is_made_from_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(website, "ROOT", tmp_path)
    sources = ["site/_static/game.js", "notebooks/04_a.ipynb", "tools/pages.py"]
    pages = ["build/index.html", "build/04_a.html"]
    for name in sources + pages:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (10, 10))
    assert website.is_current(tmp_path / "build")
    for name in sources:
        os.utime(tmp_path / name, (11, 11))
        assert not website.is_current(tmp_path / "build"), name
        os.utime(tmp_path / name, (10, 10))
    (tmp_path / "build" / "04_a.html").unlink()
    assert not website.is_current(tmp_path / "build"), "a page is missing"


def test_what_the_site_is_made_from_is_there():
    assert all(any(website.ROOT.glob(pattern)) for pattern in website.SOURCES)


def test_the_site_is_built_without_what_the_course_needs():
    for name in ["website", "environments", "pages", "folds", "predictions", "offline", "game"]:
        source = (website.ROOT / "tools" / f"{name}.py").read_text(encoding="utf-8")
        imported = set(re.findall(r"^(?:from|import) (\w+)", source, re.MULTILINE))
        assert imported <= sys.stdlib_module_names | {"tools"}
