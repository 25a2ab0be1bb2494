"""Accuracy, training step, kernel, speed and memory in one run, on a device that is lent for a few minutes.

    python benchmarks/device.py --minutes 8             # on whatever JAX finds
    python benchmarks/device.py --minutes 1 --into DIR  # a try on a CPU

It needs Python and JAX, no other package. It writes ``results/device-<platform>.json``, which the pages of the site
read, and the same tables in Markdown. Both are written again after each piece of work, so that little is lost if the
run is killed. The parts run in the order below, the most important first, each with a share of the time that is left.
What did not fit, or failed, is listed under ``left_out`` with the reason.

``accuracy``: worst errors of value, slope and curvature of every elementwise function, and of its peer in ``jax.nn``,
in float16 and bfloat16 at every number, in float32 on a sample. The true result is jaxact's in float64 on the host's
CPU, which the tests compare with the oracle; an error that both have is found by ``accuracy.py``, not here.

``training``: a step of the decoder of ``speed.py``, sized to fill the device, in bfloat16 (float32 on a CPU), with
jaxact and with the plain line, which is that of ``jax.nn``: with gelu, and with swiglu. Its floating-point operations
are counted as 6 for each weight and token, which leaves out attention's own; the share is of the device's peak in dense
bfloat16, by the maker's figure, or of what a large product of matrices reaches where there is none. Peak memory is what
the compiled program takes, by the compiler; the most that the process ever held stands beside it, where it is counted.

``kernel``: the fused SwiGLU of ``docs/kernels.md``, run from there, beside XLA's of jaxact and of ``jax.nn``. On a CPU
it is interpreted, which says nothing of its speed.

``speed``: elementwise, gated and row functions beside ``jax.nn``, the plain line and a copy, as ``speed.py`` takes
times, in float32 and bfloat16. The forward pass reads an array and writes one, the backward pass, given input and
cotangent, reads two and writes one; a gate has one input more. The share of the copy's bandwidth is by the bytes that a
function has to move; the goal is 0.9.

``memory``: what the backward pass keeps, as ``memory.py`` measures it; of networks the scanned one.

Arrays have 2^27 and 2^24 elements, where the memory allows; on a CPU 2^20, and the decoder is a small one.
"""

from __future__ import annotations

import argparse
import dataclasses
import doctest
import functools
import itertools
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import memory
import plain
import speed
import worst
from support import samples, ulp

import jaxact

GOAL = 0.9  # of the copy's bandwidth
ROUNDS = 5
SLOT = 0.005  # seconds of a contender in a round
SPARE = 6  # seconds for imports, and for what a part has begun when its time is over
LEFT = {"time": "no time left", "memory": "too little memory"}

Table = tuple[str, list[str], list[list[str]]]  # title, columns, rows
LeftOut = dict[str, list[str]]  # by reason
Part = Iterator[tuple[dict[str, Any], list[Table]]]  # figures and tables, of what is measured so far


def by_importance() -> list[jaxact.Activation]:
    """All but the stochastic activations, those that jax.nn has first."""
    return sorted((s for s in jaxact.specs() if s.kind != "stochastic"), key=lambda s: harness.jax_nn(s.name) is None)


def in_time(work: Callable[[Any], Any], items: Iterable[Any], until: float, left_out: LeftOut) -> dict[Any, Any]:
    """Results by item, a thread for each core; after ``until`` only the first is begun; a failure stops no other."""
    items, found = list(items), {}

    def one(item):
        if time.monotonic() > until and item != items[0]:
            return LEFT["time"], None
        try:
            return None, work(item)
        except Exception as error:  # of a device that is not there tomorrow
            return in_short(error), None

    with ThreadPoolExecutor(harness.cores()) as pool:
        for item, (reason, result) in zip(items, pool.map(one, items), strict=True):
            if reason is None:
                found[item] = result
            else:
                note(left_out, reason, str(item))
    return found


def note(left_out: LeftOut, reason: str, what: str) -> None:
    left_out.setdefault(reason, []).append(what)


def in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def limit() -> float:
    """Bytes of memory that JAX may use on the device; infinite where it does not tell."""
    return (jax.devices()[0].memory_stats() or {}).get("bytes_limit", math.inf)


def on_cpu() -> bool:
    return jax.default_backend() == "cpu"


# Accuracy.

