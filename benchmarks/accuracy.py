"""Accuracy: worst error in ulps of value, slope and curvature, for jaxact, jax.nn and PyTorch side by side.

    python benchmarks/accuracy.py                     # every function, half an hour on two cores
    python benchmarks/accuracy.py --names mish gelu   # some, shown and not written
    python benchmarks/accuracy.py --exhaustive        # jaxact at all 2^32 float32 patterns; stop it and start it again

float16 and bfloat16 are measured at every number, float32 at every 1021st bit pattern and at many numbers up to 20 and
120, against float64 formulas (reference.py); jaxact also at every float32 number from 2^-7 to 128, or at all of them
with ``--exhaustive``. float64, and any function that is not in reference.py, is compared with the tests' oracle at some
thousand points; gates and functions of rows at the pairs and rows of tests/support/samples.py. What counts as an ulp is
defined in tests/support/ulp.py. Results that are NaN, infinite or 0 where the truth is none of these are errors without
bound; they are counted, and shown with an argument: for a false zero the one where it replaces the most, for the others
the one nearest to 0.

Left out are subnormal arguments, which XLA reads as zero, and points at which the derivative in question jumps, where
libraries differ by convention (the tests hold jaxact to jax.nn's). Slope and curvature are by reverse mode, once and
twice, with a cotangent of 1.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import reference
from support import oracle, samples, several, terms, ulp
from worst import (
    BEYOND,
    CHUNK,
    LIBRARIES,
    ORDERS,
    Records,
    countable,
    derivatives,
    figure,
    float32_sample,
    goal,
    hard_points,
    jumps,
    merged,
    patterns,
    record,
    tables,
)

import jaxact

# What is measured.


def in_jax(f: Callable) -> list[Callable]:
    """Value, slope and curvature as compiled functions of one array."""

    def compiled(f):
        program = jax.jit(f)
        return lambda x: np.asarray(program(jnp.asarray(x)))

    return [compiled(f) for f in derivatives(f)]


def in_torch(f: Callable) -> list[Callable]:
    """Value, slope and curvature in PyTorch, of NumPy arrays in any dtype that JAX has; ``None`` for what it lacks."""
    import torch

    device = "cuda" if torch.cuda.is_available() and jax.default_backend() == "gpu" else "cpu"

    def derivative(order, x):
        bits = x.view(f"i{x.dtype.itemsize}")
        x = torch.from_numpy(bits).to(device).view(getattr(torch, x.dtype.name)).requires_grad_()
        y = f(x)
        for left in reversed(range(order)):
            (y,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=left > 0) if y.requires_grad else (x * 0,)
        y = y.detach().cpu()
        return y.view(getattr(torch, bits.dtype.name)).numpy()

    def of_order(order):
        def function(x):
            try:
                return derivative(order, x).view(x.dtype)
            except (NotImplementedError, RuntimeError):  # there is no such derivative, or not in this dtype
                return None

        return function

    return [of_order(k) for k in range(3)]


def contenders(name: str, libraries: tuple[str, ...]) -> dict[str, list[Callable]]:
    out = {}
    if "jaxact" in libraries:
        out["jaxact"] = in_jax(jaxact.get(name))
    if "jax.nn" in libraries and (peer := harness.jax_nn(name)) is not None:
        out["jax.nn"] = in_jax(peer)
    if "torch" in libraries and (peer := harness.pytorch(name)) is not None:
        out["torch"] = in_torch(peer)
    return out


# What is true.


def scalars(spec: jaxact.Activation) -> dict[str, float]:
    """Default parameters, those that are vectors coefficient by coefficient, as the oracle has them."""
    if not any(np.ndim(default) for default in spec.parameters.values()):
        return spec.parameters
    if spec.name == "apl":  # has one hinge there; with slopes of 0, which it starts with, one is as good as any
        return {name: default[0] for name, default in spec.parameters.items()}
    _, *names = inspect.signature(oracle.FORMULAS[spec.name]).parameters
    return dict(zip(names, np.concatenate([np.ravel(d) for d in spec.parameters.values()]), strict=True))


class Truth:
    """Results and units of one activation at its default parameters.

    At 0 the unit of a value is its own, although most values change sign there: they are accurate to all digits.
    """

    def __init__(self, spec: jaxact.Activation, dtype: np.dtype, slowly: bool = False):
        # Parameters are of the dtype that jaxact computes in.
        wide = np.float64 if dtype == np.float64 else np.float32
        parameters = {n: float(wide(default)) for n, default in scalars(spec).items()}
        self.name, self.parameters = spec.name, parameters
        self.slow = slowly or spec.name not in reference.FORMULAS
        formulas = oracle if self.slow else reference
        self.evaluate = functools.partial(formulas.derivatives, spec.name, **parameters)
        results = self.evaluate if not self.slow else lambda x: self.evaluate(x)[0]
        of_order = (ulp.windows(lambda x, k=k: results(x.astype(np.float32))[k]) for k in range(3))
        self.windows = [[w for w in found if k or abs(w[0]) > 2**-6] for k, found in enumerate(of_order)]
        self.jumps = jumps(results, spec.kinks)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Results by order, and after them what is to be added to make them exact."""
        results = self.evaluate(x)
        return np.stack(results if self.slow else [results, np.zeros_like(results)])

    def suspects(self, x: np.ndarray, got: list[np.ndarray | None], ulps: list[float]) -> list[np.ndarray]:
        """Indices of results, by order, that may be further off than so many ulps; a window has a larger unit still."""
        if self.slow:
            return [np.arange(x.size)] * len(got)
        tolerances = np.array(ulps) * float(jnp.finfo(x.dtype).eps)
        results = [x if g is None else g for g in got]
        return [np.flatnonzero(a) for a in reference.apart(self.name, x, results, tolerances, **self.parameters)]


