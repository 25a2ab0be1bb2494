"""Runs notebooks and stores in them what they show: ``python notebooks/execute.py [NOTEBOOK ...]``.

Each runs as in Jupyter but without its kernel, in a process of its own on one CPU device, with warnings as errors. The
launcher, which would install what is to be run, is left out.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import linecache
import os
import pprint
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
COLOURS = 64  # of a picture, which makes it a quarter as large


def cells(path: Path, kind: str) -> list[tuple[str, str]]:
    """Sources of the cells of a kind, with a name that says where each is."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [
        (f"{path.name}, cell {i}", "".join(cell["source"]))
        for i, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == kind
    ]


def pictures() -> list[dict]:
    """The open figures, which are closed."""
    from matplotlib import pyplot as plt
    from PIL import Image

    found = []
    for figure in map(plt.figure, plt.get_fignums()):
        drawn, small = io.BytesIO(), io.BytesIO()
        figure.savefig(drawn, dpi=90, bbox_inches="tight")
        Image.open(drawn).convert("RGB").quantize(COLOURS).save(small, "png", optimize=True)
        png = base64.b64encode(small.getvalue()).decode()
        data = {"image/png": png, "text/plain": [repr(figure)]}
        found.append({"data": data, "metadata": {}, "output_type": "display_data"})
    plt.close("all")
    return found


def show(name: str, source: str, count: int, namespace: dict) -> list[dict]:
    """Run a cell: what it prints, the value of its last line unless a semicolon follows, and its pictures."""
    linecache.cache[name] = len(source), None, source.splitlines(True), name  # so that tracebacks show the line
    body, value = ast.parse(source).body, None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        shown = body.pop() if isinstance(body[-1], ast.Expr) and not source.endswith(";") else None
        exec(compile(ast.Module(body, []), name, "exec"), namespace)
        if shown:
            value = eval(compile(ast.Expression(shown.value), name, "eval"), namespace)
    outputs = []
    if text := printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": text.splitlines(True)})
    if value is not None:
        data = {"text/plain": pprint.pformat(value).splitlines(True)}
        outputs.append({"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"})
    return outputs + pictures()


def run(sources: list[tuple[str, str]], folder: str | Path) -> subprocess.CompletedProcess:
    """Run cells in a new process, which works in ``folder`` and writes the outputs of all cells as JSON."""
    return subprocess.run(
        [sys.executable, "-W", "error", __file__, "-"],
        input=json.dumps(sources),
        env={**os.environ, "MPLBACKEND": "Agg", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )


def store(path: Path) -> None:
    """Run a notebook and write its outputs into it."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        done = run(cells(path, "code")[1:], folder)
    if done.returncode:
        sys.exit(done.stderr)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for i, (cell, outputs) in enumerate(zip(code, [[], *json.loads(done.stdout)], strict=True), 1):
        cell.update(execution_count=i, outputs=outputs)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["-"]:
        sys.excepthook = traceback.print_exception  # which, unlike the interpreter, finds a cell's lines
        namespace = {"__name__": "__main__"}
        outputs = [show(*cell, i, namespace) for i, cell in enumerate(json.load(sys.stdin), 2)]
        json.dump(outputs, sys.stdout)
    else:
        for path in map(Path, sys.argv[1:] or sorted(FOLDER.glob("*.ipynb"))):
            store(path)
