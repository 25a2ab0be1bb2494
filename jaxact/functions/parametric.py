"""Parametric activations: a known shape with something to learn in it."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact import _numerics as num
from jaxact import _two as two
from jaxact._activation import INF, _equal_rank, activation
from jaxact._derivative import differentiable_map
from jaxact._polynomial import HERMITE, combination, quotient
from jaxact._rational import FITS
from jaxact.functions.smooth import silu


def _swish_slope(x: Array, beta: Array) -> Array:
    return num.silu_slope(*num.two_product(x, beta))


def _swish_beta_slope(x: Array, beta: Array) -> Array:
    z, low = num.two_product(x, beta)
    up = num.exp_up(-num.magnitude(num.clamped(z)), num.mirrored(low, z))
    e = up * num.DOWN
    x = jnp.where(lax.abs(z) < num.limit(z), x, 0)
    return x * (up * 2.0**-32) / (1 + e * (2 + e)) * (x * 2.0**-32)


@activation(
    slope=_swish_slope,
    parameter_slopes=(_swish_beta_slope,),
    at_defaults=silu,
    kind="parametric",
    range=(-0.2784645427610738, INF),
    tails=(0, 1),
    minimum=-1.2784645427610737,
)
def swish(x: ArrayLike, beta: ArrayLike = 1.0) -> Array:
    r"""Swish, a SiLU whose sharpness is learned.

    .. math:: \mathrm{swish}(x) = x \, \sigma(\beta x)

    Args:
      x: real array of any shape.
      beta: sharpness; 0 gives ``x / 2``, and the limit to infinity :func:`relu`; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Ramachandran, Zoph and Le, Searching for activation functions, 2017, arXiv:1710.05941.
    """
    z, low = num.two_product(x, beta)
    x = jnp.where(z <= -num.limit(z), jnp.clip(x, -1, 1), x)  # there the result is 0, whatever x
    return num.times_sigmoid(x, z, low)


def _expanded(
    x: Any,
    alpha: Any,
    gate: Callable[[Any], Any],
    left: tuple[float, Callable[[Any], Any]],
    right: tuple[float, Callable[[Any], Any]],
) -> Any:
    """``x (g(x) (1 + 2 alpha) - alpha)``; ``left`` and ``right`` give ``2^64 g(x)`` and ``2^64 (1 - g(x))``."""
    width = 1 + 2 * alpha
    return two.with_tails(
        x,
        lambda x: x * (gate(x) * width - alpha),
        left=(left[0], lambda x: x * left[1](x) * width),
        right=(right[0], lambda x: -(x * right[1](x) * width)),
        line=(-(x * alpha), x * (1 + alpha)),
    )


@activation(two_part=True, kind="parametric", range=(-0.3183098861837907, INF), tails=(0, 1))
def xatlu(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Expanded arctan linear unit, whose gate learns to go beyond 0 and 1.

    .. math:: \mathrm{xatlu}(x) = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \frac{\arctan(x) + \pi / 2}{\pi}

    Args:
      x: real array of any shape.
      alpha: how far the gate goes below 0 and above 1; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """
    # x g(x) = x / 2 + x arctan(x) / pi, and far out x arctan(x) = pi |x| / 2 - arctan(1 / |x|) |x|.
    width = (1 + 2 * alpha) * two.ONE_OVER_PI
    near = two.clip(x, -8, 8)
    inverse = 2**32 / two.clip(two.magnitude(x), 8, INF)
    square_up = two.square(inverse)
    line = two.where(x < 0, -(x * alpha), x * (1 + alpha))
    far = line - width * (1 - two.down(square_up * two.arctan_rest(two.down(square_up), 1 / 64)))
    far = two.where(two.magnitude(line) >= 2.0**100, line, far)
    return two.where(two.magnitude(x) < 8, near / 2 + width * (near * two.arctan(near)), far)


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.16997120747990366, INF),
    tails=(0, 1),
    minimum=-0.7517915246935645,
)
def xgelu(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Expanded GELU, whose gate learns to go beyond 0 and 1.

    .. math:: \mathrm{xgelu}(x) = x \, (\Phi(x) (1 + 2 \alpha) - \alpha)

    with the distribution function :math:`\Phi` of the normal distribution.

    Args:
      x: real array of any shape.
      alpha: how far the gate goes below 0 and above 1; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """
    return _expanded(x, alpha, two.normal, (-10, lambda x: two.normal_tail_up(-x)), (1, two.normal_tail_up))


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.2784645427610738, INF),
    tails=(0, 1),
    minimum=-1.2784645427610737,
)
def xsilu(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Expanded SiLU, whose gate learns to go beyond 0 and 1.

    .. math:: \mathrm{xsilu}(x) = x \, (\sigma(x) (1 + 2 \alpha) - \alpha)

    Args:
      x: real array of any shape.
      alpha: how far the gate goes below 0 and above 1; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """

    def gate(x: Any) -> Any:  # from its middle, where the slope in alpha has a zero
        return Fraction(1, 2) + two.tanh(x / 2) / 2

    def rest(x: Any) -> Any:
        e = two.exp_up(-x)
        return e / (1 + two.down(e))

    return _expanded(x, alpha, gate, (-1, lambda x: rest(-x)), (1, rest))


def _between(x: Any, left: Any, right: Any, u: Any) -> Any:
    """``x (left + (right - left) sigma(u))``, with the digits of its difference from the two lines far out."""
    t = two.magnitude(u)
    near = x * (left + (right - left) * two.sigmoid(two.clip(u, -40, 40)))
    line = x * two.where(u < 0, left, right)
    rest = two.down(two.vanishing(x, u) * (right - left) * two.exp_up(-t))
    far = two.where(t > two.reach(u), line, line + two.where(u < 0, rest, -rest))
    return two.where(t < 40, near, far)


def _times_tanh(a: Any, v: Any) -> Any:
    """``a tanh(v)``, with the digits of its difference from ``-a`` and ``a`` far out."""
    t = -2 * two.magnitude(v)
    e, up = two.exp(two.clip(t, -40, 0)), two.exp_up(t)
    rest = two.where(t > -40, 2 * a * e / (1 + e), two.down(2 * two.vanishing(a, t) * up))
    near = a * two.tanh(two.clip(v, -1, 1))
    return two.where(two.magnitude(v) < 1, near, two.where(v < 0, rest - a, a - rest))


def _far_erfc(a: Any, v: Any) -> Any:
    """``a (1 - erf(|v|))`` for ``v`` between 6 and 64 in size, where it is 0 for good."""
    return two.down(two.vanishing(a, two.square(v)) * two.erfc_up(two.clip(two.magnitude(v), 6, 64)))


def _times_erf(a: Any, v: Any) -> Any:
    """``a erf(v)``, with the digits of its difference from ``-a`` and ``a`` far out."""
    v = two.clip(v, -64, 64)
    t, rest = two.magnitude(v), _far_erfc(a, v)
    return two.where(t < 6, a * two.erf(two.clip(v, -6, 6)), two.where(v < 0, rest - a, a - rest))


def _gated_by_erf(x: Any, u: Any, up: Any) -> Any:
    """``x erf(2^-64 up)`` for ``up`` proportional to ``e^u`` on the left."""
    left = two.down(two.TWO_OVER_ROOT_PI * two.vanishing(x, u) * up)
    return two.where(two.magnitude(up) < 2.0**24, left, _times_erf(x, two.down(up)))


def _times_expm1(a: Any, u: Any) -> Any:
    """``a (e^u - 1)`` for ``u`` below 80."""
    return two.where(u < -40, two.down(a * two.exp_up(u)) - a, a * two.expm1(two.clip(u, -40, 80)))


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.1392322713805369, INF),
    tails=(0, 1),
    minimum=-0.6392322713805369,
)
def aptx(x: ArrayLike, alpha: ArrayLike = 1.0, beta: ArrayLike = 1.0, gamma: ArrayLike = 0.5) -> Array:
    r"""APTx, which is near :func:`mish` at its defaults.

    .. math:: \mathrm{aptx}(x) = (\alpha + \tanh(\beta x)) \, \gamma x

    At -inf it is -0, at +inf it is +inf, at the default parameters.

    Args:
      x: real array of any shape.
      alpha: offset of the gate; broadcasts against ``x``.
      beta: sharpness of the gate; broadcasts against ``x``.
      gamma: scale; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Kumar, APTx: better activation function than MISH, SWISH, and ReLU's variants used in deep learning, 2022,
      arXiv:2209.06119.
    """
    u = beta * x
    far = _between(x, gamma * (alpha - 1), gamma * (alpha + 1), 2 * u)
    return two.where(two.magnitude(u) < 1, x * (gamma * (alpha + two.tanh(two.clip(u, -1, 1)))), far)


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.2784645427610738, INF),
    tails=(0, 1),
    minimum=-1.2784645427610738,
)
def acon_c(x: ArrayLike, p1: ArrayLike = 1.0, p2: ArrayLike = 0.0, beta: ArrayLike = 1.0) -> Array:
    r"""ACON-C, a smooth maximum of two lines.

    .. math:: \mathrm{acon\_c}(x) = (p_1 - p_2) x \, \sigma(\beta (p_1 - p_2) x) + p_2 x

    At the defaults it is :func:`silu`. The authors' code draws both slopes from the standard normal distribution.

    Args:
      x: real array of any shape.
      p1: slope of a line; broadcasts against ``x``.
      p2: slope of the other line; broadcasts against ``x``.
      beta: sharpness; 0 gives the mean of the two lines; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Ma, Zhang, Liu and Sun, Activate or not: learning customized activation, 2020, arXiv:2009.04759.
    """
    return _between(x, p2, p1, beta * ((p1 - p2) * x))


