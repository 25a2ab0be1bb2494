"""The notebooks: of public names only, each runs from its first cell to its last, and shows what is stored in it.

Numbers that depend on the machine, as those at the end of a training do, have to bear out what the text says of them.
"""

import ast
import base64
import json
import re
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
sys.path.insert(0, str(FOLDER))
execute = pytest.importorskip("execute", reason="the notebooks are not part of this copy of the tests")

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
LAUNCHER = re.compile(r'%pip install -q "jaxact\[([a-z,]+)\] @ git\+https://github\.com/jaxact/jaxact"( optax)?')
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
OF_ONE_MACHINE = re.compile(r"0x[0-9a-f]{6}|(?<![\w./])/\w+/|\b[A-Z]:\\|\d:\d\d|\b20\d\d-\d\d")  # address, path, time

# What holds of the numbers that a cell prints, where they differ from one machine to the next.
CLAIMS = {
    ("1_tour", 4): lambda n: n[0] == n[1] > 20,
    ("2_slopes", 6): lambda n: n[0] >= 1 and n[1] < 1e-6,
    ("2_slopes", 8): lambda n: not np.reshape([*n[1:49], *n[50:]], (-1, 2, 4))[:, 1].any(),
    ("3_learnable", 5): lambda n: min(n[2::3]) > 0.95,
    ("3_learnable", 6): lambda n: all(high - low > 0.5 for _, low, high in np.reshape(n, (-1, 3))),
    ("3_learnable", 8): lambda n: n[0] > n[1],
    ("3_learnable", 13): lambda n: n[0] > n[1] and n[2] > 0,
    ("4_theory", 14): lambda n: n[1] < min(n[0], n[2]),
    ("5_your_own", 8): lambda n: max(n[:3]) <= 8 and max(n[3:5]) <= 1 and min(n[5:]) > 1e6,
    ("6_research", 11): lambda n: max(n[1], n[3]) < 1e-2 < n[5],
}


def python(path):
    """Code cells without the launcher."""
    return execute.cells(path, "code")[1:]


def stored(path):
    """Number of each code cell but the launcher, and what is stored in it."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(i, cell["outputs"]) for i, cell in enumerate(found) if cell["cell_type"] == "code"][1:]


def texts(outputs):
    """Of each output its kind and its text, which for a picture is the size of the figure."""
    return [(o["output_type"], "".join(o["text"] if "text" in o else o["data"]["text/plain"])) for o in outputs]


def printed(outputs):
    """Numbers that were printed, as text."""
    return NUMBER.findall("".join(text for kind, text in texts(outputs) if kind != "display_data"))


def words(outputs):
    """What was printed but for numbers and spaces."""
    return [(kind, re.sub(r"\s", "", NUMBER.sub("#", re.sub(r"jax \d\S*", "", t)))) for kind, t in texts(outputs)]


def near(new, old):
    """Whether printed numbers agree to a thousandth or, unless they are integers, to one in the last place."""
    exponents = [Decimal(n).as_tuple().exponent for n in (new, old)]
    unit = min(10.0**e if e else 0 for e in exponents)
    return abs(float(new) - float(old)) <= max(1e-3 * abs(float(old)), 1.01 * unit)


def test_numbered():
    assert [p.name[:2] for p in NOTEBOOKS] == [f"{i}_" for i in range(1, len(NOTEBOOKS) + 1)]


@each
def test_form(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        assert not cell["metadata"]
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not code[0]["outputs"]


@each
def test_launcher(path):
    """The first code cell installs all that the others import, and is the only one that is not Python."""
    (_, launcher), *rest = execute.cells(path, "code")
    extras, more = LAUNCHER.fullmatch(launcher).groups(default="")
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]
    requirements = [r for extra in extras.split(",") for r in project["optional-dependencies"][extra]]
    installed = {re.match(r"\w+", r)[0] for r in requirements} | set(more.split())
    installed |= {"jaxact", "jax", "numpy", "scipy"}  # JAX brings the last two
    for name, source in rest:
        for node in ast.walk(ast.parse(source, name)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                roots = {i.partition(".")[0] for i in imported}
                assert roots <= installed | sys.stdlib_module_names, f"{name}: {ast.unparse(node)}"


@each
def test_links(path):
    for name, text in execute.cells(path, "markdown"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (FOLDER / target).exists(), f"{name}: {target}"


def names(tree):
    """Dotted names of jaxact that a program mentions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@each