def measure(functions: dict[str, list[Callable]], truth: Truth, x: np.ndarray, records: Records) -> None:
    """Add what the points ``x`` show to the records."""
    x = x[countable(x)]
    if not x.size:
        return
    everywhere = truth(x) if truth.slow else None
    # One shape, and so one compilation, for all but small samples.
    padded = np.concatenate([x, np.ones(-x.size % CHUNK, x.dtype)]) if x.size > CHUNK // 8 else x
    for library, by_order in functions.items():
        of = records.setdefault(library, {})
        got = [f(padded) for f in by_order]
        suspects = truth.suspects(padded, got, [of[w]["ulp"] if w in of else -math.inf for w in ORDERS])
        for order, what in enumerate(ORDERS):
            if got[order] is None:
                continue
            where = suspects[order][suspects[order] < x.size]
            where = where[~np.isin(x[where], truth.jumps[order].astype(x.dtype))]
            if where.size:
                results = truth(x[where]) if everywhere is None else everywhere[..., where]
                true, rest = results[:, order]
                term = terms.largest(truth.name, what, x[where], truth.parameters)
                window = np.maximum(ulp.window(x[where], truth.windows[order]), term)
                errors = ulp.error(got[order][where], true, rest, window)
                of[what] = merged(of.get(what), record(errors, x[where], got[order][where], true))
            if what in of:
                of[what]["points"] += x.size - where.size


def at_infinity(name: str, libraries: tuple[str, ...]) -> dict[str, list[str]]:
    """What is NaN at an infinity, in float32."""
    out = {}
    for library, by_order in contenders(name, libraries).items():
        out[library] = []
        for what, f in zip(ORDERS[:2], by_order[:2], strict=True):
            values = f(np.array([-np.inf, np.inf], np.float32))
            if values is None:
                continue
            out[library] += [f"{what} at {s}inf" for s, v in zip("-+", values, strict=True) if np.isnan(v)]
    return out


# Where to look.


def float32_between(least: float, most: float) -> Iterator[np.ndarray]:
    """Every number whose magnitude is one of these."""
    first, last = (int(np.float32(v).view(np.uint32)) for v in (least, most))
    for sign in (0, 2**31):
        for start in range(first, last, CHUNK):
            yield patterns(sign + start, sign + min(start + CHUNK, last))


def sweep(
    name: str, dtype: str, libraries: tuple[str, ...], stride: int, body: int, dense: tuple[float, float]
) -> Records:
    """Records of one function in one dtype, on a sample; all of a half precision."""
    spec, records = jaxact.spec(name), {}
    if takes_several(spec):
        return of_several(spec, dtype, libraries)
    functions = contenders(spec.name, libraries)
    with jax.enable_x64(True) if dtype == "float64" else contextlib.nullcontext():
        truth = Truth(spec, jnp.dtype(dtype), slowly=dtype == "float64")
        if dtype in ("float16", "bfloat16"):
            x = samples.half_patterns(jnp.dtype(dtype))
            chunks = [x[::61] if truth.slow else x]
        elif truth.slow:
            chunks = [samples.wide(jnp.dtype(dtype), hard_points(spec))]
        else:
            chunks = float32_sample(hard_points(spec), stride, body)
        for x in chunks:
            measure(functions, truth, x, records)
        if dtype == "float32" and not truth.slow and "jaxact" in functions:
            for x in float32_between(*dense):
                measure({"jaxact": functions["jaxact"]}, truth, x, records)
    return records


