"""Moments of an activation of a Gaussian number, gains that keep signals the same size, Lipschitz constants."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxact.theory._quadrature import Function, Mesh, as_float, compiled, gauss, prepare, rule, slope


class Moments(NamedTuple):
    """Moments of ``f(u)`` and of its slope ``f'(u)`` for a Gaussian ``u`` of mean 0.

    Attributes:
      mean: expectation of ``f``.
      second: expectation of ``f`` squared.
      variance: variance of ``f``.
      slope_mean: expectation of ``f'``.
      slope_second: expectation of ``f'`` squared.
    """

    mean: Array
    second: Array
    variance: Array
    slope_mean: Array
    slope_second: Array


class Gains(NamedTuple):
    """Factors for the standard deviation of weights that come before or after an activation.

    Attributes:
      rms: ``sqrt(q / E f(u)^2)``: with weights of variance ``rms^2 / fan_in``, the next activation has an argument of
        variance ``q`` again.
      std: ``sqrt(q / Var f(u))``: the same for centred weights, or where the mean is subtracted.
      backward: ``1 / sqrt(E f'(u)^2)``: with weights of variance ``backward^2 / fan_out`` gradients keep their size.
    """

    rms: Array
    std: Array
    backward: Array


def expectation(
    f: str | Function, variance: ArrayLike = 1.0, mean: ArrayLike = 0.0, *, kinks: Iterable[float] | None = None
) -> Array:
    r"""Expectation of a function of a Gaussian number.

    .. math:: \mathrm{E}\, f(u), \qquad u \sim \mathcal{N}(\mu, q)

    Differentiable in the variance, the mean, and whatever ``f`` closes over.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      variance: variance of the Gaussian, an array of any shape.
      mean: its mean, broadcast against ``variance``.
      kinks: points where ``f`` or its slope jumps. They are known for named activations and found for other functions,
        so this is needed only where ``f`` closes over traced values.

    Returns:
      Array of the shape of ``variance`` and ``mean`` together, in the default floating dtype.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.expectation("relu")), 4)
      0.3989
    """
    f, mesh = prepare(f, kinks, _furthest(variance, mean))
    variance, mean = as_float(variance, mean)
    return compiled(_expectation, mesh)(f, mesh, variance, mean)


def moments(f: str | Function, variance: ArrayLike = 1.0, *, kinks: Iterable[float] | None = None) -> Moments:
    r"""Moments of an activation and of its slope for a Gaussian argument of mean 0.

    .. math:: \mathrm{E} f(u),\; \mathrm{E} f(u)^2,\; \mathrm{Var} f(u),\; \mathrm{E} f'(u),\; \mathrm{E} f'(u)^2,
              \qquad u \sim \mathcal{N}(0, q)

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      variance: variance of the Gaussian, an array of any shape.
      kinks: see :func:`expectation`.

    Returns:
      :class:`Moments`, each of the shape of ``variance``.

    Examples:
      >>> import jaxact
      >>> m = jaxact.theory.moments("relu")
      >>> round(float(m.second), 4), round(float(m.slope_second), 4)
      (0.5, 0.5)
    """
    f, mesh = prepare(f, kinks, variance)
    (variance,) = as_float(variance)
    return compiled(_moments, mesh)(f, mesh, variance)


def gains(f: str | Function, variance: ArrayLike = 1.0, *, kinks: Iterable[float] | None = None) -> Gains:
    r"""Gains of an activation: what its weights must be scaled by for signals to keep their size.

    .. math:: \sqrt{q / \mathrm{E} f(u)^2},\quad \sqrt{q / \mathrm{Var} f(u)},\quad 1 / \sqrt{\mathrm{E} f'(u)^2},
              \qquad u \sim \mathcal{N}(0, q)

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      variance: variance of the Gaussian, an array of any shape.
      kinks: see :func:`expectation`.

    Returns:
      :class:`Gains`, each of the shape of ``variance``.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.gains("relu").rms), 4)
      1.4142

    References:
      He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015, arXiv:1502.01852. Brock, De and Smith, Characterizing
      signal propagation to close the performance gap in unnormalized ResNets, 2021, arXiv:2101.08692.
    """
    m = moments(f, variance, kinks=kinks)
    (q,) = as_float(variance)
    return Gains(jnp.sqrt(q / m.second), jnp.sqrt(q / m.variance), 1 / jnp.sqrt(m.slope_second))


def normalized(
    f: str | Function, variance: float = 1.0, *, centre: bool = True, kinks: Iterable[float] | None = None
) -> Function:
    r"""The activation shifted and scaled to mean 0 and second moment 1 for a Gaussian argument.

    .. math:: x \mapsto \frac{f(x) - \mathrm{E} f(u)}{\sqrt{\mathrm{Var} f(u)}}, \qquad u \sim \mathcal{N}(0, q)

    Without the shift it is :math:`f(x) / \sqrt{\mathrm{E} f(u)^2}`: for SiLU a division by 0.596, as in EDM2.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      variance: variance of the Gaussian.
      centre: whether to shift the mean to 0.
      kinks: see :func:`expectation`.

    Returns:
      The function; its results have the dtype that those of ``f`` have.

    Examples:
      >>> import jaxact
      >>> f = jaxact.theory.normalized("silu")
      >>> m = jaxact.theory.moments(f)
      >>> abs(float(m.mean)) < 1e-6, abs(float(m.second) - 1) < 1e-5
      (True, True)
      >>> print(f"{jaxact.silu(1.0) / jaxact.theory.normalized('silu', centre=False)(1.0):.3f}")
      0.596

    References:
      Karras, Aittala, Lehtinen, Hellsten, Aila and Laine, Analyzing and improving the training dynamics of diffusion
      models, 2023, arXiv:2312.02696.
    """
    f, _ = prepare(f, kinks, variance)
    m = moments(f, variance, kinks=kinks)
    mean, scale = (m.mean, jnp.sqrt(m.variance)) if centre else (jnp.zeros_like(m.mean), jnp.sqrt(m.second))

    @functools.wraps(f, assigned=("__name__", "__doc__"), updated=())
    def function(x: Array) -> Array:
        y = f(x)
        return (y - mean.astype(y.dtype)) / scale.astype(y.dtype)

    del function.__wrapped__  # a new function: the record of f does not apply to it
    return function


def lipschitz(f: str | Function, *, kinks: Iterable[float] | None = None) -> float:
    r"""Lipschitz constant: the largest absolute slope.

    .. math:: \sup_x |f'(x)|

    The slope is searched where the function bends, closer and closer around its largest value, and from :math:`10^2` to
    :math:`10^9`; where it grows from each power of ten to the next, the constant is infinite. It is a search, not a
    proof.

    Args:
      f: name of an activation, or any function that maps arrays number by number, which closes over no traced values.
      kinks: see :func:`expectation`.

    Returns:
      The constant, or ``inf``.

    Examples:
      >>> import jaxact
      >>> round(jaxact.theory.lipschitz("silu"), 5)
      1.09984
    """
    f, mesh = prepare(f, kinks, 16.0)
    if not mesh.measured:
        raise ValueError("jaxact.theory.lipschitz: f closes over traced values; call it outside jit and grad")
    dtype = jnp.result_type(float)
    steep = jax.jit(slope(f))
    size = 4200  # always the same number of points, so that it is compiled once

    def largest(x: np.ndarray) -> tuple[float, float]:
        values = np.abs(np.asarray(steep(jnp.asarray(x, dtype)), np.float64))
        values = np.where(np.isnan(values), -1, values)
        return float(values.max()), float(x[values.argmax()])

    powers = np.logspace(2, 9, size // 2)
    far = np.asarray(steep(jnp.asarray(np.concatenate([-powers, powers]), dtype)), np.float64)
    tail = np.abs(far).reshape(2, 7, -1).max(-1)  # of each decade; a wave has its largest in any of them
    if np.any(np.all(tail[:, 1:] > 1.05 * tail[:, :-1], 1)) or np.isinf(far).any():  # log(x) grows by 1.125 in the last
        return float("inf")

    edges = np.asarray(mesh.edges)
    each = -(-size // (edges.size - 1))
    inner = (np.arange(each) + 0.5) / each
    x = (edges[:-1, None] + np.diff(edges)[:, None] * inner).ravel()
    best, at = max(largest(np.resize(x[start : start + size], size)) for start in range(0, x.size, size))
    width = float(np.diff(edges).max()) / each
    while width > 1e-12:
        best, at = max((best, at), largest(at + width * np.linspace(-1, 1, size)))
        width /= size / 8
    return max(best, float(np.nanmax(np.abs(far))))


def _furthest(variance: ArrayLike, mean: ArrayLike) -> ArrayLike:
    """A variance that covers the mean too, so that the interval is long enough."""
    if isinstance(mean, (int, float)) and mean == 0:
        return variance
    variance, mean = as_float(variance, mean)
    return (jnp.sqrt(variance) + jnp.abs(mean) / 8) ** 2


def _expectation(f: Function, mesh: Mesh, variance: Array, mean: Array) -> Array:
    return gauss(f, mesh.edges, mean, jnp.sqrt(variance))


def _moments(f: Function, mesh: Mesh, variance: Array) -> Moments:
    x, weight = rule(mesh.edges, jnp.zeros_like(variance), jnp.sqrt(variance))
    y, dy = jax.jvp(f, (x,), (jnp.ones_like(x),))

    def average(values: Array) -> Array:
        return jnp.sum(weight * values, (-2, -1))

    mean = average(y)
    centred = y - mean[..., None, None]
    return Moments(mean, average(y * y), average(centred * centred), average(dy), average(dy * dy))
