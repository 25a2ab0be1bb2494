"""Saturating activations: bounded on both sides, slope 0 in both limits."""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import math
from fractions import Fraction

from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import activation
from jaxact._derivative import Formula
from jaxact._math import UNSCALE, Arithmetic, coefficients, elementary, logistic, normal
from jaxact._math.arithmetic import Pair
from jaxact._math.error_free import split, split_constant, two_sum


@activation(Formula(logistic.sigmoid, logistic.sigmoid_slope), kind="saturating", range=(0, 1), tails=(0, 0))
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
    ...


@activation(Formula(elementary.tanh, elementary.tanh_slope), kind="saturating", range=(-1, 1), tails=(0, 0))
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
    ...


def _soft_sign_slope(m: Arithmetic, x: Array) -> Array:
    q = 1 / (1 + m.magnitude(x))
    return q * q


def _soft_sign_curvature(m: Arithmetic, x: Array) -> Array:
    q = 1 / (1 + m.magnitude(x))
    return m.where(x < 0, 2.0, -2.0) * q * (q * q)


def _soft_sign(m: Arithmetic, x: Array) -> Array:
    x = m.clip(x, -(2.0**100), 2.0**100)  # the value is 1 there already, and inf / inf would be NaN
    return x / (1 + lax.abs(x))


