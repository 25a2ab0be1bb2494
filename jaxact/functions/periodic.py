"""Periodic activations, and those that a period runs through.

What has no limit at +-inf is NaN there.
"""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _trigonometry as trig
from jaxact._activation import INF, activation
from jaxact._derivative import differentiable

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


@activation(slope=lambda x: -trig.sin(x), kind="periodic", range=(-1, 1), aliases=("cos",))
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