@activation(two_part=True, positive=("alpha", "beta"), kind="parametric", range=(-1, INF), tails=(0, 1))
def pelu(x: ArrayLike, alpha: ArrayLike = 1.0, beta: ArrayLike = 1.0) -> Array:
    r"""Parametric exponential linear unit.

    .. math::
        \mathrm{pelu}(x) = \begin{cases} \alpha x / \beta & x \ge 0 \\ \alpha (e^{x / \beta} - 1) & x < 0 \end{cases}

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; positive; broadcasts against ``x``.
      beta: length of the bend; positive; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``alpha`` or ``beta`` is a number that is not positive.

    References:
      Trottier, Giguère and Chaib-draa, Parametric exponential linear unit for deep convolutional neural networks, 2016,
      arXiv:1605.09332.
    """
    u, line = x / beta, x * (alpha / beta)
    start = two.where(x < 0, line * (1 + u / 2), line)  # where u may be too small for a normal number
    return two.where(x < -(2.0**-80), _times_expm1(alpha, u), start)


@activation(two_part=True, kind="parametric", range=(-1, INF), tails=(0, 1))
def mpelu(x: ArrayLike, alpha: ArrayLike = 1.0, beta: ArrayLike = 1.0) -> Array:
    r"""Multiple parametric exponential linear unit, which has :func:`elu` and nearly :func:`prelu` as special cases.

    .. math:: \mathrm{mpelu}(x) = \begin{cases} x & x > 0 \\ \alpha (e^{\beta x} - 1) & x \le 0 \end{cases}

    Where :math:`\alpha\beta` is not 1 its slope jumps at 0, and is :math:`\alpha\beta` there.

    Args:
      x: real array of any shape.
      alpha: minus the limit at -inf; broadcasts against ``x``.
      beta: rate at which it is approached, positive in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Li, Fan, Li, Wu and Ming, Improving deep neural network with multiple parametric exponential linear units, 2016,
      arXiv:1606.00305.
    """
    return two.where(x > 0, x, _times_expm1(alpha, beta * x))


