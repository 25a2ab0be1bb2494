"""Saturating activations: bounded on both sides, slope 0 in both limits."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

from fractions import Fraction

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _coefficients as coefficients
from jaxact import _numerics as num
from jaxact import _two as two
from jaxact._activation import activation
from jaxact._derivative import differentiable


@activation(slope=num.sigmoid_slope, kind="saturating", range=(0, 1), tails=(0, 0))
def sigmoid(x: ArrayLike) -> Array:
    r"""Logistic sigmoid.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Verhulst, Recherches mathématiques sur la loi d'accroissement de la population, 1845.
    """
    return num.sigmoid(x)


def _tanh_slope(x: Array) -> Array:
    e4 = num.rounded_exp(num.at_least(-2 * lax.abs(x), -num.exp_limit(x) - 1.38), power=2)  # 4 e^(-2 |x|)
    return e4 / (1 + e4 * (0.5 + e4 / 16))


def _tanh_curvature(x: Array) -> Array:
    z = num.clamped(-2 * num.magnitude(x))
    up = num.exp_up(z)
    q = num.shared(1 / (1 + up * num.DOWN))
    return jnp.where(x < 0, -8.0, 8.0) * num.expm1(z) * q * (up * q * q) * num.DOWN


def _tanh(x: Array) -> Array:
    # An error of r = 2 tanh(x / 2) is one of tanh(x) = r / (1 + r^2 / 4) for a small x, where r is x less a correction,
    # and counts for less and less further out. The quotient is taken from r for the same reason.
    far = _FROM_WHERE_TANH_IS_1[x.dtype.name]
    z = num.clip(x, -far, far)
    square = z * z
    above, below = (num.polynomial(square, p) for p in num.minimax(x, coefficients.TANH))
    r = z - z * (square * above / below)
    p = r * r
    return num.where(x == 0, x, r - r * (p / (4 + p)))  # -0 is -0


_FROM_WHERE_TANH_IS_1 = {"float32": 9.02, "float64": 19.07}


_tanh_slope_of = differentiable(_tanh_slope, _tanh_curvature)
_tanh_of = differentiable(_tanh, _tanh_slope_of)


@activation(slope=_tanh_slope_of, kind="saturating", range=(-1, 1), tails=(0, 0))
def tanh(x: ArrayLike) -> Array:
    r"""Hyperbolic tangent.

    .. math:: \tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998.
    """
    return _tanh(x)


def _soft_sign_slope(x: Array) -> Array:
    q = 1 / (1 + num.magnitude(x))
    return q * q


def _soft_sign_curvature(x: Array) -> Array:
    q = 1 / (1 + num.magnitude(x))
    return jnp.where(x < 0, 2.0, -2.0) * q * (q * q)


@activation(
    slope=differentiable(_soft_sign_slope, _soft_sign_curvature),
    kind="saturating",
    range=(-1, 1),
    tails=(0, 0),
)
def soft_sign(x: ArrayLike) -> Array:
    r"""Soft sign.

    .. math:: \mathrm{soft\_sign}(x) = \frac{x}{1 + |x|}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Bergstra, Desjardins, Lamblin and Bengio, Quadratic polynomials learn better image features, 2009.
    """
    x = num.clip(x, -(2.0**100), 2.0**100)  # the value is 1 there already, and inf / inf would be NaN
    return x / (1 + lax.abs(x))


def _erf_slope(x: Array) -> Array:
    t = _erf_clamped(x)
    return num.whole(*num.exp_up_parts(*num.minus_square(t)), _2_OVER_ROOT_PI) * num.DOWN


def _erf_curvature(x: Array) -> Array:
    t = _erf_clamped(x)
    return num.exp_up(*num.minus_square(t)) * (-2 * _2_OVER_ROOT_PI * t) * num.DOWN


def _erf_clamped(x: Array) -> Array:
    bound = num.limit(x) ** 0.5
    return num.clip(x, -bound, bound)


_2_OVER_ROOT_PI = 1.1283791670955126
_erf_slope_of = differentiable(_erf_slope, _erf_curvature)


@activation(slope=_erf_slope_of, kind="saturating", range=(-1, 1), tails=(0, 0))
def erf(x: ArrayLike) -> Array:
    r"""Error function.

    .. math:: \mathrm{erf}(x) = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2} \, dt

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Williams, Computing with infinite networks, NIPS 1996, where it makes the kernel of a wide network known.
    """
    return num.erf(x)


def _atan_slope(x: Array) -> Array:
    return 1 / (1 + x * x)


def _atan_curvature(x: Array) -> Array:
    q = 1 / (1 + x * x)
    largest = float(jnp.finfo(x.dtype).max)  # inf * 0 would be NaN
    return -2 * (num.clip(x, -largest, largest) * q) * q


@activation(
    slope=differentiable(_atan_slope, _atan_curvature),
    kind="saturating",
    range=(-1.5707963267948966, 1.5707963267948966),
    tails=(0, 0),
)
def atan(x: ArrayLike) -> Array:
    r"""Arctangent.

    .. math:: \mathrm{atan}(x) = \arctan(x)

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Kunc and Kléma, Three decades of activations: a comprehensive survey of 400 activation functions for neural
      networks, 2024, arXiv:2402.09092.
    """
    return num.arctan(x)


@activation(two_part=True, positive=("alpha",), kind="saturating", range=(-1, 1), tails=(0, 0))
def isru(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Inverse square root unit.

    .. math:: \mathrm{isru}(x) = \frac{x}{\sqrt{1 + \alpha x^2}}

    Args:
      x: real array of any shape.
      alpha: the limits are :math:`\pm 1 / \sqrt\alpha`; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` is a number that is not positive.

    References:
      Carlile, Delamarter, Kinney, Marti and Whitney, Improving deep learning by inverse square root linear units, 2017,
      arXiv:1710.09967.
    """
    return two.inverse_root(x, alpha)


