"""Rectified activations: piecewise linear ones, and what is made of them.

A slope that takes one of a few values lets the backward pass keep a one-byte mask instead of the input.
"""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact import _two as two
from jaxact._activation import INF, _equal_rank, activation
from jaxact._derivative import all_bits, differentiable, differentiable_map


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


@activation(slope=jnp.ones_like, kind="rectified", range=(-INF, INF), tails=(1, 1))
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


def _positive_part(x: Array) -> Array:
    return jnp.where(x <= 0, 0, x)


# 2 x would overflow where its product with a cotangent does not, so the slope is not given by itself.
_relu_squared = differentiable_map(
    lambda x: jnp.square(jnp.maximum(x, 0)), lambda x, tangent: 2 * (_positive_part(x) * tangent)
)


@activation(kind="rectified", range=(0, INF), tails=(0, INF))
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
    return _relu_squared(jnp.asarray(x))


@activation(
    region=lambda x, threshold, value: x > threshold,
    slope=lambda mask, threshold, value: _indicator(mask),
    parameter_slopes=(
        lambda x, threshold, value: jnp.zeros_like(x + threshold),
        lambda x, threshold, value: _indicator(x <= threshold),
    ),
    kind="rectified",
    range=(0, INF),
    tails=(0, 1),
    kinks=(1.0,),
)
def threshold(x: ArrayLike, threshold: ArrayLike = 1.0, value: ArrayLike = 0.0) -> Array:
    r"""Thresholded rectifier: a fixed value up to a threshold, the identity beyond.

    .. math:: \mathrm{threshold}(x) = \begin{cases} x & x > \theta \\ v & x \le \theta \end{cases}

    It jumps at the threshold, where its slope is 0; its slope in the threshold is 0 everywhere. PyTorch, whose
    signature this is, has no defaults; the paper's threshold is 1 and its value 0.

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
    return jnp.where(x <= threshold, value, x)  # asked this way round, so that NaN passes


@activation(region=lambda x: x > -1, slope=_indicator, kind="rectified", range=(-1, INF), tails=(0, 1), kinks=(-1.0,))
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
    return jnp.maximum(x, -1)


@activation(
    region=lambda x, tau: x > tau,
    slope=lambda mask, tau: _indicator(mask),
    parameter_slopes=(lambda x, tau: _indicator(x <= tau),),
    kind="parametric",
    range=(0, INF),
    tails=(0, 1),
    kinks=(0.0,),
)
def tlu(x: ArrayLike, tau: ArrayLike = 0.0) -> Array:
    r"""Thresholded linear unit: a rectified one whose threshold is learned.

    .. math:: \mathrm{tlu}(x) = \max(x, \tau)

    Its slope at the threshold is 0, and its slope in the threshold is 1 there.

    Args:
      x: real array of any shape.
      tau: learned threshold; a scalar, or one per channel, broadcast against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Singh and Krishnan, Filter response normalization layer, 2019, arXiv:1911.09737.
    """
    return jnp.maximum(x, tau)


def _hard_mish_slope(x: Array) -> Array:
    return jnp.where(x >= 0, 1, jnp.where(x <= -2, 0, x + 1))


@activation(
    slope=_hard_mish_slope,
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
    return jnp.where(x <= -2, -0.0, x * (jnp.clip(x + 2, 0, 2) / 2))


def _arelu_slope(mask: Array, alpha: Array, beta: Array) -> Array:
    return jnp.where(mask, 1 + num.sigmoid(beta), jnp.clip(alpha, 0.01, 0.99))


def _arelu_alpha_slope(x: Array, alpha: Array, beta: Array) -> Array:
    return jnp.where((x >= 0) | (alpha < 0.01) | (alpha > 0.99), 0, x)


@activation(
    region=_not_negative,
    slope=_arelu_slope,
    parameter_slopes=(
        _arelu_alpha_slope,
        lambda x, alpha, beta: jnp.where(x >= 0, x, 0) * num.sigmoid_slope(beta),
    ),
    kind="parametric",
    range=(-INF, INF),
    tails=(0.9, 1.8807970779778824),
    kinks=(0.0,),
)
def arelu(x: ArrayLike, alpha: ArrayLike = 0.9, beta: ArrayLike = 2.0) -> Array:
    r"""Attention-based rectified linear unit: what is positive is amplified, what is negative attenuated.

    .. math::
        \mathrm{arelu}(x) = \begin{cases}
        (1 + \sigma(\beta)) \, x & x \ge 0 \\ \min(\max(\alpha, 0.01), 0.99) \, x & x < 0
        \end{cases}

    Its slope at 0 is that on the right. Where :math:`\alpha` is outside of its bounds, the slope in it is 0.

    Args:
      x: real array of any shape.
      alpha: learned slope on the negative side, held to [0.01, 0.99]; broadcasts against ``x``.
      beta: learned; the slope on the positive side is 1 plus its sigmoid; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Chen, Li and Xu, AReLU: attention-based rectified linear unit, 2020, arXiv:2006.13858.
    """
    return _arelu_slope(x >= 0, alpha, beta) * x


def _nlrelu_parts(x: Array, beta: Array) -> tuple[Array, Array, Array]:
    """``u``, ``x u`` and ``u (1 + beta x)`` for ``x > 0``, where ``u`` keeps the product from overflowing."""
    unit = jnp.where(x > 2.0**100, 2.0**-64, 1).astype(x.dtype)
    scaled = _positive_part(x) * unit
    return unit, scaled, unit + beta * scaled


def _nlrelu_slope(x: Array, beta: Array) -> Array:
    unit, _, argument = _nlrelu_parts(x, beta)
    return jnp.where(x <= 0, 0, beta * unit / argument)


def _nlrelu_beta_slope(x: Array, beta: Array) -> Array:
    _, scaled, argument = _nlrelu_parts(jnp.minimum(x, jnp.finfo(x.dtype).max), beta)
    return scaled / argument


@activation(
    slope=_nlrelu_slope,
    parameter_slopes=(_nlrelu_beta_slope,),
    positive=("beta",),
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
    z = beta * jnp.maximum(x, 0)
    with all_bits():  # or the least normal number would come out below itself, and so as 0
        near = z * num.log1p_over(jnp.minimum(z, 1))
    unit, _, argument = _nlrelu_parts(x, beta)
    far = jnp.where(unit < 1, num.log(argument, 64), num.log(jnp.maximum(argument, 1)))
    return jnp.where(z <= 1, near, jnp.where(z < INF, far, jnp.where(x < INF, far, z)))


def _where_finite(x: Array, exact: two.Two, plain: Array) -> Array:
    """A sum of products rounded once or, as that knows no infinity, the same sum rounded at every step."""
    return jnp.where(jnp.isfinite(x) & jnp.isfinite(plain), exact.rounded(), plain)


def _star(x: Array, s: Array, b: Array) -> Array:
    x = jnp.maximum(x, 0)
    return _where_finite(x, two.Two(s) * two.Two(x) * two.Two(x) + two.Two(b), s * x * x + b)


_star_relu = differentiable_map(
    _star,
    lambda x, tangent, s, b: 2 * s * (_positive_part(x) * tangent),
    lambda x, tangent, s, b: jnp.square(_positive_part(x)) * tangent,
    lambda x, tangent, s, b: tangent,
)


@activation(kind="parametric", range=(-0.4472, INF), tails=(0, INF))
def star_relu(x: ArrayLike, s: ArrayLike = 0.8944, b: ArrayLike = -0.4472) -> Array:
    r"""StarReLU, a square of the rectified linear unit that is scaled and shifted.

    .. math:: \mathrm{star\_relu}(x) = s \max(x, 0)^2 + b

    With the default parameters, mean and variance are 0 and 1 for normally distributed ``x``. The authors' code starts
    at 1 and 0 instead.

    Args:
      x: real array of any shape.
      s: learned scale; broadcasts against ``x``.
      b: learned shift; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Yu et al., MetaFormer baselines for vision, 2022, arXiv:2210.13452.
    """
    return _star_relu(*_equal_rank("star_relu", jnp.asarray(x), jnp.asarray(s), jnp.asarray(b)))


def _srelu_piece(x: Array, t_l: Array, a_l: Array, t_r: Array, a_r: Array) -> Array:
    """0 on the left, 1 in the middle, 2 on the right."""
    return jnp.where(x >= t_r, 2, jnp.where(x <= t_l, 0, 1)).astype(jnp.int8)


def _srelu_slope(piece: Array, t_l: Array, a_l: Array, t_r: Array, a_r: Array) -> Array:
    return jnp.where(piece == 2, a_r, jnp.where(piece == 0, a_l, 1))


def _at_piece(wanted: int, slope: Callable[..., Array]) -> Callable[..., Array]:
    """A slope in a parameter, which is 0 but on one of the pieces."""
    return lambda x, *parameters: jnp.where(_srelu_piece(x, *parameters) == wanted, slope(x, *parameters), 0)


@activation(
    region=_srelu_piece,
    slope=_srelu_slope,
    parameter_slopes=(
        _at_piece(0, lambda x, t_l, a_l, t_r, a_r: 1 - a_l),
        _at_piece(0, lambda x, t_l, a_l, t_r, a_r: x - t_l),
        _at_piece(2, lambda x, t_l, a_l, t_r, a_r: 1 - a_r),
        _at_piece(2, lambda x, t_l, a_l, t_r, a_r: x - t_r),
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

    Where the ends cross, the first of the cases that holds is taken. At the ends, slopes are those of the outer pieces.

    The defaults are the paper's start, a leaky rectifier, except for :math:`t_r`, which the paper sets to a quantile of
    the layer's first inputs.

    Args:
      x: real array of any shape.
      t_l: learned end of the left piece; broadcasts against ``x``, as all of them.
      a_l: learned slope of the left piece.
      t_r: learned start of the right piece.
      a_r: learned slope of the right piece.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Jin et al., Deep learning with S-shaped rectified linear activation units, 2015, arXiv:1512.07030.
    """
    piece = _srelu_piece(x, t_l, a_l, t_r, a_r)
    t, a = jnp.where(piece == 2, t_r, t_l), jnp.where(piece == 2, a_r, a_l)
    plain = jnp.where(a == 0, t, t + a * (x - t))
    line = two.Two(a) * (two.Two(x) - two.Two(t)) + two.Two(t)
    return jnp.where(piece == 1, x, _where_finite(x, line, plain))


