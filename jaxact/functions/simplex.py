"""Activations onto the probability simplex."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact._activation import activation
from jaxact._derivative import differentiable_map

Axis = int | tuple[int, ...] | None


def _checked(function: str, x: Array, axis: Axis) -> Array:
    for a in axis if isinstance(axis, tuple) else () if axis is None else (axis,):
        if not -x.ndim <= a < x.ndim:
            raise ValueError(
                f"jaxact.{function}: axis must be in [-{x.ndim}, {x.ndim}) for x of shape {x.shape}, got {a}"
            )
    return x


def _mask(x: Array, where: ArrayLike | None) -> tuple[Array, ...]:
    """``where`` broadcast to the shape of ``x``, as the data of a differentiable map, if there is one."""
    if where is None:
        return ()
    return (jnp.broadcast_to(jnp.asarray(where, bool), x.shape),)


def _shifted(x: Array, mask: tuple[Array, ...], axis: Axis) -> tuple[Array, Array]:
    """``x`` less its largest entry, as a sum of two numbers; what the mask leaves out is at -inf."""
    if mask:
        x = jnp.where(mask[0], x, -jnp.inf)
    largest = lax.stop_gradient(jnp.max(x, axis, keepdims=True, initial=-jnp.inf))
    largest = jnp.where(jnp.isneginf(largest), 0, largest)
    shifted = x - largest
    back = shifted - x
    lost = (x - (shifted - back)) - (largest + back)
    return shifted, lax.stop_gradient(jnp.where(shifted > -num.limit(x), lost, 0))


def _softmax(x: Array, *mask: Array, axis: Axis) -> Array:
    e = num.exp(*_shifted(x, mask, axis))
    total = jnp.sum(e, axis, keepdims=True)
    return e / jnp.where(total == 0, 1, total)


def _softmax_tangent(y: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    if mask:
        t = jnp.where(mask[0], t, 0)
    return y * (t - jnp.sum(y * t, axis, keepdims=True))


def _log_softmax(x: Array, *mask: Array, axis: Axis) -> Array:
    shifted, lost = _shifted(x, mask, axis)
    e = num.exp(shifted, lost)
    # One of the largest entries is left out of the sum, so that what is small beside it is not lost.
    others = jnp.sum(jnp.where(shifted < 0, e, 0), axis, keepdims=True)
    ties = jnp.sum(jnp.where(shifted < 0, 0, e), axis, keepdims=True) - 1
    return shifted - (jnp.log1p(others + jnp.maximum(ties, 0)) - lost)


def _log_softmax_tangent(x: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    if mask:
        t = jnp.where(mask[0], t, 0)
    change = t - jnp.sum(_softmax(x, *mask, axis=axis) * t, axis, keepdims=True)
    return jnp.where(mask[0], change, 0) if mask else change


@activation(kind="simplex", options=("axis",), data=("where",))
def softmax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Softmax.

    .. math:: \mathrm{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990.
    """
    x = _checked("softmax", jnp.asarray(x), axis)
    function = differentiable_map(
        functools.partial(_softmax, axis=axis), functools.partial(_softmax_tangent, axis=axis), of_result=True
    )
    return function(x, *_mask(x, where))


@activation(kind="simplex", options=("axis",), data=("where",), aliases=("logsoftmax",))
def log_softmax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Logarithm of the softmax.

    .. math:: \mathrm{log\_softmax}(x)_i = x_i - \log \sum_j e^{x_j}

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and -inf in the result.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990.
    """
    x = _checked("log_softmax", jnp.asarray(x), axis)
    function = differentiable_map(
        functools.partial(_log_softmax, axis=axis), functools.partial(_log_softmax_tangent, axis=axis)
    )
    return function(x, *_mask(x, where))
