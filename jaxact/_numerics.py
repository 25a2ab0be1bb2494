"""Stable building blocks: exponentials that keep their accuracy in the tails, and the few sums that need care.

Everything is made of additions, multiplications, divisions and operations on bits, so it gives the same on every
backend, up to contraction to fused multiply-adds, which nothing here relies on. XLA's own ``exp``, ``expm1``, ``log1p``
and ``tanh`` are up to 1, 5, 2.5 and 5 ulp off on CPU and differ elsewhere. Polynomials are
minimax ones, of ``_coefficients``.

All functions take and return float32 or float64. Those that look at bits have a derivative of their own. For a result
that is rounded to a half precision in the end, 2^-19 is exact enough: polynomials have fewer terms there, and sums of
two numbers no second; see :func:`jaxact._derivative.few_bits_do`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _coefficients as coefficients
from jaxact._derivative import differentiable, few_bits_do, is_plain

# Results of e^x times a polynomial in x are normal numbers further down than e^x is. The exponential is therefore
# carried 2^64 times too large, and what is made of it is brought down at the end.
UP = 2.0**64
DOWN = 2.0**-64

_LOG2_E = 1.4426950408889634
_LN2_ROUNDED = 0.6931471805599453
_LN2 = {  # ln 2 as a part whose product with a small integer is exact, and the rest
    "float32": (0.693359375, -2.12194440e-4),
    "float64": (0.6931471803691238, 1.9082149292705877e-10),
}
_FORMAT = {  # integer type, bits of the fraction, exponent bias
    "float32": (np.int32, 23, 127),
    "float64": (np.int64, 52, 1023),
}
_UPPER_HALF = {"float32": np.uint32(0xFFFFF000), "float64": np.uint64(0xFFFFFFFFF8000000)}
_LIMIT = {"float32": 112.0, "float64": 750.0}
_EXP_LIMIT = {"float32": 88.0, "float64": 709.0}

_ROOT_2, _ = coefficients.ROOT_2
_ONE_LIMIT = {"float32": 20.0, "float64": 40.0}
_NORMAL_LIMIT = {"float32": 15.0, "float64": 38.7}


# Operators of arrays and functions of jax.numpy take several times as long to trace as those of lax, and tracing is a
# good part of what a first call takes. So what most formulas are made of is in terms of lax.


def polynomial(x: Array, powers: tuple[float, ...]) -> Array:
    """Polynomial by Horner's rule, highest power first."""
    total, *rest = map(x.dtype.type, powers)
    for c in rest:
        total = lax.add(lax.mul(total, x), c)
    return total


def where(condition: Array, a: Array | float, b: Array | float) -> Array:
    """``a`` where the condition holds, else ``b``: arrays of its shape, or one of them a number."""
    dtype = a.dtype if isinstance(a, Array) else b.dtype  # type: ignore[union-attr]
    of_array = (c if isinstance(c, Array) else lax.full(condition.shape, c, dtype) for c in (a, b))
    return lax.select(condition, *of_array)


def clip(x: Array, low: float, high: float) -> Array:
    """``x``, but no further out than these bounds."""
    return lax.clamp(x.dtype.type(low), x, x.dtype.type(high))


def at_least(x: Array, bound: float) -> Array:
    """The larger one."""
    return lax.max(x, x.dtype.type(bound))


def at_most(x: Array, bound: float) -> Array:
    """The smaller one."""
    return lax.min(x, x.dtype.type(bound))


def sum_of(high: Array, low: Array | None) -> Array:
    """A sum of two numbers, of which there may be but one."""
    return high if low is None else lax.add(high, low)


def whole(scale: Array, rest: Array | None, factor: Array | float | None = None) -> Array:
    """``factor scale (1 + rest)`` of what :func:`exp_parts` gives."""
    if factor is None:
        return scale if rest is None else scale + scale * rest
    return scale * (factor if rest is None else factor + factor * rest)


