"""The web site as a browser shows it: whole, readable, and with answers that stay folded."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tools import pages, website

NAMES = [path.stem for path in website.select(website.ROOT / "notebooks", [])]
PAGES = ["index", *NAMES, *pages.PLAY]
# What a page shows by itself: pictures, tables and code all at once, and what a fold holds.
OPEN_FOLDS = "for (const fold of document.querySelectorAll('details')) fold.open = true"
# Without reading style sheets by itself: it looks for what they import in the wrong folder.
AXE = {"resultTypes": ["violations"], "preload": False}
# Half-way from one colour to another, a text may not stand out from the page.
FINISH = "for (const change of document.getAnimations()) change.finish()"
WIDER = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .slice(-3).map((one) => one.outerHTML.slice(0, 120))"""


def test_there_is_a_page_for_everything_that_is_tested():
    assert len(NAMES) > 10
    built = {path.stem for path in (website.BUILD / "site").glob("*.html")}
    assert built - {"search", "genindex"} == set(PAGES)


@pytest.mark.parametrize("name", [*PAGES, "search"])
def test_a_page_opens_without_errors_and_needs_no_other_host(page, site, name, problems):
    answer = page.goto(f"{site}/{name}.html")
    page.wait_for_load_state("networkidle")
    assert answer.ok and problems == []
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    for picture in page.locator("img").all():
        assert picture.get_attribute("alt"), picture.evaluate("one => one.outerHTML.slice(0, 200)")
        assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone_with_its_folds_closed_and_open(new_context, site, name):
    page = new_context(viewport={"width": 390, "height": 844}, is_mobile=True).new_page()
    page.goto(f"{site}/{name}.html")
    for script in ("0", OPEN_FOLDS):
        page.evaluate(script)
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= 390, page.evaluate(WIDER)
        page.evaluate("scrollTo(100, 0)")
        assert page.evaluate("scrollX") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "04_search_at_random", *pages.PLAY])
def test_axe_finds_no_obstacle(new_context, site, name, theme):
    page = new_context(color_scheme=theme).new_page()
    page.goto(f"{site}/{name}.html")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    page.evaluate(OPEN_FOLDS)
    if name == "beat_the_tuner":
        play_with_the_mouse(page)
    page.evaluate(FINISH)
    found = Axe().run(page, options=AXE)
    assert len(found.response["passes"]) > 20
    assert found.violations_count == 0, found.generate_report()


def play_with_the_mouse(page):
    """Play a game to its end, so that all of its page is shown."""
    rates = page.get_by_role("combobox", name="Learning rate").locator("option").all_inner_texts()
    for width in (
        page.get_by_role("combobox", name="Units a layer").locator("option").all_inner_texts()
    ):
        for rate in rates[:2]:
            if page.get_by_role("button", name="Train", exact=True).is_enabled():
                page.get_by_role("combobox", name="Units a layer").select_option(width)
                page.get_by_role("combobox", name="Learning rate").select_option(rate)
                page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="The game is over")).to_be_visible()


def test_a_prediction_is_not_spoilt(page, site):
    page.goto(f"{site}/01_draw_values.html")
    told = page.get_by_text("Three times three times three makes 27")
    printed = page.locator(".cell_output", has_text="27").first
    expect(told).to_be_hidden()
    expect(printed).to_be_hidden()
    page.get_by_text("Show the output").first.click()
    expect(printed).to_be_visible()
    expect(told).to_be_hidden()
    page.get_by_text("The answer. Make your own prediction first").first.click()
    expect(told).to_be_visible()


def test_a_fold_can_be_opened_by_the_keyboard(page, site):
    page.goto(f"{site}/01_draw_values.html")
    bar = page.locator("summary", has_text="Show the output").first
    bar.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cell_output", has_text="27").first).to_be_visible()


def test_the_search_finds_a_notebook(page, site):
    page.goto(f"{site}/search.html?q=Hyperband")
    found = page.locator("#search-results a", has_text=re.compile("Compare search strategies"))
    expect(found.first).to_be_visible()
