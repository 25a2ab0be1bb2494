"""Tables from benchmarks/results/*.json: whole pages, and sections about one activation.

Every page says on which machine, with which versions and on which day its figures were measured; the page "provenance"
has the commands. Where there are no results yet, there are no tables. Long tables are folded, and the core comes first.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from jaxact._accuracy import CORE

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
    """Results of a benchmark by platform; where it has none of its own, those that are a part of the device's."""
    found = {}
    for path in sorted(RESULTS.glob("device-*.json")):
        whole = json.loads(path.read_text())
        if isinstance(whole.get(benchmark), dict):
            facts = {n: value for n, value in whole.items() if not isinstance(value, dict) or n == "versions"}
            found[path.stem.removeprefix("device-")] = facts | whole[benchmark]
    for path in sorted(RESULTS.glob(f"{benchmark}-*.json")):
        found[path.stem.removeprefix(f"{benchmark}-")] = json.loads(path.read_text())
    return found


def measured(results: dict[str, Any]) -> str:
    """Where, with which versions and when, in one line."""
    versions = ", ".join(f"{k} {v}" for k, v in results["versions"].items() if k in ("jaxact", "jax", "torch"))
    return f"{results['device']}, {results['cores']} cores; {versions}; {results['date']}"


def provenance() -> str:
    """Machine, versions, revision, date and commands of each benchmark."""
    text = ""
    for benchmark in ("accuracy", "memory", "speed", "decoder", "train", "device"):
        for platform, results in committed(benchmark).items():
            if "minutes" in results and benchmark != "device":
                continue  # a part of the device's
            rows = [
                ["machine", f"{results['device']}, {results['cores']} cores"],
                ["versions", ", ".join(f"{k} {v}" for k, v in results["versions"].items())],
                ["date", results["date"]],
                *([["revision", results["revision"]]] if results.get("revision") else []),
            ]
            commands = "".join(f"   {c.strip()}\n" for c in results["command"].split(";"))
            text += _heading(f"{benchmark.capitalize()}, {platform.upper()}") + table(["", ""], rows)
            text += f"\n.. code-block:: sh\n   :class: wrap\n\n{commands}\n"
    return text


def folded(summary: str, text: str) -> str:
    """Text that a reader unfolds."""
    start, end = f"<details><summary>{summary}</summary>", "</details>"
    return f".. raw:: html\n\n   {start}\n\n{text}\n.. raw:: html\n\n   {end}\n\n"


def _heading(title: str, under: str = "-") -> str:
    return f"{title}\n{under * len(title)}\n\n"


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
        orders = list(dict.fromkeys(w for by in by_dtype.values() for of in by.values() for w in of))
        rows = [
            [f"{b}, {w}", *(ulps(by.get(b, {}).get(w)) for by in by_dtype.values())] for b in libraries for w in orders
        ]
        if rows:
            parts.append(_section("Worst error in ulps", platform, table(["", *by_dtype], rows), results))
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
            text = speed_table(cells, ("pass", "dtype")) + f"\nArrays of {_power(cells[0]['size'])} numbers. "
            parts.append(_section("Time", platform, text, results))
    return "\n".join(parts)


def _section(title: str, platform: str, text: str, results: dict[str, Any]) -> str:
    return _heading(f"{title}, {platform.upper()}") + f"{text}\n{measured(results)}; :doc:`how </provenance>`.\n"


def _library(name: str) -> str:
    return "jax.checkpoint(jax.nn)" if name == "jax.checkpoint" else name


# Of the studies.


def studies(script: str) -> str:
    """What the committed runs of a script of ``examples/`` gave."""
    text = ""
    for platform, results in committed("studies").items():
        for study in results["studies"].values():
            if study["command"].split()[1] == f"examples/{script}":
                told = f"``{study['command']}``, {study['seconds']} seconds. {measured(study)}.\n\n"
                text += _heading(f"{study['title']}, {platform.upper()}", "^") + table(study["columns"], study["rows"])
                text += f"\n{told}"
    return text


# Of all.


def page(benchmark: str) -> str:
    """The page of a benchmark, without its title."""
    parts = PAGES[benchmark]
    if not any(map(committed, parts)):
        return MISSING.format(benchmark) + "\n"
    text = ""
    for part, tables in parts.items():
        for platform, results in committed(part).items():
            text += f"On {platform.upper()}: {measured(results)}. :doc:`Commands and versions </provenance>`. "
            text += f"{results.get('remark', '')}\n\n"
            if chart := charts().get(f"{part}-{platform}"):
                text += f".. image:: results/{part}-{platform}.svg\n   :class: chart\n"
                text += f"   :alt: For each function, {chart.xlabel}.\n\n"
            text += "".join(_heading(f"{title}, {platform.upper()}") + body + "\n" for title, body in tables(results))
    return text


