"""What a browser would load from another host is found, and what a reader clicks on is not."""

import pytest

from tools import offline


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<SCRIPT SRC="//cdn.example/a.js"></SCRIPT>',
        '<link rel="stylesheet" href="http://cdn.example/a.css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<link href="https://fonts.example" rel="next stylesheet">',
        '<img alt="" src=https://cdn.example/a.png>',
        '<img alt="" src="a.png" srcset="b.png 1x, https://cdn.example/c.png 2x">',
        '<picture><source srcset="https://cdn.example/c.png"></picture>',
        '<iframe src="https://example.org"></iframe>',
        '<video poster="https://cdn.example/a.png"></video>',
        '<object data="https://cdn.example/a.svg"></object>',
        '<svg><image href="https://cdn.example/a.png"/></svg>',
        '<svg><use xlink:href="https://cdn.example/a.svg#x"/></svg>',
        "<p style=\"background: url('https://cdn.example/a.png')\">",
        "<style>@import 'https://cdn.example/a.css';</style>",
    ],
)
def test_a_page_that_loads_from_another_host_is_found(html):
    assert len(offline.in_page(f"<!doctype html><title>A</title>{html}")) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org">read on</a>',
        '<link rel="canonical" href="https://example.org/a.html">',
        '<link rel="stylesheet" href="_static/a.css"><script src="../a.js"></script>',
        '<img alt="https://example.org" src="data:image/png;base64,aGk=">',
        "<pre>url(https://example.org)</pre>",
        "<style>p { background: url(a.png) }</style><p>@import 'https://example.org'</p>",
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    ],
)
def test_a_page_that_stays_at_home_is_not(html):
    assert offline.in_page(html) == []


def test_style_sheets_are_read():
    css = '@import "//a.example/x.css"; @font-face { src: url( "https://b.example/y.woff2" ) } '
    css += "p { background: url(z.png) url(data:image/png;base64,aGk=) }"
    assert offline.in_css(css) == ["//a.example/x.css", "https://b.example/y.woff2"]


def test_every_file_below_the_folder_is_read_and_named(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "a.html").write_text('<script src="//cdn.example/a.js"></script>')
    (tmp_path / "_static" / "b.css").write_text("p { background: url(//cdn.example/b.png) }")
    (tmp_path / "_static" / "c.js").write_text("'https://example.org'")
    assert offline.in_site(tmp_path) == [
        "_static/b.css loads //cdn.example/b.png",
        "a.html loads //cdn.example/a.js",
    ]
