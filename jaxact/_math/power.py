"""The power ``x^(p / (1 + sqrt(x)))`` of positive ``x``, which PowLU has as its gate.

With ``L = log(x)``, ``r = sqrt(x)`` and ``s = 1 + r`` it is ``e^t`` for ``t = p L / s``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from jax import Array, lax

from jaxact._math.arithmetic import Arithmetic, Pair
from jaxact._math.elementary import log_parts, sqrt
from jaxact._math.error_free import product_error, split, two_sum


class Power(NamedTuple):
    """The terms of ``e^t``.

    Attributes:
      t: the exponent as a sum of two numbers.
      log: ``L``, likewise.
      change: ``A = x dt/dx = p (2 - r (L - 2)) / (2 s^2)``.
      bend: ``d(x A)/dx = p (2 - r L (3 + r) / (2 s)) / (2 s^2)``.
    """

    t: Pair
    log: Pair
    change: Array
    bend: Array


def power_terms(m: Arithmetic, x: Array, p: Any) -> Power:
    """Terms of ``x^(p / (1 + sqrt(x)))`` for finite normal ``x``."""
    high, low = log_parts(m.full(), x)
    r = m.used_twice(sqrt(m, x))
    s = 1 + r
    q = m.used_twice(1 / s)
    a = high - 2
    if low is None or m.ruled:
        width = 0.5 * p * q * q
        return Power((high * p * q, None), (high, None), width * (2 - r * a), _bend(width, r, q, high))
    # 2 - r (L - 2) is 0 near 12.9, and small far around it; so it is computed from r and L with their rounding errors.
    r_low = product_error(r, r, x) / (-2 * r)
    s_low = two_sum(r, lax.full_like(r, 1))[1] + r_low
    width = m.used_twice(0.5 * p / (s * s + 2 * s * s_low))
    (r_high, r_rest), (a_high, _) = split(r), split(a)
    rest = (r_rest + r_low) * a + (r_high * (a - a_high) + r * low)
    change = width * ((2 - r_high * a_high) - rest)
    t, bend = high * p * q, _bend(width, r, q, high)
    if not m.compensated:
        return Power((t, None), (high, None), change, bend)
    # What t s is short of p L, and the rounding errors of L and s.
    above = high * p
    t_low = ((product_error(high, p, above) - product_error(t, s, above)) + p * low - t * s_low) * q
    return Power((t, m.where(lax.abs(t) < 4 * m.limits.vanish, t_low, 0)), (high, low), change, bend)


def _bend(width: Array, r: Array, q: Array, log: Array) -> Array:
    return width * (2 - 0.5 * (r * q) * (3 + r) * log)


def over_power(m: Arithmetic, power: Power, k: int) -> Pair:
    """The exponent ``t - k L`` of ``e^t / x^k`` as a sum of two numbers."""
    (t, t_low), (log, log_low) = power.t, power.log
    if t_low is None or log_low is None:
        return t - k * log, None
    total, lost = two_sum(t, -k * log)
    return total, (t_low - k * log_low) + lost
