"""Periodic activations, and others with a periodic term.

A function without a limit at +-inf is NaN there.
"""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import INF, Composite, activation
from jaxact._arguments import equal_rank
from jaxact._derivative import Formula
from jaxact._math import UNSCALE, Arithmetic, coefficients
from jaxact._math import trigonometry as trig
from jaxact._math.elementary import exp, power_of_two, reduce, rounded_exp, scaled_exp, tanh, tanh_slope
from jaxact._math.error_free import two_sum

_Parts = tuple[Array, Array]  # a number as an unrounded sum


def _sine(m: Arithmetic, x: Array, w0: Array) -> Array:
    return trig.sin(m, x, w0)


def _sine_slope(m: Arithmetic, x: Array, w0: Array) -> Array:
    return w0 * trig.cos(m, x, w0)


def _sine_w0_slope(m: Arithmetic, x: Array, w0: Array) -> Array:
    return x * trig.cos(m, x, w0)


@activation(Formula(_sine, _sine_slope, _sine_w0_slope), kind="periodic", range=(-1, 1))
def sine(x: ArrayLike, w0: ArrayLike = 30.0) -> Array:
    r"""Sine, the activation of sinusoidal representation networks (SIREN).

    .. math:: \mathrm{sine}(x) = \sin(\omega_0 x)

    At +-inf it is NaN.

    Args:
      x: real array of any shape.
      w0: frequency :math:`\omega_0`; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Sitzmann, Martel, Bergman, Lindell and Wetzstein, Implicit neural representations with periodic activation
      functions, 2020, arXiv:2006.09661.
    """
    ...


def _finer(m: Arithmetic, x: Array, w0: Array) -> Array:
    return trig.sin(m, x, w0, grows=True)


def _finer_slope(m: Arithmetic, x: Array, w0: Array) -> Array:
    return 2 * (w0 * trig.cos(m, x, w0, grows=True) * (m.magnitude(x) + 0.5))  # 2 |x| may overflow


def _finer_w0_slope(m: Arithmetic, x: Array, w0: Array) -> Array:
    return x * ((1 + m.magnitude(x)) * trig.cos(m, x, w0, grows=True))


@activation(Formula(_finer, _finer_slope, _finer_w0_slope), kind="periodic", range=(-1, 1))
def finer(x: ArrayLike, w0: ArrayLike = 30.0) -> Array:
    r"""Sine of variable frequency, which grows with the size of its input (FINER).

    .. math:: \mathrm{finer}(x) = \sin(\omega_0 (|x| + 1) x)

    At +-inf it is NaN. The biases of the first layer choose the frequencies: draw them from a wide range, as
    :func:`jaxact.theory.uniform` does. The authors' code by default takes :math:`|x| + 1` for a constant in the slope,
    which here is that of the formula.

    Args:
      x: real array of any shape.
      w0: frequency :math:`\omega_0` near 0; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Liu, Zhu, Zhang, Fu, Deng, Ma, Guo and Cao, FINER: flexible spectral-bias tuning in implicit neural representation
      by variable-periodic activation functions, 2023, arXiv:2312.02434.
    """
    ...


# With u = beta sin(w0 x), an unrounded sum, since the slope of tanh amplifies an error of u.


def _hosc_argument(m: Arithmetic, x: Array, beta: Array, w0: Array) -> tuple[Array, Array | None]:
    first, second = trig.parts(m, x, w0)
    if not m.compensated:
        return beta * (first + second), None
    return two_sum(beta * first, beta * second + trig.lost_product(m, first, beta))


def _hosc(m: Arithmetic, x: Array, beta: Array, w0: Array) -> Array:
    return tanh(m, beta * trig.sin(m, x, w0))


def _hosc_slope(m: Arithmetic, x: Array, beta: Array, w0: Array) -> Array:
    return w0 * trig.cos(m, x, w0) * (beta * tanh_slope(m, *_hosc_argument(m, x, beta, w0)))


