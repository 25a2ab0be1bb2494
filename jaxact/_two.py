"""Arithmetic of numbers that are unevaluated sums of two floats, and calculus on formulas of such numbers.

Most compositions of activations lose a bit or two at every step, and more where terms cancel. Written in this
arithmetic, a formula keeps about 40 bits in float32 until it is rounded, once, at the end; and it is differentiated
before it is rounded, by forward mode, so that slopes, curvatures and the slopes in the parameters have the same digits.
The price is some ten operations for one, which only functions pay that would otherwise miss their bound.

Sums and products are Knuth's and Dekker's, without fused multiply-adds, which no backend promises. A Python number, or
a :class:`fractions.Fraction` where a float64 is not exact enough, may stand on either side of an operator.
"""

# The rules of a function name the function itself.
# pyright: reportGeneralTypeIssues=false, reportCallIssue=false

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxact import _coefficients as coefficients
from jaxact import _numerics as num
from jaxact._derivative import differentiable, is_plain

Scalar = int | float | Fraction


class Number:
    """What can stand in a formula: a :class:`Two`, or a :class:`Dual` over such."""

    def __add__(self, other: Any) -> Any:
        return add(self, other)

    def __mul__(self, other: Any) -> Any:
        return multiply(self, other)

    def __sub__(self, other: Any) -> Any:
        return add(self, -other)

    def __rsub__(self, other: Any) -> Any:
        return add(-self, other)

    def __truediv__(self, other: Any) -> Any:
        return multiply(self, 1 / Fraction(other)) if isinstance(other, Scalar) else divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return divide(other, self)

    def __neg__(self) -> Any:
        return multiply(self, -1)

    def __lt__(self, other: float) -> Array:
        return lax.lt(high(self), _as(self, other))

    def __le__(self, other: float) -> Array:
        return lax.le(high(self), _as(self, other))

    def __gt__(self, other: float) -> Array:
        return lax.gt(high(self), _as(self, other))

    def __ge__(self, other: float) -> Array:
        return lax.ge(high(self), _as(self, other))

    __radd__, __rmul__ = __add__, __mul__


class Two(Number):
    """``high + low``, with ``|low|`` at most half a unit in the last place of ``high``; ``None`` is a ``low`` of 0."""

    def __init__(self, high: Array, low: Array | None = None):
        self.high, self.low = high, low

    def rounded(self) -> Array:
        """The nearest float."""
        return self.high


class Dual(Number):
    """A number and its derivative along one direction, 0 if that is ``None``; levels tell nested directions apart."""

    def __init__(self, primal: Any, tangent: Any, level: int):
        self.primal, self.tangent, self.level = primal, tangent, level


def high(a: Any) -> Array:
    """The leading part of a number, to compare and to choose by."""
    while isinstance(a, Dual):
        a = a.primal
    return a.high


def _as(a: Any, c: float) -> Any:
    return high(a).dtype.type(c)


def _level(*numbers: Any) -> int:
    return max((a.level for a in numbers if isinstance(a, Dual)), default=0)


def _at(level: int, a: Any) -> tuple[Any, Any]:
    """Primal and tangent of a number in the direction of a level."""
    return (a.primal, a.tangent) if isinstance(a, Dual) and a.level == level else (a, None)


