"""Gated activations: a function of one array scales another.

The backward pass keeps gate and value, and nothing else: both derivatives are evaluated from them. The activation of
the gate may underflow where its product with a large value does not, so activation and product are one formula.
"""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import Composite, activation
from jaxact._arguments import even_axis
from jaxact._derivative import Formula
from jaxact._math import SCALE, UNSCALE, Arithmetic, coefficients, logistic, normal
from jaxact._math.arithmetic import Pair
from jaxact._math.elementary import exp, exp_parts, rounded_exp, tanh, tanh_rest, times, times_exp
from jaxact._math.error_free import split, split_constant
from jaxact._math.logistic import sigmoid, sigmoid_slope
from jaxact._math.power import Power, over_power, power_terms
from jaxact.functions import saturating, smooth

# Where e^-u underflows, its product with a value may be normal. Above the first number, 2^power e^-u is computed
# instead; half of the scale is removed before and half after the product with the value. Above the second number the
# product is 0.
_REACH = {"float32": (60.0, 198.0, 160), "float64": (600.0, 1465.0, 1500)}


class _Scale(NamedTuple):
    """The scale of an exponential.

    Attributes:
      far: where it is not 1.
      power: its exponent there, 0 elsewhere.
      down: ``2^(-|power| / 2)`` there, 1 elsewhere.
    """

    far: Array
    power: Array
    down: Array

    def product(self, activation: Array, value: Any) -> Array:
        """Product of a scaled activation with a value, without the scale."""
        return activation * (value * self.down) * self.down