def shared(q: Array) -> Array:
    """``q``, a quotient or root that is used more than once.

    XLA for CPU cuts a loop at an operation that is expensive and has several users, and stores what is at hand. It does
    not at a clamp.
    """
    infinity = q.dtype.type(np.inf)
    return lax.clamp(-infinity, q, infinity)


def magnitude(x: Array) -> Array:
    """``|x|``, differentiable on either side of 0, and from the right at 0."""
    return where(x < 0, -x, x)


def limit(x: Array) -> float:
    """Where ``x e^-x`` is 0 for good."""
    return _LIMIT[x.dtype.name]


def exp_limit(x: Array) -> float:
    """Where :func:`rounded_exp` makes 0 of ``-x``, and 1 further infinity of ``x``."""
    return _EXP_LIMIT[x.dtype.name]


def one_limit(x: Array) -> float:
    """From where on ``1 + e^-x`` is 1."""
    return _ONE_LIMIT[x.dtype.name]


def clamped(x: Array) -> Array:
    """``x``, but no further out than :func:`limit`, so that infinities need no care; NaN stays NaN."""
    return clip(x, -limit(x), limit(x))


def minimax(x: Array, polynomials: Mapping[str, Any]) -> Any:
    """Entry of a table of ``_coefficients`` for the dtype of ``x``."""
    return polynomials["half" if few_bits_do() else x.dtype.name]


def reduce(x: Array, low: Array | None = None) -> tuple[Array, Array, Array]:
    """``n``, ``r`` and ``r_low`` with ``x + low = n ln 2 + r + r_low``, ``n`` an integer, ``|r| < 0.35``."""
    integer, bits, _ = _FORMAT[x.dtype.name]
    number = x.dtype.type
    n_float = lax.round(lax.mul(x, number(_LOG2_E)), lax.RoundingMethod.TO_NEAREST_EVEN)
    # Adding 1.5 * 2^bits leaves an integer in the lowest bits; a conversion would have to guard against NaN.
    middle = number(1.5 * 2**bits)
    n = lax.sub(lax.bitcast_convert_type(lax.add(n_float, middle), integer), middle.view(integer))
    high_ln2, low_ln2 = map(number, _LN2[x.dtype.name])
    return n, lax.sub(x, lax.mul(n_float, high_ln2)), sum_of(lax.mul(n_float, -low_ln2), low)


def power_of_two(n: Array, dtype: jnp.dtype) -> Array:
    """2^n for integers n from -127 (float64: -1023), which gives 0, up to the exponent of the largest number."""
    integer, bits, bias = _FORMAT[dtype.name]
    return lax.bitcast_convert_type(lax.shift_left(lax.add(n, integer(bias)), integer(bits)), dtype)


def exp_up_parts(x: Array, low: Array | None = None) -> tuple[Array, Array | None]:
    """:func:`exp_up` in two parts. Not to be differentiated."""
    return exp_parts(x, low, 64)


def exp_parts(x: Array, low: Array | None = None, power: int = 0) -> tuple[Array, Array | None]:
    """``2^power e^(x + low)``, a normal number, as ``scale (1 + rest)``, for :func:`whole`. Not to be differentiated.

    The scale is a power of two, ``|rest| < 0.42``, and what is missing is the rounding of their sum.
    """
    if is_plain():
        return jnp.exp(sum_of(x, low)) * 2.0**power, None
    if few_bits_do():
        return rounded_exp(x, low, power), None
    n, r, r_low = reduce(x, low)
    r = r + r_low
    return power_of_two(n + power, x.dtype), r + r * r * polynomial(r, minimax(x, coefficients.EXP))


def rounded_exp(x: Array, low: Array | None = None, power: ArrayLike = 0) -> Array:
    """:func:`exp_parts` as one number, within 1 ulp. Not to be differentiated."""
    if is_plain():
        return jnp.exp(sum_of(x, low)) * 2.0**power
    n, r, r_low = reduce(x, low)
    scale = power_of_two(lax.add(n, lax.convert_element_type(power, n.dtype)), x.dtype)
    return lax.mul(scale, polynomial(lax.add(r, r_low), (*minimax(x, coefficients.EXP), 1.0, 1.0)))


