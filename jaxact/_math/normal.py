"""The normal distribution, by its tail ``Phi(-t)`` for ``t >= 0``, and the error function.

``Phi`` is the distribution function, ``phi`` the density. Functions of ``t`` get it clamped by :func:`clamped`.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax
from jax.scipy import special

from jaxact._math import coefficients
from jaxact._math.arithmetic import SCALE, UNSCALE, Arithmetic, Pair
from jaxact._math.elementary import elementary, exp_parts, scaled_exp, times
from jaxact._math.error_free import rounded_constant

_2_OVER_ROOT_PI = 1.1283791670955126
_1_OVER_ROOT_TAU = 0.3989422804014327


def clamped(m: Arithmetic, t: Array) -> Array:
    """``t`` clamped to where ``t e^(-t^2/2)`` is not 0."""
    return m.minimum(t, m.limits.normal)


def minus_half_square(m: Arithmetic, t: Array, low: Array | None = None) -> Pair:
    """``-(t + low)^2 / 2`` as a sum of two numbers."""
    high, rest = m.square(t, -0.5)
    return high, rest if low is None or rest is None else rest - t * low


def scaled_density(m: Arithmetic, t: Array, low: Array | None = None) -> Array:
    """``2^64 phi(t + low)`` for clamped ``t``."""
    return scaled_exp(m, *minus_half_square(m, t, low)) * _1_OVER_ROOT_TAU


@elementary(lambda m, t, low=None: -scaled_density(m, t, low), native=lambda t: special.ndtr(-t) * SCALE)
def scaled_tail(m: Arithmetic, t: Array, low: Array | None = None) -> Array:
    """``2^64 Phi(-t - low)`` for clamped ``t >= 0``."""
    above, below = (m.polynomial(t, powers) for powers in m.table(coefficients.MILLS))
    return times(exp_parts(m, *minus_half_square(m, t, low)), above / below)


def distribution(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """``Phi(x + low)``. Not to be differentiated."""
    tail = scaled_tail(m, clamped(m, lax.abs(x)), m.negated(m.mirrored(low, x))) * UNSCALE
    return m.where(x < 0, tail, 1 - tail)


def centre(m: Arithmetic, x: Array) -> Array:
    """``Phi(x)`` for ``|x| <= 1``. Not to be differentiated."""
    return x * m.polynomial(x * x, m.table(coefficients.NORMAL_CENTRE)) + 0.5


def tail_factor(m: Arithmetic, t: Array) -> Array:
    """``t Phi(-t) e^(t^2 / 2)`` for ``t >= 1``. Not to be differentiated."""
    k, (*upper, last) = m.table(coefficients.NORMAL_TAIL)
    s = k + t
    y = 1 - t / s  # k / s, with a smaller error
    share = 1 - y
    rest_of_ratio = m.polynomial(y, tuple(upper))
    if m.compensated:
        # Corrects, to the first order, for the rounding error of s.
        rest_of_ratio = rest_of_ratio - 0.4 / k * ((t - s) + k)
    return share * last + (share * y) * rest_of_ratio


def tail_moment(m: Arithmetic, t: Array) -> Array:
    """``t Phi(-t)`` for clamped ``t >= 1``. Not to be differentiated."""
    if m.native:
        return t * special.ndtr(-t)
    return times(exp_parts(m, *minus_half_square(m, t)), tail_factor(m, t)) * UNSCALE


def bend_factor(m: Arithmetic, t: Array, low: Array | None = None) -> Array:
    """``(Phi(-t) - t phi(t)) e^(t^2 / 2)`` at ``t + low``. Not to be differentiated."""
    k, powers = m.table(coefficients.NORMAL_BEND)
    ratio = m.polynomial(1 - t / (k + t), powers)  # 1 - t / (k + t) is exact to more digits near 0 than k / (k + t)
    root, lost = rounded_constant(*coefficients.BEND_ROOT, m.dtype)
    return ((root - t) + (lost if low is None else lost - low)) * ratio


def scaled_bend(m: Arithmetic, t: Array, low: Array | None = None) -> Array:
    """``2^64 (Phi(-t) - t phi(t))`` at ``t + low``, for clamped ``t``. Not to be differentiated."""
    if m.native:
        return (special.ndtr(-t) - t * jnp.exp(t * t * -0.5) * _1_OVER_ROOT_TAU) * SCALE
    return times(exp_parts(m, *minus_half_square(m, t, low)), bend_factor(m, t, low))


def bend(m: Arithmetic, t: Array) -> Array:
    """``Phi(-t) - t phi(t)``, the slope of the GELU at ``-t``, for clamped ``t``. Not to be differentiated."""
    return scaled_bend(m, t) * UNSCALE


def _erf_clamped(m: Arithmetic, x: Array) -> Array:
    bound = m.limits.vanish**0.5
    return m.clip(x, -bound, bound)


def _erf_curvature(m: Arithmetic, x: Array) -> Array:
    t = _erf_clamped(m, x)
    return scaled_exp(m, *m.square(t, -1.0)) * (-2 * _2_OVER_ROOT_PI * t) * UNSCALE


@elementary(_erf_curvature)
def erf_slope(m: Arithmetic, x: Array) -> Array:
    """Slope of the error function."""
    t = _erf_clamped(m, x)
    return times(exp_parts(m, *m.square(t, -1.0)), _2_OVER_ROOT_PI) * UNSCALE


@elementary(erf_slope, native=lax.erf)
def erf(m: Arithmetic, x: Array) -> Array:
    """Error function, within 4 ulp."""
    # The slope of r H(r^2) has a double zero where the value reaches 1, so that an error of r has no effect there.
    _, powers, flat = m.table(coefficients.ERF)
    r = x * m.polynomial(x * x, powers)
    return m.clip(r * m.polynomial(r * r, flat), -1, 1)


def erf_end(m: Arithmetic) -> float:
    """The ``x`` above which the error function rounds to 1."""
    return m.table(coefficients.ERF)[0]


def erf_over(m: Arithmetic, square: Array) -> Array:
    """``erf(x) / x`` as a function of ``x^2``, for ``x`` up to :func:`erf_end`."""
    _, powers, flat = m.table(coefficients.ERF)
    q = m.polynomial(square, powers)
    return q * m.polynomial(square * (q * q), flat)
