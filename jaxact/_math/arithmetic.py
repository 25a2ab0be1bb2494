"""The first argument of a formula, which sets how exactly it is computed.

There is one :class:`Arithmetic` for results that are rounded to a narrow float, one for float32 and one for float64.
Each has three variants: without custom derivatives, for kernels (``bare``); with elementary functions that JAX can
differentiate (``ruled``); and with XLA's own elementary functions, for Taylor mode (``native``).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import DTypeLike

from jaxact._math.error_free import product_error, split

Pair = tuple[Array, Array | None]
"""A number as an unevaluated sum ``high + low``; ``low`` is the rounding error of ``high``, or ``None`` for 0."""

# A product with e^x can be a normal number where e^x underflows. So formulas compute with 2^64 e^x, and multiply by
# 2^-64 last.
SCALE = 2.0**64
UNSCALE = 2.0**-64


class Limits(NamedTuple):
    """Where functions reach their limits in a dtype.

    Attributes:
      vanish: above it ``x e^-x`` is 0.
      exp: ``e^-x`` is a normal number up to it, and ``e^x`` is finite.
      one: above it ``1 + e^-x`` is 1.
      normal: above it ``x e^(-x^2 / 2)`` is 0.
      tanh: above it ``tanh(x)`` is 1.
    """

    vanish: float
    exp: float
    one: float
    normal: float
    tanh: float


_LIMITS = {"float32": Limits(112.0, 88.0, 20.0, 15.0, 9.02), "float64": Limits(750.0, 709.0, 40.0, 38.7, 19.07)}


@dataclasses.dataclass(frozen=True)
class Arithmetic:
    """A dtype, how exact its results have to be, and where elementary functions come from.

    Attributes:
      name: ``"half"``, ``"float32"`` or ``"float64"``: a column of the tables of coefficients.
      dtype: dtype of the arrays that a formula gets and returns.
      bare: whether formulas are evaluated without custom derivatives.
      native: whether elementary functions are XLA's own, without operations on bits. It implies ``bare``.
      ruled: whether elementary functions have custom derivatives.
    """

    name: str
    dtype: np.dtype
    bare: bool = False
    native: bool = False
    ruled: bool = False

    @property
    def limits(self) -> Limits:
        """Where functions reach their limits."""
        return _LIMITS[self.dtype.name]

    @property
    def compensated(self) -> bool:
        """Whether rounding errors are computed: not where the result is rounded to a narrow float."""
        return self.name != "half" and not self.native

    @property
    def max(self) -> float:
        """Largest finite number."""
        return float(jnp.finfo(self.dtype).max)

    @property
    def tiny(self) -> float:
        """Smallest normal number."""
        return float(jnp.finfo(self.dtype).smallest_normal)

    def table(self, entries: Mapping[str, Any]) -> Any:
        """Entry of a table of coefficients; float32's where there is none for narrow floats."""
        return entries.get(self.name, entries.get(self.dtype.name))

    def with_rules(self) -> Arithmetic:
        """The same arithmetic, for a formula that is differentiated."""
        return dataclasses.replace(self, ruled=True)

    def full(self) -> Arithmetic:
        """Arithmetic for results that keep all bits of the compute dtype."""
        return dataclasses.replace(self, name=self.dtype.name)

    # Selections, written in lax: operators of jax.numpy take several times as long to trace, and tracing is a large
    # part of a first call. Constants are made with ``full_like``, so that they take the sharding of an operand.

    def number(self, c: float) -> Any:
        """A constant of the dtype."""
        return self.dtype.type(c)

    def where(self, condition: Array, a: Any, b: Any) -> Array:
        """``a`` where the condition holds, else ``b``; each an array or a number."""
        a, b = (c if isinstance(c, Array) else lax.full_like(condition, c, self.dtype) for c in (a, b))
        return lax.select(condition, a, b)

    def maximum(self, x: Array, bound: Any) -> Array:
        """The larger of ``x`` and a bound; NaN stays NaN."""
        if self.native:
            return self.where(x < bound, bound, x)
        return lax.max(x, bound if isinstance(bound, Array) else self.number(bound))

    def minimum(self, x: Array, bound: Any) -> Array:
        """The smaller of ``x`` and a bound; NaN stays NaN."""
        if self.native:
            return self.where(x > bound, bound, x)
        return lax.min(x, bound if isinstance(bound, Array) else self.number(bound))

    def clip(self, x: Array, low: Any, high: Any) -> Array:
        """``x`` clamped to an interval; NaN stays NaN."""
        if self.native or isinstance(low, Array) or isinstance(high, Array):
            return self.minimum(self.maximum(x, low), high)
        return lax.clamp(self.number(low), x, self.number(high))

    def clamped(self, x: Array) -> Array:
        """``x`` clamped to where its exponential changes the result, so that infinities need no case of their own."""
        return self.clip(x, -self.limits.vanish, self.limits.vanish)

    def squarable(self, x: Array, factor: Any = 1.0) -> Array:
        """``x`` clamped to where ``factor x^2`` is finite, for a result that is 0 well before that.

        Otherwise derivatives of the result would multiply 0 by infinity. If ``factor`` is an array, ``x`` is only
        clamped to finite numbers.
        """
        bound = self.max if isinstance(factor, Array) else min(self.max, self.max**0.5 / 2 / float(factor) ** 0.5)
        return self.clip(x, -bound, bound)

    def magnitude(self, x: Array) -> Array:
        """``|x|``, whose derivative at 0 is 1."""
        return self.where(x < 0, -x, x)

    def polynomial(self, x: Array, powers: tuple[float, ...]) -> Array:
        """Polynomial by Horner's rule, highest power first."""
        total, *rest = map(self.dtype.type, powers)
        for c in rest:
            total = lax.add(lax.mul(total, x), c)
        return total

    def used_twice(self, q: Array) -> Array:
        """``q``, a quotient or root that is used more than once.

        XLA for CPU ends a loop at an expensive operation with several users, and stores its result. A clamp with
        several users does not end the loop.
        """
        if self.native:
            return q
        infinity = self.number(np.inf)
        return lax.clamp(-infinity, q, infinity)

    # Numbers in two parts. An exponential turns an absolute error of its argument into a relative one: at 80, rounding
    # the argument costs 40 ulp. So an argument is a sum of two numbers, the rounded one and its rounding error.

    def sum_of(self, high: Array, low: Array | None) -> Array:
        """The sum of the two parts; the second may be ``None``."""
        return high if low is None else lax.add(high, low)

    def product(self, a: Array, b: Any) -> Pair:
        """``a b``, an argument of an exponential, as a rounded product and its rounding error.

        The error is set to 0 beyond the limit of exponentials, where it could be infinite. ``b`` may be a NumPy number;
        if it is a power of two there is no error to compute.
        """
        p = a * b
        if not self.compensated or (not isinstance(b, Array) and abs(np.frexp(b)[0]) == 0.5):
            return p, None
        if isinstance(b, Array):  # half the bits of a number near the smallest are subnormal
            small, large = lax.abs(b) < 2.0**-60, lax.abs(b) > 2.0**60
            a, b = (n * self.where(small, up, self.where(large, 1 / up, 1)) for n, up in ((a, UNSCALE), (b, SCALE)))
        return p, self._within_limit(p, product_error(a, b, p))

    def square(self, x: Array, scale: float = 1.0) -> Pair:
        """``scale x^2`` in two parts, for ``|x|`` up to the root of the limit; ``scale`` is a power of two."""
        if not self.compensated:
            return x * x * scale, None
        high, low = split(x)
        return high * high * scale, low * (x + high) * scale

    def quotient(self, a: Array, b: Any) -> Pair:
        """``a / b`` in two parts."""
        if not isinstance(b, Array) and abs(np.frexp(b)[0]) == 0.5:
            return a * (1 / b), None
        if not isinstance(b, Array) and 2.0**-60 < abs(b) < 2.0**60:  # a product with 1 / b in two parts
            exact = 1 / Fraction(float(b))
            high = self.number(float(exact))
            q, lost = a * high, self.number(float(exact - Fraction(float(high))))
            return q, self._within_limit(q, product_error(a, high, q) + a * lost) if self.compensated else None
        q = a / b
        if not self.compensated:
            return q, None
        # q b is near a, so that their difference is exact, whatever the compiler contracts.
        return q, self._within_limit(q, product_error(q, b, a) / -b)

    def _within_limit(self, x: Array, low: Array) -> Array:
        low = self.where(lax.abs(x) < self.limits.vanish, low, 0)
        return lax.stop_gradient(low) if self.ruled else low

    def negated(self, low: Array | None) -> Array | None:
        """``-low``, or ``None``."""
        return None if low is None else -low

    def mirrored(self, low: Array | None, x: Array) -> Array | None:
        """The second part of ``-|x|``, given that of ``x``."""
        return None if low is None else self.where(x < 0, low, -low)


HALF = Arithmetic("half", np.dtype("float32"))
SINGLE = Arithmetic("float32", np.dtype("float32"))
DOUBLE = Arithmetic("float64", np.dtype("float64"))


def largest(x: Array, axis: int | tuple[int, ...] | None, empty: float) -> Array:
    """The largest number along the axes, which stay with a size of 1; ``empty`` where they have a size of 0."""
    # Exporters to ONNX do not support an initial value.
    return jnp.max(x, axis, keepdims=True, initial=empty if 0 in x.shape else None)


@functools.cache
def compute_dtype(dtype: DTypeLike) -> np.dtype:
    """Dtype in which a function of ``dtype`` is computed: float32 for all narrower floats."""
    dtype = jnp.dtype(dtype)
    return np.dtype("float32") if jnp.issubdtype(dtype, jnp.floating) and dtype.itemsize < 4 else dtype


def arithmetic(dtype: DTypeLike, bare: bool = False, native: bool = False) -> Arithmetic:
    """Arithmetic for results of a dtype, in the given variant."""
    size = jnp.dtype(dtype).itemsize
    found = HALF if size < 4 else SINGLE if size == 4 else DOUBLE
    return dataclasses.replace(found, bare=bare or native, native=native) if bare or native else found
