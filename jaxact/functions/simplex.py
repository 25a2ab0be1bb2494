"""Activations onto the probability simplex, and functions built from them.

A row is what an activation normalises: the entries along its axis or axes. Entries that a mask excludes take no part in
a row or its derivative, even if they or their cotangents are NaN or infinite: they are selected away, never multiplied
by 0.
"""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import Composite, activation
from jaxact._arguments import axis_of, in_groups
from jaxact._derivative import RowFormula, data_of
from jaxact._math import UNSCALE, Arithmetic, compute_dtype, largest
from jaxact._math.elementary import exp, rounded_exp, scaled_exp
from jaxact._math.error_free import two_sum

Axis = int | tuple[int, ...] | None
Mask = tuple[Array, ...]  # one array, or none


def rows(function: str, x: Any, axis: Any, where: Any) -> tuple[Array, Axis, Mask]:
    """The array, broadcast to the shape of its mask, the axis or axes of its rows, and the mask.

    Raises:
      ValueError: ``axis`` is out of range, or the mask does not broadcast.
      TypeError: the mask is not boolean.
    """
    axis = tuple(axis) if isinstance(axis, list) else axis
    for a in axis if isinstance(axis, tuple) else () if axis is None else (axis,):
        axis_of(function, x, a)
    if where is None:
        return x, axis, ()
    where = jnp.asarray(where)
    if where.dtype != jnp.bool_:
        raise TypeError(f"jaxact.{function}: where must be an array of bools, got {where.dtype}; compare it with 0")
    try:
        shape = jnp.broadcast_shapes(x.shape, where.shape)
    except ValueError:
        raise ValueError(
            f"jaxact.{function}: where of shape {where.shape} does not broadcast against x of shape {x.shape}"
        ) from None
    return (x if x.shape == shape else jnp.broadcast_to(x, shape)), axis, (jnp.broadcast_to(where, shape),)


def _over_rows(function: str, formula: RowFormula) -> Composite:
    """A function of ``x``, ``axis`` and ``where`` from a formula of rows."""

    def call(m: Arithmetic, x: Any, axis: Any, where: Any) -> Array:
        x, axis, mask = rows(function, x, axis, where)
        return formula(m, x, *mask, axis=axis)

    return Composite(call)


def _kept(m: Arithmetic, a: Array, mask: Mask, otherwise: float = 0) -> Array:
    """``a``, and another number where the mask excludes it."""
    return m.where(mask[0], a, otherwise) if mask else a


def _largest(m: Arithmetic, x: Array, mask: Mask, axis: Axis) -> Array:
    """The largest entry of each row, or a finite number where all are excluded."""
    found = lax.stop_gradient(largest(_kept(m, x, mask, -jnp.inf), axis, -jnp.inf))
    if m.name == "half":
        return m.maximum(found, -m.max)
    return m.where(found == -jnp.inf, 0, found)


def _less(m: Arithmetic, x: Array, largest: Array, mask: Mask) -> tuple[Array, Array | None]:
    """``x - largest`` as a sum of two numbers; -inf where the mask excludes it."""
    shifted = _kept(m, x, mask, -jnp.inf) - largest
    if not m.compensated:
        return shifted, None
    counts = shifted > -m.limits.vanish  # what lies further down has no share in a row, and may be infinite
    x, near = m.where(counts, x, 0), m.maximum(shifted, -2 * m.limits.vanish)
    back = near - x
    lost = (x - (near - back)) - (largest + back)
    return shifted, lax.stop_gradient(m.where(counts, lost, 0))


def _shifted(m: Arithmetic, x: Array, mask: Mask, axis: Axis) -> tuple[Array, Array | None]:
    """``x`` minus its largest entry, as a sum of two numbers; -inf where the mask excludes it."""
    return _less(m, x, _largest(m, x, mask, axis), mask)


# XLA's CPU backend computes row sums with YNNPACK, fused into one loop with neighbouring operations that YNNPACK
# supports: XLA's exponential is supported, selections and bit operations are not. In half precision softmax uses XLA's
# exponential and no selections, and is one loop. In float32 our exponential ends the loop, and every array that crosses
# into the next loop is stored. A selection on either side of the sum leaves YNNPACK nothing but the sum, so that only
# the exponentials are stored.


