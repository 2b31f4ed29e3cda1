"""Beat the tuner and the explorer, played by the keyboard alone and by touch."""

import re

import pytest
from playwright.sync_api import expect

TRIALS = 12
FOCUSED = """() => {
    const one = document.activeElement;
    return one.id || one.name || one.textContent.trim();
}"""


class Keyboard:
    """Goes through a page with the Tab key, and never uses the mouse."""

    def __init__(self, page):
        self.page = page

    def go_to(self, wanted, key="Tab"):
        """Press `key` until the focus is on the element with this ID, name or text."""
        for _ in range(150):
            if self.page.evaluate(FOCUSED) == wanted:
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{key} never leads to {wanted}")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def keyboard(page):
    return Keyboard(page)


@pytest.fixture
def game(page, site):
    page.goto(f"{site}/beat_the_tuner.html")
    expect(status(page)).to_have_text(re.compile("^You have 12 trials"))
    return page


def status(page):
    return page.locator("#game-status")


def test_the_game_can_be_played_to_its_end_with_the_keyboard_alone(game, keyboard):
    for trial in range(1, TRIALS + 1):
        if trial == 8:  # after all seven widths
            keyboard.go_to("num_layers", "Shift+Tab")
            keyboard.press("ArrowDown")
        elif trial > 1:
            keyboard.go_to("num_hidden", "Shift+Tab")
            keyboard.press("ArrowDown" if trial < 8 else "ArrowUp")
        keyboard.go_to("game-train")
        keyboard.press("Enter")
        expect(status(game)).to_contain_text(f"Trial {trial}: ")
    expect(status(game)).to_contain_text("The game is over.")
    expect(game.locator("#game-over")).to_be_focused()
    expect(game.locator("#game-verdict")).to_contain_text("Your best is 0.")
    expect(game.locator("#game-played tr")).to_have_count(TRIALS)
    keyboard.go_to("game-restart")
    keyboard.press("Enter")
    expect(status(game)).to_contain_text("You have 12 trials")
    assert game.evaluate(FOCUSED) == "num_hidden"


def test_the_same_configuration_uses_up_no_trial(game, keyboard):
    keyboard.go_to("game-train")
    keyboard.press("Enter", "Space")
    expect(status(game)).to_contain_text("You trained this one in trial 1")
    expect(game.locator("#game-played tr")).to_have_count(1)


def play(page, press):
    """Play all trials, by `press`, which presses the button."""
    widths = page.get_by_role("combobox", name="Units a layer")
    layers = page.get_by_role("combobox", name="Hidden layers")
    values = [
        (width, number)
        for width in widths.locator("option").all_inner_texts()[:6]
        for number in layers.locator("option").all_inner_texts()[:2]
    ]
    for width, number in values:
        widths.select_option(width)
        layers.select_option(number)
        press(page.locator("#game-train"))
    expect(page.locator("#game-end")).to_be_visible()


def test_the_result_can_be_copied_as_text(new_context, site):
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}/beat_the_tuner.html")
    play(page, lambda button: button.click())
    page.locator("#game-share").click()
    expect(page.locator("#game-copied")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("Your result, to share").input_value()
    first, bars, better, address = copied.splitlines()
    assert re.fullmatch(r"Beat the tuner: 0\.\d{4} in 12 trials", first)
    assert re.fullmatch("[▁▂▃▄▅▆▇█]{12}", bars) and better.startswith("Better than ")
    assert address == f"{site}/beat_the_tuner.html"


def test_without_leave_to_write_to_the_clipboard_the_text_is_selected(game):
    game.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(Error('no')); }")
    play(game, lambda button: button.click())
    game.locator("#game-share").click()
    expect(game.locator("#game-copied")).to_have_text("The text is selected: copy it.")
    assert game.evaluate("getSelection().toString()").startswith("Beat the tuner: ")


@pytest.fixture
def phone(new_context, site):
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    return context.new_page()


def test_the_game_can_be_played_by_touch(phone, site):
    phone.goto(f"{site}/beat_the_tuner.html")
    play(phone, lambda button: button.tap())
    expect(phone.locator("#game-verdict")).to_contain_text("Your best is 0.")
    score = phone.locator("#game-played button").nth(3)
    score.tap()
    expect(phone.locator("#game-played tr").nth(3)).to_have_class("chosen")
    phone.locator("#game-restart").tap()
    expect(status(phone)).to_contain_text("You have 12 trials")


def test_what_a_finger_has_to_hit_is_large_enough(phone, site):
    phone.goto(f"{site}/beat_the_tuner.html")
    for part in phone.locator("#game-app select, #game-app button, #game-app label").all():
        if part.is_visible():
            assert part.bounding_box()["height"] >= 24, part.inner_text()  # WCAG 2.2, 2.5.8


def test_the_charts_are_drawn_anew_in_another_width_and_in_other_colours(game):
    drawn = game.locator("#game-race canvas")
    width = drawn.bounding_box()["width"]
    picture = drawn.evaluate("one => one.toDataURL()")
    game.set_viewport_size({"width": 500, "height": 800})
    expect(drawn).not_to_have_css("width", f"{width:g}px")
    narrow = drawn.evaluate("one => one.toDataURL()")
    game.evaluate("document.documentElement.dataset.theme = 'dark'")
    game.wait_for_function(
        "before => document.querySelector('#game-race canvas').toDataURL() !== before", arg=narrow
    )
    assert picture != narrow


@pytest.fixture
def explorer(page, site):
    page.goto(f"{site}/bank_explorer.html")
    expect(found(page)).to_have_text(re.compile("^420 of 420"))
    return page


def found(page):
    return page.locator("#explorer-status")


def kept(page):
    return int(found(page).inner_text().split()[0])


def test_the_filters_of_the_explorer_work_by_keyboard(explorer, keyboard):
    keyboard.go_to("num_layers")
    keyboard.press("Space")
    assert kept(explorer) == 280, "one of three numbers of layers is out"
    expect(explorer.locator("#explorer-lines polyline.kept")).to_have_count(280)
    keyboard.go_to("explorer-reset")
    keyboard.press("Shift+Tab")
    assert explorer.evaluate("document.activeElement.type") == "range"
    keyboard.press("PageUp", "PageUp", "ArrowRight")
    assert 0 < kept(explorer) < 280
    keyboard.go_to("explorer-reset")
    keyboard.press("Enter")
    assert kept(explorer) == 420


def test_the_curve_of_one_of_the_best_is_shown_by_keyboard(explorer, keyboard):
    second = explorer.locator("#explorer-best button").nth(1)
    score = second.inner_text()
    expect(explorer.locator("#explorer-shown")).not_to_have_text(re.compile(f"^{score}: "))
    keyboard.go_to(score)
    keyboard.press("Enter")
    expect(explorer.locator("#explorer-shown")).to_have_text(re.compile(f"^{score}: "))


def test_a_brush_along_an_axis_keeps_a_part_and_a_tap_puts_it_back(explorer):
    explorer.locator("#explorer-lines").scroll_into_view_if_needed()
    strip = explorer.locator("#explorer-lines .strip[data-axis=learning_rate]").bounding_box()
    across = strip["x"] + strip["width"] / 2
    explorer.mouse.move(across, strip["y"] + 2)
    explorer.mouse.down()
    explorer.mouse.move(across, strip["y"] + strip["height"] / 2, steps=5)
    explorer.mouse.up()
    assert 0 < kept(explorer) < 420
    explorer.mouse.click(across, strip["y"] + 5)
    assert kept(explorer) == 420
