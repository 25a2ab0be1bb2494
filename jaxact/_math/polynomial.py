"""Polynomials and quotients of them, whose coefficients are arrays or numbers, lowest power first.

No intermediate result overflows or becomes NaN unless the result does.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jax import Array, lax

from jaxact._math.arithmetic import Arithmetic


def polynomial_sum(x: Array, coefficients: Sequence[Any]) -> Any:
    """Sum of ``c_j x^j``, by Horner's rule."""
    *rest, total = coefficients
    for c in reversed(rest):
        total = total * x + c
    return total


def polynomial(m: Arithmetic, x: Array, coefficients: Sequence[Any], positive: bool = False) -> Array:
    """Sum of ``c_j x^j``, with its limits at the infinities; with ``positive`` at plus infinity alone."""
    y = polynomial_sum(x, coefficients if len(coefficients) > 1 else (*coefficients, 0.0))
    for end in (np.inf,) if positive else (np.inf, -np.inf):
        limit = coefficients[0]
        for j, c in enumerate(coefficients):
            if isinstance(c, Array) and j:
                limit = m.where(c == 0, limit, m.where(c < 0, -(end**j), end**j))
            elif j and c != 0:
                limit = c * end**j
        y = m.where(x == end, limit, y)  # not 0 times infinity
    return y


def derivative(coefficients: Sequence[Any]) -> list[Any]:
    """Coefficients of the derivative."""
    return [j * c for j, c in enumerate(coefficients)][1:] or [0.0]


def power(x: Array, k: int) -> Array:
    """``x^k`` for an integer that is not negative."""
    return functools.reduce(lax.mul, [x] * k) if k else lax.full_like(x, 1)


class Quotient:
    """``P(x) / (1 + |Q(x)|)`` and its derivatives, for polynomials of given lengths; ``Q`` has no constant term.

    Where a power of ``x`` would overflow, the quotient is evaluated at the largest ``z`` where none does, and
    extrapolated by the leading power.
    """

    def __init__(self, above: int, below: int):
        self._above, self._below = above, below
        self._excess = above - 1 - below  # the leading power
        self._degree = max(above - 1, below)

    def value(self, m: Arithmetic, x: Array, *coefficients: Array) -> Array:
        """The quotient."""
        z, above, _, divisor = self._parts(m, x, coefficients)
        y = polynomial_sum(z, above) / divisor
        if self._excess != 1:
            return self._extrapolated(m, x, y, self._excess)
        slope = self._leading(m, x, coefficients)
        return y + m.where(slope == 0, 0, slope * (x - z))  # up to a relative error of 1 / z^2

    def slope(self, m: Arithmetic, x: Array, *coefficients: Array) -> Array:
        """Its derivative in ``x``, ``(P' - sign(Q) Q' P / (1 + |Q|)) / (1 + |Q|)``."""
        z, above, q, divisor = self._parts(m, x, coefficients)
        inverse = m.used_twice(1 / divisor)
        y = polynomial_sum(z, above) * inverse
        change = m.where(q < 0, -y, y) * polynomial_sum(z, derivative((0.0, *coefficients[self._above :])))
        leading = self._excess - 1 if self._excess else -2
        return self._extrapolated(m, x, (polynomial_sum(z, derivative(above)) - change) * inverse, leading)

    def along(self, m: Arithmetic, arguments: Sequence[Any], tangents: Sequence[Array | None]) -> Array:
        """Its derivative along tangents, polynomials ``p`` and ``q``: ``(p - sign(Q) q y) / (1 + |Q|)``."""
        x, *coefficients = arguments
        z, numerator, q, divisor = self._parts(m, x, tuple(coefficients))
        inverse = m.used_twice(1 / divisor)
        # |z / x|, which is 1 but far out, where its powers and those of z extrapolate. The quotient there is its value
        # at z times a power of |x / z|. A positive one is taken from the other factor, which would be 0 without it.
        share = self._furthest(m) / m.maximum(m.magnitude(x), self._furthest(m))
        y = polynomial_sum(z, numerator) * inverse * power(share, max(-self._excess, 0))
        if self._excess == 1:
            y = y + (1 - share) * (self._leading(m, x, tuple(coefficients)) * z - y)
        above = _homogeneous(x, z, share, self._below, tangents[: self._above])
        degree = self._below - max(self._excess, 0)
        below = z * _homogeneous(x, z, share, degree, tangents[self._above :], first=1)
        return above * inverse + m.where(q < 0, y, -y) * (below * inverse)

    def _leading(self, m: Arithmetic, x: Array, coefficients: tuple[Any, ...]) -> Array:
        """The quotient of the last coefficients of ``P`` and ``|Q|``, 0 if that of ``Q`` is 0."""
        last = coefficients[self._above - 1], coefficients[-1]
        a, b = (lax.full_like(x, c) if not isinstance(c, Array) else c for c in last)
        return m.where(b == 0, 0, a / m.where(b == 0, 1, m.magnitude(b)))

    def _parts(self, m: Arithmetic, x: Array, coefficients: tuple[Any, ...]) -> tuple[Array, tuple, Array, Array]:
        """``z``, the coefficients of ``P``, ``Q(z)`` and ``1 + |Q(z)|``."""
        furthest = self._furthest(m)
        z = m.clip(x, -furthest, furthest)
        q = polynomial_sum(z, (0.0, *coefficients[self._above :]))
        return z, coefficients[: self._above], q, 1 + m.magnitude(q)

    def _furthest(self, m: Arithmetic) -> float:
        """The largest ``z``, a power of two: 2^24 in float32 for a quotient of degrees 5 and 4."""
        return 2.0 ** ((math.frexp(m.max)[1] - 8) // self._degree)

    def _extrapolated(self, m: Arithmetic, x: Array, y: Array, k: int) -> Array:
        """``y (|x| / |z|)^k``."""
        if k == 0:
            return y
        furthest = self._furthest(m)
        size = m.maximum(m.magnitude(x), furthest)
        ratio = size / furthest if k > 0 else furthest / size
        for _ in range(abs(k)):
            y = y * ratio
        return y


def _homogeneous(
    x: Array, z: Array, share: Array, degree: int, tangents: Sequence[Array | None], first: int = 0
) -> Array:
    """The sum of ``t_k z^(k - first) share^(degree - k)``, where a negative power of ``share`` is one of ``x / z``.

    The transpose of Horner's rule multiplies a cotangent by ``z`` from power to power, so that the gradients of all
    coefficients share their products.
    """
    total = lax.full_like(x, 0)
    for k, t in reversed([*enumerate(tangents, first)]):
        total = total * (x if k >= degree else z)
        if t is not None:
            total = total + t * power(share, max(degree - k, 0))
    return total