@activation(
    Formula(_soft_sign, Formula(_soft_sign_slope, _soft_sign_curvature)),
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
    ...


@activation(Formula(normal.erf, normal.erf_slope), kind="saturating", range=(-1, 1), tails=(0, 0))
def erf(x: ArrayLike) -> Array:
    r"""Error function.

    .. math:: \mathrm{erf}(x) = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2} \, dt

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Williams, Computing with infinite networks, NIPS 1996, which gives the kernel of a wide network in closed form.
    """
    ...


def _atan_slope(m: Arithmetic, x: Array) -> Array:
    return 1 / (1 + x * x)


def _atan_curvature(m: Arithmetic, x: Array) -> Array:
    x = m.squarable(x)
    q = 1 / (1 + x * x)
    return -2 * (x * q) * q


@activation(
    Formula(elementary.arctan, Formula(_atan_slope, _atan_curvature)),
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
    ...


@activation(
    Formula(
        elementary.inverse_root,
        Formula(elementary.inverse_root_slope, elementary.inverse_root_curvature, elementary.inverse_root_mixed),
        elementary.inverse_root_parameter_slope,
    ),
    domain={"alpha": "> 0"},
    kind="saturating",
    range=(-1, 1),
    tails=(0, 0),
)
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
    ...


def _sqnl(m: Arithmetic, x: Array) -> Array:
    x = m.clip(x, -2, 2)
    return x * (1 - lax.abs(x) / 4)


@activation(
    Formula(_sqnl, lambda m, x: 1 - m.magnitude(m.clip(x, -2, 2)) / 2, flat=True),
    kind="saturating",
    range=(-1, 1),
    tails=(0, 0),
)
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
    ...


def _penalized_tanh(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return m.where(x >= 0, 1, alpha) * elementary.tanh(m, x)


@activation(
    Formula(
        _penalized_tanh,
        lambda m, x, alpha: m.where(x >= 0, 1, alpha) * elementary.tanh_slope(m, x),
        lambda m, x, alpha: m.where(x >= 0, 0, elementary.tanh(m, x)),
    ),
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
    ...


class _SoftClipping:
    """Terms of soft clipping at ``t = min(x, 1 - x)``, with ``e = exp(-|alpha t|)``.

    Attributes:
      right: whether ``t`` is ``1 - x``; the value is then 1 minus that at ``t``.
      inside: whether ``t > 0``.
      n, down: 1 and 1 inside; elsewhere ``2^64 e`` and ``2^-64``.
      q, r: ``e^-alpha`` and ``1 - e^-alpha``.
      below: ``e (1 + q e^(alpha t))`` inside, ``1 + q e^(alpha t)`` elsewhere.
    """

    def __init__(self, m: Arithmetic, x: Array, alpha: Array):
        if isinstance(alpha, Array):
            self.q = elementary.rounded_exp(m, m.maximum(-alpha, -m.limits.exp))
            self.r = -elementary.expm1(m, -alpha)
        else:
            self.q, self.r = m.number(math.exp(-alpha)), m.number(-math.expm1(-alpha))
        self.right = x > 0.5
        self.t = m.where(self.right, 1 - x, x)
        z, low = m.product(self.t, alpha)
        if m.compensated:  # includes the rounding error of 1 - x
            low = m.sum_of(alpha * m.where(self.right & (x < m.max), 1 - (self.t + x), 0), low)
        z = m.clip(z, -m.limits.vanish, 0.9 * m.limits.exp)
        self.inside = z > 0
        up = elementary.scaled_exp(
            m, m.where(self.inside, -z, z), None if low is None else m.where(self.inside, -low, low)
        )
        self.e = up * UNSCALE
        self.n, self.down = m.where(self.inside, 1, up), m.where(self.inside, 1, UNSCALE)
        self.below = m.where(self.inside, self.q + self.e, 1 + self.q * self.e)

    def logarithm(self, m: Arithmetic, alpha: Array) -> tuple[Array, Array]:
        """Two terms of the value at ``t``; the first has still to be multiplied by ``down``."""
        # For a large alpha, log(1 + e^(alpha t)) = alpha t + log(1 + e), so that log1p has an argument of at most 1.
        far = self.inside & (alpha > 1.386)
        w = m.where(far, (self.e * self.e - self.q) / alpha, self.r / alpha * self.n) / self.below
        return w * elementary.log1p_over(m, alpha * w * self.down), m.where(far, self.t, 0)

    def slope(self, m: Arithmetic) -> Array:
        """The slope at ``t``, still to be multiplied by ``down``."""
        return self.r * m.where(self.inside, self.e, self.n) / ((1 + self.e) * self.below)


def _soft_clipping_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    s = _SoftClipping(m, x, alpha)
    return s.slope(m) * s.down


def _soft_clipping_curvature(m: Arithmetic, x: Array, alpha: Array) -> Array:
    # alpha times slope times (1 - E F) / ((1 + E) (1 + F)) with E = e^(alpha t) and F = e^(alpha (t - 1)), and minus
    # that on the right.
    s = _SoftClipping(m, x, alpha)
    ratio = m.where(s.inside, s.e * s.e, 1) / ((1 + s.e) * s.below)
    change = alpha * s.slope(m) * s.down * (ratio * -elementary.expm1(m, -alpha * (1 - 2 * s.t)))
    return m.where(s.right, -change, change)


def _soft_clipping_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    # alpha^2 times this is H(alpha (1 - t)) - H(alpha t) with the entropy H(z) = log(1 + e^z) - z sigma(z), an even
    # function; near 0 it is log(2) minus a small term.
    s = _SoftClipping(m, x, alpha)
    bound = m.limits.vanish
    a, b = m.clip(alpha * s.t, -bound, bound), m.minimum(alpha * (1 - s.t), bound)

    def entropy(n: Array, e: Array, size: Array) -> Array:
        return n * (elementary.log1p_over(m, e) + size / (1 + e))

    def lost(z: Array) -> Array:
        square = m.minimum(z * z, 4)
        return square * m.polynomial(square, m.table(coefficients.ENTROPY))

    e = s.q * m.where(s.inside, 1 / s.e, s.e)
    far = entropy(m.where(s.inside, e, s.q * s.n), e, b) - entropy(m.where(s.inside, s.e, s.n), s.e, m.magnitude(a))
    change = m.where(b < 2, lost(a) - lost(b), far * s.down) / alpha / alpha
    return m.where(s.right, -change, change)


def _soft_clipping(m: Arithmetic, x: Array, alpha: Array) -> Array:
    s = _SoftClipping(m, x, alpha)
    first, rest = s.logarithm(m, alpha)
    y = first * s.down + rest
    return m.where(s.right, 1 - y, y)


@activation(
    Formula(_soft_clipping, Formula(_soft_clipping_slope, _soft_clipping_curvature), _soft_clipping_alpha_slope),
    domain={"alpha": "> 0"},
    kind="saturating",
    range=(0, 1),
    tails=(0, 0),
)
def soft_clipping(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Soft clipping to the interval from 0 to 1.

    .. math:: \mathrm{soft\_clipping}(x) = \frac{1}{\alpha} \log\frac{1 + e^{\alpha x}}{1 + e^{\alpha (x - 1)}}

    Args:
      x: real array of any shape.
      alpha: sharpness; infinity would clip; positive; broadcasts against ``x``. The paper gives no default.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` is a number that is not positive.

    References:
      Klimek and Perelstein, Neural network-based approach to phase space integration, 2018, arXiv:1810.11509.
    """
    ...


def _softcap(m: Arithmetic, x: Array, cap: Array) -> Array:
    # As x tanh(z) / z, which stays accurate where z is subnormal.
    if m.native:
        return cap * elementary.tanh(m, x / cap)
    x = m.clip(x, -m.limits.tanh * cap, m.limits.tanh * cap)
    z = x * (1 / cap)
    return x * elementary.tanh_over(m, z * z)


def _softcap_slope(m: Arithmetic, x: Array, cap: Array) -> Array:
    if isinstance(cap, Array) or not m.compensated:
        return elementary.tanh_slope(m, *m.quotient(x, cap))
    bound = min(m.limits.vanish * float(cap), m.max)
    high, low = split(m.clip(x, -bound, bound))
    exact = 1 / Fraction(float(cap))
    scale, rest = split_constant(float(exact), float(exact - Fraction(float(exact))), m.dtype)
    return elementary.tanh_slope(m, high * scale, low * scale + (high + low) * rest)


def _softcap_curvature(m: Arithmetic, x: Array, cap: Array) -> Array:
    z, low = m.quotient(x, cap)
    return -2 / cap * elementary.tanh(m, z) * elementary.tanh_slope(m, z, low)


def _softcap_cap_slope(m: Arithmetic, x: Array, cap: Array) -> Array:
    # tanh(u) - u (1 - tanh(u)^2) = u tanh(u)^2 - (u - tanh(u)), of which the first form is exact for a large u
    u, low = m.quotient(x, cap)
    t = elementary.tanh(m, u)
    far = t - m.clamped(u) * elementary.tanh_slope(m, u, low)
    near = m.clip(u, -1, 1)
    rest = elementary.tanh_rest(m, near)
    return m.where(lax.abs(u) < 1, near * ((near - rest) * (near - rest)) - rest, far)


@activation(
    Formula(_softcap, Formula(_softcap_slope, _softcap_curvature), _softcap_cap_slope),
    domain={"cap": "> 0"},
    kind="saturating",
    range=(-30, 30),
    tails=(0, 0),
)
def softcap(x: ArrayLike, cap: ArrayLike = 30.0) -> Array:
    r"""Soft cap, which bounds scores and logits smoothly.

    .. math:: \mathrm{softcap}(x) = c \tanh(x / c)

    with :math:`c` the cap.

    Args:
      x: real array of any shape.
      cap: bound of the absolute value; positive; broadcasts against ``x``. Gemma 2 has 30 for logits, 50 in attention.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``cap`` is a number that is not positive.

    References:
      Gemma Team, Gemma 2: improving open language models at a practical size, 2024, arXiv:2408.00118.
    """
    ...


def _standardized(m: Arithmetic, x: Array, mu: Array, sigma: Array) -> Pair:
    """``(x - mu) / sigma``, clamped to where the density is not 0, as a sum of two numbers."""
    bound = m.limits.normal
    if not m.compensated:
        return m.clip((x - mu) / sigma, -bound, bound), None
    difference, lost = two_sum(x, -mu)
    z, low = m.quotient(difference, sigma)
    return m.clip(z, -bound, bound), m.where(lax.abs(z) < bound, m.sum_of(lost * (1 / sigma), low), 0)


def _laplace_slope(m: Arithmetic, x: Array, mu: Array, sigma: Array) -> Array:
    return normal.scaled_density(m, *_standardized(m, x, mu, sigma)) / sigma * UNSCALE


def _laplace_curvature(m: Arithmetic, x: Array, mu: Array, sigma: Array) -> Array:
    z, low = _standardized(m, x, mu, sigma)
    return -z * normal.scaled_density(m, z, low) / sigma / sigma * UNSCALE


def _laplace_mu_slope(m: Arithmetic, x: Array, mu: Array, sigma: Array) -> Array:
    return -_laplace_slope(m, x, mu, sigma)


def _laplace_sigma_slope(m: Arithmetic, x: Array, mu: Array, sigma: Array) -> Array:
    z, low = _standardized(m, x, mu, sigma)
    return -z * normal.scaled_density(m, z, low) / sigma * UNSCALE


def _laplace(m: Arithmetic, x: Array, mu: Array, sigma: Array) -> Array:
    return normal.distribution(m, *_standardized(m, x, mu, sigma))


@activation(
    Formula(_laplace, Formula(_laplace_slope, _laplace_curvature), _laplace_mu_slope, _laplace_sigma_slope),
    domain={"sigma": "> 0"},
    kind="saturating",
    range=(0, 1),
    tails=(0, 0),
)
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
    ...


def _gaussian(m: Arithmetic, x: Array) -> Array:
    bound = m.limits.vanish**0.5
    return elementary.scaled_exp(m, *m.square(m.clip(x, -bound, bound), -1.0)) * UNSCALE


def _gaussian_slope(m: Arithmetic, x: Array) -> Array:
    bound = m.limits.vanish**0.5
    t = m.clip(x, -bound, bound)
    return -2 * t * elementary.scaled_exp(m, *m.square(t, -1.0)) * UNSCALE


@activation(Formula(_gaussian, _gaussian_slope), kind="saturating", range=(0, 1), tails=(0, 0))
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
    ...