def _apl_hinges(x: Array, parameters: tuple[Array, ...]) -> list[tuple[Array, Array, Array]]:
    """For each hinge whether ``x`` is left of it, its slope and its place."""
    count = len(parameters) // 2
    return [(x < b, a, b) for a, b in zip(parameters[:count], parameters[count:], strict=True)]


def _apl(x: Array, *parameters: Array) -> Array:
    hinges = _apl_hinges(x, parameters)
    start = jnp.maximum(x, 0)
    plain, exact = start, two.Two(start)
    tail = offset = jnp.zeros_like(x)
    for left, a, b in hinges:
        plain = plain + jnp.where(left, a * (b - x), 0)
        exact = exact + two.Two(jnp.where(left, a, 0)) * (two.Two(b) - two.Two(x))
        tail, offset = tail + a, offset + a * b
    plain = jnp.where(x == -INF, jnp.where(tail == 0, offset, tail * INF), plain)
    return _where_finite(x, exact, plain)


def _apl_slope(x: Array, *parameters: Array) -> Array:
    total = two.Two(jnp.where(x > 0, jnp.ones_like(x), 0))
    for left, a, _ in _apl_hinges(x, parameters):
        total = total - two.Two(jnp.where(left, a, 0))
    return jnp.where(jnp.isnan(x), x, total.rounded())


