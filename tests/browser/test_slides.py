"""The exported slides, on an ordinary projector: all of each can be seen and read."""

import pytest

from tools import website

DECKS = [
    path.stem
    for path in sorted((website.ROOT / "notebooks").glob("*.ipynb"))
    if '"slide_type": "slide"' in path.read_text("utf-8")
]
SIZE = {"width": 1366, "height": 768}
SMALLEST = {"prose": 16, "code": 12}  # CSS pixels, as they appear on the screen

# What of the current slide is outside the window or cut off, and which of its text is too small.
LOOK = r"""
(smallest) => {
  const slide = Reveal.getCurrentSlide();
  const found = [];
  const note = (problem, element) => {
    const text = element.textContent.trim().slice(0, 40).replace(/\s+/g, " ");
    found.push(`${problem}: ${element.tagName} "${text}"`);
  };
  for (const element of [slide, ...slide.querySelectorAll("*")]) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    const over = Math.max(-box.left, -box.top, box.right - innerWidth, box.bottom - innerHeight);
    if (over > 1) note(`outside by ${Math.round(over)}`, element);
    const hidden = Math.max(
      element.scrollHeight - element.clientHeight, element.scrollWidth - element.clientWidth
    );
    const style = getComputedStyle(element);
    if (style.overflow !== "visible" && hidden > 1) note("cut off", element);
    const text = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const least = element.closest("pre, code, math") ? smallest.code : smallest.prose;
    const size = parseFloat(style.fontSize) * Reveal.getScale();
    if (text.some((node) => node.textContent.trim()) && size < least) note("too small", element);
  }
  return found;
}
"""


@pytest.fixture(scope="session")
def decks(serve):
    """The address of the exported slides."""
    folder = website.BUILD / "slides"
    missing = [name for name in DECKS if not (folder / f"{name}.html").is_file()]
    assert not missing, f"build/slides lacks {missing}: run `make slides`"
    return serve(folder)


@pytest.fixture
def opened(decks, new_context):
    """A function that opens a deck, and returns its page."""

    def open_deck(name, **options):
        page = new_context(viewport=SIZE, **options).new_page()
        page.goto(f"{decks}/{name}.html")
        page.wait_for_function("globalThis.Reveal?.isReady()")
        return page

    return open_deck


def slides_of(page):
    """Go to each slide of the deck in turn, with all its fragments shown, and yield its address."""
    places = page.evaluate("Reveal.getSlides().map((slide) => Reveal.getIndices(slide))")
    for place in places:
        page.evaluate("({h, v}) => Reveal.slide(h, v, 99)", place)
        yield f"#/{place['h']}/{place['v']}"


@pytest.mark.parametrize("name", DECKS)
def test_all_of_every_slide_is_on_the_screen_and_legible(opened, name):
    page = opened(name)
    assert page.evaluate("Reveal.getScale()") == 1
    found = [
        f"{place} {problem}"
        for place in slides_of(page)
        for problem in page.evaluate(LOOK, SMALLEST)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("<div style='height: 800px'>tall</div>", "outside"),
        ("<pre style='width: 1400px'>wide</pre>", "outside"),
        ("<div style='height: 30px; overflow: hidden'>a<br>b<br>c</div>", "cut off"),
        ("<p style='font-size: 15px'>small</p>", "too small"),
        ("<pre style='font-size: 11px'>small code</pre>", "too small"),
    ],
)
def test_a_slide_that_cannot_be_seen_is_noticed(opened, planted, said):
    page = opened(DECKS[0])
    assert page.evaluate(LOOK, SMALLEST) == []
    page.evaluate(
        "(html) => Reveal.getCurrentSlide().insertAdjacentHTML('beforeend', html)", planted
    )
    assert any(said in problem for problem in page.evaluate(LOOK, SMALLEST))


def test_the_space_bar_leads_through_the_whole_deck(opened):
    page = opened(DECKS[1])
    steps = page.evaluate(
        "Reveal.getTotalSlides() + document.querySelectorAll('.fragment').length - 1"
    )
    seen = {page.evaluate("location.hash || '#/'")}
    for _ in range(steps):
        assert not page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next")
        page.keyboard.press("Space")
        seen.add(page.evaluate("JSON.stringify(Reveal.getIndices())"))
    assert page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next")
    assert len(seen) == steps + 1


def test_a_swipe_leads_to_the_next_slide(opened):
    page = opened(DECKS[0], has_touch=True)
    touch = page.context.new_cdp_session(page)

    def send(kind, points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", [{"x": 900, "y": 400}])
    for x in range(850, 400, -50):
        send("touchMove", [{"x": x, "y": 400}])
    send("touchEnd", [])
    page.wait_for_function("Reveal.getIndices().h === 1")


def test_the_list_leads_to_every_deck(decks, new_context):
    page = new_context(viewport=SIZE).new_page()
    page.goto(f"{decks}/index.html")
    links = page.locator("li a")
    assert [link.get_attribute("href") for link in links.all()] == [f"{n}.html" for n in DECKS]
    links.last.click()
    page.wait_for_function("globalThis.Reveal?.isReady()")
    page.get_by_role("link", name="All slides").click()
    page.wait_for_url("**/index.html")
