"""Sphinx's settings for the web site. `make site` copies them to build/, and adds the pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # mathml.py

project = "Hyperparameter tuning with Keras"
author = "The authors of this course"
copyright = author
language = "en"

extensions = ["myst_nb", "mathml"]
nb_execution_mode = "off"  # what readers see is what is committed
nb_merge_streams = True  # how many pieces a cell printed its text in is chance
nb_ipywidgets_js = {}  # comes from another host, and a widget does nothing without its kernel
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["course.css"]
html_favicon = "_static/favicon.svg"
html_context = {
    "default_mode": "auto"
}  # light or dark as the reader's system says; without it, an error in the console
html_copy_source = False  # the notebooks that were prepared for the site are of no use elsewhere
html_use_index = False
html_theme_options = {
    "show_toc_level": 2,
    "home_page_in_toc": False,
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_content_items": ["copyright.html", "extra-footer.html"],
    "extra_footer": "Free to use, change and teach with, under the BSD 3-Clause licence.",
}


# What a screen reader stumbles over, and what it should be: the bars of all folds have one and the
# same label, and the empty corner of a table is a heading of nothing.
MENDED = {
    ' aria-label="Toggle hidden content"': "",
    '<th class="head"><p></p></th>': "<td></td>",
}


def mend(app, pagename, templatename, context, doctree) -> None:
    """Mend the page that is about to be written."""
    for written, better in MENDED.items():
        context["body"] = context.get("body", "").replace(written, better)


# The pages that are played, and the script of each.
PLAYED = {"beat_the_tuner": "game.js", "bank_explorer": "explorer.js"}


def load_scripts(app, pagename, templatename, context, doctree) -> None:
    """Let the pages that are played, and no others, load what they need."""
    if pagename in PLAYED:
        for name in ("uplot/uPlot.min.css", "game.css"):
            app.add_css_file(name)
        shared = ("uplot/uPlot.iife.min.js", "recorded.js", "rules.js", "charts.js")
        for name in (*shared, PLAYED[pagename]):
            app.add_js_file(name, loading_method="defer")


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", mend)
    app.connect("html-page-context", load_scripts)
