"""Rectified, that is piecewise linear, activations.

Their slope takes one of a few values, so the backward pass keeps a one-byte mask instead of the input.
"""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxact._activation import INF, activation


def _positive(x: Array) -> Array:
    return x > 0


def _not_negative(x: Array, *_: Array) -> Array:
    return x >= 0


def _inside(x: Array, lower: float, upper: float) -> Array:
    return (x > lower) & (x < upper)


def _one_or(mask: Array, otherwise: Array | float) -> Array:
    return jnp.where(mask, 1.0, otherwise)


def _indicator(mask: Array) -> Array:
    return jnp.where(mask, 1.0, 0.0)


@activation(slope=jnp.ones_like, kind="rectified", range=(-INF, INF), tails=(1, 1), aliases=("linear",))
def identity(x: ArrayLike) -> Array:
    r"""Identity.

    .. math:: \mathrm{identity}(x) = x

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.
    """
    return jnp.asarray(x)


@activation(region=_positive, slope=_indicator, kind="rectified", range=(0, INF), tails=(0, 1), kinks=(0.0,))
def relu(x: ArrayLike) -> Array:
    r"""Rectified linear unit.

    .. math:: \mathrm{relu}(x) = \max(x, 0)

    Its slope at 0 is 0.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010.
    """
    return jnp.maximum(x, 0)


@activation(
    region=lambda x: _inside(x, 0, 6),
    slope=_indicator,
    kind="rectified",
    range=(0, 6),
    tails=(0, 0),
    kinks=(0.0, 6.0),
)
def relu6(x: ArrayLike) -> Array:
    r"""Rectified linear unit, at most 6.

    .. math:: \mathrm{relu6}(x) = \min(\max(x, 0), 6)

    Its slope at 0 and at 6 is 0.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010.
    """
    return jnp.clip(x, 0, 6)


@activation(
    region=_not_negative,
    slope=_one_or,
    parameter_slopes=(lambda x, negative_slope: jnp.where(x >= 0, 0.0, x),),
    kind="rectified",
    range=(-INF, INF),
    tails=(0.01, 1),
    kinks=(0.0,),
)
def leaky_relu(x: ArrayLike, negative_slope: ArrayLike = 0.01) -> Array:
    r"""Leaky rectified linear unit.

    .. math:: \mathrm{leaky\_relu}(x) = \begin{cases} x & x \ge 0 \\ a x & x < 0 \end{cases}

    with :math:`a` the negative slope. Its slope at 0 is 1.

    Args:
      x: real array of any shape.
      negative_slope: slope on the negative side; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models, ICML 2013.
    """
    return jnp.where(x >= 0, x, negative_slope * x)


@activation(
    region=_not_negative,
    slope=_one_or,
    parameter_slopes=(lambda x, negative_slope: jnp.where(x >= 0, 0.0, x),),
    kind="parametric",
    range=(-INF, INF),
    tails=(0.25, 1),
    kinks=(0.0,),
)
def prelu(x: ArrayLike, negative_slope: ArrayLike = 0.25) -> Array:
    r"""Parametric rectified linear unit: a leaky one whose negative slope is learned.

    .. math:: \mathrm{prelu}(x) = \begin{cases} x & x \ge 0 \\ a x & x < 0 \end{cases}

    with :math:`a` the negative slope. Its slope at 0 is 1.

    Args:
      x: real array of any shape.
      negative_slope: learned slope on the negative side; a scalar, or one per channel, broadcast against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015, arXiv:1502.01852.
    """
    return jnp.where(x >= 0, x, negative_slope * x)


@activation(
    region=lambda x: _inside(x, -3, 3),
    slope=lambda mask: jnp.where(mask, 1 / 6, 0.0),
    kind="rectified",
    range=(0, 1),
    tails=(0, 0),
    kinks=(-3.0, 3.0),
)
def hard_sigmoid(x: ArrayLike) -> Array:
    r"""Piecewise linear sigmoid.

    .. math:: \mathrm{hard\_sigmoid}(x) = \mathrm{relu6}(x + 3) / 6

    Its slope at -3 and at 3 is 0.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Howard et al., Searching for MobileNetV3, 2019, arXiv:1905.02244.
    """
    return jnp.clip(x + 3, 0, 6) / 6


@activation(
    region=lambda x: (x >= -1) & (x <= 1),
    slope=_indicator,
    kind="rectified",
    range=(-1, 1),
    tails=(0, 0),
    kinks=(-1.0, 1.0),
)
def hard_tanh(x: ArrayLike) -> Array:
    r"""Piecewise linear tanh.

    .. math:: \mathrm{hard\_tanh}(x) = \min(\max(x, -1), 1)

    Its slope at -1 and at 1 is 1.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Collobert, Large scale machine learning, PhD thesis, Université Paris VI, 2004.
    """
    return jnp.clip(x, -1, 1)


def _quarters(x: Array) -> Array:
    """Slope of the sparse sigmoid, in quarters: its mean where it jumps."""
    return _inside(x, -1, 1).astype(jnp.int8) + ((x >= -1) & (x <= 1)).astype(jnp.int8)


@activation(
    region=_quarters,
    slope=lambda quarters: quarters / 4,
    kind="rectified",
    range=(0, 1),
    tails=(0, 0),
    kinks=(-1.0, 1.0),
)
def sparse_sigmoid(x: ArrayLike) -> Array:
    r"""Sparse sigmoid, the slope of :func:`sparse_plus`.

    .. math:: \mathrm{sparse\_sigmoid}(x) = \min(\max((x + 1) / 2, 0), 1)

    Its slope at -1 and at 1 is 1/4.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Blondel, Martins and Niculae, Learning classifiers with Fenchel-Young losses, 2019, arXiv:1901.02324.
    """
    return jnp.clip((x + 1) / 2, 0, 1)
