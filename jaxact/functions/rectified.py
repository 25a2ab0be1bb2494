"""Rectified activations: piecewise linear functions, and others built from them.

A slope that takes one of a few values lets the backward pass keep a one-byte mask instead of the input.
"""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import INF, Composite, activation
from jaxact._arguments import axis_of, equal_rank, even_axis, in_groups, weakly_typed
from jaxact._derivative import Formula, RowFormula
from jaxact._math import UNSCALE, Arithmetic, largest
from jaxact._math import trigonometry as trig
from jaxact._math.elementary import log1p, normalizer, scaled_exp
from jaxact._math.logistic import sigmoid, sigmoid_slope


def _where(m: Arithmetic, mask: Array, t: Array, *_: Any) -> Array:
    """The tangent where the mask holds, else 0."""
    return m.where(mask, t, 0)


def _indicator(m: Arithmetic, mask: Array) -> Array:
    return m.where(mask, 1, 0)


def _inside(m: Arithmetic, x: Array, lower: float, upper: float) -> Array:
    return (x > lower) & (x < upper)


def _identity(m: Arithmetic, x: Array) -> Array:
    return x


# It has one piece, so the backward pass keeps nothing.
_IDENTITY = Formula(_identity, lambda m, piece, t: t, pieces=lambda m, x: x == x)


@activation(_IDENTITY, kind="rectified", integers=lambda x: x, range=(-INF, INF), tails=(1, 1))
def identity(x: ArrayLike) -> Array:
    r"""Identity.

    .. math:: \mathrm{identity}(x) = x

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.
    """
    ...


def _numbers(x: Array) -> Array:
    """Integers unchanged; bools as weakly typed integers, as in ``jax.nn``."""
    return weakly_typed(lax.convert_element_type(x, jnp.result_type(int))) if x.dtype == jnp.bool_ else x


def _relu(m: Arithmetic, x: Array) -> Array:
    return m.maximum(x, 0)


_RELU = Formula(_relu, _where, pieces=lambda m, x: x > 0)


@activation(
    _RELU,
    kind="rectified",
    integers=lambda x: jnp.maximum(_numbers(x), 0),
    range=(0, INF),
    tails=(0, 1),
    kinks=(0.0,),
)
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
    ...


def _relu6(m: Arithmetic, x: Array) -> Array:
    return m.clip(x, 0, 6)


