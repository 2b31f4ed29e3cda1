"""Formulas as MathML, which browsers draw by themselves: no script, no font, no other host."""

from docutils import nodes
from latex2mathml.converter import convert


def inline(translator, node) -> None:
    """Write a formula within a line."""
    translator.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def block(translator, node) -> None:
    """Write a formula that stands on lines of its own."""
    translator.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app) -> dict[str, bool]:
    """Make the renderer known to Sphinx, as `mathml`."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