def _exp_up(x: Array, low: Array | None = None) -> Array:
    return rounded_exp(x, low, 64)


def _expm1(x: Array) -> Array:
    if is_plain():
        return jnp.expm1(x)
    x = at_least(x, -limit(x) / 2)
    n, r, r_low = reduce(x)
    scale = power_of_two(n, x.dtype)
    r = r + r_low
    return scale * (r * polynomial(r, (*minimax(x, coefficients.EXP), 1.0))) + (scale - 1)


def _of_a_sum(value: Callable[..., Array], slope: Callable[..., Array]) -> Callable[..., Array]:
    """``value(x, low)``, differentiable at ``x + low``, whether there is a ``low`` or not."""
    of_one, of_two = differentiable(value, slope), differentiable(value, slope, slope)
    return lambda x, low=None: of_one(x) if low is None else of_two(x, low)


exp_up = _of_a_sum(_exp_up, lambda x, low=None: exp_up(x, low))
"""``2^64 e^(x + low)`` for clamped ``x <= 0`` and ``low`` a correction far below ``x``, within 0.9 ulp."""


def exp(x: Array, low: Array | None = None) -> Array:
    """``e^(x + low)`` for ``x <= 0``, likewise; 0 where it is no normal number."""
    return exp_up(at_least(x, -limit(x)), low) * DOWN


expm1 = differentiable(_expm1, lambda x: exp(x))
"""``e^x - 1`` for ``x <= 0``, within 1.3 ulp."""


def log1p_over(e: Array) -> Array:
    """``log(1 + e) / e`` for ``e`` in [0, 1]."""
    return polynomial(e, minimax(e, coefficients.LOG1P))


def log(x: Array, power: int = 0) -> Array:
    """``log(2^power x)`` for normal ``x`` and a result that is not negative. Not to be differentiated."""
    if is_plain():
        return jnp.log(x) + power * _LN2_ROUNDED
    integer, bits, bias = _FORMAT[x.dtype.name]
    pattern = lax.bitcast_convert_type(x, integer)
    n = ((pattern >> integer(bits)) + integer(power - bias)).astype(x.dtype)
    fraction = lax.bitcast_convert_type((pattern & integer(2**bits - 1)) | integer(bias << bits), x.dtype) - 1
    high_ln2, low_ln2 = _LN2[x.dtype.name]
    return n * high_ln2 + (fraction * log1p_over(fraction) + n * low_ln2)


def two_product(a: Array, b: Array) -> tuple[Array, Array | None]:
    """``a b`` and the error of its rounding, which is taken for 0 where the product is beyond :func:`limit`."""
    p = a * b
    if few_bits_do():
        return p, None
    # Half the bits of a number near the smallest are no normal number.
    small, large = lax.abs(b) < 2.0**-60, lax.abs(b) > 2.0**60
    up = jnp.where(small, UP, jnp.where(large, DOWN, 1))
    down = jnp.where(small, DOWN, jnp.where(large, UP, 1))
    return p, _within_limit(p, product_error(a * down, b * up, p))


def two_quotient(a: Array, b: Array) -> tuple[Array, Array | None]:
    """``a / b`` and what its rounding lost, which is taken for 0 where the quotient is beyond :func:`limit`."""
    q = a / b
    if few_bits_do():
        return q, None
    p = q * b
    return q, _within_limit(q, ((a - p) - product_error(q, b, p)) / b)


def product_error(a: Array, b: Array, p: Array) -> Array:
    """What rounding ``a b`` to ``p`` lost."""
    return lost_product(split(a), split(b), p)


def lost_product(a: Iterable[Array], b: Iterable[Array], p: Array) -> Array:
    """The same, for factors as their halves."""
    (a_high, a_low), (b_high, b_low) = a, b
    total = lax.sub(lax.mul(a_high, b_high), p)
    for one, other in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):  # in this order each sum is exact
        total = lax.add(total, lax.mul(one, other))
    return total


def _within_limit(x: Array, low: Array) -> Array:
    return lax.stop_gradient(jnp.where(lax.abs(x) < limit(x), low, 0))