def _hosc_beta_slope(m: Arithmetic, x: Array, beta: Array, w0: Array) -> Array:
    return trig.sin(m, x, w0) * tanh_slope(m, *_hosc_argument(m, x, beta, w0))


def _hosc_w0_slope(m: Arithmetic, x: Array, beta: Array, w0: Array) -> Array:
    return x * trig.cos(m, x, w0) * (beta * tanh_slope(m, *_hosc_argument(m, x, beta, w0)))


@activation(
    Formula(_hosc, _hosc_slope, _hosc_beta_slope, _hosc_w0_slope),
    kind="periodic",
    range=(-0.7615941559557649, 0.7615941559557649),
)
def hosc(x: ArrayLike, beta: ArrayLike = 1.0, w0: ArrayLike = 30.0) -> Array:
    r"""Hyperbolic oscillator: a sine that is squeezed towards a square wave.

    .. math:: \mathrm{hosc}(x) = \tanh(\beta \sin(\omega_0 x))

    At +-inf it is NaN. The paper chooses both parameters for each task; its first version has no :math:`\omega_0`.

    Args:
      x: real array of any shape.
      beta: sharpness: small values give a sine of that amplitude, large ones a square wave; broadcasts against ``x``.
      w0: frequency :math:`\omega_0`; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Serrano, Szymkowiak and Musialski, HOSC: a periodic activation function for preserving sharp features in implicit
      neural representations, 2024, arXiv:2401.10967; Wlodarczyk, Serrano and Musialski, HOSC: a periodic activation
      with saturation control for high-fidelity implicit neural representations, 2026, arXiv:2601.07870, for the
      frequency.
    """
    ...


@activation(Formula(lambda m, x: trig.cos(m, x), lambda m, x: -trig.sin(m, x)), kind="periodic", range=(-1, 1))
def cosine(x: ArrayLike) -> Array:
    r"""Cosine.

    .. math:: \mathrm{cosine}(x) = \cos(x)

    At +-inf it is NaN.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Rahimi and Recht, Random features for large-scale kernel machines, NIPS 2007.
    """
    ...


def _plus_product(m: Arithmetic, first: _Parts, x: Array, second: _Parts) -> Array:
    """``first + x second``, accurate also where the two cancel."""
    product, lost = x * second[0], trig.lost_product(m, x, second[0])
    return (first[0] + product) + (first[1] + (lost + x * second[1]))


def _gcu(m: Arithmetic, x: Array) -> Array:
    return trig.cos(m, x) * x


def _gcu_slope(m: Arithmetic, x: Array) -> Array:
    return _plus_product(m, trig.parts(m, x, quarters=1, exact=True), -x, trig.parts(m, x, exact=True))


def _gcu_curvature(m: Arithmetic, x: Array) -> Array:
    high, low = trig.parts(m, x, quarters=2, exact=True)
    return _plus_product(m, (2 * high, 2 * low), x, trig.parts(m, x, quarters=3, exact=True))


def _gcu_third(m: Arithmetic, x: Array) -> Array:
    return x * trig.sin(m, x) - 3 * trig.cos(m, x)


@activation(Formula(_gcu, Formula(_gcu_slope, Formula(_gcu_curvature, _gcu_third))), kind="periodic", range=(-INF, INF))
def gcu(x: ArrayLike) -> Array:
    r"""Growing cosine unit.

    .. math:: \mathrm{gcu}(x) = x \cos(x)

    At +-inf it is NaN.

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Noel, Arunkumar, Trivedi and Dutta, Growing cosine unit: a novel oscillatory activation function that can speedup
      training and reduce parameters in convolutional neural networks, 2021, arXiv:2108.12943.
    """
    ...


# With u = alpha x, snake is x + (1 - cos(2 u)) / (2 alpha), and its slope 1 + sin(2 u).


def _finite(m: Arithmetic, x: Array) -> Array:
    return m.clip(x, -m.max, m.max)


