"""Activations onto the probability simplex, and what is made of them.

A row is what an activation normalises: the entries along its axis or axes.
"""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact._activation import activation
from jaxact._derivative import all_bits, data_of, differentiable_map, few_bits_do

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


def _largest(x: Array, mask: tuple[Array, ...], axis: Axis) -> Array:
    """The largest entry of each row, or some number where the mask leaves nothing."""
    if mask:
        x = jnp.where(mask[0], x, -jnp.inf)
    largest = lax.stop_gradient(jnp.max(x, axis, keepdims=True, initial=-jnp.inf))
    if few_bits_do():
        return jnp.maximum(largest, jnp.finfo(x.dtype).min)
    return jnp.where(jnp.isneginf(largest), 0, largest)


def _less(x: Array, largest: Array, mask: tuple[Array, ...]) -> tuple[Array, Array | None]:
    """``x - largest`` as a sum of two numbers; what the mask leaves out is at -inf."""
    if mask:
        x = jnp.where(mask[0], x, -jnp.inf)
    shifted = x - largest
    if few_bits_do():
        return shifted, None
    back = shifted - x
    lost = (x - (shifted - back)) - (largest + back)
    return shifted, lax.stop_gradient(jnp.where(shifted > -num.limit(x), lost, 0))


def _sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` as a sum of two numbers."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def _shifted(x: Array, mask: tuple[Array, ...], axis: Axis) -> tuple[Array, Array | None]:
    """``x`` less its largest entry, as a sum of two numbers; what the mask leaves out is at -inf."""
    return _less(x, _largest(x, mask, axis), mask)


# XLA's CPU backend gives the sums of a row to YNNPACK, as one loop with whatever around them is made of operations that
# have a name. Where few bits do, that can be all of it: hence XLA's exponential, and no selections. Else it can only be
# a part, and what comes between the parts is stored: hence selections where a part begins and ends, which YNNPACK does
# not know, so that it takes the sums alone and nothing but the exponentials is stored.


def _exp(shifted: Array, lost: Array | None) -> Array:
    return jnp.where(shifted < -num.limit(shifted), 0, num.exp(shifted, lost))


def _rounded_exp(shifted: Array, lost: Array | None) -> Array:
    """The same, not to be differentiated."""
    least = -num.exp_limit(shifted)
    return num.where(shifted < least, 0, num.rounded_exp(num.at_least(shifted, least), lost))


def _softmax(x: Array, *mask: Array, axis: Axis) -> Array:
    shifted, lost = _shifted(x, mask, axis)
    if few_bits_do():
        e = jnp.exp(shifted)
        return e / jnp.maximum(jnp.sum(e, axis, keepdims=True), 0.5)  # at least 1, or 0 where the mask leaves nothing
    e = _exp(shifted, lost)
    total = jnp.sum(e, axis, keepdims=True)
    return e / jnp.where(total == 0, 1, total)


def _softmax_tangent(y: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    if mask:
        t = jnp.where(mask[0], t, 0)
    return y * (t - jnp.sum(y * t, axis, keepdims=True))


# In log_softmax, the largest entries of a row, which are 1 in its sum, are counted apart: what is small beside one must
# not be lost. Where few bits do, all of it is one loop, and the slope computes it again. Else the slope takes the sum
# from the value: to keep two numbers for each row costs less than to read all of it again.


def _log_softmax_in_one_loop(x: Array, *mask: Array, axis: Axis) -> Array:
    shifted, _ = _shifted(x, mask, axis)
    sign = lax.sign(shifted)  # -1, and 0 for the largest
    others = -jnp.sum(sign * jnp.exp(shifted), axis, keepdims=True)
    count = jnp.sum(sign, axis, keepdims=True) + x.size // max(others.size, 1)
    return shifted - jnp.log1p(others + jnp.maximum(count - 1, 0))


def _log_softmax_tangent_in_one_loop(x: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    return _less_its_mean(t, _softmax(x, *mask, axis=axis), mask, axis)


def _largest_and_excess(x: Array, *mask: Array, axis: Axis) -> tuple[Array, Array]:
    """The largest entry of each row, and ``e^(x - largest)`` summed over the row, less 1."""
    largest = _largest(x, mask, axis)
    e = _rounded_exp(*_less(x, largest, mask))
    # Only where the largest entry is there once can the sum of the others be small.
    others, total = (jnp.sum(part, axis, keepdims=True) for part in (e - lax.floor(e), e))
    return largest, jnp.where(total >= 2, total - 1, others)


def _log_softmax(x: Array, largest: Array, excess: Array, *mask: Array) -> Array:
    if mask:
        x = jnp.where(mask[0], x, -jnp.inf)
    high, low = _sum(largest, jnp.log1p(excess))
    return (x - high) - low


def _softmax_of_rows(x: Array, largest: Array, excess: Array, *mask: Array) -> Array:
    return _rounded_exp(*_less(x, largest, mask)) * (1 / (1 + excess))


def _log_softmax_tangent(x: Array, t: Array, largest: Array, excess: Array, *mask: Array, axis: Axis) -> Array:
    softmax = differentiable_map(
        _softmax_of_rows, lambda y, t, largest, excess, *mask: _softmax_tangent(y, t, *mask, axis=axis), of_result=True
    )
    return _less_its_mean(t, softmax(x, largest, excess, *mask), mask, axis)


def _less_its_mean(t: Array, p: Array, mask: tuple[Array, ...], axis: Axis) -> Array:
    """``t`` less its mean over a row with the probabilities ``p``."""
    if mask:
        t = jnp.where(mask[0], t, 0)
    change = t - jnp.sum(p * t, axis, keepdims=True)
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


@activation(kind="simplex", options=("axis",), data=("where",))
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
    mask = _mask(x, where)
    if few_bits_do() or x.dtype.itemsize == 2:
        value, tangent = _log_softmax_in_one_loop, _log_softmax_tangent_in_one_loop
        return differentiable_map(functools.partial(value, axis=axis), functools.partial(tangent, axis=axis))(x, *mask)
    rows = data_of(functools.partial(_largest_and_excess, axis=axis))(x, *mask)
    return differentiable_map(_log_softmax, functools.partial(_log_softmax_tangent, axis=axis))(x, *rows, *mask)


@activation(kind="simplex", options=("axis",), data=("where",))
def softmin(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Softmin, the softmax of what is negated.

    .. math:: \mathrm{softmin}(x)_i = \frac{e^{-x_i}}{\sum_j e^{-x_j}}

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Paszke et al., PyTorch: an imperative style, high-performance deep learning library, NeurIPS 2019:
      ``torch.nn.Softmin``.
    """
    return softmax(-_checked("softmin", jnp.asarray(x), axis), axis, where)


def _softmax_one(x: Array, *mask: Array, axis: Axis) -> Array:
    largest = jnp.maximum(_largest(x, mask, axis), 0)
    e = num.exp(*_less(x, largest, mask))
    return e / (jnp.sum(e, axis, keepdims=True) + num.exp(-largest))


@activation(kind="simplex", options=("axis",), data=("where",))
def softmax_one(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Softmax with one more entry of 0 in the sum, so that a row may be next to nothing.

    .. math:: \mathrm{softmax\_one}(x)_i = \frac{e^{x_i}}{1 + \sum_j e^{x_j}}

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Miller, Attention is off by one, 2023, https://www.evanmiller.org/attention-is-off-by-one.html.
    """
    x = _checked("softmax_one", jnp.asarray(x), axis)
    function = differentiable_map(
        functools.partial(_softmax_one, axis=axis), functools.partial(_softmax_tangent, axis=axis), of_result=True
    )
    return function(x, *_mask(x, where))


def _solu(x: Array, *mask: Array, axis: Axis) -> Array:
    shifted, lost = _shifted(x, mask, axis)
    shifted = jnp.maximum(shifted, -num.limit(x))
    deep = shifted < -num.limit(x) / 2
    up = num.exp_up(shifted, lost)
    total = jnp.sum(up * num.DOWN, axis, keepdims=True)
    # Far below the largest entry, x e is a normal number further down than e is; close to it, x * up may overflow.
    y = jnp.where(deep, x * up * num.DOWN, x * (up * num.DOWN)) / jnp.where(total == 0, 1, total)
    return jnp.where(shifted == -num.limit(x), jnp.where(x < 0, -0.0, 0.0), y)


def _solu_tangent(x: Array, t: Array, *mask: Array, axis: Axis) -> Array:
    if mask:
        t = jnp.where(mask[0], t, 0)
    p = _softmax(x, *mask, axis=axis)
    x = jnp.where(p == 0, 0, x)  # or an infinity would meet a 0
    return p * (t + x * (t - jnp.sum(p * t, axis, keepdims=True)))


@activation(kind="simplex", options=("axis",), data=("where",))
def solu(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Softmax linear unit, which lets large entries suppress small ones.

    .. math:: \mathrm{solu}(x) = x \, \mathrm{softmax}(x)

    Its authors normalise the result by a LayerNorm, which is left to the model.

    Args:
      x: real array of any shape.
      axis: axis or axes of the softmax; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Elhage et al., Softmax linear units, 2022, https://transformer-circuits.pub/2022/solu/index.html.
    """
    x = _checked("solu", jnp.asarray(x), axis)
    function = differentiable_map(functools.partial(_solu, axis=axis), functools.partial(_solu_tangent, axis=axis))
    return function(x, *_mask(x, where))


# The entmax family: p = e(x - t), with the t that makes a row sum to 1, where e is the exponential deformed by Tsallis,
# e(s) = [1 + (alpha - 1) s]^(1 / (alpha - 1)), or 0 where that bracket is negative; the usual one for alpha = 1. Its
# slope is e^(2 - alpha), so that all derivatives follow from the result.

_Deformed = Callable[[Array, Array, Array], tuple[Array, Array]]
"""Value and slope of ``e`` at ``(z - t) + low``."""


def _deformed_2(z: Array, t: Array, low: Array) -> tuple[Array, Array]:
    p = jnp.maximum(((1 - t) + z) + low, 0)
    return p, jnp.sign(p)


def _deformed_15(z: Array, t: Array, low: Array) -> tuple[Array, Array]:
    root = jnp.maximum(((1 - t / 2) + z / 2) + low / 2, 0)
    return root * root, root


def _deformed(z: Array, t: Array, low: Array, alpha: Array) -> tuple[Array, Array]:
    rate = alpha - 1
    z = jnp.maximum(z, -num.limit(z))  # where e is at most the usual exponential, hence 0
    s = (z - t) + low
    v = jnp.maximum(rate * s, -1)
    end, flat = v == -1, v == 0
    logarithm = s * jnp.where(flat, 1, jnp.log1p(jnp.where(end, 0, v)) / jnp.where(flat, 1, v))
    bracket = jnp.maximum(((1 - rate * t) + rate * z) + rate * low, 0)
    power = jnp.where(end, 0, num.exp(logarithm))
    p = jnp.where(alpha == 2, bracket, jnp.where(alpha == 1.5, bracket * bracket, power))
    return p, jnp.where(p == 0, 0, p / jnp.where(bracket == 0, 1, bracket))


@all_bits()  # a small entry is the difference of large ones
def _entmax(deformed: _Deformed, x: Array, mask: tuple[Array, ...], axis: Axis) -> Array:
    z, lost = _shifted(x, mask, axis)
    assert lost is not None

    def excess(t: Array) -> tuple[Array, Array]:
        p, slope = deformed(z, t, lost)
        return jnp.sum(p, axis, keepdims=True) - 1, jnp.sum(slope, axis, keepdims=True)

    def newton(state: tuple[Array, ...]) -> tuple[Array, ...]:
        count, low, high, t, _ = state
        over, slope = excess(t)
        low, high = jnp.where(over >= 0, t, low), jnp.where(over >= 0, high, t)
        following = t + over / jnp.where(slope == 0, 1, slope)
        # The sum is convex in t for alpha <= 2, and Newton's method comes from the left and never overshoots. For
        # alpha > 2 it may.
        outside = (following < low) | (following > high)
        return count + 1, low, high, jnp.where(outside, (low + high) / 2, following), t

    def unfinished(state: tuple[Array, ...]) -> Array:
        count, _, _, t, previous = state
        return (count < 100) & jnp.any(lax.abs(t - previous) > 4 * jnp.finfo(z.dtype).eps * (1 + t))

    # From 0, where the largest entry alone makes the sum 1, to where the sum is 1 with all of them as large as that.
    least = jnp.max(jnp.maximum(z, 0), axis, keepdims=True, initial=0)
    most = least + jnp.log(1 + jnp.sum(jnp.isfinite(z), axis, keepdims=True, dtype=z.dtype))
    *_, t, _ = lax.while_loop(unfinished, newton, (0, least, most, least, least - 1))
    # The last step is kept apart, or the rounding of t would show in the small entries.
    over, slope = excess(t)
    return deformed(z, t, lost + over / -jnp.where(slope == 0, 1, slope))[0]


def _entmax_change(slope: Array, t: Array, mask: tuple[Array, ...], axis: Axis) -> Array:
    """Change of the result along ``t`` for slopes of ``e``."""
    if mask:
        t = jnp.where(mask[0], t, 0)
    total = jnp.sum(slope, axis, keepdims=True)
    return slope * (t - jnp.sum(slope * t, axis, keepdims=True) / jnp.where(total == 0, 1, total))


@activation(kind="simplex", options=("axis",), data=("where",))
def sparsemax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Sparsemax, the point of the probability simplex that is closest to ``x``.

    .. math:: \mathrm{sparsemax}(x)_i = \max(x_i - \tau, 0), \quad \sum_i \mathrm{sparsemax}(x)_i = 1

    Its slope is that of the entries that are not 0.

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Martins and Astudillo, From softmax to sparsemax, 2016, arXiv:1602.02068.
    """
    x = _checked("sparsemax", jnp.asarray(x), axis)
    function = differentiable_map(
        lambda x, *mask: _entmax(_deformed_2, x, mask, axis),
        lambda y, t, *mask: _entmax_change(jnp.sign(y), t, mask, axis),
        of_result=True,
    )
    return function(x, *_mask(x, where))


def _sqrt(y: Array) -> Array:
    """Square root with a slope of 0 at 0."""
    return jnp.where(y == 0, 0, jnp.sqrt(jnp.where(y == 0, 1, y)))


@activation(kind="simplex", options=("axis",), data=("where",))
def entmax15(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Entmax with :math:`\alpha = 1.5`, half way from softmax to sparsemax.

    .. math:: \mathrm{entmax15}(x)_i = \max(x_i / 2 - \tau, 0)^2, \quad \sum_i \mathrm{entmax15}(x)_i = 1

    Args:
      x: real array of any shape.
      axis: axis or axes of the sum; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Peters, Niculae and Martins, Sparse sequence-to-sequence models, 2019, arXiv:1905.05702.
    """
    x = _checked("entmax15", jnp.asarray(x), axis)
    function = differentiable_map(
        lambda x, *mask: _entmax(_deformed_15, x, mask, axis),
        lambda y, t, *mask: _entmax_change(_sqrt(y), t, mask, axis),
        of_result=True,
    )
    return function(x, *_mask(x, where))


def _slope_of_result(y: Array, alpha: Array) -> Array:
    return jnp.where(y == 0, 0, jnp.where(y == 0, 1, y) ** (2 - alpha))


# (e^m - 1 - m) / m^2 for m in [0, 1], highest power first
_EXP_REST = tuple(1 / math.factorial(k) for k in range(19, 1, -1))


def _alpha_change(y: Array, alpha: Array, axis: Axis) -> Array:
    """Change of the result with alpha."""
    rate = alpha - 1
    slope = _slope_of_result(y, alpha)
    logarithm = jnp.log(jnp.where(y == 0, 1, y))
    m = -rate * logarithm
    small = m < 1
    near = y * logarithm * logarithm * num.polynomial(jnp.where(small, m, 0), _EXP_REST)
    far = (slope - y * (1 + m)) / jnp.where(small, 1, rate) ** 2
    own = -jnp.where(small, near, far)  # with t fixed
    total = jnp.sum(slope, axis, keepdims=True)
    return own - slope * (jnp.sum(own, axis, keepdims=True) / jnp.where(total == 0, 1, total))


@activation(kind="simplex", options=("axis",), data=("where",), at_least={"alpha": 1})
def entmax(x: ArrayLike, alpha: ArrayLike = 1.5, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    r"""Entmax, from softmax to sparsemax and beyond: the larger alpha, the more zeros.

    .. math::
        \mathrm{entmax}(x)_i = \max((\alpha - 1) x_i - \tau, 0)^{1 / (\alpha - 1)}, \quad
        \sum_i \mathrm{entmax}(x)_i = 1

    It is the softmax for :math:`\alpha = 1`, :func:`jaxact.entmax15` for 1.5 and :func:`jaxact.sparsemax` for 2, and
    smooth in alpha throughout.

    Args:
      x: real array of any shape.
      alpha: at least 1; broadcasts against ``x``, with size 1 along ``axis``.
      axis: axis or axes of the sum; ``None`` means all.
      where: mask that broadcasts against ``x``: what it leaves out is not in the sum, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: ``axis`` is out of range, ``alpha`` varies along it, or ``alpha`` is a number below 1.

    References:
      Peters, Niculae and Martins, Sparse sequence-to-sequence models, 2019, arXiv:1905.05702; Correia, Niculae and
      Martins, Adaptively sparse transformers, 2019, arXiv:1909.00015, for the derivative in alpha.
    """
    x = _checked("entmax", jnp.asarray(x), axis)
    alpha = _one_per_row("entmax", "alpha", x, jnp.asarray(alpha), axis)
    function = differentiable_map(
        lambda x, alpha, *mask: _entmax(functools.partial(_deformed, alpha=alpha), x, mask, axis),
        lambda y, t, alpha, *mask: _entmax_change(_slope_of_result(y, alpha), t, mask, axis),
        lambda y, t, alpha, *mask: _alpha_change(y, alpha, axis) * t,
        of_result=True,
    )
    return function(x, alpha, *_mask(x, where))


def _one_per_row(function: str, name: str, x: Array, parameter: Array, axis: Axis) -> Array:
    """The parameter with as many axes as ``x``; it may differ from row to row, but not within one."""
    shape = (1,) * (x.ndim - parameter.ndim) + parameter.shape
    along = range(x.ndim) if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    wanted = [1 if i in along else size for i, size in enumerate(x.shape)]
    if len(shape) != x.ndim or any(size not in (1, most) for size, most in zip(shape, wanted, strict=True)):
        raise ValueError(
            f"jaxact.{function}: {name} must broadcast to shape {tuple(wanted)}, one for each row along axis {axis} of "
            f"x of shape {x.shape}, got shape {parameter.shape}"
        )
    return jnp.reshape(parameter, shape)
