"""What the backward pass costs in memory: for one activation, and for a whole network.

    python benchmarks/memory.py                     # every function, a few minutes on two cores
    python benchmarks/memory.py --names mish gelu   # some, shown and not written

``kept`` is what one call keeps for its backward pass, in bytes per input element: the arrays in the function that
``jax.vjp`` returns, single numbers left out. It is what a program that runs layer by layer, such as a scan, has to
hold. More than one array, and two numbers for each row, is marked.

``network`` is what remains after compilation: the temporary memory of the compiled gradient of a perceptron, per layer,
in units of one result of an activation. Without recomputation a layer needs two, the activation's input and output, or
three if the input is a gate and a value; temporary results of the backward pass come on top. Layers are scanned; for
gates and for functions that jax.nn has too, they are also unrolled. Both are measured for jaxact, for jax.nn, and for
jax.nn with ``jax.checkpoint`` around it.

``feed-forward`` is the same for a network of feed-forward layers with residual connections, in units of one array of
hidden units, per layer: ``jaxact.linen.MLP`` and ``GatedMLP``, with and without ``remat``, beside plain matrices and
``jax.nn``, as they are and with a ``jax.checkpoint`` that saves the results of matrix products. The time of a gradient,
relative to that of the plain layers, is given too: the median over rounds in which all take turns.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

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


FEED_FORWARD = {"gelu": "MLP", "mish": "MLP", "swiglu": "GatedMLP", "geglu": "GatedMLP"}
WAYS = ("jax.nn", "jax.nn, dots_saveable", "jaxact, remat=False", "jaxact")


def feed_forward(name: str, way: str, width: int, hidden: int) -> Callable:
    """A layer, ``(weights, x) -> x``."""
    if way.startswith("jaxact"):
        activation = {"gate" if FEED_FORWARD[name] == "GatedMLP" else "activation": name}
        layer = getattr(jaxact.linen, FEED_FORWARD[name])(
            width, hidden, use_bias=False, remat=way == "jaxact", **activation
        )
        return lambda weights, x: x + layer.apply({"params": weights}, x)
    gate = {"swiglu": jax.nn.silu, "geglu": jax.nn.gelu}.get(name)

    def plain(weights, x):
        units = [x @ w["kernel"] for n, w in sorted(weights.items()) if n != "wo"]
        h = gate(units[0]) * units[1] if gate else getattr(jax.nn, name)(*units)
        return x + h @ weights["wo"]["kernel"]

    saved = jax.checkpoint_policies.dots_saveable
    return jax.checkpoint(plain, policy=saved) if "dots" in way else plain


def feed_forward_network(name: str, dtype: str, scanned: bool, layers: int, width: int, rows: int) -> dict[str, Any]:
    """Arrays per layer, and times as a multiple of the first way's."""
    hidden = 4 * width
    found: dict[str, Any] = {"arrays": {}, "time": {}}
    kernels = {"wo": (hidden, width)} | {
        n: (width, hidden) for n in (("wi_gate", "wi_value") if FEED_FORWARD[name] == "GatedMLP" else ("wi",))
    }
    rng = np.random.default_rng(0)
    weights = {
        n: {"kernel": jnp.asarray(rng.standard_normal((layers, *s)) / math.sqrt(s[0]), dtype)}
        for n, s in kernels.items()
    }
    x = jnp.asarray(rng.standard_normal((rows, width)), dtype)
    compiled = {}
    for way in WAYS:
        layer = feed_forward(name, way, width, hidden)

        def loss(weights, x, layer=layer):
            if scanned:
                return jax.lax.scan(lambda h, w: (layer(w, h), None), x, weights)[0].sum()
            for i in range(layers):
                x = layer(jax.tree.map(lambda w, i=i: w[i], weights), x)
            return x.sum()

        compiled[way] = jax.jit(jax.grad(loss)).lower(weights, x).compile()
        analysis = compiled[way].memory_analysis()
        size = layers * rows * hidden * jnp.dtype(dtype).itemsize
        found["arrays"][way] = None if analysis is None else analysis.temp_size_in_bytes / size
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(5):
        for way, run in compiled.items():
            start = time.perf_counter()
            jax.block_until_ready(run(weights, x))
            times[way].append(time.perf_counter() - start)
    ratios = {w: statistics.median(b / a for a, b in zip(times[WAYS[0]], t, strict=True)) for w, t in times.items()}
    return found | {"time": ratios}


def show_feed_forward(measured: dict[str, dict[str, Any]]) -> str:
    rows = [
        [name, key, *(f"{by['arrays'][w]:.2f} ({by['time'][w]:.2f})" for w in WAYS)]
        for key, of in measured.items()
        for name, by in of.items()
    ]
    title = "Arrays of hidden units per layer, and time as a multiple of the first"
    return harness.table(title, ["activation", "network", *WAYS], rows)


def kept_table(dtype: str, measured: dict[str, dict[str, float | None]]) -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows of what single activations keep."""
    return table(f"Bytes kept per element, {dtype}", measured, 0, lambda _: jnp.dtype(dtype).itemsize * (1 + 2 / ROW))


def table(
    title: str, measured: dict[str, dict[str, float | None]], digits: int, bound: Callable[[str], float]
) -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows; a mark stands at what is above the bound."""

    def cell(name, library, value):
        if value is None:
            return ""
        return f"{value:.{digits}f}" + (" !" if library == "jaxact" and value > bound(name) else "")

    rows = [[name, *(cell(name, b, by.get(b)) for b in LIBRARIES)] for name, by in measured.items()]
    return title, ["function", "jaxact", "jax.nn", "jax.checkpoint(jax.nn)"], rows


def network_table(
    key: str, measured: dict[str, dict[str, float | None]], arrays: dict[str, float]
) -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows of what the layers of a network hold; ``arrays`` is how wide the inputs are."""
    title = f"Arrays per layer of a network, {key}"
    return table(title, measured, 2, lambda name: GOAL * (1 + arrays[name]) / 2)


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

    smaller = {"layers": layers // 2, "width": width, "rows": rows // 4}
    blocks = {
        f"{way}, {dtype}": {
            n: feed_forward_network(n, dtype, way == "scanned", **smaller)
            for n in FEED_FORWARD
            if not names or n in names
        }
        for dtype in dtypes
        for way in ("scanned", "unrolled")
    }
    tables = [kept_table(d, by) for d, by in single.items()]
    tables += [network_table(key, by, arrays) for key, by in whole.items()]
    texts = [harness.table(*t) for t in tables]
    if any(blocks.values()):
        texts.append(show_feed_forward(blocks))
    written = {
        "feed_forward": blocks,
        "bytes_per_element": single,
        "arrays_per_layer": whole,
        "network": {"layers": layers, "width": width, "rows": rows},
        "feed_forward_network": smaller,
    }
    if into is not None:
        harness.save("memory", written, "\n".join(texts), into)
    return written


if __name__ == "__main__":
    import tyro

    tyro.cli(main)
