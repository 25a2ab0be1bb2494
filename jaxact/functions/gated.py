"""Gated activations: one half of the features decides how much of the other passes."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact._activation import activation
from jaxact._derivative import differentiable

_gate = differentiable(
    lambda value, gate: value * num.sigmoid(gate),
    lambda value, gate: num.sigmoid(gate),
    lambda value, gate: value * num.sigmoid_slope(gate),
)


@activation(kind="gated", options=("axis",))
def glu(x: ArrayLike, axis: int = -1) -> Array:
    r"""Gated linear unit.

    .. math:: \mathrm{glu}(x) = a \, \sigma(b)

    with :math:`a` and :math:`b` the first and the second half of ``x`` along ``axis``.

    Args:
      x: real array of even size along ``axis``.
      axis: axis to split.

    Returns:
      Array of the floating dtype of ``x`` and of its shape, but half the size along ``axis``.

    Raises:
      ValueError: ``axis`` is out of range, or the size along it is odd.

    References:
      Dauphin, Fan, Auli and Grangier, Language modeling with gated convolutional networks, 2016, arXiv:1612.08083.
    """
    x = jnp.asarray(x)
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"jaxact.glu: axis must be in [-{x.ndim}, {x.ndim}) for x of shape {x.shape}, got {axis}")
    if x.shape[axis] % 2:
        raise ValueError(f"jaxact.glu: the size along axis {axis} must be even to be halved, got shape {x.shape}")
    value, gate = jnp.split(x, 2, axis)
    return _gate(value, gate)
