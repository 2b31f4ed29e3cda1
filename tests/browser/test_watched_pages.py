"""The fixtures of these tests: a page with a problem does not go unnoticed."""

import pytest


@pytest.fixture
def opened(serve, tmp_path, page):
    """A function that opens a page with the given HTML."""

    def open_page(html):
        (tmp_path / "index.html").write_text(f"<!doctype html><title>A</title>{html}")
        page.goto(serve(tmp_path))
        page.wait_for_load_state("networkidle")

    return open_page


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<script>console.error('Oh.')</script>", "console: Oh."),
        ("<script>throw Error('No.')</script>", "error: "),
        ("<script>Promise.reject(Error('Late.'))</script>", "error: "),
        ("<script src='missing.js'></script>", "404"),
        ("<img src='https://example.org/a.png'>", "another host: https://example.org/a.png"),
    ],
)
def test_a_page_with_a_problem_is_noticed(opened, problems, html, found):
    opened(html)
    assert any(found in problem for problem in problems), problems
    problems.clear()


def test_a_page_without_one_is_not(opened, problems):
    opened("<link rel='icon' href='data:,'><script>console.log('Fine.')</script>")
    assert problems == []
