"""Gated activations: some features decide how much of others passes.

The backward pass keeps gate and value, and nothing else: both derivatives are evaluated from them. The rule of the
gate's own activation, applied to the value in place of a tangent, is the derivative in the gate.
"""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact._activation import activation
from jaxact._derivative import differentiable
from jaxact.functions.rectified import relu
from jaxact.functions.smooth import gelu_exact, gelu_tanh, mish, silu

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


def _gated(act: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    """``act(gate) * value``, computed and differentiated as one function."""
    return differentiable(
        lambda gate, value: act(gate) * value,
        lambda gate, value: jax.jvp(act, (gate,), (value,))[1],
        lambda gate, value: act(gate),
    )


def _broadcast(function: str, gate: Array, value: Array) -> tuple[Array, Array]:
    try:
        shape = jnp.broadcast_shapes(gate.shape, value.shape)
    except ValueError:
        raise ValueError(
            f"jaxact.{function}: value of shape {value.shape} does not broadcast against gate of shape {gate.shape}; "
            "both are usually halves of one array, or results of two layers of the same size"
        ) from None
    return jnp.broadcast_to(gate, shape), jnp.broadcast_to(value, shape)


_swiglu, _mishglu, _reglu = _gated(silu), _gated(mish), _gated(relu)
_geglu_tanh, _geglu_exact = _gated(gelu_tanh), _gated(gelu_exact)
_bilinear = differentiable(lambda a, b: a * b, lambda a, b: b, lambda a, b: a)


@activation(kind="gated")
def swiglu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a SiLU gate.

    .. math:: \mathrm{swiglu}(a, b) = \mathrm{silu}(a) \, b

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    return _swiglu(*_broadcast("swiglu", gate, value))


@activation(kind="gated", options=("approximate",))
def geglu(gate: ArrayLike, value: ArrayLike, approximate: bool = True) -> Array:
    r"""Linear unit with a GELU gate.

    .. math:: \mathrm{geglu}(a, b) = \mathrm{gelu}(a) \, b

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.
      approximate: whether to use :func:`jaxact.gelu_tanh`, as :func:`jaxact.gelu` does, or :func:`jaxact.gelu_exact`.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    return (_geglu_tanh if approximate else _geglu_exact)(*_broadcast("geglu", gate, value))


@activation(kind="gated")
def reglu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a ReLU gate.

    .. math:: \mathrm{reglu}(a, b) = \max(a, 0) \, b

    Its slope at a gate of 0 is 0.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    return _reglu(*_broadcast("reglu", gate, value))


@activation(kind="gated")
def bilinear(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a linear gate.

    .. math:: \mathrm{bilinear}(a, b) = a \, b

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    return _bilinear(*_broadcast("bilinear", gate, value))


@activation(kind="gated")
def mishglu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a Mish gate.

    .. math:: \mathrm{mishglu}(a, b) = \mathrm{mish}(a) \, b

    The family is Shazeer's, which has other gates; this gate is Misra's.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Misra, Mish: a self regularized non-monotonic activation function, 2019, arXiv:1908.08681; Shazeer, GLU variants
      improve transformer, 2020, arXiv:2002.05202.
    """
    return _mishglu(*_broadcast("mishglu", gate, value))


def _scaled(gate: Array, alpha: float) -> tuple[Array, Array]:
    """``alpha gate`` as a sum of two numbers."""
    high, low = num.rounded_constant(alpha, 0.0, gate)
    z, lost = num.two_product(gate, jnp.full_like(gate, high))
    return z, lost + lax.stop_gradient(jnp.where(lax.abs(z) < num.limit(z), gate * low, 0))


def _clipped_gate(gate: Array, limit: float, alpha: float) -> Array:
    gate = jnp.minimum(gate, limit)
    z, low = _scaled(gate, alpha)
    gate = jnp.where(lax.abs(z) < num.limit(z), gate, jnp.clip(gate, -1, limit))  # or inf would meet a 0
    return num.times_sigmoid(gate, num.clamped(z), low)


def _clipped_gate_slope(gate: Array, limit: float, alpha: float) -> Array:
    return jnp.where(gate > limit, 0, num.silu_slope(*_scaled(jnp.minimum(gate, limit), alpha)))


@activation(kind="gated", options=("limit", "alpha"), positive=("limit", "alpha"))
def clipped_swiglu(gate: ArrayLike, value: ArrayLike, limit: float = 7.0, alpha: float = 1.702) -> Array:
    r"""SwiGLU of clipped inputs, whose value is raised by one.

    .. math::
        \mathrm{clipped\_swiglu}(a, b) = \bar a \, \sigma(\alpha \bar a) \, (\bar b + 1), \quad
        \bar a = \min(a, l), \quad \bar b = \min(\max(b, -l), l)

    with :math:`l` the limit. At the limits the slopes are those inside. The weights of gpt-oss have gate and value in
    turns: pass ``x[..., ::2]`` and ``x[..., 1::2]``.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.
      limit: greatest gate, and greatest value of either sign; positive.
      alpha: sharpness of the gate; positive.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast, or ``limit`` or ``alpha`` is not positive.

    References:
      OpenAI, gpt-oss, gpt_oss/torch/model.py, 2025, https://github.com/openai/gpt-oss.
    """
    act = differentiable(
        functools.partial(_clipped_gate, limit=limit, alpha=alpha),
        functools.partial(_clipped_gate_slope, limit=limit, alpha=alpha),
    )
    function = differentiable(
        lambda gate, value: act(gate) * (jnp.clip(value, -limit, limit) + 1),
        lambda gate, value: jax.jvp(act, (gate,), (jnp.clip(value, -limit, limit) + 1,))[1],
        lambda gate, value: act(gate) * jnp.where(lax.abs(value) > limit, 0, 1),
    )
    return function(*_broadcast("clipped_swiglu", gate, value))