def of_several(spec: jaxact.Activation, dtype: str, libraries: tuple[str, ...]) -> Records:
    """Records of a function that is not computed number by number."""
    with jax.enable_x64(True) if dtype == "float64" else contextlib.nullcontext():
        if spec.kind == "gated":
            gate, value = samples.pairs(jnp.dtype(dtype).type, far=spec.name != "glu")  # which has no tail
            truths, at = several.gates(spec.name, gate, value), gate
            peers = {"jaxact": spec.function, "jax.nn": harness.jax_nn(spec.name)}
            found = {b: gated(spec.name, f)(gate, value) for b, f in peers.items() if b in libraries and f is not None}
        else:
            x = samples.rows(jnp.dtype(dtype).type)
            truths = {"value": several.row(spec.name, x)}
            at = np.resize(x, truths["value"][0].shape)
            found = {b: [value(x)] for b, (value, *_) in contenders(spec.name, libraries).items()}

    def of(got, what):
        return record(*(a.ravel() for a in (ulp.error(got, *truths[what]), at, got, truths[what][0])))

    return {b: {what: of(g, what) for what, g in zip(truths, got, strict=True)} for b, got in found.items()}


def gated(name: str, f: Callable) -> Callable[..., list[np.ndarray]]:
    """Value, slope in the gate and slope in the value of a gated function, as a function of both."""

    @jax.jit
    def run(gate, value):
        # glu takes both side by side
        y, pullback = jax.vjp((lambda g, v: f(jnp.concatenate([v, g]))) if name == "glu" else f, gate, value)
        return y, *pullback(jnp.ones_like(y))

    return lambda gate, value: [np.asarray(a) for a in run(gate, value)]


def takes_several(spec: jaxact.Activation) -> bool:
    """Whether it is a gate or a function of rows, and the oracle has it."""
    return spec.name in oracle.VECTOR or (spec.kind == "gated" and spec.name in oracle.FORMULAS)


def workers() -> Executor:
    """A process for each core of a CPU, on which the oracle takes most of the time; an accelerator has but one."""
    if jax.default_backend() != "cpu":
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(harness.cores(), mp_context=get_context("spawn"))


class Exhaustive:
    """All float32 patterns of one function after another, with a file that remembers how far it came."""

    def __init__(self, path: Path):
        self.path = path
        self.state: dict[str, Any] = {"revision": harness.revision(), "done": {}, "records": {}}
        if path.exists():
            found = json.loads(path.read_text())
            if found["revision"] == self.state["revision"]:
                self.state = found
            else:
                harness.console.print(f"{path.name} is of another revision; starting again", style="yellow")

    def sweep(self, spec: jaxact.Activation, libraries: tuple[str, ...], sample: Iterable[np.ndarray] = ()) -> Records:
        """Records of all libraries on a sample, and of jaxact at all patterns."""
        name, chunks = spec.name, 2**32 // CHUNK
        records = self.state["records"].setdefault(name, {})
        first = self.state["done"].get(name, 0)
        if first == chunks:
            return records
        functions, truth = contenders(name, libraries), Truth(spec, np.dtype(np.float32))
        if not first:  # the sample has the worst or nearly, without which all are suspects
            for x in sample:
                measure(functions, truth, x, records)
        own = {b: f for b, f in functions.items() if b == "jaxact"}
        with harness.progress() as bar:
            task = bar.add_task(f"{name}, all float32", total=chunks, completed=first)
            for i in range(first, chunks):
                measure(own, truth, patterns(i * CHUNK, (i + 1) * CHUNK), records)
                self.state["done"][name] = i + 1
                if i % 32 == 31 or i + 1 == chunks:
                    partial = self.path.with_suffix(".tmp")
                    partial.write_text(json.dumps(self.state))
                    partial.replace(self.path)
                bar.advance(task)
        return records


# Reports.