@activation(two_part=True, kind="parametric", range=(-1, 1), tails=(0, 0))
def dyt(x: ArrayLike, alpha: ArrayLike = 0.5, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0) -> Array:
    r"""Dynamic tanh, which stands in for a normalization layer.

    .. math:: \mathrm{dyt}(x) = \gamma \tanh(\alpha x) + \beta

    Args:
      x: real array of any shape.
      alpha: sharpness; broadcasts against ``x``.
      gamma: scale, one for each channel in the paper; broadcasts against ``x``.
      beta: shift, one for each channel in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Zhu, Chen, He, LeCun and Liu, Transformers without normalization, 2025, arXiv:2503.10622.
    """
    return beta + _times_tanh(gamma, alpha * x)


@activation(two_part=True, kind="parametric", range=(-1, 1), tails=(0, 0))
def derf(
    x: ArrayLike, alpha: ArrayLike = 0.5, s: ArrayLike = 0.0, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0
) -> Array:
    r"""Dynamic error function, which stands in for a normalization layer.

    .. math:: \mathrm{derf}(x) = \gamma \, \mathrm{erf}(\alpha x + s) + \beta

    Args:
      x: real array of any shape.
      alpha: sharpness; broadcasts against ``x``.
      s: shift of the argument; broadcasts against ``x``.
      gamma: scale, one for each channel in the paper; broadcasts against ``x``.
      beta: shift of the result, one for each channel in the paper; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Chen, Lu, Zhu, Sun and Liu, Stronger normalization-free transformers, 2025, arXiv:2512.10938.
    """
    v = alpha * x + s
    slope = gamma * two.TWO_OVER_ROOT_PI
    tiny = x * (alpha * slope) + s * slope  # alpha x may be too small for a normal number
    return beta + two.where(two.magnitude(v) < 2.0**-50, tiny, _times_erf(gamma, v))


