"""Parametric activations: functions with learnable parameters."""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import INF, Composite, activation
from jaxact._arguments import axis_of, equal_rank
from jaxact._derivative import Formula, RowFormula
from jaxact._math import UNSCALE, Arithmetic, coefficients, elementary, largest, logistic, normal
from jaxact._math.elementary import (
    exp,
    exp_and_loss,
    expm1,
    log1p_over,
    normalizer,
    scaled_exp,
    sqrt,
    times_exp,
    times_tail,
)
from jaxact._math.error_free import rounded_constant, two_sum
from jaxact._math.logistic import sigmoid, sigmoid_denominator, sigmoid_unit, silu_slope, times_sigmoid
from jaxact._math.polynomial import Quotient, derivative, polynomial, polynomial_sum, power
from jaxact._math.power import Power, over_power, power_terms
from jaxact._rational import FITS
from jaxact.functions.rectified import of_coefficients


def _swish_slope(m: Arithmetic, x: Array, beta: Array) -> Array:
    return silu_slope(m, *m.product(x, beta))


def _square_times_slope(m: Arithmetic, factor: Any, x: Array, u: Array, low: Array | None) -> Array:
    """``factor x^2 sigma'(u + low)``."""
    up = scaled_exp(m, -m.magnitude(m.clamped(u)), m.mirrored(low, u))
    e = up * UNSCALE
    x = m.where(lax.abs(u) < m.limits.vanish, x, 0)
    return factor * x * (up * 2.0**-32) / (1 + e * (2 + e)) * (x * 2.0**-32)


def _swish_beta_slope(m: Arithmetic, x: Array, beta: Array) -> Array:
    return _square_times_slope(m, 1, x, *m.product(x, beta))


def _swish(m: Arithmetic, x: Array, beta: Array) -> Array:
    if not isinstance(beta, Array) and 2.0**-40 < beta < 2.0**40:
        limits = m.limits
        return sigmoid_unit(m, x, -limits.vanish / beta, limits.one / beta, lambda x: m.product(x, beta))
    z, low = m.product(x, beta)
    x = m.where(z <= -m.limits.vanish, m.clip(x, -1, 1), x)  # there the result is 0 for every x
    return times_sigmoid(m, x, z, low)


@activation(
    Formula(_swish, _swish_slope, _swish_beta_slope),
    kind="parametric",
    range=(-0.2784645427610738, INF),
    tails=(0, 1),
    minimum=-1.2784645427610737,
)
def swish(x: ArrayLike, beta: ArrayLike = 1.0) -> Array:
    r"""Swish, a SiLU whose sharpness is learned.

    .. math:: \mathrm{swish}(x) = x \, \sigma(\beta x)

    Args:
      x: real array of any shape.
      beta: sharpness; 0 gives ``x / 2``, and the limit to infinity :func:`relu`; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Ramachandran, Zoph and Le, Searching for activation functions, 2017, arXiv:1710.05941.
    """
    ...


_1_OVER_PI = 0.3183098861837907


def _times(m: Arithmetic, c: Array, x: Array) -> Array:
    """``c x``, but 0 where ``c`` is 0, even for infinite ``x``."""
    if not isinstance(c, Array):
        return c * x if c else lax.full_like(x, 0)
    return m.where(c == 0, 0, c * x)


def _line(m: Arithmetic, x: Array, alpha: Array) -> Array:
    """Limit of ``x`` times an expanded gate: ``-alpha x`` on the left, ``(1 + alpha) x`` on the right."""
    return m.where(x < 0, -_times(m, alpha, x), (1 + alpha) * x)


def _gated_line(m: Arithmetic, x: Array, left: Array, width: Array, u: Array, low: Array | None) -> Array:
    """``x (left + width sigma(u + low))``, as accurate as the sigmoid where ``left`` is 0."""
    if not isinstance(left, Array) and not left:
        return times_sigmoid(m, width * m.where(u > -m.limits.vanish, x, m.clip(x, -1, 1)), u, low)
    below, down = sigmoid_denominator(m, u, low)
    q = m.used_twice(1 / below)
    tail = m.where(u > -m.limits.vanish, x, m.clip(x, -1, 1)) * width * q * UNSCALE
    return m.where(down < 1, tail + _times(m, left, x), x * (left + width * q))


def _times_silu_slope(m: Arithmetic, x: Array, u: Array, low: Array | None) -> Array:
    """``x`` times the slope of ``u sigma(u)`` at ``u + low``."""
    t = m.maximum(-lax.abs(u), -m.limits.vanish)
    t_low = m.mirrored(low, u)
    up = scaled_exp(m, t, t_low)
    e = up * UNSCALE
    left = times_tail(m, x, up * (m.sum_of(1 + t, t_low) + e) / (1 + e * (2 + e)), t)
    return m.where(u < 0, left, x - left)


def _xatlu_parts(m: Arithmetic, x: Array) -> tuple[Array, Array, Array, Array]:
    """``|x| > 1``, ``z``, which is 1 / |x| there and x elsewhere, ``z^2``, and ``(arctan(z) / z - 1) / z^2``."""
    size = m.magnitude(x)
    far = size > 1
    z = m.used_twice(m.where(far, 1, x) / m.where(far, size, 1))
    square = z * z
    return far, z, square, m.polynomial(square, m.table(coefficients.ARCTAN_REST))


def _xatlu(m: Arithmetic, x: Array, alpha: Array) -> Array:
    # For |x| > 1, arctan(x) = +-pi / 2 - arctan(1 / x), and |x| arctan(1 / |x|) is the ratio arctan(z) / z.
    far, z, square, rest = _xatlu_parts(m, x)
    share = (1 + 2 * alpha) * _1_OVER_PI * (1 + square * rest)
    return m.where(far, _line(m, x, alpha) - share, x * (0.5 + share * z))


def _xatlu_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    # For |x| > 1, arctan(z) - z / (1 + z^2) = z^3 (rest + 1 / (1 + z^2)), where nothing cancels.
    far, z, square, rest = _xatlu_parts(m, x)
    q, width = 1 / (1 + square), 1 + 2 * alpha
    high, low = rounded_constant(*coefficients.HALF_PI, m.dtype)
    bend = width * _1_OVER_PI * z * square * (rest + q)
    near = width * ((((high + z) + z * (q + square * rest)) + low) * _1_OVER_PI) - alpha
    return m.where(far, m.where(x < 0, bend - alpha, (1 + alpha) - bend), near)


def _xatlu_curvature(m: Arithmetic, x: Array, alpha: Array) -> Array:
    x = m.squarable(x)
    q = m.used_twice(1 / (1 + x * x))
    return (2 + 4 * alpha) * _1_OVER_PI * (q * q)


def _xatlu_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    far, z, square, rest = _xatlu_parts(m, x)
    ratio = 2 * _1_OVER_PI * (1 + square * rest)
    return m.where(far, m.magnitude(x) - ratio, x * z * ratio)


