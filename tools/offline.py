"""Finds what a browser would load from another host when it opens a built page.

Links that a reader has to click on do not count.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

OTHER_HOST = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
# Any other relation of a <link> makes the browser load something, or at least connect.
ONLY_NAMED = {
    "alternate",
    "author",
    "canonical",
    "help",
    "index",
    "license",
    "next",
    "prev",
    "search",
}
ATTRIBUTES = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
STYLES = re.compile(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)", re.IGNORECASE)


def in_css(text: str) -> list[str]:
    """Return the addresses on other hosts that a style sheet loads."""
    found = [url or imported for url, imported in STYLES.findall(text)]
    return [address for address in found if OTHER_HOST.match(address)]


class _Page(HTMLParser):
    """Collects what a page loads from other hosts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check what the element loads, and its own style."""
        values = {name: value or "" for name, value in attrs}
        self.found += in_css(values.get("style", ""))
        self._in_style = tag == "style"
        if tag == "link" and set(values.get("rel", "").lower().split()) <= ONLY_NAMED:
            return
        for name in ATTRIBUTES.get(tag, ()):
            addresses = (
                values.get(name, "").split(",") if name == "srcset" else [values.get(name, "")]
            )
            self.found += [one.strip() for one in addresses if OTHER_HOST.match(one)]

    def handle_data(self, data: str) -> None:
        """Check the style sheets inside the page."""
        if self._in_style:
            self.found += in_css(data)

    def handle_endtag(self, tag: str) -> None:
        """Note that a style sheet has ended."""
        self._in_style = False


def in_page(html: str) -> list[str]:
    """Return the addresses on other hosts that a page loads by itself."""
    parser = _Page()
    parser.feed(html)
    return parser.found


def in_site(folder: Path) -> list[str]:
    """Return a line for each thing that a file under `folder` loads from another host."""
    lines = []
    for path in sorted(folder.rglob("*")):
        look = {".html": in_page, ".svg": in_page, ".css": in_css}.get(path.suffix)
        if look:
            name = path.relative_to(folder).as_posix()
            lines += [f"{name} loads {it}" for it in look(path.read_text(encoding="utf-8"))]
    return lines
