"""Accuracy of the functions that are not computed number by number: gates with values, and rows.

They are compared with the tests' oracle, where the tests look: pairs and rows of ``tests/samples.py``. A gated function
has a value and two slopes. Of a row it is the value; its unit is an ulp of the entry, or where digits are those of the
row (docs/numerics.md) of the mean of the entries that are not 0, or of the largest that it is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import harness
import jax
import jax.numpy as jnp
import numpy as np
import oracle
import samples
import ulp

import jaxact

_SPARSE = ("entmax", "entmax15", "sparsemax")
_OF_THE_LARGEST = {"gaussian_topk_relu": lambda x, y: x.astype(np.float64), "poly_norm": lambda x, y: y}
_PARAMETERS = {"poly_norm": {"w1": 1 / 3, "w2": 1 / 3, "w3": 1 / 3, "bias": 0.0, "eps": 1e-6}}

Truth = tuple[np.ndarray, np.ndarray, Any]  # results, what makes them exact, and the least unit's result
Measured = tuple[np.ndarray, dict[str, Truth], dict[str, Callable[[], list[np.ndarray]]]]


def has_truth(spec: jaxact.Activation) -> bool:
    return spec.name in oracle.VECTOR or (spec.kind == "gated" and spec.name in oracle.FORMULAS)


def case(spec: jaxact.Activation, dtype: np.dtype) -> Measured:
    """Where it is measured, what is true by the name of a result, and how each library computes these results."""
    return _gated(spec.name, dtype) if spec.kind == "gated" else _row(spec.name, dtype)


def _peers(name: str) -> dict[str, Callable | None]:
    return {"jaxact": jaxact.get(name), "jax.nn": harness.jax_nn(name), "torch": harness.pytorch(name)}


def _gated(name: str, dtype: np.dtype) -> Measured:
    together = name == "glu"  # which takes both side by side, and whose gate has no tail
    gate, value = samples.pairs(dtype.type, far=not together)

    def of(wrt: str, order: int) -> tuple[np.ndarray, np.ndarray]:
        x, other = ("value", {"gate": gate}) if together else ("gate", {"value": value})
        at = value if together else gate
        truth, rest = oracle.derivatives(name, at, 1, "x" if wrt == x else wrt, **other)
        return truth[order], rest[order]

    window = 0.0
    if not together:
        changes = ulp.windows(lambda x: oracle.derivatives(name, x, 1, value=np.ones_like(x))[0][1])
        clipped = name == "clipped_swiglu"  # which has value + 1, and so twice as much at 1
        factor = np.abs(np.clip(np.float64(value), -7, 7) + 1) / 2 if clipped else np.abs(np.float64(value))
        window = ulp.window(gate, changes) * factor
    truth = {
        "value": (*of("gate", 0), 0.0),
        "slope in gate": (*of("gate", 1), window),
        "slope in value": (*of("value", 1), 0.0),
    }

    def in_jax(f: Callable) -> Callable[[], list[np.ndarray]]:
        def run(gate, value):
            y, pullback = jax.vjp((lambda g, v: f(jnp.concatenate([v, g]))) if together else f, gate, value)
            return y, *pullback(jnp.ones_like(y))

        return lambda: [np.asarray(a) for a in jax.jit(run)(jnp.asarray(gate), jnp.asarray(value))]

    found = {b: in_jax(f) for b, f in _peers(name).items() if f is not None and b != "torch"}
    return gate, truth, found


def _row(name: str, dtype: np.dtype) -> Measured:
    x = samples.rows(dtype.type)
    truth, rest = oracle.vector(name, x, **_PARAMETERS.get(name, {}))
    unit: Any = 0.0
    if name in _SPARSE:
        unit = np.broadcast_to(1 / (truth > 0).sum(-1, keepdims=True), truth.shape)
    if name in _OF_THE_LARGEST:
        unit = np.broadcast_to(np.abs(_OF_THE_LARGEST[name](x, truth)).max(-1, keepdims=True), truth.shape)

    def in_torch(f: Callable) -> list[np.ndarray]:
        import torch

        bits = x.view(f"i{x.dtype.itemsize}")
        y = f(torch.from_numpy(bits).view(getattr(torch, x.dtype.name)))
        return [y.view(getattr(torch, bits.dtype.name)).numpy().view(x.dtype)]

    found: dict[str, Callable[[], list[np.ndarray]]] = {}
    for library, f in _peers(name).items():
        if f is not None:
            found[library] = (
                (lambda f=f: in_torch(f)) if library == "torch" else (lambda f=f: [np.asarray(jax.jit(f)(x))])
            )
    return np.resize(x, truth.shape), {"value": (truth, rest, unit)}, found