CHUNK = 2**13  # numbers that the truth is computed of at once: one shape, and so one compilation


class Truth:
    """Value, slope and curvature as jaxact has them in float64, on the CPU."""

    def __init__(self, spec: jaxact.Activation):
        # Parameters are of the dtype that jaxact computes in.
        parameters = {n: np.float64(np.float32(p)) for n, p in spec.parameters.items() if np.any(np.float32(p) != p)}
        functions = worst.derivatives(functools.partial(spec.function, **parameters))
        self.program = jax.jit(lambda x: [f(x) for f in functions])
        self.windows = [[], *(ulp.windows(lambda x, k=k: self(x)[k]) for k in (1, 2))]
        self.jumps = worst.jumps(self, spec.kinks)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        padded = np.concatenate([x.astype(np.float64), np.zeros(-x.size % CHUNK)]).reshape(-1, CHUNK)
        with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
            found = [np.stack(self.program(jnp.asarray(part))) for part in padded]
        return np.concatenate(found, -1)[:, : x.size]


def worst_errors(name: str) -> dict[str, worst.Records]:
    """Records of an activation and its peer by dtype."""
    spec = jaxact.spec(name)
    truth = Truth(spec)
    contenders = {"jaxact": spec.function, "jax.nn": harness.jax_nn(name)}
    wide = np.concatenate([*worst.float32_sample(worst.hard_points(spec), stride=2**16 + 1, body=50_000)])
    found: dict[str, worst.Records] = {}
    for x in (wide, *(samples.half_patterns(jnp.dtype(d)) for d in ("bfloat16", "float16"))):
        x = x[worst.countable(x)]
        true = truth(x)
        found[x.dtype.name] = {b: records(f, x, true, truth) for b, f in contenders.items() if f is not None}
    return found


def records(f: Callable, x: np.ndarray, true: np.ndarray, truth: Truth) -> dict[str, dict[str, Any]]:
    """Records by order."""
    functions = worst.derivatives(f)
    found = {}
    results = jax.jit(lambda x: [f(x) for f in functions])(jnp.asarray(x))
    for k, (order, got) in enumerate(zip(worst.ORDERS, map(np.asarray, results), strict=True)):
        where = ~np.isin(x, truth.jumps[k].astype(x.dtype)) & ~np.isnan(true[k])
        errors = ulp.error(got[where], true[k, where], window=ulp.window(x[where], truth.windows[k]))
        found[order] = worst.record(errors, x[where], got[where], true[k, where])
    return found


def accuracy(until: float, left_out: LeftOut) -> Part:
    found = in_time(worst_errors, [s.name for s in by_importance() if s.elementwise], until, left_out)
    remark = "The truth is jaxact's own in float64; float16 and bfloat16 are whole, float32 is a sample."
    if found:
        yield {"remark": remark, "worst": found}, worst.tables(found)


# A training step.

# Operations per second in dense bfloat16, as the makers give them; the first that the name of a device begins with.
PEAKS = {
    "NVIDIA H100 PCIe": 756e12,
    "NVIDIA H100 NVL": 835e12,
    "NVIDIA H100": 989e12,
    "NVIDIA H200": 989e12,
    "NVIDIA A100": 312e12,
    "TPU v4": 275e12,
    "TPU v5 lite": 197e12,
    "TPU v5e": 197e12,
    "TPU v5": 459e12,
    "TPU v6": 918e12,
}


def peak(dtype: str) -> tuple[float, str]:
    """Operations per second that the device can do, and who says so."""
    kind = jax.devices()[0].device_kind
    for name, known in PEAKS.items():
        if kind.startswith(name):
            return known, "the maker's figure for dense bfloat16"
    n = 1024 if on_cpu() else 8192
    matrices = tuple(jax.random.normal(jax.random.key(i), (n, n), dtype) for i in range(2))
    product = speed.in_jax(lambda a, b: (a @ b,), matrices)
    times = speed.interleaved({"product": product}, ROUNDS, 0.05)
    return 2 * n**3 / min(times["product"]), f"what a product of two {dtype} matrices of {n} by {n} reaches"


def decoder(gated: bool) -> speed.Decoder:
    """One that fills the device, at about 2 GB of activations for each sequence."""
    if on_cpu():
        return speed.Decoder(layers=2, features=192, batch=4, length=64, gated=gated)
    sequences = 16 if limit() == math.inf else max(1, int(limit() / 2e9))
    batch = 2 ** min(6, int(math.log2(sequences)))
    return speed.Decoder(layers=12, features=3072, heads=24, batch=batch, length=512, gated=gated)


