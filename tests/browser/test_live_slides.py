"""The slides in JupyterLab, by jupyterlab-rise: all of each fits, and code runs on them.

The pages of the extension write errors of their own to the console, which do no harm, so only
requests that leave this machine count here.
"""

import json
import os
import shutil
import subprocess
import time
from urllib.parse import urlsplit

import pytest

from tools import environments, website

NOTEBOOKS = [
    path
    for path in sorted((website.ROOT / "notebooks").glob("*.ipynb"))
    if '"slide_type": "slide"' in path.read_text("utf-8")
]
PYTHON = environments.interpreter(website.ROOT / ".venv")
SIZE = {"width": 1366, "height": 768}
NOW = ".slides > section.present > section.present"  # the slide that is shown
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="JupyterLab needs `make setup` first")
PLANTED = """\
# 01 Count

Before.
---
print(6 * 7)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of the course that shows copies of its notebooks: its folder and its address."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    for path in [*NOTEBOOKS, website.ROOT / "notebooks" / "rise.css"]:
        shutil.copy(path, folder / "notebooks")
    places = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    command = [PYTHON, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, f"--ServerApp.root_dir={folder}"],
            env={**os.environ, **places},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 120
        while not (found := list(folder.glob("RUNTIME/jpserver-*.json"))):
            waiting = server.poll() is None and time.monotonic() < deadline
            assert waiting, (folder / "log").read_text("utf-8")
            time.sleep(0.2)
        told = json.loads(found[0].read_text("utf-8"))
        yield folder, told["url"], told["token"]
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture
def page(browser, lab):
    """A page whose requests have to stay on this machine."""
    gone = []
    with browser.new_context(viewport=SIZE) as context:
        context.on("request", lambda request: gone.append(request.url))
        yield context.new_page()
    own = {None, "", "localhost", "127.0.0.1"}
    assert [url for url in gone if urlsplit(url).hostname not in own] == []


def show(page, lab, name):
    """Open the slides of the notebook `name`."""
    _, url, token = lab
    page.goto(f"{url}rise/notebooks/{name}?token={token}")
    page.wait_for_selector(NOW, timeout=120_000)
    page.wait_for_selector("#rise-custom-css", state="attached")
    page.wait_for_function("document.querySelector('#rise-custom-css').sheet !== null")


LOOK = f"""
() => {{
  const slide = document.querySelector("{NOW}");
  const every = [...document.querySelectorAll(".slides > section > section")];
  const hidden = slide.querySelectorAll(".fragment:not(.visible)").length;
  const found = [];
  const over = [slide.scrollHeight - slide.clientHeight, slide.scrollWidth - slide.clientWidth];
  const note = (problem, text) => found.push(`${{problem}}: ${{text.slice(0, 40)}}`);
  if (Math.max(...over) > 1) note(`too large by ${{over}}`, slide.innerText);
  const shown = (node) => node.parentElement.checkVisibility() && node.textContent.trim();
  const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {{
    const element = texts.currentNode.parentElement;
    if (!shown(texts.currentNode) || element.closest(".jp-InputPrompt, .jp-OutputPrompt")) continue;
    const least = element.closest("pre, code, .cm-content, mjx-container") ? 12 : 16;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < least) note(`too small, ${{size}} pixels`, element.textContent);
  }}
  return {{
    number: every.indexOf(slide),
    isLast: slide === every.at(-1) && hidden === 0,
    found,
  }};
}}
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name[:2])
def test_all_of_every_slide_fits_with_its_code_and_its_committed_output(page, lab, path):
    show(page, lab, path.name)
    found, seen = {}, set()
    for _ in range(400):
        slide = page.evaluate(LOOK)
        seen.add(slide["number"])
        if slide["found"]:
            found[slide["number"]] = slide["found"]
        if slide["isLast"]:
            break
        page.keyboard.press("Space")
        page.wait_for_timeout(50)
    assert seen == set(range(len(seen))) and slide["isLast"]
    assert found == {}


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("<div style='height: 800px'>tall</div>", "too large"),
        ("<div style='width: 1400px'>wide</div>", "too large"),
        ("<p style='font-size: 15px'>small</p>", "too small, 15"),
        ("<pre style='font-size: 11px'>small</pre>", "too small, 11"),
    ],
)
def test_a_slide_that_does_not_fit_is_noticed(page, lab, planted, said):
    plant(lab[0])
    show(page, lab, "count.ipynb")
    assert page.evaluate(LOOK)["found"] == []
    slide = page.locator(NOW)
    slide.evaluate("(slide, html) => slide.insertAdjacentHTML('beforeend', html)", planted)
    assert any(said in problem for problem in page.evaluate(LOOK)["found"])


def plant(folder):
    title, code = PLANTED.split("---\n")
    cells = [
        {"cell_type": "markdown", "id": "aaaaaaaa", "source": title, "metadata": {}},
        {"cell_type": "code", "id": "bbbbbbbb", "source": code, "metadata": {}},
    ]
    cells[1] |= {"outputs": [], "execution_count": None}
    for cell in cells:
        cell["metadata"]["slideshow"] = {"slide_type": "slide"}
    metadata = json.loads(NOTEBOOKS[0].read_text("utf-8"))["metadata"]
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    (folder / "notebooks" / "count.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def test_code_runs_on_the_slide(page, lab):
    plant(lab[0])
    show(page, lab, "count.ipynb")
    page.mouse.click(600, 700)
    page.keyboard.press("Space")
    page.wait_for_selector(f"{NOW} .jp-CodeCell.jp-mod-active")
    page.keyboard.press("Control+Enter")
    output = page.locator(f"{NOW} .jp-OutputArea-output", has_text="42")
    output.wait_for(timeout=120_000)
    box = output.bounding_box()
    assert box["y"] + box["height"] < SIZE["height"]


def test_the_view_menu_shows_the_slides_beside_the_notebook(page, lab):
    _, url, token = lab
    plant(lab[0])
    page.goto(f"{url}lab/tree/notebooks/count.ipynb?token={token}&reset")
    page.get_by_role("tab", name="count.ipynb").wait_for(timeout=120_000)
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name="Render as Reveal Slideshow").click()
    slides = page.frame_locator("iframe[src*='/rise/']")
    slides.locator(NOW, has_text="01 Count").wait_for(timeout=120_000)
