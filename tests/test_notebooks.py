"""The notebooks: bare of outputs, of public names only, and each runs from its first cell to its last.

A cell is executed as the interactive interpreter would, in a process without a Jupyter kernel and with all warnings as
errors. The launcher line is left out, which would install what is under test.
"""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
if not NOTEBOOKS:
    pytest.skip("the notebooks are not part of this copy of the tests", allow_module_level=True)

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
LAUNCHER = re.compile(r'%pip install -q "jaxact\[([a-z,]+)\]"( optax)?')
RUNNER = """
import ast, json, linecache, sys, traceback
namespace = {"__name__": "__main__"}
for name, source in json.load(sys.stdin):
    linecache.cache[name] = len(source), None, source.splitlines(True), name  # so that tracebacks show the line
    body = ast.parse(source).body
    try:
        exec(compile(ast.Interactive(body), name, "single"), namespace)
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
"""


def cells(path, kind):
    """Sources of the cells of a kind, with a name that says where each is."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [
        (f"{path.name}, cell {i}", "".join(cell["source"]))
        for i, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == kind
    ]


def python(path):
    """Code cells without the launcher."""
    return cells(path, "code")[1:]


def execute(sources, folder):
    # One device as users have it, not the eight of these tests.
    environment = {**os.environ, "MPLBACKEND": "Agg", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER],
        input=json.dumps(sources),
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )


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
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@each
def test_launcher(path):
    """The first code cell installs all that the others import, and is the only one that is not Python."""
    (_, launcher), *rest = cells(path, "code")
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
    for name, text in cells(path, "markdown"):
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


@pytest.mark.nightly
@each
def test_runs(path, tmp_path):
    run = execute(python(path), tmp_path)
    assert run.returncode == 0, run.stderr
    assert not list(tmp_path.iterdir()), "the notebook leaves files behind"


def test_a_failing_cell_is_reported(tmp_path):
    run = execute([("first", "x = 1"), ("second", "y = 2\nassert x == y"), ("third", "")], tmp_path)
    assert run.returncode != 0
    assert 'File "second", line 2' in run.stderr
    assert "assert x == y" in run.stderr