def _exp(m: Arithmetic, shifted: Array, lost: Array | None) -> Array:
    return m.where(shifted < -m.limits.vanish, 0, exp(m, shifted, lost))


def _rounded_exp(m: Arithmetic, shifted: Array, lost: Array | None) -> Array:
    """The exponential, not to be differentiated."""
    least = -m.limits.exp
    return m.where(shifted < least, 0, rounded_exp(m, m.maximum(shifted, least), lost))


def softmax_of(m: Arithmetic, x: Array, *mask: Array, axis: Axis) -> Array:
    """The softmax of each row."""
    shifted, lost = _shifted(m, x, mask, axis)
    if m.name == "half":
        e = jnp.exp(shifted)
        return e / m.maximum(jnp.sum(e, axis, keepdims=True), 0.5)  # at least 1, or 0 where all are excluded
    e = _exp(m, shifted, lost)
    total = jnp.sum(e, axis, keepdims=True)
    return e / m.where(total == 0, 1, total)


def softmax_tangent(m: Arithmetic, y: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    """Derivative of a softmax along ``t``, from its result ``y``."""
    return _kept(m, y * _less_its_mean(m, t, y, mask, axis), mask)


def _less_its_mean(m: Arithmetic, t: Array, p: Array, mask: Mask, axis: Axis) -> Array:
    """``t`` minus its mean over a row with the probabilities ``p``."""
    t = _kept(m, t, mask)
    return t - jnp.sum(p * t, axis, keepdims=True)


_SOFTMAX = RowFormula(softmax_of, softmax_tangent, of_result=True)


@activation(_over_rows("softmax", _SOFTMAX), kind="simplex", options=("axis",), data=("where",))
def softmax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Softmax.

    .. math:: \mathrm{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990.
    """
    ...


# log_softmax sums a row without its largest entry, whose term is 1, because small terms would be lost beside it. In
# half precision it is one loop, and the slope computes the sum again. In float32 the slope takes the sum from the
# value: keeping two numbers for each row costs less than reading the row again.


def _log_softmax_in_one_loop(m: Arithmetic, x: Array, *mask: Array, axis: Axis) -> Array:
    shifted, _ = _shifted(m, x, mask, axis)
    sign = lax.sign(shifted)  # -1, and 0 for the largest
    others = -jnp.sum(sign * jnp.exp(shifted), axis, keepdims=True)
    count = jnp.sum(sign, axis, keepdims=True) + x.size // max(others.size, 1)
    return shifted - jnp.log1p(others + m.maximum(count - 1, 0))


def _log_softmax_tangent_in_one_loop(m: Arithmetic, x: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    return _kept(m, _less_its_mean(m, t, softmax_of(m, x, *mask, axis=axis), mask, axis), mask)


def _largest_and_excess(m: Arithmetic, x: Array, *mask: Array, axis: Axis) -> tuple[Array, Array]:
    """The largest entry of each row, and the sum of ``e^(x - largest)`` over the row, minus 1."""
    largest = _largest(m, x, mask, axis)
    e = _rounded_exp(m, *_less(m, x, largest, mask))
    # The sum of the others can be small only if the largest entry occurs once.
    others, total = (jnp.sum(part, axis, keepdims=True) for part in (e - lax.floor(e), e))
    return largest, m.where(total >= 2, total - 1, others)


def _log_softmax_of_rows(m: Arithmetic, x: Array, largest: Array, excess: Array, *mask: Array, axis: Axis) -> Array:
    high, low = two_sum(largest, jnp.log1p(excess))
    return (_kept(m, x, mask, -jnp.inf) - high) - low


def _softmax_of_rows(m: Arithmetic, x: Array, largest: Array, excess: Array, *mask: Array, axis: Axis) -> Array:
    return _rounded_exp(m, *_less(m, x, largest, mask)) * (1 / (1 + excess))


_SOFTMAX_OF_ROWS = RowFormula(
    _softmax_of_rows,
    lambda m, y, t, largest, excess, *mask, axis: softmax_tangent(m, y, t, *mask, axis=axis),
    of_result=True,
)


def _log_softmax_tangent(
    m: Arithmetic, x: Array, t: Array, largest: Array, excess: Array, *mask: Array, axis: Axis
) -> Array:
    p = _SOFTMAX_OF_ROWS(m, x, largest, excess, *mask, axis=axis)
    return _kept(m, _less_its_mean(m, t, p, mask, axis), mask)


_LOG_SOFTMAX = RowFormula(_log_softmax_of_rows, _log_softmax_tangent)
_LOG_SOFTMAX_IN_ONE_LOOP = RowFormula(_log_softmax_in_one_loop, _log_softmax_tangent_in_one_loop)


def _log_softmax(m: Arithmetic, x: Any, axis: Any, where: Any) -> Array:
    x, axis, mask = rows("log_softmax", x, axis, where)
    if m.name == "half":
        return _LOG_SOFTMAX_IN_ONE_LOOP(m, x, *mask, axis=axis)
    of_row = data_of(m, functools.partial(_largest_and_excess, m, axis=axis))(x, *mask)
    return _LOG_SOFTMAX(m, x, *of_row, *mask, axis=axis)


@activation(Composite(_log_softmax), kind="simplex", options=("axis",), data=("where",))
def log_softmax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Logarithm of the softmax.

    .. math:: \mathrm{log\_softmax}(x)_i = x_i - \log \sum_j e^{x_j}

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and -inf in the result.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990.
    """
    ...


def _softmin(m: Arithmetic, x: Any, axis: Any, where: Any) -> Array:
    x, axis, mask = rows("softmin", x, axis, where)
    return _SOFTMAX(m, -x, *mask, axis=axis)


@activation(Composite(_softmin), kind="simplex", options=("axis",), data=("where",))
def softmin(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Softmin, the softmax of ``-x``.

    .. math:: \mathrm{softmin}(x)_i = \frac{e^{-x_i}}{\sum_j e^{-x_j}}

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Paszke et al., PyTorch: an imperative style, high-performance deep learning library, NeurIPS 2019:
      ``torch.nn.Softmin``.
    """
    ...


def _with_sink(m: Arithmetic, x: Array, sink: Any, mask: Mask, axis: Axis) -> tuple[Array, Array, Array]:
    """``e^(x - l)``, ``e^(sink - l)`` and the sum of both over each row, with ``l`` the largest of them."""
    largest = m.maximum(_largest(m, x, mask, axis), sink)
    e, of_sink = exp(m, *_less(m, x, largest, mask)), exp(m, sink - largest)
    return e, of_sink, jnp.sum(e, axis, keepdims=True) + of_sink


def _softmax_one_of(m: Arithmetic, x: Array, *mask: Array, axis: Axis) -> Array:
    e, _, total = _with_sink(m, x, 0, mask, axis)
    return e / total


_SOFTMAX_ONE = RowFormula(_softmax_one_of, softmax_tangent, of_result=True)


# If the sink is an array, the backward pass starts from x, not from the result: the share of the sink, 1 minus the sum
# of the result, cannot be computed accurately from the result.


def _softmax_beside_sink(m: Arithmetic, x: Array, sink: Array, *mask: Array, axis: Axis) -> Array:
    e, _, total = _with_sink(m, x, sink, mask, axis)
    return e / m.where(total == 0, 1, total)


def _sink_part(m: Arithmetic, x: Array, sink: Array, *mask: Array, axis: Axis) -> Array:
    _, of_sink, total = _with_sink(m, x, sink, mask, axis)
    return of_sink / m.where(total == 0, 1, total)


def _beside_sink_tangent(m: Arithmetic, x: Array, t: Array, sink: Array, *mask: Array, axis: Axis) -> Array:
    return softmax_tangent(m, _BESIDE_SINK(m, x, sink, *mask, axis=axis), t, *mask, axis=axis)


def _beside_sink_slope(m: Arithmetic, x: Array, t: Array, sink: Array, *mask: Array, axis: Axis) -> Array:
    y, part = (f(m, x, sink, *mask, axis=axis) for f in (_BESIDE_SINK, _SINK_PART))
    return _kept(m, -y * (part * t), mask)


def _sink_part_tangent(m: Arithmetic, x: Array, t: Array, sink: Array, *mask: Array, axis: Axis) -> Array:
    y, part = (f(m, x, sink, *mask, axis=axis) for f in (_BESIDE_SINK, _SINK_PART))
    return -part * jnp.sum(y * _kept(m, t, mask), axis, keepdims=True)


def _sink_part_slope(m: Arithmetic, x: Array, t: Array, sink: Array, *mask: Array, axis: Axis) -> Array:
    y, part = (f(m, x, sink, *mask, axis=axis) for f in (_BESIDE_SINK, _SINK_PART))
    return part * (jnp.sum(y, axis, keepdims=True) * t)


_SINK_PART = RowFormula(_sink_part, _sink_part_tangent, _sink_part_slope)
_BESIDE_SINK = RowFormula(_softmax_beside_sink, _beside_sink_tangent, _beside_sink_slope)


def _softmax_one(m: Arithmetic, x: Any, axis: Any, where: Any, sink: Any) -> Array:
    x, axis, mask = rows("softmax_one", x, axis, where)
    if isinstance(sink, Array):
        return _BESIDE_SINK(m, x, one_per_row("softmax_one", "sink", x, sink, axis), *mask, axis=axis)
    return _SOFTMAX_ONE(m, x, *mask, axis=axis)  # the default


@activation(Composite(_softmax_one), kind="simplex", options=("axis",), data=("where",))
def softmax_one(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None, sink: ArrayLike = 0.0) -> Array:
    r"""Softmax with one more entry in the sum, so that all entries of a row can be near 0.

    .. math:: \mathrm{softmax\_one}(x)_i = \frac{e^{x_i}}{e^s + \sum_j e^{x_j}}

    with :math:`s` the sink, 0 unless it is given. A sink that is learned for each head is what gpt-oss has in its
    attention: for scores of shape ``(batch, heads, queries, keys)`` pass ``sink[:, None, None]``.

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and 0 in the result.
      sink: logit of the entry that is left out of the result; broadcasts against ``x``, with size 1 along ``axis``.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: ``axis`` is out of range, or ``sink`` varies along it.

    References:
      Miller, Attention is off by one, 2023, https://www.evanmiller.org/attention-is-off-by-one.html; OpenAI, gpt-oss,
      gpt_oss/torch/model.py, 2025, https://github.com/openai/gpt-oss, for the sink.
    """
    ...


def _simnorm(m: Arithmetic, x: Array, dim: int, axis: int) -> Array:
    groups, axis = in_groups("simnorm", x, "dim", dim, axis)
    return _SOFTMAX(m, groups, axis=axis).reshape(x.shape)


@activation(Composite(_simnorm), kind="simplex", options=("dim", "axis"))
def simnorm(x: ArrayLike, dim: int = 8, axis: int = -1) -> Array:
    r"""Simplicial normalization: a softmax of each group of features.

    .. math::
        \mathrm{simnorm}(x)_{V g + i} = \frac{e^{x_{V g + i}}}{\sum_{j=0}^{V - 1} e^{x_{V g + j}}}, \quad
        0 \le i < V

    with :math:`V` the number of features in a group.

    Args:
      x: real array whose size along ``axis`` is a multiple of ``dim``.
      dim: how many neighbours along ``axis`` make a group.
      axis: axis of the features.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, ``dim`` is not positive, or the size along ``axis`` not a multiple of it.

    References:
      Hansen, Su and Wang, TD-MPC2: scalable, robust world models for continuous control, 2023, arXiv:2310.16828.
    """
    ...


def _solu_of(m: Arithmetic, x: Array, *mask: Array, axis: Axis) -> Array:
    shifted, lost = _shifted(m, x, mask, axis)
    gone, deep = shifted <= -m.limits.vanish, shifted < -m.limits.vanish / 2
    x, shifted = m.where(gone, m.where(x < 0, -0.0, 0.0), x), m.maximum(shifted, -m.limits.vanish)
    up = scaled_exp(m, shifted, lost)
    total = jnp.sum(up * UNSCALE, axis, keepdims=True)
    # Far below the largest entry, e underflows before x e does; close to it, x * up may overflow.
    return m.where(deep, x * up * UNSCALE, x * (up * UNSCALE)) / m.where(total == 0, 1, total)


def _solu_tangent(m: Arithmetic, x: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    t, p = _kept(m, t, mask), _SOFTMAX(m, x, *mask, axis=axis)
    x = m.where(p == 0, 0, x)  # otherwise 0 times infinity
    return _kept(m, p * (t + x * _less_its_mean(m, t, p, (), axis)), mask)


_SOLU = RowFormula(_solu_of, _solu_tangent)


@activation(_over_rows("solu", _SOLU), kind="simplex", options=("axis",), data=("where",))
def solu(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Softmax linear unit, which lets large entries suppress small ones.

    .. math:: \mathrm{solu}(x) = x \, \mathrm{softmax}(x)

    Its authors apply a LayerNorm to the result, which is left to the model.

    Args:
      x: real array of any shape.
      axis: axis or axes of the softmax; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Elhage et al., Softmax linear units, 2022, https://transformer-circuits.pub/2022/solu/index.html.
    """
    ...


# The entmax family: p = e(x - t), with the t that makes a row sum to 1, where e is Tsallis' exponential, e(s) =
# [1 + (alpha - 1) s]^(1 / (alpha - 1)), or 0 where the bracket is negative; the usual exponential for alpha = 1. Its
# slope is e^(2 - alpha), so all derivatives can be computed from the result.

_Deformed = Callable[..., tuple[Array, Array]]
"""Value and slope of ``e`` at ``(z - t) + low``, of an arithmetic, ``z``, ``t`` and ``low``, and perhaps ``alpha``."""


def _deformed_2(m: Arithmetic, z: Array, t: Array, low: Array) -> tuple[Array, Array]:
    p = m.maximum(((1 - t) + z) + low, 0)
    return p, jnp.sign(p)


def _deformed_15(m: Arithmetic, z: Array, t: Array, low: Array) -> tuple[Array, Array]:
    root = m.maximum(((1 - t / 2) + z / 2) + low / 2, 0)
    return root * root, root


def _for_each(alpha: Array, x: Array) -> Array:
    """``alpha`` for each entry of ``x``, and on a mesh with explicit axes of the sharding of ``x``."""
    return alpha + lax.full_like(x, 0)


def _deformed(m: Arithmetic, z: Array, t: Array, low: Array, alpha: Array) -> tuple[Array, Array]:
    alpha = _for_each(alpha, z)
    rate = alpha - 1
    z = m.maximum(z, -m.limits.vanish)  # there e is at most the usual exponential, which is 0
    s = (z - t) + low
    v = m.maximum(rate * s, -1)
    end, flat = v == -1, v == 0
    bracket = m.maximum(((1 - rate * t) + rate * z) + rate * low, 0)
    near = s * m.where(flat, 1, jnp.log1p(m.where(end, 0, v)) / m.where(flat, 1, v))
    logarithm = m.where(v < -0.5, jnp.log(m.where(end, 1, bracket)) / m.where(flat, 1, rate), near)
    power = m.where(end, 0, exp(m, logarithm))
    p = m.where(alpha == 2, bracket, m.where(alpha == 1.5, bracket * bracket, power))
    return p, m.where(p == 0, 0, p / m.where(bracket == 0, 1, bracket))


def _entmax_of(deformed: _Deformed, m: Arithmetic, x: Array, mask: Mask, axis: Axis) -> Array:
    m = m.full()  # a small entry is a difference of large numbers
    z, lost = _shifted(m, x, mask, axis)
    if lost is None:
        lost = lax.full_like(z, 0)

    def excess(t: Array) -> tuple[Array, Array]:
        p, slope = deformed(m, z, t, lost)
        return jnp.sum(p, axis, keepdims=True) - 1, jnp.sum(slope, axis, keepdims=True)

    def newton(state: tuple[Array, ...]) -> tuple[Array, ...]:
        count, low, high, t, _ = state
        over, slope = excess(t)
        low, high = m.where(over >= 0, t, low), m.where(over >= 0, high, t)
        following = t + over / m.where(slope == 0, 1, slope)
        # The sum is convex in t for alpha <= 2, and Newton's method comes from the left and never overshoots. For
        # alpha > 2 it may.
        outside = (following < low) | (following > high)
        return count + 1, low, high, m.where(outside, (low + high) / 2, following), t

    def unfinished(state: tuple[Array, ...]) -> Array:
        count, _, _, t, previous = state
        return (count < 100) & jnp.any(lax.abs(t - previous) > 4 * jnp.finfo(m.dtype).eps * (1 + t))

    # From 0, where the largest entry alone makes the sum 1, to where it is 1 if all entries are equal to the largest.
    least = largest(m.maximum(z, 0), axis, 0)
    most = least + jnp.log(1 + jnp.sum(jnp.isfinite(z), axis, keepdims=True, dtype=z.dtype))
    *_, t, _ = lax.while_loop(unfinished, newton, (0, least, most, least, least - 1))
    # The last step is not added to t: rounding t would be visible in the small entries.
    over, slope = excess(t)
    return deformed(m, z, t, lost + over / -m.where(slope == 0, 1, slope))[0]


def _entmax_change(m: Arithmetic, slope: Array, t: Array, axis: Axis) -> Array:
    """Derivative of the result along ``t``, for slopes of ``e``.

    Where the slope is 0, as it is where a mask excludes an entry, ``t`` is selected away.
    """
    flat, total = slope == 0, jnp.sum(slope, axis, keepdims=True)
    t = m.where(flat, 0, t)
    return m.where(flat, 0, slope * (t - jnp.sum(slope * t, axis, keepdims=True) / m.where(total == 0, 1, total)))


_SPARSEMAX = RowFormula(
    lambda m, x, *mask, axis: _entmax_of(_deformed_2, m, x, mask, axis),
    lambda m, y, t, *mask, axis: _entmax_change(m, jnp.sign(y), t, axis),
    of_result=True,
)


@activation(_over_rows("sparsemax", _SPARSEMAX), kind="simplex", options=("axis",), data=("where",))
def sparsemax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Sparsemax, the point of the probability simplex that is closest to ``x``.

    .. math:: \mathrm{sparsemax}(x)_i = \max(x_i - \tau, 0), \quad \sum_i \mathrm{sparsemax}(x)_i = 1

    Only entries that are not 0 have a gradient.

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Martins and Astudillo, From softmax to sparsemax, 2016, arXiv:1602.02068.
    """
    ...


def _sqrt(m: Arithmetic, y: Array) -> Array:
    """Square root with a slope of 0 at 0."""
    return m.where(y == 0, 0, jnp.sqrt(m.where(y == 0, 1, y)))


_ENTMAX15 = RowFormula(
    lambda m, x, *mask, axis: _entmax_of(_deformed_15, m, x, mask, axis),
    lambda m, y, t, *mask, axis: _entmax_change(m, _sqrt(m, y), t, axis),
    of_result=True,
)


@activation(_over_rows("entmax15", _ENTMAX15), kind="simplex", options=("axis",), data=("where",))
def entmax15(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Entmax with :math:`\alpha = 1.5`, half way from softmax to sparsemax.

    .. math:: \mathrm{entmax15}(x)_i = \max(x_i / 2 - \tau, 0)^2, \quad \sum_i \mathrm{entmax15}(x)_i = 1

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Peters, Niculae and Martins, Sparse sequence-to-sequence models, 2019, arXiv:1905.05702.
    """
    ...


def _slope_of_result(m: Arithmetic, y: Array, alpha: Array) -> Array:
    return m.where(y == 0, 0, m.where(y == 0, 1, y) ** (2 - alpha))


# (e^w - 1 - w) / w^2 for w in [0, 1], highest power first
_EXP_REST = tuple(1 / math.factorial(k) for k in range(19, 1, -1))


def _alpha_change(m: Arithmetic, y: Array, alpha: Array, axis: Axis) -> Array:
    """Derivative of the result in alpha."""
    rate = _for_each(alpha - 1, y)
    slope = _slope_of_result(m, y, alpha)
    logarithm = jnp.log(m.where(y == 0, 1, y))
    w = -rate * logarithm
    small = w < 1
    near = y * logarithm * logarithm * m.polynomial(m.where(small, w, 0), _EXP_REST)
    far = (slope - y * (1 + w)) / m.where(small, 1, rate) ** 2
    own = -m.where(small, near, far)  # with t fixed
    total = jnp.sum(slope, axis, keepdims=True)
    return own - slope * (jnp.sum(own, axis, keepdims=True) / m.where(total == 0, 1, total))


_ENTMAX = RowFormula(
    lambda m, x, alpha, *mask, axis: _entmax_of(functools.partial(_deformed, alpha=alpha), m, x, mask, axis),
    lambda m, y, t, alpha, *mask, axis: _entmax_change(m, _slope_of_result(m, y, alpha), t, axis),
    lambda m, y, t, alpha, *mask, axis: m.where(y == 0, 0, _alpha_change(m, y, alpha, axis) * t),
    of_result=True,
)


def _entmax(m: Arithmetic, x: Any, alpha: Any, axis: Any, where: Any) -> Array:
    x, axis, mask = rows("entmax", x, axis, where)
    alpha = one_per_row("entmax", "alpha", x, alpha, axis)
    # Below 1 it is NaN, or the loop would end anywhere. A constant NaN would trip JAX's checks for NaN.
    alpha = alpha + jnp.sqrt(-(alpha < 1).astype(alpha.dtype))
    return _ENTMAX(m, x, alpha, *mask, axis=axis)


@activation(Composite(_entmax), domain={"alpha": ">= 1"}, kind="simplex", options=("axis",), data=("where",))
def entmax(x: ArrayLike, alpha: ArrayLike = 1.5, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Entmax, a family with softmax and sparsemax: the larger alpha, the more zeros.

    .. math::
        \mathrm{entmax}(x)_i = \max((\alpha - 1) x_i - \tau, 0)^{1 / (\alpha - 1)}, \quad
        \sum_i \mathrm{entmax}(x)_i = 1

    It is the softmax for :math:`\alpha = 1`, :func:`jaxact.entmax15` for 1.5 and :func:`jaxact.sparsemax` for 2, and
    smooth in alpha throughout.

    Args:
      x: real array of any shape.
      alpha: at least 1; broadcasts against ``x``, with size 1 along ``axis``. In an array, a smaller one makes its
        rows NaN.
      axis: axis or axes of the sum; ``None`` means all.
      where: boolean mask that broadcasts against ``x``; excluded entries are not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: ``axis`` is out of range, ``alpha`` varies along it, or ``alpha`` is a number below 1.

    References:
      Peters, Niculae and Martins, Sparse sequence-to-sequence models, 2019, arXiv:1905.05702; Correia, Niculae and
      Martins, Adaptively sparse transformers, 2019, arXiv:1909.00015, for the derivative in alpha.
    """
    ...


def one_per_row(function: str, name: str, x: Array, parameter: Any, axis: Axis) -> Array:
    """The parameter with as many axes as ``x``; it may vary between rows, not within a row."""
    parameter = jnp.asarray(parameter, None if isinstance(parameter, Array) else compute_dtype(x.dtype))
    shape = (1,) * (x.ndim - parameter.ndim) + parameter.shape
    along = range(x.ndim) if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    wanted = [1 if i in along else size for i, size in enumerate(x.shape)]
    if len(shape) != x.ndim or any(size not in (1, most) for size, most in zip(shape, wanted, strict=True)):
        raise ValueError(
            f"jaxact.{function}: {name} must broadcast to shape {tuple(wanted)}, one for each row along axis {axis} of "
            f"x of shape {x.shape}, got shape {parameter.shape}"
        )
    return jnp.reshape(parameter, shape)
