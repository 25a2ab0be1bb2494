"""Smooth rectifiers and their relatives: about 0 or bounded on the left, about ``x`` on the right."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _coefficients as coefficients
from jaxact import _numerics as num
from jaxact import _two as two
from jaxact._activation import INF, activation
from jaxact._derivative import differentiable, few_bits_do


def _softplus(x: Array, beta: Array) -> Array:
    tail_up, _ = _softplus_tail(x, beta)
    return jnp.where(x > 0, x, 0) + tail_up / beta * num.DOWN


def _softplus_tail(x: Array, beta: Array) -> tuple[Array, Array]:
    """``log(1 + e)`` times 2^64, and ``-|beta x| e / (1 + e)`` times 2^64, for ``e = exp(-|beta x|)``."""
    z, low = num.two_product(x, beta)
    t = num.clamped(-num.magnitude(z))
    up = num.exp_up(t, num.mirrored(low, z))
    e = up * num.DOWN
    return up * num.log1p_over(e), t * up / (1 + e)


def _softplus_slope(x: Array, beta: Array) -> Array:
    return num.sigmoid(*num.two_product(x, beta))


def _softplus_beta_slope(x: Array, beta: Array) -> Array:
    log_up, product_up = _softplus_tail(x, beta)
    return (product_up - log_up) / beta / beta * num.DOWN


def _softplus_of_one(x: Array) -> Array:
    e = num.exp(-lax.abs(x))
    return num.at_least(x, 0) + e * num.log1p_over(e)


@activation(
    slope=_softplus_slope,
    parameter_slopes=(_softplus_beta_slope,),
    at_defaults=differentiable(_softplus_of_one, num.sigmoid),
    positive=("beta",),
    kind="smooth",
    range=(0, INF),
    tails=(0, 1),
)
def softplus(x: ArrayLike, beta: ArrayLike = 1.0) -> Array:
    r"""Softplus.

    .. math:: \mathrm{softplus}(x) = \frac{1}{\beta} \log(1 + e^{\beta x})

    Args:
      x: real array of any shape.
      beta: sharpness; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``beta`` is a number that is not positive.

    References:
      Dugas, Bengio, Bélisle, Nadeau and Garcia, Incorporating second-order functional knowledge for better option
      pricing, NIPS 2000.
    """
    return _softplus(x, beta)


@activation(slope=lambda x: num.sigmoid(-x), kind="smooth", range=(-INF, 0), tails=(1, 0))
def log_sigmoid(x: ArrayLike) -> Array:
    r"""Logarithm of the logistic sigmoid.

    .. math:: \mathrm{log\_sigmoid}(x) = -\log(1 + e^{-x})

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.
    """
    return -_softplus_of_one(-x)


@activation(
    slope=num.silu_slope, kind="smooth", range=(-0.2784645427610738, INF), tails=(0, 1), minimum=-1.2784645427610737
)
def silu(x: ArrayLike) -> Array:
    r"""Sigmoid-weighted linear unit, also called Swish-1.

    .. math:: \mathrm{silu}(x) = x \, \sigma(x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Elfwing, Uchibe and Doya, Sigmoid-weighted linear units for neural network function approximation in reinforcement
      learning, 2017, arXiv:1702.03118.
    """
    return num.sigmoid_unit(x, -num.limit(x), num.one_limit(x), lambda x: (x, None))


def _mish_slope(x: Array) -> Array:
    z = num.clip(x, -num.limit(x), num.one_limit(x))
    negative = z < 0
    parts = num.exp_up_parts(z)
    w = num.whole(*parts) * num.DOWN
    left = num.whole(*parts, (4 + 4 * z) + w * ((6 + 4 * z) + w * (4 + w)))
    right = num.UP * (w * ((4 * z - 2) * (1 + w) - 2) - 4)
    # 2 + 2 w + w^2, whose first term is no constant, or XLA would fold what its rounding lost to 0. The maximum is w,
    # and keeps XLA from squaring 2^64 w, which it does for scalars.
    two, square = 2 + 0 * z, num.at_least(w, 0) * w
    part = two + 2 * w
    q = part + square
    lost = 0 if few_bits_do() else (2 * w - (part - two)) + (square - (q - part))
    return num.where(negative, left, right) / (q * q + 2 * q * lost) * num.DOWN + jnp.where(negative, 0, 1)


def _mish_curvature(x: Array) -> Array:
    x = num.clamped(x)
    up = num.exp_up(-num.magnitude(x))
    e = up * num.DOWN
    left = 2 * (2 + x) + e * (2 * (4 + x) + e * (3 * (2 - x) + e * (2 * (1 - x))))
    right = 2 * (1 - x) + e * (3 * (2 - x) + e * (2 * (4 + x) + e * (2 * (2 + x))))
    # 2 + 2 e + e^2 on the left and 1 + 2 e + 2 e^2 on the right, whose first term is again no constant.
    first, square = num.where(x < 0, 2 + 0 * x, 1 + 0 * x), e * num.where(x < 0, e, 2 * e)
    part = first + 2 * e
    q = part + square
    lost = 0 if few_bits_do() else (2 * e - (part - first)) + (square - (q - part))
    cube = q * (q * q + 3 * q * lost)
    return 4 * up * (num.where(x < 0, left, right * e) / cube) * num.DOWN


@activation(
    slope=differentiable(_mish_slope, _mish_curvature),
    kind="smooth",
    range=(-0.30884341301725043, INF),
    tails=(0, 1),
    minimum=-1.1924312145154952,
)
def mish(x: ArrayLike) -> Array:
    r"""Mish, a smooth non-monotone rectifier.

    .. math:: \mathrm{mish}(x) = x \tanh(\log(1 + e^x))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Misra, Mish: a self regularized non-monotonic activation function, 2019, arXiv:1908.08681.
    """
    # With w = e^x, tanh(log(1 + w)) is w (1 - d) on the left and 1 - d on the right, where d is at most 1/2 and a
    # quotient of sums whose terms are all positive.
    z = num.clip(x, -num.limit(x), num.one_limit(x))
    negative = z < 0
    up = num.rounded_exp(z, power=64)
    w = up * num.DOWN
    n = w * (1 + w)
    d = num.where(negative, n, 2) / (2 + (w + n))
    y = z * num.where(negative, up, num.UP)
    return num.where(x > num.one_limit(x), x, (y - y * d) * num.DOWN)


def _gelu_exact_slope(x: Array) -> Array:
    left = num.normal_bend(num.normal_clamped(lax.abs(x)))
    return num.where(x < 0, left, 1 - left)


def _gelu_exact_curvature(x: Array) -> Array:
    t = num.normal_clamped(num.magnitude(x))
    root, lost = num.rounded_constant(*coefficients.ROOT_2, x)
    return num.normal_density_up(t) * (((root - t) + lost) * (root + t)) * num.DOWN


@activation(
    slope=differentiable(_gelu_exact_slope, _gelu_exact_curvature),
    kind="smooth",
    range=(-0.16997120747990366, INF),
    tails=(0, 1),
    minimum=-0.7517915246935645,
)
def gelu_exact(x: ArrayLike) -> Array:
    r"""Gaussian error linear unit, with the normal distribution function itself.

    .. math:: \mathrm{gelu}(x) = x \, \Phi(x) = \frac{x}{2} \left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    t = num.normal_clamped(lax.abs(x))
    tail = num.normal_tail_moment(t)
    centre = num.clip(x, -1, 1)
    return num.where(t < 1, centre * num.normal_centre(centre), num.where(x < 0, -tail, x - tail))


def _even_quadratic(x: Array, a_factor: float = 1, b_factor: float = 1) -> tuple[Array, Array]:
    """``a + b x^2`` of the argument ``x (a + b x^2)``, or with factors, as a number of half the bits and the rest."""
    (a, a_lost), (b, b_lost) = coefficients.GELU_TANH_A, coefficients.GELU_TANH_B
    a_high, a_low = num.split_constant(a_factor * a, a_factor * a_lost, x)
    b_high, b_low = num.split_constant(b_factor * b, b_factor * b_lost, x)
    square = x * x
    square_high, square_low = _square(x)
    high, _ = num.split(a_high + b_high * square_high)
    return high, ((a_high - high) + b_high * square_high) + (a_low + (b_high * square_low + b_low * square))


def _square(x: Array) -> tuple[Array, Array]:
    """``x^2`` as a number of half the bits and the rest."""
    high, low = num.split(x)
    square_high, _ = num.split(x * x)
    return square_high, (high * high - square_high) + low * (x + high)


def gelu_tanh_argument(x: Array) -> tuple[Array, Array | None]:
    """``u = x (a + b x^2)`` of ``x sigma(u)`` as a sum of two numbers.

    ``e^u`` turns an absolute error of ``u`` into a relative one, so ``u`` is needed to more than its own precision.
    """
    if few_bits_do():
        return x * (coefficients.GELU_TANH_A[0] + coefficients.GELU_TANH_B[0] * (x * x)), None
    high, low = num.split(x)
    factor_high, factor_low = _even_quadratic(x)
    return high * factor_high, low * factor_high + x * factor_low


def _gelu_tanh_clamped(x: Array) -> Array:
    bound = {"float32": 11.3, "float64": 21.5}[x.dtype.name]
    return num.clip(x, -bound, bound)


def _gelu_tanh(x: Array) -> Array:
    left, right = {"float32": (-11.3, 6.0), "float64": (-21.5, 7.5)}[x.dtype.name]
    return num.sigmoid_unit(x, left, right, gelu_tanh_argument)


def _gelu_tanh_slope(x: Array) -> Array:
    t = -lax.abs(_gelu_tanh_clamped(x))
    u, u_low = gelu_tanh_argument(t)
    parts = num.exp_up_parts(u, u_low)
    e = num.whole(*parts) * num.DOWN
    factor = (1 + u) + (num.sum_of(2 * coefficients.GELU_TANH_B[0] * t * (t * t), u_low) + e)  # 1 + t du/dt + e
    left = num.whole(*parts, factor) / (1 + e * (2 + e)) * num.DOWN
    return num.where(x < 0, left, 1 - left)


def _gelu_tanh_curvature(x: Array) -> Array:
    t = -num.magnitude(_gelu_tanh_clamped(x))
    up = num.exp_up(*gelu_tanh_argument(t))
    e = up * num.DOWN
    slope_high, slope_low = _even_quadratic(t, 1, 3)  # du/dt
    product = t * (slope_high * slope_high + slope_low * (2 * slope_high + slope_low))
    sum_high, sum_low = _even_quadratic(t, 2, 12)  # 2 du/dt + t d2u/dt2
    bend = (sum_high + product) + (sum_low - product * (2 * e / (1 + e)))
    return up * (bend / (1 + e * (2 + e))) * num.DOWN


@activation(
    slope=differentiable(_gelu_tanh_slope, _gelu_tanh_curvature),
    kind="smooth",
    range=(-0.17004075057125406, INF),
    tails=(0, 1),
    minimum=-0.7524614220710163,
)
def gelu_tanh(x: ArrayLike) -> Array:
    r"""Gaussian error linear unit, with tanh in place of the error function.

    .. math:: \mathrm{gelu\_tanh}(x) = \frac{x}{2} \left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0.044715 x^3)\right)\right)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    return _gelu_tanh(x)


def _quick_gelu_argument(x: Array) -> tuple[Array, Array | None]:
    """``1.702 x`` as a sum of two numbers."""
    if few_bits_do():
        return 1.702 * x, None
    scale_high, scale_low = num.split_constant(*coefficients.QUICK_GELU, x)
    high, low = num.split(x)
    return high * scale_high, low * scale_high + x * scale_low


def _quick_gelu_clamped(x: Array) -> Array:
    bound = num.limit(x) / 1.702
    return num.clip(x, -bound, bound)


def _quick_gelu_slope(x: Array) -> Array:
    return num.silu_slope(*_quick_gelu_argument(_quick_gelu_clamped(x)))


def _quick_gelu_curvature(x: Array) -> Array:
    return 1.702 * num.silu_curvature_up(*_quick_gelu_argument(_quick_gelu_clamped(x))) * num.DOWN


@activation(
    slope=differentiable(_quick_gelu_slope, _quick_gelu_curvature),
    kind="smooth",
    range=(-0.16361018963635357, INF),
    tails=(0, 1),
    minimum=-0.751154255441289,
)
def quick_gelu(x: ArrayLike) -> Array:
    r"""Gaussian error linear unit, with a sigmoid in place of the normal distribution.

    .. math:: \mathrm{quick\_gelu}(x) = x \, \sigma(1.702 x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    return num.sigmoid_unit(x, -num.limit(x) / 1.702, num.one_limit(x) / 1.702, _quick_gelu_argument)


@activation(
    options=("approximate",),
    kind="smooth",
    range=(-0.17004075057125406, INF),
    tails=(0, 1),
    minimum=-0.7524614220710163,
)
def gelu(x: ArrayLike, approximate: bool = True) -> Array:
    r"""Gaussian error linear unit.

    .. math:: \mathrm{gelu}(x) = x \, \Phi(x)

    Args:
      x: real array of any shape.
      approximate: whether to use :func:`gelu_tanh`, as ``jax.nn.gelu`` does, or :func:`gelu_exact`.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hendrycks and Gimpel, Gaussian error linear units, 2016, arXiv:1606.08415.
    """
    return gelu_tanh(x) if approximate else gelu_exact(x)


def _elu_slope(x: Array, alpha: Array) -> Array:
    negative = jnp.where(x > 0, 0, num.clamped(x))
    return jnp.where(x > 0, 1, alpha * num.exp_up(negative) * num.DOWN)


def _elu_alpha_slope(x: Array, alpha: Array) -> Array:
    return jnp.where(x > 0, 0, num.expm1(jnp.where(x > 0, 0, x)))


@activation(slope=_elu_slope, parameter_slopes=(_elu_alpha_slope,), kind="smooth", range=(-1, INF), tails=(0, 1))
def elu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Exponential linear unit.

    .. math:: \mathrm{elu}(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    Where alpha is not 1 its slope jumps at 0, and is alpha there.

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear units, 2015,
      arXiv:1511.07289.
    """
    return jnp.where(x > 0, x, alpha * num.expm1(jnp.minimum(x, 0)))


def _celu_argument(x: Array, alpha: Array) -> tuple[Array, Array | None]:
    """``min(x, 0) / alpha`` as a sum of two numbers."""
    z, low = num.two_quotient(jnp.where(x > 0, 0, x), alpha)
    return num.clamped(z), low


def _celu_slope(x: Array, alpha: Array) -> Array:
    return jnp.where(x > 0, 1, num.exp(*_celu_argument(x, alpha)))


def _celu_alpha_slope(x: Array, alpha: Array) -> Array:
    z, low = _celu_argument(x, alpha)
    near = z * z * num.polynomial(jnp.maximum(z, -2), coefficients.CELU_REST[z.dtype.name])
    return jnp.where(x > 0, 0, jnp.where(z > -2, near, (1 - z) * num.exp(z, low) - 1))


@activation(
    slope=_celu_slope,
    parameter_slopes=(_celu_alpha_slope,),
    at_defaults=elu,
    positive=("alpha",),
    kind="smooth",
    range=(-1, INF),
    tails=(0, 1),
)
def celu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Continuously differentiable exponential linear unit.

    .. math:: \mathrm{celu}(x) = \begin{cases} x & x > 0 \\ \alpha (e^{x / \alpha} - 1) & x \le 0 \end{cases}

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` is a number that is not positive.

    References:
      Barron, Continuously differentiable exponential linear units, 2017, arXiv:1704.07483.
    """
    z = jnp.minimum(x, 0) / alpha
    return jnp.where(z > -(2.0**-60), x, alpha * num.expm1(z))  # x / alpha may be too small for a normal number


_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772


def _selu_slope(x: Array) -> Array:
    negative = num.where(x > 0, 0, num.clamped(x))
    return num.where(x > 0, _SELU_SCALE, _SELU_SCALE * _SELU_ALPHA * num.exp_up(negative) * num.DOWN)


@activation(
    slope=_selu_slope, kind="smooth", range=(-1.7580993408473768, INF), tails=(0, 1.0507009873554805), kinks=(0.0,)
)
def selu(x: ArrayLike) -> Array:
    r"""Scaled exponential linear unit.

    .. math:: \mathrm{selu}(x) = \lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    with :math:`\lambda = 1.0507009873554805` and :math:`\alpha = 1.6732632423543772`. Its slope at 0 is
    :math:`\lambda\alpha`.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Klambauer, Unterthiner, Mayr and Hochreiter, Self-normalizing neural networks, 2017, arXiv:1706.02515.
    """
    # The product alone is infinite for a number whose result is the largest that there is.
    right = num.where(x > 1, x + (_SELU_SCALE - 1) * x, _SELU_SCALE * x)
    return num.where(x > 0, right, _SELU_SCALE * _SELU_ALPHA * num.expm1(num.at_most(x, 0)))


_SQUARES = 2.0**62  # beyond, x^2 overflows, and b is lost in it unless it is above 2^98


def _root(x: Array, b: Array | float) -> Array:
    """``sqrt(x^2 + b)``."""
    size = lax.abs(x)
    return jnp.where(size > _SQUARES, size, jnp.sqrt(x * x + b))


def _squareplus_slope(x: Array, b: Array) -> Array:
    size = jnp.minimum(lax.abs(x), _SQUARES)
    square = jnp.maximum(size * size + b, jnp.finfo(x.dtype).tiny)
    left = b / 2 / (square + size * jnp.sqrt(square))
    left = jnp.where(lax.abs(x) > _SQUARES, b / 4 / x / x, left)
    return jnp.where(x < 0, left, 1 - left)


def _squareplus_curvature(x: Array, b: Array) -> Array:
    root = _root(x, b)
    return b / 2 / root / root / root


def _squareplus_mixed(x: Array, b: Array) -> Array:
    root = _root(x, b)
    return -(x / root) / root / root / 4


def _squareplus_b_slope(x: Array, b: Array) -> Array:
    return 1 / (4 * _root(x, b))


@activation(
    slope=differentiable(_squareplus_slope, _squareplus_curvature, _squareplus_mixed),
    parameter_slopes=(_squareplus_b_slope,),
    positive=("b",),
    kind="smooth",
    range=(0, INF),
    tails=(0, 1),
)
def squareplus(x: ArrayLike, b: ArrayLike = 4) -> Array:
    r"""Squareplus, an algebraic softplus.

    .. math:: \mathrm{squareplus}(x) = \frac{x + \sqrt{x^2 + b}}{2}

    Args:
      x: real array of any shape.
      b: width of the bend; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``b`` is a number that is not positive.

    References:
      Barron, Squareplus: a softplus-like algebraic rectifier, 2021, arXiv:2112.11687.
    """
    right = _root(x, b) / 2 + lax.abs(x) / 2
    return jnp.where(x < 0, b / 4 / right, right)


def _bent_identity_slope(x: Array) -> Array:
    x = num.clip(x, -(2.0**100), 2.0**100)  # so that infinities need no care
    return 1 + x / _root(x, 1) / 2


def _bent_identity_curvature(x: Array) -> Array:
    root = _root(x, 1)
    return 1 / (2 * root) / root / root


@activation(
    slope=differentiable(_bent_identity_slope, _bent_identity_curvature),
    kind="smooth",
    range=(-INF, INF),
    tails=(0.5, 1.5),
)
def bent_identity(x: ArrayLike) -> Array:
    r"""Bent identity, whose slope goes from 1/2 to 3/2.

    .. math:: \mathrm{bent\_identity}(x) = \frac{\sqrt{x^2 + 1} - 1}{2} + x

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Wikipedia, Activation function, table of 12 February 2018.
    """
    bend = num.clip(x, -(2.0**100), 2.0**100)
    return jnp.asarray(x * (1 + bend / (1 + _root(bend, 1)) / 2))


def _sparse_plus_slope(x: Array) -> Array:
    return num.clip((x + 1) / 2, 0, 1)


def _sparse_plus_curvature(x: Array) -> Array:
    return jnp.where((x > -1) & (x < 1), jnp.full_like(x, 0.5), 0)


@activation(
    slope=differentiable(_sparse_plus_slope, _sparse_plus_curvature), kind="smooth", range=(0, INF), tails=(0, 1)
)
def sparse_plus(x: ArrayLike) -> Array:
    r"""Sparse plus, a softplus that reaches 0 and ``x``.

    .. math::
        \mathrm{sparse\_plus}(x) = \begin{cases}
        0 & x \le -1 \\ (x + 1)^2 / 4 & -1 < x < 1 \\ x & x \ge 1
        \end{cases}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Blondel, Martins and Niculae, Learning classifiers with Fenchel-Young losses, 2019, arXiv:1901.02324.
    """
    middle = (num.clip(x, -1, 1) + 1) / 2
    return jnp.where(x >= 1, x, middle * middle)


def _hard_silu_slope(x: Array) -> Array:
    return jnp.where(x >= 3, 1, jnp.where(x <= -3, 0, (2 * x + 3) / 6))


@activation(
    slope=_hard_silu_slope,
    kind="rectified",
    range=(-0.375, INF),
    tails=(0, 1),
    kinks=(-3.0, 3.0),
    minimum=-1.5,
)
def hard_silu(x: ArrayLike) -> Array:
    r"""Piecewise quadratic SiLU, also called hard Swish.

    .. math:: \mathrm{hard\_silu}(x) = x \, \mathrm{relu6}(x + 3) / 6

    Its slope at -3 is 0 and at 3 it is 1.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Howard et al., Searching for MobileNetV3, 2019, arXiv:1905.02244.
    """
    return jnp.where(x <= -3, -0.0, x * (num.clip(x + 3, 0, 6) / 6))


@activation(
    two_part=True,
    kind="smooth",
    range=(-0.34843745875960642, INF),
    tails=(0, 1),
    minimum=-1.193059968928188,
)
def serf(x: ArrayLike) -> Array:
    r"""Serf, a smooth rectifier like :func:`mish` with the error function in place of tanh.

    .. math:: \mathrm{serf}(x) = x \, \mathrm{erf}(\log(1 + e^x))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Nag, Bhattacharyya, Mukherjee and Kundu, SERF: towards better training of deep neural networks using log-softplus
      error activation function, 2021, arXiv:2108.09598.
    """
    return two.with_tails(
        x,
        lambda x: x * two.erf(two.softplus(x)),
        left=(-40, lambda x: two.TWO_OVER_ROOT_PI * x * two.exp_up(x)),
        right=(1, lambda x: -x * two.erfc_up(two.softplus(x))),
        line=(0, x),
    )


def _rectified(x: Array, gate: Callable[[Array], Array], scale: ArrayLike = 1) -> Array:
    """``scale x gate(x)``, of two-part numbers, for a gate like ``e^x + O(e^2x)`` and ``1 - e^-x + O(e^-2x)``."""
    return two.with_tails(
        x,
        lambda x: scale * x * gate(x),
        left=(-40, lambda x: scale * x * two.exp_up(x)),
        right=(40, lambda x: -scale * x * two.exp_up(-x)),
        line=(0, scale * x),
    )


def _exponential(x: Array) -> Array:
    up = num.exp_up(-num.magnitude(num.clamped(x)))
    return jnp.where(x < 0, up * num.DOWN, num.UP / up)


_exponential_slope = differentiable(_exponential, lambda x: _exponential_slope(x))


@activation(slope=_exponential_slope, kind="smooth", range=(0, INF), tails=(0, INF))
def exponential(x: ArrayLike) -> Array:
    r"""Exponential function.

    .. math:: \mathrm{exponential}(x) = e^x

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``; infinite where the result is no number of that dtype.

    References:
      Keras, layer activation functions, 2015; it serves as the link function of Poisson regression in McCullagh and
      Nelder, Generalized linear models, 1989.
    """
    return _exponential(x)


@activation(two_part=True, kind="smooth", range=(-0.6931471805599453, INF), tails=(0, 1))
def shifted_softplus(x: ArrayLike) -> Array:
    r"""Softplus shifted to pass through 0.

    .. math:: \mathrm{shifted\_softplus}(x) = \log\left(\tfrac{1}{2} e^x + \tfrac{1}{2}\right)

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Schütt et al., SchNet: a continuous-filter convolutional neural network for modeling quantum interactions, 2017,
      arXiv:1706.08566.
    """

    def near(x: Array) -> Array:  # x / 2 + log(cosh(x / 2))
        return x / 2 + two.log1p(two.square(two.expm1(x / 2)) / (2 * two.exp(x / 2)))

    far = two.with_tails(
        x,
        lambda x: two.softplus(x) - two.LN_2,
        left=(-40, two.exp_up),
        right=(40, lambda x: two.exp_up(-x)),
        line=(-two.LN_2, x - two.LN_2),
    )
    return two.where(two.magnitude(x) < 1, near(two.clip(x, -1, 1)), far)


@activation(two_part=True, kind="smooth", range=(0, INF), tails=(0, 0))
def sqrt_softplus(x: ArrayLike) -> Array:
    r"""Square root of the softplus, which language models use to score experts.

    .. math:: \mathrm{sqrt\_softplus}(x) = \sqrt{\log(1 + e^x)}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Hugging Face, Transformers, activation ``sqrtsoftplus``, 2026.
    """
    return two.where(x < -40, two.down(two.exp_up(x / 2)), two.sqrt(two.softplus(two.clip(x, -40, INF))))


@activation(two_part=True, kind="smooth", range=(0, INF), tails=(-1, 1), minimum=0.0)
def lisht(x: ArrayLike) -> Array:
    r"""Linearly scaled hyperbolic tangent.

    .. math:: \mathrm{lisht}(x) = x \tanh(x)

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Roy, Manna, Dubey and Chaudhuri, LiSHT: non-parametric linearly scaled hyperbolic tangent activation function for
      neural networks, 2019, arXiv:1901.05894.
    """
    return two.with_tails(
        x,
        lambda x: x * two.tanh(x),
        left=(-20, lambda x: 2 * x * two.exp_up(2 * x)),
        right=(20, lambda x: -2 * x * two.exp_up(-2 * x)),
        line=(-x, x),
    )


@activation(
    two_part=True,
    kind="smooth",
    range=(-0.35328577784821127, INF),
    tails=(0, 1),
    minimum=-1.0788600584646241,
)
def tanh_exp(x: ArrayLike) -> Array:
    r"""TanhExp, also published as TeLU, a hyperbolic tangent exponential linear unit.

    .. math:: \mathrm{tanh\_exp}(x) = x \tanh(e^x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Liu and Di, TanhExp: a smooth activation function with high convergence speed for lightweight neural networks,
      2020, arXiv:2003.09855; Fernandez and Mali, TeLU activation function for fast and stable deep learning, 2024,
      arXiv:2412.20269.
    """

    def rest(x: Array) -> Array:  # x (tanh(e^x) - 1)
        e = two.exp_up(-2 * two.exp(two.clip(x, 1, 7)))
        return -2 * x * e / (1 + two.down(e))

    return two.with_tails(
        x,
        lambda x: x * two.tanh(two.exp(x)),
        left=(-40, lambda x: x * two.exp_up(x)),
        right=(1, rest),
        line=(0, x),
    )


@activation(
    two_part=True,
    kind="smooth",
    range=(-0.25276881678944035, INF),
    tails=(0, 0.6931471805599453),
    minimum=-1.3724541370256921,
)
def logish(x: ArrayLike) -> Array:
    r"""Logish.

    .. math:: \mathrm{logish}(x) = x \log(1 + \sigma(x))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Zhu, Zeng, Lin and Zou, Logish: a new nonlinear nonmonotonic activation function for convolutional neural network,
      Neurocomputing 458, 2021.
    """
    return two.with_tails(
        x,
        lambda x: x * two.log1p(two.sigmoid(x)),
        left=(-40, lambda x: x * two.exp_up(x)),
        right=(40, lambda x: -x * two.exp_up(-x) / 2),
        line=(0, x * two.LN_2),
    )


@activation(two_part=True, kind="smooth", range=(-0.2499936636601295, INF), tails=(0, 0.6), minimum=-1.3945193019245041)
def smish(x: ArrayLike) -> Array:
    r"""Smish.

    .. math:: \mathrm{smish}(x) = x \tanh(\log(1 + \sigma(x)))

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Wang, Ren and Wang, Smish: a novel activation function for deep learning methods, Electronics 11, 2022.
    """

    def middle(x: Array) -> Array:  # tanh(log u) = (u^2 - 1) / (u^2 + 1)
        s = two.sigmoid(x)
        square = s * (2 + s)
        return x * (square / (2 + square))

    return two.with_tails(
        x,
        middle,
        left=(-40, lambda x: x * two.exp_up(x)),
        right=(40, lambda x: -x * two.exp_up(-x) * Fraction(8, 25)),
        line=(0, x * Fraction(3, 5)),
    )


@activation(two_part=True, kind="smooth", range=(0, INF), tails=(0, 1), minimum=0.0)
def phish(x: ArrayLike) -> Array:
    r"""Phish.

    .. math:: \mathrm{phish}(x) = x \tanh(\mathrm{gelu}(x)), \quad \mathrm{gelu}(x) = x \, \Phi(x)

    At -inf it is 0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Naveen, Phish: a novel hyper-optimizable activation function, TechRxiv, 2022.
    """

    def rest(x: Array) -> Array:  # x (tanh(gelu) - 1)
        e = two.exp_up(-2 * (x - x * two.down(two.normal_tail_up(x))))
        return -2 * x * e / (1 + two.down(e))

    return two.with_tails(
        x,
        lambda x: x * two.tanh(x * two.normal(x)),
        left=(-6, lambda x: two.square(x) * two.normal_tail_up(-x)),
        right=(6, rest),
        line=(0, x),
    )


@activation(
    two_part=True, kind="smooth", range=(-0.097260131227639405, INF), tails=(0, 1), minimum=-0.56714329040978387
)
def golu(x: ArrayLike) -> Array:
    r"""Gompertz linear unit.

    .. math:: \mathrm{golu}(x) = x \, e^{-e^{-x}}

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Das, Seng, Feurer, Lindauer and Hutter, Gompertz linear units: leveraging asymmetry for enhanced learning
      dynamics, 2025, arXiv:2502.03654.
    """
    return two.with_tails(
        x,
        lambda x: x * two.exp(-two.exp(-x)),
        left=(-1, lambda x: x * two.exp_up(-two.exp(two.clip(-x, 1, 7)))),
        right=(40, lambda x: -x * two.exp_up(-x)),
        line=(0, x),
    )


@activation(two_part=True, kind="smooth", range=(-0.37715856839612915, INF), tails=(0, 1), minimum=-0.72692498859604414)
def colu(x: ArrayLike) -> Array:
    r"""Collapsing linear unit.

    .. math:: \mathrm{colu}(x) = \frac{x}{1 - x \, e^{-(x + e^x)}}

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Vagerwal, Deeper learning with CoLU activation, 2021, arXiv:2112.12078.
    """

    def middle(x: Array) -> Array:
        e = two.exp(x)
        return x * e / (e - x * two.exp(-e))

    def rest(x: Array) -> Array:
        e = x * two.exp_up(-x - two.exp(two.clip(x, 0, 7)))
        return x * e / (1 - two.down(e))

    return two.with_tails(x, middle, left=(-40, lambda x: -two.exp_up(x)), right=(1, rest), line=(0, x))


@activation(
    two_part=True, kind="smooth", range=(-0.38288874629647647, INF), tails=(0, 1.375), minimum=-1.2784645427610737
)
def e_swish(x: ArrayLike, beta: ArrayLike = 1.375) -> Array:
    r"""E-swish, a scaled SiLU.

    .. math:: \mathrm{e\_swish}(x) = \beta x \, \sigma(x)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      beta: scale, from 1 to 2 in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Alcaide, E-swish: adjusting activations to different network depths, 2018, arXiv:1801.07145.
    """
    return _rectified(x, two.sigmoid, beta)


@activation(two_part=True, kind="smooth", range=(-0.1715728752538099, INF), tails=(0, 1), minimum=-0.88137358701954303)
def elish(x: ArrayLike) -> Array:
    r"""Exponential linear sigmoid squashing.

    .. math:: \mathrm{elish}(x) = \begin{cases} x \, \sigma(x) & x \ge 0 \\ (e^x - 1) \, \sigma(x) & x < 0 \end{cases}

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Basirat and Roth, The quest for the golden activation function, 2018, arXiv:1808.00783.
    """
    return two.with_tails(
        x,
        lambda x: two.where(x < 0, two.expm1(two.clip(x, -40, 0)), x) * two.sigmoid(x),
        left=(-40, lambda x: -two.exp_up(x)),
        right=(40, lambda x: -x * two.exp_up(-x)),
        line=(0, x),
    )


@activation(
    two_part=True,
    kind="smooth",
    range=(-0.099673151528742618, INF),
    tails=(0, 1),
    kinks=(-1.0, 1.0),
    minimum=-0.44285440100238858,
)
def hard_elish(x: ArrayLike) -> Array:
    r"""Hard exponential linear sigmoid squashing: :func:`elish` with a piecewise linear sigmoid.

    .. math::
        \mathrm{hard\_elish}(x) = \min(\max((x + 1) / 2, 0), 1) \begin{cases} x & x \ge 0 \\ e^x - 1 & x < 0 \end{cases}

    Its slope at -1 is 0 and at 1 it is 1.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Basirat and Roth, The quest for the golden activation function, 2018, arXiv:1808.00783.
    """
    inner = two.clip(x, -1, 1)
    middle = two.where(x < 0, two.expm1(two.clip(x, -1, 0)), inner) * ((inner + 1) / 2)
    return two.where(x <= -1, 0 * inner, two.where(x >= 1, x, middle))


@activation(two_part=True, kind="smooth", range=(-0.2, INF), tails=(0, 1), kinks=(0.0,))
def ftswish(x: ArrayLike, threshold: ArrayLike = -0.2) -> Array:
    r"""Flatten-T Swish, a SiLU that is constant on the negative side.

    .. math:: \mathrm{ftswish}(x) = T + \begin{cases} x \, \sigma(x) & x \ge 0 \\ 0 & x < 0 \end{cases}

    with :math:`T` the threshold. Its slope at 0 is 1/2.

    Args:
      x: real array of any shape.
      threshold: value on the negative side; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Chieng, Wahid, Ong and Perla, Flatten-T Swish: a thresholded ReLU-Swish-like activation function for deep
      learning, 2018, arXiv:1812.06247.
    """
    return threshold + two.where(x < 0, 0, _rectified(x, two.sigmoid))


@activation(two_part=True, kind="smooth", range=(-0.36787944117144233, INF), tails=(0, 1), minimum=-1.0)
def suish(x: ArrayLike) -> Array:
    r"""Suish.

    .. math:: \mathrm{suish}(x) = \max(x, x \, e^{-|x|})

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Kunc and Kléma, Three decades of activations: a comprehensive survey of 400 activation functions for neural
      networks, 2024, arXiv:2402.09092.
    """
    left = two.with_tails(x, lambda x: x * two.exp(x), left=(-40, lambda x: x * two.exp_up(x)), right=(0, lambda x: x))
    return two.where(x < 0, left, x)


@activation(
    two_part=True,
    kind="smooth",
    range=(-0.27815946089638691, INF),
    tails=(0, 0.6931471805599453),
    minimum=-1.282051049260126,
)
def gish(x: ArrayLike) -> Array:
    r"""Gish.

    .. math:: \mathrm{gish}(x) = x \log\left(2 - e^{-e^x}\right)

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Kaytan, Aydilek and Yeroğlu, Gish: a novel activation function for image classification, Neural Computing and
      Applications 35, 2023.
    """
    return two.with_tails(
        x,
        lambda x: x * two.log1p(-two.expm1(-two.exp(x))),
        left=(-40, lambda x: x * two.exp_up(x)),
        right=(3.7, lambda x: -x * two.exp_up(-two.exp(two.clip(x, 3, 7))) / 2),
        line=(0, x * two.LN_2),
    )


@activation(two_part=True, positive=("alpha",), kind="smooth", range=(-1, INF), tails=(0, 1))
def isrlu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Inverse square root linear unit.

    .. math:: \mathrm{isrlu}(x) = \begin{cases} x & x \ge 0 \\ x / \sqrt{1 + \alpha x^2} & x < 0 \end{cases}

    Args:
      x: real array of any shape.
      alpha: the limit at -inf is :math:`-1 / \sqrt\alpha`; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` is a number that is not positive.

    References:
      Carlile, Delamarter, Kinney, Marti and Whitney, Improving deep learning by inverse square root linear units, 2017,
      arXiv:1710.09967.
    """
    return two.where(x < 0, two.inverse_root(x, alpha), x)
