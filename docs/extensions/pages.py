"""The generated pages: gallery, reference, measurements, studies.

They are written as reStructuredText before Sphinx reads its sources, and only if they have changed.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import figures
import modules
import results
from facts import EXAMPLES, compute_examples, example, facts, use
from facts import __file__ as facts_file
from public import activations, available, names
from sphinx.application import Sphinx

import jaxact

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
ARTICLES = ("relu", "leaky_relu", "swish", "mish")  # what comparison.rst compares


def title(text: str, under: str = "=") -> str:
    """A heading."""
    return f"{text}\n{under * len(text)}\n\n"


def options(*lines: str) -> str:
    """Options or body of a directive, indented."""
    return "".join(f"   {line}\n" for line in lines) + "\n"


def toctree(pages: Iterable[str]) -> str:
    """A table of contents that is not shown on the page itself."""
    return ".. toctree::\n" + options(":hidden:", "", *pages)


# The gallery.


FAMILIES = {
    "smooth": "Smooth rectifiers and their relatives",
    "rectified": "Piecewise linear and piecewise polynomial functions",
    "gated": "Gates: one array decides how much of another passes",
    "saturating": "Bounded on at least one side; the slope goes to 0 in a tail",
    "simplex": "Functions of a row, most with a row that sums to 1",
    "parametric": "Shapes that are learned",
    "periodic": "Waves, for coordinates and signals",
    "shrinkage": "Small inputs go to 0",
    "stochastic": "Random in training",
}
POPULAR = (
    *("relu", "gelu", "silu", "swiglu", "softmax", "sigmoid", "tanh", "mish", "leaky_relu", "geglu", "softplus", "elu"),
    *("log_softmax", "prelu", "hard_silu", "selu", "swish", "relu_squared"),
)


def activation_page(record: jaxact.Activation) -> str:
    """Page of one activation: signature with an example and figures, facts, advice, measurements, reference."""
    good, bad = use(record)
    text = title(record.name) + f".. autofunction:: jaxact.{record.name}\n\n"
    text += title("Facts", "-") + ".. rst-class:: facts\n\n"
    text += "".join(f":{name}: {fact}\n" for name, fact in facts(record).items()) + "\n"
    text += title("When to use it", "-") + f"**Use it:** {_lower(good)}\n\n"
    text += f"**Avoid it:** {_lower(bad)}\n\n" if bad else ""
    text += results.of_activation(record.name) + "\n"
    if record.reference:
        text += title("Reference", "-") + _linked(record.reference) + "\n"
    return text


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def opening(record: jaxact.Activation) -> list[str]:
    """Lines between the formula and the arguments of an activation: an example and its figures."""
    lines = [*example(record), ""]
    if figures.drawn(record):
        lines += [".. container:: panels", ""]
        for panel in figures.panels(record):
            lines += [f"   .. image:: {record.name}-{panel}.svg", f"      :alt: {panel} of {record.name}", ""]
    return lines


def family_order(records: Iterable[jaxact.Activation]) -> dict[str, list[jaxact.Activation]]:
    """Records by heading: the most used first, then family by family."""
    by_name = {r.name: r for r in records}
    groups = {"Most used": [by_name[n] for n in POPULAR if n in by_name]}
    for kind, heading in FAMILIES.items():
        groups[heading] = [r for r in records if r.kind == kind and r.name not in POPULAR]
    return {heading: found for heading, found in groups.items() if found}


def gallery_index(records: list[jaxact.Activation]) -> str:
    """Cards of all activations, and buttons that show those of one kind."""
    buttons = "".join(f'<button type="button" data-kind="{k}">{k}</button>' for k in FAMILIES)
    text = title("Gallery") + (
        f"{len(records)} activations: the most used first, then by family. :doc:`/comparison` explains the facts on a "
        "page, with the four best known.\n\n"
    )
    text += ".. raw:: html\n" + options(
        "",
        f'<div class="filter" role="group" aria-label="Kind">'
        f'<button type="button" data-kind="" aria-pressed="true">all</button>{buttons}'
        f'<button type="button" data-kind="learnable">learnable</button></div>',
    )
    groups = family_order(records)
    for heading, found in groups.items():
        text += title(heading, "-") + ".. container:: cards\n\n"
        for r in found:
            marks = f"card {r.kind}" + (" learnable" if r.parameters else "")
            text += f"   .. container:: {marks}\n\n"
            if figures.drawn(r):
                text += f"      .. image:: {r.name}-sketch.svg\n         :alt:\n         :target: {r.name}.html\n\n"
            text += f"      :doc:`{r.name} <{r.name}>`\n\n      {r.summary}\n\n"
    return text + toctree(["/comparison", *(r.name for found in groups.values() for r in found)])


def comparison_table(records: list[jaxact.Activation]) -> str:
    """Facts of some activations side by side."""
    of = {r.name: facts(r) for r in records}
    wanted = ["Values", "Lowest point", "Slope in the limit", "Saturates", "Bounded", "Monotone", "Slope jumps at"]
    rows = [[key, *(found.get(key, "no single one") for found in of.values())] for key in wanted]
    return results.table(["", *(f":doc:`{n} </gallery/{n}>`" for n in of)], rows)


# The reference.


def reference_page(module: str) -> str:
    """Every public name of a module."""
    text = title(module) + f".. automodule:: {module}\n\n.. currentmodule:: {module}\n\n"
    shown = activations() if module == "jaxact" else {}
    for name, found in names(module).items():
        if name not in shown:
            if inspect.isclass(found):
                text += f".. autoclass:: {name}\n" + options(
                    ":members:", ":special-members: __call__", ":exclude-members: param_dtype"
                )
            elif callable(found):
                text += f".. autofunction:: {name}\n\n"
            else:
                text += f".. py:data:: {name}\n\n" + options(*_told_of(module, name, found).splitlines())
    if shown:
        text += title("Activations", "-")
        rows = [[f":func:`{n}`", jaxact.spec(r).summary] for n, r in sorted(shown.items()) if n == r]
        text += results.table(["function", "what it is"], rows)
        for name, record in shown.items():
            if name != record:
                text += f"\n.. py:data:: {name}\n\n   The same function as :func:`{record}`.\n"
    return text


def _told_of(package: str, name: str, found: object) -> str:
    """What is said about a constant: the docstring of the module that holds it."""
    for module, contents in sorted(sys.modules.items()):
        if module.startswith(f"{package}.") and vars(contents).get(name) is found:
            return inspect.cleandoc(contents.__doc__ or "")
    return ""


# The studies.


def studies_page() -> str:
    """What came out of each study; the docstring of its script: aim, commands, results; and the committed tables."""
    text = title("Studies") + (
        "Each study is one file of ``examples/``, to be read whole. What came out, and how sure that is:\n\n"
    )
    findings = tomllib.loads((DOCS / "findings.toml").read_text())
    text += results.table(["study", "finding"], findings.items()) + "\n"
    text += "Below is the docstring of each, with commands, cost and results, and then the committed tables.\n\n"
    for path in sorted((ROOT / "examples").glob("*.py")):
        if told := ast.get_docstring(ast.parse(path.read_text())):
            text += title(path.name, "-") + "".join(map(_paragraph, told.split("\n\n")))
            text += results.studies(path.name) + "\n"
    return text


def _paragraph(lines: str) -> str:
    """A paragraph of a script's docstring; commands as they stand, prose with nothing in it taken for markup."""
    if lines.startswith((" ", "python ")):
        return "::\n\n" + textwrap.indent(re.sub(r" {2,}#", "  #", textwrap.dedent(lines)), "   ") + "\n\n"
    parts = re.split(r"(``.*?``)", lines, flags=re.DOTALL)
    return "".join(p if p.startswith("``") else re.sub(r"([*|`\\]|_\b)", r"\\\1", p) for p in parts) + "\n\n"