def compiled_step(size: speed.Decoder, dtype: str, activation: Callable) -> tuple[Callable, int | None]:
    """The step, and the bytes that it takes."""
    weights = jax.eval_shape(decoder_weights(size, dtype))
    tokens = jax.eval_shape(lambda: speed.decoder_tokens(size))
    step = speed.decoder_step(activation, size.heads)
    found = jax.jit(step, donate_argnums=0).lower(weights, tokens).compile()
    use = found.memory_analysis()
    if use is None:
        return found, None
    aliased = use.alias_size_in_bytes
    return found, use.temp_size_in_bytes + use.argument_size_in_bytes + use.output_size_in_bytes - aliased


def decoder_weights(size: speed.Decoder, dtype: str) -> Callable[[], Any]:
    return jax.jit(lambda: speed.decoder_weights(size, dtype))


def training_step(name: str, dtype: str, until: float, left_out: LeftOut) -> dict[str, Any] | None:
    """Times and memory with jaxact and with ``jax.nn``."""
    size = decoder(gated=jaxact.spec(name).kind == "gated")
    functions = dict(zip(("jaxact", "jax.nn"), speed.with_plain_line(name).values(), strict=True))
    weights = decoder_weights(size, dtype)
    shapes = jax.tree.leaves(jax.eval_shape(weights))
    held_by_weights = sum(w.size * w.dtype.itemsize for w in shapes)
    while True:  # until it fits
        failed: LeftOut = {}
        steps = in_time(lambda n, s=size: compiled_step(s, dtype, functions[n]), functions, math.inf, failed)
        both = held_by_weights + max((held or 0 for _, held in steps.values()), default=0)  # one runs, one waits
        if (not failed and both < limit()) or size.batch == 1 or time.monotonic() > until:
            break
        size = dataclasses.replace(size, batch=size.batch // 2)
    for reason, which in failed.items():
        note(left_out, reason, f"{name}: {', '.join(which)}")
    if failed:
        return None
    tokens = speed.decoder_tokens(size)
    contenders = {n: speed.decoder_contender(step, weights(), tokens) for n, (step, _) in steps.items()}
    times = speed.interleaved(contenders, ROUNDS, 0.1)
    return {
        "name": name,
        "decoder": dataclasses.asdict(size),
        "parameters": sum(w.size for w in shapes),
        "milliseconds": {n: statistics.median(t) * 1e3 for n, t in times.items()},
        "ratio": speed.ratios(times)[0]["jax.nn"],
        "tokens_per_second": {n: size.batch * size.length / statistics.median(t) for n, t in times.items()},
        "bytes": {n: held for n, (_, held) in steps.items()},
    }


def training(until: float, left_out: LeftOut) -> Part:
    dtype = "float32" if on_cpu() else "bfloat16"
    most, source = peak(dtype)
    steps: list[dict[str, Any]] = []
    for name in ("gelu", "swiglu"):
        if steps and time.monotonic() > until:
            note(left_out, LEFT["time"], name)
            continue
        try:
            found = training_step(name, dtype, until, left_out)
        except Exception as error:
            note(left_out, in_short(error), name)
            continue
        if found is None:
            continue
        per_second = found["tokens_per_second"]
        found["of_peak"] = {n: 6 * found["parameters"] * t / most for n, t in per_second.items()}
        found["most_bytes_of_the_process"] = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
        steps.append(found)
        table = training_table(steps, dtype)
        figures = {"dtype": dtype, "peak_per_second": most, "peak_is": source, "steps": steps}
        yield figures | on_site([table]), [table]


def training_table(steps: list[dict[str, Any]], dtype: str) -> Table:
    rows = [
        [
            step["name"],
            library,
            f"{step['parameters'] / 1e6:.0f} M",
            f"{step['decoder']['batch']} x {step['decoder']['length']}",
            f"{step['milliseconds'][library]:.1f}",
            f"{step['tokens_per_second'][library]:,.0f}",
            f"{step['of_peak'][library]:.0%}",
            "" if step["bytes"][library] is None else f"{step['bytes'][library] / 2**30:.2f}",
        ]
        for step in steps
        for library in step["milliseconds"]
    ]
    columns = ["activation", "library", "weights", "tokens", "ms", "tokens per second", "of peak", "peak memory, GiB"]
    return f"Training step of a decoder, {dtype}", columns, rows


def on_site(tables: list[Table]) -> dict[str, Any]:
    """Tables as the site takes them."""
    return {"tables": [dict(zip(("title", "columns", "rows"), t, strict=True)) for t in tables]}


# Times of functions.


@dataclasses.dataclass(frozen=True)
class Cell:
    """What is timed: functions of that name, in one pass, dtype and size."""

    name: str
    kind: str
    dtype: str
    size: int

    def __str__(self):
        return f"{self.name}, {self.kind}, {self.dtype}, 2^{int(math.log2(self.size))}"

    def shapes(self) -> tuple[jax.ShapeDtypeStruct, ...]:
        """Inputs, and the cotangent if the pass goes back."""
        f = jaxact.get(self.name)
        x = jax.ShapeDtypeStruct((self.size // speed.WIDTH, speed.WIDTH), self.dtype)
        inputs = (x,) * harness.arrays_of(f)
        return inputs if self.kind == "forward" else (*inputs, jax.eval_shape(f, *inputs))


def compiled(work: Callable, shapes: tuple[jax.ShapeDtypeStruct, ...]) -> tuple[Callable, Callable, int]:
    """What is done, the program for it, and how many bytes that has to move."""
    outputs = jax.eval_shape(work, *shapes)
    program = speed.program(work, speed.repetitions(shapes)).lower(shapes, outputs).compile()
    return work, program, sum(a.size * a.dtype.itemsize for a in (*shapes, *outputs))


@functools.lru_cache(maxsize=4)  # the copies of one dtype and size, and those of the next
def copy(kind: str, dtype: str, size: int) -> tuple[Callable, Callable, int]:
    """The same of a copy: one array in, one out; for the backward pass two in."""
    shapes = Cell("identity", kind, dtype, size).shapes()
    # A sign flip and not jnp.copy, which XLA may drop.
    return compiled(lambda *x: (x[0] + x[1],) if kind == "backward" else (-x[0],), shapes)


@functools.lru_cache(maxsize=6)
def array(shape: tuple[int, ...], dtype: Any, seed: int) -> jax.Array:
    """Normally distributed, of standard deviation 2, made on the device."""
    return jax.jit(lambda: 2 * jax.random.normal(jax.random.key(seed), shape, dtype))()


def timed(cell: Cell, programs: dict[str, tuple[Callable, Callable, int]]) -> dict[str, Any]:
    """Times, ratios to the first program, and the share of the copy's bandwidth that this one reaches."""

    def arrays(of: Cell) -> tuple[jax.Array, ...]:
        return tuple(array(s.shape, s.dtype, i) for i, s in enumerate(of.shapes()))

    contenders = {n: speed.in_jax(work, arrays(cell), program) for n, (work, program, _) in programs.items()}
    work, program, bytes_of_copy = copy(cell.kind, cell.dtype, cell.size)
    contenders["copy"] = speed.in_jax(work, arrays(dataclasses.replace(cell, name="identity")), program)

    times = speed.interleaved(contenders, ROUNDS, SLOT)
    ratio, least = speed.ratios(times)
    moved = next(iter(programs.values()))[2] / bytes_of_copy
    return {
        "name": cell.name,
        "pass": cell.kind,
        "dtype": cell.dtype,
        "size": cell.size,
        "microseconds": {n: statistics.median(t) * 1e6 for n, t in times.items()},
        "of_copy": moved * ratio.pop("copy"),
        "of_copy_of_least": moved * least.pop("copy"),
        "copy_GB_per_s": bytes_of_copy / statistics.median(times["copy"]) / 1e9,
        "ratio": ratio,
        "ratio_of_least": least,
    }


def contenders(name: str) -> dict[str, Callable]:
    """The function in jaxact, in ``jax.nn`` and as a plain line, where there are such."""
    peer = harness.jax_nn(name)
    return speed.beside_plain_line(name) | ({} if peer is None else {"jax.nn": peer})


def sizes() -> list[int]:
    return [2**20] if on_cpu() else [2**27, 2**24]


def fits(cell: Cell) -> bool:
    """Whether inputs, outputs and temporary arrays of a cell do: sixteen arrays in all."""
    return 16 * cell.size * jnp.dtype(cell.dtype).itemsize < limit()


def measured(
    cells: Iterable[Cell], functions: Callable[[str], dict[str, Callable]], until: float, left_out: LeftOut
) -> Iterator[list[dict[str, Any]]]:
    """What is measured so far: some cells are compiled side by side, and then timed with nothing beside them."""

    def compile_all(cell: Cell) -> dict[str, tuple[Callable, Callable, int]]:
        shapes, programs = cell.shapes(), {}
        for n, f in functions(cell.name).items():
            try:
                programs[n] = compiled(speed.one_pass(f, cell.kind), shapes)
            except Exception as error:
                if not programs:  # the first, which the others are compared with
                    raise
                note(left_out, in_short(error), f"{cell}: {n}")
        return programs

    todo, done = iter(cells), []
    while batch := list(itertools.islice(todo, 2 * harness.cores())):
        for cell in (c for c in batch if not fits(c)):
            note(left_out, LEFT["memory"], str(cell))
        batch = [c for c in batch if fits(c)]
        if done and time.monotonic() > until:
            for cell in batch:
                note(left_out, LEFT["time"], str(cell))
            continue
        programs = in_time(compile_all, batch, until, left_out)
        for cell, of in programs.items():
            try:
                done.append(timed(cell, of))
            except Exception as error:
                note(left_out, in_short(error), str(cell))
        if done:
            yield done


# The kernel of the guide.

BLOCKS = {"kernel": (8, 128), "larger kernel": (16, 256)}  # the guide's, and one of fewer, larger blocks


def kernels(_: str) -> dict[str, Callable]:
    """XLA's, and those of the guide."""
    of_xla = {"jaxact": jaxact.swiglu, "jax.nn": plain.OTHERS["swiglu"]}
    return of_xla | {name: of_guide(block) for name, block in BLOCKS.items()}


@functools.cache
def of_guide(block: tuple[int, int]) -> Callable:
    """The fused SwiGLU that the code of the guide defines, in blocks of this shape."""
    text = (harness.ROOT / "docs" / "kernels.md").read_text().replace("```", "")
    names: dict[str, Any] = {}
    for example in doctest.DocTestParser().get_examples(text):
        exec(example.source, names)
        if ".defvjp(" in example.source:  # what follows tries it
            break
    names["tiled"] = functools.partial(names["tiled"], block=block)
    return names["fused"]


def kernel(until: float, left_out: LeftOut) -> Part:
    size = 2**16 if on_cpu() else next((s for s in sizes() if fits(Cell("", "", "float32", s))), sizes()[-1])
    cells = [Cell("swiglu", k, d, size) for d in ("bfloat16", "float32") for k in ("forward", "backward")]
    for found in measured(cells, kernels, until, left_out):
        table = kernel_table(found)
        yield {"cells": found, **on_site([table])}, [table]


def kernel_table(cells: list[dict[str, Any]]) -> Table:
    rows = [
        [cell["pass"], cell["dtype"], name, f"{cell['microseconds'][name]:.0f}", f"{cell['of_copy'] / slower:.2f}"]
        for cell in cells
        for name, slower in ({"jaxact": 1.0} | cell["ratio"]).items()
    ]
    title = f"Fused SwiGLU of the guide, and XLA's, arrays of 2^{int(math.log2(cells[0]['size']))}"
    return title, ["pass", "dtype", "program", "µs", "of the copy's bandwidth"], rows


# Speed.


def shares(cells: list[dict[str, Any]]) -> Table:
    """How many functions reach the goal, and which are furthest from it."""
    groups: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for cell in cells:
        groups.setdefault((cell["pass"], cell["dtype"], cell["size"]), []).append(cell)
    rows = []
    for (kind, dtype, size), of in sorted(groups.items(), key=lambda g: -g[0][2]):
        below = sorted((c["of_copy"], c["name"]) for c in of if c["of_copy"] < GOAL)
        rows.append(
            [
                kind,
                dtype,
                f"2^{int(math.log2(size))}",
                f"{statistics.median(c['copy_GB_per_s'] for c in of):.0f}",
                f"{len(of) - len(below)} of {len(of)}",
                f"{speed.geometric_mean([c['of_copy'] for c in of]):.2f}",
                ", ".join(f"{name} {share:.2f}" for share, name in below[:8]),
            ]
        )
    columns = ["pass", "dtype", "size", "copy, GB/s", f"at {GOAL} of it or more", "geometric mean", "least"]
    return "Share of the copy's bandwidth", columns, rows


def all_speed(until: float, left_out: LeftOut) -> Part:
    cells = (
        Cell(s.name, kind, dtype, size)
        for size in sizes()
        for s in by_importance()
        for dtype in ("bfloat16", "float32")
        for kind in ("forward", "backward")
    )
    for found in measured(cells, contenders, until, left_out):
        share = shares(found)
        of_peers, summary = speed.summarise(found, ("jax.nn", "plain"))
        yield {"summary": summary, "cells": found, **on_site([share])}, [share, of_peers]


# Memory.


def of_memory(name: str) -> dict[str, Any]:
    """Bytes per element by dtype, arrays per layer of a network, and how wide its inputs are."""
    functions = memory.contenders(name)
    wide = memory.inputs(functions["jaxact"])
    kept = {d: {n: memory.kept(f, d) for n, f in functions.items()} for d in ("float32", "bfloat16")}
    of_network = {n: memory.network(f, "float32", True, 16, 128, 8192) for n, f in functions.items() if wide in (1, 2)}
    return {"kept": kept, "network": of_network, "inputs": wide}


def all_memory(until: float, left_out: LeftOut) -> Part:
    found = in_time(of_memory, [s.name for s in by_importance()], until, left_out)
    if not found:
        return
    kept = {d: {n: of["kept"][d] for n, of in found.items()} for d in ("float32", "bfloat16")}
    networks = {"scanned, float32": {n: of["network"] for n, of in found.items() if of["network"]}}
    tables = [memory.kept_table(d, by) for d, by in kept.items()]
    wide = {n: of["inputs"] for n, of in found.items()}
    tables += [memory.network_table(key, by, wide) for key, by in networks.items()]
    yield {"bytes_per_element": kept, "arrays_per_layer": networks}, tables


# All of it. In the order of importance, with the share of the time that is left which a part may take.
PARTS: dict[str, tuple[Callable[[float, LeftOut], Part], float]] = {
    "accuracy": (accuracy, 0.2),
    "training": (training, 0.25),
    "kernel": (kernel, 0.15),
    "speed": (all_speed, 0.75),
    "memory": (all_memory, 1.0),
}


def main(minutes: float, into: Path) -> None:
    speed.keep_freed_memory()
    if (platforms := jax.config.values.get("jax_platforms")) and "cpu" not in platforms:
        jax.config.update("jax_platforms", f"{platforms},cpu")  # which computes the truth
    end = time.monotonic() + 60 * minutes - SPARE
    seconds: dict[str, float] = {}
    left_out: dict[str, LeftOut] = {}
    results: dict[str, Any] = {}
    texts: dict[str, str] = {}

    def save() -> None:
        facts = {"minutes": minutes, "sizes": sizes(), "seconds": seconds, "left_out": left_out}
        text = "\n".join([harness.in_markdown(*left_table(left_out)), *texts.values()])
        harness.save("device", facts | results, text, into, quiet=True)

    for name, (part, share) in PARTS.items():
        begun = time.monotonic()
        left_out[name] = {}
        tables: list[Table] = []
        try:
            for figures, tables in part(begun + share * (end - begun), left_out[name]):
                results[name] = figures
                texts[name] = "\n".join(harness.in_markdown(*t) for t in tables)
                save()
        except Exception as error:  # the parts after it are to have their turn
            left_out[name][in_short(error)] = ["what is not here"]
        seconds[name] = time.monotonic() - begun
        save()
        for table in tables:
            harness.table(*table)
    harness.table(*left_table(left_out))


def left_table(left_out: dict[str, LeftOut]) -> Table:
    rows = [
        [part, reason, str(len(what)), "; ".join(what[:4]) + "; ..." * (len(what) > 4)]
        for part, by_reason in left_out.items()
        for reason, what in by_reason.items()
    ]
    return "Left out", ["part", "reason", "how many", "which"], rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8, help="how long it may take, imports included")
    parser.add_argument("--into", type=Path, default=harness.RESULTS, help="directory to write to")
    given = parser.parse_args()
    main(given.minutes, given.into)