def _scale(m: Arithmetic, far: Array, sign: int) -> _Scale:
    _, _, power = _REACH[m.dtype.name]
    integers = (lax.full_like(far, p, f"int{m.dtype.itemsize * 8}") for p in (sign * power, 0))
    return _Scale(far, lax.select(far, *integers), m.where(far, 2.0 ** (-power // 2), 1))


def _held(m: Arithmetic, gate: Array, rate: float = 1.0) -> Array:
    """The gate clamped to where ``e^(-rate |gate|)`` times a value is not 0."""
    return m.clip(gate, -_REACH[m.dtype.name][1] / rate, m.limits.exp / rate)


def _zero(m: Arithmetic, gate: Array, value: Array) -> Array:
    return lax.full_like(gate, 0)


def _gate(
    value: Callable[..., Array],
    slope: Callable[..., Array],
    alone: Callable[..., Array],
    curvature: Callable[..., Array],
    passed: Callable[..., Any] = lambda m, value: value,
    passes: Callable[..., Any] = lambda m, value: 1,
    bends: Callable[..., Any] | None = None,
    flat: bool = False,
) -> Formula:
    """The formula of a gate: linear in ``passed(m, value)``.

    Args:
      value: ``value(m, gate, value)``.
      slope: its slope in the gate, of the same arguments.
      alone: ``value`` for a value of 1, as a function of the gate.
      curvature: curvature of ``alone``.
      passed: ``passed(m, value)``.
      passes: slope of ``passed``.
      bends: curvature of ``passed``; ``None`` if that is piecewise linear.
      flat: whether slopes are 0 on whole intervals.
    """
    mixed = Formula(
        lambda m, gate, b: slope(m, gate, passes(m, b)),
        lambda m, gate, b: curvature(m, gate) * passes(m, b),
        _zero if bends is None else lambda m, gate, b: slope(m, gate, bends(m, b)),
    )
    in_gate = Formula(
        lambda m, gate, b: slope(m, gate, passed(m, b)), lambda m, gate, b: curvature(m, gate) * passed(m, b), mixed
    )
    in_value = Formula(
        lambda m, gate, b: alone(m, gate) * passes(m, b),
        mixed,
        _zero if bends is None else lambda m, gate, b: alone(m, gate) * bends(m, b),
    )
    return Formula(lambda m, gate, b: value(m, gate, passed(m, b)), in_gate, in_value, flat=flat)


# Gates of the form x sigma(u(x)), for an odd u with the sign of x. z is x, clamped to where e^u is not 0.


def _unit(m: Arithmetic, x: Array, z: Array, u: Array, low: Array | None, value: Any) -> Array:
    """``x sigma(u + low) value``."""
    scale = _scale(m, u < -_REACH[m.dtype.name][0], -1)
    e = rounded_exp(m, -u, m.negated(low), scale.power)
    return scale.product(m.where(scale.far, z, x) / (m.where(scale.far, 0, 1) + e), value)


def _unit_slope(m: Arithmetic, u: Array, low: Array | None, change: Any, value: Any) -> Array:
    """Slope of ``_unit`` in ``x``; ``change`` is ``x du/dx``."""
    scale = _scale(m, u < -_REACH[m.dtype.name][0], -1)
    e = rounded_exp(m, -u, m.negated(low), scale.power)
    s = m.used_twice(1 / (m.where(scale.far, 0, 1) + e))
    return scale.product(s * (1 + change * (e * s)), value)


def _swiglu(m: Arithmetic, gate: Array, value: Any) -> Array:
    if m.native:
        return gate * lax.logistic(gate) * value
    z = _held(m, gate)
    return _unit(m, gate, z, z, None, value)


def _swiglu_slope(m: Arithmetic, gate: Array, value: Any) -> Array:
    z = _held(m, gate)
    return _unit_slope(m, z, None, z, value)


def _silu_curvature(m: Arithmetic, x: Array) -> Array:
    return logistic.scaled_silu_curvature(m, x) * UNSCALE


_SWIGLU = _gate(_swiglu, _swiglu_slope, smooth._silu, _silu_curvature)


def _geglu_tanh_held(m: Arithmetic, gate: Array) -> Array:
    return m.clip(gate, *{"float32": (-13.53, 9.9), "float64": (-27.12, 21.0)}[m.dtype.name])


def _geglu_tanh(m: Arithmetic, gate: Array, value: Any) -> Array:
    if m.native:
        return gate * lax.logistic(smooth.gelu_tanh_argument(m, gate)[0]) * value
    z = _geglu_tanh_held(m, gate)
    return _unit(m, gate, z, *smooth.gelu_tanh_argument(m, z), value)


def _geglu_tanh_slope(m: Arithmetic, gate: Array, value: Any) -> Array:
    z = _geglu_tanh_held(m, gate)
    u, low = smooth.gelu_tanh_argument(m, z)
    return _unit_slope(m, u, low, m.sum_of(u, low) + 2 * coefficients.GELU_TANH_B[0] * z * (z * z), value)


_GEGLU_TANH = _gate(_geglu_tanh, _geglu_tanh_slope, smooth._gelu_tanh, smooth._gelu_tanh_curvature)


@functools.cache
def _clipped_swiglu(limit: float, alpha: float, offset: float) -> Formula:
    def argument(m: Arithmetic, z: Array) -> Pair:
        """``alpha z`` as a sum of two numbers."""
        if not m.compensated or alpha == 1:
            return alpha * z, None
        (high, low), (alpha_high, alpha_low) = split(z), split_constant(alpha, 0.0, m.dtype)
        return high * alpha_high, low * alpha_high + z * alpha_low

    def held(m: Arithmetic, gate: Array) -> Array:
        return _held(m, m.minimum(gate, limit), alpha)

    def value(m: Arithmetic, gate: Array, b: Any) -> Array:
        x, z = m.minimum(gate, limit), held(m, gate)
        return x * lax.logistic(alpha * x) * b if m.native else _unit(m, x, z, *argument(m, z), b)

    def slope(m: Arithmetic, gate: Array, b: Any) -> Array:
        u, low = argument(m, held(m, gate))
        return m.where(gate > limit, 0, _unit_slope(m, u, low, m.sum_of(u, low), b))

    def alone(m: Arithmetic, gate: Array) -> Array:
        ends = -m.limits.vanish / alpha, m.limits.one / alpha
        return logistic.sigmoid_unit(m, m.minimum(gate, limit), *ends, functools.partial(argument, m))

    def curvature(m: Arithmetic, gate: Array) -> Array:
        scaled = logistic.scaled_silu_curvature(m, *argument(m, _held(m, m.where(gate > limit, 0, gate), alpha)))
        return m.where(gate > limit, 0, alpha * scaled * UNSCALE)

    def passed(m: Arithmetic, b: Array) -> Array:
        return m.clip(b, -limit, limit) + offset

    return _gate(value, slope, alone, curvature, passed, functools.partial(_inside, limit=limit), flat=True)


def _inside(m: Arithmetic, b: Array, limit: float) -> Array:
    """The slope of a value that is clipped."""
    return m.where(lax.abs(b) > limit, 0, 1)


@functools.cache
def _swiglu_step(limit: float) -> Formula:
    # silu(a) is above the limit from where a = limit (1 + e^-a) on, to which this converges.
    edge = limit
    for _ in range(200):
        edge = limit * (1 + math.exp(-edge))

    def stepped(m: Arithmetic, gate: Array, above: Any, below: Array) -> Array:
        return m.where(gate > edge, above, below)

    return _gate(
        lambda m, gate, b: stepped(m, gate, limit * b, _swiglu(m, gate, b)),
        lambda m, gate, b: stepped(m, gate, 0, _swiglu_slope(m, gate, b)),
        lambda m, gate: stepped(m, gate, limit, smooth._silu(m, gate)),
        lambda m, gate: stepped(m, gate, 0, _silu_curvature(m, gate)),
        lambda m, b: m.clip(b, -limit, limit),
        functools.partial(_inside, limit=limit),
        flat=True,
    )


@functools.cache
def _powglu(m: float) -> Formula:
    p = m  # the formulas' first argument is an arithmetic

    # The gate is e^t sigma(a) for a > 0, else silu(a). Its slope there is e^(t - L) sigma(a) c with
    # c = A + a sigma(-a), its curvature e^(t - 2 L) sigma(a) (c^2 + d(a A)/da - 2 A - a^2 sigma(-a) sigma(a)).
    def terms(m: Arithmetic, gate: Array) -> tuple[Array, Power]:
        return gate < m.tiny, power_terms(m, m.where(gate < m.tiny, 1, m.minimum(gate, m.max)), m.number(p))

    def tail(m: Arithmetic, left: Array, z: Array, exponent: Pair) -> tuple[_Scale, tuple[Array, Array | None], Array]:
        """``e^exponent``, on the left ``e^z``, with its scale, and ``e^-|z|``, which is 0 if scaled."""
        (t, low), reach = exponent, _REACH[m.dtype.name]
        t = m.where(left, z, m.maximum(t, -reach[1]))
        scale = _scale(m, t < -reach[0], 1)
        parts = exp_parts(m, t, None if low is None else m.where(left, 0, low), scale.power)  # type: ignore[arg-type]
        e = m.where(left, m.where(scale.far, 0, times(parts)), exp(m, -m.magnitude(z)))
        return scale, parts, e

    def value(m: Arithmetic, gate: Array, b: Any) -> Array:
        z, (left, power) = _held(m, gate), terms(m, gate)
        if m.native:
            return m.where(left, gate, exp(m, *power.t)) * lax.logistic(gate) * b
        scale, parts, e = tail(m, left, z, power.t)
        return scale.product(times(parts, m.where(left, z, 1)) / (1 + e), b)

    def slope(m: Arithmetic, gate: Array, b: Any) -> Array:
        z, (left, power) = _held(m, gate), terms(m, gate)
        scale, parts, e = tail(m, left, z, over_power(m, power, 1))
        q = m.used_twice(1 / (1 + e))
        return scale.product(times(parts, q * m.where(left, (1 + z) - z * (e * q), power.change + z * (e * q))), b)

    def curvature(m: Arithmetic, gate: Array) -> Array:
        z, (left, power) = _held(m, gate), terms(m, gate)
        e = exp(m, -m.magnitude(z))
        q = m.used_twice(1 / (1 + e))
        rest = z * (e * q)
        change = power.change + rest
        right = times_exp(
            m, q * (change * change + power.bend - 2 * power.change - rest * z * q), *over_power(m, power, 2)
        )
        return m.where(left, _silu_curvature(m, z), right)

    return _gate(value, slope, lambda m, gate: value(m, gate, 1), curvature)


# The exact GELU and Mish, with the tails of the normal distribution and of tanh(log(1 + e^x)).


def _geglu_exact_tail(m: Arithmetic, gate: Array) -> tuple[Array, Array, _Scale, tuple[Array, Array | None]]:
    """The clamped gate's absolute value, whether it is negative, and ``e^(-gate^2 / 2)`` with its scale."""
    z = m.clip(gate, *{"float32": (-19.9, 13.0), "float64": (-54.1, 37.0)}[m.dtype.name])
    t, negative = lax.abs(z), z < 0
    exponent, low = normal.minus_half_square(m, t)
    scale = _scale(m, lax.bitwise_and(negative, exponent < -_REACH[m.dtype.name][0]), 1)
    return t, negative, scale, exp_parts(m, exponent, low, scale.power)  # type: ignore[arg-type]


def _geglu_exact(m: Arithmetic, gate: Array, value: Any) -> Array:
    if m.native:
        return smooth._gelu_exact(m, gate) * value
    t, negative, scale, parts = _geglu_exact_tail(m, gate)
    moment = times(parts, normal.tail_factor(m, t))
    centre = m.clip(gate, -1, 1)
    far = m.where(negative, -moment, gate - moment)
    return scale.product(m.where(t < 1, centre * normal.centre(m, centre), far), value)


def _geglu_exact_slope(m: Arithmetic, gate: Array, value: Any) -> Array:
    t, negative, scale, parts = _geglu_exact_tail(m, gate)
    left = times(parts, normal.bend_factor(m, t))
    return scale.product(m.where(negative, left, 1 - left), value)


_GEGLU_EXACT = _gate(_geglu_exact, _geglu_exact_slope, smooth._gelu_exact, smooth._gelu_exact_curvature)


def _mish_tail(m: Arithmetic, gate: Array) -> tuple[Array, Array, _Scale, Array, Array]:
    """The clamped gate, whether it is negative, ``e^-|gate|`` with its scale, and without (0 if scaled)."""
    z = _held(m, gate)
    negative, t = z < 0, -lax.abs(z)
    scale = _scale(m, z < -_REACH[m.dtype.name][0], 1)
    e = rounded_exp(m, t, power=scale.power)
    return z, negative, scale, e, m.where(scale.far, 0, e)


def _mishglu(m: Arithmetic, gate: Array, value: Any) -> Array:
    if m.native:
        return smooth._mish(m, gate) * value
    # tanh(log(1 + e^x)) is e (2 + e) / (2 + 2 e + e^2) for e = e^x, and (1 + 2 e) / (1 + 2 e + 2 e^2) for e = e^-x.
    z, negative, scale, scaled, e = _mish_tail(m, gate)
    above = m.where(negative, z * (scaled * (2 + e)), gate + 2 * e * gate)
    return scale.product(above / m.where(negative, 2 + e * (2 + e), 1 + 2 * e * (1 + e)), value)


def _mishglu_slope(m: Arithmetic, gate: Array, value: Any) -> Array:
    z, negative, scale, scaled, e = _mish_tail(m, gate)
    left = scaled * ((4 + 4 * z) + e * ((6 + 4 * z) + e * (4 + e)))
    right = e * e * ((4 * z - 2) + e * ((4 * z - 4) - 4 * e))
    below = m.where(negative, 2 + e * (2 + e), 1 + 2 * e * (1 + e))
    slope = m.where(negative, left, right) / (below * below) + m.where(negative, 0, 1)
    return scale.product(slope, value)


_MISHGLU = _gate(_mishglu, _mishglu_slope, smooth._mish, smooth._mish_curvature)


# The sigmoid as a gate


def _glu(m: Arithmetic, value: Any, gate: Array) -> Array:
    if m.native:
        return value * lax.logistic(gate)
    z = _held(m, gate)
    scale = _scale(m, z < -_REACH[m.dtype.name][0], -1)
    return scale.product(1 / (m.where(scale.far, 0, 1) + rounded_exp(m, -z, power=scale.power)), value)


def _glu_gate_slope(m: Arithmetic, value: Any, gate: Array) -> Array:
    z = _held(m, gate)
    scale = _scale(m, z < -_REACH[m.dtype.name][0], 1)
    scaled = rounded_exp(m, -lax.abs(z), power=scale.power)
    e = m.where(scale.far, 0, scaled)
    return scale.product(scaled / (1 + e * (2 + e)), value)


def _glu_gate_curvature(m: Arithmetic, value: Array, gate: Array) -> Array:
    return -tanh(m, 0.5 * gate) * sigmoid_slope(m, gate) * value


_GLU = Formula(
    _glu,
    lambda m, value, gate: sigmoid(m, gate),
    Formula(_glu_gate_slope, lambda m, value, gate: sigmoid_slope(m, gate), _glu_gate_curvature),
)


def _split(m: Arithmetic, x: Array, axis: int) -> Array:
    x = jnp.asarray(x)
    return _GLU(m, *jnp.split(x, 2, even_axis("glu", x, axis)))


@activation(Composite(_split), kind="gated", options=("axis",))
def glu(x: ArrayLike, axis: int = -1) -> Array:
    r"""Gated linear unit.

    .. math:: \mathrm{glu}(x) = a \, \sigma(b)

    with :math:`a` and :math:`b` the first and the second half of ``x`` along ``axis``.

    Args:
      x: real array of even size along ``axis``.
      axis: axis to split in halves.

    Returns:
      Array of the floating dtype of ``x`` and of its shape, but half the size along ``axis``.

    Raises:
      ValueError: ``axis`` is out of range, or the size along it is odd.

    References:
      Dauphin, Fan, Auli and Grangier, Language modeling with gated convolutional networks, 2016, arXiv:1612.08083.
    """
    ...


@activation(_SWIGLU, kind="gated")
def swiglu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a SiLU gate.

    .. math:: \mathrm{swiglu}(a, b) = \mathrm{silu}(a) \, b

    Args:
      gate: real array of any shape, :math:`a`.
      value: the gated value, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    ...


@activation(lambda approximate: _GEGLU_TANH if approximate else _GEGLU_EXACT, kind="gated", options=("approximate",))
def geglu(gate: ArrayLike, value: ArrayLike, approximate: bool = True) -> Array:
    r"""Linear unit with a GELU gate.

    .. math:: \mathrm{geglu}(a, b) = \mathrm{gelu}(a) \, b

    Args:
      gate: real array of any shape, :math:`a`.
      value: the gated value, :math:`b`; broadcasts against ``gate``.
      approximate: whether to use :func:`jaxact.gelu_tanh`, as :func:`jaxact.gelu` does, or :func:`jaxact.gelu_exact`.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    ...


@activation(
    Formula(
        lambda m, gate, value: m.maximum(gate, 0) * value,
        lambda m, gate, value: m.where(gate > 0, value, 0),
        Formula(lambda m, gate, value: m.maximum(gate, 0), lambda m, gate, value: m.where(gate > 0, 1, 0), _zero),
        flat=True,
    ),
    kind="gated",
)
def reglu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a ReLU gate.

    .. math:: \mathrm{reglu}(a, b) = \max(a, 0) \, b

    Its slope at a gate of 0 is 0.

    Args:
      gate: real array of any shape, :math:`a`.
      value: the gated value, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    ...


@activation(
    Formula(lambda m, gate, value: gate * value, lambda m, gate, value: value, lambda m, gate, value: gate),
    kind="gated",
)
def bilinear(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a linear gate.

    .. math:: \mathrm{bilinear}(a, b) = a \, b

    Args:
      gate: real array of any shape, :math:`a`.
      value: the gated value, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """
    ...


@activation(_MISHGLU, kind="gated")
def mishglu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a Mish gate.

    .. math:: \mathrm{mishglu}(a, b) = \mathrm{mish}(a) \, b

    The family is Shazeer's, with Misra's function as the gate.

    Args:
      gate: real array of any shape, :math:`a`.
      value: the gated value, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Misra, Mish: a self regularized non-monotonic activation function, 2019, arXiv:1908.08681; Shazeer, GLU variants
      improve transformer, 2020, arXiv:2002.05202.
    """
    ...


@activation(
    _clipped_swiglu, domain={"limit": "> 0", "alpha": "> 0"}, kind="gated", options=("limit", "alpha", "offset")
)
def clipped_swiglu(
    gate: ArrayLike, value: ArrayLike, limit: float = 7.0, alpha: float = 1.702, offset: float = 1.0
) -> Array:
    r"""SwiGLU of clipped inputs, with an offset added to the value.

    .. math::
        \mathrm{clipped\_swiglu}(a, b) = \bar a \, \sigma(\alpha \bar a) \, (\bar b + c), \quad
        \bar a = \min(a, l), \quad \bar b = \min(\max(b, -l), l)

    with :math:`l` the limit and :math:`c` the offset. At the limits the slopes are those inside.

    The defaults are those of gpt-oss, whose weights interleave gate and value: pass ``x[..., ::2]`` and
    ``x[..., 1::2]``. DeepSeek-V4 has ``limit=10, alpha=1, offset=0``.

    Args:
      gate: real array of any shape, :math:`a`.
      value: the gated value, :math:`b`; broadcasts against ``gate``.
      limit: largest gate, and largest absolute value of the value; positive.
      alpha: sharpness of the gate; positive.
      offset: what the clipped value is raised by.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast, or ``limit`` or ``alpha`` is not positive.

    References:
      OpenAI, gpt-oss, gpt_oss/torch/model.py, 2025, https://github.com/openai/gpt-oss; DeepSeek-AI, DeepSeek-V4,
      inference/model.py, 2026, for the one without an offset.
    """
    ...


@activation(_swiglu_step, domain={"limit": "> 0"}, kind="gated", options=("limit",))
def swiglu_step(gate: ArrayLike, value: ArrayLike, limit: float = 7.0) -> Array:
    r"""SwiGLU whose two factors are clipped, the gate after its activation.

    .. math:: \mathrm{swiglu\_step}(a, b) = \min(\mathrm{silu}(a), l) \, \min(\max(b, -l), l)

    with :math:`l` the limit. :func:`clipped_swiglu` clips the gate before. At the limits the slopes are those inside.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.
      limit: greatest activation of the gate, and greatest value of either sign; positive.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast, or ``limit`` is not positive.

    References:
      vLLM, ``SwigluStepAndMul`` for Step-3.5-Flash, 2026, https://github.com/vllm-project/vllm/pull/34478.
    """
    ...


@activation(_powglu, domain={"m": "> 0"}, kind="gated", options=("m",))
def powglu(gate: ArrayLike, value: ArrayLike, m: float = 3.0) -> Array:
    r"""Linear unit whose gate is a power near 0 and goes to 1, so that the product grows no faster than its value.

    .. math::
        \mathrm{powglu}(a, b) = b \, \begin{cases}
            a^{m / (\sqrt{a} + 1)} \, \sigma(a) & a > 0 \\ a \, \sigma(a) & a \le 0
        \end{cases}

    The slope in the gate at 0 is 1/2, as on the left. The gate has its maximum, 5.3 for the default, at 12.9.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.
      m: the power near 0; positive.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast, or ``m`` is not positive.

    References:
      Jiang et al., PowLU: an activation function for stable pre-training of LLMs, 2026, arXiv:2605.25704, where this
      and :func:`jaxact.powlu` have one name.
    """
    ...


def _square_up(m: Arithmetic, gate: Array, value: Any) -> Array:
    r = m.maximum(gate, 0)
    return r * (r * value)  # the square alone may be too small or too large


@activation(
    Formula(
        _square_up,
        Formula(
            lambda m, gate, value: m.where(gate <= 0, 0, 2 * (gate * value)),
            lambda m, gate, value: m.where(gate <= 0, 0, 2 * value),
            lambda m, gate, value: m.where(gate <= 0, 0, 2 * gate),
        ),
        Formula(
            lambda m, gate, value: m.where(gate <= 0, 0, gate * gate),
            lambda m, gate, value: m.where(gate <= 0, 0, 2 * gate),
            _zero,
        ),
        flat=True,
    ),
    kind="gated",
)
def sreglu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Linear unit with a squared ReLU as its gate.

    .. math:: \mathrm{sreglu}(a, b) = \max(a, 0)^2 \, b

    The gate is :func:`jaxact.relu_squared`, which Transformer Engine calls SReLU; :func:`jaxact.srelu` is another
    function.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      NVIDIA, Transformer Engine, ``nvte_sreglu``, 2024, https://github.com/NVIDIA/TransformerEngine.
    """
    ...


@activation(
    Formula(
        lambda m, gate, value: m.maximum(gate, 0) * m.maximum(value, 0),
        Formula(
            lambda m, gate, value: m.where(gate <= 0, 0, m.maximum(value, 0)),
            _zero,
            lambda m, gate, value: m.where(gate > 0, m.where(value > 0, 1, 0), 0),
        ),
        Formula(
            lambda m, gate, value: m.where(value <= 0, 0, m.maximum(gate, 0)),
            lambda m, gate, value: m.where(gate > 0, m.where(value > 0, 1, 0), 0),
            _zero,
        ),
        flat=True,
    ),
    kind="gated",
)
def drelu_glu(gate: ArrayLike, value: ArrayLike) -> Array:
    r"""Product of two rectified linear units, of the gate and of the value: zero in about three of four places.

    .. math:: \mathrm{drelu\_glu}(a, b) = \max(a, 0) \max(b, 0)

    Its slopes where either is 0 are 0.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast.

    References:
      Song et al., Turbo Sparse: achieving LLM SOTA performance with minimal activated parameters, 2024,
      arXiv:2406.05955, where it is called dReLU.
    """
    ...


@functools.cache
def _situ_glu(beta1: float, beta2: float) -> Formula:
    def capped(f: Callable[..., Array], cap: float) -> Callable[..., Array]:
        return lambda m, x: f(m, x, m.number(cap))

    def tail(m: Arithmetic, gate: Array) -> Array:
        """``2^64 e^-|a|``; where it is 0, so is the product with a bounded value."""
        return rounded_exp(m, m.maximum(-m.magnitude(gate), -m.limits.vanish), power=64)

    def value(m: Arithmetic, gate: Array, b: Any) -> Array:
        up = tail(m, gate)
        c = saturating._softcap(m, gate, m.number(beta1))
        return c * b * (m.where(gate < 0, up, SCALE) / (1 + up * UNSCALE)) * UNSCALE

    def slope(m: Arithmetic, gate: Array, b: Any) -> Array:
        # With t = tanh(a / beta1) and c = beta1 t, the slope is sigma(a) (1 - t^2 + c sigma(-a)). For a > 0 all terms
        # are positive. For a < 0 the bracket is (1 + c) - (c sigma(a) + t^2), where 1 + c near 0 is (1 + a) - (a - c).
        z, low = m.quotient(gate, m.number(beta1))
        up4 = rounded_exp(m, m.maximum(-2 * lax.abs(z), -m.limits.vanish), _twice(m, low, z), power=66)
        e4 = up4 * UNSCALE  # 4 e^(-2 |z|)
        p = m.used_twice(1 / (1 + 0.25 * e4))
        near = m.clip(z, -1, 1)
        inside, rest = lax.abs(z) < 1, beta1 * tanh_rest(m, near)
        c = m.where(inside, gate - rest, m.where(gate < 0, -beta1, beta1) * (1 - 0.25 * e4) * p)
        t = c * (1 / beta1)
        up = tail(m, gate)
        e = up * UNSCALE
        q = m.used_twice(1 / (1 + e))
        left = m.where(inside, (1 + gate) - rest, 1 + c) - (c * (e * q) + t * t)
        right = up4 * (p * p) + c * (up * q)
        return m.where(gate < 0, left * up, right) * (b * q) * UNSCALE

    def curvature(m: Arithmetic, gate: Array) -> Array:
        cap = m.number(beta1)
        twice = 2 * saturating._softcap_slope(m, gate, cap) - saturating._softcap(m, gate, cap) * tanh(m, 0.5 * gate)
        return sigmoid(m, gate) * saturating._softcap_curvature(m, gate, cap) + sigmoid_slope(m, gate) * twice

    return _gate(
        value,
        slope,
        lambda m, gate: value(m, gate, 1),
        curvature,
        capped(saturating._softcap, beta2),
        capped(saturating._softcap_slope, beta2),
        capped(saturating._softcap_curvature, beta2),
    )


def _twice(m: Arithmetic, low: Array | None, x: Array) -> Array | None:
    """Twice ``low`` of an argument ``x``, for ``-|x|``."""
    return None if low is None else 2 * m.where(x < 0, low, -low)


@activation(_situ_glu, domain={"beta1": "> 0", "beta2": "> 0"}, kind="gated", options=("beta1", "beta2"))
def situ_glu(gate: ArrayLike, value: ArrayLike, beta1: float = 4.0, beta2: float = 25.0) -> Array:
    r"""Linear unit with a gate of sigmoid and tanh, whose value is capped softly as well.

    .. math::
        \mathrm{situ\_glu}(a, b) = \beta_1 \tanh(a / \beta_1) \, \sigma(a) \; \beta_2 \tanh(b / \beta_2)

    It is :func:`swiglu` for small numbers, and never beyond :math:`\beta_1 \beta_2`.

    Args:
      gate: real array of any shape, :math:`a`.
      value: what passes, :math:`b`; broadcasts against ``gate``.
      beta1: cap of the gate; positive.
      beta2: cap of the value; positive.

    Returns:
      Array of the shape that both broadcast to, and of the floating dtype of ``gate``.

    Raises:
      ValueError: the shapes do not broadcast, or ``beta1`` or ``beta2`` is not positive.

    References:
      Moonshot AI, Kimi K3 technical report, equation 12, 2026; NVIDIA, Transformer Engine, 2026,
      https://github.com/NVIDIA/TransformerEngine/pull/3402.
    """
    ...