@activation(two_part=True, kind="parametric", range=(-INF, INF), tails=(0.01, 1))
def smu(x: ArrayLike, alpha: ArrayLike = 0.01, mu: ArrayLike = 2.5) -> Array:
    r"""Smooth maximum unit, a leaky rectifier with a bend.

    .. math:: \mathrm{smu}(x) = \frac{(1 + \alpha) x + (1 - \alpha) x \, \mathrm{erf}(\mu (1 - \alpha) x)}{2}

    Implementations start either here or at 0.25 and a million, which is all but a leaky rectifier.

    Args:
      x: real array of any shape.
      alpha: negative slope; broadcasts against ``x``.
      mu: sharpness of the bend; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, SMU: smooth activation function for deep networks using smoothing maximum
      technique, 2021, arXiv:2111.04682.
    """
    difference = (1 - alpha) * x
    v = two.clip(mu * difference, -64, 64)
    near = x * (alpha + (1 - alpha) * two.normal(two.ROOT_2 * two.clip(v, -6, 6)))
    rest = _far_erfc(difference / 2, v)
    return two.where(two.magnitude(v) < 6, near, two.where(v < 0, alpha * x + rest, x - rest))


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.4052808451734580, INF),
    tails=(0, 1),
    minimum=-1.3966119764212963,
)
def erf_act(x: ArrayLike, alpha: ArrayLike = 0.75, beta: ArrayLike = 0.75) -> Array:
    r"""ErfAct, a smooth rectifier.

    .. math:: \mathrm{erf\_act}(x) = x \, \mathrm{erf}(\alpha e^{\beta x})

    At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      alpha: height of the gate; broadcasts against ``x``.
      beta: sharpness of the gate; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """
    u = beta * x
    return _gated_by_erf(x, u, alpha * two.exp_up(u))


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.5060068753569109, INF),
    tails=(0, 1),
    minimum=-1.4329475572352949,
)
def pserf(x: ArrayLike, gamma: ArrayLike = 1.25, delta: ArrayLike = 0.85) -> Array:
    r"""Pserf, a :func:`serf` with parameters.

    .. math:: \mathrm{pserf}(x) = x \, \mathrm{erf}(\gamma \log(1 + e^{\delta x}))

    Implementations differ in where it starts: others have gamma at 1 and delta at 1.25. At -inf it is -0, at +inf it is
    +inf.

    Args:
      x: real array of any shape.
      gamma: height of the gate; broadcasts against ``x``.
      delta: sharpness of the gate; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """
    u = delta * x
    near = two.UP * two.softplus(two.clip(u, -40, 1000))
    return _gated_by_erf(x, u, gamma * two.where(u < -40, two.exp_up(u), near))


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.2237848745964922, INF),
    tails=(0, 1),
    minimum=-0.8471113010774787,
)
def tanh_soft(x: ArrayLike, alpha: ArrayLike = 0.87) -> Array:
    r"""TanhSoft-1, a softplus with a hyperbolic tangent as its sign.

    .. math:: \mathrm{tanh\_soft}(x) = \tanh(\alpha x) \log(1 + e^x)

    It is a member of the family :math:`\tanh(\alpha x + \beta e^{\gamma x}) \log(\delta + e^x)`; another is
    :func:`tanh_exp`. At -inf it is -0, at +inf it is +inf.

    Args:
      x: real array of any shape.
      alpha: sharpness; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Biswas, Kumar, Banerjee and Pandey, TanhSoft: a family of activation functions combining tanh and softplus, 2020,
      arXiv:2009.03863.
    """
    near = two.softplus(two.clip(x, -40, 40))
    right = two.where(x > 40, x + two.down(two.exp_up(-two.magnitude(x))), near)
    t = two.clip(x, -two.reach(x), 0)
    left = two.down(two.tanh(alpha * t) * two.exp_up(t))
    return two.where(x < -40, left, _times_tanh(right, alpha * x))