@activation(
    Formula(_relu6, _where, pieces=lambda m, x: _inside(m, x, 0, 6)),
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
    ...


def _leaky(m: Arithmetic, x: Array, negative_slope: Array) -> Array:
    return m.where(x >= 0, x, negative_slope * x)


_LEAKY = Formula(
    _leaky,
    lambda m, mask, t, negative_slope: m.where(mask, t, negative_slope * t),
    lambda m, x, negative_slope: m.where(x >= 0, 0, x),
    pieces=lambda m, x, negative_slope: x >= 0,
    flat=True,
)


@activation(_LEAKY, kind="rectified", range=(-INF, INF), tails=(0.01, 1), kinks=(0.0,))
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
    ...


@activation(_LEAKY, kind="parametric", range=(-INF, INF), tails=(0.25, 1), kinks=(0.0,))
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
    ...


def _hard_sigmoid(m: Arithmetic, x: Array) -> Array:
    return m.clip(x + 3, 0, 6) / 6


@activation(
    Formula(_hard_sigmoid, lambda m, mask, t: m.where(mask, t / 6, 0), pieces=lambda m, x: _inside(m, x, -3, 3)),
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
    ...


def _hard_tanh(m: Arithmetic, x: Array) -> Array:
    return m.clip(x, -1, 1)


@activation(
    Formula(_hard_tanh, _where, pieces=lambda m, x: (x >= -1) & (x <= 1)),
    kind="rectified",
    integers=lambda x: jnp.clip(_numbers(x), -1, 1),
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
    ...


def _quarters(m: Arithmetic, x: Array) -> Array:
    """Slope of the sparse sigmoid, in quarters: its mean where it jumps."""
    quarters = m.where(_inside(m, x, -1, 1), 2, m.where(lax.abs(x) == 1, 1, 0))
    return lax.convert_element_type(quarters, jnp.int8)


def _sparse_sigmoid(m: Arithmetic, x: Array) -> Array:
    return m.clip((x + 1) / 2, 0, 1)


@activation(
    Formula(
        _sparse_sigmoid,
        lambda m, quarters, t: m.where(quarters == 2, t / 2, m.where(quarters == 1, t / 4, 0)),
        pieces=_quarters,
    ),
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
    ...


def _relu_squared(m: Arithmetic, x: Array) -> Array:
    r = m.maximum(x, 0)
    return r * r


def _relu_squared_slope(m: Arithmetic, x: Array) -> Array:
    return m.where(x <= 0, 0, 2 * x)


@activation(Formula(_relu_squared, _relu_squared_slope, flat=True), kind="rectified", range=(0, INF), tails=(0, INF))
def relu_squared(x: ArrayLike) -> Array:
    r"""Square of the rectified linear unit.

    .. math:: \mathrm{relu\_squared}(x) = \max(x, 0)^2

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      So et al., Primer: searching for efficient transformers for language modeling, 2021, arXiv:2109.08668.
    """
    ...


def _threshold(m: Arithmetic, x: Array, threshold: Array, value: Array) -> Array:
    return m.where(x <= threshold, value, x)  # false for NaN, which passes


@activation(
    Formula(
        _threshold,
        _where,
        lambda m, x, threshold, value: lax.full_like(x, 0),
        lambda m, x, threshold, value: _indicator(m, x <= threshold),
        pieces=lambda m, x, threshold, value: x > threshold,
        flat=True,
    ),
    kind="rectified",
    range=(0, INF),
    tails=(0, 1),
    kinks=(1.0,),
)
def threshold(x: ArrayLike, threshold: ArrayLike = 1.0, value: ArrayLike = 0.0) -> Array:
    r"""Thresholded rectifier: a fixed value up to a threshold, the identity beyond.

    .. math:: \mathrm{threshold}(x) = \begin{cases} x & x > \theta \\ v & x \le \theta \end{cases}

    It jumps at the threshold, where its slope is 0; its slope in ``threshold`` is 0 everywhere. The signature is
    PyTorch's, which has no defaults; the defaults are the paper's.

    Args:
      x: real array of any shape.
      threshold: :math:`\theta`; broadcasts against ``x``.
      value: :math:`v`; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Konda, Memisevic and Krueger, Zero-bias autoencoders and the benefits of co-adapting features, 2014,
      arXiv:1402.3337.
    """
    ...


def _shifted_relu(m: Arithmetic, x: Array) -> Array:
    return m.maximum(x, -1)


@activation(
    Formula(_shifted_relu, _where, pieces=lambda m, x: x > -1),
    kind="rectified",
    range=(-1, INF),
    tails=(0, 1),
    kinks=(-1.0,),
)
def shifted_relu(x: ArrayLike) -> Array:
    r"""Rectified linear unit with its bend at (-1, -1).

    .. math:: \mathrm{shifted\_relu}(x) = \max(x, -1)

    Its slope at -1 is 0.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear units, 2015,
      arXiv:1511.07289.
    """
    ...


def _tlu(m: Arithmetic, x: Array, tau: Array) -> Array:
    return m.maximum(x, tau)


@activation(
    Formula(
        _tlu,
        _where,
        lambda m, x, tau: _indicator(m, x <= tau),
        pieces=lambda m, x, tau: x > tau,
        flat=True,
    ),
    kind="parametric",
    range=(0, INF),
    tails=(0, 1),
    kinks=(0.0,),
)
def tlu(x: ArrayLike, tau: ArrayLike = 0.0) -> Array:
    r"""Thresholded linear unit, a ReLU whose threshold is learned.

    .. math:: \mathrm{tlu}(x) = \max(x, \tau)

    At the threshold its slope in ``x`` is 0, and its slope in ``tau`` is 1.

    Args:
      x: real array of any shape.
      tau: learned threshold; a scalar, or one per channel, broadcast against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Singh and Krishnan, Filter response normalization layer, 2019, arXiv:1911.09737.
    """
    ...


def _hard_mish(m: Arithmetic, x: Array) -> Array:
    z = m.maximum(x, -2)
    return z * (m.minimum(z + 2, 2) / 2)  # -0 from -2 downwards


def _hard_mish_slope(m: Arithmetic, x: Array) -> Array:
    return m.where(x >= 0, 1, m.where(x <= -2, 0, x + 1))


@activation(
    Formula(_hard_mish, _hard_mish_slope, flat=lambda m, x: x <= -2),
    kind="rectified",
    range=(-0.5, INF),
    tails=(0, 1),
    kinks=(-2.0,),
    minimum=-1.0,
)
def hard_mish(x: ArrayLike) -> Array:
    r"""Piecewise quadratic Mish.

    .. math:: \mathrm{hard\_mish}(x) = \frac{x}{2} \min(\max(x + 2, 0), 2)

    Its slope at -2 is 0.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Misra, H-Mish, 2020, github.com/digantamisra98/H-Mish.
    """
    ...


def _arelu(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    return _arelu_along(m, x >= 0, x, alpha, beta)


def _arelu_along(m: Arithmetic, mask: Array, t: Array, alpha: Array, beta: Array) -> Array:
    alpha, beta = (p if isinstance(p, Array) else lax.full_like(t, p) for p in (alpha, beta))
    return m.where(mask, 1 + sigmoid(m, beta), m.clip(alpha, 0.01, 0.99)) * t


def _arelu_alpha_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    return m.where((x >= 0) | (alpha < 0.01) | (alpha > 0.99), 0, x)


def _arelu_beta_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    return m.where(x < 0, 0, x) * sigmoid_slope(m, beta)


@activation(
    Formula(
        _arelu,
        _arelu_along,
        _arelu_alpha_slope,
        _arelu_beta_slope,
        pieces=lambda m, x, alpha, beta: x >= 0,
        flat=True,
    ),
    kind="parametric",
    range=(-INF, INF),
    tails=(0.9, 1.8807970779778824),
    kinks=(0.0,),
)
def arelu(x: ArrayLike, alpha: ArrayLike = 0.9, beta: ArrayLike = 2.0) -> Array:
    r"""Attention-based rectified linear unit: amplifies positive inputs, attenuates negative ones.

    .. math::
        \mathrm{arelu}(x) = \begin{cases}
        (1 + \sigma(\beta)) \, x & x \ge 0 \\ \min(\max(\alpha, 0.01), 0.99) \, x & x < 0
        \end{cases}

    Its slope at 0 is that on the right. Where :math:`\alpha` is outside its bounds, its gradient is 0.

    Args:
      x: real array of any shape.
      alpha: learned slope on the negative side, clamped to [0.01, 0.99]; broadcasts against ``x``.
      beta: learned; the slope on the positive side is 1 plus its sigmoid; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Chen, Li and Xu, AReLU: attention-based rectified linear unit, 2020, arXiv:2006.13858.
    """
    ...


def _nlrelu(m: Arithmetic, x: Array, beta: Array) -> Array:
    z = beta * m.maximum(x, 0)
    if not isinstance(beta, Array) and beta <= 1:
        return log1p(m, z)
    far = z > 2.0**100  # there beta x may overflow, and log(1 + z) is log(2^-64 z) + 64 log(2)
    near = m.where(far, beta * UNSCALE * m.maximum(x, 0), z)
    return log1p(m, near) + m.where(far, 64 * math.log(2), 0)


def _nlrelu_slope(m: Arithmetic, x: Array, beta: Array) -> Array:
    # beta / (1 + beta x), where beta x may overflow.
    return m.where(x <= 0, 0, 1 / (1 / beta + m.where(x <= 0, 1, x)))


def _nlrelu_beta_slope(m: Arithmetic, x: Array, beta: Array) -> Array:
    return m.where(x <= 0, 0, 1 / (1 / m.where(x <= 0, 1, x) + beta))


@activation(
    Formula(_nlrelu, _nlrelu_slope, _nlrelu_beta_slope, flat=True),
    domain={"beta": "> 0"},
    kind="rectified",
    range=(0, INF),
    tails=(0, 0),
    kinks=(0.0,),
)
def nlrelu(x: ArrayLike, beta: ArrayLike = 1.0) -> Array:
    r"""Natural logarithm of the rectified linear unit.

    .. math:: \mathrm{nlrelu}(x) = \log(1 + \beta \max(x, 0))

    Its slope at 0 is 0.

    Args:
      x: real array of any shape.
      beta: steepness at 0 on the right; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``beta`` is a number that is not positive.

    References:
      Liu et al., Natural-logarithm-rectified activation function in convolutional neural networks, 2019,
      arXiv:1908.03682.
    """
    ...


def _star_relu(m: Arithmetic, x: Array, s: Array, b: Array) -> Array:
    r = m.maximum(x, 0)
    return s * r * r + b


def _star_relu_slope(m: Arithmetic, x: Array, s: Array, b: Array) -> Array:
    return m.where(x <= 0, 0, 2 * s * x)


def _star_relu_s_slope(m: Arithmetic, x: Array, s: Array, b: Array) -> Array:
    return _relu_squared(m, x)


@activation(
    Formula(_star_relu, _star_relu_slope, _star_relu_s_slope, lambda m, x, s, b: lax.full_like(x, 1), flat=True),
    kind="parametric",
    range=(-0.4472, INF),
    tails=(0, INF),
)
def star_relu(x: ArrayLike, s: ArrayLike = 0.8944, b: ArrayLike = -0.4472) -> Array:
    r"""StarReLU, a scaled and shifted squared ReLU.

    .. math:: \mathrm{star\_relu}(x) = s \max(x, 0)^2 + b

    With the default parameters, the result has mean 0 and variance 1 for normally distributed ``x``. The authors' code
    starts at ``s=1``, ``b=0``.

    Args:
      x: real array of any shape.
      s: learned scale; broadcasts against ``x``.
      b: learned shift; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Yu et al., MetaFormer baselines for vision, 2022, arXiv:2210.13452.
    """
    ...


def _srelu_piece(m: Arithmetic, x: Array, t_l: Array, a_l: Array, t_r: Array, a_r: Array) -> Array:
    """0 on the left, 1 in the middle, 2 on the right."""
    return lax.convert_element_type(m.where(x >= t_r, 2, m.where(x <= t_l, 0, 1)), jnp.int8)


def _srelu(m: Arithmetic, x: Array, t_l: Array, a_l: Array, t_r: Array, a_r: Array) -> Array:
    right = x >= t_r
    t, a = m.where(right, t_r, t_l), m.where(right, a_r, a_l)
    line = m.where(a == 0, t, t + a * (x - t))  # not 0 times infinity
    return m.where(right | (x <= t_l), line, x)


def _srelu_along(m: Arithmetic, piece: Array, t: Array, t_l: Array, a_l: Array, t_r: Array, a_r: Array) -> Array:
    return m.where(piece == 1, 1, m.where(piece == 0, a_l, a_r)) * t


def _left(m: Arithmetic, x: Array, t_l: Array, t_r: Array, slope: Any) -> Array:
    return m.where((x < t_r) & (x <= t_l), slope, 0)


@activation(
    Formula(
        _srelu,
        _srelu_along,
        lambda m, x, t_l, a_l, t_r, a_r: _left(m, x, t_l, t_r, 1 - a_l),
        lambda m, x, t_l, a_l, t_r, a_r: _left(m, x, t_l, t_r, x - t_l),
        lambda m, x, t_l, a_l, t_r, a_r: m.where(x >= t_r, 1 - a_r, 0),
        lambda m, x, t_l, a_l, t_r, a_r: m.where(x >= t_r, x - t_r, 0),
        pieces=_srelu_piece,
        flat=True,
    ),
    kind="parametric",
    range=(-INF, INF),
    tails=(0.2, 1),
    kinks=(0.0,),
)
def srelu(
    x: ArrayLike, t_l: ArrayLike = 0.0, a_l: ArrayLike = 0.2, t_r: ArrayLike = 1.0, a_r: ArrayLike = 1.0
) -> Array:
    r"""S-shaped rectified linear unit: three pieces whose ends and outer slopes are learned.

    .. math::
        \mathrm{srelu}(x) = \begin{cases}
        t_r + a_r (x - t_r) & x \ge t_r \\ x & t_l < x < t_r \\ t_l + a_l (x - t_l) & x \le t_l
        \end{cases}

    If :math:`t_l > t_r`, the first case that holds is taken. At both points the slope is that of the outer piece.

    The defaults are the paper's initial values, a leaky rectifier, except for :math:`t_r`, which the paper sets to a
    quantile of the layer's first inputs.

    Args:
      x: real array of any shape.
      t_l: learned end of the left piece; broadcasts against ``x``, as do all parameters.
      a_l: learned slope of the left piece.
      t_r: learned start of the right piece.
      a_r: learned slope of the right piece.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Jin et al., Deep learning with S-shaped rectified linear activation units, 2015, arXiv:1512.07030.
    """
    ...


def of_coefficients(function: str, formula: Formula, m: Arithmetic, *arguments: Any) -> Array:
    """The formula; arguments broadcast, and a default is a number."""
    arrays = iter(equal_rank(function, *(a for a in arguments if isinstance(a, Array))))
    return formula(m, *(next(arrays) if isinstance(a, Array) else a for a in arguments))


def _apl(m: Arithmetic, x: Array, *parameters: Array) -> Array:
    total, far = m.maximum(x, 0), x < -(2.0**64)
    tail = offset = lax.full_like(x, 0)
    for a, b in _hinges(parameters):
        total = total + a * m.maximum(b - x, 0)
        tail, offset, far = tail + a, offset + a * b, far & (x < b)
    # For large x the terms of several hinges may overflow although their sum does not.
    return m.where(far, m.where(tail == 0, offset, offset - tail * x), total)


def _apl_slope(m: Arithmetic, x: Array, *parameters: Array) -> Array:
    total = m.where(x > 0, 1, 0)
    for a, b in _hinges(parameters):
        total = total - m.where(x < b, a, 0)
    return m.where(x == x, total, x)  # NaN stays NaN


def _apl_parameter_slope(m: Arithmetic, x: Array, *parameters: Array, i: int) -> Array:
    """The derivative in the i-th parameter: the slopes come first, then the hinges."""
    count = len(parameters) // 2
    a, b = _hinges(parameters)[i % count]
    return m.where(x < b, b - x if i < count else a, 0)


def _hinges(parameters: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Slope and place of each hinge."""
    count = len(parameters) // 2
    return list(zip(parameters[:count], parameters[count:], strict=True))


@functools.cache
def _apl_of(count: int) -> Formula:
    """The formula of ``x``, that many slopes, and that many hinges."""
    slopes = (functools.partial(_apl_parameter_slope, i=i) for i in range(2 * count))
    return Formula(_apl, _apl_slope, *slopes, flat=True)


def _apl_of_vectors(m: Arithmetic, x: Array, slopes: Any, hinges: Any) -> Array:
    shapes = [np.shape(a) for a in (slopes, hinges)]
    if not all(shapes) or shapes[0][0] != shapes[1][0]:
        raise ValueError(
            "jaxact.apl: slopes and hinges must have a first axis, of as many hinges for both, "
            f"got shapes {shapes[0]} and {shapes[1]}"
        )
    return of_coefficients("apl", _apl_of(shapes[0][0]), m, x, *slopes, *hinges)


@activation(Composite(_apl_of_vectors), kind="parametric")
def apl(
    x: ArrayLike,
    slopes: ArrayLike | Sequence[float] = (0.0, 0.0, 0.0, 0.0, 0.0),
    hinges: ArrayLike | Sequence[float] = (-1.0, -0.5, 0.0, 0.5, 1.0),
) -> Array:
    r"""Adaptive piecewise linear unit: a rectifier with more hinges, all of them learned.

    .. math:: \mathrm{apl}(x) = \max(x, 0) + \sum_{s=1}^{S} a_s \max(b_s - x, 0)

    with the slopes :math:`a_s` and the hinges :math:`b_s`. At a hinge its term has slope 0, as ReLU has at 0.

    At the defaults it is ReLU. The authors draw the slopes from a uniform distribution around 0 and the hinges from a
    normal one with standard deviation 1/2.

    Args:
      x: real array of any shape.
      slopes: learned; the first axis counts hinges, further axes broadcast against ``x``.
      hinges: learned; of the same form.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``slopes`` and ``hinges`` differ in the size of their first axis, or do not broadcast against ``x``.

    References:
      Agostinelli, Hoffman, Sadowski and Baldi, Learning activation functions to improve deep neural networks, 2014,
      arXiv:1412.6830.
    """
    ...


def _b_silu_slope(m: Arithmetic, x: Array, alpha: float) -> Array:
    # With e = exp(-|x|), the slope is e (1 + alpha + x + e) / (1 + e)^2 on the left, and 1 minus the same expression in
    # -x and -alpha on the right.
    t = -m.magnitude(m.clamped(x))
    up = scaled_exp(m, t)
    e = up * UNSCALE
    tail = up * (m.where(x < 0, 1 + alpha, 1 - alpha) + t + e) / ((1 + e) * (1 + e)) * UNSCALE
    return m.where(x < 0, tail, 1 - tail)


@functools.cache
def _sugar(alpha: float) -> Formula:
    return Formula(_relu, functools.partial(_b_silu_slope, alpha=alpha))


@activation(_sugar, kind="rectified", options=("alpha",), range=(0, INF), tails=(0, 1))
def sugar(x: ArrayLike, alpha: float = 1.67) -> Array:
    r"""ReLU whose gradient is replaced by the slope of a smooth function, so that no unit dies.

    .. math::
        \mathrm{sugar}(x) = \max(x, 0), \quad
        \mathrm{sugar}'(x) = \frac{d}{dx} \left((x + \alpha) \, \sigma(x) - \frac{\alpha}{2}\right)

    The smooth function is B-SiLU. Its slope is negative left of its minimum, at -2.73 for the default. Higher
    derivatives are those of B-SiLU too.

    Args:
      x: real array of any shape.
      alpha: offset of B-SiLU, which tends to ``-alpha / 2`` at -inf.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Horuz et al., The resurrection of the ReLU, 2025, arXiv:2505.22074.
    """
    ...


# Not elementwise


def _crelu(m: Arithmetic, x: Array, axis: int) -> Array:
    return lax.concatenate([_RELU(m, x), _RELU(m, -x)], axis_of("crelu", x, axis))


@activation(Composite(_crelu), kind="rectified", options=("axis",))
def crelu(x: ArrayLike, axis: int = -1) -> Array:
    r"""Concatenated rectified linear units, of ``x`` and of ``-x``.

    .. math:: \mathrm{crelu}(x) = (\max(x, 0), \max(-x, 0))

    Args:
      x: real array of at least one axis.
      axis: axis to concatenate along.

    Returns:
      Array of the floating dtype of ``x`` and of its shape, but twice the size along ``axis``.

    Raises:
      ValueError: ``axis`` is out of range.

    References:
      Shang, Sohn, Almeida and Lee, Understanding and improving convolutional neural networks via concatenated rectified
      linear units, 2016, arXiv:1603.05201.
    """
    ...


def _largest(m: Arithmetic, groups: Array, first: Array, axis: int) -> Array:
    return jnp.max(groups, axis)


def _pick(m: Arithmetic, groups: Array, t: Array, first: Array, axis: int) -> Array:
    """The entry at an index along the axis, as a masked sum, so that its transpose is not a scatter."""
    return jnp.sum(m.where(lax.broadcasted_iota(first.dtype, groups.shape, axis) == first, t, 0), axis)


@functools.cache
def _maxout_along(axis: int) -> RowFormula:
    return RowFormula(functools.partial(_largest, axis=axis), functools.partial(_pick, axis=axis))


def _maxout(m: Arithmetic, x: Array, pieces: int, axis: int) -> Array:
    groups, axis = in_groups("maxout", x, "pieces", pieces, axis)
    if m.native:
        return jnp.max(groups, axis)
    # The backward pass keeps one small integer for each group.
    first = jnp.argmax(groups, axis, keepdims=True).astype(jnp.int8 if pieces <= 128 else jnp.int32)
    return _maxout_along(axis)(m, groups, first)


@activation(Composite(_maxout), kind="rectified", options=("pieces", "axis"))
def maxout(x: ArrayLike, pieces: int = 2, axis: int = -1) -> Array:
    r"""Maxout: the largest of each group of features.

    .. math:: \mathrm{maxout}(x)_i = \max_{0 \le j < k} x_{k i + j}

    where :math:`k` is the number of pieces. Of several equal largest entries, the first gets the gradient.

    Args:
      x: real array whose size along ``axis`` is a multiple of ``pieces``.
      pieces: number of neighbours along ``axis`` in a group.
      axis: axis of the features.

    Returns:
      Array of the floating dtype of ``x`` and of its shape, but smaller by the factor ``pieces`` along ``axis``.

    Raises:
      ValueError: ``axis`` is out of range, ``pieces`` is not positive, or the size along ``axis`` not a multiple of it.

    References:
      Goodfellow, Warde-Farley, Mirza, Courville and Bengio, Maxout networks, 2013, arXiv:1302.4389.
    """
    ...


def _normal_quantile(p: float) -> float:
    """Quantile of the normal distribution: that of ``statistics``, 3 ulp off, after a Newton step."""
    normal, tail = statistics.NormalDist(), min(p, 1 - p)
    q = normal.inv_cdf(tail)
    q -= (math.erfc(-q / math.sqrt(2)) / 2 - tail) / normal.pdf(q)
    return q if p < 0.5 else -q


def _centred(m: Arithmetic, x: Array, axis: int) -> tuple[Array, Array, Array]:
    """``x`` minus its mean along the axis and its standard deviation, both times a power of two, and its inverse."""
    # The power keeps sum and squares from overflowing, and is at most 2^111 in float32.
    size = lax.stop_gradient(largest(lax.abs(x), axis, 0))
    u = normalizer(m, m.maximum(size, m.tiny * 2**16))
    centred = x * u
    centred = centred - jnp.mean(centred, axis, keepdims=True)
    variance = jnp.mean(lax.square(centred), axis, keepdims=True)
    some = variance != 0  # also if it is NaN
    return centred, m.where(some, lax.sqrt(m.where(some, variance, 1)), 0), 1 / u


def _topk(m: Arithmetic, x: Array, axis: int, multiplier: float) -> Array:
    centred, deviation, unit = _centred(m, x, axis)
    return m.maximum(centred - multiplier * deviation, 0) * unit


def _topk_tangent(m: Arithmetic, x: Array, t: Array, axis: int, multiplier: float) -> Array:
    centred, deviation, _ = _centred(m, x, axis)
    some = deviation != 0
    inverse = m.where(some, 1 / m.where(some, deviation, 1), 0)
    along = t - jnp.mean(t, axis, keepdims=True) - multiplier * jnp.mean(centred * inverse * t, axis, keepdims=True)
    return m.where(centred <= multiplier * deviation, 0, along)


_TOPK = RowFormula(_topk, _topk_tangent)


def _gaussian_topk_relu(m: Arithmetic, x: Array, sparsity: float, axis: int) -> Array:
    axis = axis_of("gaussian_topk_relu", x, axis)
    if not 0 < sparsity < 1:
        raise ValueError(f"jaxact.gaussian_topk_relu: sparsity must be between 0 and 1, got {sparsity}")
    return _TOPK(m, x, axis=axis, multiplier=_normal_quantile(sparsity))


@activation(Composite(_gaussian_topk_relu), kind="rectified", options=("sparsity", "axis"))
def gaussian_topk_relu(x: ArrayLike, sparsity: float = 0.95, axis: int = -1) -> Array:
    r"""Rectifier that keeps about a given fraction of the features: those above a quantile of the normal distribution.

    .. math:: \mathrm{gaussian\_topk\_relu}(x) = \max(x - \mu - \Phi^{-1}(p) \, \sigma, 0)

    with the mean :math:`\mu` and the standard deviation :math:`\sigma` of ``x`` along ``axis``. If the features are
    normally distributed, the fraction :math:`p` of them becomes 0. Gradients pass through :math:`\mu` and
    :math:`\sigma`.

    As in Gemma 3n, :math:`\sigma^2` is the mean of the squares; the paper divides their sum by one less than the number
    of features.

    Args:
      x: real array of at least one axis.
      sparsity: the fraction :math:`p` of features that become 0; above 0 and below 1.
      axis: axis of the features.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, or ``sparsity`` not between 0 and 1.

    References:
      You et al., Spark Transformer: reactivating sparsity in FFN and attention, 2025, arXiv:2506.06644.
    """
    ...


# Sorts and reflections. They keep the norms of signals and gradients, and are used in networks with a Lipschitz bound.


def _halves(x: Array, axis: int) -> tuple[Array, Array]:
    """The first and the second half along the axis. The derivative of ``split`` joins them; that of two slices adds."""
    first, second = lax.split(x, (x.shape[axis] // 2,) * 2, axis)
    return first, second


def _max_min(m: Arithmetic, x: Array, axis: int) -> Array:
    axis = even_axis("max_min", x, axis)
    a, b = _halves(x, axis)
    swapped = a < b  # all that the backward pass keeps
    return lax.concatenate([lax.select(swapped, b, a), lax.select(swapped, a, b)], axis)


@activation(Composite(_max_min), kind="rectified", options=("axis",))
def max_min(x: ArrayLike, axis: int = -1) -> Array:
    r"""MaxMin: the larger of each pair of features in the first half, the smaller in the second.

    .. math:: \mathrm{max\_min}(x) = (\max(a, b), \min(a, b))

    with :math:`a` and :math:`b` the first and the second half of ``x`` along ``axis``. It permutes its input, so it
    keeps the norm of its input and of gradients. Equal pairs stay in place, and so do their gradients.

    Args:
      x: real array of even size along ``axis``.
      axis: axis to split.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, or the size along it is odd.

    References:
      Anil, Lucas and Grosse, Sorting out Lipschitz function approximation, 2018, arXiv:1811.05381; on halves in Singla,
      Singla and Feizi, Improved deterministic l2 robustness on CIFAR-10 and CIFAR-100, 2021, arXiv:2108.04062.
    """
    ...


def _turned(m: Arithmetic, pairs: Array, swapped: Array, axis: int) -> Array:
    return m.where(jnp.broadcast_to(swapped, pairs.shape), lax.rev(pairs, (axis,)), pairs)


_TURNED = RowFormula(_turned, lambda m, pairs, t, swapped, axis: _turned(m, t, swapped, axis))


def _sorted(m: Arithmetic, groups: Array, order: Array, axis: int) -> Array:
    return jnp.take_along_axis(groups, lax.convert_element_type(order, jnp.int32), axis)


_GROUP_SORT = RowFormula(_sorted, lambda m, groups, t, order, axis: _sorted(m, t, order, axis))


def _group_sort(m: Arithmetic, x: Array, size: int, axis: int) -> Array:
    groups, axis = in_groups("group_sort", x, "size", size, axis)
    if size == 2:
        first, second = _halves(groups, axis)
        return _TURNED(m, groups, first > second, axis=axis).reshape(x.shape)
    order = jnp.argsort(lax.stop_gradient(groups), axis)
    order = order.astype(jnp.int8 if size <= 2**7 else jnp.int16 if size <= 2**15 else jnp.int32)
    return _GROUP_SORT(m, groups, order, axis=axis).reshape(x.shape)


@activation(Composite(_group_sort), kind="rectified", options=("size", "axis"))
def group_sort(x: ArrayLike, size: int = 2, axis: int = -1) -> Array:
    r"""GroupSort: each group of features in ascending order.

    .. math:: \mathrm{group\_sort}(x)_{k i + j} = \text{the } j\text{-th smallest of } x_{k i}, ..., x_{k i + k - 1}

    with :math:`k` the size of a group and :math:`j` from 0. It permutes its input, so it keeps the norm of its input
    and of gradients. With the whole axis as a group it is FullSort; with a size of 2 it has the pairs of
    :func:`max_min` next to each other. Equal features stay in their order.

    Args:
      x: real array whose size along ``axis`` is a multiple of ``size``.
      size: how many neighbours along ``axis`` make a group.
      axis: axis of the features.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, ``size`` is not positive, or the size along ``axis`` not a multiple of it.

    References:
      Anil, Lucas and Grosse, Sorting out Lipschitz function approximation, 2018, arXiv:1811.05381.
    """
    ...


class _Mirror:
    """The reflection at the line of half an angle, and where it is taken.

    Attributes:
      cos, sin: of the angle.
      reflected: where the point of two halves is on the far side of the line.
    """

    def __init__(self, m: Arithmetic, a: Array, b: Array, theta: Array):
        self.cos, self.sin = trig.cos(m, theta), trig.sin(m, theta)
        self.reflected = a * trig.sin(m, 0.5 * theta) < b * trig.cos(m, 0.5 * theta)

    def image(self, m: Arithmetic, a: Array, b: Array) -> tuple[Array, Array]:
        """The reflection of a point."""
        return self.cos * a + self.sin * b, self.sin * a - self.cos * b

    def turned(self, m: Arithmetic, a: Array, b: Array) -> tuple[Array, Array]:
        """Its derivative in the angle."""
        return self.cos * b - self.sin * a, self.cos * a + self.sin * b


def _householder_of(m: Arithmetic, x: Array, theta: Array, axis: int) -> Array:
    a, b = _halves(x, axis)
    mirror = _Mirror(m, a, b, theta)
    images = zip(mirror.image(m, a, b), (a, b), strict=True)
    return lax.concatenate([m.where(mirror.reflected, image, kept) for image, kept in images], axis)


def _householder_along(m: Arithmetic, x: Array, t: Array, theta: Array, axis: int) -> Array:
    mirror = _Mirror(m, *_halves(lax.stop_gradient(x), axis), theta)
    a, b = _halves(t, axis)
    images = zip(mirror.image(m, a, b), (a, b), strict=True)
    return lax.concatenate([m.where(mirror.reflected, image, kept) for image, kept in images], axis)


def _householder_theta(m: Arithmetic, x: Array, t: Array, theta: Array, axis: int) -> Array:
    a, b = _halves(x, axis)
    mirror = _Mirror(m, a, b, theta)
    return lax.concatenate([m.where(mirror.reflected, c, 0) * t for c in mirror.turned(m, a, b)], axis)


_HOUSEHOLDER = RowFormula(_householder_of, _householder_along, _householder_theta)


def _householder(m: Arithmetic, x: Array, theta: Any, axis: int) -> Array:
    axis = even_axis("householder", x, axis)
    half, _ = _halves(x, axis)
    if not isinstance(theta, Array):  # the default
        return _max_min(m, x, axis)
    shape = (1,) * (x.ndim - theta.ndim) + theta.shape
    if len(shape) != x.ndim or any(n not in (1, size) for n, size in zip(shape, half.shape, strict=True)):
        raise ValueError(
            f"jaxact.householder: theta must broadcast to shape {half.shape}, one for each pair along axis {axis} of x "
            f"of shape {x.shape}, got shape {theta.shape}"
        )
    return _HOUSEHOLDER(m, x, jnp.reshape(theta, shape), axis=axis)


@activation(Composite(_householder), kind="rectified", options=("axis",))
def householder(x: ArrayLike, theta: ArrayLike = math.pi / 2, axis: int = -1) -> Array:
    r"""Householder activation: each pair of features is reflected to one side of a line through 0, which is learned.

    .. math::
        \mathrm{householder}(x) = \begin{cases}
        (a, b) & a \sin(\theta / 2) \ge b \cos(\theta / 2) \\
        (a \cos\theta + b \sin\theta, a \sin\theta - b \cos\theta) & \text{else}
        \end{cases}

    with :math:`a` and :math:`b` the first and the second half of ``x`` along ``axis``. It keeps the norm of
    its input and of gradients. At the default angle it is :func:`max_min`.

    Args:
      x: real array of even size along ``axis``.
      theta: twice the angle of the line; broadcasts against half of ``x``.
      axis: axis to split.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, the size along it is odd, or ``theta`` does not broadcast.

    References:
      Singla, Singla and Feizi, Improved deterministic l2 robustness on CIFAR-10 and CIFAR-100, 2021, arXiv:2108.04062.
    """
    ...