@activation(slope=lambda x: 1 - num.magnitude(num.clip(x, -2, 2)) / 2, kind="saturating", range=(-1, 1), tails=(0, 0))
def sqnl(x: ArrayLike) -> Array:
    r"""Square nonlinearity.

    .. math::
        \mathrm{sqnl}(x) = \begin{cases} x - x |x| / 4 & |x| \le 2 \\ \mathrm{sign}(x) & |x| > 2 \end{cases}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Wuraola and Patel, SQNL: a new computationally efficient activation function, IJCNN 2018.
    """
    x = num.clip(x, -2, 2)
    return x * (1 - lax.abs(x) / 4)


@activation(
    slope=lambda x, alpha: jnp.where(x >= 0, 1, alpha) * _tanh_slope_of(x),
    parameter_slopes=(lambda x, alpha: jnp.where(x >= 0, 0, _tanh_of(x)),),
    kind="saturating",
    range=(-0.25, 1),
    tails=(0, 0),
    kinks=(0.0,),
)
def penalized_tanh(x: ArrayLike, alpha: ArrayLike = 0.25) -> Array:
    r"""Penalized tanh, a leaky hyperbolic tangent.

    .. math:: \mathrm{penalized\_tanh}(x) = \begin{cases} \tanh(x) & x \ge 0 \\ \alpha \tanh(x) & x < 0 \end{cases}

    Its slope at 0 is 1.

    Args:
      x: real array of any shape.
      alpha: factor of the negative side; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Xu, Huang and Li, Revise saturated activation functions, 2016, arXiv:1602.05980.
    """
    return jnp.where(x >= 0, 1, alpha) * _tanh(x)


