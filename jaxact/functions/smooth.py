"""Smooth rectifiers and their relatives: about 0 or bounded on the left, about ``x`` on the right."""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import INF, activation
from jaxact._derivative import Formula
from jaxact._math import SCALE, UNSCALE, Arithmetic, coefficients, logistic, normal
from jaxact._math.elementary import (
    decay_limit,
    decay_parts,
    elementary,
    exp,
    exp_and_expm1,
    exp_of_exp,
    exp_parts,
    expm1,
    inverse_root,
    inverse_root_curvature,
    inverse_root_mixed,
    inverse_root_parameter_slope,
    inverse_root_slope,
    log1p,
    log1p_over,
    rounded_exp,
    scaled_exp,
    sqrt,
    tanh,
    tanh_excess,
    tanh_parts,
    tanh_slope,
    times,
    with_sign,
)
from jaxact._math.error_free import rounded_constant, split, split_constant, two_sum
from jaxact._math.logistic import sigmoid, sigmoid_unit, silu_slope

_2_OVER_ROOT_PI = 1.1283791670955126


def _softplus_tail(m: Arithmetic, x: Array, beta: Array) -> tuple[Array, Array]:
    """``log(1 + e)`` times 2^64, and ``-|beta x| e / (1 + e)`` times 2^64, for ``e = exp(-|beta x|)``."""
    z, low = m.product(x, beta)
    t = m.maximum(-lax.abs(z), -m.limits.vanish)
    up = scaled_exp(m, t, m.mirrored(low, z))
    e = up * UNSCALE
    return up * log1p_over(m, e), t * up / (1 + e)


def _softplus_slope(m: Arithmetic, x: Array, beta: Array) -> Array:
    return sigmoid(m, *m.product(x, beta))


def _softplus_beta_slope(m: Arithmetic, x: Array, beta: Array) -> Array:
    log_up, product_up = _softplus_tail(m, x, beta)
    return (product_up - log_up) / beta / beta * UNSCALE


def _softplus(m: Arithmetic, x: Array, beta: Array) -> Array:
    tail_up, _ = _softplus_tail(m, x, beta)
    return m.maximum(x, 0) + tail_up / beta * UNSCALE


@activation(
    Formula(_softplus, _softplus_slope, _softplus_beta_slope),
    domain={"beta": "> 0"},
    kind="smooth",
    range=(0, INF),
    tails=(0, 1),
)
def softplus(x: ArrayLike, beta: ArrayLike = 1.0) -> Array:
    r"""Softplus.

    .. math:: \mathrm{softplus}(x) = \frac{1}{\beta} \log(1 + e^{\beta x})

    Args:
      x: real array of any shape.
      beta: sharpness; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``beta`` is a number that is not positive.

    References:
      Dugas, Bengio, Bélisle, Nadeau and Garcia, Incorporating second-order functional knowledge for better option
      pricing, NIPS 2000.
    """
    ...


def _log_sigmoid(m: Arithmetic, x: Array) -> Array:
    return -logistic.softplus(m, -x)


@activation(Formula(_log_sigmoid, lambda m, x: sigmoid(m, -x)), kind="smooth", range=(-INF, 0), tails=(1, 0))
def log_sigmoid(x: ArrayLike) -> Array:
    r"""Logarithm of the logistic sigmoid.

    .. math:: \mathrm{log\_sigmoid}(x) = -\log(1 + e^{-x})

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.
    """
    ...


def _silu(m: Arithmetic, x: Array) -> Array:
    return sigmoid_unit(m, x, -m.limits.vanish, m.limits.one, lambda x: (x, None))


@activation(
    Formula(_silu, silu_slope),
    kind="smooth",
    range=(-0.2784645427610738, INF),
    tails=(0, 1),
    minimum=-1.2784645427610737,
)
def silu(x: ArrayLike) -> Array:
    r"""Sigmoid-weighted linear unit, also called Swish-1.

    .. math:: \mathrm{silu}(x) = x \, \sigma(x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Elfwing, Uchibe and Doya, Sigmoid-weighted linear units for neural network function approximation in reinforcement
      learning, 2017, arXiv:1702.03118.
    """
    ...


def _mish_slope(m: Arithmetic, x: Array) -> Array:
    z = m.clip(x, -m.limits.vanish, m.limits.one)
    negative = z < 0
    parts = exp_parts(m, z)
    w = times(parts) * UNSCALE
    left = times(parts, (4 + 4 * z) + w * ((6 + 4 * z) + w * (4 + w)))
    right = SCALE * (w * ((4 * z - 2) * (1 + w) - 2) - 4)
    # 2 + 2 w + w^2. Its first term must not be a constant: XLA would fold the rounding error of the sum to 0. The
    # maximum is w, and keeps XLA from computing (2^64 w)^2, which it does for scalars.
    two, square = 2 + 0 * z, m.maximum(w, 0) * w
    part = two + 2 * w
    q = part + square
    lost = 0 if not m.compensated else (2 * w - (part - two)) + (square - (q - part))
    return m.where(negative, left, right) / (q * q + 2 * q * lost) * UNSCALE + m.where(negative, 0, 1)


def _mish_curvature(m: Arithmetic, x: Array) -> Array:
    x = m.clamped(x)
    up = scaled_exp(m, -m.magnitude(x))
    e = up * UNSCALE
    left = 2 * (2 + x) + e * (2 * (4 + x) + e * (3 * (2 - x) + e * (2 * (1 - x))))
    right = 2 * (1 - x) + e * (3 * (2 - x) + e * (2 * (4 + x) + e * (2 * (2 + x))))
    # 2 + 2 e + e^2 on the left and 1 + 2 e + 2 e^2 on the right, whose first term must not be a constant either.
    first, square = m.where(x < 0, 2 + 0 * x, 1 + 0 * x), e * m.where(x < 0, e, 2 * e)
    part = first + 2 * e
    q = part + square
    lost = 0 if not m.compensated else (2 * e - (part - first)) + (square - (q - part))
    cube = q * (q * q + 3 * q * lost)
    return 4 * up * (m.where(x < 0, left, right * e) / cube) * UNSCALE


def _mish(m: Arithmetic, x: Array) -> Array:
    # With w = e^x, tanh(log(1 + w)) is w (1 - d) on the left and 1 - d on the right, where d is at most 1/2 and a
    # quotient of sums whose terms are all positive.
    z = m.clip(x, -m.limits.vanish, m.limits.one)
    negative = z < 0
    up = rounded_exp(m, z, power=64)
    w = up * UNSCALE
    n = w * (1 + w)
    d = m.where(negative, n, 2) / (2 + (w + n))
    y = z * m.where(negative, up, SCALE)
    return m.where((x > m.limits.one) | (x == 0), x, (y - y * d) * UNSCALE)  # -0 stays -0


@activation(
    Formula(_mish, Formula(_mish_slope, _mish_curvature)),
    kind="smooth",
    range=(-0.30884341301725043, INF),
    tails=(0, 1),
    minimum=-1.1924312145154952,
)
def mish(x: ArrayLike) -> Array:
    r"""Mish, a smooth non-monotone rectifier.

    .. math:: \mathrm{mish}(x) = x \tanh(\log(1 + e^x))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Misra, Mish: a self regularized non-monotonic activation function, 2019, arXiv:1908.08681.
    """
    ...


def _gelu_exact_slope(m: Arithmetic, x: Array) -> Array:
    left = normal.bend(m, normal.clamped(m, lax.abs(x)))
    return m.where(x < 0, left, 1 - left)


def _gelu_exact_curvature(m: Arithmetic, x: Array) -> Array:
    t = normal.clamped(m, m.magnitude(x))
    root, lost = rounded_constant(*coefficients.ROOT_2, m.dtype)
    return normal.scaled_density(m, t) * (((root - t) + lost) * (root + t)) * UNSCALE


def _gelu_exact(m: Arithmetic, x: Array) -> Array:
    t = normal.clamped(m, lax.abs(x))
    tail = normal.tail_moment(m, t)
    centre = m.clip(x, -1, 1)
    return m.where(t < 1, centre * normal.centre(m, centre), m.where(x < 0, -tail, x - tail))


_GELU_EXACT = Formula(_gelu_exact, Formula(_gelu_exact_slope, _gelu_exact_curvature))


