"""Parametric activations: a known shape with something to learn in it."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact._activation import INF, activation


def _swish_slope(x: Array, beta: Array) -> Array:
    return num.silu_slope(*num.two_product(x, beta))


def _swish_beta_slope(x: Array, beta: Array) -> Array:
    z, low = num.two_product(x, beta)
    up = num.exp_up(-num.magnitude(num.clamped(z)), jnp.where(z < 0, low, -low))
    e = up * num.DOWN
    x = jnp.where(lax.abs(z) < num.limit(z), x, 0)
    return x * (up * 2.0**-32) / (1 + e * (2 + e)) * (x * 2.0**-32)


@activation(
    slope=_swish_slope,
    parameter_slopes=(_swish_beta_slope,),
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
    z, low = num.two_product(x, beta)
    x = jnp.where(z <= -num.limit(z), jnp.clip(x, -1, 1), x)  # there the result is 0, whatever x
    return num.times_sigmoid(x, num.clamped(z), low)