def _parabola(x: Any, a: Any, b: Any) -> Any:
    """``x (a x + b)`` for positive ``x``; no sum in its slope overflows before the slope does."""
    bound, scale = {"float32": (2.0**60, 2.0**-40), "float64": (2.0**500, 2.0**-300)}[two.high(x).dtype.name]
    near, far = two.clip(x, 0, bound), x * scale
    return two.where(x > bound, far * (a * far + b * scale) / scale**2, near * (a * near + b))


# The parameters of xIELU are what a softplus makes 0.8 and 0.3 of.
_XIELU_P, _XIELU_N = 0.20338232081102456, -1.0502256128148466


@activation(
    two_part=True,
    kind="parametric",
    range=(-0.2057512240964821, INF),
    tails=(-0.3, INF),
    minimum=-0.9808292530117262,
)
def xielu(x: ArrayLike, alpha_p: ArrayLike = _XIELU_P, alpha_n: ArrayLike = _XIELU_N, beta: ArrayLike = 0.5) -> Array:
    r"""Expanded integral of the exponential linear unit.

    .. math::
        \mathrm{xielu}(x) = \beta x + \begin{cases} a_p x^2 & x > 0 \\ a_n (e^x - 1 - x) & x \le 0 \end{cases}, \quad
        a_p = \log(1 + e^{\alpha_p}), \quad a_n = \beta + \log(1 + e^{\alpha_n})

    The parameters are what checkpoints hold, those of the authors and of Transformers: they pass through a softplus,
    and start where :math:`a_p` and :math:`a_n` are 0.8. Those keep :math:`\beta` at 1/2. They also hold ``eps``, which
    replaces ``x`` in the exponent from -1e-6 to 0 and has no counterpart here, where nothing is lost near 0.

    Args:
      x: real array of any shape.
      alpha_p: parameter of the curvature on the positive side; broadcasts against ``x``.
      alpha_n: parameter of the negative side; broadcasts against ``x``.
      beta: slope at 0; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Huang and Schlag, Deriving activation functions using integration, 2024, arXiv:2411.13010.
    """
    rest = two.softplus_fine(alpha_n + 0 * x)  # an array, as XLA gives up on so long a chain of operations on a scalar
    a_n = beta + rest
    near = beta * x + a_n * two.expm1_rest(two.clip(x, -0.25, 0))
    t = two.clip(x, -40, 0)
    far = two.where(x < -40, two.down(a_n * two.exp_up(x)) - a_n, a_n * two.expm1_fine(t)) - rest * x
    left = two.where(x < -0.25, far, near)
    return two.where(x > 0, _parabola(x, two.softplus(alpha_p), beta), left)