def _core_first(columns: list[str], rows: dict[str, list[list[str]]], what: str = "") -> str:
    """A table of the core functions, and a folded one of all others."""
    core = [row for name, of in rows.items() if name in CORE for row in of]
    others = [row for name, of in rows.items() if name not in CORE for row in of]
    text = f"{table(columns, core)}\n" if core else ""
    return text + (folded(f"{what}{len(others)} more rows", table(columns, others)) if others else "")


def _link(name: str) -> str:
    return f":func:`~jaxact.{name}`"


def _accuracy(results: dict[str, Any]) -> Iterable[tuple[str, str]]:
    worst = results["worst"]
    for dtype in dict.fromkeys(d for by in worst.values() for d in by):
        of = {name: by[dtype] for name, by in worst.items() if dtype in by}
        libraries = [b for b in ("jaxact", "jax.nn", "torch") if any(b in by for by in of.values())]
        columns = ["function", *libraries]
        by_order = {n: by for n, by in of.items() if "slope" in by["jaxact"]}
        text = ""
        for order in ("slope", "value", "curvature"):
            rows = {n: [[_link(n), *(ulps(by.get(b, {}).get(order)) for b in libraries)]] for n, by in by_order.items()}
            shown = _core_first(columns, rows, f"{order.capitalize()}: ")
            if rows:
                first = order == "slope" and dtype == "float32"
                text += f"Error of the {order}:\n\n{shown}" if first else folded(order.capitalize(), shown)
        rows = [
            [f"{_link(n)}, {w}", *(ulps(by.get(b, {}).get(w)) for b in libraries)]
            for n, by in of.items()
            if n not in by_order
            for w in by["jaxact"]
        ]
        if rows:
            text += folded("Gates and functions of rows", table(columns, rows))
        yield f"Worst error in ulps, {dtype}", text
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
        for i, (key, by_name) in enumerate(group.items()):
            libraries = list(dict.fromkeys(b for by in by_name.values() for b in by))
            rows = {n: [[_link(n), *(_number(by.get(b), digits) for b in libraries)]] for n, by in by_name.items()}
            text = _core_first(["function", *map(_library, libraries)], rows)
            yield f"{title}, {key}", folded(f"{len(rows)} functions", text) if i else text


def _speed(results: dict[str, Any]) -> Iterable[tuple[str, str]]:
    columns = ["peer, pass, dtype, size", "geometric mean", "of least times", "worst"]
    rows = {
        k: [k, *(_number(v.get(n), 2) for n in ("mean", "mean_of_least", "worst"))]
        for k, v in results["summary"].items()
    }
    whole = [row for k, row in rows.items() if "2^" not in k]
    by_size = [row for k, row in rows.items() if "2^" in k]
    text = "Time of the peer divided by that of jaxact; the last column has the smallest ratio.\n\n"
    text += table(columns, whole) + "\n" + (folded("By size", table(columns, by_size)) if by_size else "")
    yield "Means over functions and sizes", text
    ratios, size = _ratios(results), _power(max((c["size"] for c in results["cells"]), default=1))
    names = dict.fromkeys(name for of in ratios.values() for name in of)
    rows = {n: [[_link(n), *(_number(of.get(n), 2) for of in ratios.values())]] for n in names}
    yield (
        "Time of jax.nn divided by that of jaxact",
        f"Arrays of {size} numbers.\n\n" + _core_first(["function", *ratios], rows),
    )
    groups: dict[str, list[dict[str, Any]]] = {}
    for cell in _largest(results["cells"]):
        groups.setdefault(f"{cell['pass']}, {cell['dtype']}", []).append(cell)
    times = (folded(group, speed_table(cells, ("name",))) for group, cells in groups.items())
    yield "Times in microseconds", f"Medians, for arrays of {size} numbers.\n\n" + "".join(times)
    if "plain" in results:
        shown = {"forward": ("forward", 2), "forward+backward": ("both passes", 2), "compile": ("compile time", 2)}
        text = f"""Each function beside its formula typed in ``jnp`` and ``jax.nn``, for arrays of {_power(2**20)}
numbers: time of the plain line divided by that of jaxact; for compile time, that of jaxact divided by the line's.

"""
        yield "Beside a plain line", text + _core_first(*_by_dtype(results["plain"], shown))
    yield from _as_written(results)


def _decoder(results: dict[str, Any]) -> Iterable[tuple[str, str]]:
    text = """A decoder of six layers in which the feed-forward activation is replaced: time of a training step with
``jax.nn`` divided by that with jaxact, and the time with jaxact.

"""
    columns, rows = _by_dtype(results["decoder"], {"step": ("ratio", 2), "step, ms": ("ms", 0)})
    yield "Training step of a decoder", text + table(columns, (row for of in rows.values() for row in of))


