"""What the backward pass costs in memory: for one activation, and for a whole network.

    python benchmarks/memory.py                     # every function, a few minutes on two cores
    python benchmarks/memory.py --names mish gelu   # some, shown and not written

``kept`` is what one call keeps for its backward pass, in bytes per input element: the arrays in the function that
``jax.vjp`` returns, numbers left out. It is what a layer-by-layer program such as a scan has to hold. A mark stands at
what is more than one array and two numbers for each row of it.

``network`` is what a compiler makes of it: the temporary memory of the compiled gradient of a perceptron in its
weights, in units of one result of an activation, per layer. Two is what such a network needs without recomputation, the
activation's input and its output, and three where the input is a gate and a value; temporary results of the backward
pass come on top. It is measured with the layers scanned, and for what jax.nn has too, and all that is gated, also
unrolled; like ``kept``, for jaxact, for jax.nn, and for jax.nn with ``jax.checkpoint`` around it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import tyro

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness

import jaxact

LIBRARIES = ("jaxact", "jax.nn", "jax.checkpoint")
GOAL = 2.35  # arrays per layer, where two are needed; half as much again where three are
ROW = 64  # numbers in each row of a single activation


def contenders(name: str) -> dict[str, Callable]:
    out = {"jaxact": harness.of_one_array(jaxact.get(name))}
    if (peer := harness.jax_nn(name)) is not None:
        out |= {"jax.nn": peer, "jax.checkpoint": jax.checkpoint(peer)}
    return out


def kept(f: Callable, dtype: str) -> float:
    """Bytes per element that one call keeps for its backward pass."""
    x = jax.ShapeDtypeStruct((64, ROW), dtype)
    pullback = jax.eval_shape(lambda x: jax.vjp(f, x)[1], x)
    return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(pullback) if a.size > 1) / x.size


def inputs(f: Callable) -> float:
    """How many times as wide as its result the input of a function is."""
    x = jax.ShapeDtypeStruct((ROW, ROW), "float32")
    return x.size / jax.eval_shape(f, x).size


def network(f: Callable, dtype: str, scanned: bool, layers: int, width: int, rows: int) -> float | None:
    """Arrays per layer that the compiled gradient of a perceptron holds; ``None`` where the compiler does not tell."""

    def loss(weights, x):
        def layer(h, w):
            return f(h @ w), None

        if scanned:
            return jax.lax.scan(layer, x, weights)[0].sum()
        for i in range(layers):
            x, _ = layer(x, weights[i])
        return x.sum()

    weights = jax.ShapeDtypeStruct((layers, width, int(inputs(f) * width)), dtype)
    x = jax.ShapeDtypeStruct((rows, width), dtype)
    found = jax.jit(jax.grad(loss)).lower(weights, x).compile().memory_analysis()
    if found is None:
        return None
    return found.temp_size_in_bytes / (layers * rows * width * jnp.dtype(dtype).itemsize)


def show(title: str, measured: dict[str, dict[str, float | None]], digits: int, bound: Callable[[str], float]) -> str:
    def cell(name, library, value):
        if value is None:
            return ""
        return f"{value:.{digits}f}" + (" !" if library == "jaxact" and value > bound(name) else "")

    rows = [[name, *(cell(name, b, by.get(b)) for b in LIBRARIES)] for name, by in measured.items()]
    return harness.table(title, ["function", "jaxact", "jax.nn", "jax.checkpoint(jax.nn)"], rows)


def main(
    names: tuple[str, ...] = (),
    dtypes: tuple[str, ...] = ("float32", "bfloat16"),
    network_dtypes: tuple[str, ...] = ("float32",),
    layers: int = 16,
    width: int = 128,
    rows: int = 8192,
    into: Path | None = None,
) -> dict[str, Any]:
    """Measure backward memory.

    Args:
      names: functions to measure; all of them if none is given.
      dtypes: dtypes of a single activation.
      network_dtypes: dtypes of a network. On a CPU, XLA multiplies half-precision matrices, and holds them, in float32.
      layers: depth of the network.
      width: width of the network.
      rows: size of its batch.
      into: directory to write to; the default is benchmarks/results, and nowhere if names are given.

    Returns:
      What is written.
    """
    if into is None and not names:
        into = harness.RESULTS
    specs = harness.chosen(names)
    single: dict[str, Any] = {d: {} for d in dtypes}
    whole: dict[str, Any] = {f"{way}, {d}": {} for d in network_dtypes for way in ("unrolled", "scanned")}
    arrays: dict[str, float] = {}
    with harness.progress() as bar:
        for spec in bar.track(specs, description="memory"):
            functions = contenders(spec.name)
            for dtype in dtypes:
                single[dtype][spec.name] = {n: kept(f, dtype) for n, f in functions.items()}
            arrays[spec.name] = inputs(functions["jaxact"])
            if arrays[spec.name] not in (1, 2):
                continue
            for key in whole:
                way, dtype = key.split(", ")
                # A long formula, many times over, takes minutes.
                if way == "unrolled" and len(functions) == 1 and spec.kind != "gated":
                    continue
                size = (layers, width, rows)
                whole[key][spec.name] = {n: network(f, dtype, way == "scanned", *size) for n, f in functions.items()}

    texts = [
        show(f"Bytes kept per element, {d}", by, 0, lambda _, d=d: jnp.dtype(d).itemsize * (1 + 2 / ROW))
        for d, by in single.items()
    ]
    texts += [
        show(f"Arrays per layer of a network, {key}", by, 2, lambda name: GOAL * (1 + arrays[name]) / 2)
        for key, by in whole.items()
    ]
    written = {
        "bytes_per_element": single,
        "arrays_per_layer": whole,
        "network": {"layers": layers, "width": width, "rows": rows},
    }
    if into is not None:
        harness.save("memory", written, "\n".join(texts), into)
    return written


if __name__ == "__main__":
    tyro.cli(main)