def write(app: Sphinx) -> None:
    """Write all pages, and remove those of activations that no longer exist."""
    records = jaxact.specs()
    wanted = [r for r in records if r.name in app.config.figures or not app.config.figures]
    for folder in ("api", "gallery", "results"):
        (DOCS / folder).mkdir(exist_ok=True)
    drawn = figures.draw(wanted, [jaxact.spec(n) for n in ARTICLES])
    for old in {f for f in figures.FOLDER.iterdir() if f.suffix in (".svg", ".npy")} - drawn:
        old.unlink()  # of another choice of figures, before pages refer to it
    if not EXAMPLES.exists() or EXAMPLES.stat().st_mtime < figures.newest_source(facts_file):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(compute_examples, EXAMPLES).result()
    pages = {f"gallery/{r.name}.rst": activation_page(r) for r in records}
    pages["gallery/index.rst"] = gallery_index(records)
    pages["gallery/comparison.inc"] = comparison_table([jaxact.spec(n) for n in ARTICLES])
    pages |= {f"api/{m}.rst": reference_page(m) for m in available()}
    pages["api/index.rst"] = title("Reference") + ".. toctree::\n" + options("", *available())
    pages["results/provenance.inc"] = results.provenance() or "No results are committed yet.\n"
    pages |= {f"results/{benchmark}.inc": results.page(benchmark) for benchmark in ("accuracy", "memory", "speed")}
    pages["studies.rst"] = studies_page()
    for name, text in pages.items():
        if not (DOCS / name).exists() or (DOCS / name).read_text() != text:
            (DOCS / name).write_text(text)
    for name, chart in results.charts().items():
        figures.chart(DOCS / "results" / f"{name}.svg", *chart)
    kept = {DOCS / name for name in pages} | drawn | {EXAMPLES}
    kept |= {DOCS / "results" / f"{name}.svg" for name in results.charts()}
    for folder in ("api", "gallery", "results"):
        for old in set((DOCS / folder).iterdir()) - kept:
            old.unlink()


