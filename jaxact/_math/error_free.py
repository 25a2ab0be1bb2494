"""Error-free transformations: what the rounding of a sum or a product lost, as a float of its own.

Dekker's and Knuth's, without fused multiply-adds, which no backend promises. Halves are made by masking bits: splitting
by a multiplication with 4097 is one of the things that XLA may fold. XLA also folds ``(x + C) - C`` for a constant C,
so the first argument of :func:`two_sum` must not be one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

_UPPER_HALF = {"float32": np.uint32(0xFFFFF000), "float64": np.uint64(0xFFFFFFFFF8000000)}


def split(x: Any) -> tuple[Any, Any]:
    """``x`` as a sum of two floats of half its bits, whose products are exact; a NumPy number gives two of them."""
    mask = _UPPER_HALF[x.dtype.name]
    if not isinstance(x, Array):
        high = (x.view(mask.dtype) & mask).view(x.dtype)
        return high, x - high
    high = lax.bitcast_convert_type(lax.bitwise_and(lax.bitcast_convert_type(x, mask.dtype), mask), x.dtype)
    return high, lax.sub(x, high)


def split_constant(value: float, lost: float, dtype: np.dtype) -> tuple[Any, Any]:
    """``value + lost`` as a number of half the bits of the dtype, and the rest."""
    high, _ = split(dtype.type(value))
    return high, dtype.type((value - float(high)) + lost)


def rounded_constant(value: float, lost: float, dtype: np.dtype) -> tuple[Any, Any]:
    """``value + lost`` as a number of the dtype, and the rest."""
    high = dtype.type(value)
    return high, dtype.type((value - float(high)) + lost)


def product_error(a: Any, b: Any, p: Array) -> Array:
    """What rounding ``a b`` to ``p`` lost."""
    (a_high, a_low), (b_high, b_low) = split(a), split(b)
    total = a_high * b_high - p
    for one, other in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):  # in this order each sum is exact
        total = total + one * other
    return total


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` rounded, and what the rounding lost."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)