@functools.cache
def _apl_of(count: int) -> Callable[..., Array]:
    """The function of ``x``, that many slopes, and that many places."""

    def by_slope(x: Array, *parameters: Array, s: int) -> Array:
        left, _, b = _apl_hinges(x, parameters)[s]
        return jnp.where(left, b - x, 0)

    def by_place(x: Array, *parameters: Array, s: int) -> Array:
        left, a, _ = _apl_hinges(x, parameters)[s]
        return jnp.where(left, a, 0)

    slopes = (functools.partial(by, s=s) for by in (by_slope, by_place) for s in range(count))
    return differentiable(_apl, _apl_slope, *slopes)


@activation(kind="parametric")
def apl(
    x: ArrayLike,
    slopes: ArrayLike | Sequence[float] = (0.0, 0.0, 0.0, 0.0, 0.0),
    hinges: ArrayLike | Sequence[float] = (-1.0, -0.5, 0.0, 0.5, 1.0),
) -> Array:
    r"""Adaptive piecewise linear unit: a rectifier with more hinges, all of them learned.

    .. math:: \mathrm{apl}(x) = \max(x, 0) + \sum_{s=1}^{S} a_s \max(b_s - x, 0)

    with the slopes :math:`a_s` and the hinges :math:`b_s`. At a hinge its term has slope 0, as has the rectifier at 0.

    As it starts here, it is the rectifier. The authors draw the slopes from a uniform distribution about 0 and the
    hinges from a normal one, of standard deviation 1/2.

    Args:
      x: real array of any shape.
      slopes: learned; behind its first axis, which is that of the hinges, it broadcasts against ``x``.
      hinges: learned; likewise.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``slopes`` and ``hinges`` differ in the size of their first axis, or do not broadcast against ``x``.

    References:
      Agostinelli, Hoffman, Sadowski and Baldi, Learning activation functions to improve deep neural networks, 2014,
      arXiv:1412.6830.
    """
    x, slopes, hinges = jnp.asarray(x), jnp.asarray(slopes), jnp.asarray(hinges)
    if not slopes.ndim or not hinges.ndim or len(slopes) != len(hinges):
        raise ValueError(
            "jaxact.apl: slopes and hinges must have a first axis, of as many hinges for both, "
            f"got shapes {slopes.shape} and {hinges.shape}"
        )
    return _apl_of(len(slopes))(*_equal_rank("apl", x, *slopes, *hinges))


