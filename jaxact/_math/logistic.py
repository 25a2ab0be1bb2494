"""The logistic sigmoid and softplus, and ``x`` times a sigmoid, as in SiLU, Swish and two of the GELUs.

Arguments ``x + low`` may be sums of two numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from jax import Array, lax

from jaxact._math.arithmetic import UNSCALE, Arithmetic, Pair
from jaxact._math.elementary import elementary, exp, exp_parts, expm1, log1p_over, rounded_exp, scaled_exp, times


def _sigmoid_curvature(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    z = -m.magnitude(x)
    e = exp(m, z, m.mirrored(low, x))
    q = 1 / (1 + e)
    return m.where(x < 0, -q, q) * expm1(m, z) * (e * q * q)


@elementary(_sigmoid_curvature)
def sigmoid_slope(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """Slope of the logistic function: ``sigma(x) sigma(-x)``."""
    e = rounded_exp(m, m.maximum(-lax.abs(x), -m.limits.exp), m.mirrored(low, x))
    return e / (1 + e * (2 + e))


@elementary(sigmoid_slope, native=lax.logistic)
def sigmoid(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """Logistic function."""
    limit = m.limits.exp
    return 1 / (1 + rounded_exp(m, m.clip(-x, -limit, limit + 1), m.negated(low)))


@elementary(sigmoid)
def softplus(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """``log(1 + e^x)``, accurate down to where it underflows."""
    e = exp(m, -lax.abs(x), m.mirrored(low, x))
    return m.maximum(x, 0) + e * log1p_over(m, e)


def times_sigmoid(m: Arithmetic, x: Array, z: Array, low: Array | None = None) -> Array:
    """``x sigma(z + low)``; ``x`` must be finite where ``z`` is far below 0. Not to be differentiated."""
    if m.native:
        return x * lax.logistic(z)
    below, down = sigmoid_denominator(m, z, low)
    return x / below * down


def sigmoid_denominator(m: Arithmetic, z: Array, low: Array | None = None) -> tuple[Array, Array]:
    """``d (1 + e^-(z + low))`` and ``d``, which is 2^-64 where ``z < -60``, else 1. Not to be differentiated."""
    far = z < -60  # there 1 + e^-z overflows before x / (1 + e^-z) underflows
    power = lax.select(far, lax.full_like(far, -64, "int32"), lax.full_like(far, 0, "int32"))
    down = m.where(far, UNSCALE, 1)
    return down + rounded_exp(m, m.clip(-z, -60, m.limits.vanish), m.negated(low), power), down


def sigmoid_unit(m: Arithmetic, x: Array, left: float, right: float, argument: Callable[[Array], Pair]) -> Array:
    """``x sigma(argument(x))``, which is 0 left of ``left`` and ``x`` right of ``right``. Not to be differentiated.

    The argument is a sum of two numbers.
    """
    z = m.clip(x, left, right)
    u, low = argument(z)
    if m.native:
        return m.where(x > right, x, z * lax.logistic(u))
    e_down = rounded_exp(m, -u, m.negated(low), -64)
    return m.where(x > right, x, z / (UNSCALE + e_down) * UNSCALE)


def scaled_silu_curvature(m: Arithmetic, z: Array, low: Array | None = None) -> Array:
    """Curvature of ``z sigma(z)`` at ``z + low``, times 2^64."""
    t = -m.magnitude(m.clamped(z))
    t_low = m.mirrored(low, z)
    up = scaled_exp(m, t, t_low)
    e = up * UNSCALE
    q = 1 + e
    return up * (m.sum_of(2 + t, t_low) + e * m.sum_of(2 - t, m.negated(t_low))) / (q * q * q)


@elementary(lambda m, z, low=None: scaled_silu_curvature(m, z, low) * UNSCALE)
def silu_slope(m: Arithmetic, z: Array, low: Array | None = None) -> Array:
    """Slope of ``z sigma(z)`` at ``z + low``."""
    t = m.maximum(-lax.abs(z), -m.limits.vanish)
    t_low = m.mirrored(low, z)
    parts = exp_parts(m, t, t_low)
    e = times(parts) * UNSCALE
    left = times(parts, m.sum_of(1 + t, t_low) + e) / (1 + e * (2 + e)) * UNSCALE
    return m.where(z < 0, left, 1 - left)
