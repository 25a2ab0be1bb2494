"""Saturating activations: bounded on both sides, slope 0 in both limits."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact._activation import activation
from jaxact._derivative import differentiable


@activation(slope=num.sigmoid_slope, kind="saturating", range=(0, 1), tails=(0, 0), aliases=("logistic",))
def sigmoid(x: ArrayLike) -> Array:
    r"""Logistic sigmoid.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Verhulst, Recherches mathématiques sur la loi d'accroissement de la population, 1845.
    """
    return num.sigmoid(x)


def _tanh_slope(x: Array) -> Array:
    up = num.exp_up(num.clamped(-2 * num.magnitude(x)))
    e = up * num.DOWN
    return 4 * up / (1 + e * (2 + e)) * num.DOWN


def _tanh_curvature(x: Array) -> Array:
    z = num.clamped(-2 * num.magnitude(x))
    up = num.exp_up(z)
    q = 1 / (1 + up * num.DOWN)
    return jnp.where(x < 0, -8.0, 8.0) * num.expm1(z) * q * (up * q * q) * num.DOWN


@activation(slope=differentiable(_tanh_slope, _tanh_curvature), kind="saturating", range=(-1, 1), tails=(0, 0))
def tanh(x: ArrayLike) -> Array:
    r"""Hyperbolic tangent.

    .. math:: \tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998.
    """
    z = num.expm1(-2 * lax.abs(x))
    return jnp.copysign(z / (2 + z), x)


def _soft_sign_slope(x: Array) -> Array:
    q = 1 / (1 + num.magnitude(x))
    return q * q


def _soft_sign_curvature(x: Array) -> Array:
    q = 1 / (1 + num.magnitude(x))
    return jnp.where(x < 0, 2.0, -2.0) * q * (q * q)


@activation(
    slope=differentiable(_soft_sign_slope, _soft_sign_curvature),
    kind="saturating",
    range=(-1, 1),
    tails=(0, 0),
    aliases=("softsign",),
)
def soft_sign(x: ArrayLike) -> Array:
    r"""Soft sign.

    .. math:: \mathrm{soft\_sign}(x) = \frac{x}{1 + |x|}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Bergstra, Desjardins, Lamblin and Bengio, Quadratic polynomials learn better image features, 2009.
    """
    x = jnp.clip(x, -(2.0**100), 2.0**100)  # the value is 1 there already, and inf / inf would be NaN
    return x / (1 + lax.abs(x))
