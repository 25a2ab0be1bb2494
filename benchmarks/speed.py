"""Speed: jaxact beside the plain line of ``plain.py``, jax.nn, PyTorch eager, and a copy, the physical limit.

    python benchmarks/speed.py                            # all of it, an hour on two cores
    python benchmarks/speed.py --quick --names mish gelu  # against the plain line; seconds a function; writes nothing
    python benchmarks/speed.py --quick                    # all functions against the plain line, and the bounds
    python benchmarks/speed.py --decoder                  # the training step of a decoder, against jax.nn

How a time is taken. All contenders of a cell (function, pass, dtype, size) run in one process, one after the other,
round after round. What ran before matters: the first two change places with every round (A B C B A C ...), so that each
comes after the other as often as after the last. Each runs after an untimed call of its own that wakes its threads and
its cache. A cell's time is the median over the rounds, a ratio the median of the ratios within a round, so a machine
that slows down for a while slows down both sides of a ratio. Where others use the machine too, the ratio of the least
times tells more.

Allocation must not be timed: on a CPU the page faults of a new 16 MB result take longer than the computation.
So each program writes into the results of its previous call, which it is given as donated arguments, and glibc is told
to keep what PyTorch and XLA's temporaries free instead of handing it back to the system.

On an accelerator a kernel can be shorter than the call that starts it, so there a program repeats the work in a loop
of its own. The loop's carry passes through an optimisation barrier together with the inputs, without which XLA would
hoist the work out of the loop. On a CPU a time includes the call of a compiled program, which is most of it at 2^14;
XLA's CPU backend may run a whole loop on one thread, so the loop would measure something else there.

Some functions compile to the same program in jaxact and in jax.nn. The distance of their ratios from 1 is noise; other
ratios mean something only if they are further from 1.

``forward`` is ``x -> y``; ``forward+backward`` is ``(x, cotangent) -> (y, gradient)`` as one program. The copy has the
traffic of the pass: one array in, one out, or two and two. Inputs are normally distributed, of standard deviation 2,
and parameters have their defaults.
"""

from __future__ import annotations

import ctypes
import dataclasses
import functools
import json
import math
import re
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import plain

import jaxact

PASSES = ("forward", "forward+backward")
WIDTH = 1024  # of the arrays, along the axis that softmax and glu reduce: a narrow layer of today


