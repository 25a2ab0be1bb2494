"""Figures of the gallery, drawn by jaxact.plotting, one file for each panel so that they wrap on a narrow screen.

Drawn here is what jaxact.plotting has no function for: values over a plane, random draws, and the sketch on a card.
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
SIZE = (4.2, 3.0)
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
            _plane(record, axes[0])
        if sketch and kept:
            x, y = axes[0].lines[0].get_data() if axes[0].lines else _diagonal(record)
            np.save(kept, [x, y])
            _sketch(x, y, sketch)


def _draws(record: jaxact.Activation, ax: plt.Axes) -> None:
    x = jnp.linspace(-SPAN, SPAN, 1501)
    ax.plot(x, record.function(x, deterministic=True), color=plotting.COLOURS[1], label="deterministic", zorder=3)
    ax.plot(x, record.function(x, jax.random.key(0)), ".", markersize=2, color=plotting.COLOURS[0], label="drawn")
    ax.set(xlabel="x", ylabel="value")
    ax.legend()


def _plane(record: jaxact.Activation, ax: plt.Axes) -> None:
    """The first component of the result for a pair of numbers."""
    grid = jnp.linspace(-SPAN, SPAN, 81)
    pairs = jnp.stack(jnp.meshgrid(grid, grid, indexing="xy"), axis=-1)
    drawn = ax.contourf(grid, grid, _of_pairs(record, pairs), levels=17, cmap="cividis")
    names = inputs(record)
    ax.set(xlabel=names[0] if len(names) > 1 else "$x_1$", ylabel=names[1] if len(names) > 1 else "$x_2$")
    ax.figure.colorbar(drawn, label="result" if len(names) > 1 else "first component of the result")


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


def _diagonal(record: jaxact.Activation) -> tuple[np.ndarray, np.ndarray]:
    """Values of a function of two numbers where the second is the first with another sign."""
    x = np.linspace(-SPAN, SPAN, 161, dtype=np.float32)
    return x, np.asarray(_of_pairs(record, np.stack([x, -x], axis=-1)))


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