def test_public_names_only(path):
    used = [n.split(".") for _, source in python(path) for n in names(ast.parse(source)) if n.startswith("jaxact")]
    assert used
    for parts in used:
        assert not any(p.startswith("_") or p == "functions" for p in parts), ".".join(parts)


@each
def test_no_assertions(path):
    """They are here."""
    for name, source in python(path):
        assert not any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(ast.parse(source))), name


@each
def test_outputs(path):
    """There is text and a picture, and nothing in them tells of the machine."""
    outputs = [o for _, found in stored(path) for o in found]
    assert (
        {"stream", "display_data"}
        <= {o["output_type"] for o in outputs}
        <= {"stream", "display_data", "execute_result"}
    )
    for _, text in texts(outputs):
        assert not OF_ONE_MACHINE.search(text), text
    for picture in (o["data"]["image/png"] for o in outputs if o["output_type"] == "display_data"):
        png = base64.b64decode(picture)
        assert png.startswith(b"\x89PNG")
        assert len(png) < 40_000
        assert not any(chunk in png for chunk in (b"tEXt", b"iTXt", b"tIME"))


def test_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 600_000


@each
def test_claims(path):
    for i, outputs in stored(path):
        if claim := CLAIMS.get((path.stem, i)):
            assert claim([float(n) for n in printed(outputs)]), f"cell {i}"


@pytest.mark.nightly
@each
def test_shows_what_is_stored(path, tmp_path):
    """If this fails, see whether the text is still true, and run ``python notebooks/execute.py``."""
    run = execute.run(python(path), tmp_path)
    assert run.returncode == 0, run.stderr
    assert not list(tmp_path.iterdir()), "the notebook leaves files behind"
    for (i, old), new in zip(stored(path), json.loads(run.stdout), strict=True):
        assert words(new) == words(old), f"cell {i}"
        if claim := CLAIMS.get((path.stem, i)):
            assert claim([float(n) for n in printed(new)]), f"cell {i}"
        else:
            apart = [(n, o) for n, o in zip(printed(new), printed(old), strict=True) if not near(n, o)]
            assert not apart, f"cell {i}: new and stored {apart}"


@pytest.mark.parametrize(("new", "old"), [("0.0411", "0.0412"), ("1e-07", "9e-08"), ("2001", "2000"), ("-0.", "0.")])
def test_near(new, old):
    assert near(new, old)


@pytest.mark.parametrize(("new", "old"), [("0.0410", "0.0412"), ("1", "0"), ("-2.", "2."), ("1e-07", "1e-06")])
def test_not_near(new, old):
    assert not near(new, old)


def test_execution(tmp_path):
    """What is printed comes first, then the value of the last line, then the picture."""
    path = tmp_path / "some.ipynb"
    sources = ["%pip install -q jaxact", "from matplotlib import pyplot\n3;", "pyplot.subplots()\nprint(1)\n'two'"]
    code = [{"cell_type": "code", "execution_count": None, "outputs": [], "source": [s]} for s in sources]
    path.write_text(json.dumps({"cells": code}))
    execute.store(path)
    nothing, shown = stored(path)
    assert nothing == (1, [])
    picture = "display_data", "<Figure size 640x480 with 1 Axes>"
    assert texts(shown[1]) == [("stream", "1\n"), ("execute_result", "'two'"), picture]


def test_a_failing_cell_is_reported(tmp_path):
    run = execute.run([("first", "x = 1"), ("second", "y = 2\nassert x == y"), ("third", "x")], tmp_path)
    assert run.returncode != 0
    assert 'File "second", line 2' in run.stderr
    assert "assert x == y" in run.stderr
