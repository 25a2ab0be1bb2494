"""The worst errors of value, slope and curvature: where to look for them, their record, and how it is told.

A record is of one function, dtype, library and order, in the ulps of tests/support/ulp.py. Results that are NaN,
infinite or 0 where the truth is none of these are errors without bound; they are counted, and kept with an argument:
for a false zero the one where it replaces the most, for the others the one nearest to 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from support import samples
from support.known_bounds import bounds

import jaxact

ORDERS = ("value", "slope", "curvature")
LIBRARIES = ("jaxact", "jax.nn", "torch")
CHUNK = 2**21

# By library and order.
Records = dict[str, dict[str, dict[str, Any]]]


def derivatives(f: Callable) -> list[Callable]:
    """Value, slope and curvature, by reverse mode with a cotangent of 1."""

    def derivative(f):
        return lambda x: jax.vjp(f, x)[1](jnp.ones_like(x))[0]

    return [f, derivative(f), derivative(derivative(f))]


# Where to look.


def patterns(start: int, stop: int, step: int = 1) -> np.ndarray:
    return (np.uint32(start) + np.arange(0, stop - start, step, np.uint32)).view(np.float32)


def hard_points(spec: jaxact.Activation) -> tuple[float, ...]:
    return (*spec.kinks, *([] if spec.minimum is None else [spec.minimum]))


def float32_sample(near: tuple[float, ...], stride: int, body: int) -> Iterator[np.ndarray]:
    """Every ``stride``-th pattern, ``body`` numbers up to 20 and as many in the tails up to 120, and the hard cases."""
    dense = [np.linspace(-r, r, body, dtype=np.float32) for r in (20, 120)]
    x = np.concatenate([samples.wide(np.float32, near), patterns(0, 2**32, stride), *dense])
    for start in range(0, x.size, CHUNK):
        yield x[start : start + CHUNK]


def countable(x: np.ndarray) -> np.ndarray:
    """Which arguments count: finite ones that XLA does not read as zero."""
    wide = x if x.dtype == np.float64 else x.astype(np.float32, copy=False)
    return np.isfinite(wide) & ((wide == 0) | (np.abs(wide) >= np.finfo(wide.dtype).smallest_normal))


def jumps(results: Callable[[np.ndarray], Any], kinks: tuple[float, ...]) -> list[np.ndarray]:
    """Points at which slope or curvature jumps, for each order; ``results`` has all three."""
    x = np.unique([*kinks, *np.arange(-16, 16.25, 0.25)])
    left, right = (np.asarray(results((x + d).astype(np.float64))) for d in (-(2.0**-30), 2.0**-30))
    jump = np.abs(left - right) > 1e-6 * np.maximum(1, np.abs(left))
    return [x[:0], x[jump[1]], x[jump[1] | jump[2]]]


# The record, and how it grows.

# Results that are wrong beyond measure: what they are called, and how they are told.
BEYOND = {"zeros": ("0", lambda got: got == 0), "nans": ("NaN", np.isnan), "infinities": ("inf", np.isinf)}


def _gravity(what: str, at: float, true: float) -> tuple[float, float]:
    """Sorts what is wrong beyond measure: a zero is worst where it replaces the most, NaN and inf nearest to 0."""
    return (-abs(true) if what == "zeros" else 0.0, abs(at))


def record(errors: np.ndarray, x: np.ndarray, got: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    finite = np.where(np.isfinite(errors), errors, -1.0)
    worst = int(finite.argmax())
    out = {
        "points": int(x.size),
        "ulp": float(finite[worst]),
        "at": float(x[worst]).hex(),
        "got": float(got[worst]),
        "true": float(truth[worst]),
    }
    beyond = np.flatnonzero(np.isinf(errors))
    for what, (_, test) in BEYOND.items():
        where = beyond[test(got[beyond].astype(np.float64))]
        if where.size:
            worst = min(where.tolist(), key=lambda i: _gravity(what, float(x[i]), float(truth[i])))
            out[what] = {"count": int(where.size), "from": float(x[worst]).hex(), "true": float(truth[worst])}
    return out


def merged(a: dict[str, Any] | None, b: dict[str, Any]) -> dict[str, Any]:
    if a is None:
        return b
    out = dict(a if a["ulp"] >= b["ulp"] else b)
    out["points"] = a["points"] + b["points"]
    for what in BEYOND:
        found = [r[what] for r in (a, b) if what in r]
        if found:
            worst = min(found, key=lambda r: _gravity(what, float.fromhex(r["from"]), r["true"]))
            out[what] = worst | {"count": sum(r["count"] for r in found)}
    return out


# Reports.


def goal(name: str, dtype: str, what: str) -> float:
    return bounds(name, jnp.dtype(dtype))[ORDERS.index(what) if what in ORDERS else 1]


def figure(found: dict[str, Any] | None, bound: float = math.inf) -> str:
    """A record in a few characters; an exclamation mark says that it is above the bound."""
    if found is None:
        return ""
    beyond = [f"{sign} at {float.fromhex(found[w]['from']):.4g}" for w, (sign, _) in BEYOND.items() if w in found]
    return "; ".join(beyond) or f"{found['ulp']:.3g}" + (" !" if found["ulp"] > bound else "")


def tables(results: dict[str, dict[str, Records]]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Title, columns and rows of worst errors for each dtype, and of the arguments that cause those of jaxact."""
    out = []
    for dtype in dict.fromkeys(d for by in results.values() for d in by):
        libraries = [b for b in LIBRARIES if any(b in by.get(dtype, {}) for by in results.values())]
        rows, of_several = [], []
        for name, by in results.items():
            found = by.get(dtype, {})

            def cell(library, what, name=name, found=found, dtype=dtype):
                bound = goal(name, dtype, what) if library == "jaxact" else math.inf
                return figure(found.get(library, {}).get(what), bound)

            if "slope" not in found.get("jaxact", ORDERS):  # a gate or a function of rows
                of_several += [[name, w, *(cell(b, w) for b in libraries)] for w in found.get("jaxact", {})]
            else:
                rows.append([name, *(cell(b, w) for b in libraries for w in ORDERS)])
        if rows:
            columns = ["function", *(f"{b} {w}" for b in libraries for w in ORDERS)]
            out.append((f"Worst error in ulps, {dtype}", columns, rows))
        if of_several:
            title = f"Worst error in ulps, {dtype}, of gates and rows"
            out.append((title, ["function", "what", *libraries], of_several))

    rows = []
    for name, by in results.items():
        for dtype, of in by.items():
            for what, found in of.get("jaxact", {}).items():
                if found["ulp"] > goal(name, dtype, what) or any(w in found for w in BEYOND):
                    rows.append(
                        [name, dtype, what, figure(found), found["at"], f"{found['got']:.9g}", f"{found['true']:.9g}"]
                    )
    if rows:
        columns = ["function", "dtype", "what", "ulp", "at", "result", "truth"]
        out.append(("Where jaxact is above its bound", columns, rows))
    return out
