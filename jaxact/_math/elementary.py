"""Elementary functions: scaled exponentials that do not underflow, logarithms, tanh and arctan.

XLA's own ``exp``, ``expm1``, ``log1p`` and ``tanh`` are up to 1, 5, 2.5 and 5 ulp off on CPU and differ elsewhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxact._math import coefficients
from jaxact._math.arithmetic import SCALE, UNSCALE, Arithmetic, Pair
from jaxact._math.error_free import two_sum

_FORMAT = {  # integer type, bits of the fraction, exponent bias
    "float32": (np.int32, 23, 127),
    "float64": (np.int64, 52, 1023),
}
_LOG2_E = 1.4426950408889634
_LN2_ROUNDED = 0.6931471805599453
_LN2 = {  # ln 2 as a part whose product with a small integer is exact, and the rest
    "float32": (0.693359375, -2.12194440e-4),
    "float64": (0.6931471803691238, 1.9082149292705877e-10),
}

Function = Callable[..., Array]


def elementary(slope: Function, native: Function | None = None) -> Callable[[Function], Function]:
    """Give ``f(m, x, low=None)``, a function of ``x + low``, the variants that every arithmetic needs.

    Args:
      slope: its derivative, of the same arguments; used where the arithmetic is ``ruled``.
      native: the function of ``x`` in XLA's own functions; ``None`` for the same formula.
    """

    def decorate(raw: Function) -> Function:
        @functools.cache
        def with_rule(m: Arithmetic) -> Function:
            f = jax.custom_jvp(lambda *parts: raw(m, *parts))

            @f.defjvp
            def _(primals: Any, tangents: Any) -> Any:
                along = tangents[0] if len(tangents) == 1 else tangents[0] + tangents[1]
                return f(*primals), slope(m, *primals) * along

            return f

        @functools.wraps(raw)
        def function(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
            if m.native and native is not None:
                return native(x)
            parts = (x,) if low is None else (x, low)
            return with_rule(m)(*parts) if m.ruled and not m.native else raw(m, *parts)

        return function

    return decorate


# Exponentials


def reduce(m: Arithmetic, x: Array, low: Array | None = None) -> tuple[Array, Array, Array]:
    """``n``, ``r`` and ``r_low`` with ``x + low = n ln 2 + r + r_low``, ``n`` an integer, ``|r| < 0.35``."""
    n, n_float = _multiples_of_ln2(m, x)
    high_ln2, low_ln2 = map(m.dtype.type, _LN2[m.dtype.name])
    return n, lax.sub(x, lax.mul(n_float, high_ln2)), m.sum_of(lax.mul(n_float, -low_ln2), low)


def _multiples_of_ln2(m: Arithmetic, x: Array) -> tuple[Array, Array]:
    """``x / ln 2`` rounded to an integer, and that as a float."""
    integer, bits, _ = _FORMAT[m.dtype.name]
    number = m.dtype.type
    quotient = lax.mul(x, number(_LOG2_E))
    # Adding 1.5 * 2^bits leaves an integer in the lowest bits; a conversion would have to guard against NaN.
    middle = number(1.5 * 2**bits)
    n_float = quotient if m.bare else lax.round(quotient, lax.RoundingMethod.TO_NEAREST_EVEN)
    n = lax.sub(lax.bitcast_convert_type(lax.add(n_float, middle), integer), middle.view(integer))
    if m.bare:  # the sum has rounded it; some kernel languages have no rounding operation
        n_float = lax.convert_element_type(n, m.dtype)
    return n, n_float


def power_of_two(m: Arithmetic, n: Array) -> Array:
    """2^n for integers n up to the exponent of the largest number; 0 for n = -127 (float64: -1023)."""
    integer, bits, bias = _FORMAT[m.dtype.name]
    return lax.bitcast_convert_type(lax.shift_left(lax.add(n, integer(bias)), integer(bits)), m.dtype)


def normalizer(m: Arithmetic, x: Array) -> Array:
    """The power of two whose product with a positive normal ``x`` is from 2 to 4; ``1 / x`` in Taylor mode."""
    if m.native:
        return 1 / x
    integer, bits, bias = _FORMAT[m.dtype.name]
    top = integer((2 * bias + 1) << bits)
    return lax.bitcast_convert_type(top - (lax.bitcast_convert_type(x, integer) & top), m.dtype)


def rounded_exp(m: Arithmetic, x: Array, low: Array | None = None, power: Any = 0) -> Array:
    """``2^power e^(x + low)``, a normal number, within 1 ulp. Not to be differentiated."""
    if m.native:
        return jnp.exp(x) * 2.0**power
    n, r, r_low = reduce(m, x, low)
    scale = power_of_two(m, lax.add(n, lax.convert_element_type(power, n.dtype)))
    return lax.mul(scale, lax.add(_exp_rest(m, lax.add(r, r_low)), m.number(1)))


def _exp_rest(m: Arithmetic, r: Array) -> Array:
    """``e^r - 1`` for ``|r| < 0.35``."""
    return lax.add(r, lax.mul(lax.mul(r, r), estrin(m, r, m.table(coefficients.EXP))))


def estrin(m: Arithmetic, x: Array, powers: tuple[float, ...]) -> Array:
    """Polynomial by Estrin's scheme, highest power first: a shorter chain of operations than Horner's."""
    terms: list[Any] = [m.number(c) for c in powers[::-1]]
    while len(terms) > 1:
        if len(terms) % 2:  # an odd last coefficient joins its neighbour
            *terms, low, high = terms
            terms.append(lax.add(lax.mul(x, high), low))
        terms = [lax.add(lax.mul(x, b), a) for a, b in zip(terms[::2], terms[1::2], strict=True)]
        x = lax.mul(x, x)
    return terms[0]


def exp_parts(m: Arithmetic, x: Array, low: Array | None = None, power: int = 64) -> tuple[Array, Array | None]:
    """``2^power e^(x + low)``, a normal number, as ``scale (1 + rest)``, for :func:`times`. Not to be differentiated.

    The scale is a power of two and ``|rest| < 0.42``: the pair has three more bits than a rounded exponential.
    """
    if not m.compensated:
        return rounded_exp(m, x, low, power), None
    n, r, r_low = reduce(m, x, low)
    return power_of_two(m, n + power), _exp_rest(m, r + r_low)


def times(parts: tuple[Array, Array | None], factor: Any = 1) -> Array:
    """``factor scale (1 + rest)`` of what :func:`exp_parts` gives."""
    scale, rest = parts
    return scale * (factor if rest is None else factor + factor * rest)


def _scaled_exp(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    return scaled_exp(m, x, low)


@elementary(_scaled_exp, native=lambda x: jnp.exp(x) * SCALE)
def scaled_exp(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """``2^64 e^(x + low)`` for ``x`` from minus the limit to 40, within 0.9 ulp; multiply by ``UNSCALE`` last."""
    return rounded_exp(m, x, low, 64)


def exp(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """``e^(x + low)`` for ``x <= 40``, within 0.9 ulp; 0 where it underflows."""
    return scaled_exp(m, m.maximum(x, -m.limits.vanish), low) * UNSCALE


def times_tail(m: Arithmetic, x: Array, up: Array, t: Array) -> Array:
    """``2^-64 x up`` for ``up = 2^64 e^t`` and ``t <= 0``; 0 where ``t`` is beyond the limit, for any ``x``."""
    far = t < -60  # up is so small there that x up cannot overflow; a tiny x gives 0
    x = m.where(t > -m.limits.vanish, x, m.clip(x, -1, 1))
    return m.where(far, x * UNSCALE, x) * m.where(far, up, up * UNSCALE)


def times_exp(m: Arithmetic, factor: Array, x: Array, low: Array | None = None) -> Array:
    """``factor e^(x + low)`` for ``x <= 40`` and any factor, accurate also where the exponential underflows."""
    return times_tail(m, factor, scaled_exp(m, m.maximum(x, -m.limits.vanish), low), x)


@elementary(lambda m, x: exp(m, x), native=jnp.expm1)
def expm1(m: Arithmetic, x: Array) -> Array:
    """``e^x - 1`` for ``x <= 40``, within 1.3 ulp."""
    x = m.maximum(x, -m.limits.vanish / 2)
    n, r, r_low = reduce(m, x)
    scale = power_of_two(m, n)
    r = r + r_low
    return scale * (r * m.polynomial(r, (*m.table(coefficients.EXP), 1.0))) + (scale - 1)


def exp_and_expm1(m: Arithmetic, x: Array, power: int = 0) -> tuple[Array, Array]:
    """``2^power e^x``, a normal number, and ``e^x - 1``, from one argument reduction. Not to be differentiated."""
    if m.native:
        return jnp.exp(x) * 2.0**power, jnp.expm1(x)
    n, r, r_low = reduce(m, x)
    up = power_of_two(m, n + power)
    r = r + r_low
    rest, scale = r * m.polynomial(r, (*m.table(coefficients.EXP), 1.0)), up * 2.0**-power
    return up + up * rest, scale * rest + (scale - 1)


def decay_parts(m: Arithmetic, w: Array) -> tuple[Array, Array]:
    """``n`` and ``d`` with ``1 - e^-w = w n / d``, for ``w`` from 0 to where that is 1, :func:`decay_limit`."""
    _, above, below = m.table(coefficients.DECAY)
    return m.polynomial(w, above), m.polynomial(w, below)


def decay_limit(m: Arithmetic) -> float:
    """The ``w`` above which ``1 - e^-w`` is 1."""
    return m.table(coefficients.DECAY)[0]


def exp_of_exp(m: Arithmetic, x: Array, k: int = 1, plus: Array | float = 0, power: int = 0) -> tuple[Array, Array]:
    """``2^power e^(plus - k e^x)`` for ``k`` of 1 or 2, and ``e^x``, normal numbers. Not to be differentiated."""
    if not m.compensated:
        v = rounded_exp(m, x)
        return rounded_exp(m, plus - k * v, power=power), v
    # A relative rounding error of v = e^x becomes v times as large in e^-v. So the exponent is reduced to n ln 2 + s
    # from the unrounded terms of v: a power of two, its product with r, and its product with the rest. The first sums
    # are exact.
    n_inner, r, r_low = reduce(m, x)
    scale, total = power_of_two(m, n_inner), r + r_low
    powers = m.table(coefficients.EXP)
    square = total * total
    rest = r_low + square * estrin(m, total, powers)
    v = scale * (1 + (r + rest))
    n, n_float = _multiples_of_ln2(m, plus - k * v)
    high_ln2, low_ln2 = _LN2[m.dtype.name]
    scale = k * scale
    s = ((-n_float * high_ln2 - scale) - scale * r) + plus
    if m.name == "float64":  # where v is up to 750, and half the square is not exact enough
        high, low = m.square(total, 0.5)
        lost = (r - total) + r_low
        s = s - scale * high
        rest = r_low + (m.sum_of(total * lost, low) + square * estrin(m, total, (*powers[:-1], powers[-1] - 0.5)))
    s = s - (scale * rest + n_float * low_ln2)
    return power_of_two(m, n + power) * (1 + _exp_rest(m, s)), v


def exp_and_loss(m: Arithmetic, x: Array) -> Pair:
    """``e^x`` for ``|x| <= 40`` and its rounding error, as the argument of another exponential."""
    if not m.compensated:
        return exp(m, x), None
    n, r, r_low = reduce(m, lax.stop_gradient(x) if m.ruled else x)
    scale = power_of_two(m, n)
    total = r + r_low
    # Half the square in two parts, so that what is rounded is the small rest of the series.
    high, low = m.square(total, 0.5)
    rest = m.sum_of(total * total * total * m.polynomial(total, m.table(coefficients.EXP_CUBIC)), low)
    rounded = 1 + (total + (high + rest))
    e = scale * rounded
    if m.ruled:  # the same up to the last bit
        e = exp(m, x)
        rounded = lax.stop_gradient(e) * power_of_two(m, -n)
    lost = ((r - total) + r_low) * rounded
    return e, scale * ((((1 - rounded) + total) + high) + (rest + lost))


def sqrt(m: Arithmetic, x: Array) -> Array:
    """Square root of normal ``x``, of 0 and of infinity."""
    if m.native or not m.bare:
        return lax.sqrt(x)
    # Some kernel languages have no root. Halve the exponent, then Newton's method, which doubles the digits in each
    # step.
    integer, bits, bias = _FORMAT[m.dtype.name]
    pattern = lax.bitcast_convert_type(x, integer)
    root = lax.bitcast_convert_type((pattern >> integer(1)) + integer(bias << (bits - 1)), m.dtype)
    for _ in range(4 if bits < 30 else 5):
        root = 0.5 * (root + x / root)
    return m.where((x > 0) & (x < np.inf), root, x)


# Logarithms


def log1p_over(m: Arithmetic, e: Array) -> Array:
    """``log(1 + e) / e`` for ``e`` in [0, 1]."""
    return m.polynomial(e, m.table(coefficients.LOG1P))


def _exponent_and_fraction(m: Arithmetic, x: Array) -> tuple[Array, Array]:
    """``n``, an integer as a float, and ``f`` in [0, 1) with ``x = 2^n (1 + f)``, for positive normal ``x``."""
    integer, bits, bias = _FORMAT[m.dtype.name]
    pattern = lax.bitcast_convert_type(x, integer)
    n = lax.convert_element_type((pattern >> integer(bits)) - integer(bias), m.dtype)
    return n, lax.bitcast_convert_type((pattern & integer(2**bits - 1)) | integer(bias << bits), m.dtype) - 1


def log(m: Arithmetic, x: Array, power: int = 0) -> Array:
    """``log(2^power x)`` for normal ``x`` and a result that is not negative. Not to be differentiated."""
    if m.native:
        return jnp.log(x) + power * _LN2_ROUNDED
    n, fraction = _exponent_and_fraction(m, x)
    n = n + power
    high_ln2, low_ln2 = _LN2[m.dtype.name]
    return n * high_ln2 + (fraction * log1p_over(m, fraction) + n * low_ln2)


def log_parts(m: Arithmetic, x: Array) -> Pair:
    """``log(x)`` for positive normal ``x`` as a sum of two numbers."""
    if not m.compensated:
        return _log_high(m, x), None
    low = _log_parts(m, x)[1]
    return _log_high(m, x), lax.stop_gradient(low) if m.ruled else low


@elementary(lambda m, x: 1 / x, native=jnp.log)
def _log_high(m: Arithmetic, x: Array) -> Array:
    return _log_parts(m, x)[0]


def _log_parts(m: Arithmetic, x: Array) -> tuple[Array, Array]:
    n, f = _exponent_and_fraction(m, x)
    # log(x) = n ln 2 + f - f^2 / 2 + ...; just below 1 the first terms cancel, so they are added without rounding.
    high_ln2, low_ln2 = _LN2[m.dtype.name]
    square, square_low = m.full().square(f, 0.5)
    total, lost = two_sum(n * high_ln2, f)
    total, lost_again = two_sum(total, -square)
    rest = f * (f * f) * m.polynomial(f, m.table(coefficients.LOG1P_CUBIC)) - square_low  # type: ignore[operator]
    return two_sum(total, (lost + lost_again) + (rest + n * low_ln2))


@elementary(lambda m, x: 1 / (1 + x), native=jnp.log1p)
def log1p(m: Arithmetic, x: Array) -> Array:
    """``log(1 + x)`` for ``x >= 0``, within 1.5 ulp."""
    # From the fraction of 1 + x; where 1 + x rounds to x, from x itself, which is more accurate.
    exponent, fraction = _exponent_and_fraction(m, 1 + x)
    near = x < 1
    n, f = m.where(near, 0, exponent), m.where(near, x, fraction)
    high_ln2, low_ln2 = _LN2[m.dtype.name]
    ratio = m.polynomial(f, (*m.table(coefficients.LOG1P)[:-1], 1.0))  # 1 at 0, else the smallest number would become 0
    return m.where(x < np.inf, n * high_ln2 + (f * ratio + n * low_ln2), x)


# Hyperbolic tangent


def _tanh_curvature(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    z = m.clamped(-2 * m.magnitude(x))
    up = scaled_exp(m, z, None if low is None else 2 * m.mirrored(low, x))  # type: ignore[operator]
    q = m.used_twice(1 / (1 + up * UNSCALE))
    return m.where(x < 0, -8.0, 8.0) * expm1(m, z) * q * (up * q * q) * UNSCALE


@elementary(lambda m, x, low=None: _tanh_curvature(m, x, low) * SCALE)
def scaled_tanh_slope(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """``2^64`` times the slope of tanh."""
    low = None if low is None else 2 * m.mirrored(low, x)  # type: ignore[operator]
    up = rounded_exp(m, m.maximum(-2 * lax.abs(x), -m.limits.vanish), low, power=66)
    e4 = up * UNSCALE  # 4 e^(-2 |x|)
    return up / (1 + e4 * (0.5 + e4 / 16))


@elementary(_tanh_curvature)
def tanh_slope(m: Arithmetic, x: Array, low: Array | None = None) -> Array:
    """Slope of tanh, 1 less its square."""
    if low is not None:
        low = 2 * m.mirrored(low, x)  # type: ignore[operator]
    e4 = rounded_exp(m, m.maximum(-2 * lax.abs(x), -m.limits.exp - 1.38), low, power=2)  # 4 e^(-2 |x|)
    return e4 / (1 + e4 * (0.5 + e4 / 16))


@elementary(lambda m, x: tanh_slope(m, x), native=jnp.tanh)
def tanh(m: Arithmetic, x: Array) -> Array:
    """Hyperbolic tangent, within 2.6 ulp."""
    z = m.clip(x, -m.limits.tanh, m.limits.tanh)
    return z * tanh_over(m, z * z)


def tanh_over(m: Arithmetic, square: Array) -> Array:
    """``tanh(x) / x`` as a function of ``x^2``, for ``|x|`` up to the limit of tanh."""
    # With y = x q = 2 tanh(x / 2), where q is a rational function, tanh(x) = y / (1 + y^2 / 4). For large x, y is close
    # to 2, where this quotient has its maximum, so an error of q has little effect.
    above, below = (m.polynomial(square, p) for p in m.table(coefficients.TANH))
    q = 1 - square * (above / below)
    return 4 * q / (4 + square * (q * q))


def tanh_rest(m: Arithmetic, x: Array) -> Array:
    """``x - tanh(x)``."""
    square = x * x
    above, below = (m.polynomial(square, p) for p in m.table(coefficients.TANH_SHRINK))
    return x * square * (above / below)


def tanh_parts(m: Arithmetic, square: Array) -> tuple[Array, Array, Array]:
    """``p``, ``q`` and ``d`` with ``tanh(r) = r p / d`` and ``1 / cosh(r) = q / d``, of ``r^2``.

    Valid for ``r`` up to where tanh is 1 and a little beyond. With ``t = tanh(r / 2)``, a quotient of polynomials, they
    are ``2 t / (1 + t^2)`` and ``(1 - t^2) / (1 + t^2)``.
    """
    above, below = (m.polynomial(square, p) for p in m.table(coefficients.TANH))
    c = below - square * above  # t = r c / (2 below)
    b, c_square = below * below, square * (c * c) / 4
    return c * below, b - c_square, b + c_square


def tanh_excess(m: Arithmetic, square: Array) -> Array:
    """``(p d - q^2) / r^2`` of :func:`tanh_parts`: ``tanh(r) / r - 1 / cosh(r)^2 = r^2 excess / d^2``."""
    above, below = (m.polynomial(square, p) for p in m.table(coefficients.TANH))
    c, b = below - square * above, below * below
    c_square = c * c / 4
    return c_square * (c * below + (b - square * c_square) + b) - b * below * above


def with_sign(m: Arithmetic, size: Array, x: Array) -> Array:
    """``size`` with the sign of ``x``; -0 counts as negative."""
    if m.native:
        return m.where(x < 0, -size, size)
    integer, *_ = _FORMAT[m.dtype.name]
    sign = np.array(-0.0, m.dtype).view(integer)[()]
    patterns = [lax.bitcast_convert_type(a, integer) for a in (size, x)]
    return lax.bitcast_convert_type((patterns[0] & ~sign) | (patterns[1] & sign), m.dtype)


@elementary(lambda m, x: 1 / (1 + x * x))  # Taylor mode has no rule for XLA's
def arctan(m: Arithmetic, x: Array) -> Array:
    """Arctangent, within 2 ulp."""
    size = lax.abs(x)
    z = m.used_twice(m.where(size > 1, -1, size) / m.maximum(size, 1))
    square = z * z
    y = z + z * (square * m.polynomial(square, m.table(coefficients.ARCTAN)[:-1]))  # the last is 1
    return with_sign(m, m.where(size > 1, coefficients.HALF_PI[0], 0) + y, x)


# x / sqrt(1 + a x^2)


def inverse_root(m: Arithmetic, x: Array, a: Array) -> Array:
    """``x / sqrt(1 + a x^2)`` for positive ``a``."""
    size, square = _fraction(m, x, a)
    return size / sqrt(m, square)


def inverse_root_slope(m: Arithmetic, x: Array, a: Array) -> Array:
    """Slope of ``x / sqrt(1 + a x^2)``: the cube of ``1 / sqrt(1 + a x^2)``."""
    square = 1 + (a * x) * x
    return 1 / (square * sqrt(m, square))


def inverse_root_curvature(m: Arithmetic, x: Array, a: Array) -> Array:
    """Curvature of ``x / sqrt(1 + a x^2)``."""
    x = m.squarable(x, a)
    q = _reciprocal_root(m, x, a)
    return -3 * (x * q) * (a * q) * (q * q * q)


def inverse_root_mixed(m: Arithmetic, x: Array, a: Array) -> Array:
    """Derivative in ``x`` and ``a`` of ``x / sqrt(1 + a x^2)``."""
    y, q = inverse_root(m, x, a), _reciprocal_root(m, x, a)
    return -1.5 * (y * q) * (y * q) * q


def inverse_root_parameter_slope(m: Arithmetic, x: Array, a: Array) -> Array:
    """Derivative in ``a`` of ``x / sqrt(1 + a x^2)``: minus half its cube."""
    size, square = _fraction(m, x, a)
    return -0.5 * (size / sqrt(m, square)) * (size * (size / square))


def _fraction(m: Arithmetic, x: Array, a: Array) -> tuple[Array, Array]:
    """Numerator and squared denominator of ``x / sqrt(1 + a x^2)``; where the square overflows, those of the limit."""
    if not isinstance(a, Array):
        bound = 2.0**30 / float(a) ** 0.5
        x = m.clip(x, -bound, bound)
        return x, 1 + (a * x) * x
    p = (a * x) * x
    far = p > 2.0**60
    return m.where(far, m.where(x < 0, -1, 1), x), m.where(far, a, 1 + p)


def _reciprocal_root(m: Arithmetic, x: Array, a: Array) -> Array:
    return m.used_twice(1 / sqrt(m, 1 + (a * x) * x))
