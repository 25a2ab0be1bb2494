"""Periodic activations, and those that a period runs through.

What has no limit at +-inf is NaN there.
"""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import functools
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _coefficients as coefficients
from jaxact import _numerics as num
from jaxact import _trigonometry as trig
from jaxact import _two as two
from jaxact._activation import INF, activation
from jaxact._derivative import differentiable, is_plain

_Parts = tuple[Array, Array]


@activation(
    slope=lambda x, w0: w0 * trig.cos(x, w0),
    parameter_slopes=(lambda x, w0: x * trig.cos(x, w0),),
    kind="periodic",
    range=(-1, 1),
)
def sine(x: ArrayLike, w0: ArrayLike = 30.0) -> Array:
    r"""Sine, the activation of sinusoidal representation networks (SIREN).

    .. math:: \mathrm{sine}(x) = \sin(\omega_0 x)

    At +-inf it is NaN.

    Args:
      x: real array of any shape.
      w0: frequency :math:`\omega_0`; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Sitzmann, Martel, Bergman, Lindell and Wetzstein, Implicit neural representations with periodic activation
      functions, 2020, arXiv:2006.09661.
    """
    return trig.sin(x, w0)


@activation(slope=lambda x: -trig.sin(x), kind="periodic", range=(-1, 1))
def cosine(x: ArrayLike) -> Array:
    r"""Cosine.

    .. math:: \mathrm{cosine}(x) = \cos(x)

    At +-inf it is NaN.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Rahimi and Recht, Random features for large-scale kernel machines, NIPS 2007.
    """
    return trig.cos(x)


def _plus_product(first: _Parts, x: Array, second: _Parts) -> Array:
    """``first + x second``, right also where the two cancel."""
    product, lost = x * second[0], trig.product_error(x, second[0])
    return (first[0] + product) + (first[1] + (lost + x * second[1]))


def _gcu_slope(x: Array) -> Array:
    return _plus_product(trig.parts(x, quarters=1), -x, trig.parts(x))


def _gcu_curvature(x: Array) -> Array:
    high, low = trig.parts(x, quarters=2)
    return _plus_product((2 * high, 2 * low), x, trig.parts(x, quarters=3))


@activation(
    slope=differentiable(_gcu_slope, differentiable(_gcu_curvature, lambda x: x * trig.sin(x) - 3 * trig.cos(x))),
    kind="periodic",
    range=(-INF, INF),
)
def gcu(x: ArrayLike) -> Array:
    r"""Growing cosine unit.

    .. math:: \mathrm{gcu}(x) = x \cos(x)

    At +-inf it is NaN.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Noel, Arunkumar, Trivedi and Dutta, Growing cosine unit: a novel oscillatory activation function that can speedup
      training and reduce parameters in convolutional neural networks, 2021, arXiv:2108.12943.
    """
    return trig.cos(x) * x


def _is_small(u: Array) -> Array:
    """Whether ``u^2`` is nothing beside 1."""
    return lax.abs(u) < {"float32": 2.0**-13, "float64": 2.0**-28}[u.dtype.name]


def _snake_slope(x: Array, alpha: Array) -> Array:
    high, low = trig.parts(x, 2 * alpha)
    return (1 + high) + low


def _snake_curvature(x: Array, alpha: Array) -> Array:
    return 2 * alpha * trig.cos(x, 2 * alpha)


def _snake_mixed(x: Array, alpha: Array) -> Array:
    return 2 * x * trig.cos(x, 2 * alpha)


def _snake_alpha_slope(x: Array, alpha: Array) -> Array:
    u = alpha * x
    sin, sin_low = trig.parts(x, alpha)
    cos, cos_low = trig.parts(x, alpha, quarters=1)
    # sin(u) (2 u cos(u) - sin(u)) / alpha^2, which cancels at zeros of either factor if written as a difference.
    factor = _plus_product((-sin, -sin_low), 2 * u, (cos, cos_low)) + 2 * trig.product_error(alpha, x) * cos
    sin = sin + sin_low
    far = x * (2 * (cos + cos_low) * sin / alpha)  # as u may overflow
    y = jnp.where(lax.abs(u) < 2.0**60, sin / alpha * (factor / alpha), far)
    return jnp.where(_is_small(u), x * x, y)


def _snake_alpha_curvature(x: Array, alpha: Array) -> Array:
    u = alpha * x
    rest = (x * _snake_mixed(x, alpha) - 2 * _snake_alpha_slope_1(x, alpha)) / alpha
    return jnp.where(lax.abs(u) < 2.0**-6, -2 * u * x * x * x, rest)


_snake_alpha_slope_1 = differentiable(_snake_alpha_slope, _snake_mixed, _snake_alpha_curvature)


