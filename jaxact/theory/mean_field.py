"""Mean-field theory of wide random networks: how lengths and correlations of signals change from layer to layer.

A layer is ``sigma_w W f(h) / sqrt(width) + sigma_b b`` with standard normal ``W`` and ``b``. In a wide network its
outputs are Gaussian, with variance ``q`` and, between two inputs, correlation ``c``; one layer maps both.

References:
  Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli, Exponential expressivity in deep neural networks through transient
  chaos, 2016, arXiv:1606.05340. Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, Deep information propagation, 2016,
  arXiv:1611.01232. Hayou, Doucet and Rousseau, On the impact of the activation function on deep neural networks
  training, 2019, arXiv:1902.06853.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact.theory._quadrature import Function, as_float, prepare
from jaxact.theory.kernels import dual_kernel, dual_slope
from jaxact.theory.moments import moments

_LOW, _HIGH = 1e-12, 1e12  # lengths outside this range count as 0 and as infinite


C = TypeVar("C", bound=Callable)


def _compiled(function: C) -> C:
    """The function, compiled once for each activation; not compiled if that closes over traced values."""
    jitted = jax.jit(function, static_argnames=("f", "kinks"))

    @functools.wraps(function)
    def wrapper(f, *args, kinks=None, **kwargs):
        kinks = None if kinks is None else tuple(kinks)
        g, mesh = prepare(f, kinks, 16.0)
        if not mesh.measured:
            return function(f, *args, kinks=kinks, **kwargs)
        known = isinstance(f, str) or g is f  # otherwise g is hashable
        return jitted(f if known else g, *args, kinks=kinks, **kwargs)

    return wrapper  # type: ignore[return-value]


class DepthScales(NamedTuple):
    """Numbers of layers over which a signal decays by a factor e; infinite at the edge of chaos.

    Attributes:
      length: of a deviation from the fixed length.
      correlation: of a deviation from the fixed correlation.
      gradient: of the size of a gradient; negative where gradients grow.
    """

    length: Array
    correlation: Array
    gradient: Array


class EdgePoint(NamedTuple):
    """A point of the edge of chaos: deviations of weights and biases, and the length that is fixed there."""

    sigma_w: Array
    sigma_b: Array
    length: Array


def length_map(
    f: str | Function,
    length: ArrayLike,
    sigma_w: ArrayLike = 1.0,
    sigma_b: ArrayLike = 0.0,
    *,
    kinks: Iterable[float] | None = None,
) -> Array:
    r"""Variance of a layer's outputs, given that of the layer before.

    .. math:: q \mapsto \sigma_w^2\, \mathrm{E} f(\sqrt q z)^2 + \sigma_b^2

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      length: variance :math:`q`, an array of any shape.
      sigma_w: standard deviation of the weights, times the square root of the width.
      sigma_b: standard deviation of the biases.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      Array of the shape of ``length``.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.length_map("relu", 3.0, sigma_w=2**0.5)), 4)
      3.0
    """
    length, sigma_w, sigma_b = as_float(length, sigma_w, sigma_b)
    return sigma_w**2 * moments(f, length, kinks=kinks).second + sigma_b**2


def correlation_map(
    f: str | Function,
    correlation: ArrayLike,
    length: ArrayLike = 1.0,
    sigma_w: ArrayLike = 1.0,
    sigma_b: ArrayLike = 0.0,
    *,
    kinks: Iterable[float] | None = None,
) -> Array:
    r"""Correlation of a layer's outputs for two inputs, given that of the layer before.

    .. math:: c \mapsto \frac{\sigma_w^2\, \mathrm{E} f(u) f(v) + \sigma_b^2}
              {\sigma_w^2\, \mathrm{E} f(u)^2 + \sigma_b^2}

    for :math:`u` and :math:`v` of variance :math:`q` and correlation :math:`c`.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      correlation: correlation :math:`c`, in [-1, 1], an array of any shape.
      length: variance :math:`q` of both; see :func:`fixed_length`.
      sigma_w: standard deviation of the weights, times the square root of the width.
      sigma_b: standard deviation of the biases.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      Array of the shape of ``correlation``.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.correlation_map("relu", 0.0)), 4)  # 1 / pi
      0.3183
    """
    correlation, length, sigma_w, sigma_b = as_float(correlation, length, sigma_w, sigma_b)
    pair = dual_kernel(f, correlation, length, kinks=kinks)
    return (sigma_w**2 * pair + sigma_b**2) / length_map(f, length, sigma_w, sigma_b, kinks=kinks)


def chi(
    f: str | Function,
    length: ArrayLike = 1.0,
    sigma_w: ArrayLike = 1.0,
    *,
    correlation: ArrayLike | None = None,
    kinks: Iterable[float] | None = None,
) -> Array:
    r"""Factor by which a layer multiplies the squared size of gradients, and of small differences of its inputs.

    .. math:: \chi_c = \sigma_w^2\, \mathrm{E} f'(u) f'(v), \qquad \chi_1 = \sigma_w^2\, \mathrm{E} f'(u)^2

    Signals converge where :math:`\chi_1 < 1`, part chaotically where :math:`\chi_1 > 1`.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      length: variance of :math:`u` and :math:`v`.
      sigma_w: standard deviation of the weights, times the square root of the width.
      correlation: correlation of :math:`u` and :math:`v`; ``None`` is 1.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      Array of the shape of the arguments together.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.chi("relu", sigma_w=2**0.5)), 4)
      1.0
    """
    if correlation is None:
        length, sigma_w = as_float(length, sigma_w)
        return sigma_w**2 * moments(f, length, kinks=kinks).slope_second
    length, sigma_w, correlation = as_float(length, sigma_w, correlation)
    return sigma_w**2 * dual_slope(f, correlation, length, kinks=kinks)


@_compiled
def fixed_length(
    f: str | Function,
    sigma_w: ArrayLike = 1.0,
    sigma_b: ArrayLike = 0.0,
    *,
    start: ArrayLike = 1.0,
    kinks: Iterable[float] | None = None,
) -> Array:
    r"""Fixed point of :func:`length_map`: the first in the direction in which ``start`` moves.

    .. math:: q^* = \sigma_w^2\, \mathrm{E} f(\sqrt{q^*} z)^2 + \sigma_b^2

    It is differentiated by the implicit function theorem. If ``start`` is a fixed point it is returned, with derivative
    0.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      sigma_w: standard deviation of the weights, times the square root of the width; a scalar.
      sigma_b: standard deviation of the biases; a scalar.
      start: length to start from; positive; a scalar.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      Scalar: the length, 0 where lengths vanish, or infinity where they grow without bound.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.fixed_length("tanh", 1.5, 0.1)), 3)
      0.813
    """
    sigma_w, sigma_b, start = as_float(sigma_w, sigma_b, start)
    eps = float(jnp.finfo(start.dtype).eps)

    def excess(q: Array) -> Array:
        return length_map(f, q, sigma_w, sigma_b, kinks=kinks) - q

    first = lax.stop_gradient(excess(start))
    rests = jnp.abs(first) <= 8 * eps * start
    up = first > 0

    def solve(g: Callable[[Array], Array], q: Array) -> Array:
        factor = jnp.where(up, 1.25, 0.8).astype(q.dtype)

        def moves_on(ends: tuple[Array, Array]) -> Array:
            new = ends[1]
            return (new > _LOW) & (new < _HIGH) & ((g(new) > 0) == up)

        back, front = lax.while_loop(moves_on, lambda e: (e[1], e[1] * factor), (q, q * factor))

        def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
            middle = (ends[0] + ends[1]) / 2
            onwards = (g(middle) > 0) == up
            return jnp.where(onwards, middle, ends[0]), jnp.where(onwards, ends[1], middle)

        back, front = lax.fori_loop(0, 60, halve, (back, front))
        return (back + front) / 2

    root = lax.custom_root(excess, start, solve, lambda g, y: y / g(jnp.ones_like(y)))
    root = jnp.where(root < 10 * _LOW, 0, jnp.where(root > _HIGH / 10, jnp.inf, root))
    return jnp.where(rests, start, root)


@_compiled
def fixed_correlation(
    f: str | Function,
    sigma_w: ArrayLike = 1.0,
    sigma_b: ArrayLike = 0.0,
    *,
    length: ArrayLike | None = None,
    kinks: Iterable[float] | None = None,
) -> Array:
    r"""Correlation that any two inputs tend to: 1 where :math:`\chi_1 \le 1`, else less.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      sigma_w: standard deviation of the weights, times the square root of the width; a scalar.
      sigma_b: standard deviation of the biases; a scalar.
      length: variance of both inputs; ``None`` is :func:`fixed_length`.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      Scalar.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.fixed_correlation("tanh", 2.0, 0.3)), 3)
      0.264
    """
    if length is None:
        length = fixed_length(f, sigma_w, sigma_b, kinks=kinks)
    sigma_w, sigma_b, length = as_float(sigma_w, sigma_b, length)
    eps = float(jnp.finfo(length.dtype).eps)
    chaotic = chi(f, length, sigma_w, kinks=kinks) > 1 + 32 * eps

    def excess(c: Array) -> Array:
        return correlation_map(f, c, length, sigma_w, sigma_b, kinks=kinks) - c

    def solve(g: Callable[[Array], Array], c: Array) -> Array:
        # The map has a power series without negative coefficients, so it is convex: Newton's steps from 0 approach the
        # first fixed point and never pass it.
        def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            c, _, n = state
            slope = chi(f, length, sigma_w, correlation=c, kinks=kinks) * length / total
            return jnp.clip(c + g(c) / (1 - slope), 0, 1), c, n + 1

        total = length_map(f, length, sigma_w, sigma_b, kinks=kinks)
        begin = (jnp.zeros_like(c), jnp.ones_like(c), jnp.zeros((), jnp.int32))
        return lax.while_loop(lambda s: (jnp.abs(s[0] - s[1]) > 4 * eps) & (s[2] < 60), step, begin)[0]

    root = lax.custom_root(excess, jnp.zeros_like(length), solve, lambda g, y: y / g(jnp.ones_like(y)))
    return jnp.where(chaotic, root, 1)


@_compiled
def depth_scales(
    f: str | Function,
    sigma_w: ArrayLike = 1.0,
    sigma_b: ArrayLike = 0.0,
    *,
    length: ArrayLike | None = None,
    kinks: Iterable[float] | None = None,
) -> DepthScales:
    r"""Depths over which lengths, correlations and gradients change by a factor e, at the fixed points.

    .. math:: \xi_q^{-1} = -\log |V'(q^*)|, \qquad \xi_c^{-1} = -\log \chi_{c^*}, \qquad
              \xi_\nabla^{-1} = -\log \chi_1

    where :math:`V` is the :func:`length_map`.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      sigma_w: standard deviation of the weights, times the square root of the width; a scalar.
      sigma_b: standard deviation of the biases; a scalar.
      length: fixed length; ``None`` is :func:`fixed_length`. A length that is fixed but not stable has to be given.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      :class:`DepthScales`; NaN where there is no fixed length.

    Examples:
      >>> import jaxact
      >>> scales = jaxact.theory.depth_scales("tanh", 1.2, 0.3)
      >>> round(float(scales.correlation), 1)
      7.2
    """
    if length is None:
        length = fixed_length(f, sigma_w, sigma_b, kinks=kinks)
    sigma_w, sigma_b, length = as_float(sigma_w, sigma_b, length)
    length = jnp.where((length > 0) & jnp.isfinite(length), length, jnp.nan)
    slope = jax.grad(lambda q: length_map(f, q, sigma_w, sigma_b, kinks=kinks))(length)
    correlation = fixed_correlation(f, sigma_w, sigma_b, length=length, kinks=kinks)
    part = chi(f, length, sigma_w, correlation=correlation, kinks=kinks)
    whole = chi(f, length, sigma_w, kinks=kinks)
    return DepthScales(*(_scale(a) for a in (jnp.abs(slope), part, whole)))


@_compiled
def edge_of_chaos(
    f: str | Function,
    sigma_b: ArrayLike | None = None,
    *,
    length: ArrayLike | None = None,
    kinks: Iterable[float] | None = None,
) -> EdgePoint:
    r"""Point of the edge of chaos, where :math:`\chi_1 = 1` at the fixed length.

    .. math:: \sigma_w^2 = \frac{1}{\mathrm{E} f'(\sqrt q z)^2}, \qquad
              \sigma_b^2 = q - \frac{\mathrm{E} f(\sqrt q z)^2}{\mathrm{E} f'(\sqrt q z)^2}

    The edge is a curve; either the length ``q`` or ``sigma_b`` selects a point of it. Given ``sigma_b``, the shortest
    such length between 1e-6 and 1e4 is searched; if every length is on the edge, as for ReLU without biases, it is 1.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      sigma_b: standard deviation of the biases; a scalar. Without any argument it is 0.
      length: variance that is fixed there, an array of any shape.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      :class:`EdgePoint`; NaN where there is no such point.

    Raises:
      ValueError: both ``sigma_b`` and ``length`` were given.

    Examples:
      >>> import jaxact
      >>> point = jaxact.theory.edge_of_chaos("tanh", 0.3)
      >>> round(float(point.sigma_w), 3), round(float(point.length), 3)
      (1.396, 0.763)
    """
    if length is not None and sigma_b is not None:
        raise ValueError("jaxact.theory.edge_of_chaos: give sigma_b or length, not both; each determines the other")

    def at(q: Array) -> tuple[Array, Array]:
        m = moments(f, q, kinks=kinks)
        return 1 / jnp.sqrt(m.slope_second), q - m.second / m.slope_second

    if length is not None:
        (q,) = as_float(length)
        sigma_w, bias = at(q)
        slack = 64 * float(jnp.finfo(q.dtype).eps) * q
        bias = jnp.where(jnp.abs(bias) <= slack, 0, bias)
        return EdgePoint(jnp.where(bias >= 0, sigma_w, jnp.nan), jnp.sqrt(bias), q)

    (target,) = as_float(0.0 if sigma_b is None else sigma_b)
    grid = jnp.logspace(-6, 4, 201, dtype=target.dtype)
    above = at(grid)[1] - target**2
    slack = 1e3 * float(jnp.finfo(grid.dtype).eps) * grid
    everywhere = jnp.all(jnp.abs(above) <= slack)
    at_once = jnp.abs(above[0]) <= jnp.maximum(slack[0], grid[0] * 1e-3)  # the edge begins at length 0
    crosses = jnp.sign(above[:-1]) * jnp.sign(above[1:]) <= 0
    i = jnp.argmax(crosses)
    ends = grid[i], grid[i + 1]
    left = jnp.sign(above[i])

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = (ends[0] + ends[1]) / 2
        same = jnp.sign(at(middle)[1] - target**2) == left
        return jnp.where(same, middle, ends[0]), jnp.where(same, ends[1], middle)

    low, high = lax.fori_loop(0, 60, halve, ends)
    q = jnp.where(jnp.any(crosses), (low + high) / 2, jnp.nan)
    q = jnp.where(at_once, 0, q)
    q = jnp.where(everywhere, 1, q)
    return EdgePoint(jnp.where(jnp.isnan(q), jnp.nan, at(q)[0]), jnp.where(jnp.isnan(q), jnp.nan, target), q)


def _scale(factor: Array) -> Array:
    slack = 256 * float(jnp.finfo(factor.dtype).eps)
    return jnp.where(jnp.abs(factor - 1) <= slack, jnp.inf, -1 / jnp.log(factor))
