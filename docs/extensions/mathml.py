"""Formulas as MathML, which a browser draws by itself: no script, no image, no request to another site.

The font they are drawn in has to know mathematics (a brace over two lines is one glyph, stretched), and not every
system has one, so the part of STIX Two Math that formulas need is put beside the pages.
"""

import logging
from importlib.resources import files
from pathlib import Path
from re import sub

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from fontTools import subset
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

logger = getLogger(__name__)
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it lists every glyph

# Latin, Greek, arrows, operators, brackets, and the italic letters that a browser puts in place of a variable's name.
GLYPHS = [(0x20, 0x7E), (0x370, 0x3FF), (0x2013, 0x2026), (0x2190, 0x2194), (0x2200, 0x22FF), (0x2308, 0x230B)]
GLYPHS += [(0x239B, 0x23AD), (0x1D434, 0x1D467), (0x1D49C, 0x1D4CF), (0x1D6A4, 0x1D71B)]


def render(node: nodes.Node, block: bool) -> str:
    """MathML of a formula, or its source and a warning where it has an unknown command."""
    try:
        formula = latex2mathml.tex2mathml(node.astext(), as_block=block)
    except MathError as error:
        logger.warning("formula %r: %s", node.astext(), error, location=node)
        return f"<code>{node.astext()}</code>"
    # A thin space between a factor and the function that follows it, as in x tanh(x).
    factor, function = r"(</(?:mi|mn|mfrac|mrow|msub|msup)>\s*)", r"(<mi>[a-z]{2,}</mi>)"
    return sub(factor + function, r'\1<mspace width="0.167em"/>\2', formula)


def _inline(translator, node: nodes.Node) -> None:
    translator.body.append(f'<span class="math">{render(node, block=False)}</span>')
    raise nodes.SkipNode


def _block(translator, node: nodes.Node) -> None:
    translator.body.append(f'<div class="math">{render(node, block=True)}</div>\n')
    raise nodes.SkipNode


def write_font(app: Sphinx, error: Exception | None) -> None:
    """Put the font where site.css expects it."""
    target = Path(app.outdir) / "_static" / "math.woff"
    if error or app.builder.format != "html":
        return
    if target.exists() and target.stat().st_mtime > Path(__file__).stat().st_mtime:
        return
    options = subset.Options(flavor="woff", name_IDs=["*"], layout_features=["ssty"])
    font = subset.load_font(str(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for first, last in GLYPHS for c in range(first, last + 1)])
    subsetter.subset(font)
    subset.save_font(font, str(target), options)


def setup(app: Sphinx) -> dict:
    """Offer the renderer to Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
