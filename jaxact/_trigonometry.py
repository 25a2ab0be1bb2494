"""Sine and cosine of a product ``x w``, over the whole range of ``x`` and ``w``, derivatives included.

The angle is never rounded: the product of the two significands, times as many digits of 2 / pi as its exponent calls
for, gives the number of quarter turns modulo 4 as an integer and 80 or more bits behind the point (Payne and Hanek,
1983). This is exact for 1e38 as for 10, so there is no second method for moderate angles, and no range to state. The
digits have 16 bits each, because a product of two then fits the 32 bits that every backend multiplies fast.
"""

from __future__ import annotations

import functools

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxact import _coefficients as coefficients
from jaxact import _numerics as num
from jaxact._derivative import differentiable, is_plain

_DIGIT = 16
_MASK = np.uint32(0xFFFF)
# Unsigned type, bits of the significand, of the exponent; digits behind the point for one factor, and for two.
_FORMAT = {"float32": (np.uint32, 24, 8, 5, 6), "float64": (np.uint64, 53, 11, 9, 12)}

Digits = list[Array]  # the least first


@functools.cache
def _two_over_pi(lowest: int, highest: int) -> tuple[int, ...]:
    """Digits of 2 / pi, the one of weight ``2^(-16 j)`` for each ``j`` from ``lowest``, 0 or less, to ``highest``."""
    bits = _DIGIT * highest
    pi = 0
    for factor, base in ((16, 5), (-4, 239)):  # Machin: pi = 16 arctan(1 / 5) - 4 arctan(1 / 239)
        power, k = (abs(factor) << bits + 64) // base, 1
        while power:
            pi += (power // k) * (1 if (k % 4 == 1) == (factor > 0) else -1)
            power, k = power // base**2, k + 2
    whole = (2 << 2 * bits + 64) // pi
    return tuple(whole >> bits - _DIGIT * j & 0xFFFF if j > 0 else 0 for j in range(lowest, highest + 1))


def _significand(x: Array) -> tuple[Digits, Array]:
    """Digits of an integer ``m``, and ``e``, with ``|x| = m 2^e``, for normal ``x``."""
    integer, bits, exponent, _, _ = _FORMAT[x.dtype.name]
    pattern = lax.bitcast_convert_type(x, integer)
    top = integer(1) << integer(bits - 1)
    m = (pattern & (top - integer(1))) | top
    e = ((pattern >> integer(bits - 1)) & integer(2**exponent - 1)).astype(np.int32) - np.int32(
        2 ** (exponent - 1) + bits - 2
    )
    return [((m >> integer(_DIGIT * i)).astype(np.uint32)) & _MASK for i in range(-(-bits // _DIGIT))], e


def _product(a: Digits, b: Digits, first: int = 0, count: int | None = None) -> Digits:
    """``count`` digits of a product from the one numbered ``first``; what is carried from far below is left out."""
    count = len(a) + len(b) - first if count is None else count
    columns: list[list[Array]] = [[] for _ in range(count + 2)]
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            k = i + j - first + 1
            if 0 <= k <= count:
                t = p * q
                columns[k].append(t & _MASK)
                columns[k + 1].append(t >> np.uint32(_DIGIT))
    return _carried(columns[1 : count + 1])


def _carried(columns: list[list[Array]]) -> Digits:
    """Digits of a sum; what is carried out of the last is dropped."""
    digits, carry = [], None
    for column in columns:
        total = functools.reduce(lambda a, b: a + b, column if carry is None else [*column, carry])
        digits.append(total & _MASK)
        carry = total >> np.uint32(_DIGIT)
    return digits


def _quarter_turns(x: Array, w: Array | None) -> Digits:
    """``|x w| 2 / pi`` modulo 2^16: digits behind the point, and the one before it."""
    _, bits, exponent, *behind = _FORMAT[x.dtype.name]
    m, e = _significand(x)
    factors = 1 if w is None else 2
    if w is not None:
        m_w, e_w = _significand(w)
        m, e = _product(m, m_w, 0, -(-2 * bits // _DIGIT)), e + e_w
    # The exponent is a number of digits and a rest, by which the significand is shifted.
    shift = np.uint32(1) << (e & 15).astype(np.uint32)
    m = _product(m, [shift], 0, -(-(factors * bits + 15) // _DIGIT))
    count = behind[factors - 1] + 1
    length = len(m) + count - 1
    lowest = -(-bits * factors // _DIGIT)  # angles below 1 do not come here
    highest = factors * (2 ** (exponent - 1) - bits) // _DIGIT
    window = _window((e >> 4) + lowest, _two_over_pi(-lowest, highest + length), length)
    return _product(m, window[::-1], len(m) - 1, count)


def _window(start: Array, table: tuple[int, ...], length: int) -> Digits:
    """``length`` entries of a table from ``start`` on, by halves: selections are many times faster than a gather."""
    steps = [2**i for i in range((len(table) - length).bit_length())]
    window: list = [np.uint32(d) for d in (*table, *[0] * steps[-1])]
    for step in reversed(steps):
        beyond = start & step != 0
        window = [jnp.where(beyond, window[k + step], window[k]) for k in range(length + step - 1)]
    return window


def _angle(digits: Digits, dtype: jnp.dtype) -> tuple[Array, Array]:
    """What the digits behind the point are more or less than a whole number, times pi / 2: a sum of two numbers."""
    negative = digits[-1] >> np.uint32(_DIGIT - 1) != 0
    flip = jnp.where(negative, _MASK, np.uint32(0))
    parts = [
        (digit ^ flip).astype(np.int32).astype(dtype) * 2.0 ** (-_DIGIT * i)
        for i, digit in enumerate(reversed(digits), 1)
    ]
    high, low = parts[0], jnp.zeros_like(parts[0])
    for part in parts[1:]:
        total = high + part
        low = low + (part - (total - high))
        high = total
    first, second = num.split_constant(*coefficients.HALF_PI, high)
    upper, lower = num.split(high)
    r = high * coefficients.HALF_PI[0]
    r_low = ((upper * first - r) + (upper * second + lower * first)) + (lower * second + low * first)
    return jnp.where(negative, -r, r), jnp.where(negative, -r_low, r_low)


def reduced(x: Array, w: Array | None = None, w_low: Array | None = None) -> tuple[Array, Array, Array]:
    """``n``, ``r`` and ``r_low`` with ``x (w + w_low) = n pi / 2 + r + r_low`` modulo 2 pi, and ``|r| < 0.8``.

    ``w`` of ``None`` is 1. ``w_low``, far below ``w``, counts for nothing where ``|x w_low|`` is more than 1/64.
    ``r`` is NaN where ``x`` or ``w`` is infinite or no number.
    """
    if w is not None:
        x, w = jnp.broadcast_arrays(x, w)
    *digits, whole = _quarter_turns(x, w)
    n = (whole + (digits[-1] >> np.uint32(_DIGIT - 1))).astype(np.int32)
    r, r_low = _angle(digits, x.dtype)
    negative = (x < 0) if w is None else (x < 0) ^ (w < 0)
    n, r, r_low = (jnp.where(negative, -a, a) for a in (n, r, r_low))

    angle, lost = (x, jnp.zeros_like(x)) if w is None else (x * w, product_error(x, w))
    small = lax.abs(angle) < 0.785
    finite = lax.abs(x) < jnp.inf if w is None else (lax.abs(x) < jnp.inf) & (lax.abs(w) < jnp.inf)
    n, r_low = jnp.where(small, 0, n & 3), jnp.where(small, lost, r_low)
    r = jnp.where(small, angle, jnp.where(finite, r, jnp.nan))
    if w_low is not None:
        rest = x * w_low
        rest = jnp.where(lax.abs(rest) < 1 / 64, rest, 0)
        total = r + rest
        back = total - r
        r, r_low = total, r_low + ((r - (total - back)) + (rest - back))
    return n, r, r_low


def product_error(x: Array, w: Array) -> Array:
    """What the rounding of ``x w`` lost, 0 where parts of it would underflow."""
    p = x * w
    least = jnp.minimum(jnp.minimum(lax.abs(x), lax.abs(w)), lax.abs(p))
    return jnp.where(least > {"float32": 2.0**-98, "float64": 2.0**-960}[p.dtype.name], num.product_error(x, w, p), 0)


def _near(r: Array, r_low: Array) -> tuple[Array, Array]:
    """Sine of ``r + r_low`` less ``r``, and its cosine less 1."""
    s = r * r
    sine = s * r * num.polynomial(s, (*coefficients.SIN_REST[r.dtype.name], 1 / 120, -1 / 6))
    cosine = s * num.polynomial(s, (*coefficients.COS_REST[r.dtype.name], 1 / 24, -0.5))
    return sine + r_low * (1 - 0.5 * s), cosine - r * r_low


def parts(x: Array, w: Array | None = None, quarters: int = 0, w_low: Array | None = None) -> tuple[Array, Array]:
    """``sin(x (w + w_low) + quarters pi / 2)`` as an unrounded sum of two numbers. Not to be differentiated.

    The first is 1, -1, or the angle itself from the nearest zero of the sine: differences with it lose little.
    """
    if is_plain():
        angle = x if w is None else x * w
        y = jnp.cos(angle) if quarters % 2 else jnp.sin(angle)
        return -y if quarters & 2 else y, jnp.zeros_like(y)
    n, r, r_low = reduced(x, w, w_low)
    n = n + quarters
    sine, cosine = _near(r, r_low)
    odd, sign = n & 1 != 0, jnp.where(n & 2 != 0, -jnp.ones_like(r), 1)
    return sign * jnp.where(odd, 0 * r + 1, r), sign * jnp.where(odd, cosine, sine)  # 0 r, for a NaN in r to stay


def _sin(x: Array, w: Array | None = None) -> Array:
    high, low = parts(x, w)
    return high + low


def _cos(x: Array, w: Array | None = None) -> Array:
    high, low = parts(x, w, quarters=1)
    return high + low


_sin_1 = differentiable(_sin, lambda x: cos(x))
_cos_1 = differentiable(_cos, lambda x: -sin(x))
_sin_2 = differentiable(_sin, lambda x, w: w * cos(x, w), lambda x, w: x * cos(x, w))
_cos_2 = differentiable(_cos, lambda x, w: -w * sin(x, w), lambda x, w: -x * sin(x, w))


def sin(x: Array, w: Array | None = None) -> Array:
    """Sine of ``x w``, within 1.1 ulp; NaN at infinity."""
    return _sin_1(x) if w is None else _sin_2(x, w)


def cos(x: Array, w: Array | None = None) -> Array:
    """Cosine of ``x w``, likewise."""
    return _cos_1(x) if w is None else _cos_2(x, w)
