"""Figures of the gallery, drawn by jaxact.plotting, one file for each panel so that they wrap on a narrow screen.

Drawn here is what jaxact.plotting has no function for: gates and functions of rows, random draws, and the sketch on a
card.
"""

from __future__ import annotations

import inspect
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib import pyplot as plt

import jaxact
from jaxact import plotting

FOLDER = Path(__file__).parents[1] / "gallery"
SPAN = 5.0
SIZE = (3.6, 2.7)
STYLE = {"svg.hashsalt": "jaxact"}  # the same figure has the same bytes


def values(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Arguments and values of the curve that was drawn of an activation."""
    x, y = np.load(FOLDER / f"{name}.npy")
    return x, y


def drawn(record: jaxact.Activation) -> bool:
    """Whether there are figures of it."""
    return (FOLDER / f"{record.name}.npy").exists()


def panels(record: jaxact.Activation) -> list[str]:
    """Names of the panels of an activation."""
    if not record.elementwise:
        return ["value"]
    return ["value", "slope", "curvature", *(f"by-{n}" for n, v in record.parameters.items() if np.ndim(v) == 0)]


def newest_source(file: str) -> float:
    """When the package or this file was last changed."""
    sources = [*Path(jaxact.__file__).parent.rglob("*.py"), Path(file)]
    return max(source.stat().st_mtime for source in sources)


def draw(records: list[jaxact.Activation], compared: list[jaxact.Activation]) -> set[Path]:
    """Draw what is not there or older than the package, and say what is there then."""
    newest = newest_source(__file__)
    jobs = {(r.name,): {p: FOLDER / f"{r.name}-{p}.svg" for p in (*panels(r), "sketch")} for r in records}
    for (name,), files in jobs.items():
        files["values"] = FOLDER / f"{name}.npy"
    jobs[tuple(r.name for r in compared)] = {p: FOLDER / f"comparison-{p}.svg" for p in ("value", "slope")}
    old = [j for j in jobs.items() if any(not f.exists() or f.stat().st_mtime < newest for f in j[1].values())]
    if old:
        # Most of the time goes into compiling, which takes one core, and has to be done for each function anew.
        with ProcessPoolExecutor(min(4, os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
            list(pool.map(_draw, *zip(*old, strict=True)))
    return {file for files in jobs.values() for file in files.values()}


class _saved:
    """Axes of as many figures as there are files, which are written at the end."""

    def __init__(self, files: dict[str, Path]):
        self.files = files

    def __enter__(self) -> list[plt.Axes]:
        self.axes = [plt.subplots(figsize=SIZE, layout="constrained")[1] for _ in self.files]
        return self.axes

    def __exit__(self, kind: object, *_: object) -> None:
        for ax, path in zip(self.axes, self.files.values(), strict=True):
            if kind is None:
                ax.figure.savefig(path, metadata={"Date": None})
            plt.close(ax.figure)


def _draw(names: tuple[str, ...], files: dict[str, Path]) -> None:
    """Draw one activation, or several together."""
    record = jaxact.spec(names[0])
    sketch, kept = files.pop("sketch", None), files.pop("values", None)
    with plt.rc_context(STYLE), _saved(files) as axes:
        if len(names) > 1:
            plotting.functions(*names, show=list(files), xlim=(-10, SPAN), axes=axes)  # to where slopes vanish
        elif "deterministic" in record.options:
            _draws(record, axes[0])
        elif record.elementwise:
            plotting.functions(record.name, axes=axes[:3])
            for ax, panel in zip(axes[3:], panels(record)[3:], strict=True):
                plotting.parameter(record.name, panel.removeprefix("by-"), show=("value",), axes=[ax])
        elif _of_numbers(record):
            plotting.functions(record.name, show=("value",), saturated=None, axes=axes)
        else:
            _slices(record, axes[0])
        if sketch and kept:
            x, y = axes[0].lines[0].get_data()
            np.save(kept, [x, y])
            _sketch(x, y, sketch)


def _draws(record: jaxact.Activation, ax: plt.Axes) -> None:
    x = jnp.linspace(-SPAN, SPAN, 1501)
    ax.plot(x, record.function(x, deterministic=True), color=plotting.COLOURS[1], label="deterministic", zorder=3)
    ax.plot(x, record.function(x, jax.random.key(0)), ".", markersize=2, color=plotting.COLOURS[0], label="drawn")
    ax.set(xlabel="x", ylabel="value")
    ax.legend()


def _slices(record: jaxact.Activation, ax: plt.Axes) -> None:
    """The result, or its first entry, over a gate or an entry, for some values or second entries."""
    x = np.linspace(-SPAN, SPAN, 501, dtype=np.float32)
    names = inputs(record) if len(inputs(record)) > 1 else ["$x_1$", "$x_2$"]
    varied = 1 if record.name == "glu" else 0  # whose gate is the second half
    for i, v in enumerate((1, 2, -1) if record.kind == "gated" else (0, 2, -2)):
        pair = [x, np.full_like(x, v)]
        y = _of_pairs(record, np.stack(pair[::-1] if varied else pair, axis=-1))
        style = {"ls": "", "marker": ".", "ms": 2} if record.kind == "stochastic" else {"ls": ("-", "--", "-.")[i]}
        ax.plot(x, y, color=plotting.COLOURS[i], lw=1.8, label=f"{names[1 - varied]} = {v}", **style)
    ax.set(xlabel=names[varied], ylabel="result" if record.kind == "gated" else "first entry of the result")
    ax.set_xlim(-SPAN, SPAN)
    ax.grid(True, color="0.9", lw=0.8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(markerscale=4)


def inputs(record: jaxact.Activation) -> list[str]:
    """Names of the arguments that have no default."""
    parameters = inspect.signature(record.function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty]


def _of_numbers(record: jaxact.Activation) -> bool:
    """Whether it maps an array number by number, if only at given coefficients."""
    return record.elementwise or (record.kind in ("parametric", "periodic") and "axis" not in record.options)


def extras(record: jaxact.Activation) -> dict[str, Any]:
    """A random key if it takes one, and a size of groups that fits small arrays."""
    key = {"key": jax.random.key(0)} if record.kind == "stochastic" else {}
    return key | ({"dim": 2} if "dim" in record.options else {})


def _of_pairs(record: jaxact.Activation, pairs: jax.Array) -> jax.Array:
    """The value of a function of two inputs, or the first component of that of a function of rows."""
    if len(inputs(record)) > 1:
        return record.function(pairs[..., 0], pairs[..., 1])
    return record.function(pairs, **extras(record))[..., 0]


def _sketch(x: np.ndarray, y: np.ndarray, path: Path) -> None:
    """The curve and the axes, nothing else."""
    step = max(1, x.size // 160)
    drawn = np.stack([x, np.clip(y, -9, 9)], 1)[np.isfinite(y)][::step]
    points = " ".join(f"{12 * a:.1f},{-12 * b:.1f}" for a, b in drawn)
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-62 -50 124 84" fill="none">'
        '<path d="M-62 0H62M0-50V34" stroke="#bbb"/>'
        f'<polyline points="{points}" stroke="{plotting.COLOURS[0]}" stroke-width="3" stroke-linejoin="round"/></svg>\n'
    )


def chart(path: Path, series: dict[str, dict[str, float]], xlabel: str, ticks: dict[float, str], line: float) -> None:
    """A row for each function with a mark for each series, up to the last tick, and a line; logarithmic if above 0."""
    names = sorted({name for of in series.values() for name in of}, reverse=True)
    places = [*ticks]
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(7.2, 0.21 * len(names) + 1.2), layout="constrained")
        for i, (label, of) in enumerate(series.items()):
            x = [np.clip(of[n], places[0], places[-1]) if n in of else np.nan for n in names]
            y = np.arange(len(names)) + 0.2 * ((len(series) - 1) / 2 - i)  # apart, where they have the same number
            ax.plot(x, y, "o^sD"[i], color=plotting.COLOURS[i], ms=5, mew=0, alpha=0.85, label=label, clip_on=False)
        if places[0] > 0:
            ax.set_xscale("log")
            ax.minorticks_off()
        ax.set_xlim(places[0], places[-1])
        ax.set_xticks(places, ticks.values())
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.axvline(line, color="0.5", lw=1, zorder=1)
        ax.set_xlabel(xlabel)
        ax.grid(True, color="0.92", lw=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=min(3, len(series)) if len(series) != 4 else 2, frameon=False)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