def split(x: Array) -> tuple[Array, Array]:
    """``x`` as the sum of two numbers of half its bits, whose products are exact."""
    if is_plain():
        return x, jnp.zeros_like(x)
    mask = _UPPER_HALF[x.dtype.name]
    high = lax.bitcast_convert_type(lax.bitwise_and(lax.bitcast_convert_type(x, mask.dtype), mask), x.dtype)
    return high, lax.sub(x, high)


def split_constant(value: float, lost: float, x: Array) -> tuple[float, float]:
    """``value + lost`` as a number of half the bits of the dtype of ``x``, and the rest."""
    mask = _UPPER_HALF[x.dtype.name]
    high = float((np.asarray(value, x.dtype).view(mask.dtype) & mask).view(x.dtype))
    return high, (value - high) + lost


def rounded_constant(value: float, lost: float, x: Array) -> tuple[float, float]:
    """``value + lost`` as a number of the dtype of ``x``, and the rest."""
    high = float(np.asarray(value, x.dtype))
    return high, (value - high) + lost


# The sigmoid, and x times it, which is what SiLU, Swish and two of the GELUs are. Arguments may be sums of two numbers.


def negated(low: Array | None) -> Array | None:
    """``-low``, if there is one."""
    return None if low is None else -low


def mirrored(low: Array | None, x: Array) -> Array | None:
    """``low`` of an argument ``x``, for ``-|x|``."""
    return None if low is None else where(x < 0, low, -low)


def _sigmoid(x: Array, low: Array | None = None) -> Array:
    return 1 / (1 + rounded_exp(clip(-x, -exp_limit(x), exp_limit(x) + 1), negated(low)))


def _sigmoid_slope(x: Array, low: Array | None = None) -> Array:
    e = rounded_exp(at_least(-lax.abs(x), -exp_limit(x)), mirrored(low, x))
    return e / (1 + e * (2 + e))


def _sigmoid_curvature(x: Array, low: Array | None = None) -> Array:
    z = -magnitude(x)
    e = exp(z, mirrored(low, x))
    q = 1 / (1 + e)
    return where(x < 0, -q, q) * expm1(z) * (e * q * q)


sigmoid_slope = _of_a_sum(_sigmoid_slope, _sigmoid_curvature)
"""Slope of the logistic function at ``x + low``."""

sigmoid = _of_a_sum(_sigmoid, sigmoid_slope)
"""Logistic function of ``x + low``."""


def times_sigmoid(x: Array, z: Array, low: Array | None = None) -> Array:
    """``x sigma(z + low)``; ``x`` must be finite where ``z`` is far below 0. Not to be differentiated."""
    far = z < -60  # there 1 + e^-z is beyond the largest number before the result is below the smallest
    e = rounded_exp(clip(-z, -60, limit(z)), negated(low), jnp.where(far, -64, 0))
    down = lax.select(far, lax.full_like(z, DOWN), lax.full_like(z, 1))
    return x / (down + e) * down


def sigmoid_unit(x: Array, left: float, right: float, argument: Callable[[Array], tuple[Array, Array | None]]) -> Array:
    """``x sigma(argument(x))``, which is 0 left of ``left`` and ``x`` right of ``right``. Not to be differentiated.

    The argument is a sum of two numbers.
    """
    z = clip(x, left, right)
    u, low = argument(z)
    e_down = rounded_exp(-u, negated(low), -64)
    return where(x > right, x, z / (DOWN + e_down) * DOWN)


def _silu_slope(z: Array, low: Array | None = None) -> Array:
    t = at_least(-lax.abs(z), -limit(z))
    t_low = mirrored(low, z)
    parts = exp_up_parts(t, t_low)
    e = whole(*parts) * DOWN
    left = whole(*parts, sum_of(1 + t, t_low) + e) / (1 + e * (2 + e)) * DOWN
    return where(z < 0, left, 1 - left)


