"""Gated activations: some features decide how much of others passes.

The backward pass keeps gate and value, and nothing else: both derivatives are evaluated from them. Where the gate's
activation is too small for a number, its product with a large value need not be, so there the two are one formula.
"""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _coefficients as coefficients
from jaxact import _numerics as num
from jaxact._activation import activation
from jaxact._derivative import all_bits, differentiable, is_plain
from jaxact.functions.rectified import relu
from jaxact.functions.smooth import gelu_exact, gelu_tanh, gelu_tanh_argument, mish, silu

Unary = Callable[[Array], Array]
Binary = Callable[[Array, Array], Array]

# Beyond e^-edge an exponential may be no normal number, though its product with a value is. Beyond e^-last that is 0
# for good. In between it is carried 2^power times too large.
_SCALES = {"float32": (80.0, 198.0, 160), "float64": (690.0, 1465.0, 1500)}


class _Tail(NamedTuple):
    """What an activation is far on the left, to the last digit: ``factor(x) e^exponent(x)``."""

    factor: Unary
    exponent: Callable[[Array], tuple[Array, Array | None]]  # a sum of two numbers
    slope: Unary  # of the exponent
    reach: Callable[[float], float]  # where the exponent is a given number

    def slopes(self) -> _Tail:
        """The tail of the slope."""

        def factor(x: Array) -> Array:
            y, slope = jax.jvp(self.factor, (x,), (jnp.ones_like(x),))
            return slope + y * self.slope(x)

        return self._replace(factor=factor)

    def begins(self, x: Array) -> Array:
        """Where it has to stand in for the activation."""
        edge, _, _ = _SCALES[x.dtype.name]
        return x < self.reach(-edge)

    def times(self, gate: Array, value: Array) -> Array:
        """The tail of ``gate``, times ``value``."""
        edge, last, power = _SCALES[gate.dtype.name]
        gate = jnp.maximum(gate, self.reach(-last))
        with all_bits():  # so far out, 2^-19 of the exponent would be too much
            exponent, low = self.exponent(gate)
        e = num.whole(*num.exp_parts(jnp.clip(exponent, -last, 1 - edge), low, power))
        down, large = 2.0 ** (-power // 2), lax.abs(value) > 1
        y = self.factor(gate) * e * jnp.where(large, value * down, value)
        return jnp.where(large, y, y * down) * down


def _gated(function: Binary, tail: _Tail) -> Binary:
    """``function(gate, value)``, which is linear in the value, with its tail, computed and differentiated as one."""

    def evaluated(gate: Array, value: Array) -> Array:
        y = function(gate, value)
        return y if is_plain() else jnp.where(tail.begins(gate), tail.times(gate, value), y)

    def in_gate(gate: Array, value: Array) -> Array:
        def slope(gate: Array, value: Array) -> Array:
            return jax.jvp(lambda gate: function(gate, value), (gate,), (jnp.ones_like(gate),))[1]

        return _gated(slope, tail.slopes())(gate, value)

    def in_value(gate: Array, value: Array) -> Array:
        return function(gate, jnp.ones_like(gate))

    return differentiable(evaluated, in_gate, in_value)


def _itself(x: Array) -> Array:
    return x


def _normal_factor(x: Array) -> Array:
    """``x Phi(x)`` over ``e^(-x^2 / 2)`` for ``x`` below -12, by its asymptotic series."""
    s = 1 / (x * x)
    return num.polynomial(s, (-135135, 10395, -945, 105, -15, 3, -1, 1)) * -0.3989422804014327


_silu_tail = _Tail(_itself, lambda x: (x, None), jnp.ones_like, lambda last: last)
_gelu_exact_tail = _Tail(_normal_factor, num.minus_half_square, lambda x: -x, lambda last: -math.sqrt(-2 * last))
_gelu_tanh_tail = _Tail(
    _itself,
    gelu_tanh_argument,
    lambda x: coefficients.GELU_TANH_A[0] + 3 * coefficients.GELU_TANH_B[0] * (x * x),
    lambda last: float(np.min(np.real(np.roots([coefficients.GELU_TANH_B[0], 0, coefficients.GELU_TANH_A[0], -last])))),
)

# Without its tail, which would be a second exponential; see docs/numerics.md.
_glu = differentiable(
    lambda value, gate: value * num.sigmoid(gate),
    lambda value, gate: num.sigmoid(gate),
    lambda value, gate: value * num.sigmoid_slope(gate),
)
_swiglu = _gated(lambda gate, value: silu(gate) * value, _silu_tail)
_mishglu = _gated(lambda gate, value: mish(gate) * value, _silu_tail)
_geglu_exact = _gated(lambda gate, value: gelu_exact(gate) * value, _gelu_exact_tail)
_geglu_tanh = _gated(lambda gate, value: gelu_tanh(gate) * value, _gelu_tanh_tail)
_reglu = differentiable(
    lambda gate, value: relu(gate) * value,
    lambda gate, value: jnp.where(gate > 0, value, 0),
    lambda gate, value: relu(gate),
)
_bilinear = differentiable(lambda a, b: a * b, lambda a, b: b, lambda a, b: a)


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
    return _glu(value, gate)


def _broadcast(function: str, gate: Array, value: Array) -> tuple[Array, Array]:
    try:
        shape = jnp.broadcast_shapes(gate.shape, value.shape)
    except ValueError:
        raise ValueError(
            f"jaxact.{function}: value of shape {value.shape} does not broadcast against gate of shape {gate.shape}; "
            "both are usually halves of one array, or results of two layers of the same size"
        ) from None
    return jnp.broadcast_to(gate, shape), jnp.broadcast_to(value, shape)


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


def _scaled(gate: Array, alpha: float) -> tuple[Array, Array | None]:
    """``alpha gate`` as a sum of two numbers."""
    high, low = num.rounded_constant(alpha, 0.0, gate)
    z, lost = num.two_product(gate, jnp.full_like(gate, high))
    if lost is None:
        return z, None
    return z, lost + lax.stop_gradient(jnp.where(lax.abs(z) < num.limit(z), gate * low, 0))


def _product(alpha: float, x: Array) -> tuple[Array, Array]:
    """The same for ``x`` of at most some thousands, however large the product."""
    high, low = num.rounded_constant(alpha, 0.0, x)
    factor = jnp.full_like(x, high)
    z = x * factor
    return z, num.product_error(x, factor, z) + x * low


def _clipped_gate(gate: Array, limit: float, alpha: float) -> Array:
    gate = jnp.minimum(gate, limit)
    z, low = _scaled(gate, alpha)
    gate = jnp.where(lax.abs(z) < num.limit(z), gate, jnp.clip(gate, -1, limit))  # or inf would meet a 0
    return num.times_sigmoid(gate, z, low)


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
    tail = _Tail(_itself, functools.partial(_product, alpha), lambda x: alpha * jnp.ones_like(x), lambda z: z / alpha)
    gated = _gated(lambda gate, value: act(gate) * value, tail)

    def passing(value: Array) -> Array:
        return jnp.clip(value, -limit, limit) + 1

    function = differentiable(
        lambda gate, value: gated(gate, passing(value)),
        lambda gate, value: jax.jvp(lambda gate: gated(gate, passing(value)), (gate,), (jnp.ones_like(gate),))[1],
        lambda gate, value: act(gate) * jnp.where(lax.abs(value) > limit, 0, 1),
    )
    return function(*_broadcast("clipped_swiglu", gate, value))