def _not_zero(m: Arithmetic, alpha: Any) -> Any:
    """``alpha``, or 1 where it is 0."""
    return m.where(alpha == 0, 1, alpha) if isinstance(alpha, Array) else alpha


def _snake(m: Arithmetic, x: Array, alpha: Array) -> Array:
    cos, low = trig.parts(m, _finite(m, x), 2 * alpha, quarters=1)
    return x + ((0.5 - 0.5 * cos) - 0.5 * low) / _not_zero(m, alpha)


def _snake_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    sin, low = trig.parts(m, x, 2 * alpha)
    return (1 + sin) + low


def _snake_curvature(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return 2 * alpha * trig.cos(m, x, 2 * alpha)


def _snake_mixed(m: Arithmetic, x: Array, alpha: Array) -> Array:
    return 2 * x * trig.cos(m, x, 2 * alpha)


def _snake_alpha_slope(m: Arithmetic, x: Array, alpha: Array) -> Array:
    u = alpha * x
    sin, sin_low = trig.parts(m, x, 2 * alpha, exact=True)
    cos, cos_low = trig.parts(m, x, 2 * alpha, quarters=1, exact=True)
    # (2 u sin(2 u) - (1 - cos(2 u))) / (2 alpha^2), where u may overflow, or its square underflow.
    twice = _plus_product(m, (cos - 1, cos_low), 2 * u, (sin, sin_low)) + 2 * trig.lost_product(m, x, alpha) * sin
    far = x * ((sin + sin_low) / alpha)
    y = m.where(lax.abs(u) < 2.0**60, twice / alpha * (0.5 / alpha), far)
    return m.where(lax.abs(u) < (2.0**-28 if m.dtype == np.float64 else 2.0**-13), x * x, y)


def _snake_alpha_curvature(m: Arithmetic, x: Array, alpha: Array) -> Array:
    u = alpha * x
    rest = (x * _snake_mixed(m, x, alpha) - 2 * _SNAKE_ALPHA(m, x, alpha)) / alpha
    return m.where(lax.abs(u) < 2.0**-6, -2 * u * x * x * x, rest)


_SNAKE_ALPHA = Formula(_snake_alpha_slope, _snake_mixed, _snake_alpha_curvature)


@activation(
    Formula(_snake, Formula(_snake_slope, _snake_curvature, _snake_mixed), _SNAKE_ALPHA),
    kind="periodic",
    range=(-INF, INF),
)
def snake(x: ArrayLike, alpha: ArrayLike = 1.0) -> Array:
    r"""Snake, the identity plus a squared sine.

    .. math:: \mathrm{snake}(x) = x + \frac{\sin^2(\alpha x)}{\alpha}

    At +-inf it is +-inf, and its slope NaN.

    Args:
      x: real array of any shape.
      alpha: frequency, and inverse amplitude; 0 gives ``x``; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Liu, Hartwig and Ueda, Neural networks fail to learn periodic functions and how to fix it, 2020, arXiv:2006.08195.
    """
    ...


# Snake of two parameters, in logarithms: with a = e^alpha and b = e^beta it is x + (1 - cos(2 a x)) / (2 b), and its
# slope 1 + a / b sin(2 a x).


def _exp(m: Arithmetic, x: Any) -> Any:
    """``e^x``, clamped to normal numbers."""
    if not isinstance(x, Array):
        return np.exp(x)
    if m.ruled and not m.native:
        return exp(m, m.minimum(x, 40))
    return rounded_exp(m, m.clip(x, -m.limits.exp + 1, m.limits.exp))


def _power(m: Arithmetic, alpha: Any) -> tuple[Any, Array | None]:
    """``e^alpha`` as a sum of two numbers, to 29 bits (float64: 58), as an angle needs."""
    if not isinstance(alpha, Array):
        return np.exp(alpha), None
    if m.native or m.ruled:
        return _exp(m, alpha), None
    n, *remainder = reduce(m, m.clip(alpha, -m.limits.exp + 1, m.limits.exp - 1))
    r, r_low = two_sum(*remainder)
    scale = power_of_two(m, n)
    half_square, half_square_low = m.full().square(r, 0.5)
    rest = half_square_low + r * r * r * m.polynomial(r, coefficients.EXP_CUBIC[m.dtype.name])  # type: ignore[operator]
    first, lost = two_sum(r, half_square)
    high, low = two_sum(1 + 0 * r, first)  # not a constant: XLA would fold the rounding error to 0
    total = high + ((rest + r_low * (1 + r)) + (low + lost))
    return scale * total, scale * ((high - total) + ((rest + r_low * (1 + r)) + (low + lost)))


def _snake_wave(m: Arithmetic, x: Array, alpha: Array, quarters: int) -> _Parts:
    """``sin(2 a x + quarters pi / 2)`` as an unrounded sum."""
    a, low = _power(m, alpha)
    return trig.parts(m, x, 2 * a, quarters, None if low is None else 2 * low)


def _snake_beta(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    return x - _snake_beta_beta_slope(m, _finite(m, x), alpha, beta)


def _snake_beta_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    (sin, low), c = _snake_wave(m, x, alpha, 0), _exp(m, alpha - beta)
    return (1 + c * sin) + c * low


def _snake_beta_alpha_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    sin, low = _snake_wave(m, x, alpha, 0)
    return x * (_exp(m, alpha - beta) * (sin + low))


def _snake_beta_beta_slope(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    cos, low = _snake_wave(m, x, alpha, 1)
    return (low - (1 - cos)) * (0.5 * _exp(m, -beta))


def _of_x(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    cos, low = _snake_wave(m, x, alpha, 1)
    return 2 * _exp(m, alpha) * (_exp(m, alpha - beta) * (cos + low))


def _of_alpha(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    return x * _of_x(m, x, alpha, beta) - _of_beta(m, x, alpha, beta)


def _of_beta(m: Arithmetic, x: Array, alpha: Array, beta: Array) -> Array:
    sin, low = _snake_wave(m, x, alpha, 0)
    return -_exp(m, alpha - beta) * (sin + low)


_SNAKE_BETA = Formula(
    _snake_beta,
    Formula(_snake_beta_slope, _of_x, _of_alpha, _of_beta),
    _snake_beta_alpha_slope,
    Formula(_snake_beta_beta_slope, _of_beta),
)


@activation(_SNAKE_BETA, kind="periodic", range=(-INF, INF))
def snake_beta(x: ArrayLike, alpha: ArrayLike = 0.0, beta: ArrayLike = 0.0) -> Array:
    r"""Snake with separate frequency and amplitude, learned as logarithms.

    .. math:: \mathrm{snake\_beta}(x) = x + \frac{\sin^2(e^\alpha x)}{e^\beta}

    At +-inf it is +-inf, and its slope NaN. For weights that hold frequencies themselves,
    as BigVGAN's option has it, pass ``jnp.log(alpha)``. The angle :math:`e^\alpha x` uses :math:`e^\alpha` to 29 bits
    (float64: 58) up to about 2^18 (float64: 2^47), and rounded to the dtype beyond; at ``alpha=0`` it is exact.

    Args:
      x: real array of any shape.
      alpha: logarithm of the frequency; broadcasts against ``x``.
      beta: logarithm of the inverse amplitude; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Lee, Ping, Ginsburg, Catanzaro and Yoon, BigVGAN: a universal neural vocoder with large-scale training, 2022,
      arXiv:2206.04658, and its authors' code, ``activations.py`` of github.com/NVIDIA/BigVGAN.
    """
    ...


def _sinlu_wave(m: Arithmetic, t: Array, a: Array, b: Array) -> Array:
    """``t + a sin(b t)``."""
    wave = t + a * trig.sin(m, m.minimum(t, m.max), b)
    return m.where(lax.abs(t) < 2.0**-60, t * (1 + a * b), wave) if isinstance(b, Array) else wave  # b t may underflow


def _times_sigmoid(m: Arithmetic, t: Array, factor: Array) -> Array:
    """``factor sigma(t)``."""
    up = scaled_exp(m, m.maximum(-m.magnitude(t), -m.limits.vanish))
    return m.where(t < 0, factor * up * UNSCALE, factor) / (1 + up * UNSCALE)


def _sinlu(m: Arithmetic, x: Array, a: Array, b: Array) -> Array:
    t = m.maximum(x, -m.limits.vanish)
    return _times_sigmoid(m, t, _sinlu_wave(m, t, a, b))


def _sinlu_slope(m: Arithmetic, x: Array, a: Array, b: Array) -> Array:
    t = m.maximum(x, -m.limits.vanish)
    up = scaled_exp(m, m.maximum(-m.magnitude(t), -m.limits.vanish))
    e, wave = up * UNSCALE, _sinlu_wave(m, t, a, b)
    cos, low = trig.parts(m, t, b, quarters=1)
    slope = (1 + a * b * cos) + a * b * low  # of the wave
    # slope sigma(t) + wave sigma(t) sigma(-t), times (1 + e)^2
    total = slope + m.where(t < 0, wave + e * slope, e * (wave + slope))
    return m.where(t < 0, total * up * UNSCALE, total) / ((1 + e) * (1 + e))


def _sinlu_a_slope(m: Arithmetic, x: Array, a: Array, b: Array) -> Array:
    t = m.maximum(x, -m.limits.vanish)
    return _times_sigmoid(m, t, trig.sin(m, t, b))


def _sinlu_b_slope(m: Arithmetic, x: Array, a: Array, b: Array) -> Array:
    t = m.maximum(x, -m.limits.vanish)
    return _times_sigmoid(m, t, t * (a * trig.cos(m, t, b)))


@activation(
    Formula(_sinlu, _sinlu_slope, _sinlu_a_slope, _sinlu_b_slope),
    kind="periodic",
    range=(-0.497370554189991, INF),
    minimum=-1.082865270894081,
)
def sinlu(x: ArrayLike, a: ArrayLike = 1.0, b: ArrayLike = 1.0) -> Array:
    r"""Sinu-sigmoidal linear unit: ``x`` plus a sine, times a sigmoid.

    .. math:: \mathrm{sinlu}(x) = (x + a \sin(b x)) \, \sigma(x)

    At -inf it is -0, at +inf it is +inf, and its slope NaN.

    Args:
      x: real array of any shape.
      a: amplitude; broadcasts against ``x``.
      b: frequency; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      Paul, Bandyopadhyay, Yoon, Geem and Sarkar, SinLU: sinu-sigmoidal linear unit, Mathematics 10 (3), 2022.
    """
    ...


# c sin(w x + p) is computed as a sin(w x) + b cos(w x), with a = c cos(p) and b = c sin(p): the reduction of a product
# w x is exact for numbers of any size, that of a sum would not be.


def _waves(parameters: Sequence[Any]) -> list[tuple[Any, Any, Any]]:
    """``a``, ``b`` and ``w`` of each term."""
    count = len(parameters) // 3
    return [tuple(parameters[k * count + i] for k in range(3)) for i in range(count)]  # type: ignore[misc]


def _turned_wave(m: Arithmetic, x: Array, a: Any, b: Any, w: Any) -> Array:
    wave = a * trig.sin(m, x, w)
    return wave if not isinstance(b, Array) and b == 0 else wave + b * trig.cos(m, x, w)


def _staf(m: Arithmetic, x: Array, *parameters: Any) -> Array:
    return functools.reduce(lax.add, [_turned_wave(m, x, *wave) for wave in _waves(parameters)])


def _staf_slope(m: Arithmetic, x: Array, *parameters: Any) -> Array:
    return functools.reduce(lax.add, [w * _slope_of_wave(m, x, a, b, w) for a, b, w in _waves(parameters)])


def _slope_of_wave(m: Arithmetic, x: Array, a: Any, b: Any, w: Any) -> Array:
    wave = a * trig.cos(m, x, w)
    return wave if not isinstance(b, Array) and b == 0 else wave - b * trig.sin(m, x, w)


@functools.cache
def _staf_of(count: int) -> Formula:
    """The formula of ``x`` and as many ``a``, ``b`` and ``w``."""

    def in_sine(m: Arithmetic, x: Array, *parameters: Any, i: int) -> Array:
        return trig.sin(m, x, parameters[2 * count + i])

    def in_cosine(m: Arithmetic, x: Array, *parameters: Any, i: int) -> Array:
        return trig.cos(m, x, parameters[2 * count + i])

    def in_frequency(m: Arithmetic, x: Array, *parameters: Any, i: int) -> Array:
        return x * _slope_of_wave(m, x, *_waves(parameters)[i])

    slopes = (functools.partial(f, i=i) for f in (in_sine, in_cosine, in_frequency) for i in range(count))
    return Formula(_staf, _staf_slope, *slopes)


_COSINE = Formula(lambda m, x: trig.cos(m, x), lambda m, x: -trig.sin(m, x))
_SINE_ALONE = Formula(lambda m, x: trig.sin(m, x), lambda m, x: trig.cos(m, x))


def _of_phase(m: Arithmetic, c: Any, phase: Any) -> tuple[Any, Any]:
    """``c cos(phase)`` and ``c sin(phase)``."""
    if not isinstance(phase, Array):
        return c * math.cos(phase), 0.0 if phase == 0 else c * math.sin(phase)
    phase = lax.convert_element_type(phase, m.dtype)
    if isinstance(c, Array):
        c, phase = equal_rank("staf", lax.convert_element_type(c, m.dtype), phase)
    return c * _COSINE(m.full(), phase), c * _SINE_ALONE(m.full(), phase)


def _staf_of_vectors(m: Arithmetic, x: Array, amplitudes: Any, frequencies: Any, phases: Any) -> Array:
    shapes = [np.shape(a) for a in (amplitudes, frequencies, phases)]
    if not all(shapes) or not shapes[0][0] or len({s[0] for s in shapes}) > 1:
        raise ValueError(
            "jaxact.staf: amplitudes, frequencies and phases must have a first axis, of as many waves for all, "
            f"got shapes {', '.join(map(str, shapes))}"
        )
    a, b = zip(*(_of_phase(m, c, p) for c, p in zip(amplitudes, phases, strict=True)), strict=True)
    arguments = x, *a, *b, *frequencies
    arrays = iter(equal_rank("staf", *(p for p in arguments if isinstance(p, Array))))
    return _staf_of(len(a))(m, *(next(arrays) if isinstance(p, Array) else p for p in arguments))


@activation(Composite(_staf_of_vectors), kind="periodic")
def staf(
    x: ArrayLike,
    amplitudes: ArrayLike | Sequence[float] = (0.6324555320336759,) * 5,
    frequencies: ArrayLike | Sequence[float] = (6.0, 12.0, 18.0, 24.0, 30.0),
    phases: ArrayLike | Sequence[float] = (0.0,) * 5,
) -> Array:
    r"""Sum of sine waves whose heights, frequencies and phases are learned.

    .. math:: \mathrm{staf}(x) = \sum_{i=1}^{\tau} C_i \sin(\Omega_i x + \Phi_i)

    At +-inf it is NaN. The defaults are a Fourier series up to the frequency of :func:`sine`, of variance 1; the paper
    draws initial values at random.

    Args:
      x: real array of any shape.
      amplitudes: learned :math:`C_i`; behind its first axis, which is that of the waves, it broadcasts against ``x``.
      frequencies: learned :math:`\Omega_i`; likewise.
      phases: learned :math:`\Phi_i`; likewise.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: the three differ in the size of their first axis, have none, or do not broadcast against ``x``.

    References:
      Morsali et al., STAF: sinusoidal trainable activation functions for implicit neural representation, 2025,
      arXiv:2502.00869.
    """
    ...