def show_defects(results: dict[str, dict[str, Records]]) -> str:
    """Where a peer is wrong beyond the bounds that jaxact keeps, one line for value and slope of each function."""
    rows = []
    for name, by in results.items():
        for dtype in ("float32", "bfloat16"):
            for peer in LIBRARIES[1:]:
                for what in ORDERS[:2]:
                    theirs, ours = (by.get(dtype, {}).get(b, {}).get(what) for b in (peer, "jaxact"))
                    if theirs is None or ours is None:
                        continue
                    beyond = [w for w in BEYOND if w in theirs]  # their order is that of their gravity
                    if beyond or theirs["ulp"] > 2 * goal(name, dtype, what):
                        worst = theirs[beyond[0]]["from"] if beyond else theirs["at"]
                        rows.append(
                            [
                                name,
                                dtype,
                                what,
                                peer,
                                figure(theirs),
                                f"{float.fromhex(worst):.6g}",
                                worst,
                                figure(ours),
                            ]
                        )
    if not rows:
        return ""
    columns = ["function", "dtype", "what", "peer", "its error", "for example at", "in hex", "jaxact's error"]
    return harness.table("What peers get wrong", columns, rows)


def show_infinities(found: dict[str, dict[str, list[str]]]) -> str:
    rows = [[name, *(", ".join(by.get(b, [])) for b in LIBRARIES)] for name, by in found.items() if any(by.values())]
    return harness.table("NaN at infinity", ["function", *LIBRARIES], rows) if rows else ""


def main(
    names: tuple[str, ...] = (),
    exhaustive: bool = False,
    dtypes: tuple[str, ...] = ("float32", "bfloat16", "float16", "float64"),
    libraries: tuple[str, ...] = LIBRARIES,
    stride: int = 1021,
    body: int = 1_000_000,
    dense: tuple[float, float] = (2.0**-7, 128.0),
    into: Path | None = None,
) -> dict[str, Any]:
    """Measure accuracy.

    Args:
      names: functions to measure; all but the stochastic ones if none is given.
      exhaustive: all float32 patterns; a run that was stopped is taken up where it ended.
      dtypes: dtypes to measure in.
      libraries: what to measure.
      stride: which float32 patterns the sample takes.
      body: how many numbers between -20 and 20, and between -120 and 120, it takes besides.
      dense: magnitudes of which jaxact is measured at every float32 number; equal for none.
      into: directory to write to; the default is benchmarks/results, and nowhere if names are given. What it has of
        functions that are not named stays.

    Returns:
      What is written.
    """
    specs = harness.chosen(names)
    others = {"simnorm", "staf"}  # whose options and number of parameters are not the oracle's
    formulas = {*reference.FORMULAS, *oracle.FORMULAS}
    known = [s for s in specs if s.name not in others and (s.name in formulas or takes_several(s))]
    if len(known) < len(specs):
        missing = ", ".join(s.name for s in specs if s not in known)
        harness.console.print(f"no formula to compare with in reference.py or the oracle: {missing}", style="yellow")
    if into is None and not names:
        into = harness.RESULTS

    results: dict[str, dict[str, Records]] = {s.name: {} for s in known}
    whole = None
    if exhaustive:
        where = into or harness.RESULTS
        where.mkdir(parents=True, exist_ok=True)
        whole = Exhaustive(where / f".accuracy-{harness.platform_name()}.partial.json")
        for spec in known:
            if spec.name in reference.FORMULAS:
                sample = float32_sample(hard_points(spec), stride, body)
                results[spec.name]["float32"] = whole.sweep(spec, libraries, sample)
    todo = [(s, d) for s in known for d in dtypes if d not in results[s.name]]
    with harness.progress() as bar, workers() as pool:
        begun: dict[tuple[str, str], Future[Records]] = {
            (s.name, d): pool.submit(sweep, s.name, d, libraries, stride, body, dense) for s, d in todo
        }
        for (name, dtype), found in bar.track(begun.items(), description="accuracy"):
            results[name][dtype] = found.result()
        infinite = {s.name: pool.submit(at_infinity, s.name, libraries) for s in known if s.elementwise}
        infinities = {name: found.result() for name, found in bar.track(infinite.items(), description="infinities")}

    command = None
    if names and into is not None and (path := into / f"accuracy-{harness.platform_name()}.json").exists():
        found = json.loads(path.read_text())
        exhaustive = exhaustive or found["exhaustive"]
        command = f"{found['command']}; {harness.circumstances()['command']}"
        results = found["worst"] | {name: found["worst"].get(name, {}) | by for name, by in results.items()}
        infinities = found["nan_at_infinity"] | infinities
    worst = [harness.table(*t) for t in tables(results)]
    text = "\n".join([*worst, show_defects(results), show_infinities(infinities)])
    written = {"exhaustive": exhaustive, "worst": results, "nan_at_infinity": infinities}
    if into is not None:
        harness.save("accuracy", written, text, into, command=command)
        if whole is not None:
            whole.path.unlink(missing_ok=True)
    return written


if __name__ == "__main__":
    import tyro

    tyro.cli(main)
