"""What benchmarks/results/*.json holds, as tables: whole pages, and what there is about one activation.

Every table says on which machine, with which versions and on which day its figures were measured. Where there are no
results yet, there are no tables.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
ORDERS = ("value", "slope", "curvature")
BEYOND = {"zeros": "0", "nans": "NaN", "infinities": "inf"}  # what is wrong beyond measure
MISSING = "No results are committed yet. ``python benchmarks/{}.py`` measures them."


def table(columns: Iterable[str], rows: Iterable[Iterable[str]], stubs: int = 1) -> str:
    """A table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :stub-columns: {stubs}", ""]
    for row in (columns, *rows):
        lines += [f"   {'  ' if i else '* '}- {cell}".rstrip() for i, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


@functools.cache
def committed(benchmark: str) -> dict[str, dict[str, Any]]:
    """Results of a benchmark by platform."""
    found = sorted(RESULTS.glob(f"{benchmark}-*.json"))
    return {path.stem.removeprefix(f"{benchmark}-"): json.loads(path.read_text()) for path in found}


def circumstances(results: dict[str, Any]) -> str:
    """Where, with what and when."""
    versions = ", ".join(f"{k} {v}" for k, v in results["versions"].items())
    return f"{results['device']}, {results['cores']} cores; {versions}; {results['date']}; ``{results['command']}``.\n"


def ulps(found: dict[str, Any] | None) -> str:
    """A worst error in a few characters."""
    if found is None:
        return ""
    wrong = [f"{sign} at {float.fromhex(found[w]['from']):.3g}" for w, sign in BEYOND.items() if w in found]
    return "; ".join(wrong) or f"{float(found['ulp']):.3g}"


def _number(value: Any, digits: int) -> str:
    return "" if value is None else f"{float(value):.{digits}f}"


# Of one activation.


def of_activation(name: str) -> str:
    """Sections with the accuracy, memory and speed of one activation."""
    parts = []
    for platform, results in committed("accuracy").items():
        by_dtype = results["worst"].get(name, {})
        libraries = [b for b in ("jaxact", "jax.nn", "torch") if any(b in by for by in by_dtype.values())]
        measured = list(dict.fromkeys(w for by in by_dtype.values() for of in by.values() for w in of))
        rows = [
            [f"{b}, {w}", *(ulps(by.get(b, {}).get(w)) for by in by_dtype.values())]
            for b in libraries
            for w in measured
        ]
        if rows:
            columns = ["", *by_dtype]
            parts.append(_section("Worst error in ulps", platform, table(columns, rows), results))
    for platform, results in committed("memory").items():
        kept = {f"bytes per element, {d}": by[name] for d, by in results["bytes_per_element"].items() if name in by}
        layers = {f"arrays per layer, {k}": by[name] for k, by in results["arrays_per_layer"].items() if name in by}
        libraries = list(dict.fromkeys(b for by in (kept | layers).values() for b in by))
        rows = [
            [k, *(_number(by.get(b), 0 if k in kept else 2) for b in libraries)] for k, by in (kept | layers).items()
        ]
        if rows:
            text = table(["", *map(_library, libraries)], rows)
            parts.append(_section("Memory for the backward pass", platform, text, results))
    for platform, results in committed("speed").items():
        cells = _largest([c for c in results["cells"] if c["name"] == name])
        if cells:
            parts.append(_section("Time", platform, speed_table(cells, named=False), results))
    return "\n".join(parts)


def _section(title: str, platform: str, text: str, results: dict[str, Any]) -> str:
    heading = f"{title}, {platform}"
    return f"{heading}\n{'-' * len(heading)}\n\n{text}\n{circumstances(results)}"


def _library(name: str) -> str:
    return "jax.checkpoint(jax.nn)" if name == "jax.checkpoint" else name


# Of the studies.


def studies(script: str) -> str:
    """What the committed runs of a script of ``examples/`` gave."""
    parts = []
    for platform, results in committed("studies").items():
        for study in results["studies"].values():
            if study["command"].split()[1] == f"examples/{script}":
                text = table(study["columns"], study["rows"])
                told = f"It took {study['seconds']} seconds. " + circumstances(study)
                heading = f"{study['title']}, {platform}"
                parts.append(f"{heading}\n{'^' * len(heading)}\n\n{text}\n{told}")
    return "\n".join(parts)


# Of all.


def page(benchmark: str) -> str:
    """The page of a benchmark, without its title."""
    found = committed(benchmark)
    if not found:
        return MISSING.format(benchmark) + "\n"
    tables = {"accuracy": _accuracy, "memory": _memory, "speed": _speed}[benchmark]
    return "\n".join(_section(title, p, text, r) for p, r in found.items() for title, text in tables(r))


def _link(name: str) -> str:
    return f":func:`~jaxact.{name}`"


def _accuracy(results: dict[str, Any]) -> Iterable[tuple[str, str]]:
    worst = results["worst"]
    for dtype in dict.fromkeys(d for by in worst.values() for d in by):
        of = {name: by[dtype] for name, by in worst.items() if dtype in by}
        libraries = [b for b in ("jaxact", "jax.nn", "torch") if any(b in by for by in of.values())]
        columns = ["function", *(f"{b} {o}" for b in libraries for o in ORDERS)]
        by_order = {n: by for n, by in of.items() if "slope" in by["jaxact"]}
        rows = [
            [_link(n), *(ulps(by.get(b, {}).get(o)) for b in libraries for o in ORDERS)] for n, by in by_order.items()
        ]
        yield f"Worst error in ulps, {dtype}", table(columns, rows)
        rows = [
            [f"{_link(n)}, {w}", *(ulps(by.get(b, {}).get(w)) for b in libraries)]
            for n, by in of.items()
            if n not in by_order
            for w in by["jaxact"]
        ]
        if rows:
            yield f"Worst error in ulps, {dtype}, of gates and rows", table(["function", *libraries], rows)
    wrong = {n: by for n, by in results.get("nan_at_infinity", {}).items() if any(by.values())}
    if wrong:
        libraries = list(dict.fromkeys(b for by in wrong.values() for b in by))
        rows = [[_link(n), *(", ".join(by.get(b, [])) for b in libraries)] for n, by in wrong.items()]
        yield "NaN at infinity", table(["function", *libraries], rows)


def _memory(results: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for title, group, digits in (
        ("Bytes kept per element", results["bytes_per_element"], 0),
        ("Arrays per layer of a network", results["arrays_per_layer"], 2),
    ):
        for key, by_name in group.items():
            libraries = list(dict.fromkeys(b for by in by_name.values() for b in by))
            rows = [[_link(n), *(_number(by.get(b), digits) for b in libraries)] for n, by in by_name.items()]
            yield f"{title}, {key}", table(["function", *map(_library, libraries)], rows)


def _speed(results: dict[str, Any]) -> Iterable[tuple[str, str]]:
    rows = [
        [k, *(_number(v.get(n), 2) for n in ("mean", "mean_of_least", "worst"))] for k, v in results["summary"].items()
    ]
    columns = ["peer, pass, dtype, size", "geometric mean", "of least times", "worst"]
    yield "How many times as fast as its peer jaxact is", table(columns, rows)
    yield "Times at the largest size", speed_table(_largest(results["cells"]), named=True)


def _largest(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size = max((c["size"] for c in cells), default=0)
    return [c for c in cells if c["size"] == size]


def speed_table(cells: list[dict[str, Any]], named: bool) -> str:
    """Median microseconds of each contender."""
    libraries = list(dict.fromkeys(b for c in cells for b in c["microseconds"]))
    rows = [
        [
            *([_link(c["name"])] if named else []),
            c["pass"],
            c["dtype"],
            f"2\\ :sup:`{round(math.log2(c['size']))}`",
            *(_number(c["microseconds"].get(b), 0) for b in libraries),
            *(_number(c["ratio"].get(b), 2) for b in libraries if b not in ("jaxact", "copy")),
        ]
        for c in cells
    ]
    peers = [f"{b} / jaxact" for b in libraries if b not in ("jaxact", "copy")]
    times = [f"{b}, µs" for b in libraries]
    return table([*(["function"] if named else []), "pass", "dtype", "size", *times, *peers], rows)
