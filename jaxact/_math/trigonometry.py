"""Sine and cosine of a product ``x w`` over the whole range of ``x`` and ``w``, derivatives included.

The angle is never rounded: the significand of ``x``, times the bits of ``2 w / pi`` that its exponent selects, gives
the number of quarter turns modulo 4 with 60 bits after the binary point, float64 with 120 (Payne and Hanek, 1983). The
method serves all finite angles, small or large.

``w`` may be ``None``, which is 1, or a NumPy number: then ``2 w / pi`` is a constant.

With ``grows`` the angle is ``x w (1 + |x|)``. It is not rounded either, nor does ``x^2`` overflow: with the significand
``s`` of ``x``, the turns are ``s (s F + G)``, for fractions ``F`` and ``G`` that the exponents of ``x^2 w`` and ``x w``
select.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxact._math import coefficients
from jaxact._math.arithmetic import Arithmetic
from jaxact._math.error_free import product_error, split, split_constant, two_sum

_SMALL = 0.785  # just below pi / 4; smaller angles need no reduction


class _Format(NamedTuple):
    """Integer types for a float, bits of a word and of a significand, and the exponent of the largest number."""

    unsigned: Any  # a NumPy type
    signed: Any
    word: int
    bits: int
    highest: int


_FORMATS = {
    "float32": _Format(np.uint32, np.int32, 32, 24, 127),
    "float64": _Format(np.uint64, np.int64, 64, 53, 1023),
}
Words = list[Any]  # of an integer or a fraction, the highest first

# Operators of lax: those of jax.numpy take several times as long to trace.
_and, _or, _left, _right = lax.bitwise_and, lax.bitwise_or, lax.shift_left, lax.shift_right_logical


def _select(condition: Array, a: Any, b: Any) -> Array:
    return lax.select(condition, *(c if isinstance(c, Array) else lax.full_like(condition, c, c.dtype) for c in (a, b)))


@functools.cache
def _two_over_pi(bits: int) -> int:
    """``2 / pi`` times ``2^bits``."""
    pi, more = 0, bits + 64
    for factor, base in ((16, 5), (-4, 239)):  # Machin: pi = 16 arctan(1 / 5) - 4 arctan(1 / 239)
        power, k = (abs(factor) << more) // base, 1
        while power:
            pi += (power // k) * (1 if (k % 4 == 1) == (factor > 0) else -1)
            power, k = power // base**2, k + 2
    return (2 << bits + more) // pi


@functools.cache
def _fraction(form: _Format, w: float, exponent: int, count: int) -> tuple[np.generic, ...]:
    """``count`` words of the fraction ``2 w / pi 2^exponent``."""
    bits = form.word * count + abs(exponent) + 200
    value = Fraction(w) * Fraction(2) ** (exponent + form.word * count - bits) * _two_over_pi(bits)
    words = [math.floor(value) >> form.word * k & 2**form.word - 1 for k in range(count)]
    return tuple(map(form.unsigned, reversed(words)))


def _significand(form: _Format, x: Array, bits: int) -> tuple[Array, Array]:
    """``s``, an integer of ``bits`` bits, and a biased exponent: a normal ``|x|`` is ``s 2^(e - bias - bits + 1)``."""
    pattern = lax.bitcast_convert_type(x, form.unsigned)
    top = form.unsigned(1 << form.bits - 1)
    s = _or(_and(pattern, top - form.unsigned(1)), top)
    exponent = _right(_left(pattern, form.unsigned(1)), form.unsigned(form.bits))
    return (s if bits == form.bits else _right(s, form.unsigned(form.bits - bits))), exponent


def _moved(form: _Format, words: tuple[np.generic, ...], shift: Array, count: int) -> Words:
    """``count`` words of a fraction times ``2^shift``, modulo 1."""
    rest = _and(shift, form.unsigned(form.word - 1))
    window: Words = list(words)
    for step in reversed([2**i for i in range((len(words) - count - 1).bit_length())]):
        # By bisection of the table: selections are many times faster than a gather.
        beyond, last = lax.ne(_and(shift, form.unsigned(step * form.word)), form.unsigned(0)), len(window) - 1
        window = [
            _select(beyond, window[k + step], window[k]) if k + step <= last else window[k]
            for k in range(min(count + step, last + 1))
        ]
    one, back = form.unsigned(1), lax.sub(form.unsigned(form.word - 1), rest)
    return [_or(_left(a, rest), _right(_right(b, one), back)) for a, b in itertools.pairwise(window)]


def _times(form: _Format, words: Words, factor: Array, bits: int) -> Words:
    """Product of a fraction with an integer of ``bits`` bits, modulo 1, without its last word."""
    half, mask = form.unsigned(form.word // 2), form.unsigned(2 ** (form.word // 2) - 1)
    short = bits <= form.word // 2
    upper, lower = (None, factor) if short else (_right(factor, half), _and(factor, mask))

    def carried(word: Array, exact: bool) -> Array:
        """The upper word of the factor times a word, or one that is up to 2 less."""
        high, low = _right(word, half), _and(word, mask)
        middle = lax.mul(lower, high)
        if exact or upper is None:
            middle = lax.add(middle, _right(lax.mul(lower, low), half))
        if upper is None:
            return _right(middle, half)
        inner = lax.mul(upper, low)
        inner = _right(lax.add(inner, _and(middle, mask)) if exact else inner, half)
        return lax.add(lax.mul(upper, high), lax.add(_right(middle, half), inner))

    results: Words = []
    over = None
    for word, following in zip(words[-2::-1], words[:0:-1], strict=True):
        product, more = lax.mul(word, factor), carried(following, over is not None)
        total = lax.add(product, more if over is None else lax.add(more, over))
        over = lax.convert_element_type(lax.lt(total, product), form.unsigned)
        results.insert(0, total)
    return results


def _sum(form: _Format, first: Words, second: Words) -> Words:
    """Sum of two fractions of as many words, modulo 1."""
    results: Words = []
    over = None
    for a, b in zip(reversed(first), reversed(second), strict=True):
        total = lax.add(a, b)
        carry = lax.lt(total, a)
        if over is not None:
            total = lax.add(total, over)
            carry = _or(carry, lax.lt(total, over))
        over = lax.convert_element_type(carry, form.unsigned)
        results.insert(0, total)
    return results


def _turn(m: Arithmetic, form: _Format, x: Array, w: Any, grows: bool) -> Words:
    """``|angle| / (2 pi)`` modulo 1 in two words, where the angle is not small."""
    bits = 12 if m.name == "half" else form.bits  # of the narrow dtype that x had
    s, e = _significand(form, x, bits)
    if isinstance(w, Array):
        more, size = 1, 1.0
        s_w, e_w = _significand(form, w, form.bits)
        # Where |x w| is not small, the powers of two have a product of 2^-2 or more; beside x^2 w, it may be less.
        least, least_square = (-2 - form.highest // 2, -2 - form.highest) if grows else (-2, 0)
    else:
        more, size = 0, 1.0 if w is None else abs(float(w))
        s_w = e_w = None
        largest = 2.0 ** (form.highest - 2)
        small = min(0.78 / size, largest) if size else largest
        if grows:
            small = 2 * small / (1 + math.sqrt(1 + 4 * small))  # x (1 + x) w is 0.78 there
        least = math.floor(math.log2(small))
        least_square = 2 * least

    def fraction(power: int, least: int, count: int) -> Words:
        """Turns of ``x^power w`` over the significands, in words; ``least`` is the least exponent of that product."""
        exponent = lax.add(e, e) if power == 2 else e
        exponent = exponent if e_w is None else lax.add(exponent, e_w)
        highest = (power + more) * form.highest  # that of the product, and the bias of the exponent
        start = least - 2 - power * (bits - 1) - more * (form.bits - 1)
        table = _fraction(form, size, start, (highest - least) // form.word + count + 1)
        return _moved(form, table, lax.sub(exponent, form.unsigned(least + highest)), count)

    words = fraction(1, least, 3 + more)
    if grows:
        words = _sum(form, _times(form, fraction(2, least_square, 4 + more), s, bits), words)
    if s_w is not None:
        words = _times(form, words, s_w, form.bits)
    return _times(form, words, s, bits)


def _remainder(m: Arithmetic, form: _Format, turn: Words, exact: bool) -> tuple[Array, Array, Array | None]:
    """Nearest number of quarter turns modulo 4, and the remaining angle in radians as a sum of two numbers."""
    upper, lower = turn
    n = _right(lax.add(upper, form.unsigned(1 << form.word - 3)), form.unsigned(form.word - 2))
    rest = lax.bitcast_convert_type(lax.sub(upper, _left(n, form.unsigned(form.word - 2))), form.signed)
    unit = 2.0 ** (2 - form.word) * coefficients.HALF_PI[0]
    high = lax.convert_element_type(rest, m.dtype)  # rounded, unless it is small
    low = lax.bitcast_convert_type(_right(lower, form.unsigned(1)), form.signed)
    low = lax.mul(lax.convert_element_type(low, m.dtype), m.number(2.0 ** (1 - form.word)))
    if not (exact and m.compensated):
        return n, lax.mul(lax.add(high, low), m.number(unit)), None
    rounding = lax.sub(rest, lax.convert_element_type(high, form.signed))
    high, low = two_sum(high, low + lax.convert_element_type(rounding, m.dtype))
    high, low = high * 2.0 ** (2 - form.word), low * 2.0 ** (2 - form.word)
    r = high * coefficients.HALF_PI[0]
    (first, second), (half_pi, half_pi_low) = split(high), split_constant(*coefficients.HALF_PI, m.dtype)
    r_low = (first * half_pi - r) + (first * half_pi_low + second * half_pi)
    return n, r, r_low + (second * half_pi_low + low * half_pi)


def _reduced(
    m: Arithmetic, x: Array, w: Any, w_low: Any, exact: bool, grows: bool
) -> tuple[Array, Array, Array | None]:
    """``n``, ``r`` and ``r_low`` with ``|angle| = n pi / 2 + r + r_low`` modulo 2 pi, and ``|r| < 0.8``.

    ``r`` is NaN where ``x`` or ``w`` is infinite or NaN.
    """
    form = _FORMATS[m.dtype.name]
    n, r, r_low = _remainder(m, form, _turn(m, form, x, w, grows), exact)
    size = lax.abs(x)
    angle = size if w is None else size * abs(w)
    if grows:
        angle = angle * (1 + size)
    small = lax.lt(angle, m.number(_SMALL))
    n = _select(small, form.unsigned(0), n)
    zero = lax.mul(x, m.number(0))  # or NaN
    r = m.where(small, angle, lax.add(r, zero if w is None else zero * w))
    if r_low is not None:
        r_low = m.where(small, 0 if w is None else lost_product(m, size, abs(w)), r_low)
    if w_low is not None:
        rest = size * w_low
        r = r + m.where(lax.abs(rest) < 1 / 64, rest, 0)  # above it, w is too inexact for any angle
    return n, r, r_low


def lost_product(m: Arithmetic, x: Array, w: Any) -> Array:
    """The rounding error of ``x w``, or 0 where computing it would underflow."""
    p = x * w
    if not m.compensated:
        return lax.full_like(p, 0)
    least = lax.min(lax.min(lax.abs(x), lax.abs(p)), lax.abs(w) if isinstance(w, Array) else lax.full_like(p, abs(w)))
    return m.where(least > {"float32": 2.0**-98, "float64": 2.0**-960}[p.dtype.name], product_error(x, w, p), 0)


def _signed(
    m: Arithmetic, x: Array, w: Any, quarters: int, w_low: Any = None, exact: bool = False, grows: bool = False
) -> tuple[Array, Array, Array]:
    """A sign and two numbers: sign times their sum is ``sin(x (w + w_low) + quarters pi / 2)``."""
    form = _FORMATS[m.dtype.name]
    n, r, r_low = _reduced(m, x, w, w_low, exact, grows)
    if quarters:
        n = lax.add(n, form.unsigned(quarters))
    odd, down = (lax.ne(_and(n, form.unsigned(bit)), form.unsigned(0)) for bit in (1, 2))
    if quarters % 2 == 0:  # the sine is odd
        sign = lax.bitcast_convert_type(x, form.signed)
        if isinstance(w, Array):
            sign = lax.bitwise_xor(sign, lax.bitcast_convert_type(w, form.signed))
        positive = w is None or isinstance(w, Array) or w >= 0
        down = lax.bitwise_xor(down, (lax.lt if positive else lax.ge)(sign, form.signed(0)))
    # 1 + s P(s) for the cosine, r + r s P(s) for the sine.
    s, first = lax.mul(r, r), m.where(odd, 1, r)
    powers = [m.where(odd, *pair) for pair in zip(*map(m.table, (coefficients.COS, coefficients.SIN)), strict=True)]
    total = functools.reduce(lambda total, c: lax.add(lax.mul(total, s), c), powers)
    second = lax.mul(first, lax.mul(s, total))
    if r_low is not None:
        second = second + r_low * m.where(odd, -r, 1 - 0.5 * s)
    return m.where(down, -1, 1), first, second


def _sine(m: Arithmetic, x: Array, w: Any, quarters: int, grows: bool = False) -> Array:
    """``sin(angle + quarters pi / 2)``."""
    if m.native:
        angle = x if w is None else x * w
        angle = angle * _growth(m, x) if grows else angle
        y = jnp.cos(angle) if quarters % 2 else jnp.sin(angle)
        return -y if quarters & 2 else y
    if m.ruled:
        ruled = _with_rule(m, quarters, None if isinstance(w, Array) else w, grows)
        return ruled(x, w) if isinstance(w, Array) else ruled(x)
    sign, first, second = _signed(m, x, w, quarters, grows=grows)
    return lax.mul(sign, lax.add(first, second))


def _growth(m: Arithmetic, x: Array) -> Array:
    return 1 + m.magnitude(x)


@functools.cache
def _with_rule(m: Arithmetic, quarters: int, w: np.generic | None, grows: bool) -> Callable[..., Array]:
    """``sin(angle + quarters pi / 2)`` as a function of ``x``, or of ``x`` and an array ``w``, with its derivative."""
    bare = dataclasses.replace(m, ruled=False)

    @jax.custom_jvp
    def f(x: Array, *factor: Array) -> Array:
        return _sine(bare, x, factor[0] if factor else w, quarters, grows)

    @f.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (x, *factor), (t, *more) = primals, tangents
        by = factor[0] if factor else w
        along = t if by is None else by * t
        if grows:
            along = along * (1 + 2 * m.magnitude(x))
        if more:
            along = along + x * (_growth(m, x) * more[0] if grows else more[0])
        return f(*primals), _with_rule(m, (quarters + 1) % 4, w, grows)(*primals) * along

    return f


def parts(
    m: Arithmetic, x: Array, w: Any = None, quarters: int = 0, w_low: Any = None, exact: bool = False
) -> tuple[Array, Array]:
    """``sin(x (w + w_low) + quarters pi / 2)`` as an unrounded sum of two numbers.

    The first is 1, -1, or the angle from the nearest zero of the sine, so that differences with it lose little. With
    ``exact``, the second includes the rounding error of the reduced angle. ``w_low``, small beside a positive ``w``, is
    left out where ``|x w_low|`` is more than 1/64. In a ``ruled`` or ``native`` arithmetic the first is the sine of ``x
    w``, and the second 0.
    """
    if m.ruled or m.native:
        y = _sine(m, x, w, quarters)
        return y, lax.full_like(y, 0)
    sign, first, second = _signed(m, x, w, quarters, w_low, exact)
    return lax.mul(sign, first), lax.mul(sign, second)


def sin(m: Arithmetic, x: Array, w: Any = None, grows: bool = False) -> Array:
    """Sine of ``x w``, or with ``grows`` of ``x w (1 + |x|)``, within 2.2 ulp or 3.5; NaN at infinity."""
    return _sine(m, x, w, 0, grows)


def cos(m: Arithmetic, x: Array, w: Any = None, grows: bool = False) -> Array:
    """Cosine of the same angle, within 2.2 ulp; NaN at infinity."""
    return _sine(m, x, w, 1, grows)