def short_signature(
    app: Sphinx, what: str, name: str, found: object, told: object, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """Signature of a class without types, which dataclasses have resolved to something long; aliases by their names."""
    if what != "class":
        return signature and (re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", signature), returns)
    parameters = [
        p.replace(annotation=p.empty) for p in inspect.signature(found).parameters.values() if p.name != "parent"
    ]
    shown = str(inspect.Signature(parameters)).replace("<factory>", "{}")
    return re.sub(r"<class '[\w.]*?(\w+)'>", r"\1", shown), ""


def module_of_function(app: Sphinx, what: str, name: str, found: object, told: object, lines: list[str]) -> None:
    """Tell of a learnable module what its function's docstring tells."""
    if modules.learnable(found):
        lines += ["", *modules.described(found)]


def link_papers(app: Sphinx, what: str, name: str, found: object, told: object, lines: list[str]) -> None:
    """Make the numbers of arXiv in a docstring links."""
    lines[:] = map(_linked, lines)


def _linked(text: str) -> str:
    return re.sub(r"arXiv:(\d+\.\d+)", r"`\g<0> <https://arxiv.org/abs/\1>`__", text)


def arrange(app: Sphinx, what: str, name: str, found: object, told: object, lines: list[str]) -> None:
    """Docstring of an activation: example and figures before the arguments, no reference, which ends its page."""
    record = activations().get(name.removeprefix("jaxact.")) if what == "function" else None
    if record is None:
        return
    if "References:" in lines:
        start = lines.index("References:")
        end = next((i for i in range(start + 1, len(lines)) if re.match(r"\S", lines[i])), len(lines))
        del lines[start:end]
    at = lines.index("Args:") if "Args:" in lines else len(lines)
    lines[at:at] = opening(jaxact.spec(record))


def setup(app: Sphinx) -> dict:
    """Write the pages once Sphinx is set up, before it looks for its sources."""
    app.add_config_value("figures", [], "env", [list])
    app.connect("builder-inited", write)
    app.connect("autodoc-process-signature", short_signature)
    app.connect("autodoc-process-docstring", module_of_function, priority=100)  # before the sections are parsed
    app.connect("autodoc-process-docstring", arrange, priority=400)  # before Napoleon turns sections into fields
    app.connect("autodoc-process-docstring", link_papers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