def keep_freed_memory() -> None:
    """Have glibc reuse freed memory: M_MMAP_MAX, M_TRIM_THRESHOLD and M_ARENA_MAX. Elsewhere, do nothing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for option, value in ((-4, 0), (-1, 2**31 - 1), (-8, 1)):
        mallopt(option, value)


# Programs. A contender is a function that runs its program ``calls`` times and returns when the last is done.


def one_pass(f: Callable, kind: str) -> Callable:
    """``f`` as a function of its arrays, and of the cotangent if the pass goes back."""
    if kind == "forward":
        return lambda *x: (f(*x),)

    def both(*arrays):
        *x, cotangent = arrays
        y, pullback = jax.vjp(f, *x)
        return y, *pullback(cotangent)

    return both if kind == "forward+backward" else lambda *arrays: both(*arrays)[1:]


def program(work: Callable, repeats: int) -> jax.stages.Wrapped:
    """Compiled ``(inputs, previous results) -> results`` that does the work a number of times."""

    @functools.partial(jax.jit, donate_argnums=1, keep_unused=True)
    def run(inputs, outputs):
        if repeats == 1:
            return work(*inputs)

        def again(_, carry):
            inputs, _ = lax.optimization_barrier(carry)
            return inputs, work(*inputs)

        return lax.fori_loop(0, repeats, again, (inputs, outputs))[1]

    return run


def repetitions(inputs: tuple[Any, ...]) -> int:
    """How often one call of a program on arrays of this size does the work."""
    size = sum(x.size * x.dtype.itemsize for x in inputs)
    return 1 if jax.default_backend() == "cpu" else max(4, min(256, 2**30 // size))


def in_jax(
    work: Callable, inputs: tuple[jax.Array, ...], compiled: Callable | None = None
) -> tuple[Callable[[int], None], int]:
    """Contender that runs ``work`` in JAX, or the program compiled from it, and how often a call does the work."""
    repeats = repetitions(inputs)
    compiled = compiled or program(work, repeats)
    outputs = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(work, *inputs))

    def run(calls: int) -> None:
        nonlocal outputs
        for _ in range(calls):
            outputs = compiled(inputs, outputs)
        jax.block_until_ready(outputs)

    return run, repeats


def in_torch(f: Callable, kind: str, inputs: tuple[np.ndarray, ...], dtype: str) -> Callable[[int], None]:
    """Contender that runs ``f`` in PyTorch, eagerly."""
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() and jax.default_backend() == "gpu" else "cpu")
    x, *rest = (torch.from_numpy(a).to(device, getattr(torch, dtype)) for a in inputs)
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None

    def run(calls: int) -> None:
        if kind == "forward":
            with torch.no_grad():
                for _ in range(calls):
                    f(x)
        else:
            x.requires_grad_()
            for _ in range(calls):
                torch.autograd.grad(f(x), x, *rest)
        wait()

    return run


def interleaved(contenders: dict[str, tuple[Callable, int]], rounds: int, slot: float) -> dict[str, list[float]]:
    """Seconds per repetition, for each contender and round; ``slot`` is how long a round should give to each."""
    calls = {}
    for name, (run, _) in contenders.items():
        run(1)  # compiles
        run(1)
        start = time.perf_counter()
        run(1)
        calls[name] = max(1, min(1000, int(slot / (time.perf_counter() - start))))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    turns = list(contenders.items())
    for _ in range(rounds):
        for name, (run, repeats) in turns:
            run(1)
            start = time.perf_counter()
            run(calls[name])
            times[name].append((time.perf_counter() - start) / calls[name] / repeats)
        turns[:2] = turns[1::-1]
    return times


def instructions(f: Callable, kind: str, dtype: str) -> list[str]:
    """What a pass of ``f`` compiles to, without the names that the compiler gives."""
    x = jax.ShapeDtypeStruct((64, WIDTH), dtype)
    arguments = (x,) if kind == "forward" else (x, jax.eval_shape(f, x))
    numbers: dict[str, int] = {}

    def number(name):
        return str(numbers.setdefault(name[0], len(numbers)))

    lines = jax.jit(one_pass(f, kind)).lower(*arguments).compile().as_text().splitlines()
    plain = [re.sub(r", metadata=\{[^}]*\}", "", line) for line in lines if line.startswith("  ")]
    return [re.sub(r"%[\w.-]+", number, line) for line in plain]


@functools.cache
def same_program(name: str, kind: str, dtype: str) -> bool:
    """Whether the function is the same program in jaxact and in jax.nn."""
    peer = harness.jax_nn(name)
    ours = harness.of_one_array(jaxact.get(name))
    return peer is not None and instructions(ours, kind, dtype) == instructions(peer, kind, dtype)


def with_plain_line(name: str) -> dict[str, Callable]:
    """The same of one array."""
    return {n: harness.of_one_array(f) for n, f in beside_plain_line(name).items()}


def beside_plain_line(name: str) -> dict[str, Callable]:
    """The function in jaxact, and what one would type instead, if ``plain.py`` has a line for it."""
    functions = {"jaxact": jaxact.get(name), "plain": (plain.LINES | plain.OTHERS).get(name)}
    at = {"alpha": 0.5} if name == "soft_exponential" else {}  # at its default 0, XLA reduces the plain line to x
    return {n: functools.partial(f, **at) for n, f in functions.items() if f is not None}


def operands(f: Callable, kind: str, dtype: str, size: int) -> tuple[tuple[np.ndarray, ...], tuple[jax.Array, ...]]:
    """Input, and cotangent if the pass has one: as NumPy has them, and as ``f`` takes them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((size // WIDTH, WIDTH), np.float32) * 2
    outputs = jax.eval_shape(f, jax.ShapeDtypeStruct(x.shape, dtype))
    host = (x,) if kind == "forward" else (x, rng.standard_normal(outputs.shape, np.float32))
    return host, tuple(jnp.asarray(a, dtype) for a in host)


def ratios(times: dict[str, list[float]]) -> tuple[dict[str, float], dict[str, float]]:
    """How many times as long as the first contender each other takes: medians over the rounds, and of least times."""
    (_, ours), *others = times.items()
    medians = {n: statistics.median(b / a for a, b in zip(ours, t, strict=True)) for n, t in others}
    return medians, {n: min(t) / min(ours) for n, t in others}


def cell(spec: jaxact.Activation, kind: str, dtype: str, size: int, rounds: int, slot: float) -> dict[str, Any]:
    """Median microseconds of each contender, how many times slower than jaxact it is, and the fraction of the copy."""
    functions = with_plain_line(spec.name)
    if (peer := harness.jax_nn(spec.name)) is not None:
        functions = {"jaxact": functions["jaxact"], "jax.nn": peer}
    host, inputs = operands(functions["jaxact"], kind, dtype, size)
    contenders = {n: in_jax(one_pass(f, kind), inputs) for n, f in functions.items()}
    if (peer := harness.pytorch(spec.name)) is not None:
        contenders["torch"] = in_torch(peer, kind, host, dtype), 1
    # A sign flip and not jnp.copy, which XLA runs on one thread of a CPU, and may drop.
    contenders["copy"] = in_jax(lambda *arrays: tuple(-a for a in arrays), inputs)

    times = interleaved(contenders, rounds, slot)
    ratio, least = ratios(times)
    return {
        "name": spec.name,
        "pass": kind,
        "dtype": dtype,
        "size": size,
        "microseconds": {n: statistics.median(t) * 1e6 for n, t in times.items()},
        "least": {n: min(t) * 1e6 for n, t in times.items()},
        "of_copy": ratio.pop("copy"),
        "ratio": ratio,
        "ratio_of_least": {n: least[n] for n in ratio},
        "same_program": same_program(spec.name, kind, dtype),
    }


# Against the plain line.

# What the project holds itself to: for each function, and for the geometric mean by dtype.
BOUNDS = {
    "forward": (0.9, {"float32": 1.1, "bfloat16": 1.5}),
    "forward+backward": (0.75, {"float32": 1.0, "bfloat16": 1.3}),
    "compile": (2.0, {"float32": 1.3, "bfloat16": 1.3}),  # at most; the others at least
}


def compile_times(functions: dict[str, Callable], arguments: tuple, rounds: int) -> dict[str, list[float]]:
    """Seconds to trace and compile each function from nothing, in turns."""
    times: dict[str, list[float]] = {n: [] for n in functions}
    for _ in range(rounds):
        for n, f in functions.items():
            jax.clear_caches()
            start = time.perf_counter()
            jax.jit(f).lower(*arguments).compile()
            times[n].append(time.perf_counter() - start)
    return times


def against_plain(name: str, dtype: str, size: int, rounds: int, slot: float, compilations: int = 3) -> dict[str, Any]:
    """How many times as fast as its plain line a function is, and how many times as long it takes to compile."""
    functions = with_plain_line(name)
    record: dict[str, Any] = {"name": name, "dtype": dtype}
    for kind in PASSES:
        _, inputs = operands(functions["jaxact"], kind, dtype, size)
        times = interleaved({n: in_jax(one_pass(f, kind), inputs) for n, f in functions.items()}, rounds, slot)
        ratio, least = ratios(times)
        record |= {kind: ratio["plain"], f"{kind}, least": least["plain"], f"{kind}, us": min(times["jaxact"]) * 1e6}
    x = jax.ShapeDtypeStruct((64, WIDTH), dtype)
    arguments = x, jax.eval_shape(functions["jaxact"], x)
    passes = {n: one_pass(f, "forward+backward") for n, f in functions.items()}
    compiling = {n: min(t) for n, t in compile_times(passes, arguments, compilations).items()}
    return record | {"compile": compiling["jaxact"] / compiling["plain"], "compile, ms": compiling["jaxact"] * 1e3}


def show_plain(records: list[dict[str, Any]], what: str) -> str:
    columns = [c for c in records[0] if c not in ("name", "dtype")] if records else []

    def row(r):
        return [r["name"], r["dtype"], *(f"{r[c]:.0f}" if c[-2:] in ("us", "ms") else f"{r[c]:.2f}" for c in columns)]

    return harness.table(
        f"{what}: plain line / jaxact, for compilation jaxact / plain line, and jaxact's least times",
        ["function", "dtype", *(c.replace("forward+backward", "both") for c in columns)],
        map(row, records),
    )


def bounds(records: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """What the elementwise functions reach of ``BOUNDS``, and by name what misses."""
    lines, found = [], []
    for what, (each, means) in BOUNDS.items():
        for dtype, wanted in means.items():
            group = {r["name"]: r for r in records if r["dtype"] == dtype and r["name"] in plain.LINES}
            if not group:
                continue
            sign = -1 if what == "compile" else 1
            misses = {n: r[what] for n, r in group.items() if sign * r[what] < sign * each}
            misses = dict(sorted(misses.items(), key=lambda m: sign * m[1]))
            mean = geometric_mean([r[what] for r in group.values()])
            found.append({"what": what, "dtype": dtype, "mean": mean, "wanted": wanted, "each": each, "misses": misses})
            least = {n: f" ({group[n][f'{what}, least']:.2f})" if what in PASSES else "" for n in misses}
            named = ", ".join(f"{n} {r:.2f}{least[n]}" for n, r in misses.items())
            than = "above" if what == "compile" else "below"
            lines.append(
                f"{what}, {dtype}: geometric mean {mean:.2f}, wanted {wanted}; "
                f"{len(misses)} of {len(group)} {than} {each}{': ' * bool(named)}{named}\n"
            )
    text = "\n".join(lines)
    harness.console.print(text)
    return text, found


# In a whole decoder.

DECODER = ("relu", "gelu", "silu", "mish", "elu", "tanh", "softplus")


@dataclasses.dataclass(frozen=True)
class Decoder:
    """Its sizes; ``gated`` if the activation takes gate and value side by side, of two thirds of the hidden units."""

    layers: int = 6
    features: int = 256
    heads: int = 4
    batch: int = 8
    length: int = 128
    vocabulary: int = 256
    gated: bool = False

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Of the matrices of a layer."""
        n = self.features
        hidden = 8 * n // 3 if self.gated else 4 * n
        return {"qkv": (n, 3 * n), "out": (n, n), "up": (n, hidden * (1 + self.gated)), "down": (hidden, n)}


SIZE = Decoder()


def decoder_loss(weights: dict[str, Any], tokens: jax.Array, activation: Callable, heads: int) -> jax.Array:
    """Cross entropy of the next token in a small transformer without biases and positions, its layers unrolled."""

    def norm(x):
        return jax.nn.standardize(x, epsilon=1e-5)

    x = weights["embedding"][tokens[:, :-1]]
    for w in weights["layers"]:
        q, k, v = jnp.split((norm(x) @ w["qkv"]).reshape(*x.shape[:-1], heads, -1), 3, -1)
        x += jax.nn.dot_product_attention(q, k, v, is_causal=True).reshape(x.shape) @ w["out"]
        x += activation(norm(x) @ w["up"]) @ w["down"]
    logits = (norm(x) @ weights["embedding"].T).astype(jnp.float32)
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), tokens[:, 1:, None], -1).mean()


def decoder_step(activation: Callable, heads: int) -> Callable:
    """A step of gradient descent, ``(weights, tokens) -> new weights``."""

    def step(weights, tokens):
        gradient = jax.grad(decoder_loss)(weights, tokens, activation, heads)
        return jax.tree.map(lambda w, g: w - 0.01 * g, weights, gradient)

    return step


def decoder_weights(size: Decoder, dtype: str) -> dict[str, Any]:
    shapes = {"embedding": (size.vocabulary, size.features), "layers": [size.shapes] * size.layers}
    leaves, tree = jax.tree.flatten(shapes, is_leaf=lambda s: isinstance(s, tuple))
    keys = jax.random.split(jax.random.key(0), len(leaves))
    made = [jax.random.normal(k, s, dtype) / math.sqrt(s[0]) for k, s in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(tree, made)


def decoder_tokens(size: Decoder) -> jax.Array:
    shape = size.batch, size.length + 1
    return jnp.asarray(np.random.default_rng(0).integers(0, size.vocabulary, shape, np.int32))


def decoder_contender(compiled: Callable, weights: Any, tokens: jax.Array) -> tuple[Callable[[int], None], int]:
    """Contender that trains; the weights are donated."""

    def run(calls: int) -> None:
        nonlocal weights
        for _ in range(calls):
            weights = compiled(weights, tokens)
        jax.block_until_ready(weights)

    return run, 1


def in_decoder(name: str, dtype: str, rounds: int, slot: float, compilations: int = 3) -> dict[str, Any]:
    """How many times as fast a training step is as with the plain line, and how many times as long it compiles."""
    steps = {n: decoder_step(f, SIZE.heads) for n, f in with_plain_line(name).items()}
    tokens = decoder_tokens(SIZE)
    contenders = {
        n: decoder_contender(jax.jit(step, donate_argnums=0), decoder_weights(SIZE, dtype), tokens)
        for n, step in steps.items()
    }
    times = interleaved(contenders, rounds, slot)
    arguments = decoder_weights(SIZE, dtype), tokens
    compiling = {n: min(t) for n, t in compile_times(steps, arguments, compilations).items()}
    ratio, least = ratios(times)
    return {
        "name": name,
        "dtype": dtype,
        "step": ratio["plain"],
        "step, least": least["plain"],
        "step, ms": min(times["jaxact"]) * 1e3,
        "compile": compiling["jaxact"] / compiling["plain"],
        "compile, ms": compiling["jaxact"] * 1e3,
    }


# Reports.


def geometric_mean(numbers: list[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, numbers)))


def copy_bandwidth(cell: dict[str, Any]) -> float:
    """Gigabytes read and written per second by the copy of a cell."""
    arrays = 2 * (1 + (cell["pass"] == "forward+backward"))
    return arrays * cell["size"] * jnp.dtype(cell["dtype"]).itemsize / cell["microseconds"]["copy"] / 1e3


def show_cells(cells: list[dict[str, Any]]) -> str:
    def row(c):
        us, ratio, least = c["microseconds"], c["ratio"], c["ratio_of_least"]
        line = "jax.nn" if "jax.nn" in us else "plain"
        times = [f"{us[n]:.1f}" if n in us else "" for n in ("jaxact", line, "torch", "copy")]
        ratios = [f"{r[n]:.2f}" if n in r else "" for n in (line, "torch") for r in (ratio, least)]
        size = f"2^{int(math.log2(c['size']))}"
        return [c["name"], c["pass"], c["dtype"], size, *times, *ratios, f"{c['of_copy']:.0%}"]

    columns = ["function", "pass", "dtype", "size", "jaxact", "jax.nn or plain line", "torch", "copy"]
    return harness.table(
        "Median time in microseconds",
        [*columns, "line / jaxact", "least", "torch / jaxact", "least", "of copy"],
        map(row, cells),
    )


def summarise(
    cells: list[dict[str, Any]], peers: tuple[str, ...] = ("jax.nn", "torch")
) -> tuple[tuple[str, list[str], list[list[str]]], dict[str, Any]]:
    """Geometric mean and worst cell of each peer, by pass, dtype and size, and in all: as a table and as figures."""
    rows, summary = [], {}
    dtypes, sizes = (sorted({c[what] for c in cells}) for what in ("dtype", "size"))
    kinds = dict.fromkeys(c["pass"] for c in cells)
    groups = [(k, d, s) for k in kinds for d in dtypes for s in ("all", *(sizes if len(sizes) > 1 else ()))]
    for peer in peers:
        for kind, dtype, size in [*groups, ("all", "all", "all")]:
            group = [
                c
                for c in cells
                if peer in c["ratio"]
                and all(w in (c[k], "all") for k, w in (("pass", kind), ("dtype", dtype), ("size", size)))
            ]
            if not group:
                continue
            worst = min(group, key=lambda c: c["ratio"][peer])
            mean = geometric_mean([c["ratio"][peer] for c in group])
            copy = geometric_mean([c["of_copy"] for c in group])
            least = geometric_mean([c["ratio_of_least"][peer] for c in group])
            of_size = size if size == "all" else f"2^{int(math.log2(size))}"
            summary[", ".join([peer, kind, dtype] + [of_size] * (size != "all"))] = {
                "mean": mean,
                "mean_of_least": least,
                "worst": worst["ratio"][peer],
                "of_copy": copy,
            }
            where = f"{worst['name']} {worst['pass']} {worst['dtype']} 2^{int(math.log2(worst['size']))}"
            rows.append(
                [
                    peer,
                    kind,
                    dtype,
                    of_size,
                    f"{mean:.2f}",
                    f"{least:.2f}",
                    f"{worst['ratio'][peer]:.2f}",
                    where,
                    f"{copy:.0%}",
                ]
            )
    columns = ["peer", "pass", "dtype", "size", "geometric mean", "of least times", "worst", "worst is", "of copy"]
    return ("How many times as fast as its peer jaxact is", columns, rows), summary


# What surrounds the kernel: the call, the compiler, the partitioner.


def eager_overhead(specs: list[jaxact.Activation], rounds: int = 30, calls: int = 200) -> dict[str, dict[str, float]]:
    """Microseconds of a call on eight numbers outside jit, above an empty jitted function."""
    x = jnp.linspace(-2, 2, 8).reshape(1, 8)
    empty = jax.jit(lambda x: x + 0)
    out = {}
    for spec in specs:
        functions = {"empty": empty, "jaxact": harness.of_one_array(spec.function)}
        if (peer := harness.jax_nn(spec.name)) is not None:
            functions["jax.nn"] = peer
        times: dict[str, list[float]] = {n: [] for n in functions}
        for f in functions.values():
            f(x).block_until_ready()
        for _ in range(rounds):
            for n, f in functions.items():
                start = time.perf_counter()
                for _ in range(calls):
                    f(x)
                times[n].append((time.perf_counter() - start) / calls * 1e6)
        base = statistics.median(times["empty"])
        out[spec.name] = {n: statistics.median(t) - base for n, t in times.items() if n != "empty"}
    return out


def recompilations(specs: list[jaxact.Activation]) -> dict[str, int]:
    """How many programs a second call with other numbers of the same shape compiles, alone and under ``jax.grad``."""
    compiled = 0

    def listen(event: str, *_: Any, **__: Any) -> None:
        nonlocal compiled
        compiled += event == "/jax/core/compile/backend_compile_duration"

    first, second = (jnp.asarray(np.random.default_rng(i).normal(size=(4, 8)), jnp.float32) for i in (0, 1))
    out = {}
    for spec in specs:
        f = harness.of_one_array(spec.function)
        gradient = jax.jit(jax.grad(lambda x, f=f: f(x).sum()))
        f(first), gradient(first)
        jax.monitoring.register_event_duration_secs_listener(listen)
        try:
            compiled = 0
            f(second), gradient(second)
            out[spec.name] = compiled
        finally:
            jax.monitoring.unregister_event_duration_listener(listen)
    return out


def noise(cells: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """How far the ratios of cells in which jaxact and jax.nn are the same program are from 1."""
    ratios = [c["ratio"]["jax.nn"] for c in cells if c["same_program"]]
    if not ratios:
        return "", {}
    found = {
        "cells": len(ratios),
        "below": sum(r < 0.9 for r in ratios),
        "least": min(ratios),
        "mean": geometric_mean(ratios),
        "most": max(ratios),
    }
    text = (
        "In {cells} cells jaxact and jax.nn are the same program. What differs there is noise: ratios from {least:.2f} "
        "to {most:.2f}, {mean:.2f} on average, {below} of them below 0.9.\n"
    )
    return text.format(**found), found


_COLLECTIVE = re.compile(r"\b(all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter)(?:-start)?\(")


def _eight_devices() -> None:
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", 8)


def _collectives(names: list[str]) -> dict[str, list[str]]:
    mesh = jax.make_mesh((8,), ("data",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data"))
    out = {}
    for name in names:
        x = jax.ShapeDtypeStruct((64, WIDTH), jnp.float32, sharding=sharding)
        y = jax.eval_shape(harness.of_one_array(jaxact.get(name)), x)
        y = jax.ShapeDtypeStruct(y.shape, y.dtype, sharding=sharding)
        text = (
            jax.jit(one_pass(harness.of_one_array(jaxact.get(name)), "forward+backward"))
            .lower(x, y)
            .compile()
            .as_text()
        )
        out[name] = sorted(set(_COLLECTIVE.findall(text)))
    return out


def collectives(specs: list[jaxact.Activation]) -> dict[str, list[str]]:
    """Collectives in the compiled forward+backward of an array sharded over eight simulated devices.

    In a process of its own, as the number of devices is settled when JAX starts.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_eight_devices) as pool:
        return pool.submit(_collectives, [s.name for s in specs]).result()


def surroundings(specs: list[jaxact.Activation]) -> tuple[str, dict[str, Any]]:
    with harness.console.status("calls, recompilations, partitions"):
        eager, again, moved = eager_overhead(specs), recompilations(specs), collectives(specs)

    def row(name):
        e = eager[name]
        peer = f"{e['jax.nn']:.1f}" if "jax.nn" in e else ""
        return [name, f"{e['jaxact']:.1f}", peer, str(again[name]), ", ".join(moved[name]) or "none"]

    columns = ["function", "eager us above empty", "jax.nn", "recompiled", "collectives"]
    text = harness.table("Calls, recompilation, partitioning", columns, map(row, eager))
    return text, {"eager_overhead_us": eager, "recompilations": again, "collectives": moved}


def update(path: Path, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Put records beside the plain line in the place of those of a results file, and show what follows from them."""
    results = json.loads(path.read_text())
    _, rest = path.with_suffix(".md").read_text().split("### How many times", 1)
    merged = {(r["name"], r["dtype"]): r for r in (*results["plain"], *records)}
    results["plain"] = sorted(merged.values(), key=lambda r: r["name"])
    text, results["bounds"] = bounds(results["plain"])
    text = "\n".join([show_plain(results["plain"], "Arrays of 2^20"), text, f"### How many times{rest.rstrip()}"])
    command = f"{results['command']}; {harness.circumstances()['command']}"
    harness.save(
        "speed", {k: v for k, v in results.items() if k not in harness.circumstances()}, text, path.parent, command
    )
    return results


def main(
    names: tuple[str, ...] = (),
    quick: bool = False,
    decoder: bool = False,
    sizes: tuple[int, ...] = (14, 16, 18, 20, 22, 24),
    dtypes: tuple[str, ...] = ("float32", "bfloat16"),
    rounds: int = 15,
    slot: float = 0.01,
    into: Path | None = None,
) -> dict[str, Any]:
    """Measure speed.

    Args:
      names: functions to measure. If none is given: against the plain line, all that have one; and against jax.nn and
        PyTorch, what either of them has.
      quick: seven rounds against the plain line, and nothing else; ``plain-<platform>`` if there is ``into``. With
        names, these take their place in ``speed-<platform>`` if ``into`` has it, where the rest stays.
      decoder: the training step of a decoder, and nothing else; its results are a file of their own.
      sizes: binary logarithms of the numbers of elements; against the plain line it is always 20.
      dtypes: dtypes of input and cotangent.
      rounds: how often the contenders take turns.
      slot: seconds that a contender gets in each turn, if a single call is not longer.
      into: directory to write to; the default is benchmarks/results, and nowhere if names are given or it is quick.

    Returns:
      What is written.
    """
    keep_freed_memory()
    if into is None and not names and not quick:
        into = harness.RESULTS
    rounds = min(rounds, 7) if quick else rounds
    if decoder:
        todo = [(n, d) for n in names or DECODER for d in dtypes]
        with harness.progress() as bar:
            records = [in_decoder(*what, rounds, slot) for what in bar.track(todo, description="decoder")]
        text = show_plain(records, "Training step of a decoder")
        if into is not None:
            harness.save("decoder", {"decoder": records}, text, into)
        return {"decoder": records}

    specs = harness.chosen(names)
    lined = [s.name for s in specs if len(with_plain_line(s.name)) == 2]
    with harness.progress() as bar:
        todo = [(n, d) for n in lined for d in dtypes]
        records = [against_plain(n, d, 2**20, rounds, slot) for n, d in bar.track(todo, description="plain lines")]
    before = into and names and quick and into / f"speed-{harness.platform_name()}.json"
    if before and before.exists():
        return update(before, records)
    texts = [show_plain(records, "Arrays of 2^20")]
    text, reached = bounds(records)
    texts.append(text)
    results: dict[str, Any] = {"plain": records, "bounds": reached}

    if not quick:
        specs = [s for s in specs if names or harness.jax_nn(s.name) or harness.pytorch(s.name)]
        todo = [(s, k, d, 2**n) for s in specs for d in dtypes for n in sizes for k in PASSES]
        with harness.progress() as bar:
            cells = [cell(*what, rounds, slot) for what in bar.track(todo, description="peers")]
        times = show_cells(cells)
        of_peers, summary = summarise(cells)
        text = harness.table(*of_peers)
        bandwidth = max(copy_bandwidth(c) for c in cells)
        harness.console.print(f"The fastest copy moves {bandwidth:.0f} GB/s.")
        noisy, same = noise(cells)
        harness.console.print(noisy)
        around_text, around = surroundings(specs)
        texts += [text, noisy, times, around_text]
        results |= {
            "copy_bandwidth_GB_per_s": bandwidth,
            "summary": summary,
            "same_program": same,
            "cells": cells,
        } | around
    if into is not None:
        harness.save("plain" if quick else "speed", results, "\n".join(texts), into)
    return results


if __name__ == "__main__":
    import tyro

    tyro.cli(main)