@functools.cache
def _sugar(alpha: float) -> Callable[..., Array]:
    shift = Fraction(alpha)

    def surrogate(x: Any) -> Any:  # (x + alpha) sigma(x), which lacks a constant of B-SiLU
        def rest(x: Any) -> Any:
            e = two.exp_up(-two.magnitude(x))
            return (x + shift) * (e / (1 + two.down(e)))

        return two.with_tails(x, lambda x: (x + shift) * two.sigmoid(x), (-1, rest), (1, lambda x: -rest(x)), (0, x))

    smooth = two.of_formula(surrogate, 1)
    return differentiable(lambda x: jnp.maximum(x, 0), lambda x: jax.jvp(smooth, (x,), (jnp.ones_like(x),))[1])


@activation(kind="rectified", options=("alpha",), range=(0, INF), tails=(0, 1))
def sugar(x: ArrayLike, alpha: float = 1.67) -> Array:
    r"""Rectified linear unit with the slope of a smooth function, so that no unit stays without gradient.

    .. math::
        \mathrm{sugar}(x) = \max(x, 0), \quad
        \mathrm{sugar}'(x) = \frac{d}{dx} \left((x + \alpha) \, \sigma(x) - \frac{\alpha}{2}\right)

    The smooth function is B-SiLU, whose slope is negative on the left of its minimum, for the default at -2.73. Further
    derivatives are those of B-SiLU as well.

    Args:
      x: real array of any shape.
      alpha: number that says how far B-SiLU goes below 0, which is by half of it.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Horuz et al., The resurrection of the ReLU, 2025, arXiv:2505.22074.
    """
    return _sugar(alpha)(jnp.asarray(x))


# Not elementwise


def _axis(function: str, x: Array, axis: int) -> int:
    """The axis, counted from the front."""
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"jaxact.{function}: axis must be in [-{x.ndim}, {x.ndim}) for x of shape {x.shape}, got {axis}"
        )
    return axis % x.ndim


@activation(kind="rectified", options=("axis",))
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
    x = jnp.asarray(x)
    return jnp.concatenate([relu(x), relu(-x)], _axis("crelu", x, axis))


def _pick(x: Array, index: Array, axis: int) -> Array:
    """What is at an index along the axis; a sum, whose transpose is no scatter."""
    return jnp.sum(jnp.where(lax.broadcasted_iota(index.dtype, x.shape, axis) == index, x, 0), axis)


