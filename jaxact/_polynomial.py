"""Polynomials with learned coefficients, and quotients of them.

The coefficients cancel as they like, so sums are those of :mod:`jaxact._two`. Derivatives of a polynomial are written
as polynomials, not taken by :func:`jaxact._two.of_formula`: a power may overflow, and from there on its sums are NaN.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxact import _two as two
from jaxact._derivative import differentiable, is_plain

Basis = tuple[tuple[two.Scalar, ...], ...]  # of each function the coefficients of its powers, the lowest first

_ROOT_2, _ROOT_6 = (Fraction(math.isqrt(n * 10**80), 10**40) for n in (2, 6))
HERMITE: Basis = (  # the polynomials of the normal distribution, over the square root of n!
    (1,),
    (0, 1),
    (-1 / _ROOT_2, 0, 1 / _ROOT_2),
    (0, -3 / _ROOT_6, 0, 1 / _ROOT_6),
    (3 / _ROOT_6 / 2, 0, -6 / _ROOT_6 / 2, 0, 1 / _ROOT_6 / 2),
)


@functools.cache
def combination(basis: Basis, rectified: bool = False, order: int = 0) -> Callable[..., Array]:
    """The function of ``x`` and one coefficient for each polynomial of the basis, the sum of their products.

    If ``rectified``, it is that of ``max(x, 0)``; ``order`` says how often the basis has been differentiated since.
    """

    def value(x: Array, *coefficients: Array) -> Array:
        x, *full = jnp.broadcast_arrays(x, *coefficients)
        y = _evaluated(jnp.maximum(x, 0) if rectified and not order else x, _in_powers(basis, full))
        return jnp.where(x <= 0, 0, y) if rectified and order else y

    def slope(x: Array, *coefficients: Array) -> Array:
        derivative = tuple(tuple(j * c for j, c in enumerate(powers) if j) or (0,) for powers in basis)
        return combination(derivative, rectified, order + 1)(x, *coefficients)

    def in_coefficient(x: Array, *_: Array, powers: tuple[two.Scalar, ...]) -> Array:
        return combination((powers,), rectified, order)(x, jnp.ones_like(x))

    return differentiable(value, slope, *(functools.partial(in_coefficient, powers=powers) for powers in basis))


def _in_powers(basis: Basis, coefficients: Sequence[Array]) -> list[Any]:
    """The sum as a polynomial: a number for each power."""
    sums: list[Any] = [0] * max(map(len, basis))
    for powers, coefficient in zip(basis, coefficients, strict=True):
        for j, c in enumerate(powers):
            if c:
                sums[j] = two.Two(coefficient) * c + sums[j]
    return sums


def _evaluated(x: Array, powers: list[Any]) -> Array:
    largest = x.dtype.type(jnp.finfo(x.dtype).max)
    finite = lax.clamp(-largest, x, largest)
    exact = two.horner(two.Two(finite), powers)
    exact = exact.rounded() if isinstance(exact, two.Two) else jnp.full_like(x, float(exact))
    plain = jnp.zeros_like(x)
    for c in reversed(powers):
        plain = plain * finite + (c.rounded() if isinstance(c, two.Two) else float(c))
    y = plain if is_plain() else jnp.where(jnp.isfinite(plain), exact, plain)
    return jnp.where((lax.abs(x) > largest) & (lax.abs(y) > 2.0**60), lax.sign(y) * lax.abs(x), y)


_FAR = 2.0**10  # beyond, polynomials are over their highest power, so that nothing overflows before the result does


@functools.cache
def quotient(count: int, count_below: int) -> Callable[..., Array]:
    """``P(x) / (1 + |Q(x)|)``, a function of ``x`` and the coefficients of ``P`` and, but for its first, of ``Q``.

    Value and slopes keep their digits out to infinity, unless leading coefficients are 0, and the curvature to 1024.
    """
    excess = count - 1 - count_below

    def ratio(x: Any, *coefficients: Any) -> Any:
        above, below = coefficients[:count], coefficients[count:]
        y = _at_either(x, above, [*[0] * -excess, *reversed(above)]) / two.magnitude(divisor(x, *below))
        for _ in range(excess):
            y = y * two.where(_is_far(x), x, 1)
        return y

    def divisor(x: Any, *below: Any) -> Any:
        """Of the sign of ``Q``."""
        q = _at_either(x, [0, *below], [*reversed(below)])
        if count_below % 2:
            q = two.where(x < -_FAR, -q, q)
        _, inverse = _variables(x)
        one = two.magnitude(functools.reduce(two.multiply, [inverse] * count_below))
        one = two.where(_is_far(x), one, 1)
        return two.where(q < 0, q - one, q + one)

    value, signed = two.of_formula(ratio, 1 + count + count_below), two.of_formula(divisor, 1 + count_below)

    def slope(x: Array, *coefficients: Array) -> Array:
        return jax.jvp(lambda x: value(x, *coefficients), (x,), (jnp.ones_like(x),))[1]

    def times_share(y: Array, x: Array, *below: Array, k: int) -> Array:
        """``y x^k / (1 + |Q(x)|)`` with the sign of ``Q(x)``."""
        far = jnp.abs(x) > _FAR
        near_x, far_x = jnp.where(far, 1, x), jnp.where(far, x, 1)
        power = combination(((*[0] * k, 1),))(near_x, jnp.ones_like(x))
        divisors = [far_x] * (count_below - k)
        if divisors:  # one of them goes before the product where y is large, so that neither overflows nor vanishes
            large = jnp.abs(y) > 1
            y, divisors[0] = y / jnp.where(large, far_x, 1), jnp.where(large, 1, far_x)
        y = y * (power / signed(x, *below))
        for _ in range(k - count_below):
            y = y * far_x
        for divisor in divisors:
            y = lax.optimization_barrier(y) / divisor  # or XLA divides by the product, which overflows
        return y

    def above(x: Array, *coefficients: Array, k: int) -> Array:
        below = coefficients[count:]
        sign = jnp.where(signed(x, *below) < 0, -1, 1).astype(x.dtype)
        return times_share(sign, x, *below, k=k)

    def below(x: Array, *coefficients: Array, k: int) -> Array:
        return -times_share(value(x, *coefficients), x, *coefficients[count:], k=k)

    return differentiable(
        value,
        slope,
        *(functools.partial(above, k=k) for k in range(count)),
        *(functools.partial(below, k=k) for k in range(1, count_below + 1)),
    )


def _is_far(x: Any) -> Array:
    return two.magnitude(x) > _FAR


def _variables(x: Any) -> tuple[Any, Any]:
    far = _is_far(x)
    return two.where(far, 1, x), 1 / two.where(far, x, 1)


def _at_either(x: Any, near: Sequence[Any], far: Sequence[Any]) -> Any:
    """Polynomial in ``x``, or far out another in ``1 / x``, both given by their coefficients, the lowest first."""
    mask = _is_far(x)
    length = max(len(near), len(far))
    near, far = ([*powers, *[0] * (length - len(powers))] for powers in (near, far))
    x, inverse = _variables(x)
    return two.horner(two.where(mask, inverse, x), [_chosen(mask, *pair) for pair in zip(far, near, strict=True)])


def _chosen(mask: Array, a: Any, b: Any) -> Any:
    return a if a is b else two.where(mask, a, b)