def rule(*partials: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a function of :class:`Two` its derivatives: ``partials[i](t, y, *arguments)``, linear in ``t``."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def lifted(*arguments: Any) -> Any:
            level = _level(*arguments)
            if not level:
                return function(*arguments)
            primals, tangents = zip(*(_at(level, a) for a in arguments), strict=True)
            y = lifted(*primals)
            total = None
            for partial, t in zip(partials, tangents, strict=True):
                if t is not None:
                    term = partial(t, y, *primals)
                    total = term if total is None else add(total, term)
            return Dual(y, total, level)

        return lifted

    return decorate


def _parts(c: Scalar, dtype: Any) -> tuple[Any, Any]:
    """A constant as the sum of two numbers of the dtype."""
    if abs(c) > float(jnp.finfo(dtype).max):
        return dtype.type(math.copysign(math.inf, c)), dtype.type(0)
    first = dtype.type(float(c))
    return first, dtype.type(float(Fraction(c) - Fraction(float(first))))


def _rounded(p: Array) -> Array:
    """A product that compilers must round: as the result of a clamp it is not contracted with a sum to a fused one."""
    largest = p.dtype.type(jnp.finfo(p.dtype).max)
    return lax.clamp(-largest, p, largest)


def _kept(p: Array, low: Array) -> Array:
    """What was lost in ``p``, taken for -0, which adds to any zero, where parts of a product under- or overflow."""
    least, largest = {"float32": (2.0**-98, 2.0**126), "float64": (2.0**-960, 2.0**1022)}[p.dtype.name]
    least, largest = p.dtype.type(least), p.dtype.type(largest)
    size = lax.abs(p)
    return lax.select(lax.bitwise_and(lax.gt(size, least), lax.lt(size, largest)), low, lax.full_like(low, -0.0))


def _finite(p: Array, low: Array) -> Array:
    """``low``, taken for 0 where ``p`` overflows, or what overflows in it could turn the sign of the whole."""
    largest = p.dtype.type({"float32": 2.0**126, "float64": 2.0**1022}[p.dtype.name])
    return lax.select(lax.lt(lax.abs(p), largest), low, lax.full_like(low, -0.0))


def _normal(total: Array, low: Array) -> Two:
    """The sum of two numbers, the first the larger."""
    first = lax.add(total, low)
    return Two(first, lax.sub(low, lax.sub(first, total)))


def two_sum(a: Array, b: Array | float) -> tuple[Array, Array]:
    """Rounded sum, and what the rounding lost. ``a`` must not be a constant, or XLA folds what was lost to 0."""
    total = lax.add(a, b)
    back = lax.sub(total, a)
    return total, lax.add(lax.sub(a, lax.sub(total, back)), lax.sub(b, back))


@rule(lambda t, y, a, b: t, lambda t, y, a, b: t)
def add(a: Any, b: Any) -> Any:
    """Sum."""
    if isinstance(a, Scalar):
        a, b = b, a
    if isinstance(a, Scalar):
        return a + b
    if isinstance(b, Scalar):
        if b == 0:
            return a
        b_high, b_low = _parts(b, a.high.dtype)
    else:
        b_high, b_low = b.high, b.low
    total, low = two_sum(a.high, b_high)
    for part in (a.low, b_low):
        if isinstance(part, Array) or part:
            low = lax.add(low, part)
    return _normal(total, low)


@rule(lambda t, y, a, b: t * b, lambda t, y, a, b: t * a)
def multiply(a: Any, b: Any) -> Any:
    """Product."""
    if isinstance(a, Scalar):
        a, b = b, a
    if isinstance(a, Scalar):
        return a * b
    if isinstance(b, Scalar):
        return _times_constant(a, b)
    p = _rounded(lax.mul(a.high, b.high))
    low = _kept(p, num.product_error(a.high, b.high, p))
    if b.low is not None:
        low = lax.add(low, lax.mul(a.high, b.low))
    if a.low is not None:
        low = lax.add(low, lax.mul(a.low, b.high))
    return _normal(p, _finite(p, low))


def _times_constant(a: Two, c: Scalar) -> Two:
    if c == 1:
        return a
    c_high, c_low = _parts(c, a.high.dtype)
    if c_low == 0 and abs(np.frexp(c_high)[0]) == 0.5:  # a power of two
        return Two(lax.mul(a.high, c_high), None if a.low is None else lax.mul(a.low, c_high))
    p = _rounded(lax.mul(a.high, c_high))
    c_halves = map(a.high.dtype.type, num.split_constant(float(c_high), 0.0, a.high))
    low = _kept(p, num.lost_product(num.split(a.high), c_halves, p))
    if c_low:
        low = lax.add(low, lax.mul(a.high, c_low))
    if a.low is not None:
        low = lax.add(low, lax.mul(a.low, c_high))
    return _normal(p, _finite(p, low))


@rule(lambda t, y, a, b: t / b, lambda t, y, a, b: -(y * t) / b)
def divide(a: Any, b: Any) -> Any:
    """Quotient, of a divisor that is not 0."""
    if isinstance(a, Scalar):
        a = constant(a, b)
    q = num.shared(lax.div(a.high, b.high))
    p = _rounded(lax.mul(q, b.high))
    rest = _kept(p, lax.sub(lax.sub(a.high, p), num.product_error(q, b.high, p)))
    if a.low is not None:
        rest = lax.add(rest, a.low)
    if b.low is not None:
        rest = lax.sub(rest, lax.mul(q, b.low))
    return _normal(q, _finite(q, num.shared(lax.div(rest, b.high))))


def constant(c: Scalar, like: Any) -> Two:
    """A constant as a number of the shape of another."""
    shape = high(like)
    first, second = _parts(c, shape.dtype)
    zero = shape * 0  # no constant for XLA to fold what sums lose with
    return Two(zero + first, zero + second if second else None)


def where(mask: Array, a: Any, b: Any) -> Any:
    """``a`` where the mask holds, ``b`` elsewhere; not both are Python numbers."""
    return _where(mask, a, b, high(b if isinstance(a, Scalar) else a).dtype)


def _where(mask: Array, a: Any, b: Any, dtype: Any) -> Any:
    level = _level(a, b)
    if level:
        (a, a_tangent), (b, b_tangent) = _at(level, a), _at(level, b)
        tangent = None
        if a_tangent is not None or b_tangent is not None:
            tangents = (0 if t is None else t for t in (a_tangent, b_tangent))
            tangent = _where(mask, *tangents, dtype)
        return Dual(_where(mask, a, b, dtype), tangent, level)

    def parts(n: Any) -> tuple[Any, Any]:
        return _parts(n, dtype) if isinstance(n, Scalar) else (n.high, 0 if n.low is None else n.low)

    def choose(*numbers: Array | float) -> Array:
        a, b = (n if isinstance(n, Array) else lax.full(mask.shape, n, dtype) for n in numbers)
        return lax.select(mask, a, b)

    (a_high, a_low), (b_high, b_low) = parts(a), parts(b)
    exact = not any(isinstance(n, Array) or n for n in (a_low, b_low))
    return Two(choose(a_high, b_high), None if exact else choose(a_low, b_low))


def clip(a: Any, lower: float, upper: float) -> Any:
    """``a`` held between two bounds; its derivative is 0 outside of them."""
    inside = lax.bitwise_and(a >= lower, a <= upper)
    return _clip(a, inside, lower, upper)


def _clip(a: Any, inside: Array, lower: float, upper: float) -> Any:
    if isinstance(a, Dual):
        tangent = None if a.tangent is None else _where(inside, a.tangent, 0, high(a).dtype)
        return Dual(_clip(a.primal, inside, lower, upper), tangent, a.level)
    held = lax.clamp(a.high.dtype.type(lower), a.high, a.high.dtype.type(upper))
    return Two(held, None if a.low is None else lax.select(inside, a.low, lax.full_like(a.low, 0)))


def reach(a: Any) -> float:
    """Beyond which ``e^-x`` is 0, whatever it is multiplied by."""
    return num.limit(high(a))


def clamped(a: Any) -> Any:
    """``a`` held to where exponentials are numbers."""
    bound = {"float32": 86.0, "float64": 700.0}[high(a).dtype.name]
    return clip(a, -bound, bound)


def magnitude(a: Any) -> Any:
    """``|a|``; its derivative at 0 is 1."""
    return where(a < 0, -a, a)


@rule(lambda t, y, a: t * (2 * a))
def square(a: Any) -> Any:
    """``a^2``."""
    return multiply(a, a)


@rule(lambda t, y, a: t / (2 * y))
def sqrt(a: Any) -> Any:
    """Square root of what is above 0."""
    root = num.shared(jnp.sqrt(a.high))
    p = _rounded(root * root)
    rest = _kept(p, (a.high - p) - num.product_error(root, root, p))
    if a.low is not None:
        rest = rest + a.low
    return _normal(root, num.shared(rest / (2 * root)))


def inverse_root(a: Any, b: Any) -> Any:
    """``a / sqrt(1 + b a^2)`` for ``b`` above 0, with ``1 / a`` in place of ``a`` where that is above 1."""
    inside = magnitude(a) < 1
    # For a large a, 1 / sqrt(b) less what that lacks. It is scaled by 2^64 and brought down last, so that slopes and
    # curvatures keep their digits as far out as they are normal numbers.
    near, far = clip(a, -1, 1), square(2.0**32 / where(inside, 1, a))
    limit, root = sqrt(b), sqrt(b + down(far))
    right = 1 / limit - down(far / (limit * root * (limit + root)))
    return where(inside, near / sqrt(1 + b * square(near)), where(a < 0, -right, right))


@rule(lambda t, y, a: t * y)
def exp(a: Any) -> Any:
    """``e^a`` for :func:`clamped` ``a``; to full accuracy for ``a`` above -60."""
    return _exp(a, 0)


def exp_up(a: Any) -> Any:
    """``2^64 e^a`` for ``a`` of at most 40: for tails, brought :func:`down` last."""
    return _exp_up(clip(a, -reach(a), 40))


@rule(lambda t, y, a: t * y)
def _exp_up(a: Two) -> Any:
    return _exp(a, 64)


def _exp(a: Two, power: int) -> Two:
    """``2^power e^a``."""
    if is_plain():
        return Two(jnp.exp(a.high) * 2.0**power)
    scale, r, rest = _reduced(a, power)
    # 1 + r + r^2 / 2 with both parts, and the remaining fiftieth of e^r without.
    half_square = square(r) / 2
    return Two(scale) * (1 + (r + (half_square + rest)))


def _reduced(a: Two, power: int) -> tuple[Array, Two, Two]:
    """``2^(n + power)``, ``r`` and ``e^r - 1 - r - r^2 / 2`` for ``a = n ln 2 + r``."""
    n, r, r_low = num.reduce(a.high, jnp.zeros_like(a.high) if a.low is None else a.low)
    r = _normal(*two_sum(r, r_low))
    cubic = num.polynomial(r.high, coefficients.EXP_CUBIC[r.high.dtype.name])
    return num.power_of_two(n + power, r.high.dtype), r, Two(r.high * r.high * r.high * cubic)


def down(a: Any) -> Any:
    """``2^-64 a``."""
    return a * num.DOWN


def overflow(a: Any) -> Any:
    """Infinity with the sign of ``a``, and such derivatives, for where the result is no float."""
    largest = {"float32": 2.0**127, "float64": 2.0**1023}[high(a).dtype.name]
    return a * largest * largest


def vanishing(a: Any, u: Any) -> Any:
    """``a`` for a product with ``e^-|u|``: no larger than 1 where that is 0 for good, so that the product is too."""
    return where(magnitude(u) > reach(u), clip(a, -1, 1), a)


def with_tails(
    x: Any,
    middle: Callable[[Any], Any],
    left: tuple[float, Callable[[Any], Any]] | None = None,
    right: tuple[float, Callable[[Any], Any]] | None = None,
    line: tuple[Any, Any] = (0, 0),
) -> Any:
    """``middle(x)``, between two ends where something simpler is exact and keeps its digits.

    ``left`` is ``(a, f)``: below ``a`` the result is ``line[0] + 2^-64 f(x)``; ``right`` likewise above its point, with
    ``line[1]``. Each ``f`` is what the function tends to, with :func:`exp_up` for its exponential. Parts of sums that
    are below 2^-98 (float64: 2^-960) have the digits of a float only, or none, so ends begin before that.
    """
    limit = reach(x)
    a, b = left[0] if left else -limit, right[0] if right else limit
    y = middle(clip(x, a, b))
    for end, (bound, far), rest in ((-1, (a, left), line[0]), (1, (b, right), line[1])):
        if far:
            near = clip(x, bound, limit) if end > 0 else clip(x, -limit, bound)
            y = where(x > bound if end > 0 else x < bound, rest + down(far[1](near)), y)
        if isinstance(rest, Number):  # where the sum would be the same, but for what overflows in it
            y = where(x > limit if end > 0 else x < -limit, rest, y)
    return y


@rule(lambda t, y, a: t * exp(a))
def expm1(a: Any) -> Any:
    """``e^a - 1`` for :func:`clamped` ``a``."""
    if is_plain():
        return Two(jnp.expm1(a.high))
    scale, r, rest = _reduced(a, 0)
    small = r + (square(r) / 2 + rest)
    return (Two(scale) - 1) + Two(scale) * small


@rule(lambda t, y, a: t * exp(a))
def expm1_fine(a: Any) -> Any:
    """:func:`expm1` with ten bits more, for sums that cancel far from 0."""
    if is_plain():
        return Two(jnp.expm1(a.high))
    n, _, _ = num.reduce(a.high, jnp.zeros_like(a.high))
    scale = num.power_of_two(n, a.high.dtype)
    r = (a - LN_2 * Two(n.astype(a.high.dtype))) / 16
    y = expm1_rest(r) + r
    for _ in range(4):
        y = y * (2 + y)
    return (Two(scale) - 1) + Two(scale) * y


@rule(lambda t, y, a: t * expm1(a))
def expm1_rest(a: Any) -> Any:
    """``e^a - 1 - a`` for ``a`` of at most 1/4 in size."""
    terms = {"float32": 7, "float64": 13}[a.high.dtype.name]
    quadratic = num.polynomial(a.high, tuple(1 / math.factorial(k) for k in range(terms + 3, 3, -1)))
    return square(a) * (Fraction(1, 2) + a * (Fraction(1, 6) + Two(a.high * quadratic)))


@rule(lambda t, y, a: UP * t / a)
def log_up(a: Any) -> Any:
    """``2^64 log(a)`` for ``a`` between 2^-100 and 2^100; NaN for what is below 0."""
    y = Two(jnp.log(a.high))
    rest = a * exp(-y) - 1  # small, whatever the backend's logarithm is good for
    return UP * (y + (rest - square(rest) / 2))


@rule(lambda t, y, a: t / (1 + a))
def log1p(a: Any) -> Any:
    """``log(1 + a)`` for ``a`` in [0, 1]."""
    s = a / (2 + a)  # log(1 + a) = 2 atanh(s)
    square = s.high * s.high
    cubic = s.high * square * num.polynomial(square, coefficients.LOG_CUBIC[square.dtype.name])
    return 2 * s + Two(cubic)


def _mirrored(a: Any) -> Any:
    """``e^-|a|``."""
    return exp(-magnitude(clamped(a)))


@rule(lambda t, y, a: t * sigmoid_slope(a))
def sigmoid(a: Any) -> Any:
    """Logistic function."""
    e = _mirrored(a)
    return where(a < 0, e, 1) / (1 + e)


@rule(lambda t, y, a: t * (sigmoid_slope(a) * tanh(-a / 2)))
def sigmoid_slope(a: Any) -> Any:
    """Slope of the logistic function."""
    e = _mirrored(a)
    return e / square(1 + e)


@rule(lambda t, y, a: t * sigmoid(a))
def softplus(a: Any) -> Any:
    """``log(1 + e^a)``."""
    return where(a > 0, a, 0) + log1p(_mirrored(a))


@rule(lambda t, y, a: t * sigmoid(a))
def softplus_fine(a: Any) -> Any:
    """:func:`softplus` with ten bits more, likewise."""
    t = -magnitude(clamped(a))
    e = where(t < -30, exp(t), 1 + expm1_fine(t))
    s = e / (2 + e)  # log(1 + e) = 2 atanh(s)
    q = square(s)
    terms = {"float32": 8, "float64": 17}[q.high.dtype.name]
    total: Any = Two(num.polynomial(q.high, tuple(1 / (2 * k + 9) for k in reversed(range(terms)))))
    for k in (7, 5, 3):
        total = Fraction(1, k) + q * total
    return where(a > 0, a, 0) + 2 * s * (1 + q * total)


@rule(lambda t, y, a: t * tanh_slope(a))
def tanh(a: Any) -> Any:
    """Hyperbolic tangent."""
    z = expm1(-2 * magnitude(clip(a, -30, 30)))
    y = -z / (2 + z)
    return where(a < 0, -y, y)


@rule(lambda t, y, a: t * (-2 * y * tanh(a)))
def tanh_slope(a: Any) -> Any:
    """Slope of the hyperbolic tangent, 1 less its square."""
    e = _mirrored(2 * a)
    return 4 * e / square(1 + e)


@rule(lambda t, y, a: t * (TWO_OVER_ROOT_PI * down(exp_up(-square(_finite_tail(a))))))
def erf(a: Any) -> Any:
    """Error function."""
    t = magnitude(a) * ROOT_2
    near = clip(t, 0, 1)
    y = where(t < 1, 2 * near * _normal_centre(near), 1 - down(2 * normal_tail_up(t)))
    return where(a < 0, -y, y)


def _normal_centre(t: Two) -> Two:
    """Normal distribution function less 1/2, over ``t``, for ``t`` in [0, 1]."""
    s = square(t)
    septic = s.high * s.high * s.high * num.polynomial(s.high, coefficients.NORMAL_SEPTIC[s.high.dtype.name])
    return _ONE_OVER_ROOT_TAU * (1 - s * (Fraction(1, 6) - s / 40)) + Two(septic)


def erfc_up(a: Any) -> Any:
    """``2^64 (1 - erf(a))`` for ``a`` of at least 1."""
    return 2 * normal_tail_up(a * ROOT_2)


@rule(lambda t, y, a: -t * (exp_up(-square(a) / 2) * _ONE_OVER_ROOT_TAU))
def normal_tail_up(a: Any) -> Any:
    """``2^64`` times the normal distribution function of ``-a``, for ``a`` of at least 1."""
    t = clip(a, 1, _NORMAL_LIMIT[a.high.dtype.name])
    k, (*upper, third, second, last) = coefficients.NORMAL_TAIL_PAIRS[t.high.dtype.name]
    divisor = k + t
    y = k / divisor
    third, second, last = (Fraction(c) + Fraction(rest) for c, rest in (third, second, last))
    ratio = last + y * (second + y * (third + y * Two(num.polynomial(y.high, tuple(upper)))))
    return exp_up(-square(t) / 2) * ratio / divisor


@rule(lambda t, y, a: t * normal_density(a))
def normal(a: Any) -> Any:
    """Distribution function of the normal distribution, to full accuracy for ``a`` above -11."""
    t = magnitude(a)
    near = clip(t, 0, 1)
    centre, tail = near * _normal_centre(near), down(normal_tail_up(t))
    return where(t < 1, Fraction(1, 2) + where(a < 0, -centre, centre), where(a < 0, tail, 1 - tail))


def _finite_tail(a: Any) -> Any:
    limit = _NORMAL_LIMIT[high(a).dtype.name]
    return clip(a, -limit, limit)


@rule(lambda t, y, a: -(t * (a * y)))
def normal_density(a: Any) -> Any:
    """Density of the normal distribution."""
    return down(exp_up(-square(_finite_tail(a)) / 2)) * _ONE_OVER_ROOT_TAU


@rule(lambda t, y, a: t / (1 + square(a)))
def arctan(a: Any) -> Any:
    """Arctangent."""
    t = magnitude(a)
    small, large = t < _TAN_PI_8, t > 1 / _TAN_PI_8
    offset = where(large, HALF_PI, where(small, 0, constant(HALF_PI / 2, a)))
    # Of t, (t - 1) / (t + 1) and -1 / t the one that is at most tan(pi / 8) in size.
    t = where(large, -1, where(small, t, t - 1)) / where(large, t, where(small, 1, t + 1))
    square = t * t
    y = offset + t * (1 - square * arctan_rest(square, 0.18))
    return where(a < 0, -y, y)


def arctan_rest(a: Any, bound: float) -> Any:
    """``(1 - arctan(r) / r) / r^2`` for ``a = r^2``, which is at most ``bound``."""
    bits = {"float32": 33, "float64": 63}[high(a).dtype.name]
    return _series(a, [Fraction((-1) ** k, 2 * k + 3) for k in range(math.ceil(-bits / math.log2(bound)))])


def tanh_rest(a: Any) -> Any:
    """``(tanh(r) / r - 1) / r^2`` for ``a = r^2``, which is at most 1/16."""
    powers = [Fraction(1)]  # of tanh(r) / r in r^2, from tanh' = 1 - tanh^2
    for n in range(1, {"float32": 9, "float64": 15}[high(a).dtype.name]):
        powers.append(-sum((p * q for p, q in zip(powers, reversed(powers), strict=True)), Fraction(0)) / (2 * n + 1))
    return _series(a, powers[1:])


def _series(a: Any, powers: list[Any]) -> Any:
    """Power series, lowest power first, of what is so small that a float will do for what comes after three terms."""
    if isinstance(a, Two):
        powers[3:] = [Two(num.polynomial(a.high, tuple(float(c) for c in reversed(powers[3:]))))]
    return horner(a, powers)


def horner(a: Any, powers: Sequence[Any]) -> Any:
    """Polynomial in ``a``, lowest power first, with numbers for coefficients."""
    *others, total = powers
    for c in reversed(others):
        total = c if isinstance(total, Scalar) and not total else a * total + c
    return total


_NORMAL_LIMIT = {"float32": 15.0, "float64": 38.7}  # beyond, even x e^(-x^2/2) is 0
UP, DOWN = num.UP, num.DOWN
LN_2 = Fraction(6931471805599453094172321214581765680755, 10**40)
# Irrational constants as fractions with more bits than two float64 have.
ROOT_2 = Fraction(14142135623730950488016887242096980785697, 10**40)
TWO_OVER_ROOT_PI = Fraction(11283791670955125738961589031215451716881, 10**40)
_ONE_OVER_ROOT_TAU = Fraction(39894228040143267793994605993438186847586, 10**41)
ONE_OVER_PI = Fraction(3183098861837906715377675267450287240689, 10**40)
HALF_PI = Fraction(15707963267948966192313216916397514420985847, 10**43)
_TAN_PI_8 = 0.41421356237309503


def of_formula(body: Callable[..., Any], count: int) -> Callable[..., Array]:
    """The function of ``count`` arrays that a formula of numbers describes, rounded once, with all its derivatives."""

    def function(*wrt: int) -> Callable[..., Array]:
        def value(*arrays: Array) -> Array:
            shape = jnp.broadcast_shapes(*(a.shape for a in arrays))
            x, *parameters = (jnp.broadcast_to(a, shape) for a in arrays)
            largest = x.dtype.type(jnp.finfo(x.dtype).max)
            numbers: list[Any] = [Two(lax.clamp(-largest, x, largest)), *map(Two, parameters)]
            for level, i in enumerate(wrt, 1):
                numbers[i] = Dual(numbers[i], 1, level)
            y = body(*numbers)
            for level in range(len(wrt), 0, -1):
                _, y = _at(level, y)
                y = 0 if y is None else y
            result = y.rounded() if isinstance(y, Two) else lax.full_like(x, float(y))
            # Sums of infinities would be NaN. What is this large at the largest number has no bound, and what is this
            # small dies away.
            at_infinity, size, sign = lax.gt(lax.abs(x), largest), lax.abs(result), lax.sign(result)
            grows = lax.bitwise_and(at_infinity, lax.gt(size, x.dtype.type(2.0**60)))
            decays = lax.bitwise_and(at_infinity, lax.lt(size, x.dtype.type(2.0**-60)))
            result = lax.select(grows, lax.mul(sign, lax.abs(x)), result)
            result = lax.select(decays, lax.mul(sign, lax.full_like(x, 0)), result)
            return result

        # Each derivative is made when it is asked for, so that the tower has no top.
        return differentiable(
            value, *(lambda *arrays, i=i: derivative(*sorted((*wrt, i)))(*arrays) for i in range(count))
        )

    derivative = functools.cache(function)
    return derivative()