_SMALL = 2.0**-5


def _series(a: Any, coefficient: Callable[[int], Fraction]) -> Any:
    """Power series of what is at most 2^-5 in size."""
    terms = {"float32": 6, "float64": 12}[two.high(a).dtype.name]
    return two.horner(a, [coefficient(k) for k in range(terms + 1)])


@activation(two_part=True, kind="parametric", range=(-INF, INF), tails=(1, 1))
def soft_exponential(x: ArrayLike, alpha: ArrayLike = 0.0) -> Array:
    r"""Soft exponential, which goes from the logarithm by the identity to the exponential function.

    .. math::
        \mathrm{soft\_exponential}(x) = \begin{cases}
        -\log(1 - \alpha (x + \alpha)) / \alpha & \alpha < 0 \\
        x & \alpha = 0 \\
        (e^{\alpha x} - 1) / \alpha + \alpha & \alpha > 0
        \end{cases}

    It is NaN where the logarithm is not defined, which is for :math:`x \le 1 / \alpha - \alpha` if
    :math:`\alpha < 0`. Value, slope, and slope in :math:`\alpha` pass through 0 smoothly.

    Args:
      x: real array of any shape.
      alpha: -1 for the logarithm, 0 for the identity, 1 for the exponential function; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Godfrey and Gashler, A continuum among logarithmic, linear, and exponential functions, and its potential to
      improve generalization in neural networks, 2016, arXiv:1602.01321.
    """
    reach = two.reach(x)
    positive, negative = two.where(alpha > 0, alpha, 1), two.where(alpha < 0, -alpha, 1)
    z = alpha * x
    shift = alpha - 1 / positive
    left = shift + two.down(two.exp_up(z) / positive)
    middle = alpha + two.expm1(two.clip(z, -40, 40)) / positive
    right = two.UP * (two.down(shift) + 1 / (two.exp_up(-z) * positive))
    above = two.where(z < -40, left, two.where(z > 40, right, middle))
    above = two.where(z > reach, two.overflow(z), above)

    y = x + alpha
    w = negative * y
    up = two.log_up(negative * two.down(y) + two.DOWN) + two.UP * 64 * two.LN_2
    below = two.down(up / negative)

    small = two.clip(z, -_SMALL, _SMALL)
    near_above = y + small * (x / 2) * _series(small, lambda k: Fraction(2, math.factorial(k + 2)))
    small = two.clip(w, -_SMALL, _SMALL)
    near_below = y - small * y * _series(small, lambda k: Fraction((-1) ** k, k + 2))
    above = two.where(two.magnitude(z) < _SMALL, near_above, above)
    below = two.where(two.magnitude(w) < _SMALL, near_below, below)
    return two.where(alpha < 0, below, above)


def _coefficients(function: str, **vectors: ArrayLike) -> list[Array]:
    """What is along the first axis of each vector."""
    unpacked = []
    for name, vector in vectors.items():
        vector = jnp.asarray(vector)
        if not vector.ndim or not len(vector):
            raise ValueError(
                f"jaxact.{function}: {name} must have a first axis, that of the coefficients, got shape {vector.shape}"
            )
        unpacked.extend(vector)
    return unpacked


