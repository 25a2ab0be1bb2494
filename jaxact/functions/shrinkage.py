"""Shrinkage: what is small becomes 0 or nearly so, what is large passes, as in denoising and sparse coding."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _coefficients as coefficients
from jaxact import _numerics as num
from jaxact._activation import INF, activation
from jaxact._derivative import differentiable
from jaxact.functions.saturating import tanh


def _beyond(x: Array, lambd: Array) -> Array:
    return lax.abs(x) > lambd


def _indicator(mask: Array, lambd: Array) -> Array:
    return jnp.where(mask, 1.0, 0.0)


@activation(
    region=_beyond,
    slope=_indicator,
    parameter_slopes=(lambda x, lambd: jnp.zeros_like(x + lambd),),
    at_least={"lambd": 0},
    kind="shrinkage",
    range=(-INF, INF),
    tails=(1, 1),
    kinks=(-0.5, 0.5),
)
def hard_shrink(x: ArrayLike, lambd: ArrayLike = 0.5) -> Array:
    r"""Hard shrinkage: 0 near 0, else the identity.

    .. math:: \mathrm{hard\_shrink}(x) = \begin{cases} x & |x| > \lambda \\ 0 & |x| \le \lambda \end{cases}

    It jumps at :math:`\pm\lambda`, where its slope is 0; its slope in :math:`\lambda` is 0 everywhere.

    Args:
      x: real array of any shape.
      lambd: the threshold :math:`\lambda`; not negative; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``lambd`` is a negative number.

    References:
      Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81, 1994.
    """
    return jnp.where(lax.abs(x) <= lambd, 0, x)  # asked this way round, so that NaN passes


@activation(
    region=_beyond,
    slope=_indicator,
    parameter_slopes=(lambda x, lambd: jnp.where(_beyond(x, lambd), jnp.where(x < 0, 1.0, -1.0), 0.0),),
    at_least={"lambd": 0},
    kind="shrinkage",
    range=(-INF, INF),
    tails=(1, 1),
    kinks=(-0.5, 0.5),
)
def soft_shrink(x: ArrayLike, lambd: ArrayLike = 0.5) -> Array:
    r"""Soft shrinkage: everything moves towards 0, and what gets there stays.

    .. math::
        \mathrm{soft\_shrink}(x) = \begin{cases}
        x - \lambda & x > \lambda \\ 0 & |x| \le \lambda \\ x + \lambda & x < -\lambda
        \end{cases}

    Its slope at :math:`\pm\lambda` is 0.

    Args:
      x: real array of any shape.
      lambd: the threshold :math:`\lambda`; not negative; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``lambd`` is a negative number.

    References:
      Donoho, De-noising by soft-thresholding, IEEE Transactions on Information Theory 41, 1995.
    """
    return jnp.where(x < 0, jnp.minimum(x + lambd, 0), jnp.maximum(x - lambd, 0))


def _sech_square_up(x: Array) -> Array:
    """``1 - tanh(x)^2`` times 2^64."""
    up = num.exp_up(num.clamped(-2 * num.magnitude(x)))
    e = up * num.DOWN
    return 4 * up / (1 + e * (2 + e))


def _near(t: Array) -> Array:
    """``t - tanh(t)`` for ``t`` in [0, 1]."""
    square = t * t
    return t * square * num.polynomial(square, num.minimax(t, coefficients.TANH_SHRINK))


def _tanh_shrink_slope(x: Array) -> Array:
    t = jnp.minimum(lax.abs(x), 1)
    y = t - _near(t)
    return jnp.where(t < 0.875, y * y, 1 - _sech_square_up(x) * num.DOWN)


def _tanh_shrink_curvature(x: Array) -> Array:
    return 2 * tanh(x) * _sech_square_up(x) * num.DOWN


@activation(
    slope=differentiable(_tanh_shrink_slope, _tanh_shrink_curvature),
    kind="shrinkage",
    range=(-INF, INF),
    tails=(1, 1),
)
def tanh_shrink(x: ArrayLike) -> Array:
    r"""Smooth shrinkage by the hyperbolic tangent.

    .. math:: \mathrm{tanh\_shrink}(x) = x - \tanh(x)

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      PyTorch, documentation of torch.nn.Tanhshrink, 2017.
    """
    t = lax.abs(x)
    # Beyond 1, 1 - tanh(t) is added to t - 1, which is exact up to 2.
    e = num.exp(-2 * t)
    far = (t - 1) + 2 * e / (1 + e)
    return jnp.copysign(jnp.where(t < 1, _near(jnp.minimum(t, 1)), far), x)