@activation(_GELU_EXACT, kind="smooth", range=(-0.16997120747990366, INF), tails=(0, 1), minimum=-0.7517915246935645)
def gelu_exact(x: ArrayLike) -> Array:
    r"""Gaussian error linear unit, with the normal distribution function itself.

    .. math:: \mathrm{gelu}(x) = x \, \Phi(x) = \frac{x}{2} \left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    ...


def _even_quadratic(m: Arithmetic, x: Array, a_factor: float = 1, b_factor: float = 1) -> tuple[Array, Array]:
    """``a + b x^2`` of the argument ``x (a + b x^2)``, or with factors, as a number of half the bits and a rest."""
    (a, a_lost), (b, b_lost) = coefficients.GELU_TANH_A, coefficients.GELU_TANH_B
    a_high, a_low = split_constant(a_factor * a, a_factor * a_lost, m.dtype)
    b_high, b_low = split_constant(b_factor * b, b_factor * b_lost, m.dtype)
    square = x * x
    square_high, square_low = _square(m, x)
    high, _ = split(a_high + b_high * square_high)
    return high, ((a_high - high) + b_high * square_high) + (a_low + (b_high * square_low + b_low * square))


def _square(m: Arithmetic, x: Array) -> tuple[Array, Array]:
    """``x^2`` as a number of half the bits and a rest."""
    high, low = split(x)
    square_high, _ = split(x * x)
    return square_high, (high * high - square_high) + low * (x + high)


def gelu_tanh_argument(m: Arithmetic, x: Array) -> tuple[Array, Array | None]:
    """``u = x (a + b x^2)`` of ``x sigma(u)`` as a sum of two numbers.

    ``e^u`` turns an absolute error of ``u`` into a relative one, so ``u`` must be more accurate than its dtype.
    """
    if not m.compensated:
        return x * (coefficients.GELU_TANH_A[0] + coefficients.GELU_TANH_B[0] * (x * x)), None
    high, low = split(x)
    factor_high, factor_low = _even_quadratic(m, x)
    return high * factor_high, low * factor_high + x * factor_low


def _gelu_tanh_clamped(m: Arithmetic, x: Array) -> Array:
    bound = {"float32": 11.3, "float64": 21.5}[x.dtype.name]
    return m.clip(x, -bound, bound)


def _gelu_tanh(m: Arithmetic, x: Array) -> Array:
    left, right = {"float32": (-11.3, 6.0), "float64": (-21.5, 7.5)}[x.dtype.name]
    return sigmoid_unit(m, x, left, right, functools.partial(gelu_tanh_argument, m))


def _gelu_tanh_slope(m: Arithmetic, x: Array) -> Array:
    t = -lax.abs(_gelu_tanh_clamped(m, x))
    u, u_low = gelu_tanh_argument(m, t)
    parts = exp_parts(m, u, u_low)
    e = times(parts) * UNSCALE
    factor = (1 + u) + (m.sum_of(2 * coefficients.GELU_TANH_B[0] * t * (t * t), u_low) + e)  # 1 + t du/dt + e
    left = times(parts, factor) / (1 + e * (2 + e)) * UNSCALE
    return m.where(x < 0, left, 1 - left)


def _gelu_tanh_curvature(m: Arithmetic, x: Array) -> Array:
    t = -m.magnitude(_gelu_tanh_clamped(m, x))
    up = scaled_exp(m, *gelu_tanh_argument(m, t))
    e = up * UNSCALE
    slope_high, slope_low = _even_quadratic(m, t, 1, 3)  # du/dt
    product = t * (slope_high * slope_high + slope_low * (2 * slope_high + slope_low))
    sum_high, sum_low = _even_quadratic(m, t, 2, 12)  # 2 du/dt + t d2u/dt2
    bend = (sum_high + product) + (sum_low - product * (2 * e / (1 + e)))
    return up * (bend / (1 + e * (2 + e))) * UNSCALE


_GELU_TANH = Formula(_gelu_tanh, Formula(_gelu_tanh_slope, _gelu_tanh_curvature))


@activation(_GELU_TANH, kind="smooth", range=(-0.17004075057125406, INF), tails=(0, 1), minimum=-0.7524614220710163)
def gelu_tanh(x: ArrayLike) -> Array:
    r"""Gaussian error linear unit, with tanh in place of the error function.

    .. math:: \mathrm{gelu\_tanh}(x) = \frac{x}{2} \left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0.044715 x^3)\right)\right)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    ...


def _quick_gelu_argument(m: Arithmetic, x: Array) -> tuple[Array, Array | None]:
    """``1.702 x`` as a sum of two numbers."""
    if not m.compensated:
        return 1.702 * x, None
    scale_high, scale_low = split_constant(*coefficients.QUICK_GELU, m.dtype)
    high, low = split(x)
    return high * scale_high, low * scale_high + x * scale_low


def _quick_gelu_clamped(m: Arithmetic, x: Array) -> Array:
    bound = m.limits.vanish / 1.702
    return m.clip(x, -bound, bound)


def _quick_gelu_slope(m: Arithmetic, x: Array) -> Array:
    return silu_slope(m, *_quick_gelu_argument(m, _quick_gelu_clamped(m, x)))


def _quick_gelu_curvature(m: Arithmetic, x: Array) -> Array:
    return 1.702 * logistic.scaled_silu_curvature(m, *_quick_gelu_argument(m, _quick_gelu_clamped(m, x))) * UNSCALE


def _quick_gelu(m: Arithmetic, x: Array) -> Array:
    return sigmoid_unit(
        m, x, -m.limits.vanish / 1.702, m.limits.one / 1.702, functools.partial(_quick_gelu_argument, m)
    )


@activation(
    Formula(_quick_gelu, Formula(_quick_gelu_slope, _quick_gelu_curvature)),
    kind="smooth",
    range=(-0.16361018963635357, INF),
    tails=(0, 1),
    minimum=-0.751154255441289,
)
def quick_gelu(x: ArrayLike) -> Array:
    r"""Gaussian error linear unit, with a sigmoid in place of the normal distribution.

    .. math:: \mathrm{quick\_gelu}(x) = x \, \sigma(1.702 x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    ...


@activation(
    lambda approximate: _GELU_TANH if approximate else _GELU_EXACT,
    options=("approximate",),
    kind="smooth",
    range=(-0.17004075057125406, INF),
    tails=(0, 1),
    minimum=-0.7524614220710163,
)
def gelu(x: ArrayLike, approximate: bool = True) -> Array:
    r"""Gaussian error linear unit.

    .. math:: \mathrm{gelu}(x) = x \, \Phi(x)

    Args:
      x: real array of any shape.
      approximate: whether to use :func:`gelu_tanh`, as ``jax.nn.gelu`` does, or :func:`gelu_exact`.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    ...


def _elu_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    negative = m.where(x > 0, 0, m.clamped(x))
    return m.where(x > 0, 1, alpha * scaled_exp(m, negative) * UNSCALE)


def _elu_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return m.where(x > 0, 0, expm1(m, m.where(x > 0, 0, x)))