@activation(kind="rectified", options=("pieces", "axis"))
def maxout(x: ArrayLike, pieces: int = 2, axis: int = -1) -> Array:
    r"""Maxout: the largest of each group of features.

    .. math:: \mathrm{maxout}(x)_i = \max_{0 \le j < k} x_{k i + j}

    where :math:`k` is the number of pieces. Of several that are largest the gradient goes to the first.

    Args:
      x: real array whose size along ``axis`` is a multiple of ``pieces``.
      pieces: how many neighbours along ``axis`` make a group.
      axis: axis of the features.

    Returns:
      Array of the floating dtype of ``x`` and of its shape, but smaller by the factor ``pieces`` along ``axis``.

    Raises:
      ValueError: ``axis`` is out of range, ``pieces`` is not positive, or the size along ``axis`` no multiple of it.

    References:
      Goodfellow, Warde-Farley, Mirza, Courville and Bengio, Maxout networks, 2013, arXiv:1302.4389.
    """
    x = jnp.asarray(x)
    axis = _axis("maxout", x, axis)
    if pieces < 1:
        raise ValueError(f"jaxact.maxout: pieces must be at least 1, got {pieces}")
    if x.shape[axis] % pieces:
        raise ValueError(
            f"jaxact.maxout: the size along axis {axis} must be a multiple of pieces={pieces}, got shape {x.shape}"
        )
    groups = x.reshape(*x.shape[:axis], x.shape[axis] // pieces, pieces, *x.shape[axis + 1 :])
    # All that the backward pass keeps: one small integer a group.
    first = jnp.argmax(groups, axis + 1, keepdims=True).astype(jnp.int8 if pieces <= 128 else jnp.int32)
    pick = functools.partial(_pick, axis=axis + 1)
    return differentiable_map(pick, lambda groups, tangent, first: pick(tangent, first))(groups, first)


def _normal_quantile(p: float) -> float:
    """Quantile of the normal distribution; that of ``statistics`` is 3 ulp off, which Newton's method puts right."""
    normal, tail = statistics.NormalDist(), min(p, 1 - p)
    q = normal.inv_cdf(tail)
    q -= (math.erfc(-q / math.sqrt(2)) / 2 - tail) / normal.pdf(q)
    return q if p < 0.5 else -q


def _centred(x: Array, axis: int) -> tuple[Array, Array]:
    """``x`` less its mean along the axis, and its standard deviation."""
    # Divided by the largest, so that neither sum nor squares overflow.
    largest = lax.stop_gradient(jnp.max(jnp.abs(x), axis, keepdims=True, initial=0))
    largest = jnp.where(largest > 0, largest, 1)
    scaled = x / largest
    mean = jnp.mean(scaled, axis, keepdims=True)
    variance = jnp.mean(jnp.square(scaled - mean), axis, keepdims=True)
    some = variance != 0  # also if it is NaN
    deviation = jnp.where(some, jnp.sqrt(jnp.where(some, variance, 1)), 0)
    return x - largest * mean, largest * deviation


def _topk(x: Array, axis: int, multiplier: float) -> Array:
    centred, deviation = _centred(x, axis)
    return jnp.maximum(centred - multiplier * deviation, 0)


def _topk_tangent(x: Array, t: Array, axis: int, multiplier: float) -> Array:
    centred, deviation = _centred(x, axis)
    some = deviation != 0
    score = jnp.where(some, centred / jnp.where(some, deviation, 1), 0)
    along = t - jnp.mean(t, axis, keepdims=True) - multiplier * jnp.mean(score * t, axis, keepdims=True)
    return jnp.where(centred <= multiplier * deviation, 0, along)


@activation(kind="rectified", options=("sparsity", "axis"))
def gaussian_topk_relu(x: ArrayLike, sparsity: float = 0.95, axis: int = -1) -> Array:
    r"""Rectifier that keeps about a given part of the features: what is above a quantile of the normal distribution.

    .. math:: \mathrm{gaussian\_topk\_relu}(x) = \max(x - \mu - \Phi^{-1}(p) \, \sigma, 0)

    with the mean :math:`\mu` and the standard deviation :math:`\sigma` of ``x`` along ``axis``. If the features are
    normally distributed, the part :math:`p` of them becomes 0. Gradients pass through :math:`\mu` and :math:`\sigma`.

    As in Gemma 3n, :math:`\sigma^2` is the mean of the squares; the paper divides their sum by one less than the number
    of features.

    Args:
      x: real array of at least one axis.
      sparsity: the part :math:`p` of features that is to become 0; between 0 and 1, not included.
      axis: axis of the features.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, or ``sparsity`` not between 0 and 1.

    References:
      You et al., Spark Transformer: reactivating sparsity in FFN and attention, 2025, arXiv:2506.06644.
    """
    x = jnp.asarray(x)
    axis = _axis("gaussian_topk_relu", x, axis)
    if not 0 < sparsity < 1:
        raise ValueError(f"jaxact.gaussian_topk_relu: sparsity must be between 0 and 1, got {sparsity}")
    options = {"axis": axis, "multiplier": _normal_quantile(sparsity)}
    return differentiable_map(functools.partial(_topk, **options), functools.partial(_topk_tangent, **options))(x)
