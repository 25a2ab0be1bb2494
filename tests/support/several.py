"""What is true of functions of several numbers, gates with values and rows, and in which unit their errors count.

The unit is an ulp of the result, except near a sign change of a slope, as ever, and where the digits of an entry are
those of its row (docs/numerics.md): there it is one of the mean of the entries that are not 0, or of the largest.
"""

import functools

import numpy as np

from support import oracle, ulp

SPARSE = ("entmax", "entmax15", "sparsemax")
_PARAMETERS = {"poly_norm": {"w1": 1 / 3, "w2": 1 / 3, "w3": 1 / 3, "bias": 0.0, "eps": 1e-6}}


def gates(name, gate, value):
    """By the name of each result: arguments of ``ulp.error`` besides what was computed."""
    (found, rest), (in_value, rest_in_value) = (_in(wrt, name, gate, value) for wrt in ("gate", "value"))
    changes = _sign_changes(name)
    size = np.abs(np.float64(value))
    if name == "clipped_swiglu":  # a multiple of value + 1, of which the slope at a value of 1 has two
        size = np.abs(np.clip(np.float64(value), -7, 7) + 1) / 2
    if name == "swiglu_step":
        size = np.minimum(size, 7)
    return {
        "value": (found[0], rest[0]),
        "slope in gate": (found[1], rest[1], ulp.window(gate, changes) * size),
        "slope in value": (in_value[1], rest_in_value[1]),
    }


def _in(wrt, name, gate, value):
    """Value and slope in one of the two, by the oracle, whose first argument is the value of ``glu``, else the gate."""
    first, other = (value, {"gate": gate}) if name == "glu" else (gate, {"value": value})
    return oracle.derivatives(name, first, 1, wrt if wrt in other else "x", **other)


@functools.cache
def _sign_changes(name):
    """Sign changes of the slope in the gate, at a value of which it is a multiple."""
    return ulp.windows(lambda x: _in("gate", name, x, np.ones_like(x))[0][1])


def row(name, x):
    """Arguments of ``ulp.error`` besides what was computed from the rows ``x``."""
    truth, rest = oracle.vector(name, x, **_PARAMETERS.get(name, {}))
    return truth, rest, row_unit(name, x, truth)


def row_unit(name, x, truth):
    """What the ulp of an entry is at least one of."""
    if name in SPARSE:
        return np.broadcast_to(1 / (truth > 0).sum(-1, keepdims=True), truth.shape)
    if name not in ("gaussian_topk_relu", "poly_norm"):
        return 0.0
    made_of = truth if name == "poly_norm" else x.astype(np.float64)
    return np.broadcast_to(np.abs(made_of).max(-1, keepdims=True), truth.shape)