@activation(
    slope=differentiable(_snake_slope, _snake_curvature, _snake_mixed),
    parameter_slopes=(_snake_alpha_slope_1,),
    kind="periodic",
    range=(-INF, INF),
)
def snake(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Snake, a line with a wave on it.

    .. math:: \mathrm{snake}(x) = x + \frac{\sin^2(\alpha x)}{\alpha}

    At +-inf it is +-inf, and its slope NaN.

    Args:
      x: real array of any shape.
      alpha: frequency of the wave, and one over its height; 0 gives ``x``; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Liu, Hartwig and Ueda, Neural networks fail to learn periodic functions and how to fix it, 2020, arXiv:2006.08195.
    """
    # With u = alpha x it is (u + (1 - cos(2 u)) / 2) / alpha.
    u = alpha * x
    cos, cos_low = trig.parts(x, 2 * alpha, quarters=1)
    y = ((u + (0.5 - cos / 2)) + (trig.product_error(alpha, x) - cos_low / 2)) / alpha
    return jnp.where(_is_small(u), x + u * x, jnp.where(lax.abs(u) < 2.0**60, y, x))


# Snake of two parameters, in logarithms: with a = e^alpha and b = e^beta it is x + sin^2(a x) / b, and its slope
# 1 + a / b sin(2 a x). The exponentials are sums of two numbers, because a x is an angle of many turns.


_LN2 = Fraction(6931471805599453094172321214581765680755, 10**40)


def _power(*exponent: Array) -> _Parts:
    """``e`` to the difference of two numbers, or to one, as a sum of two numbers, right to some 42 bits (float64: 80).

    There is one for each parameter, not one for each ``x``, so that it may take its time.
    """
    first, *second = map(two.Two, exponent)
    y = two.clamped(first - second[0] if second else first)
    if is_plain():
        return jnp.exp(y.high), jnp.zeros_like(y.high)
    n = jnp.round(y.high / float(_LN2))
    r = y - two.Two(n) * _LN2
    terms = {"float32": 12, "float64": 24}[n.dtype.name]
    total = 1 + r / terms
    for k in range(terms - 1, 0, -1):
        total = 1 + r * total / k
    scale = num.power_of_two(n.astype(np.int32 if terms == 12 else np.int64), n.dtype)
    return total.high * scale, total.low * scale


def _rounded_power(*exponent: Array) -> Array:
    high, low = _power(*exponent)
    return high + low


_power_1 = differentiable(_rounded_power, lambda a: _power_1(a))
_power_2 = differentiable(_rounded_power, lambda a, b: _power_2(a, b), lambda a, b: -_power_2(a, b))


def _wave(x: Array, alpha: Array, quarters: int) -> _Parts:
    """``sin(2 a x + quarters pi / 2)``."""
    a, a_low = _power(alpha)
    return trig.parts(x, 2 * a, quarters, 2 * a_low)


def _wave_sin(x: Array, alpha: Array) -> Array:
    high, low = _wave(x, alpha, 0)
    return high + low


def _wave_cos(x: Array, alpha: Array) -> Array:
    high, low = _wave(x, alpha, 1)
    return high + low


_sin_2ax = differentiable(
    _wave_sin,
    lambda x, alpha: 2 * _power_1(alpha) * _cos_2ax(x, alpha),
    lambda x, alpha: 2 * _power_1(alpha) * x * _cos_2ax(x, alpha),
)
_cos_2ax = differentiable(
    _wave_cos,
    lambda x, alpha: -2 * _power_1(alpha) * _sin_2ax(x, alpha),
    lambda x, alpha: -2 * _power_1(alpha) * x * _sin_2ax(x, alpha),
)


def _snake_beta_slope(x: Array, alpha: Array, beta: Array) -> Array:
    high, low = _wave(x, alpha, 0)
    c, c_low = _power(alpha, beta)
    product = c * high
    return (1 + product) + (trig.product_error(c, high) + (c * low + c_low * high))


def _snake_beta_alpha_slope(x: Array, alpha: Array, beta: Array) -> Array:
    return x * (_power_2(alpha, beta) * _sin_2ax(x, alpha))


def _snake_beta_beta_slope(x: Array, alpha: Array, beta: Array) -> Array:
    cos, cos_low = _wave(x, alpha, 1)
    return 0.5 * _power_1(-beta) * (cos_low - (1 - cos))


def _of_x(x: Array, alpha: Array, beta: Array) -> Array:
    return 2 * _power_1(alpha) * (_power_2(alpha, beta) * _cos_2ax(x, alpha))


def _of_alpha(x: Array, alpha: Array, beta: Array) -> Array:
    return _power_2(alpha, beta) * _sin_2ax(x, alpha) + x * _of_x(x, alpha, beta)


def _of_beta(x: Array, alpha: Array, beta: Array) -> Array:
    return -_power_2(alpha, beta) * _sin_2ax(x, alpha)


_snake_beta_beta_slope_1 = differentiable(
    _snake_beta_beta_slope,
    _of_beta,
    lambda x, alpha, beta: -_snake_beta_alpha_slope(x, alpha, beta),
    lambda x, alpha, beta: -_snake_beta_beta_slope_1(x, alpha, beta),
)


@activation(
    slope=differentiable(_snake_beta_slope, _of_x, _of_alpha, _of_beta),
    parameter_slopes=(_snake_beta_alpha_slope, _snake_beta_beta_slope_1),
    kind="periodic",
    range=(-INF, INF),
)
def snake_beta(x: ArrayLike, alpha: ArrayLike = 0.0, beta: ArrayLike = 0.0) -> Array:
    r"""Snake with a frequency and a height of its wave that are learned apart, as logarithms.

    .. math:: \mathrm{snake\_beta}(x) = x + \frac{\sin^2(e^\alpha x)}{e^\beta}

    At +-inf it is +-inf, and its slope NaN. Frequencies that are no logarithms, which BigVGAN also has, go in as
    ``jnp.log(alpha)``. The angle :math:`e^\alpha x` is that of the exact :math:`e^\alpha` up to about 2^18 (float64:
    2^47), and beyond of one rounded to the dtype; at ``alpha=0`` there is no such limit.

    Args:
      x: real array of any shape.
      alpha: logarithm of the frequency; broadcasts against ``x``.
      beta: logarithm of one over the height; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Lee, Ping, Ginsburg, Catanzaro and Yoon, BigVGAN: a universal neural vocoder with large-scale training, 2022,
      arXiv:2206.04658, and its authors' code, ``activations.py`` of github.com/NVIDIA/BigVGAN.
    """
    cos, cos_low = _wave(x, alpha, 1)
    inverse, inverse_low = _power(-beta)
    square, square_low = 0.5 - cos / 2, -cos_low / 2
    product = inverse * square
    rest = trig.product_error(inverse, square) + (inverse * square_low + inverse_low * square)
    return jnp.where(lax.abs(x) < jnp.inf, (x + product) + rest, x)


def _two_part_sine(x: Array, w: Array, quarters: int) -> Any:
    """``sin(x w + quarters pi / 2)`` as a two-part number."""
    if is_plain():
        return two.Two(trig.parts(x, w, quarters)[0])
    n, *angle = trig.reduced(x, w)
    n, r = n + quarters, two.Two(*angle)
    s = r * r
    sine, cosine = (
        two.Two(s.high * num.polynomial(s.high, rest[s.high.dtype.name]))
        for rest in (coefficients.SIN_REST, coefficients.COS_REST)
    )
    sine = r + r * s * (Fraction(-1, 6) + s * (Fraction(1, 120) + sine))
    cosine = 1 + s * (Fraction(-1, 2) + s * (Fraction(1, 24) + cosine))
    y = two.where(n & 1 != 0, cosine, sine)
    return two.where(n & 2 != 0, -y, y)


def _differentiated(function: Any, by: Any, sign: int) -> Any:
    """A function of ``x`` and ``w`` with ``sign * by`` as its derivative in their product."""
    return two.rule(
        lambda t, y, x, w: sign * t * (w * by()(x, w)),
        lambda t, y, x, w: sign * t * (x * by()(x, w)),
    )(function)


_sine = _differentiated(lambda x, w: _two_part_sine(x.high, w.high, 0), lambda: _cosine, 1)
_cosine = _differentiated(lambda x, w: _two_part_sine(x.high, w.high, 1), lambda: _sine, -1)


def _sinlu_formula(x: Any, a: Any, b: Any) -> Any:
    bound = num.limit(two.high(x))
    t = two.where(x < -bound, -bound, x)
    wave = two.where(lax.abs(two.high(t)) < 2.0**-60, t * (1 + a * b), t + a * _sine(t, b))  # a b t may be too small
    tail = two.down(wave * two.exp_up(two.clip(t, -bound, -40)))
    middle = wave * two.sigmoid(two.clip(t, -40, 45))
    return two.where(t < -40, tail, two.where(t > 45, wave, middle))


_sinlu = two.of_formula(_sinlu_formula, 3)


def _sinlu_derivative(*arguments: Array, by: int) -> Array:
    tangents = [jnp.ones_like(x) if i == by else jnp.zeros_like(x) for i, x in enumerate(arguments)]
    _, y = jax.jvp(_sinlu, arguments, tuple(tangents))
    return jnp.where(arguments[0] == jnp.inf, jnp.nan, y)


@activation(
    slope=functools.partial(_sinlu_derivative, by=0),
    parameter_slopes=(functools.partial(_sinlu_derivative, by=1), functools.partial(_sinlu_derivative, by=2)),
    kind="periodic",
    range=(-0.497370554189991, INF),
    minimum=-1.082865270894081,
)
def sinlu(x: ArrayLike, a: ArrayLike = 1.0, b: ArrayLike = 1.0) -> Array:
    r"""Sinu-sigmoidal linear unit, a SiLU with a wave on it.

    .. math:: \mathrm{sinlu}(x) = (x + a \sin(b x)) \, \sigma(x)

    At -inf it is -0, at +inf it is +inf, and its slope NaN.

    Args:
      x: real array of any shape.
      a: height of the wave; broadcasts against ``x``.
      b: frequency of the wave; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Paul, Bandyopadhyay, Yoon, Geem and Sarkar, SinLU: sinu-sigmoidal linear unit, Mathematics 10 (3), 2022.
    """
    return _sinlu(x, a, b)