@activation(kind="parametric")
def poly_relu(
    x: ArrayLike, weights: ArrayLike | Sequence[float] = (1 / 3, 1 / 3, 1 / 3), bias: ArrayLike = 0.0
) -> Array:
    r"""PolyReLU, a polynomial in the rectified linear unit.

    .. math:: \mathrm{poly\_relu}(x) = b + \sum_{i=1}^{r} w_i \max(x, 0)^i

    Its slope at 0 is 0.

    Args:
      x: real array of any shape.
      weights: learned, of the powers from the first on; behind its first axis, which is theirs, it broadcasts against
        ``x``.
      bias: learned; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``weights`` has no first axis, or does not broadcast against ``x``.

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """
    coefficients = _coefficients("poly_relu", weights=weights)
    powers = tuple((*[0] * i, 1) for i in [*range(1, 1 + len(coefficients)), 0])
    return combination(powers, rectified=True)(
        *_equal_rank("poly_relu", jnp.asarray(x), *coefficients, jnp.asarray(bias))
    )


@activation(kind="parametric")
def hermite(
    x: ArrayLike,
    coefficients: ArrayLike | Sequence[float] = (
        0.3989422804014327,
        0.5,
        0.28209479177387814,
        0.0,
        -0.08143375198381998,
    ),
) -> Array:
    r"""Sum of Hermite polynomials, which starts as the expansion of the rectified linear unit.

    .. math:: \mathrm{hermite}(x) = \sum_{n=0}^{4} c_n \frac{\mathrm{He}_n(x)}{\sqrt{n!}}

    with the polynomials of the normal distribution, :math:`1, x, x^2 - 1, x^3 - 3 x, x^4 - 6 x^2 + 3`. The defaults are
    the means of :math:`\max(x, 0) \, \mathrm{He}_n(x) / \sqrt{n!}` over normally distributed ``x``. The authors' code
    starts with the opposite of the last one.

    Args:
      x: real array of any shape.
      coefficients: learned, of up to five polynomials; behind its first axis, which is theirs, it broadcasts against
        ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``coefficients`` has no first axis, or more than five there, or does not broadcast against ``x``.

    References:
      Lokhande, Tasneeyapant, Venkatesh, Ravi and Singh, Generating accurate pseudo-labels in semi-supervised learning
      and avoiding overconfident predictions via Hermite polynomial activations, 2019, arXiv:1909.05479.
    """
    each = _coefficients("hermite", coefficients=coefficients)
    if len(each) > len(HERMITE):
        raise ValueError(
            f"jaxact.hermite: coefficients must be at most {len(HERMITE)} along the first axis, got {len(each)}"
        )
    return combination(HERMITE[: len(each)])(*_equal_rank("hermite", jnp.asarray(x), *each))


@activation(kind="parametric")
def rational(
    x: ArrayLike,
    numerator: ArrayLike | Sequence[float] = FITS["leaky_relu"][0],
    denominator: ArrayLike | Sequence[float] = FITS["leaky_relu"][1],
) -> Array:
    r"""Rational activation: a quotient of learned polynomials, without poles.

    .. math::
        \mathrm{rational}(x) = \frac{P(x)}{1 + |Q(x)|}, \quad
        P(x) = \sum_{j=0}^{m} a_j x^j, \quad Q(x) = \sum_{k=1}^{n} b_k x^k

    The defaults are those of degrees 5 and 4 that are nearest to :func:`leaky_relu` on [-3, 3]; the modules also start
    as other functions. Beyond 1024 the result has all its digits if the last coefficients are not 0.

    The authors' library calls this version B; its default takes the absolute value of each term of :math:`Q` instead.

    Args:
      x: real array of any shape.
      numerator: learned :math:`a_0, a_1, ...`; behind its first axis, which is theirs, it broadcasts against ``x``.
      denominator: learned :math:`b_1, b_2, ...`; likewise.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``numerator`` or ``denominator`` has no first axis, or does not broadcast against ``x``.

    References:
      Molina, Schramowski and Kersting, Padé activation units: end-to-end learning of flexible activation functions in
      deep networks, 2019, arXiv:1907.06732.
    """
    above = _coefficients("rational", numerator=numerator)
    below = _coefficients("rational", denominator=denominator)
    return quotient(len(above), len(below))(*_equal_rank("rational", jnp.asarray(x), *above, *below))