def _elu(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return m.where(x >= 0, x, alpha * expm1(m, m.minimum(x, 0)))  # -0 stays -0


@activation(Formula(_elu, _elu_slope, _elu_alpha_slope), kind="smooth", range=(-1, INF), tails=(0, 1))
def elu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Exponential linear unit.

    .. math:: \mathrm{elu}(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    Where alpha is not 1 its slope jumps at 0, and is alpha there.

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear units, 2015,
      arXiv:1511.07289.
    """
    ...


def _celu_argument(m: Arithmetic, x: Array, alpha: Array) -> tuple[Array, Array | None]:
    """``min(x, 0) / alpha`` as a sum of two numbers."""
    z, low = m.quotient(m.where(x > 0, 0, x), alpha)
    return m.clamped(z), low


def _celu_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return m.where(x > 0, 1, exp(m, *_celu_argument(m, x, alpha)))


def _celu_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    z, low = _celu_argument(m, x, alpha)
    near = z * z * m.polynomial(m.maximum(z, -2), m.table(coefficients.CELU_REST))
    return m.where(x > 0, 0, m.where(z > -2, near, (1 - z) * exp(m, z, low) - 1))


def _celu(m: Arithmetic, x: Array, alpha: Array) -> Array:
    z = m.minimum(x, 0) / alpha
    return m.where(z > -(2.0**-60), x, alpha * expm1(m, z))  # there x / alpha may be subnormal


@activation(
    Formula(_celu, _celu_slope, _celu_alpha_slope),
    domain={"alpha": "> 0"},
    kind="smooth",
    range=(-1, INF),
    tails=(0, 1),
)
def celu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Continuously differentiable exponential linear unit.

    .. math:: \mathrm{celu}(x) = \begin{cases} x & x > 0 \\ \alpha (e^{x / \alpha} - 1) & x \le 0 \end{cases}

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` is a number that is not positive.

    References:
      Barron, Continuously differentiable exponential linear units, 2017, arXiv:1704.07483.
    """
    ...


_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772


def _selu_slope(m: Arithmetic, x: Array) -> Array:
    negative = m.where(x > 0, 0, m.clamped(x))
    return m.where(x > 0, _SELU_SCALE, _SELU_SCALE * _SELU_ALPHA * scaled_exp(m, negative) * UNSCALE)


def _selu(m: Arithmetic, x: Array) -> Array:
    # Where the result is close to the largest number, the product of rounded factors would overflow.
    right = m.where(x > 1, x + (_SELU_SCALE - 1) * x, _SELU_SCALE * x)
    return m.where(x >= 0, right, _SELU_SCALE * _SELU_ALPHA * expm1(m, m.minimum(x, 0)))


@activation(
    Formula(_selu, _selu_slope),
    kind="smooth",
    range=(-1.7580993408473768, INF),
    tails=(0, 1.0507009873554805),
    kinks=(0.0,),
)
def selu(x: ArrayLike) -> Array:
    r"""Scaled exponential linear unit.

    .. math:: \mathrm{selu}(x) = \lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    with :math:`\lambda = 1.0507009873554805` and :math:`\alpha = 1.6732632423543772`. Its slope at 0 is
    :math:`\lambda\alpha`.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Klambauer, Unterthiner, Mayr and Hochreiter, Self-normalizing neural networks, 2017, arXiv:1706.02515.
    """
    ...


_SQUARES = 2.0**62  # above it x^2 overflows, and b is negligible unless it is above 2^98


def _root(m: Arithmetic, x: Array, b: Array | float) -> Array:
    """``sqrt(x^2 + b)``."""
    size = lax.abs(x)
    return m.where(size > _SQUARES, size, sqrt(m, x * x + b))


def _squareplus_slope(m: Arithmetic, x: Array, b: Array) -> Array:
    size = m.minimum(lax.abs(x), _SQUARES)
    square = m.maximum(size * size + b, m.tiny)
    left = b / 2 / (square + size * sqrt(m, square))
    left = m.where(lax.abs(x) > _SQUARES, b / 4 / x / x, left)
    return m.where(x < 0, left, 1 - left)


def _squareplus_curvature(m: Arithmetic, x: Array, b: Array) -> Array:
    root = _root(m, x, b)
    return b / 2 / root / root / root


def _squareplus_mixed(m: Arithmetic, x: Array, b: Array) -> Array:
    root = _root(m, x, b)
    return -(x / root) / root / root / 4


def _squareplus_b_slope(m: Arithmetic, x: Array, b: Array) -> Array:
    return 1 / (4 * _root(m, x, b))


def _squareplus(m: Arithmetic, x: Array, b: Array) -> Array:
    right = _root(m, x, b) / 2 + lax.abs(x) / 2
    return m.where(x < 0, b / 4 / right, right)


@activation(
    Formula(_squareplus, Formula(_squareplus_slope, _squareplus_curvature, _squareplus_mixed), _squareplus_b_slope),
    domain={"b": "> 0"},
    kind="smooth",
    range=(0, INF),
    tails=(0, 1),
)
def squareplus(x: ArrayLike, b: ArrayLike = 4) -> Array:
    r"""Squareplus, an algebraic softplus.

    .. math:: \mathrm{squareplus}(x) = \frac{x + \sqrt{x^2 + b}}{2}

    Args:
      x: real array of any shape.
      b: width of the bend; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``b`` is a number that is not positive.

    References:
      Barron, Squareplus: a softplus-like algebraic rectifier, 2021, arXiv:2112.11687.
    """
    ...


def _bent_identity_slope(m: Arithmetic, x: Array) -> Array:
    x = m.clip(x, -(2.0**100), 2.0**100)  # so that infinities need no case of their own
    return 1 + x / _root(m, x, 1) / 2


def _bent_identity_curvature(m: Arithmetic, x: Array) -> Array:
    root = _root(m, x, 1)
    return 1 / (2 * root) / root / root


def _bent_identity(m: Arithmetic, x: Array) -> Array:
    bend = m.clip(x, -(2.0**100), 2.0**100)
    return x * (1 + bend / (1 + _root(m, bend, 1)) / 2)


@activation(
    Formula(_bent_identity, Formula(_bent_identity_slope, _bent_identity_curvature)),
    kind="smooth",
    range=(-INF, INF),
    tails=(0.5, 1.5),
)
def bent_identity(x: ArrayLike) -> Array:
    r"""Bent identity, whose slope goes from 1/2 to 3/2.

    .. math:: \mathrm{bent\_identity}(x) = \frac{\sqrt{x^2 + 1} - 1}{2} + x

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Wikipedia, Activation function, table of 12 February 2018.
    """
    ...


def _sparse_plus_slope(m: Arithmetic, x: Array) -> Array:
    return m.clip((x + 1) / 2, 0, 1)


def _sparse_plus_curvature(m: Arithmetic, x: Array) -> Array:
    return m.where((x > -1) & (x < 1), 0.5, 0)


def _sparse_plus(m: Arithmetic, x: Array) -> Array:
    middle = (m.clip(x, -1, 1) + 1) / 2
    return m.where(x >= 1, x, middle * middle)


@activation(
    Formula(_sparse_plus, Formula(_sparse_plus_slope, _sparse_plus_curvature), flat=True),
    kind="smooth",
    range=(0, INF),
    tails=(0, 1),
)
def sparse_plus(x: ArrayLike) -> Array:
    r"""Sparse plus, a softplus that is exactly 0 below -1 and exactly ``x`` above 1.

    .. math::
        \mathrm{sparse\_plus}(x) = \begin{cases}
        0 & x \le -1 \\ (x + 1)^2 / 4 & -1 < x < 1 \\ x & x \ge 1
        \end{cases}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Blondel, Martins and Niculae, Learning classifiers with Fenchel-Young losses, 2019, arXiv:1901.02324.
    """
    ...


def _hard_silu_slope(m: Arithmetic, x: Array) -> Array:
    return m.where(x >= 3, 1, m.where(x <= -3, 0, (2 * x + 3) / 6))


def _hard_silu(m: Arithmetic, x: Array) -> Array:
    return m.where(x <= -3, -0.0, x * (m.clip(x + 3, 0, 6) / 6))


@activation(
    Formula(_hard_silu, _hard_silu_slope, flat=lambda m, x: x <= -3),
    kind="rectified",
    range=(-0.375, INF),
    tails=(0, 1),
    kinks=(-3.0, 3.0),
    minimum=-1.5,
)
def hard_silu(x: ArrayLike) -> Array:
    r"""Piecewise quadratic SiLU, also called hard Swish.

    .. math:: \mathrm{hard\_silu}(x) = x \, \mathrm{relu6}(x + 3) / 6

    Its slope at -3 is 0 and at 3 it is 1.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Howard et al., Searching for MobileNetV3, 2019, arXiv:1905.02244.
    """
    ...


def _exp_until(m: Arithmetic, x: Array, right: float) -> tuple[Array, Array, Array]:
    """``z``, ``x`` clamped from where ``x e^x`` is 0 to ``right``, ``2^64 e^z``, ``e^z``. Not to be differentiated."""
    z = m.clip(x, -m.limits.vanish, right)
    up = rounded_exp(m, z, power=64)
    return z, up, up * UNSCALE


def _exp_of_minus(m: Arithmetic, x: Array) -> tuple[Array, Array, Array]:
    """``t = -|x|``, clamped to where ``x e^t`` is not 0, ``2^64 e^t`` and ``e^t``."""
    t = -m.magnitude(m.clamped(x))
    up = scaled_exp(m, t)
    return t, up, up * UNSCALE


@functools.cache
def _scaled_gumbel(k: int) -> Callable[[Arithmetic, Array], Array]:
    """``2^64 e^(x - k e^x)`` for ``x`` clamped by :func:`_until_gumbel`; ``k = 1`` is the Gumbel density."""

    def value(m: Arithmetic, x: Array) -> Array:
        return exp_of_exp(m, m.maximum(x, -40), k, x, 64)[0]

    def slope(m: Arithmetic, x: Array) -> Array:
        return (1 - k * exp(m, x)) * f(m, x)

    f = elementary(slope, native=lambda x: jnp.exp(x - k * jnp.exp(x)) * SCALE)(value)
    return f


def _until_gumbel(m: Arithmetic, x: Array, k: int = 1) -> Array:
    """``x`` clamped to where ``e^(x - k e^x)`` is not 0."""
    return m.clip(x, -m.limits.vanish, math.log(m.limits.vanish / k))


def _tanh_limit(m: Arithmetic) -> float:
    """The ``x`` above which the slope of ``x tanh(x)`` is 1."""
    return m.limits.tanh + 1.4


def _softplus_parts(m: Arithmetic, z: Array) -> tuple[Array, Array, Array]:
    """``2^64 e``, ``e = e^-|z|`` and ``log(1 + e) / e``. Not to be differentiated."""
    up = rounded_exp(m, -lax.abs(z), power=64)
    e = up * UNSCALE
    return up, e, log1p_over(m, e)


def _serf_until(m: Arithmetic, x: Array, end: float) -> Array:
    """``x`` clamped: on the left to where the result is 0, on the right to where the softplus is ``end``."""
    return m.clip(x, -m.limits.vanish, math.log(math.expm1(end)))


def _serf_slope(m: Arithmetic, x: Array) -> Array:
    # erf(s) + x erf'(s) / (1 + e^-x). On the left it is e ((1 + x) erf'(s) / (1 + e) + e K(e)) for e = e^x and a
    # positive K: where the slope is small so is 1 + x, and little cancels.
    end = normal.erf_end(m)
    z = _serf_until(m, x, end + 0.7)
    up, e, ratio = _softplus_parts(m, z)
    s = m.maximum(z, 0) + e * ratio
    square = s * s
    bend = _2_OVER_ROOT_PI * rounded_exp(m, -square) / (1 + e)
    left = up * (e * m.polynomial(e, m.table(coefficients.SERF)) + (1 + z) * bend) * UNSCALE
    right = m.minimum(s * normal.erf_over(m, m.minimum(square, end * end)), 1) + z * bend
    return m.where(z < 0, left, right)


def _serf_curvature(m: Arithmetic, x: Array) -> Array:
    # erf'(s) c (2 + x (1 - c - 2 s c)) for c = 1 / (1 + e^-x)
    z = m.clip(x, -m.limits.vanish, m.limits.vanish**0.5)
    negative = z < 0
    up = scaled_exp(m, -m.magnitude(z))
    e = up * UNSCALE
    rest, right = e * log1p_over(m, e), m.where(negative, 0, z)
    high, low = m.square(right, -1.0)
    if low is None:
        total = high - rest * (2 * right + rest)
    else:
        total, lost = two_sum(high, -rest * (2 * right + rest))
        low = low + lost
    density = scaled_exp(m, total, low)
    c = m.where(negative, e, 1) / (1 + e)
    bend = 2 + z * (m.where(negative, 1, e) / (1 + e) - 2 * (right + rest) * c)
    return _2_OVER_ROOT_PI * (m.where(negative, up * (density * UNSCALE), density) / (1 + e)) * bend * UNSCALE


def _serf(m: Arithmetic, x: Array) -> Array:
    end = normal.erf_end(m)
    z = _serf_until(m, x, end)
    up, e, ratio = _softplus_parts(m, z)
    s = m.maximum(z, 0) + e * ratio
    over = normal.erf_over(m, s * s)
    erf_up = m.where(z < 0, up * (ratio * over), m.minimum(s * over, 1) * SCALE)
    return m.where(z < x, x, z * erf_up * UNSCALE)


@activation(
    Formula(_serf, Formula(_serf_slope, _serf_curvature)),
    kind="smooth",
    range=(-0.34843745875960642, INF),
    tails=(0, 1),
    minimum=-1.193059968928188,
)
def serf(x: ArrayLike) -> Array:
    r"""Serf, a smooth rectifier like :func:`mish` with the error function in place of tanh.

    .. math:: \mathrm{serf}(x) = x \, \mathrm{erf}(\log(1 + e^x))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Nag, Bhattacharyya, Mukherjee and Kundu, SERF: towards better training of deep neural networks using log-softplus
      error activation function, 2021, arXiv:2108.09598.
    """
    ...


def _exponential_slope(m: Arithmetic, x: Array) -> Array:
    return _exponential(m, x)


@elementary(_exponential_slope)
def _exponential(m: Arithmetic, x: Array) -> Array:
    """``e^x``. Its derivative is given: JAX's, of the quotient below, would square a divisor that is nearly 0."""
    up = rounded_exp(m, -m.magnitude(m.clamped(x)), power=64)
    return m.where(x < 0, up * UNSCALE, SCALE / up)


@activation(Formula(_exponential, _exponential), kind="smooth", range=(0, INF), tails=(0, INF))
def exponential(x: ArrayLike) -> Array:
    r"""Exponential function.

    .. math:: \mathrm{exponential}(x) = e^x

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``; infinite where the result overflows.

    References:
      Keras, layer activation functions, 2015; it serves as the link function of Poisson regression in McCullagh and
      Nelder, Generalized linear models, 1989.
    """
    ...


def _shifted_softplus(m: Arithmetic, x: Array) -> Array:
    # With d = e^-|x| - 1 it is max(x, 0) + log(1 + d / 2). Near 0 the logarithm is at most half the sum: little
    # cancels.
    d = expm1(m, -lax.abs(x))
    return m.maximum(x, 0) + d * m.polynomial(d, (*m.table(coefficients.LOG_MEAN), 0.5))


@activation(Formula(_shifted_softplus, sigmoid), kind="smooth", range=(-0.6931471805599453, INF), tails=(0, 1))
def shifted_softplus(x: ArrayLike) -> Array:
    r"""Softplus shifted to pass through 0.

    .. math:: \mathrm{shifted\_softplus}(x) = \log\left(\tfrac{1}{2} e^x + \tfrac{1}{2}\right)

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Schütt et al., SchNet: a continuous-filter convolutional neural network for modeling quantum interactions, 2017,
      arXiv:1706.08566.
    """
    ...


def _softplus_factors(m: Arithmetic, x: Array) -> tuple[Array, Array, Array]:
    """``e = e^-|x|``, ``a`` and ``b`` with the softplus ``a^2 b``, of which ``b`` is at least log 2."""
    half = m.maximum(exp(m, m.magnitude(x) * -0.5), 0)  # the maximum as in mish
    e = half * half
    ratio = log1p_over(m, e)
    return e, m.where(x < 0, half, 1), m.where(x < 0, ratio, x + e * ratio)


def _sqrt_softplus_slope(m: Arithmetic, x: Array) -> Array:
    e, a, b = _softplus_factors(m, x)
    return 0.5 * a / ((1 + e) * sqrt(m, b))


def _sqrt_softplus_curvature(m: Arithmetic, x: Array) -> Array:
    e, a, b = _softplus_factors(m, x)
    return 0.5 * a * (m.where(x < 0, 1, e) - 0.5 / b) / ((1 + e) * (1 + e) * sqrt(m, b))


def _sqrt_softplus(m: Arithmetic, x: Array) -> Array:
    _, a, b = _softplus_factors(m, x)
    return a * sqrt(m, b)


@activation(
    Formula(_sqrt_softplus, Formula(_sqrt_softplus_slope, _sqrt_softplus_curvature)),
    kind="smooth",
    range=(0, INF),
    tails=(0, 0),
)
def sqrt_softplus(x: ArrayLike) -> Array:
    r"""Square root of the softplus, which language models use to score experts.

    .. math:: \mathrm{sqrt\_softplus}(x) = \sqrt{\log(1 + e^x)}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hugging Face, Transformers, activation ``sqrtsoftplus``, 2026.
    """
    ...


def _lisht_slope(m: Arithmetic, x: Array) -> Array:
    limit = _tanh_limit(m)
    z = m.clip(x, -limit, limit)
    p, q, d = tanh_parts(m, z * z)
    return m.where(lax.abs(x) > limit, m.where(x < 0, -1, 1), z * (p * d + q * q) / (d * d))  # tanh(x) + x / cosh(x)^2


def _lisht_curvature(m: Arithmetic, x: Array) -> Array:
    limit = m.limits.vanish / 2
    t = m.magnitude(m.clip(x, -limit, limit))
    up = scaled_exp(m, -2 * t)
    q = 1 / (1 + up * UNSCALE)
    return 8 * up * (q * q) * (1 + t * q * expm1(m, -2 * t)) * UNSCALE  # 2 (1 - x tanh(x)) / cosh(x)^2


def _lisht(m: Arithmetic, x: Array) -> Array:
    z = m.clip(x, -m.limits.tanh, m.limits.tanh)
    square = z * z
    p, _, d = tanh_parts(m, square)
    return m.where(lax.abs(x) > m.limits.tanh, lax.abs(x), square * p / d)


@activation(
    Formula(_lisht, Formula(_lisht_slope, _lisht_curvature)), kind="smooth", range=(0, INF), tails=(-1, 1), minimum=0.0
)
def lisht(x: ArrayLike) -> Array:
    r"""Linearly scaled hyperbolic tangent.

    .. math:: \mathrm{lisht}(x) = x \tanh(x)

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Roy, Manna, Dubey and Chaudhuri, LiSHT: non-parametric linearly scaled hyperbolic tangent activation function for
      neural networks, 2019, arXiv:1901.05894.
    """
    ...


def _tanh_exp_slope(m: Arithmetic, x: Array) -> Array:
    limit = math.log(m.limits.tanh + 1.1)  # above it the slope is within 4 ulp of 1
    z, up, w = _exp_until(m, x, limit)
    square = m.maximum(w, -1) * w  # the maximum as in mish
    # tanh(w) + x w / cosh(w)^2. On the left it is w ((1 + x) / cosh(w)^2 + w^2 r) with a positive r: where the slope is
    # small so is 1 + x, and little cancels.
    p, q, d = tanh_parts(m, square)
    left = (1 + z) * (q * q) + square * tanh_excess(m, square)
    numerator = m.where(z < 0, left, p * d + z * (q * q))
    return m.where(x > limit, 1, up * numerator / (d * d) * UNSCALE)


def _tanh_exp_curvature(m: Arithmetic, x: Array) -> Array:
    z = _until_gumbel(m, x, 2)
    w = exp(m, z)
    q = 1 / (1 + exp(m, -2 * w))
    return (
        4 * _scaled_gumbel(2)(m, z) * (q * q) * (2 + z * (1 - 2 * w * tanh(m, w))) * UNSCALE
    )  # e^(x - 2 w) is w / cosh(w)^2 at the right


def _tanh_exp(m: Arithmetic, x: Array) -> Array:
    limit = math.log(m.limits.tanh)
    z, up, w = _exp_until(m, x, limit)
    p, _, d = tanh_parts(m, m.maximum(w, -1) * w)
    return m.where(x > limit, x, z * (up * p / d) * UNSCALE)


@activation(
    Formula(_tanh_exp, Formula(_tanh_exp_slope, _tanh_exp_curvature)),
    kind="smooth",
    range=(-0.35328577784821127, INF),
    tails=(0, 1),
    minimum=-1.0788600584646241,
)
def tanh_exp(x: ArrayLike) -> Array:
    r"""TanhExp, also published as TeLU, a hyperbolic tangent exponential linear unit.

    .. math:: \mathrm{tanh\_exp}(x) = x \tanh(e^x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Liu and Di, TanhExp: a smooth activation function with high convergence speed for lightweight neural networks,
      2020, arXiv:2003.09855; Fernandez and Mali, TeLU activation function for fast and stable deep learning, 2024,
      arXiv:2412.20269.
    """
    ...


def _logish_slope(m: Arithmetic, x: Array) -> Array:
    # log(1 + s) + x s (1 - s) / (1 + s) for s = w / (1 + w)
    z, up, w = _exp_until(m, x, m.limits.one)
    s_up = m.used_twice(up / (1 + w))
    return s_up * (log1p_over(m, s_up * UNSCALE) + z / (1 + 2 * w)) * UNSCALE


def _logish_curvature(m: Arithmetic, x: Array) -> Array:
    t, up, e = _exp_of_minus(m, x)
    left = x < 0
    d = (1 + e) * (m.where(left, 1, 2) + e * m.where(left, 2, 1))
    n = m.where(left, 1, -2) + e * (e * m.where(left, -2, 1))
    return up / d * (2 + m.where(left, t, -t) * (n / d)) * UNSCALE


def _logish(m: Arithmetic, x: Array) -> Array:
    z, up, w = _exp_until(m, x, m.limits.one)
    s_up = m.used_twice(up / (1 + w))
    return m.where(x > m.limits.one, x * math.log(2), z * (s_up * log1p_over(m, s_up * UNSCALE)) * UNSCALE)


@activation(
    Formula(_logish, Formula(_logish_slope, _logish_curvature)),
    kind="smooth",
    range=(-0.25276881678944035, INF),
    tails=(0, 0.6931471805599453),
    minimum=-1.3724541370256921,
)
def logish(x: ArrayLike) -> Array:
    r"""Logish.

    .. math:: \mathrm{logish}(x) = x \log(1 + \sigma(x))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Zhu, Zeng, Lin and Zou, Logish: a new nonlinear nonmonotonic activation function for convolutional neural network,
      Neurocomputing 458, 2021.
    """
    ...


def _smish_slope(m: Arithmetic, x: Array) -> Array:
    z, up, w = _exp_until(m, x, m.limits.one)
    q = m.used_twice(1 / (2 + w * (6 + 5 * w)))
    return up * q * ((4 + 4 * z + w * (18 + 12 * z + w * (28 + 8 * z + 15 * w))) * q) * UNSCALE


def _smish_curvature(m: Arithmetic, x: Array) -> Array:
    t, up, e = _exp_of_minus(m, x)
    left = x < 0
    z = m.where(left, t, -t)
    powers = (4 + 2 * z, 24 + 6 * z, 54 - 3 * z, 54 - 18 * z, 20 - 10 * z)  # of w: e on the left, else 1 / e
    above, *rest = (m.where(left, a, b) for a, b in zip(powers[::-1], powers, strict=True))
    for a in rest:
        above = above * e + a
    q = 1 / (m.where(left, 2, 5) + e * (6 + e * m.where(left, 5, 2)))
    return 4 * up * (q * q) * (above * q) * UNSCALE


def _smish(m: Arithmetic, x: Array) -> Array:
    # tanh(log(u)) = (u^2 - 1) / (u^2 + 1) for u = 1 + w / (1 + w)
    z, up, w = _exp_until(m, x, m.limits.one)
    return m.where(x > m.limits.one, 0.6 * x, z * (up * (2 + 3 * w) / (2 + w * (6 + 5 * w))) * UNSCALE)


@activation(
    Formula(_smish, Formula(_smish_slope, _smish_curvature)),
    kind="smooth",
    range=(-0.2499936636601295, INF),
    tails=(0, 0.6),
    minimum=-1.3945193019245041,
)
def smish(x: ArrayLike) -> Array:
    r"""Smish.

    .. math:: \mathrm{smish}(x) = x \tanh(\log(1 + \sigma(x)))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Wang, Ren and Wang, Smish: a novel activation function for deep learning methods, Electronics 11, 2022.
    """
    ...


def _gelu_parts(m: Arithmetic, x: Array, right: float) -> tuple[Array, Array, Array]:
    """``x`` clamped, ``2^64 Phi(x)`` and ``2^64 (Phi(x) + x phi(x))``, the slope of the GELU."""
    z = m.clip(x, -m.limits.normal, right)
    t = normal.clamped(m, m.magnitude(z))
    tail = normal.scaled_tail(m, t)
    up = m.where(z < 0, tail, SCALE - tail)
    return z, up, up + z * normal.scaled_density(m, t)


def _phish_slope(m: Arithmetic, x: Array) -> Array:
    # tanh(g) + x g' / cosh(g)^2 for g = gelu(x)
    limit = _tanh_limit(m)
    z, up, bend_up = _gelu_parts(m, x, limit)
    g_up = z * up
    g = m.maximum(g_up * UNSCALE, -1)
    p, q, d = tanh_parts(m, g * g)
    return m.where(x > limit, 1, (g_up * (p * d) + z * (q * q) * bend_up) / (d * d) * UNSCALE)


def _phish_curvature(m: Arithmetic, x: Array) -> Array:
    # (2 g' + x (g'' - 2 tanh(g) g'^2)) / cosh(g)^2
    z, up, bend_up = _gelu_parts(m, x, m.limits.vanish / 2)
    g, bend = z * (up * UNSCALE), bend_up * UNSCALE
    density = normal.scaled_density(m, normal.clamped(m, m.magnitude(z)))
    total = 2 * bend_up + z * (density * (2 - z * z) - 2 * tanh(m, g) * bend * bend_up)
    e_up = scaled_exp(m, -2 * m.magnitude(g))
    q = 1 / (1 + e_up * UNSCALE)
    e, total = m.where(z < 0, e_up * UNSCALE, e_up), m.where(z < 0, total, total * UNSCALE)
    return 4 * e * (q * q) * total * UNSCALE


# (tanh(r) / r - 1) / r^2 by powers of r^2, highest first: Taylor's series as far as it counts for r^2 < 0.03.
_TANH_SERIES = {
    "float32": (62 / 2835, -17 / 315, 2 / 15, -1 / 3),
    "float64": (
        *(-443861162 / 1856156927625, 6404582 / 10854718875, -929569 / 638512875, 21844 / 6081075, -1382 / 155925),
        *(62 / 2835, -17 / 315, 2 / 15, -1 / 3),
    ),
}


def _phish(m: Arithmetic, x: Array) -> Array:
    z, up, _ = _gelu_parts(m, x, m.limits.tanh)
    g_up = z * up
    g = m.maximum(g_up * UNSCALE, -1)
    square = g * g
    # tanh(g) / g. The series, small beside its 1, adds one rounding error; the quotient, which adds more, is left for
    # large g, where x is positive and Phi(x) has a smaller error.
    p, _, d = tanh_parts(m, square)
    small = square < 0.03
    near = m.where(small, square, 0)
    ratio = m.where(small, 1 + near * m.polynomial(near, _TANH_SERIES[m.dtype.name]), p / d)
    return m.where(x > m.limits.tanh, x, z * (g_up * ratio) * UNSCALE)


@activation(
    Formula(_phish, Formula(_phish_slope, _phish_curvature)), kind="smooth", range=(0, INF), tails=(0, 1), minimum=0.0
)
def phish(x: ArrayLike) -> Array:
    r"""Phish.

    .. math:: \mathrm{phish}(x) = x \tanh(\mathrm{gelu}(x)), \quad \mathrm{gelu}(x) = x \, \Phi(x)

    At -inf it is 0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Naveen, Phish: a novel hyper-optimizable activation function, TechRxiv, 2022.
    """
    ...


def _golu_slope(m: Arithmetic, x: Array) -> Array:
    z, v, up = _gompertz(m, x)
    return up * (1 + z * v) * UNSCALE


def _golu_curvature(m: Arithmetic, x: Array) -> Array:
    z = _until_gumbel(m, -x)
    return _scaled_gumbel(1)(m, z) * (2 + z * (1 - exp(m, z))) * UNSCALE


def _gompertz(m: Arithmetic, x: Array) -> tuple[Array, Array, Array]:
    """``x`` clamped to where the result is not 0, ``v = e^-x``, and ``2^64 e^-v``."""
    z = m.clip(x, -math.log(m.limits.vanish), m.limits.one)
    up, v = exp_of_exp(m, -z, power=64)
    return z, v, up


def _golu(m: Arithmetic, x: Array) -> Array:
    z, _, up = _gompertz(m, x)
    return m.where(x > m.limits.one, x, z * up * UNSCALE)


@activation(
    Formula(_golu, Formula(_golu_slope, _golu_curvature)),
    kind="smooth",
    range=(-0.097260131227639405, INF),
    tails=(0, 1),
    minimum=-0.56714329040978387,
)
def golu(x: ArrayLike) -> Array:
    r"""Gompertz linear unit.

    .. math:: \mathrm{golu}(x) = x \, e^{-e^{-x}}

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Das, Seng, Feurer, Lindauer and Hutter, Gompertz linear units: leveraging asymmetry for enhanced learning
      dynamics, 2025, arXiv:2502.03654.
    """
    ...


def _colu_slope(m: Arithmetic, x: Array) -> Array:
    z, up, w = _exp_until(m, x, math.log(m.limits.one))
    z_e = z * rounded_exp(m, -w)
    d = w - z_e
    return up * (w - z * z_e * (1 + w)) / (d * d) * UNSCALE


def _colu_curvature(m: Arithmetic, x: Array) -> Array:
    z = _until_gumbel(m, x)
    square, w = z * z, exp(m, z)
    e = exp(m, -w)
    above = w * ((2 - 4 * z * (1 + w)) + square * (1 + w * (1 + w))) + z * square * e * (1 + w * (3 + w))
    q = 1 / (w - z * e)
    return _scaled_gumbel(1)(m, z) * (q * q) * (above * q) * UNSCALE


def _colu(m: Arithmetic, x: Array) -> Array:
    # x w / (w - x e^-w) for w = e^x
    limit = math.log(decay_limit(m))
    z, up, w = _exp_until(m, x, limit)
    n, d = decay_parts(m, w)
    return m.where(x > limit, x, z * (up * d / (w * d - z * (d - w * n))) * UNSCALE)


@activation(
    Formula(_colu, Formula(_colu_slope, _colu_curvature)),
    kind="smooth",
    range=(-0.37715856839612915, INF),
    tails=(0, 1),
    minimum=-0.72692498859604414,
)
def colu(x: ArrayLike) -> Array:
    r"""Collapsing linear unit.

    .. math:: \mathrm{colu}(x) = \frac{x}{1 - x \, e^{-(x + e^x)}}

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Vagerwal, Deeper learning with CoLU activation, 2021, arXiv:2112.12078.
    """
    ...


def _e_swish_slope(m: Arithmetic, x: Array, beta: Array) -> Array:
    z, up, w = _exp_until(m, x, m.limits.one)
    q = 1 + w
    return beta * (up * (q + z) / (q * q)) * UNSCALE


def _e_swish_curvature(m: Arithmetic, x: Array, beta: Array) -> Array:
    return beta * logistic.scaled_silu_curvature(m, m.clamped(x)) * UNSCALE


def _e_swish(m: Arithmetic, x: Array, beta: Array) -> Array:
    if m.native:
        return beta * x * sigmoid(m, x)
    z = m.clip(x, -m.limits.vanish, m.limits.one)
    return m.where(x > m.limits.one, beta * x, beta * z / (UNSCALE + rounded_exp(m, -z, power=-64)) * UNSCALE)


_E_SWISH = Formula(
    _e_swish,
    Formula(_e_swish_slope, _e_swish_curvature),
    Formula(lambda m, x, beta: _silu(m, x), lambda m, x, beta: silu_slope(m, x)),
)


@activation(_E_SWISH, kind="smooth", range=(-0.38288874629647647, INF), tails=(0, 1.375), minimum=-1.2784645427610737)
def e_swish(x: ArrayLike, beta: ArrayLike = 1.375) -> Array:
    r"""E-swish, a scaled SiLU.

    .. math:: \mathrm{e\_swish}(x) = \beta x \, \sigma(x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      beta: scale, from 1 to 2 in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Alcaide, E-swish: adjusting activations to different network depths, 2018, arXiv:1801.07145.
    """
    ...


def _elish_slope(m: Arithmetic, x: Array) -> Array:
    z, up, w = _exp_until(m, x, m.limits.one)
    q = 1 + w
    return up * m.where(x < 0, w * (2 + w) - 1, q + z) / (q * q) * UNSCALE


def _elish_curvature(m: Arithmetic, x: Array) -> Array:
    t, up, e = _exp_of_minus(m, x)
    q = 1 + e
    return up * (m.where(x < 0, e * (5 + e * (3 + e)) - 1, 2 + t + e * (2 - t)) / (q * q * q)) * UNSCALE


def _elish(m: Arithmetic, x: Array) -> Array:
    z = m.clip(x, -m.limits.vanish, m.limits.one)
    up, less_1 = exp_and_expm1(m, z, 64)
    return m.where(x > m.limits.one, x, m.where(x < 0, less_1, z) * (up / (1 + up * UNSCALE)) * UNSCALE)


@activation(
    Formula(_elish, Formula(_elish_slope, _elish_curvature)),
    kind="smooth",
    range=(-0.1715728752538099, INF),
    tails=(0, 1),
    minimum=-0.88137358701954303,
)
def elish(x: ArrayLike) -> Array:
    r"""Exponential linear sigmoid squashing.

    .. math:: \mathrm{elish}(x) = \begin{cases} x \, \sigma(x) & x \ge 0 \\ (e^x - 1) \, \sigma(x) & x < 0 \end{cases}

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Basirat and Roth, The quest for the golden activation function, 2018, arXiv:1808.00783.
    """
    ...


def _hard_elish_slope(m: Arithmetic, x: Array) -> Array:
    z = m.clip(x, -1, 0)
    left = (exp(m, z) * (2 + z) - 1) * 0.5
    return m.where(x >= 0, m.where(x >= 1, 1, x + 0.5), m.where(x <= -1, 0, left))


def _hard_elish(m: Arithmetic, x: Array) -> Array:
    return m.where(x < 0, expm1(m, m.clip(x, -1, 0)), x) * ((m.clip(x, -1, 1) + 1) * 0.5)


@activation(
    Formula(_hard_elish, _hard_elish_slope, flat=lambda m, x: x <= -1),
    kind="smooth",
    range=(-0.099673151528742618, INF),
    tails=(0, 1),
    kinks=(-1.0, 1.0),
    minimum=-0.44285440100238858,
)
def hard_elish(x: ArrayLike) -> Array:
    r"""Hard exponential linear sigmoid squashing: :func:`elish` with a piecewise linear sigmoid.

    .. math::
        \mathrm{hard\_elish}(x) = \min(\max((x + 1) / 2, 0), 1) \begin{cases} x & x \ge 0 \\ e^x - 1 & x < 0 \end{cases}

    Its slope at -1 is 0 and at 1 it is 1.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Basirat and Roth, The quest for the golden activation function, 2018, arXiv:1808.00783.
    """
    ...


def _ftswish_slope(m: Arithmetic, x: Array, threshold: Array) -> Array:
    z = m.clip(x, 0, m.limits.one)
    e = rounded_exp(m, -z)
    return m.where(x < 0, 0, (1 + e * (1 + z)) / (1 + e * (2 + e)))


def _ftswish_curvature(m: Arithmetic, x: Array, threshold: Array) -> Array:
    return m.where(x < 0, 0, logistic.scaled_silu_curvature(m, m.clamped(x)) * UNSCALE)


def _ftswish(m: Arithmetic, x: Array, threshold: Array) -> Array:
    z = m.clip(x, 0, m.limits.one)
    return threshold + m.where(x > m.limits.one, x, z / (1 + rounded_exp(m, -z)))


_FTSWISH = Formula(
    _ftswish,
    Formula(_ftswish_slope, _ftswish_curvature),
    lambda m, x, threshold: lax.full_like(x, 1),
    flat=True,
)


@activation(_FTSWISH, kind="smooth", range=(-0.2, INF), tails=(0, 1), kinks=(0.0,))
def ftswish(x: ArrayLike, threshold: ArrayLike = -0.2) -> Array:
    r"""Flatten-T Swish, a SiLU that is constant on the negative side.

    .. math:: \mathrm{ftswish}(x) = T + \begin{cases} x \, \sigma(x) & x \ge 0 \\ 0 & x < 0 \end{cases}

    with :math:`T` the threshold. Its slope at 0 is 1/2.

    Args:
      x: real array of any shape.
      threshold: value on the negative side; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Chieng, Wahid, Ong and Perla, Flatten-T Swish: a thresholded ReLU-Swish-like activation function for deep
      learning, 2018, arXiv:1812.06247.
    """
    ...


def _suish_slope(m: Arithmetic, x: Array) -> Array:
    z = m.clip(x, -m.limits.vanish, 0)
    return m.where(x >= 0, 1, scaled_exp(m, z) * (1 + z) * UNSCALE)


def _suish(m: Arithmetic, x: Array) -> Array:
    z = m.clip(x, -m.limits.vanish, 0)
    return m.where(x < 0, z * rounded_exp(m, z, power=64) * UNSCALE, x)


@activation(Formula(_suish, _suish_slope), kind="smooth", range=(-0.36787944117144233, INF), tails=(0, 1), minimum=-1.0)
def suish(x: ArrayLike) -> Array:
    r"""Suish.

    .. math:: \mathrm{suish}(x) = \max(x, x \, e^{-|x|})

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Kunc and Kléma, Three decades of activations: a comprehensive survey of 400 activation functions for neural
      networks, 2024, arXiv:2402.09092.
    """
    ...


def _gish_slope(m: Arithmetic, x: Array) -> Array:
    # log(1 + a) + x w e^-w / (1 + a) for a = 1 - e^-w and w = e^x
    z, up, w = _exp_until(m, x, math.log(m.limits.one))
    e, minus_a = exp_and_expm1(m, -w)
    a_up = m.where(w < 2.0**-60, up, minus_a * -SCALE)
    return (a_up * log1p_over(m, -minus_a) + z * (up * e / (2 - e))) * UNSCALE


def _gish_curvature(m: Arithmetic, x: Array) -> Array:
    z = _until_gumbel(m, x)
    w = exp(m, z)
    g_up = _scaled_gumbel(1)(m, z) / (2 - exp(m, -w))  # slope of the logarithm
    return g_up * (2 + z * (1 - w - g_up * UNSCALE)) * UNSCALE


def _gish(m: Arithmetic, x: Array) -> Array:
    limit = math.log(decay_limit(m))
    z, up, w = _exp_until(m, x, limit)
    n, d = decay_parts(m, w)
    ratio = m.used_twice(n / d)
    return m.where(x > limit, x * math.log(2), z * (up * (ratio * log1p_over(m, w * ratio))) * UNSCALE)


@activation(
    Formula(_gish, Formula(_gish_slope, _gish_curvature)),
    kind="smooth",
    range=(-0.27815946089638691, INF),
    tails=(0, 0.6931471805599453),
    minimum=-1.282051049260126,
)
def gish(x: ArrayLike) -> Array:
    r"""Gish.

    .. math:: \mathrm{gish}(x) = x \log\left(2 - e^{-e^x}\right)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Kaytan, Aydilek and Yeroğlu, Gish: a novel activation function for image classification, Neural Computing and
      Applications 35, 2023.
    """
    ...


def _isrlu_part(f: Callable[..., Array], right: float | None) -> Callable[..., Array]:
    """``f(m, x, alpha)`` for negative ``x``, else a given number or ``x``."""
    return lambda m, x, alpha: m.where(x >= 0, x if right is None else right, f(m, x, alpha))


_ISRLU = Formula(
    _isrlu_part(inverse_root, None),
    Formula(
        _isrlu_part(inverse_root_slope, 1), _isrlu_part(inverse_root_curvature, 0), _isrlu_part(inverse_root_mixed, 0)
    ),
    _isrlu_part(inverse_root_parameter_slope, 0),
)


@activation(_ISRLU, domain={"alpha": "> 0"}, kind="smooth", range=(-1, INF), tails=(0, 1))
def isrlu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Inverse square root linear unit.

    .. math:: \mathrm{isrlu}(x) = \begin{cases} x & x \ge 0 \\ x / \sqrt{1 + \alpha x^2} & x < 0 \end{cases}

    Args:
      x: real array of any shape.
      alpha: the limit at -inf is :math:`-1 / \sqrt\alpha`; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` is a number that is not positive.

    References:
      Carlile, Delamarter, Kinney, Marti and Whitney, Improving deep learning by inverse square root linear units, 2017,
      arXiv:1710.09967.
    """
    ...


# Maps of the whole line onto itself, which squeeze or stretch what is far from 0


def _symlog(m: Arithmetic, x: Array) -> Array:
    return with_sign(m, log1p(m, m.magnitude(x)), x)


@activation(Formula(_symlog, lambda m, x: 1 / (1 + m.magnitude(x))), kind="smooth", range=(-INF, INF), tails=(0, 0))
def symlog(x: ArrayLike) -> Array:
    r"""Symmetric logarithm, which squeezes large numbers of either sign.

    .. math:: \mathrm{symlog}(x) = \mathrm{sign}(x) \log(1 + |x|)

    Its inverse is :func:`symexp`.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hafner, Pasukonis, Ba and Lillicrap, Mastering diverse domains through world models, 2023, arXiv:2301.04104.
    """
    ...


def _growth_slope(m: Arithmetic, x: Array) -> Array:
    return m.where(x < 0, -1, 1) * _growth(m, x)


@elementary(_growth_slope)
def _growth(m: Arithmetic, x: Array) -> Array:
    """``e^|x|``."""
    return SCALE / rounded_exp(m, -lax.abs(m.clamped(x)), power=64)


def _symexp(m: Arithmetic, x: Array) -> Array:
    # With e = e^-|x| it is (1 - e) / e.
    up, less = exp_and_expm1(m, -m.magnitude(m.clamped(x)), power=64)
    return with_sign(m, -less * (SCALE / up), x)


@activation(Formula(_symexp, _growth), kind="smooth", range=(-INF, INF), tails=(INF, INF))
def symexp(x: ArrayLike) -> Array:
    r"""Symmetric exponential, which stretches numbers of either sign.

    .. math:: \mathrm{symexp}(x) = \mathrm{sign}(x) \, (e^{|x|} - 1)

    Its inverse is :func:`symlog`.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``; infinite where the result overflows that dtype.

    References:
      Hafner, Pasukonis, Ba and Lillicrap, Mastering diverse domains through world models, 2023, arXiv:2301.04104.
    """
    ...


def _signed_hyperbolic(m: Arithmetic, x: Array, eps: Array) -> Array:
    # For small |x| the difference of the root to 1 lacks digits, which a step of Newton's method adds: its square is
    # known. A rough slope will do there, and there is no division.
    size = lax.abs(x)
    root = sqrt(m, 1 + size)
    less = root - 1
    lost = m.where(size < 1, size - less * (1 + root), 0) * (1 - 0.5 * root)
    y = with_sign(m, less + lost, x) + eps * x
    return m.where(size < np.inf, y, x)


def _signed_hyperbolic_slope(m: Arithmetic, x: Array, eps: Array) -> Array:
    return 0.5 / sqrt(m, 1 + m.magnitude(x)) + eps


@activation(
    Formula(_signed_hyperbolic, _signed_hyperbolic_slope, lambda m, x, eps: x),
    domain={"eps": ">= 0"},
    kind="smooth",
    range=(-INF, INF),
    tails=(0.001, 0.001),
)
def signed_hyperbolic(x: ArrayLike, eps: ArrayLike = 1e-3) -> Array:
    r"""Signed square root with a line, which squeezes the values of reinforcement learning.

    .. math:: \mathrm{signed\_hyperbolic}(x) = \mathrm{sign}(x) \left(\sqrt{|x| + 1} - 1\right) + \epsilon x

    Its inverse is :func:`signed_parabolic`.

    Args:
      x: real array of any shape.
      eps: slope of the line :math:`\epsilon`, which keeps the inverse from growing without bound; not negative;
        broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``eps`` is a number below 0.

    References:
      Pohlen et al., Observe and look further: achieving consistent performance on Atari, 2018, arXiv:1805.11593; the
      name is that of RLax, ``rlax/_src/transforms.py``, 2020, https://github.com/google-deepmind/rlax.
    """
    ...


def _parabolic_parts(m: Arithmetic, x: Array, eps: Array) -> tuple[Array, Array]:
    """``z`` and ``h`` with ``eps z^2 + z = 1 + eps + |x|`` and ``h = 1/2 + eps z``."""
    s = (1 + eps) + m.magnitude(m.clip(x, -m.max, m.max))
    h = sqrt(m, 0.25 + eps * s)
    return s / (0.5 + h), h


def _signed_parabolic(m: Arithmetic, x: Array, eps: Array) -> Array:
    # z^2 - 1, as |x| (z + 1) / (1 + eps (z + 1))
    z, _ = _parabolic_parts(m, x, eps)
    return x * ((z + 1) / (1 + eps * (z + 1)))


def _signed_parabolic_slope(m: Arithmetic, x: Array, eps: Array) -> Array:
    z, _ = _parabolic_parts(m, x, eps)
    return z / (0.5 + eps * z)


def _signed_parabolic_curvature(m: Arithmetic, x: Array, eps: Array) -> Array:
    _, h = _parabolic_parts(m, x, eps)
    return m.where(x < 0, -0.25, 0.25) / h / h / h


def _signed_parabolic_eps_slope(m: Arithmetic, x: Array, eps: Array) -> Array:
    return -_signed_parabolic(m, x, eps) * _signed_parabolic_slope(m, x, eps)


@activation(
    Formula(
        _signed_parabolic,
        Formula(_signed_parabolic_slope, _signed_parabolic_curvature),
        _signed_parabolic_eps_slope,
    ),
    domain={"eps": ">= 0"},
    kind="smooth",
    range=(-INF, INF),
    tails=(1000, 1000),
)
def signed_parabolic(x: ArrayLike, eps: ArrayLike = 1e-3) -> Array:
    r"""Signed parabola that ends in a line, the inverse of :func:`signed_hyperbolic`.

    .. math::
        \mathrm{signed\_parabolic}(x) = \mathrm{sign}(x) \left(
        \left(\frac{\sqrt{1 + 4 \epsilon (|x| + 1 + \epsilon)} - 1}{2 \epsilon}\right)^2 - 1\right)

    For :math:`\epsilon = 0` it is the limit, :math:`x (|x| + 2)`.

    Args:
      x: real array of any shape.
      eps: one over the slope far out; not negative; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``; infinite where the result overflows that dtype.

    Raises:
      ValueError: ``eps`` is a number below 0.

    References:
      Pohlen et al., Observe and look further: achieving consistent performance on Atari, 2018, arXiv:1805.11593; the
      name is that of RLax, ``rlax/_src/transforms.py``, 2020, https://github.com/google-deepmind/rlax.
    """
    ...


_LN_2 = (0.6931471805599453, 2.3190468138462996e-17)


def _log_cosh(m: Arithmetic, x: Array) -> Array:
    # With e = e^-|x|, cosh(x) - 1 = (1 - e)^2 / (2 e) near 0, and 2 cosh(x) = (1 + e^2) / e further out.
    size = m.magnitude(x)
    e, less = exp_and_expm1(m, -m.minimum(size, m.limits.exp))
    near = size < 1
    w = m.where(near, less * less / (2 * e), e * e)
    rest = w * log1p_over(m, w)
    high, low = rounded_constant(*_LN_2, m.dtype)
    return m.where(near, rest, (size - high) + (rest - low))


@activation(Formula(_log_cosh, Formula(tanh, tanh_slope)), kind="smooth", range=(0, INF), tails=(-1, 1), minimum=0.0)
def log_cosh(x: ArrayLike) -> Array:
    r"""Logarithm of the hyperbolic cosine: a parabola near 0, ``|x| - log(2)`` far out.

    .. math:: \mathrm{log\_cosh}(x) = \log\cosh(x)

    Its slope is tanh. It is the activation of restricted Boltzmann machines that stand for quantum states.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Carleo and Troyer, Solving the quantum many-body problem with artificial neural networks, 2016, arXiv:1606.02318,
      as a product of hyperbolic cosines; NetKet, ``nn.log_cosh``, 2021, https://github.com/netket/netket.
    """
    ...


def _of_parameter(m: Arithmetic, f: Callable[..., Array], exact: Callable[[float], float], p: Any) -> Any:
    """``f`` of an array, or ``exact``, computed in Python, of a parameter that is a number."""
    return f(m, p) if isinstance(p, Array) else m.number(exact(float(p)))


def _line_slope(m: Arithmetic, max_val: Any) -> Any:
    return _of_parameter(m, tanh_slope, lambda p: math.cosh(p) ** -2, max_val)


def _leaky_tanh(m: Arithmetic, x: Array, max_val: Array) -> Array:
    inside = m.clip(x, -max_val, max_val)
    return tanh(m, inside) + (x - inside) * _line_slope(m, max_val)


def _leaky_tanh_slope(m: Arithmetic, x: Array, max_val: Array) -> Array:
    outside = m.magnitude(x) > max_val
    return m.where(outside, _line_slope(m, max_val), tanh_slope(m, m.where(outside, 0, x)))


def _leaky_tanh_max_val_slope(m: Arithmetic, x: Array, max_val: Array) -> Array:
    change = -2 * _of_parameter(m, tanh, math.tanh, max_val) * _line_slope(m, max_val)
    return m.where(lax.abs(x) > max_val, m.where(x < 0, x + max_val, x - max_val) * change, 0)


@activation(
    Formula(_leaky_tanh, _leaky_tanh_slope, _leaky_tanh_max_val_slope),
    domain={"max_val": "> 0"},
    kind="smooth",
    range=(-INF, INF),
    tails=(0.009866037165440193, 0.009866037165440193),
)
def leaky_tanh(x: ArrayLike, max_val: ArrayLike = 3.0) -> Array:
    r"""Hyperbolic tangent that goes on along its tangents, so that it has an inverse for every number.

    .. math::
        \mathrm{leaky\_tanh}(x) = \begin{cases}
        \tanh(x) & |x| \le m \\
        \mathrm{sign}(x) \left(\tanh(m) + (|x| - m) (1 - \tanh^2(m))\right) & |x| > m
        \end{cases}

    with :math:`m` the parameter. FlowJAX, whose function this is, has no default; the mean of tanh and a line, which
    has the same name elsewhere, is another function.

    Args:
      x: real array of any shape.
      max_val: where the tangents begin; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``max_val`` is a number that is not positive.

    References:
      Ward, FlowJAX, ``flowjax/bijections/tanh.py``, 2022, https://github.com/danielward27/flowjax.
    """
    ...