def _by_dtype(
    records: list[dict[str, Any]], shown: dict[str, tuple[str, int]]
) -> tuple[list[str], dict[str, list[list[str]]]]:
    """Columns, and a row for each function; ``shown`` has the label and the digits of each figure of a record."""
    dtypes = list(dict.fromkeys(r["dtype"] for r in records))
    of = {(r["name"], r["dtype"]): r for r in records}
    rows = {
        n: [[_link(n), *(_number(of.get((n, d), {}).get(k), shown[k][1]) for d in dtypes for k in shown)]]
        for n in dict.fromkeys(r["name"] for r in records)
    }
    return ["function", *(f"{label}, {d}" for d in dtypes for label, _ in shown.values())], rows


def _ratios(results: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Time of ``jax.nn`` divided by that of jaxact, by pass and dtype and by function, at the largest size."""
    found: dict[str, dict[str, float]] = {}
    for cell in _largest(results["cells"]):
        if cell["ratio"].get("jax.nn"):
            found.setdefault(f"{cell['pass']}, {cell['dtype']}", {})[cell["name"]] = cell["ratio"]["jax.nn"]
    return found


def _as_written(results: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for written in results.get("tables", ()):
        yield written["title"], table(written["columns"], written["rows"])


# The benchmarks that a page has, each with what makes its tables.
PAGES = {
    "accuracy": {"accuracy": _accuracy},
    "memory": {"memory": _memory},
    "speed": {"decoder": _decoder, "speed": _speed, "training": _as_written, "kernel": _as_written},
}


class Chart(NamedTuple):
    """Numbers of the core, for :func:`figures.chart`.

    Attributes:
      series: the numbers, by series and function.
      xlabel: what they are.
      ticks: labels of the axis, by place.
      line: where a line is drawn: what is as good as the peer, correctly rounded, or free.
    """

    series: dict[str, dict[str, float]]
    xlabel: str
    ticks: dict[float, str]
    line: float


def _error_chart(results: dict[str, Any]) -> Chart:
    series: dict[str, dict[str, float]] = {"jaxact": {}, "jax.nn": {}, "torch": {}}
    for name, by in results["worst"].items():
        for library, of in by.get("float32", {}).items():
            if name in CORE and (found := of.get("slope")):
                series[library][name] = math.inf if any(w in found for w in BEYOND) else float(found["ulp"])
    ticks = {10.0**k: f"{10**k:g}" for k in range(-1, 4)} | {1e5: "10⁵", 1e7: "10⁷", 1e9: "0, NaN or inf"}
    ticks[0.1] = "≤ 0.1"
    return Chart(series, "worst error of the slope in float32 (ulp)", ticks, 0.5)


def _memory_chart(results: dict[str, Any]) -> Chart:
    kept = {name: by for name, by in results["bytes_per_element"].get("float32", {}).items() if "jax.nn" in by}
    series = {b: {n: float(by[b]) for n, by in kept.items()} for b in ("jaxact", "jax.nn")}
    return Chart(
        series, "bytes that the backward pass keeps per float32 element", {4.0 * k: f"{4 * k}" for k in range(6)}, 0
    )


def _speed_chart(results: dict[str, Any]) -> Chart:
    series = {k: {n: r for n, r in of.items() if n in CORE} for k, of in _ratios(results).items()}
    ticks = {2.0**k: f"{2.0**k:g}" for k in range(-2, 4)}
    return Chart(series, "time of jax.nn divided by that of jaxact; right of the line, jaxact is faster", ticks, 1)


def charts() -> dict[str, Chart]:
    """The chart at the head of each page, by the name of its file."""
    makers = {"accuracy": _error_chart, "memory": _memory_chart, "speed": _speed_chart}
    of_each = {f"{b}-{platform}": make(r) for b, make in makers.items() for platform, r in committed(b).items()}
    return {name: chart for name, chart in of_each.items() if any(chart.series.values())}


def _power(size: int) -> str:
    return f"2\\ :sup:`{round(math.log2(size))}`"


def _largest(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size = max((c["size"] for c in cells), default=0)
    return [c for c in cells if c["size"] == size]


def speed_table(cells: list[dict[str, Any]], stubs: tuple[str, ...]) -> str:
    """Ratios to each peer, then the median microseconds of each contender."""
    shown = {"name": _link, "pass": str, "dtype": str}
    libraries = list(dict.fromkeys(b for c in cells for b in c["microseconds"]))
    peers = [b for b in libraries if b not in ("jaxact", "copy")]
    rows = [
        [
            *(shown[s](c[s]) for s in stubs),
            *(_number(c["ratio"].get(b), 2) for b in peers),
            *(_number(c["microseconds"].get(b), 0) for b in libraries),
        ]
        for c in cells
    ]
    first = ["function" if s == "name" else s for s in stubs]
    return table([*first, *(f"{b} / jaxact" for b in peers), *(f"{b}, µs" for b in libraries)], rows)