@activation(
    Formula(_xatlu, Formula(_xatlu_slope, _xatlu_curvature), _xatlu_alpha_slope),
    kind="parametric",
    range=(-0.3183098861837907, INF),
    tails=(0, 1),
)
def xatlu(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Expanded arctan linear unit, whose gate can learn to leave [0, 1].

    .. math:: \mathrm{xatlu}(x) = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \frac{\arctan(x) + \pi / 2}{\pi}

    Args:
      x: real array of any shape.
      alpha: how far the gate goes below 0 and above 1; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """
    ...


def _xgelu(m: Arithmetic, x: Array, alpha: Array) -> Array:
    t = normal.clamped(m, lax.abs(x))
    y = _line(m, x, alpha) - (1 + 2 * alpha) * (t * normal.scaled_tail(m, t)) * UNSCALE
    # A term may be subnormal where their difference, x / 2 near 0, is not.
    return m.where(t < 2.0**20 * m.tiny, 0.5 * x, y) if isinstance(alpha, Array) else y


def _xgelu_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    left = (1 + 2 * alpha) * normal.bend(m, normal.clamped(m, lax.abs(x)))
    return m.where(x < 0, left - alpha, (1 + alpha) - left)


def _xgelu_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return x * normal.erf(m, x * 0.7071067811865476)


@activation(
    Formula(_xgelu, _xgelu_slope, _xgelu_alpha_slope),
    kind="parametric",
    range=(-0.16997120747990366, INF),
    tails=(0, 1),
    minimum=-0.7517915246935645,
)
def xgelu(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Expanded GELU, whose gate can learn to leave [0, 1].

    .. math:: \mathrm{xgelu}(x) = x \, (\Phi(x) (1 + 2 \alpha) - \alpha)

    with the distribution function :math:`\Phi` of the normal distribution.

    Args:
      x: real array of any shape.
      alpha: how far the gate goes below 0 and above 1; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """
    ...


def _xsilu(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return _gated_line(m, x, -alpha, 1 + 2 * alpha, x, None)


def _xsilu_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return (1 + 2 * alpha) * silu_slope(m, x) - alpha


def _xsilu_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return x * elementary.tanh(m, x / 2)  # 2 sigma(x) - 1


@activation(
    Formula(_xsilu, _xsilu_slope, _xsilu_alpha_slope),
    kind="parametric",
    range=(-0.2784645427610738, INF),
    tails=(0, 1),
    minimum=-1.2784645427610737,
)
def xsilu(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Expanded SiLU, whose gate can learn to leave [0, 1].

    .. math:: \mathrm{xsilu}(x) = x \, (\sigma(x) (1 + 2 \alpha) - \alpha)

    Args:
      x: real array of any shape.
      alpha: how far the gate goes below 0 and above 1; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """
    ...


# alpha + tanh(beta x) = (alpha - 1) + 2 sigma(2 beta x)


def _aptx(m: Arithmetic, x: Array, alpha: Array, beta: Array, gamma: Array) -> Array:
    return _gated_line(m, x, gamma * (alpha - 1), 2 * gamma, *m.product(x, 2 * beta))


def _aptx_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array, gamma: Array) -> Array:
    return gamma * (alpha - 1) + 2 * gamma * silu_slope(m, *m.product(x, 2 * beta))


def _aptx_curvature(m: Arithmetic, x: Array, alpha: Array, beta: Array, gamma: Array) -> Array:
    return 4 * gamma * beta * logistic.scaled_silu_curvature(m, *m.product(x, 2 * beta)) * UNSCALE


def _aptx_alpha_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array, gamma: Array) -> Array:
    return gamma * x


def _aptx_beta_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array, gamma: Array) -> Array:
    return _square_times_slope(m, 4 * gamma, x, *m.product(x, 2 * beta))


def _aptx_gamma_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array, gamma: Array) -> Array:
    return _gated_line(m, x, alpha - 1, m.number(2), *m.product(x, 2 * beta))


@activation(
    Formula(_aptx, Formula(_aptx_slope, _aptx_curvature), _aptx_alpha_slope, _aptx_beta_slope, _aptx_gamma_slope),
    kind="parametric",
    range=(-0.1392322713805369, INF),
    tails=(0, 1),
    minimum=-0.6392322713805369,
)
def aptx(x: ArrayLike, alpha: ArrayLike = 1.0, beta: ArrayLike = 1.0, gamma: ArrayLike = 0.5) -> Array:
    r"""APTx, which approximates :func:`mish` at its defaults.

    .. math:: \mathrm{aptx}(x) = (\alpha + \tanh(\beta x)) \, \gamma x

    At -inf it is -0, at +inf it is +inf, at the default parameters.

    Args:
      x: real array of any shape.
      alpha: offset of the gate; broadcasts against ``x``.
      beta: sharpness of the gate; broadcasts against ``x``.
      gamma: scale; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Kumar, APTx: better activation function than MISH, SWISH, and ReLU's variants used in deep learning, 2022,
      arXiv:2209.06119.
    """
    ...


def _acon_c_argument(m: Arithmetic, x: Array, p1: Array, p2: Array, beta: Array) -> tuple[Array, Array | None]:
    """``beta (p1 - p2) x`` as a sum of two numbers."""
    factor = (p1 - p2) * beta
    u, low = m.product(x, factor)
    if low is None or not isinstance(factor, Array):
        return u, low
    _, lost = m.product(p1 - p2 + 0 * x, beta)
    return u, m.where(lax.abs(u) < m.limits.vanish, m.sum_of(low, None if lost is None else x * lost), 0)


def _acon_c(m: Arithmetic, x: Array, p1: Array, p2: Array, beta: Array) -> Array:
    return _gated_line(m, x, p2, p1 - p2, *_acon_c_argument(m, x, p1, p2, beta))


def _acon_c_slope(m: Arithmetic, x: Array, p1: Array, p2: Array, beta: Array) -> Array:
    return p2 + (p1 - p2) * silu_slope(m, *_acon_c_argument(m, x, p1, p2, beta))


def _acon_c_p1_slope(m: Arithmetic, x: Array, p1: Array, p2: Array, beta: Array) -> Array:
    return _times_silu_slope(m, x, *_acon_c_argument(m, x, p1, p2, beta))


def _acon_c_p2_slope(m: Arithmetic, x: Array, p1: Array, p2: Array, beta: Array) -> Array:
    u, low = _acon_c_argument(m, x, p1, p2, beta)
    return _times_silu_slope(m, x, -u, m.negated(low))


def _acon_c_beta_slope(m: Arithmetic, x: Array, p1: Array, p2: Array, beta: Array) -> Array:
    return _square_times_slope(m, 1, (p1 - p2) * x, *_acon_c_argument(m, x, p1, p2, beta))


@activation(
    Formula(_acon_c, _acon_c_slope, _acon_c_p1_slope, _acon_c_p2_slope, _acon_c_beta_slope),
    kind="parametric",
    range=(-0.2784645427610738, INF),
    tails=(0, 1),
    minimum=-1.2784645427610738,
)
def acon_c(x: ArrayLike, p1: ArrayLike = 1.0, p2: ArrayLike = 0.0, beta: ArrayLike = 1.0) -> Array:
    r"""ACON-C, a smooth maximum of two lines.

    .. math:: \mathrm{acon\_c}(x) = (p_1 - p_2) x \, \sigma(\beta (p_1 - p_2) x) + p_2 x

    At the defaults it is :func:`silu`. The authors' code draws both slopes from the standard normal distribution.

    Args:
      x: real array of any shape.
      p1: slope of a line; broadcasts against ``x``.
      p2: slope of the other line; broadcasts against ``x``.
      beta: sharpness; 0 gives the mean of the two lines; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Ma, Zhang, Liu and Sun, Activate or not: learning customized activation, 2020, arXiv:2009.04759.
    """
    ...


_TINY = 2.0**-60  # below it e^u - 1 is u, which may be subnormal


def _pelu_argument(m: Arithmetic, x: Array, beta: Array) -> tuple[Array, Array | None]:
    """``min(x, 0) / beta`` as a sum of two numbers."""
    u, low = m.quotient(m.minimum(x, 0), beta)
    return m.maximum(u, -m.limits.vanish), low


def _pelu(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, _ = _pelu_argument(m, x, beta)
    return m.where(u > -_TINY, x * (alpha / beta), alpha * expm1(m, u))


def _pelu_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    # At 0 the exponential is 1, so one formula serves both sides.
    return alpha / beta * scaled_exp(m, *_pelu_argument(m, x, beta)) * UNSCALE


def _pelu_alpha_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, _ = _pelu_argument(m, x, beta)
    return m.where(u > -_TINY, x / beta, expm1(m, u))


def _pelu_beta_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, low = _pelu_argument(m, x, beta)
    factor = -alpha / beta
    return m.where(x < 0, factor * u * scaled_exp(m, u, low) * UNSCALE, factor * (x / beta))


@activation(
    Formula(_pelu, _pelu_slope, _pelu_alpha_slope, _pelu_beta_slope),
    domain={"alpha": "> 0", "beta": "> 0"},
    kind="parametric",
    range=(-1, INF),
    tails=(0, 1),
)
def pelu(x: ArrayLike, alpha: ArrayLike = 1.0, beta: ArrayLike = 1.0) -> Array:
    r"""Parametric exponential linear unit.

    .. math::
        \mathrm{pelu}(x) = \begin{cases} \alpha x / \beta & x \ge 0 \\ \alpha (e^{x / \beta} - 1) & x < 0 \end{cases}

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; positive; broadcasts against ``x``.
      beta: length scale of the negative side; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` or ``beta`` is a number that is not positive.

    References:
      Trottier, Giguère and Chaib-draa, Parametric exponential linear unit for deep convolutional neural networks, 2016,
      arXiv:1605.09332.
    """
    ...


def _mpelu_argument(m: Arithmetic, x: Array, beta: Array) -> tuple[Array, Array | None]:
    """``beta min(x, 0)`` as a sum of two numbers."""
    u, low = m.product(m.minimum(x, 0), beta)
    return m.clip(u, -m.limits.vanish, m.limits.exp - 1), low


def _mpelu(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, _ = _mpelu_argument(m, x, beta)
    left = m.where(lax.abs(u) < _TINY, alpha * beta * x, alpha * expm1(m, u))
    return m.where(x > 0, x, left)


def _mpelu_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, low = _mpelu_argument(m, x, beta)
    return m.where(x > 0, 1, alpha * beta * scaled_exp(m, m.minimum(u, 40), low) * UNSCALE)


def _mpelu_alpha_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, _ = _mpelu_argument(m, x, beta)
    return m.where(x > 0, 0, expm1(m, u))


def _mpelu_beta_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, low = _mpelu_argument(m, x, beta)
    return times_tail(m, alpha * m.minimum(x, 0), scaled_exp(m, m.minimum(u, 40), low), u)


@activation(
    Formula(_mpelu, _mpelu_slope, _mpelu_alpha_slope, _mpelu_beta_slope),
    kind="parametric",
    range=(-1, INF),
    tails=(0, 1),
)
def mpelu(x: ArrayLike, alpha: ArrayLike = 1.0, beta: ArrayLike = 1.0) -> Array:
    r"""Multiple parametric exponential linear unit, with :func:`elu` and nearly :func:`prelu` as special cases.

    .. math:: \mathrm{mpelu}(x) = \begin{cases} x & x > 0 \\ \alpha (e^{\beta x} - 1) & x \le 0 \end{cases}

    Where :math:`\alpha\beta` is not 1 its slope jumps at 0, and is :math:`\alpha\beta` there.

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; broadcasts against ``x``.
      beta: rate of the exponential, positive in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Li, Fan, Li, Wu and Ming, Improving deep neural network with multiple parametric exponential linear units, 2016,
      arXiv:1606.00305.
    """
    ...


def _dyt(m: Arithmetic, x: Array, alpha: Array, gamma: Array, beta: Array) -> Array:
    return gamma * elementary.tanh(m, alpha * x) + beta


def _dyt_slope(m: Arithmetic, x: Array, alpha: Array, gamma: Array, beta: Array) -> Array:
    return gamma * alpha * elementary.scaled_tanh_slope(m, *m.product(x, alpha)) * UNSCALE


def _dyt_alpha_slope(m: Arithmetic, x: Array, alpha: Array, gamma: Array, beta: Array) -> Array:
    u, low = m.product(x, alpha)
    return times_tail(m, gamma * x, elementary.scaled_tanh_slope(m, u, low), -2 * lax.abs(u))


def _dyt_gamma_slope(m: Arithmetic, x: Array, alpha: Array, gamma: Array, beta: Array) -> Array:
    return elementary.tanh(m, alpha * x)


def _one(m: Arithmetic, x: Array, *parameters: Array) -> Array:
    return lax.full_like(x, 1)


@activation(
    Formula(_dyt, _dyt_slope, _dyt_alpha_slope, _dyt_gamma_slope, _one), kind="parametric", range=(-1, 1), tails=(0, 0)
)
def dyt(x: ArrayLike, alpha: ArrayLike = 0.5, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0) -> Array:
    r"""Dynamic tanh, a replacement for a normalization layer.

    .. math:: \mathrm{dyt}(x) = \gamma \tanh(\alpha x) + \beta

    Args:
      x: real array of any shape.
      alpha: sharpness; broadcasts against ``x``.
      gamma: scale, one for each channel in the paper; broadcasts against ``x``.
      beta: shift, one for each channel in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Zhu, Chen, He, LeCun and Liu, Transformers without normalization, 2025, arXiv:2503.10622.
    """
    ...


_2_OVER_ROOT_PI = 1.1283791670955126


def _scaled_erf_slope(m: Arithmetic, v: Array, low: Array | None) -> tuple[Array, Array]:
    """``2^64`` times the slope of the error function at ``v + low``, and its exponent."""
    bound = m.limits.vanish**0.5
    t = m.clip(v, -bound, bound)
    square, rest = m.square(t, -1.0)
    if low is not None:
        rest = m.sum_of(m.where(lax.abs(v) < bound, -2 * t * low, 0), rest)
    return _2_OVER_ROOT_PI * scaled_exp(m, square, rest), -v * v


def _derf_argument(m: Arithmetic, x: Array, alpha: Array, s: Array) -> tuple[Array, Array | None]:
    """``alpha x + s`` as a sum of two numbers."""
    v, low = m.product(x, alpha)
    if not isinstance(s, Array) and not s:
        return v, low
    if not m.compensated:
        return v + s, None
    v, lost = two_sum(v, s)
    return v, m.where(lax.abs(v) < m.limits.vanish, m.sum_of(lost, low), 0)


def _derf(m: Arithmetic, x: Array, alpha: Array, s: Array, gamma: Array, beta: Array) -> Array:
    v = alpha * x + s
    y = gamma * normal.erf(m, v)
    if isinstance(s, Array) or not s:  # alpha x may be subnormal where the result is not
        near = lax.abs(v) < 4 * m.tiny
        near = near & (s == 0) if isinstance(s, Array) else near
        y = m.where(near, gamma * ((alpha * _2_OVER_ROOT_PI) * x), y)
    return y + beta


def _derf_slope(m: Arithmetic, x: Array, alpha: Array, s: Array, gamma: Array, beta: Array) -> Array:
    return alpha * gamma * _scaled_erf_slope(m, *_derf_argument(m, x, alpha, s))[0] * UNSCALE


def _derf_alpha_slope(m: Arithmetic, x: Array, alpha: Array, s: Array, gamma: Array, beta: Array) -> Array:
    return times_tail(m, gamma * x, *_scaled_erf_slope(m, *_derf_argument(m, x, alpha, s)))


def _derf_s_slope(m: Arithmetic, x: Array, alpha: Array, s: Array, gamma: Array, beta: Array) -> Array:
    return gamma * _scaled_erf_slope(m, *_derf_argument(m, x, alpha, s))[0] * UNSCALE


def _derf_gamma_slope(m: Arithmetic, x: Array, alpha: Array, s: Array, gamma: Array, beta: Array) -> Array:
    return normal.erf(m, alpha * x + s)


@activation(
    Formula(_derf, _derf_slope, _derf_alpha_slope, _derf_s_slope, _derf_gamma_slope, _one),
    kind="parametric",
    range=(-1, 1),
    tails=(0, 0),
)
def derf(
    x: ArrayLike, alpha: ArrayLike = 0.5, s: ArrayLike = 0.0, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0
) -> Array:
    r"""Dynamic error function, a replacement for a normalization layer.

    .. math:: \mathrm{derf}(x) = \gamma \, \mathrm{erf}(\alpha x + s) + \beta

    Args:
      x: real array of any shape.
      alpha: sharpness; broadcasts against ``x``.
      s: shift of the argument; broadcasts against ``x``.
      gamma: scale, one for each channel in the paper; broadcasts against ``x``.
      beta: shift of the result, one for each channel in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Chen, Lu, Zhu, Sun and Liu, Stronger normalization-free transformers, 2025, arXiv:2512.10938.
    """
    ...


def _smu_argument(m: Arithmetic, x: Array, alpha: Array, mu: Array) -> tuple[Array, Array | None]:
    """``mu (1 - alpha) x`` as a sum of two numbers."""
    if not isinstance(alpha, Array) and not isinstance(mu, Array):
        exact = Fraction(float(mu)) * (1 - Fraction(float(alpha)))
        factor, lost = rounded_constant(float(exact), float(exact - Fraction(float(exact))), m.dtype)
    elif m.compensated:
        one = 1 + 0 * x
        rest, low = two_sum(one, -alpha)
        factor, lost = m.product(rest, mu)
        lost = m.sum_of(mu * low, lost)
    else:
        factor, lost = mu * (1 - alpha), None
    v, low = m.product(x, factor)
    if low is None or lost is None:
        return v, low
    return v, low + m.where(lax.abs(v) < m.limits.vanish, x * lost, 0)


def _smu(m: Arithmetic, x: Array, alpha: Array, mu: Array) -> Array:
    return x * (alpha + 0.5 * (1 - alpha) * (1 + normal.erf(m, mu * (1 - alpha) * x)))


def _smu_slope(m: Arithmetic, x: Array, alpha: Array, mu: Array) -> Array:
    v = m.clip(mu * (1 - alpha) * x, -16, 16)
    return alpha + 0.5 * (1 - alpha) * ((1 + normal.erf(m, v)) + v * normal.erf_slope(m, v))


def _smu_curvature(m: Arithmetic, x: Array, alpha: Array, mu: Array) -> Array:
    # (1 - alpha) mu (1 - alpha) (1 - v^2) times the slope of the error function
    v, low = _smu_argument(m, x, alpha, mu)
    near = lax.abs(v) < 40  # beyond, it is 0, and so is what is derived from it
    up, square = _scaled_erf_slope(m, m.where(near, v, 0), None if low is None else m.where(near, low, 0))
    bend = (1 - alpha) * (mu * (1 - alpha)) * up * (1 + m.maximum(square, -m.limits.vanish)) * UNSCALE
    return m.where(near, bend, 0)


def _smu_alpha_slope(m: Arithmetic, x: Array, alpha: Array, mu: Array) -> Array:
    # x (erfc(v) - v erf'(v)) / 2, which is x times the slope of the GELU at -sqrt(2) v
    v, low = _smu_argument(m, x, alpha, mu)
    t = normal.clamped(m, lax.abs(v) * coefficients.ROOT_2[0])
    rest = None
    if low is not None:
        high, lost = rounded_constant(*coefficients.ROOT_2, m.dtype)
        _, rest = m.product(lax.abs(v), high)
        rest = rest + (m.where(v < 0, -low, low) * high + lax.abs(v) * lost)
        rest = m.where(t < m.limits.normal, rest, 0)
    right = times_tail(m, x, normal.scaled_bend(m, t, rest), -0.5 * t * t)
    return m.where(v < 0, x - right, right)


def _smu_mu_slope(m: Arithmetic, x: Array, alpha: Array, mu: Array) -> Array:
    v, low = _smu_argument(m, x, alpha, mu)
    up, _ = _scaled_erf_slope(m, v, low)
    d = m.where(v * v < m.limits.vanish, (1 - alpha) * x, 0)
    return 0.5 * d * (up * 2.0**-32) * (d * 2.0**-32)


@activation(
    Formula(_smu, Formula(_smu_slope, _smu_curvature), _smu_alpha_slope, _smu_mu_slope),
    kind="parametric",
    range=(-INF, INF),
    tails=(0.01, 1),
)
def smu(x: ArrayLike, alpha: ArrayLike = 0.01, mu: ArrayLike = 2.5) -> Array:
    r"""Smooth maximum unit, a leaky ReLU that is smooth at 0.

    .. math:: \mathrm{smu}(x) = \frac{(1 + \alpha) x + (1 - \alpha) x \, \mathrm{erf}(\mu (1 - \alpha) x)}{2}

    Other implementations start at ``alpha=0.25``, ``mu=1e6``, which is almost exactly a leaky ReLU.

    Args:
      x: real array of any shape.
      alpha: negative slope; broadcasts against ``x``.
      mu: sharpness of the bend; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, SMU: smooth activation function for deep networks using smoothing maximum
      technique, 2021, arXiv:2111.04682.
    """
    ...


def _erf_act_gate(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> tuple[Array, Array, Array, Array]:
    """``u = beta x``, ``2^64 e^u`` and ``w = alpha e^u``, clamped to finite numbers, and ``erf(w) / w``."""
    u, low = m.product(x, beta)
    u = m.clip(u, -m.limits.vanish, 24)
    up = scaled_exp(m, u, low)
    w = m.used_twice(alpha * (up * UNSCALE))  # XLA would square up, for scalars
    end = normal.erf_end(m)
    return u, up, w, normal.erf_over(m, m.minimum(w * w, end * end))


def _erf_act(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, up, w, ratio = _erf_act_gate(m, x, alpha, beta)
    end = normal.erf_end(m)
    y = times_tail(m, x * alpha * ratio, up, u)
    y = m.where(w > -end, y, -x) if isinstance(alpha, Array) else y
    return m.where(w < end, y, x)


def _erf_act_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    u, up, w, ratio = _erf_act_gate(m, x, alpha, beta)
    density = _2_OVER_ROOT_PI * exp(m, -w * w)
    bend = m.where((density == 0) | (u <= -m.limits.vanish), 0, beta * x) * density
    near = alpha * up * (ratio + bend) * UNSCALE
    return m.where(w * w < normal.erf_end(m) ** 2, near, m.where(w < 0, -1, 1) + w * bend)


def _erf_act_curvature(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    # beta w erf'(w) (2 + u (1 - 2 w^2)), and erf'(w) = 0 before any of these overflows
    up, exponent = _erf_act_tail(m, x, alpha, beta)
    u = m.where(exponent > -m.limits.vanish, beta * x, 0)
    w = m.used_twice(alpha * exp(m, m.minimum(u, 24)))
    return times_tail(m, alpha * beta * (2 + u * (1 - 2 * w * w)), up, exponent)


def _erf_act_alpha_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    return times_tail(m, x, *_erf_act_tail(m, x, alpha, beta))


def _erf_act_beta_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    up, exponent = _erf_act_tail(m, x, alpha, beta)
    x = m.where(exponent > -m.limits.vanish, x, 0)  # its square would overflow
    return times_tail(m, alpha * x * x, up, exponent)


def _erf_act_tail(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> tuple[Array, Array]:
    """``2^64 e^u erf'(w)`` and its exponent ``u - w^2``."""
    u, low = m.product(x, beta)
    u = m.clip(u, -m.limits.vanish, 24)
    e, lost = exp_and_loss(m, m.clip(u, -40, 24))
    if low is not None:
        lost = m.sum_of(e * low, lost)
    w = alpha * e
    if lost is not None:
        _, rest = m.product(e, alpha)
        lost = m.sum_of(alpha * lost, rest)
    up, square = _scaled_erf_slope(m, w, lost)
    exponent = u + square
    left = _2_OVER_ROOT_PI * scaled_exp(m, u, low) * exp(m, square)
    return m.where(u < -1, left, up * e), exponent


@activation(
    Formula(_erf_act, Formula(_erf_act_slope, _erf_act_curvature), _erf_act_alpha_slope, _erf_act_beta_slope),
    kind="parametric",
    range=(-0.4052808451734580, INF),
    tails=(0, 1),
    minimum=-1.3966119764212963,
)
def erf_act(x: ArrayLike, alpha: ArrayLike = 0.75, beta: ArrayLike = 0.75) -> Array:
    r"""ErfAct, a smooth rectifier.

    .. math:: \mathrm{erf\_act}(x) = x \, \mathrm{erf}(\alpha e^{\beta x})

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      alpha: height of the gate; broadcasts against ``x``.
      beta: sharpness of the gate; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """
    ...


def _pserf_parts(m: Arithmetic, x: Array, delta: Array) -> tuple[Array, Array | None, Array, Array]:
    """``u = delta x`` as a sum of two numbers, ``2^64 e`` for ``e = e^-|u|``, and ``log(1 + e) / e``."""
    u, low = m.product(x, delta)
    up = scaled_exp(m, -m.magnitude(m.clamped(u)), m.mirrored(low, u))
    return u, low, up, log1p_over(m, up * UNSCALE)


def _pserf(m: Arithmetic, x: Array, gamma: Array, delta: Array) -> Array:
    u, _, up, ratio = _pserf_parts(m, x, delta)
    w, end = gamma * (m.maximum(u, 0) + up * UNSCALE * ratio), normal.erf_end(m)
    over = normal.erf_over(m, m.minimum(w * w, end * end))
    left = times_tail(m, gamma * ratio * over * x, up, u)
    return m.where(u < 0, left, x * m.where(w < end, m.where(w > -end, w * over, -1), 1))


def _pserf_slope(m: Arithmetic, x: Array, gamma: Array, delta: Array) -> Array:
    u, _, up, ratio = _pserf_parts(m, x, delta)
    e, end = up * UNSCALE, normal.erf_end(m)
    w = gamma * (m.where(u < 0, 0, u) + e * ratio)
    over = normal.erf_over(m, m.minimum(w * w, end * end))
    density = _2_OVER_ROOT_PI * exp(m, -m.minimum(w * w, 100))
    bend = gamma * delta * m.where(density == 0, 0, m.where(lax.abs(u) < m.limits.vanish, x, 0)) * density / (1 + e)
    right = m.where(w < end, m.where(w > -end, w * over, -1), 1) + bend
    return m.where(u < 0, up * (gamma * ratio * over + bend) * UNSCALE, right)


def _pserf_tail(m: Arithmetic, x: Array, gamma: Array, delta: Array) -> tuple[Array, Array, Array, Array]:
    """``u``, ``2^64 e^-|u|``, ``log(1 + e) / e``, and ``2^64 erf'(w)``."""
    u, low, up, ratio = _pserf_parts(m, x, delta)
    rest = up * UNSCALE * ratio
    s = m.maximum(u, 0) + rest
    w, lost = gamma * s, None
    if m.compensated:
        lost = m.where(u > 0, (u - s) + rest, 0) + (0 if low is None else m.where(u > 0, low, 0))
        _, product_lost = m.product(s, gamma)
        lost = m.sum_of(gamma * m.where(lax.abs(s) < m.limits.vanish, lost, 0), product_lost)
    slope_up, _ = _scaled_erf_slope(m, w, lost)
    return u, up, ratio, slope_up


def _pserf_curvature(m: Arithmetic, x: Array, gamma: Array, delta: Array) -> Array:
    # gamma delta sigma(u) erf'(w) (2 + u (sigma(-u) - 2 gamma w sigma(u)))
    u, up, ratio, slope_up = _pserf_tail(m, x, gamma, delta)
    e = up * UNSCALE
    q = m.used_twice(1 / (1 + e))
    u = m.where((lax.abs(u) < m.limits.vanish) & (slope_up > m.tiny * 2.0**36), u, 0)
    w = gamma * (m.maximum(u, 0) + e * ratio)
    bend = 2 + u * (m.where(u < 0, q, e * q) - 2 * gamma * w * m.where(u < 0, e * q, q))
    y = gamma * delta * q * bend
    return m.where(x * delta < 0, y * (slope_up * UNSCALE) * up, y * slope_up) * UNSCALE


def _pserf_gamma_slope(m: Arithmetic, x: Array, gamma: Array, delta: Array) -> Array:
    u, up, ratio, slope_up = _pserf_tail(m, x, gamma, delta)
    left = times_tail(m, ratio * x * (slope_up * UNSCALE), up, u)
    x = m.where(slope_up < m.tiny * 2.0**36, 0, x)
    s = m.clip(u, 0, m.limits.vanish) + up * UNSCALE * ratio
    return m.where(u < 0, left, x * s * slope_up * UNSCALE)


def _pserf_delta_slope(m: Arithmetic, x: Array, gamma: Array, delta: Array) -> Array:
    u, up, _, slope_up = _pserf_tail(m, x, gamma, delta)
    q = gamma / (1 + up * UNSCALE)
    inside = m.where(u < 0, m.where(u > -m.limits.vanish, x, 0), m.where(slope_up < m.tiny * 2.0**36, 0, x))
    left = times_tail(m, inside * (q * inside) * (slope_up * UNSCALE), up, u)
    return m.where(u < 0, left, inside * (q * inside) * slope_up * UNSCALE)


@activation(
    Formula(_pserf, Formula(_pserf_slope, _pserf_curvature), _pserf_gamma_slope, _pserf_delta_slope),
    kind="parametric",
    range=(-0.5060068753569109, INF),
    tails=(0, 1),
    minimum=-1.4329475572352949,
)
def pserf(x: ArrayLike, gamma: ArrayLike = 1.25, delta: ArrayLike = 0.85) -> Array:
    r"""Pserf, a :func:`serf` with parameters.

    .. math:: \mathrm{pserf}(x) = x \, \mathrm{erf}(\gamma \log(1 + e^{\delta x}))

    Other implementations start at ``gamma=1``, ``delta=1.25``. At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      gamma: height of the gate; broadcasts against ``x``.
      delta: sharpness of the gate; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """
    ...


def _tanh_soft_parts(m: Arithmetic, x: Array) -> tuple[Array, Array]:
    """``2^64 e`` for ``e = e^-|x|``, and ``log(1 + e) / e``."""
    up = scaled_exp(m, -m.magnitude(m.clamped(x)))
    return up, log1p_over(m, up * UNSCALE)


def _tanh_soft(m: Arithmetic, x: Array, alpha: Array) -> Array:
    up, ratio = _tanh_soft_parts(m, x)
    t = elementary.tanh(m, alpha * x)
    return t * m.maximum(x, 0) + t * (up * ratio) * UNSCALE


def _tanh_soft_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    up, ratio = _tanh_soft_parts(m, x)
    e = up * UNSCALE
    u, low = m.product(x, alpha)
    t, slope = elementary.tanh(m, u), alpha * elementary.tanh_slope(m, u, low)
    left = up * (slope * ratio + t / (1 + e)) * UNSCALE
    right = slope * (m.where((x < 0) | (slope == 0), 0, x) + e * ratio) + t / (1 + e)  # not 0 times infinity
    return m.where(x < 0, left, right)


def _tanh_soft_curvature(m: Arithmetic, x: Array, alpha: Array) -> Array:
    # alpha sech^2 (2 sigma(x) - 2 alpha tanh softplus(x)) + tanh sigma(x) sigma(-x); on the left all have a factor e.
    up, ratio = _tanh_soft_parts(m, x)
    e = up * UNSCALE
    u, low = m.product(x, alpha)
    t, slope_up = elementary.tanh(m, u), alpha * elementary.scaled_tanh_slope(m, u, low)
    q = m.used_twice(1 / (1 + e))
    left = up * (slope_up * UNSCALE * (2 * q - 2 * alpha * t * ratio) + t * (q * q))
    right = slope_up * (2 * q - 2 * alpha * t * (m.clip(x, 0, m.limits.vanish) + e * ratio)) + up * (t * (q * q))
    return m.where(x < 0, left, right) * UNSCALE


def _tanh_soft_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    up, ratio = _tanh_soft_parts(m, x)
    u, low = m.product(x, alpha)
    slope_up = elementary.scaled_tanh_slope(m, u, low)
    x = m.where(lax.abs(u) < m.limits.vanish, x, m.clip(x, -1, 1))
    right = slope_up * x * (x + up * UNSCALE * ratio)
    return m.where(x > 0, right, slope_up * UNSCALE * x * (up * ratio)) * UNSCALE


@activation(
    Formula(_tanh_soft, Formula(_tanh_soft_slope, _tanh_soft_curvature), _tanh_soft_alpha_slope),
    kind="parametric",
    range=(-0.2237848745964922, INF),
    tails=(0, 1),
    minimum=-0.8471113010774787,
)
def tanh_soft(x: ArrayLike, alpha: ArrayLike = 0.87) -> Array:
    r"""TanhSoft-1, a product of softplus and hyperbolic tangent.

    .. math:: \mathrm{tanh\_soft}(x) = \tanh(\alpha x) \log(1 + e^x)

    It is a member of the family :math:`\tanh(\alpha x + \beta e^{\gamma x}) \log(\delta + e^x)`; another is
    :func:`tanh_exp`. At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      alpha: sharpness; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, TanhSoft: a family of activation functions combining tanh and softplus, 2020,
      arXiv:2009.03863.
    """
    ...


# Initial parameters of xIELU: their softplus is 0.8 and 0.3.
_XIELU_P, _XIELU_N = 0.20338232081102456, -1.0502256128148466


def _softplus_of(m: Arithmetic, a: Array) -> Array:
    """Softplus of a parameter; a number if the parameter is one."""
    return logistic.softplus(m, a) if isinstance(a, Array) else m.number(math.log1p(math.exp(a)))


def _sigmoid_of(m: Arithmetic, a: Array) -> Array:
    """Sigmoid of a parameter; a number if the parameter is one."""
    return sigmoid(m, a) if isinstance(a, Array) else m.number(1 / (1 + math.exp(-a)))


def _exp_rest(m: Arithmetic, t: Array) -> Array:
    """``e^t - 1 - t`` for ``t <= 0``, without cancellation near 0."""
    # With s = t / 2 and e^s - 1 - s = s^2 p(s), it is (s + s^2 p)^2 + 2 s^2 p.
    s = m.maximum(t, -0.69) / 2
    p = m.polynomial(s, m.table(coefficients.EXP))
    root = s + s * (s * p)
    return m.where(t > -0.69, root * root + (2 * s) * (s * p), expm1(m, t) - t)


def _xielu(m: Arithmetic, x: Array, alpha_p: Array, alpha_n: Array, beta: Array) -> Array:
    # a_n (e^x - 1 - x) + beta x = a_n (e^x - 1) - softplus(alpha_n) x: the first for small x, the second for large x.
    rest = _softplus_of(m, alpha_n)
    a_n, t = beta + rest, m.clip(x, -m.limits.one, 0)
    left = m.where(x < -m.limits.one, -a_n - rest * x, a_n * _exp_rest(m, t) + beta * x)
    return m.where(x > 0, x * (_softplus_of(m, alpha_p) * x + beta), left)


def _xielu_slope(m: Arithmetic, x: Array, alpha_p: Array, alpha_n: Array, beta: Array) -> Array:
    left = (beta + _softplus_of(m, alpha_n)) * expm1(m, m.where(x > 0, 0, x))
    return m.where(x > 0, 2 * _softplus_of(m, alpha_p) * x, left) + beta


def _xielu_p_slope(m: Arithmetic, x: Array, alpha_p: Array, alpha_n: Array, beta: Array) -> Array:
    return m.where(x > 0, x * (x * _sigmoid_of(m, alpha_p)), 0)


def _xielu_n_slope(m: Arithmetic, x: Array, alpha_p: Array, alpha_n: Array, beta: Array) -> Array:
    return _sigmoid_of(m, alpha_n) * _exp_rest(m, m.where(x > 0, 0, x))


def _xielu_beta_slope(m: Arithmetic, x: Array, alpha_p: Array, alpha_n: Array, beta: Array) -> Array:
    return m.where(x > 0, x, expm1(m, m.minimum(x, 0)))


@activation(
    Formula(_xielu, _xielu_slope, _xielu_p_slope, _xielu_n_slope, _xielu_beta_slope),
    kind="parametric",
    range=(-0.2057512240964821, INF),
    tails=(-0.3, INF),
    minimum=-0.9808292530117262,
)
def xielu(x: ArrayLike, alpha_p: ArrayLike = _XIELU_P, alpha_n: ArrayLike = _XIELU_N, beta: ArrayLike = 0.5) -> Array:
    r"""Expanded integral of the exponential linear unit.

    .. math::
        \mathrm{xielu}(x) = \beta x + \begin{cases} a_p x^2 & x > 0 \\ a_n (e^x - 1 - x) & x \le 0 \end{cases}, \quad
        a_p = \log(1 + e^{\alpha_p}), \quad a_n = \beta + \log(1 + e^{\alpha_n})

    The parameters are those of the authors' and of Transformers' checkpoints: they pass through a softplus, and start
    where :math:`a_p` and :math:`a_n` are 0.8. In those checkpoints :math:`\beta` is fixed at 1/2, and ``eps`` replaces
    ``x`` in the exponent from -1e-6 to 0. Here there is no ``eps``, because the formula is accurate near 0.

    Args:
      x: real array of any shape.
      alpha_p: parameter of the curvature on the positive side; broadcasts against ``x``.
      alpha_n: parameter of the negative side; broadcasts against ``x``.
      beta: slope at 0; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang and Schlag, Deriving activation functions using integration, 2024, arXiv:2411.13010.
    """
    ...


_SMALL = 2.0**-5


def _soft_exponential_rise(m: Arithmetic, x: Array, alpha: Array) -> tuple[Array, Array, Array]:
    """``alpha``, or 1 where it is not above 0; ``z = alpha x`` there; and ``e^(z / 2)``, whose square may overflow."""
    above = m.where(alpha > 0, alpha, 1)
    z, low = m.product(x, above)
    quarter = exp(m, m.clip(z, -m.limits.vanish, 150) / 4, None if low is None else low / 4)
    quarter = m.maximum(quarter, 0)  # the maximum as in mish
    return above, z, quarter * quarter


def _soft_exponential_fall(m: Arithmetic, x: Array, alpha: Array) -> tuple[Array, Array, Array]:
    """``-alpha``, or 1 where ``alpha`` is not below 0; ``w = -alpha (x + alpha)``, or 0 there; and ``1 + w``."""
    below = alpha < 0
    size = m.where(below, -alpha, 1)
    y, lost = two_sum(x, m.where(below, alpha, 0)) if m.compensated else (x + alpha, None)
    w, low = m.product(y, size)
    base = 1 + w
    if low is not None and lost is not None:
        base = base + (low + m.where(lax.abs(w) < m.limits.vanish, size * lost, 0))
    return size, m.where(below, w, 0), m.where(below, m.where(base < 0, np.nan, base), 1)


def _soft_exponential(m: Arithmetic, x: Array, alpha: Array) -> Array:
    alpha = alpha if isinstance(alpha, Array) else lax.full_like(x, alpha)
    above, z, root = _soft_exponential_rise(m, x, alpha)
    near = m.where(lax.abs(z) < 2.0**-40, x, expm1(m, m.minimum(z, 1)) / above) + alpha
    rise = m.where(lax.abs(z) > 1, root * (root / above) + (alpha - 1 / above), near)
    size, w, base = _soft_exponential_fall(m, x, alpha)
    v = elementary.log1p(m, m.where(w < 0, -w / base, w)) / size  # log(1 + w) = -log(1 - w / (1 + w))
    fall = m.where(lax.abs(w) < 2.0**-40, x + alpha, m.where(w < 0, -v, v))
    return m.where(alpha < 0, fall, m.where(alpha == 0, x, rise))


def _soft_exponential_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    alpha = alpha if isinstance(alpha, Array) else lax.full_like(x, alpha)
    _, _, root = _soft_exponential_rise(m, x, alpha)
    _, _, base = _soft_exponential_fall(m, x, alpha)
    return m.where(alpha < 0, 1 / base, m.where(alpha == 0, 1, root * root))


# ((z - 1) e^z + 1) / z^2 for |z| <= 1, and (-log(1 - v) - v) / v^2 for |v| <= 1/2, highest power first
_RISE = tuple(1 / (math.factorial(k) * (k + 2)) for k in range(20, -1, -1))
_FALL = {name: tuple(1 / (k + 2) for k in range(n, -1, -1)) for name, n in (("float32", 22), ("float64", 48))}


def _soft_exponential_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    alpha = alpha if isinstance(alpha, Array) else lax.full_like(x, alpha)
    above, z, root = _soft_exponential_rise(m, x, alpha)
    z = m.clip(z, -(2.0**60), 2.0**60)
    far = root * ((z - 1) / above * (root / above)) + 1 / above / above
    rise = m.where(lax.abs(z) < 1, x * (x * m.polynomial(m.clip(z, -1, 1), _RISE)), far) + 1
    size, w, base = _soft_exponential_fall(m, x, alpha)
    v = m.where(w < 2.0**60, w / base, 1)
    series = m.polynomial(m.clip(v, -0.5, 0.5), m.table(_FALL))
    y = (x + alpha) / base
    log = elementary.log1p(m, m.where(w < 0, -w / base, w))
    fall = m.where(lax.abs(v) < 0.5, y * (y * series), (m.where(w < 0, -log, log) - v) / size / size) + 1 / base
    return m.where(alpha < 0, fall, m.where(alpha == 0, 1 + x * (0.5 * x), rise))


@activation(
    Formula(_soft_exponential, _soft_exponential_slope, _soft_exponential_alpha_slope),
    kind="parametric",
    range=(-INF, INF),
    tails=(1, 1),
)
def soft_exponential(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Soft exponential: a logarithm, the identity or an exponential, by its parameter.

    .. math::
        \mathrm{soft\_exponential}(x) = \begin{cases}
        -\log(1 - \alpha (x + \alpha)) / \alpha & \alpha < 0 \\
        x & \alpha = 0 \\
        (e^{\alpha x} - 1) / \alpha + \alpha & \alpha > 0
        \end{cases}

    For :math:`\alpha < 0` it is NaN where the logarithm is not defined, :math:`x \le 1 / \alpha - \alpha`. Value,
    slope, and slope in :math:`\alpha` are smooth at :math:`\alpha = 0`.

    Args:
      x: real array of any shape.
      alpha: -1 for the logarithm, 0 for the identity, 1 for the exponential function; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Godfrey and Gashler, A continuum among logarithmic, linear, and exponential functions, and its potential to
      improve generalization in neural networks, 2016, arXiv:1602.01321.
    """
    ...


def _powlu_terms(m: Arithmetic, x: Array, p: Any) -> tuple[Array, Array, Array, Power]:
    """``x`` clamped for an exponential, ``2^64 e`` and ``e = e^-|x|``, and terms of the power for positive ``x``."""
    z = m.clamped(x)
    up = scaled_exp(m, -m.magnitude(z))
    return z, up, up * UNSCALE, power_terms(m, m.where(x < m.tiny, 1, m.minimum(x, m.max)), p)


def _powlu(m: Arithmetic, x: Array, p: Array) -> Array:
    z, up, e, power = _powlu_terms(m, x, p)
    q = 1 / (1 + e)
    left = times_tail(m, z * z * q, up, z)
    return m.where(x < m.tiny, left, x * exp(m, *power.t) * q)


def _powlu_slope(m: Arithmetic, x: Array, p: Array) -> Array:
    # e^t sigma(x) (1 + A + x sigma(-x)) for x > 0, else x sigma(x) (2 + x sigma(-x)).
    z, up, e, power = _powlu_terms(m, x, p)
    q = m.used_twice(1 / (1 + e))
    right = exp(m, *power.t) * q * (1 + power.change + z * (e * q))
    left = times_tail(m, z * q * ((2 + z) - z * (e * q)), up, z)
    return m.where(x < m.tiny, left, right)


def _powlu_curvature(m: Arithmetic, x: Array, p: Array) -> Array:
    # For x > 0 the slope is e^t sigma(x) (1 + c) with c = A + x sigma(-x), and the curvature e^t sigma(x) / x times
    # c^2 + d(x A)/dx + x sigma(-x) (2 - x sigma(x)).
    z, up, e, power = _powlu_terms(m, x, p)
    q = m.used_twice(1 / (1 + e))
    rest = z * (e * q)
    change = power.change + rest
    right = times_exp(m, q * (change * change + power.bend + rest * (2 - z * q)), *over_power(m, power, 1))
    left = times_tail(m, q * (2 + z * q * (4 + z * q * (1 - e))), up, z)
    return m.where(x < m.tiny, left, right)


def _powlu_m_slope(m: Arithmetic, x: Array, p: Array) -> Array:
    _, _, e, power = _powlu_terms(m, x, p)
    size = m.where(x < m.tiny, 0, m.minimum(x, m.max))
    log = m.sum_of(*power.log) / ((1 + e) * (1 + sqrt(m, m.maximum(size, m.tiny))))
    return (size * log) * exp(m, *power.t)


@activation(
    Formula(
        _powlu,
        Formula(_powlu_slope, _powlu_curvature),
        _powlu_m_slope,
        flat=lambda m, x, p: x < -m.limits.vanish,  # in x, where it underflows; the slope in m is 0 for all x <= 0
    ),
    domain={"m": "> 0"},
    kind="parametric",
    range=(0, INF),
    tails=(0, 1),
    minimum=0.0,
)
def powlu(x: ArrayLike, m: ArrayLike = 3.0) -> Array:
    r"""Power linear unit, which grows like a higher power near 0 and like :math:`x` for large :math:`x`.

    .. math::
        \mathrm{powlu}(x) = \begin{cases}
            x \cdot x^{m / (\sqrt{x} + 1)} \, \sigma(x) & x > 0 \\ x^2 \sigma(x) & x \le 0
        \end{cases}

    It is :func:`jaxact.powglu` of a gate and a value that are equal. For positive :math:`x` it increases if
    :math:`m < 10`. At -inf it is 0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      m: the added power near 0; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``m`` is a number that is not positive.

    References:
      Jiang et al., PowLU: an activation function for stable pre-training of LLMs, 2026, arXiv:2605.25704.
    """
    ...


def _coefficients(function: str, **vectors: Any) -> list[Any]:
    """The entries along the first axis of each vector: arrays, or numbers for a default."""
    unpacked = []
    for name, vector in vectors.items():
        shape = np.shape(vector)
        if not shape or not shape[0]:
            raise ValueError(
                f"jaxact.{function}: {name} must have a first axis, that of the coefficients, got shape {shape}"
            )
        unpacked.extend(vector)
    return unpacked


def _poly_relu(m: Arithmetic, x: Array, *coefficients: Array) -> Array:
    *weights, bias = coefficients
    return polynomial(m, m.maximum(x, 0), [bias, *weights], positive=True)


def _poly_relu_slope(m: Arithmetic, x: Array, *coefficients: Array) -> Array:
    *weights, bias = coefficients
    return m.where(x <= 0, 0, polynomial(m, x, derivative([bias, *weights]), positive=True))


@functools.cache
def _poly_relu_of(count: int) -> Formula:
    """The formula of ``x``, that many weights, and a bias."""

    def in_coefficient(m: Arithmetic, x: Array, *_: Array, i: int) -> Array:
        return power(m.maximum(x, 0), i)

    slopes = (functools.partial(in_coefficient, i=i) for i in (*range(1, count + 1), 0))
    return Formula(_poly_relu, _poly_relu_slope, *slopes, flat=lambda m, x, *_: x <= 0)


def _poly_relu_of_vector(m: Arithmetic, x: Array, weights: Any, bias: Any) -> Array:
    each = _coefficients("poly_relu", weights=weights)
    return of_coefficients("poly_relu", _poly_relu_of(len(each)), m, x, *each, bias)


@activation(Composite(_poly_relu_of_vector), kind="parametric")
def poly_relu(
    x: ArrayLike, weights: ArrayLike | Sequence[float] = (1 / 3, 1 / 3, 1 / 3), bias: ArrayLike = 0.0
) -> Array:
    r"""PolyReLU, a polynomial in the rectified linear unit.

    .. math:: \mathrm{poly\_relu}(x) = b + \sum_{i=1}^{r} w_i \max(x, 0)^i

    Its slope at 0 is 0.

    Args:
      x: real array of any shape.
      weights: learned, of the powers from the first on: the first axis counts powers, further axes broadcast against
        ``x``.
      bias: learned; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``weights`` has no first axis, or does not broadcast against ``x``.

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """
    ...


# Of each polynomial, over the square root of n!, the coefficients of its powers.
_HERMITE = tuple(
    tuple(c / math.sqrt(math.factorial(n)) for c in powers)
    for n, powers in enumerate(((1,), (0, 1), (-1, 0, 1), (0, -3, 0, 1), (3, 0, -6, 0, 1)))
)


def _in_powers(coefficients: Sequence[Any]) -> list[Any]:
    """The coefficient of each power in a sum of Hermite polynomials."""
    return [
        sum(c * _HERMITE[n][j] for n, c in enumerate(coefficients) if n >= j and (n - j) % 2 == 0)
        for j in range(len(coefficients))
    ]


def _hermite(m: Arithmetic, x: Array, *coefficients: Array) -> Array:
    return polynomial(m, x, _in_powers(coefficients))


def _hermite_slope(m: Arithmetic, x: Array, *coefficients: Array) -> Array:
    return polynomial(m, x, derivative(_in_powers(coefficients)))


@functools.cache
def _hermite_of(count: int) -> Formula:
    """The formula of ``x`` and that many coefficients."""

    def in_coefficient(m: Arithmetic, x: Array, *_: Array, n: int) -> Array:
        return polynomial(m, x, _HERMITE[n])

    return Formula(_hermite, _hermite_slope, *(functools.partial(in_coefficient, n=n) for n in range(count)))


def _hermite_of_vector(m: Arithmetic, x: Array, coefficients: Any) -> Array:
    each = _coefficients("hermite", coefficients=coefficients)
    if len(each) > len(_HERMITE):
        raise ValueError(
            f"jaxact.hermite: coefficients must be at most {len(_HERMITE)} along the first axis, got {len(each)}"
        )
    return of_coefficients("hermite", _hermite_of(len(each)), m, x, *each)


@activation(Composite(_hermite_of_vector), kind="parametric")
def hermite(
    x: ArrayLike,
    coefficients: ArrayLike | Sequence[float] = (
        0.3989422804014327,
        0.5,
        0.28209479177387814,
        0.0,
        -0.08143375198381998,
    ),
) -> Array:
    r"""Sum of Hermite polynomials; the defaults are the expansion of ReLU.

    .. math:: \mathrm{hermite}(x) = \sum_{n=0}^{4} c_n \frac{\mathrm{He}_n(x)}{\sqrt{n!}}

    with the polynomials of the normal distribution, :math:`1, x, x^2 - 1, x^3 - 3 x, x^4 - 6 x^2 + 3`. The defaults are
    the means of :math:`\max(x, 0) \, \mathrm{He}_n(x) / \sqrt{n!}` over normally distributed ``x``. The authors' code
    starts with the last one negated.

    Args:
      x: real array of any shape.
      coefficients: learned, of up to five polynomials: the first axis counts them, further axes broadcast against
        ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``coefficients`` has no first axis, or more than five there, or does not broadcast against ``x``.

    References:
      Lokhande, Tasneeyapant, Venkatesh, Ravi and Singh, Generating accurate pseudo-labels in semi-supervised learning
      and avoiding overconfident predictions via Hermite polynomial activations, 2019, arXiv:1909.05479.
    """
    ...


@functools.cache
def _rational_of(count: int, count_below: int) -> Formula:
    """The formula of ``x``, that many coefficients of ``P`` and that many of ``Q``."""
    q = Quotient(count, count_below)
    return Formula(q.value, q.slope, along=q.along)


def _rational(m: Arithmetic, x: Array, numerator: Any, denominator: Any) -> Array:
    above = _coefficients("rational", numerator=numerator)
    below = _coefficients("rational", denominator=denominator)
    return of_coefficients("rational", _rational_of(len(above), len(below)), m, x, *above, *below)


@activation(Composite(_rational), kind="parametric")
def rational(
    x: ArrayLike,
    numerator: ArrayLike | Sequence[float] = FITS["leaky_relu"][0],
    denominator: ArrayLike | Sequence[float] = FITS["leaky_relu"][1],
) -> Array:
    r"""Rational activation: a quotient of learned polynomials, without poles.

    .. math::
        \mathrm{rational}(x) = \frac{P(x)}{1 + |Q(x)|}, \quad
        P(x) = \sum_{j=0}^{m} a_j x^j, \quad Q(x) = \sum_{k=1}^{n} b_k x^k

    The defaults have degrees 5 and 4 and are the best fit to :func:`leaky_relu` on [-3, 3]; the modules can also start
    as other functions. Where a power of ``x`` would overflow, above 2^24 in float32, the result is extrapolated by its
    leading power, provided that the last coefficients are not 0.

    The authors' library calls this version B; its default, version A, has the absolute value of each term of :math:`Q`.

    Args:
      x: real array of any shape.
      numerator: learned :math:`a_0, a_1, ...` along its first axis; further axes broadcast against ``x``.
      denominator: learned :math:`b_1, b_2, ...`, in the same form.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``numerator`` or ``denominator`` has no first axis, or does not broadcast against ``x``.

    References:
      Molina, Schramowski and Kersting, Padé activation units: end-to-end learning of flexible activation functions in
      deep networks, 2019, arXiv:1907.06732.
    """
    ...


# Not elementwise


def _scaled(m: Arithmetic, x: Array, count: int, axis: int, eps: float) -> tuple[Array, Array, list[Array]]:
    """``s = x u``, ``u``, and for each ``i`` up to the count the factor that normalises ``s^i``."""
    # u is a power of two that keeps squares from overflowing.
    u = normalizer(m, lax.stop_gradient(m.maximum(largest(lax.abs(x), axis, 1), 1)))
    s = x * u
    square = s * s
    means = [jnp.mean(power(square, i), axis, keepdims=True) for i in range(1, count + 1)]
    return s, u, [1 / lax.sqrt(mean + eps * power(u, 2 * i)) for i, mean in enumerate(means, 1)]


def _poly_norm(m: Arithmetic, x: Array, *coefficients: Array, axis: int, eps: float) -> Array:
    *weights, bias = coefficients
    s, _, norms = _scaled(m, x, len(weights), axis, eps)
    return polynomial_sum(s, [bias, *(w * r for w, r in zip(weights, norms, strict=True))])


def _poly_norm_tangent(m: Arithmetic, x: Array, t: Array, *coefficients: Array, axis: int, eps: float) -> Array:
    *weights, _ = coefficients
    s, u, norms = _scaled(m, x, len(weights), axis, eps)
    scales = [w * r for w, r in zip(weights, norms, strict=True)]
    square, along = s * s, s * t
    means = [jnp.mean(power(square, i) * along, axis, keepdims=True) for i in range(len(scales))]
    shifts = [i * c * r * r * a for i, (c, r, a) in enumerate(zip(scales, norms, means, strict=True), 1)]
    return u * (t * polynomial_sum(s, derivative([0.0, *scales])) - s * polynomial_sum(s, shifts))


@functools.cache
def _poly_norm_of(count: int) -> RowFormula:
    """The formula of ``x``, that many weights, and a bias."""

    def in_weight(m: Arithmetic, x: Array, t: Array, *coefficients: Array, axis: int, eps: float, i: int) -> Array:
        s, _, norms = _scaled(m, x, i, axis, eps)
        return t * (power(s, i) * norms[-1])

    weights = (functools.partial(in_weight, i=i) for i in range(1, count + 1))
    return RowFormula(_poly_norm, _poly_norm_tangent, *weights, lambda m, x, t, *_, **options: t)


def _poly_norm_of_vector(m: Arithmetic, x: Array, weights: Any, bias: Any, axis: int, eps: float) -> Array:
    axis = axis_of("poly_norm", x, axis) - x.ndim
    if not eps > 0:
        raise ValueError(f"jaxact.poly_norm: eps must be positive, got {eps}")
    each = [jnp.asarray(c) for c in (*_coefficients("poly_norm", weights=weights), bias)]
    return _poly_norm_of(len(each) - 1)(m, *equal_rank("poly_norm", x, *each), axis=axis, eps=eps)


@activation(Composite(_poly_norm_of_vector), kind="parametric", options=("axis", "eps"))
def poly_norm(
    x: ArrayLike,
    weights: ArrayLike | Sequence[float] = (1 / 3, 1 / 3, 1 / 3),
    bias: ArrayLike = 0.0,
    axis: int = -1,
    eps: float = 1e-6,
) -> Array:
    r"""PolyNorm, a sum of the normalised powers of the features.

    .. math::
        \mathrm{poly\_norm}(x) = b + \sum_{i=1}^{r} w_i \, \nu(x^i), \quad
        \nu(u) = \frac{u}{\sqrt{\mathrm{mean}(u^2) + \epsilon}}

    with the mean over ``axis``, as in the authors' code; the paper has the sum in its place.

    Args:
      x: real array of at least one axis.
      weights: learned, of the powers from the first on: the first axis counts powers, further axes broadcast against
        ``x``. The authors' code has two versions; in one of them the weight of the highest power comes first.
      bias: learned; broadcasts against ``x``.
      axis: axis of the features.
      eps: positive number that is added to the mean under the root.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, ``eps`` is not positive, or ``weights`` has no first axis or does not
        broadcast against ``x``.

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """
    ...
