"""Inverses of activations, and logarithms of their slopes: what a normalizing flow needs of one.

Neither can be had from the function itself without losing digits: at 10 the hyperbolic tangent is 1 in float32, and its
slope, as 1 less a square, 0. Both are closed forms here, of the same parameters, except for four inverses: those of the
error function, of the normal distribution, of tanh_shrink and of xatlu are found by Newton's method.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxact._activation import Activation, spec
from jaxact._arguments import arguments_of, as_array, as_floating, equal_rank
from jaxact._math import SCALE, arithmetic, compute_dtype, elementary, normal
from jaxact._math.error_free import rounded_constant
from jaxact.functions import parametric, saturating, shrinkage, smooth

Function = Callable[..., Array]


class _Forms(NamedTuple):
    """Formulas of arrays of one dtype.

    Attributes:
      inverse: ``inverse(y, **parameters)``.
      log_slope: ``log_slope(x, **parameters)``, the logarithm of the slope, which is positive.
    """

    inverse: Function
    log_slope: Function


# Where a branch is not taken, its argument is replaced too, or its infinite slope would meet a 0.


def _size(x: Array) -> Array:
    """``|x|``, whose slope at 0 is 1."""
    return jnp.where(x < 0, -x, x)


def _signed(size: Array, x: Array) -> Array:
    return jnp.where(x < 0, -size, size)


def _log1p(x: Array) -> Array:
    """``log(1 + x)``; that of XLA for CPU is a hundred ulp off in float64. NaN below -1."""
    left = x < 0
    size = jnp.where(left, -x / (1 + x), x)  # log(1 + x) = -log(1 - x / (1 + x))
    return _signed(elementary.log1p(arithmetic(x.dtype).with_rules(), _positive(size)), x)


def _expm1(x: Array) -> Array:
    """``e^x - 1`` for ``x`` up to 1."""
    return elementary.expm1(arithmetic(x.dtype).with_rules(), x)


def _positive(x: Array) -> Array:
    """``x``, or NaN where it is negative."""
    return jnp.where(x < 0, jnp.nan, x)


def _log1p_square(x: Array) -> Array:
    """``log(1 + x^2)``, also where the square overflows."""
    far = jnp.abs(x) > 1
    inverse = 1 / jnp.where(far, x, 1)
    near = jnp.where(far, 0, x)
    beyond = 2 * jnp.log(_size(jnp.where(far, x, 1))) + _log1p(inverse * inverse)
    return jnp.where(far, beyond, _log1p(near * near))


def _log_expm1(u: Array) -> Array:
    """``log(e^u - 1)`` for positive ``u``."""
    large = u > 1
    far = u + _log1p(-jnp.exp(-jnp.where(large, u, 1)))
    return jnp.where(large, far, jnp.log(_expm1(jnp.where(large, 1, u))))


def _log_complement(u: Array) -> Array:
    """``log(1 - e^-u)`` for positive ``u``."""
    large = u > 1
    return jnp.where(large, _log1p(-jnp.exp(-jnp.where(large, u, 1))), jnp.log(-_expm1(-jnp.where(large, 1, u))))


def _logit(p: Array) -> Array:
    """``log(p / (1 - p))``."""
    middle = (p > 0.25) & (p < 0.75)
    near = jnp.where(middle, p, 0.5)
    far = jnp.where(middle, 0.25, p)
    return jnp.where(middle, _log1p((2 * near - 1) / (1 - near)), jnp.log(far) - _log1p(-far))


def _arctanh(y: Array, end: Any = 1.0) -> Array:
    """``log(1 + 2 |y| / (end - |y|)) / 2`` with the sign of ``y``: the inverse of ``end tanh(x)``."""
    size = _size(y)
    return _signed(0.5 * _log1p(2 * (size / _positive(end - size))), y)


def _log1p_quotient(y: Array, a: Any, a_low: float = 0.0) -> Array:
    """``log(1 + y / (a + a_low))``."""
    below = 2 * y < -a
    rest = (jnp.where(below, y, 0) + a) + a_low  # an exact sum, but for the last term
    return jnp.where(below, jnp.log(rest / a), _log1p(jnp.where(below, 0, y) / a))


def _bent(y: Array) -> Array:
    # With u = 2 y + 1, 3 x = 2 u - sqrt(u^2 + 3), of which the terms cancel where u > 0. There it is a quotient.
    u = 2 * y + 1
    size = lax.stop_gradient(jnp.maximum(jnp.abs(u), 1))  # so that no square is too large
    root = size * jnp.sqrt((u / size) ** 2 + 3 / size / size)
    right, far = u > 0, y > 1e18
    quotient = 4 * (y / jnp.where(right & ~far, 2 * u + root, 1)) * (y + 1)
    return jnp.where(far, y / 1.5, jnp.where(right, quotient, u * (2 / 3) - root / 3))


def _squareplus_log_slope(x: Array, b: Array) -> Array:
    # The slope is s = b / (2 r (r + |x|)) on the left, with r = sqrt(x^2 + b), and 1 - s on the right.
    size = _size(x)
    far = jnp.abs(x) > jnp.finfo(x.dtype).max ** 0.5 / 2
    root = jnp.sqrt(jnp.where(far, 1, x * x) + b)
    left = jnp.where(x < 0, size, 0)
    of_left = jnp.log(b / 2) - jnp.log(root) - jnp.log(root + jnp.where(far, 0, left))
    very_far = jnp.log(b / 4) - 2 * jnp.log(jnp.where(far, size, 1))
    near = jnp.where(far, 0, x)
    of_right = _log1p(-(b / 2) / (root * (root + jnp.where(near > 0, near, 0))))
    return jnp.where(x < 0, jnp.where(far, very_far, of_left), jnp.where(far, 0, of_right))


def _leaky_tanh_inverse(y: Array, max_val: Array) -> Array:
    size, end = _size(y), saturating.tanh(max_val)
    outside = size > end
    # Along the line a small difference counts: 1 - tanh(m) is known to all its digits, and 1 - |y| is exact near 1.
    e = jnp.exp(-2 * max_val)
    beyond = jnp.where(size < 0.5, size - end, 2 * e / (1 + e) - (1 - size))
    line = max_val + beyond / jnp.exp(-2 * smooth.log_cosh(max_val))
    return jnp.where(outside, _signed(line, y), _arctanh(jnp.where(outside, 0, y)))


def _selu_inverse(y: Array) -> Array:
    high, low = rounded_constant(*_SELU_END, np.dtype(y.dtype))
    left = jnp.where(y < 0, y, 0)
    # XLA would fold a sum of the constants high and low; high + 0 * left is not a constant.
    return jnp.where(y < 0, _log1p_quotient(left, high + 0 * left, low), y / _SELU[0])


def _tan(y: Array) -> Array:
    end = jnp.asarray(math.pi / 2, y.dtype)
    size = _size(y)
    outside = jnp.where(size > end, jnp.nan, jnp.where(y < 0, -jnp.inf, jnp.inf))
    return jnp.where(size < end, jnp.tan(jnp.where(size < end, y, 0)), outside)


def _held(x: Array, bound: Array) -> Array:
    """``x`` between minus and plus the bound."""
    return jnp.where(x > bound, bound, jnp.where(x < -bound, -bound, x))


def _isru_inverse(y: Array, alpha: Array) -> Array:
    return y / jnp.sqrt((1 - jnp.sqrt(alpha) * y) * (1 + jnp.sqrt(alpha) * y))


def _sqrt_softplus_inverse(y: Array) -> Array:
    small = y < 2.0**-30  # where the square is e^x, and may underflow
    return jnp.where(small, 2 * jnp.log(y), _log_expm1(jnp.where(small, 1, y) ** 2))


def _sqrt_softplus_log_slope(x: Array) -> Array:
    left = x < -40
    log_softplus = jnp.where(left, x, jnp.log(smooth.softplus(jnp.where(left, 0, x))))
    return -smooth.softplus(-x) - 0.5 * log_softplus - math.log(2)


def _shifted_softplus_inverse(y: Array) -> Array:
    # log(2 e^y - 1) is y + log(1 + (1 - e^-y)), and log(e^(y + log 2) - 1) near the limit, where y + log 2 is exact.
    high, low = rounded_constant(*smooth._LN_2, np.dtype(y.dtype))
    end = y < -0.35
    of_end = jnp.where(end, y, 0)
    near_end = _log_expm1((of_end + (high + 0 * of_end)) + low)  # the sum of y and the constant as in selu's inverse
    right = y + _log1p(-_expm1(-jnp.where(y < 0, 0, y)))
    left = _log1p(2 * _expm1(jnp.where(end | (y > 0), 0, y)))
    return jnp.where(end, near_end, jnp.where(y < 0, left, right))


def _soft_clipping_inverse(y: Array, alpha: Array) -> Array:
    # 1/2 +- log(1 + (e^u - 1) a / b) / alpha, where all is positive, with t = min(y, 1 - y), u = alpha |y - 1/2|,
    # a = (1 + e^(-alpha / 2)) / alpha and b = (1 - e^(-alpha t)) / alpha.
    left = y < 0.5
    t, u = jnp.where(left, y, 1 - y), alpha * jnp.where(left, 0.5 - y, y - 0.5)
    a = (1 + jnp.exp(-alpha / 2)) / alpha
    b = jnp.abs(_expm1(-alpha * _positive(t))) / alpha
    middle = (t > 0.25) & (u < 1)
    of_middle = _log1p(_expm1(jnp.where(middle, u, 0)) * (a / jnp.where(middle, b, 1)))
    outside = u + jnp.log(jnp.exp(-u) * b - _expm1(-u) * a) - jnp.log(b)
    size = jnp.where(middle, of_middle, outside) / alpha
    return 0.5 + jnp.where(left, -size, size)


def _soft_clipping_log_slope(x: Array, alpha: Array) -> Array:
    # The slope is sigma(alpha x) sigma(alpha (1 - x)) (1 - e^-alpha).
    return _log_complement(alpha) - smooth.softplus(-alpha * x) - smooth.softplus(alpha * (x - 1))


def _srelu_inverse(y: Array, t_l: Array, a_l: Array, t_r: Array, a_r: Array) -> Array:
    return jnp.where(y >= t_r, t_r + (y - t_r) / a_r, jnp.where(y <= t_l, t_l + (y - t_l) / a_l, y))


def _srelu_log_slope(x: Array, t_l: Array, a_l: Array, t_r: Array, a_r: Array) -> Array:
    return jnp.where(x >= t_r, jnp.log(jnp.abs(a_r)), jnp.where(x <= t_l, jnp.log(jnp.abs(a_l)), 0))


def _root(f: Function, x: Array, steps: int, near: Function | None = None) -> Array:
    """Root of an increasing ``f`` by Newton's method from ``x``, to be differentiated in all that ``f`` depends on.

    ``near`` has the same root, and is what the steps are taken on: where ``f`` is a difference that loses digits.
    """

    def solve(f: Function, x: Array) -> Array:
        def step(_: int, x: Array) -> Array:
            value, slope = jax.jvp(near or f, (x,), (jnp.ones_like(x),))
            change = value / slope
            return jnp.where(jnp.isfinite(change), x - change, x)  # none at infinity, and where value and slope are 0

        return lax.fori_loop(0, steps, step, x)

    return lax.custom_root(f, lax.stop_gradient(x), solve, lambda along, t: t / along(jnp.ones_like(t)))


def _tanh_shrink_inverse(y: Array) -> Array:
    size = jnp.abs(y)
    root = jnp.cbrt(3 * jnp.where(size < 0.5, size, 0))  # x - tanh(x) = x^3 / 3 - 2 x^5 / 15 + ...
    start = jnp.where(size < 0.5, root * (1 + root * root * (2 / 15)), size + jnp.tanh(size + 1))
    return _root(lambda x: shrinkage.tanh_shrink(x) - y, _signed(start, y), 5)


def _tanh_shrink_log_slope(x: Array) -> Array:
    size = _size(x)
    near = size < 0.5
    e = jnp.exp(-2 * jnp.where(near, 1, size))
    return 2 * jnp.where(near, jnp.log(saturating.tanh(jnp.where(near, size, 0.5))), _log1p(-2 * e / (1 + e)))


def _xatlu_inverse(y: Array, alpha: Array) -> Array:
    # Below -1 the value is -alpha x - c / pi (1 - h(1 / x^2)) with c = 1 + 2 alpha and h(s) = s / 3 - s^2 / 5 + ...
    # There the equation is solved for the distance from -c / pi, which is the limit where alpha is 0.
    # With alpha below -1/2 it is minus that of -1 - alpha at -y.
    m = arithmetic(y.dtype).with_rules()
    mirrored = alpha < -0.5
    y, alpha = jnp.where(mirrored, -y, y), jnp.where(mirrored, -1 - alpha, alpha)
    c = 1 + 2 * alpha
    left = y < (2 * alpha - 1) / 4
    of_left = jnp.where(left, y, -0.25)
    high, low = rounded_constant(*_1_OVER_PI, np.dtype(y.dtype))
    # The sum of y and the constant as in selu's inverse.
    distance = ((of_left + (high + 0 * of_left)) + 2 * alpha * high) + c * low

    def far(x: Array) -> Array:
        _, _, square, rest = parametric._xatlu_parts(m, jnp.where(x < -1, x, -2))
        return (-alpha * x - c * high * square * rest) - distance

    # It is about k / x^2 - alpha x; its root is within half of the smaller or the larger one of the roots of two terms.
    k, size = c * high / 3, jnp.abs(distance)
    both = jnp.cbrt(k / jnp.abs(alpha))
    tail = jnp.where(distance > 0, jnp.minimum(jnp.sqrt(k / size), both), jnp.maximum(size / jnp.abs(alpha), both))
    start = jnp.where(left, jnp.minimum(-tail, -1), jnp.where(y > 1, y + 1, 2 * y))
    x = _root(
        lambda x: parametric.xatlu(x, alpha) - y,
        start,
        steps=8,
        near=lambda x: jnp.where(left & (x < -1), far(x), parametric.xatlu(x, alpha) - y),
    )
    outside = left & (alpha == 0) & (distance <= 0)
    x = jnp.where(outside, jnp.where(distance < 0, jnp.nan, -jnp.inf), x)
    return jnp.where(mirrored, -x, x)


def _xatlu_log_slope(x: Array, alpha: Array) -> Array:
    # The slopes at x and -x add up to 1, and the logarithm is taken of the smaller one, which is 2 / (3 pi |x|^3) and
    # less in the left tail where alpha is 0.
    def slope(x: Array) -> Array:
        return jax.jvp(lambda x: parametric.xatlu(x, alpha), (x,), (jnp.ones_like(x),))[1]

    far = (x < -1) & (alpha == 0)
    size = jnp.where(far, -x, 2)
    _, _, square, rest = parametric._xatlu_parts(arithmetic(x.dtype).with_rules(), size)
    tail = jnp.log(_1_OVER_PI[0] * (rest + 1 / (1 + square))) - 3 * jnp.log(size)
    one, other = slope(jnp.where(far, 0, x)), slope(-x)
    small = one < other
    return jnp.where(
        far, tail, jnp.where(small, jnp.log(jnp.where(small, one, 1)), _log1p(jnp.where(small, 0, -other)))
    )


def _normal_tail_inverse(p: Array) -> Array:
    """``t`` with ``Phi(-t) = p`` for ``p`` up to 1/4."""
    m = arithmetic(p.dtype).with_rules()
    inside = (p > 0) & (p < 0.25)
    p_inside = jnp.where(inside, p, 0.125)
    # log(2 Phi(-t)) is about -(0.8 t + 0.45 t^2), and is concave.
    log = -jnp.log(2 * p_inside)
    start = log / (0.4 + jnp.sqrt(0.16 + 0.45 * log))
    t = _root(
        lambda t: jnp.log(p_inside) - jnp.log(normal.scaled_tail(m, t)),  # and 64 log(2)
        start,
        steps=5,
        near=lambda t: -jnp.log(normal.scaled_tail(m, t) / (SCALE * p_inside)),
    )
    return jnp.where(inside, t, jnp.where(p > 0.25, 0, jnp.where(p == 0, jnp.inf, jnp.nan)))


def _erf_inverse(y: Array, p: Array) -> Array:
    """``x`` with ``erf(x) = y``, where ``p`` is ``(1 - |y|) / 2``."""
    middle = p > 0.125  # where the error function is flatter, its tail tells x better
    centre = jnp.where(middle, y, 0)
    x = _root(lambda x: saturating.erf(x) - centre, lax.erf_inv(lax.stop_gradient(centre)), 2)
    return jnp.where(middle, x, _signed(_normal_tail_inverse(jnp.where(middle, 0.125, p)) / math.sqrt(2), y))


def _erf_log_slope(x: Array) -> Array:
    return math.log(2 / math.sqrt(math.pi)) - x * x


def _derf_inverse(y: Array, alpha: Array, s: Array, gamma: Array, beta: Array) -> Array:
    above, end = _signed(y - beta, gamma), _size(gamma)
    return (_erf_inverse(above / end, 0.5 * ((end - _size(above)) / end)) - s) / alpha


def _laplace_inverse(y: Array, mu: Array, sigma: Array) -> Array:
    return mu + sigma * (math.sqrt(2) * _erf_inverse(2 * y - 1, jnp.where(y < 0.5, y, 1 - y)))


def _laplace_log_slope(x: Array, mu: Array, sigma: Array) -> Array:
    z = (x - mu) / sigma
    return -jnp.log(math.sqrt(2 * math.pi) * sigma) - 0.5 * (z * z)


def _derf_log_slope(x: Array, alpha: Array, s: Array, gamma: Array, beta: Array) -> Array:
    return jnp.log(jnp.abs(alpha * gamma)) + _erf_log_slope(alpha * x + s)


def _arelu_left(alpha: Array) -> Array:
    return jnp.clip(alpha, 0.01, 0.99)


_LINES = _Forms(
    lambda y, negative_slope: jnp.where(y >= 0, y, y / negative_slope),
    lambda x, negative_slope: jnp.where(x >= 0, 0, jnp.log(jnp.abs(negative_slope))),
)
_1_OVER_PI = (0.3183098861837907, -1.9678676675182486e-17)
_SELU = smooth._SELU_SCALE, smooth._SELU_ALPHA
_SELU_END = (1.7580993408473768, 1.41535193800845e-17)  # minus the limit of selu

_FORMS: dict[str, _Forms] = {
    "arelu": _Forms(
        lambda y, alpha, beta: y / jnp.where(y < 0, _arelu_left(alpha), 1 + saturating.sigmoid(beta)),
        lambda x, alpha, beta: jnp.where(x < 0, jnp.log(_arelu_left(alpha)), _log1p(saturating.sigmoid(beta))),
    ),
    "atan": _Forms(_tan, lambda x: -_log1p_square(x)),
    "bent_identity": _Forms(_bent, lambda x: _log1p(saturating.isru(x) / 2)),
    "celu": _Forms(
        lambda y, alpha: jnp.where(y < 0, alpha * _log1p_quotient(jnp.where(y < 0, y, 0), alpha), y),
        lambda x, alpha: jnp.where(x > 0, 0, x / alpha),
    ),
    "derf": _Forms(_derf_inverse, _derf_log_slope),
    "dyt": _Forms(
        lambda y, alpha, gamma, beta: _arctanh(_signed(y - beta, gamma), _size(gamma)) / alpha,
        lambda x, alpha, gamma, beta: jnp.log(jnp.abs(alpha * gamma)) - 2 * smooth.log_cosh(alpha * x),
    ),
    "elu": _Forms(
        lambda y, alpha: jnp.where(y < 0, _log1p_quotient(jnp.where(y < 0, y, 0), alpha), y),
        lambda x, alpha: jnp.where(x > 0, 0, x + jnp.log(alpha)),
    ),
    "erf": _Forms(lambda y: _erf_inverse(y, 0.5 * (1 - _size(y))), _erf_log_slope),
    "exponential": _Forms(jnp.log, lambda x: x),
    "identity": _Forms(lambda y: y, jnp.zeros_like),
    "isrlu": _Forms(
        lambda y, alpha: jnp.where(y < 0, _isru_inverse(jnp.where(y < 0, y, 0), alpha), y),
        lambda x, alpha: jnp.where(x < 0, -1.5 * _log1p_square(jnp.sqrt(alpha) * jnp.where(x < 0, x, 0)), 0),
    ),
    "isru": _Forms(
        _isru_inverse,
        lambda x, alpha: -1.5 * _log1p_square(jnp.sqrt(alpha) * x),
    ),
    "laplace": _Forms(_laplace_inverse, _laplace_log_slope),
    "leaky_relu": _LINES,
    "leaky_tanh": _Forms(_leaky_tanh_inverse, lambda x, max_val: -2 * smooth.log_cosh(_held(x, max_val))),
    "log_sigmoid": _Forms(lambda y: -_log_expm1(-y), lambda x: -smooth.softplus(x)),
    "mpelu": _Forms(
        lambda y, alpha, beta: jnp.where(y < 0, _log1p_quotient(jnp.where(y < 0, y, 0), alpha) / beta, y),
        lambda x, alpha, beta: jnp.where(x > 0, 0, beta * x + jnp.log(alpha * beta)),
    ),
    "pelu": _Forms(
        lambda y, alpha, beta: beta * jnp.where(y < 0, _log1p_quotient(jnp.where(y < 0, y, 0), alpha), y / alpha),
        lambda x, alpha, beta: jnp.log(alpha / beta) + jnp.where(x > 0, 0, x / beta),
    ),
    "penalized_tanh": _Forms(
        lambda y, alpha: jnp.where(y < 0, _arctanh(jnp.where(y < 0, y, 0), alpha), _arctanh(jnp.where(y < 0, 0, y))),
        lambda x, alpha: jnp.where(x < 0, jnp.log(alpha), 0) - 2 * smooth.log_cosh(x),
    ),
    "prelu": _LINES,
    "selu": _Forms(
        _selu_inverse,
        lambda x: math.log(_SELU[0]) + jnp.where(x > 0, 0, x + math.log(_SELU[1])),
    ),
    "shifted_softplus": _Forms(_shifted_softplus_inverse, lambda x: -smooth.softplus(-x)),
    "sigmoid": _Forms(_logit, lambda x: -(smooth.softplus(x) + smooth.softplus(-x))),
    "signed_hyperbolic": _Forms(smooth.signed_parabolic, lambda x, eps: jnp.log(0.5 / jnp.sqrt(1 + _size(x)) + eps)),
    "signed_parabolic": _Forms(
        smooth.signed_hyperbolic,
        lambda x, eps: -jnp.log(0.5 / jnp.sqrt(1 + _size(smooth.signed_parabolic(x, eps))) + eps),
    ),
    "soft_clipping": _Forms(_soft_clipping_inverse, _soft_clipping_log_slope),
    "soft_exponential": _Forms(
        lambda y, alpha: parametric.soft_exponential(y, -alpha),
        lambda x, alpha: alpha * parametric.soft_exponential(x, jnp.minimum(alpha, 0)),  # -log(1 - alpha (x + alpha))
    ),
    "soft_sign": _Forms(lambda y: y / _positive(1 - _size(y)), lambda x: -2 * _log1p(_size(x))),
    "softcap": _Forms(lambda y, cap: cap * _arctanh(y, cap), lambda x, cap: -2 * smooth.log_cosh(x / cap)),
    "softplus": _Forms(lambda y, beta: _log_expm1(beta * y) / beta, lambda x, beta: -smooth.softplus(-beta * x)),
    "sqrt_softplus": _Forms(_sqrt_softplus_inverse, _sqrt_softplus_log_slope),
    "squareplus": _Forms(lambda y, b: y - b / 4 / _positive(y), _squareplus_log_slope),
    "srelu": _Forms(_srelu_inverse, _srelu_log_slope),
    "symexp": _Forms(smooth.symlog, _size),
    "symlog": _Forms(smooth.symexp, lambda x: -_log1p(_size(x))),
    "tanh": _Forms(_arctanh, lambda x: -2 * smooth.log_cosh(x)),
    "tanh_shrink": _Forms(_tanh_shrink_inverse, _tanh_shrink_log_slope),
    "xatlu": _Forms(_xatlu_inverse, _xatlu_log_slope),
}


def inverse(name: str | Callable[..., Array]) -> Callable[..., Array]:
    r"""The inverse of a strictly increasing activation.

    .. math:: x = f^{-1}(y; \theta)

    It takes ``y`` and the parameters of the activation, with the same names and defaults. With them the activation has
    to increase or decrease strictly: ``alpha`` of ``xatlu`` may be from -1 to 0, for example. Where ``y`` is a limit of
    the activation, the result is infinite; beyond, it is NaN.

    Args:
      name: name of an activation, or the function itself.

    Returns:
      The inverse, a function of arrays like the activation.

    Raises:
      KeyError: there is none; the message names those that there are.

    Examples:
      >>> import jaxact
      >>> float(jaxact.inverse("tanh")(0.5))
      0.54930...
      >>> float(jaxact.inverse("leaky_relu")(-1.0, negative_slope=0.5))
      -2.0
    """
    return _of_forms(spec(name), "inverse")


def log_abs_slope(name: str | Callable[..., Array]) -> Callable[..., Array]:
    r"""The logarithm of the size of the slope of a strictly increasing activation.

    .. math:: \log |f'(x; \theta)|

    It is what the change of variables in a normalizing flow takes from the density, and is right where the slope itself
    is too small for a number.

    Args:
      name: name of an activation, or the function itself.

    Returns:
      That logarithm, a function of ``x`` and the parameters of the activation.

    Raises:
      KeyError: there is none; the message names those that there are.

    Examples:
      >>> import jaxact
      >>> float(jaxact.log_abs_slope("tanh")(100.0))
      -198.61370...
    """
    return _of_forms(spec(name), "log_slope")


@functools.cache
def _of_forms(record: Activation, which: str) -> Callable[..., Array]:
    if record.name not in _FORMS:
        public = "log_abs_slope" if which == "log_slope" else which
        raise KeyError(f"jaxact.{public}: there is none for {record.name!r}, only for {', '.join(_FORMS)}")
    form, signature = getattr(_FORMS[record.name], which), inspect.signature(record.function)
    first, *names = signature.parameters

    @jax.jit
    def compiled(x: Any, parameters: dict[str, Any]) -> Array:
        x = as_floating(record.name, x, first)
        dtype = compute_dtype(x.dtype)
        given = [as_floating(record.name, parameters.get(n, record.parameters[n]), n, like=x) for n in names]
        wide = [lax.convert_element_type(a, dtype) for a in equal_rank(record.name, x, *given)]
        return lax.convert_element_type(form(*wide), x.dtype)

    def function(*args: Any, **kwargs: Any) -> Array:
        arguments = {n: as_array(a) for n, a in arguments_of(record.name, signature, args, kwargs).items()}
        return compiled(arguments.pop(first), arguments)

    return function
