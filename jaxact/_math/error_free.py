"""Error-free transformations: the rounding error of a sum or a product, as a float.

Dekker's and Knuth's, without fused multiply-adds, which not every backend has. Numbers are split by masking bits: XLA
may fold Dekker's splitting by a product with 4097. XLA also folds ``(x + C) - C`` for a constant C, so the first
argument of :func:`two_sum` must not be one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array, lax

_UPPER_HALF = {"float32": np.uint32(0xFFFFF000), "float64": np.uint64(0xFFFFFFFFF8000000)}


def split(x: Any) -> tuple[Any, Any]:
    """``x`` as a sum of two floats of half its bits, whose products are exact; NumPy numbers for a NumPy number."""
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
    """``a b - p``, exact for a ``p`` near ``a b``, also where the compiler contracts products and sums."""
    (a_high, a_low), (b_high, b_low) = split(a), split(b)
    total = a_high * b_high - p
    for one, other in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):  # in this order each sum is exact
        total = total + one * other
    return total


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` rounded, and its rounding error."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)
