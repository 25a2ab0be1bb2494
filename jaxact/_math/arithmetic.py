"""How exactly a formula is computed: its first argument.

There is one :class:`Arithmetic` for results that are rounded to a narrow float in the end, one for float32 and one for
float64. Variants of each say what a formula is evaluated for: to be compiled as it is (``bare``), to be differentiated
(``ruled``), or for Taylor mode, in XLA's own elementary functions (``native``).
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
"""A number as ``high + low``: a float, and what it lacks; ``None`` where nothing is known to be missing."""

# e^x is carried 2^64 times too large where what it is multiplied with may be a normal number although e^x is none.
SCALE = 2.0**64
UNSCALE = 2.0**-64


class Limits(NamedTuple):
    """Where functions reach their limits in a dtype.

    Attributes:
      vanish: beyond it ``x e^-x`` is 0.
      exp: ``e^-x`` is a normal number up to it, and ``e^x`` is finite.
      one: beyond it ``1 + e^-x`` is 1.
      normal: beyond it ``x e^(-x^2 / 2)`` is 0.
      tanh: beyond it ``tanh(x)`` is 1.
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
      bare: whether formulas are evaluated as they are, without the rule that gives them their derivative.
      native: whether elementary functions are XLA's own; no bits are looked at then. It implies ``bare``.
      ruled: whether elementary functions have a rule for their derivative.
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
        """Whether what a rounding lost is computed: not where the result is rounded to a narrow float."""
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

    # Selections. Operators of jax.numpy take several times as long to trace as those of lax, and tracing is a good part
    # of what a first call takes. Constants are made like an operand, whose sharding they take.

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
        """``x`` held between two bounds; NaN stays NaN."""
        if self.native or isinstance(low, Array) or isinstance(high, Array):
            return self.minimum(self.maximum(x, low), high)
        return lax.clamp(self.number(low), x, self.number(high))

    def clamped(self, x: Array) -> Array:
        """``x`` held to where exponentials of it count, so that infinities need no care."""
        return self.clip(x, -self.limits.vanish, self.limits.vanish)

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

        XLA for CPU cuts a loop at an operation that is expensive and has several users, and stores what is at hand. It
        does not at a clamp.
        """
        if self.native:
            return q
        infinity = self.number(np.inf)
        return lax.clamp(-infinity, q, infinity)

    # Numbers in two parts. An exponential turns an absolute error of its argument into a relative one: at 80, the
    # rounding of the argument costs 40 ulp. So arguments are sums of two numbers, of which the second is what the
    # rounding of the first lost, or what a product of halves lacks.

    def sum_of(self, high: Array, low: Array | None) -> Array:
        """A sum of two numbers, of which there may be but one."""
        return high if low is None else lax.add(high, low)

    def product(self, a: Array, b: Any) -> Pair:
        """``a b``, an argument of an exponential, as a number and what it lacks.

        What it lacks is taken for 0 beyond the limit of exponentials, where it could be infinite. ``b`` may be a NumPy
        number, and costs nothing then if it is a power of two.
        """
        p = a * b
        if not self.compensated or (not isinstance(b, Array) and abs(np.frexp(b)[0]) == 0.5):
            return p, None
        if isinstance(b, Array):  # half the bits of a number near the smallest are no normal number
            small, large = lax.abs(b) < 2.0**-60, lax.abs(b) > 2.0**60
            a, b = (n * self.where(small, up, self.where(large, 1 / up, 1)) for n, up in ((a, UNSCALE), (b, SCALE)))
        return p, self._within_limit(p, product_error(a, b, p))

    def square(self, x: Array, scale: float = 1.0) -> Pair:
        """``scale x^2`` likewise, for ``|x|`` of at most the root of the limit; ``scale`` is a power of two."""
        if not self.compensated:
            return x * x * scale, None
        high, low = split(x)
        return high * high * scale, low * (x + high) * scale

    def quotient(self, a: Array, b: Any) -> Pair:
        """``a / b`` likewise."""
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
        p = q * b
        return q, self._within_limit(q, ((a - p) - product_error(q, b, p)) / b)

    def _within_limit(self, x: Array, low: Array) -> Array:
        low = self.where(lax.abs(x) < self.limits.vanish, low, 0)
        return lax.stop_gradient(low) if self.ruled else low

    def negated(self, low: Array | None) -> Array | None:
        """``-low``, if there is one."""
        return None if low is None else -low

    def mirrored(self, low: Array | None, x: Array) -> Array | None:
        """``low`` of an argument ``x``, for ``-|x|``."""
        return None if low is None else self.where(x < 0, low, -low)


HALF = Arithmetic("half", np.dtype("float32"))
SINGLE = Arithmetic("float32", np.dtype("float32"))
DOUBLE = Arithmetic("float64", np.dtype("float64"))


@functools.cache
def compute_dtype(dtype: DTypeLike) -> np.dtype:
    """Dtype in which a function of ``dtype`` is computed: float32 for all floats that are narrower."""
    dtype = jnp.dtype(dtype)
    return np.dtype("float32") if jnp.issubdtype(dtype, jnp.floating) and dtype.itemsize < 4 else dtype


def arithmetic(dtype: DTypeLike, bare: bool = False, native: bool = False) -> Arithmetic:
    """Arithmetic for results of a dtype, and its variant."""
    size = jnp.dtype(dtype).itemsize
    found = HALF if size < 4 else SINGLE if size == 4 else DOUBLE
    return dataclasses.replace(found, bare=bare or native, native=native) if bare or native else found