# Not elementwise


def _normalised_powers(x: Array, count: int, axis: int, eps: float) -> list[tuple[Array, Array]]:
    """For each power of ``x`` that over its root mean square, and its derivative over that root."""
    # Over the largest entry, if that is above 1, so that no square overflows.
    largest = lax.stop_gradient(jnp.max(jnp.abs(x), axis, keepdims=True, initial=1))
    scaled, power, terms = x / largest, jnp.ones_like(x), []
    for i in range(1, count + 1):
        slope, power = i * power / largest, power * scaled
        norm = jnp.sqrt(jnp.mean(jnp.square(power), axis, keepdims=True) + eps / largest ** (2 * i))
        terms.append((power / norm, slope / norm))
    return terms


def _poly_norm(x: Array, *coefficients: Array, axis: int, eps: float) -> Array:
    *weights, bias = coefficients
    powers = _normalised_powers(x, len(weights), axis, eps)
    return bias + sum(w * y for w, (y, _) in zip(weights, powers, strict=True))


def _poly_norm_tangent(x: Array, t: Array, *coefficients: Array, axis: int, eps: float) -> Array:
    *weights, _ = coefficients
    total = jnp.zeros_like(x)
    for w, (y, slope) in zip(weights, _normalised_powers(x, len(weights), axis, eps), strict=True):
        along = slope * t
        total = total + w * (along - y * jnp.mean(y * along, axis, keepdims=True))
    return total


def _poly_norm_weight_tangent(x: Array, t: Array, *coefficients: Array, axis: int, eps: float, i: int) -> Array:
    return t * _normalised_powers(x, i + 1, axis, eps)[i][0]


@activation(kind="parametric", options=("axis", "eps"))
def poly_norm(
    x: ArrayLike,
    weights: ArrayLike | Sequence[float] = (1 / 3, 1 / 3, 1 / 3),
    bias: ArrayLike = 0.0,
    axis: int = -1,
    eps: float = 1e-6,
) -> Array:
    r"""PolyNorm, a sum of the normalised powers of the features.

    .. math::
        \mathrm{poly\_norm}(x) = b + \sum_{i=1}^{r} w_i \, \nu(x^i), \quad
        \nu(u) = \frac{u}{\sqrt{\mathrm{mean}(u^2) + \epsilon}}

    with the mean over ``axis``, as in the authors' code; the paper divides by the sum instead.

    Args:
      x: real array of at least one axis.
      weights: learned, of the powers from the first on; behind its first axis, which is theirs, it broadcasts against
        ``x``. The code of the authors has two versions; in one of them the weight of the highest power comes first.
      bias: learned; broadcasts against ``x``.
      axis: axis of the features.
      eps: small positive number.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``axis`` is out of range, ``eps`` is not positive, or ``weights`` has no first axis or does not
        broadcast against ``x``.

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """
    x = jnp.asarray(x)
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"jaxact.poly_norm: axis must be in [-{x.ndim}, {x.ndim}) for x of shape {x.shape}, got {axis}"
        )
    if not eps > 0:
        raise ValueError(f"jaxact.poly_norm: eps must be positive, got {eps}")
    each = _coefficients("poly_norm", weights=weights)
    x, *coefficients = _equal_rank("poly_norm", x, *each, jnp.asarray(bias))
    options = {"axis": axis if axis < 0 else axis - jnp.ndim(x), "eps": eps}
    return differentiable_map(
        functools.partial(_poly_norm, **options),
        functools.partial(_poly_norm_tangent, **options),
        *(functools.partial(_poly_norm_weight_tangent, **options, i=i) for i in range(len(each))),
        lambda x, t, *_: t + jnp.zeros_like(x),
    )(x, *coefficients)