@activation(two_part=True, positive=("alpha",), kind="saturating", range=(0, 1), tails=(0, 0))
def soft_clipping(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Soft clipping to the interval from 0 to 1.

    .. math:: \mathrm{soft\_clipping}(x) = \frac{1}{\alpha} \log\frac{1 + e^{\alpha x}}{1 + e^{\alpha (x - 1)}}

    Args:
      x: real array of any shape.
      alpha: sharpness; the limit to infinity clips; positive; broadcasts against ``x``. The paper leaves it open.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` is a number that is not positive.

    References:
      Klimek and Perelstein, Neural network-based approach to phase space integration, 2018, arXiv:1810.11509.
    """
    z = two.clip(alpha * x, -1e4, 1e4)
    rest = -two.expm1(-two.clip(alpha, 0, 80))  # 1 - e^-alpha

    def tail(z: Array) -> Array:  # the logarithm for z < -1
        e = two.exp(two.clip(z, -40, -1))
        near = two.log1p(e * rest / (1 + e * (1 - rest)))
        return two.where(z < -40, two.down(two.exp_up(z) * (rest / alpha)), near / alpha)

    mirrored = alpha - z
    middle = two.clip(z, -2, 100)
    return two.where(
        z < -1,
        tail(z),
        two.where(mirrored < -1, 1 - tail(mirrored), (two.softplus(middle) - two.softplus(middle - alpha)) / alpha),
    )


@activation(two_part=True, positive=("cap",), kind="saturating", range=(-30, 30), tails=(0, 0))
def softcap(x: ArrayLike, cap: ArrayLike = 30.0) -> Array:
    r"""Soft cap, which bounds scores and logits smoothly.

    .. math:: \mathrm{softcap}(x) = c \tanh(x / c)

    with :math:`c` the cap.

    Args:
      x: real array of any shape.
      cap: bound of the size; positive; broadcasts against ``x``. Gemma 2 has 30 for logits, 50 in attention.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``cap`` is a number that is not positive.

    References:
      Gemma Team, Gemma 2: improving open language models at a practical size, 2024, arXiv:2408.00118.
    """
    z = x / cap
    square = two.square(two.clip(z, -0.25, 0.25))
    near = x + x * (square * two.tanh_rest(square))  # the slope in the cap is that of what is added to x
    far = two.with_tails(
        z,
        lambda z: cap * two.tanh(z),
        left=(-20, lambda z: 2 * cap * two.exp_up(2 * z)),
        right=(20, lambda z: -2 * cap * two.exp_up(-2 * z)),
        line=(-cap, cap),
    )
    return two.where(two.magnitude(z) < 0.25, near, far)


@activation(two_part=True, positive=("sigma",), kind="saturating", range=(0, 1), tails=(0, 0))
def laplace(x: ArrayLike, mu: ArrayLike = 0.707107, sigma: ArrayLike = 0.282095) -> Array:
    r"""Laplace attention function, a normal distribution function that is close to the squared ReLU near 0.

    .. math:: \mathrm{laplace}(x) = \frac{1}{2} \left(1 + \mathrm{erf}\frac{x - \mu}{\sigma \sqrt 2}\right)

    Args:
      x: real array of any shape.
      mu: where the value is 1/2; broadcasts against ``x``.
      sigma: width; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``sigma`` is a number that is not positive.

    References:
      Ma et al., Mega: moving average equipped gated attention, 2022, arXiv:2209.10655.
    """
    half = Fraction(1, 2)
    return two.with_tails(
        (x - mu) / (sigma * two.ROOT_2),
        lambda u: half * (1 + two.erf(u)),
        left=(-1, lambda u: half * two.erfc_up(-u)),
        right=(1, lambda u: -half * two.erfc_up(u)),
        line=(0, 1),
    )


@activation(two_part=True, kind="saturating", range=(0, 1), tails=(0, 0))
def gaussian(x: ArrayLike) -> Array:
    r"""Gaussian bump.

    .. math:: \mathrm{gaussian}(x) = e^{-x^2}

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Broomhead and Lowe, Multivariable functional interpolation and adaptive networks, Complex Systems 2, 1988.
    """
    return two.down(two.exp_up(-two.square(two.clip(x, -39, 39))))