def silu_curvature_up(z: Array, low: Array | None = None) -> Array:
    """Curvature of ``z sigma(z)`` at ``z + low``, times 2^64."""
    t = -magnitude(clamped(z))
    t_low = mirrored(low, z)
    up = exp_up(t, t_low)
    e = up * DOWN
    q = 1 + e
    return up * (sum_of(2 + t, t_low) + e * sum_of(2 - t, negated(t_low))) / (q * q * q)


def _silu_curvature(z: Array, low: Array | None = None) -> Array:
    return silu_curvature_up(z, low) * DOWN


silu_slope = _of_a_sum(_silu_slope, _silu_curvature)
"""Slope of ``z sigma(z)`` at ``z + low``."""


# The normal distribution, from its tails inwards, for t >= 0.


def normal_clamped(t: Array) -> Array:
    """``t``, but no further out than where ``t e^(-t^2/2)`` is 0 for good."""
    return at_most(t, _NORMAL_LIMIT[t.dtype.name])


def minus_square(t: Array, scale: float = 1.0) -> tuple[Array, Array | None]:
    """``-scale t^2`` as a sum of two numbers; ``scale`` is a power of two."""
    if few_bits_do():
        return t * t * -scale, None
    high, low = split(t)
    return high * high * -scale, low * (t + high) * -scale


def minus_half_square(t: Array) -> tuple[Array, Array | None]:
    """``-t^2 / 2`` likewise."""
    return minus_square(t, 0.5)


def normal_density_up(t: Array) -> Array:
    """``2^64 phi(t)`` for clamped ``t``."""
    return exp_up(*minus_half_square(t)) * 0.3989422804014327


def normal_centre(x: Array) -> Array:
    """``Phi(x)`` for ``|x| <= 1``. Not to be differentiated."""
    return x * polynomial(x * x, minimax(x, coefficients.NORMAL_CENTRE)) + 0.5


def normal_tail_moment(t: Array) -> Array:
    """``t Phi(-t)`` for clamped ``t >= 1``. Not to be differentiated."""
    k, (*upper, last) = minimax(t, coefficients.NORMAL_TAIL)
    parts = exp_up_parts(*minus_half_square(t))
    s = k + t
    y = 1 - t / s  # has a smaller error than k / s
    m = 1 - y
    rest_of_ratio = polynomial(y, tuple(upper))
    if not few_bits_do():
        rest_of_ratio = rest_of_ratio - 0.4 / k * ((t - s) + k)  # about what rounding s does to the result
    factor = m * last + (m * y) * rest_of_ratio
    return whole(*parts, factor) * DOWN


def erf(x: Array) -> Array:
    """Error function. Not to be differentiated."""
    t = at_most(lax.abs(x), 7) * _ROOT_2
    k, powers = minimax(t, coefficients.NORMAL_TAIL)
    y = k / (k + t)
    far = 1 - rounded_exp(t * t * -0.5) * (y * polynomial(y, powers)) * (2 / k)
    near = 2 * t * polynomial(t * t, minimax(t, coefficients.NORMAL_CENTRE))  # t P alone may be too small for a number
    return jnp.copysign(where(t < 1, near, far), x)


def arctan(x: Array) -> Array:
    """Arctangent. Not to be differentiated."""
    size = lax.abs(x)
    z = shared(jnp.where(size > 1, -1, size) / jnp.maximum(size, 1))
    square = z * z
    y = z + z * (square * polynomial(square, minimax(x, coefficients.ARCTAN)[:-1]))  # the last is 1
    return jnp.copysign(jnp.where(size > 1, coefficients.HALF_PI[0], 0) + y, x)


def normal_bend(t: Array) -> Array:
    """``Phi(-t) - t phi(t)``, the slope of the GELU at ``-t``, for clamped ``t >= 0``. Not to be differentiated."""
    k, powers = minimax(t, coefficients.NORMAL_BEND)
    ratio = polynomial(1 - t / (k + t), powers)  # 1 - t / (k + t) is exact to more digits near 0 than k / (k + t)
    root, lost = rounded_constant(*coefficients.BEND_ROOT, t)
    factor = ((root - t) + lost) * ratio
    return whole(*exp_up_parts(*minus_half_square(t)), factor) * DOWN
