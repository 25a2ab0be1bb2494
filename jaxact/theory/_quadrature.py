"""Expectations over Gaussian variables, by Gauss-Legendre panels with kinks on their edges.

A panel is accepted if function and slope are polynomials at its 16 nodes, to the accuracy asked for. Other panels are
halved; where halving does not help there is a kink or a jump, and a panel is made to end on it. This is done once per
function, outside of tracing. What is traced is a weighted sum over nodes that move with the variance, so the result is
differentiable, also across kinks and jumps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.errors import ConcretizationTypeError, TracerArrayConversionError
from jax.typing import ArrayLike

from jaxact._activation import get, spec

Function = Callable[[Array], Array]

_ORDER = 16
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(_ORDER)
# Values at the nodes to Legendre coefficients.
_TO_COEFFICIENTS = (np.arange(_ORDER)[:, None] + 0.5) * (
    np.polynomial.legendre.legvander(_NODES, _ORDER - 1).T * _WEIGHTS
)
_REACH = 12.0  # standard deviations; the normal density has fallen by 1e-31 there
_NORMAL_ENDS = np.linspace(-_REACH, _REACH, 9)  # panels for the density alone
_CHUNK = 64  # panels measured at once, always as many so that nothing is compiled twice
_MOST_PANELS = 8192


class Mesh(NamedTuple):
    """Edges of the panels of a function; ``kinks`` are 0 and the edges where the function or its slope jumps."""

    edges: tuple[float, ...]
    kinks: tuple[float, ...]
    measured: bool


def prepare(f: str | Function, kinks: Iterable[float] | None = None, variance: Any = None) -> tuple[Function, Mesh]:
    """Function and mesh for a user's argument.

    Args:
      f: name of an activation, or any elementwise JAX function.
      kinks: points where ``f`` or its slope jumps. Those of a named activation are known, and others are found.
      variance: largest variance of the argument of ``f``, which sets the interval; 16 where it is traced.

    Returns:
      The function, as a hashable object, and its mesh.
    """
    if isinstance(f, str):
        f = get(f)
    if not callable(f):
        raise TypeError(f"jaxact.theory: f must be the name of an activation or a function, got {f!r}")
    points = tuple(sorted(map(float, known_kinks(f) if kinks is None else kinks)))
    try:
        hash(f)
    except TypeError:
        f = functools.partial(lambda g, x: g(x), f)
    try:
        furthest = float(np.sqrt(np.max(np.asarray(1.0 if variance is None else variance))))
    except (TracerArrayConversionError, ConcretizationTypeError):
        furthest = 4.0
    # Not a round number, so that only kinks put edges on round numbers.
    reach = 8.123456789 * 2.0 ** np.ceil(np.log2(np.clip(furthest, 1.0, 64.0)))
    try:
        return f, _measure(f, points, float(reach), jnp.result_type(float))
    except (TracerArrayConversionError, ConcretizationTypeError):
        return f, _guess(points, float(reach))


def known_kinks(f: Function) -> tuple[float, ...]:
    """Kinks from the record of an activation; none for other functions."""
    try:
        return spec(f).kinks
    except KeyError:
        return ()


def slope(f: Function) -> Function:
    """Derivative of an elementwise function."""
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


def rule(edges: Iterable[float], mean: Array, scale: Array) -> tuple[Array, Array]:
    """Points and weights of Gaussians of given mean and standard deviation, along two more axes."""
    safe = jnp.where(scale > 0, scale, jnp.finfo(scale.dtype).tiny)
    ends = jnp.asarray(tuple(edges), scale.dtype).reshape((1,) * scale.ndim + (-1,))
    z, weight = _panels((ends - mean[..., None]) / safe[..., None])
    return mean[..., None, None] + scale[..., None, None] * z, weight


def gauss(h: Function, edges: Iterable[float], mean: Array, scale: Array) -> Array:
    """Expectation of ``h(mean + scale z)`` over a standard normal ``z``, for each entry of ``mean`` and ``scale``."""
    x, weight = rule(edges, mean, scale)
    return jnp.sum(weight * h(x), (-2, -1))


def gauss_pair(h: Function, mesh: Mesh, correlation: Array, variance_1: Array, variance_2: Array) -> Array:
    """Expectation of ``h(u) h(v)`` over Gaussian ``u`` and ``v`` of given correlation and variances; all scalars."""
    s1, s2 = jnp.sqrt(variance_1), jnp.sqrt(variance_2)
    apart = jnp.sqrt((1 - correlation) * (1 + correlation))
    # Given u = s1 z, v has mean correlation s2 z and standard deviation s2 apart. The inner expectation is h smoothed
    # on that scale, so the outer panels are finer around the kinks of h. For a small correlation everything is smooth.
    tilt = jnp.where(jnp.abs(correlation) < 0.05, 0.05, correlation)
    tiny = jnp.finfo(s1.dtype).tiny
    edges = jnp.asarray(mesh.edges, s1.dtype)
    near = jnp.asarray([-9, -4, -1.5, -0.5, 0, 0.5, 1.5, 4, 9], s1.dtype) * (s2 * apart)
    crowd = (jnp.asarray(mesh.kinks, s1.dtype)[:, None] + near[None, :]).ravel()
    z, weight = _panels(
        jnp.concatenate([edges / jnp.maximum(s1, tiny), jnp.concatenate([edges, crowd]) / tilt / jnp.maximum(s2, tiny)])
    )
    inner = gauss(h, mesh.edges, correlation * s2 * z, jnp.broadcast_to(s2 * apart, z.shape))
    return jnp.sum(weight * h(s1 * z) * inner)


def _panels(breaks: Array) -> tuple[Array, Array]:
    """Nodes and weights, density included, for panels that end at ``breaks`` (last axis)."""
    dtype = breaks.dtype
    ends = jnp.broadcast_to(
        jnp.asarray(_NORMAL_ENDS, dtype).reshape((1,) * (breaks.ndim - 1) + (-1,)), (*breaks.shape[:-1], 9)
    )
    ends = jnp.sort(jnp.concatenate([ends, jnp.clip(breaks, -_REACH, _REACH)], -1), -1)
    half = (ends[..., 1:] - ends[..., :-1])[..., None] / 2
    middle = (ends[..., 1:] + ends[..., :-1])[..., None] / 2
    lead = (1,) * (half.ndim - 1) + (-1,)
    z = middle + half * jnp.asarray(_NODES, dtype).reshape(lead)
    density = jnp.exp(-z * z / 2) / np.sqrt(2 * np.pi).item()
    return z, half * jnp.asarray(_WEIGHTS, dtype).reshape(lead) * density


def _guess(kinks: tuple[float, ...], reach: float) -> Mesh:
    """Mesh for a function that cannot be measured, such as one whose parameters are traced: finer near 0 and kinks."""
    fine = reach * 2.0 ** -np.arange(12)
    centres = {0.0, *kinks}
    edges = {
        *np.linspace(-reach, reach, 33),
        *centres,
        *(c + sign * d for c in centres for d in fine for sign in (1, -1)),
    }
    return Mesh(tuple(sorted(float(e) for e in edges if abs(e) <= reach)), tuple(sorted(centres)), False)


@functools.lru_cache(maxsize=256)
def _measure(f: Function, kinks: tuple[float, ...], reach: float, dtype: Any) -> Mesh:
    eps = float(jnp.finfo(dtype).eps)
    tolerance = max(1e-9, 100 * eps)
    with jax.ensure_compile_time_eval():
        pair = jax.jit(lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),)))

        def sample(x: np.ndarray) -> np.ndarray:
            """Values and slopes at points of the panels, a row each: shape (2, panels, points)."""
            out = []
            for chunk in np.split(x, range(_CHUNK, len(x), _CHUNK)):
                padded = np.concatenate([chunk, np.repeat(chunk[-1:], _CHUNK - len(chunk), 0)])
                value, derivative = pair(jnp.asarray(padded, dtype))
                if value.shape != padded.shape:
                    raise ValueError(
                        f"jaxact.theory: f must map arrays number by number, but gave shape {value.shape} "
                        f"for an argument of shape {padded.shape}"
                    )
                out.append(np.stack([np.asarray(value), np.asarray(derivative)])[:, : len(chunk)].astype(np.float64))
            return np.concatenate(out, 1)

        found = sorted({0.0, *(k for k in kinks if abs(k) < reach)})  # most functions with a kink have it at 0
        while True:
            edges, singular = _halve(sample, [-reach, *found, reach], tolerance, eps)
            # If halving does not help although a panel ends there, it is a singularity, and smaller panels are right.
            new = [s for s in singular if all(abs(s - k) > 256 * eps * max(1.0, abs(k)) for k in found)]
            if not new:
                return Mesh(edges, tuple(found), True)
            found = sorted([*found, *new])


def _halve(
    sample: Callable[[np.ndarray], np.ndarray], ends: list[float], tolerance: float, eps: float
) -> tuple[tuple[float, ...], list[float]]:
    """Edges of good panels, and the places where no panel is good."""
    # Both ends are checked too, in case there is a kink between the last node and the end.
    inside = 1 - 256 * eps
    points = np.array([*_NODES, -inside, inside])
    at_ends = np.polynomial.legendre.legvander(points[-2:], _ORDER - 1).T
    body = np.abs(sample(np.linspace(-2, 2, 8 * points.size).reshape(8, -1)))
    scale = np.max(np.where(np.isfinite(body), body, 0), (1, 2))[:, None]
    left, right = np.array(ends[:-1]), np.array(ends[1:])
    edges, bad = {*ends}, []
    while left.size:
        middle, half = (left + right) / 2, (right - left) / 2
        values = sample(middle[:, None] + half[:, None] * points)
        with np.errstate(invalid="ignore", over="ignore"):
            coefficients = values[..., :-2] @ _TO_COEFFICIENTS.T
            off = np.max(np.abs(coefficients @ at_ends - values[..., -2:]), -1) / 4
            error = np.maximum(np.max(np.abs(coefficients[..., -3:]), -1), off)
            size = np.maximum(np.max(np.abs(values), -1), scale)
            # What the rounding of the points changes: x eps times the slope, and times the curvature of a wave.
            steep = np.max(np.abs(values[1]), -1)
            lost = eps * (np.abs(middle) + half) * steep * np.stack([np.ones_like(steep), steep / size[0]])
            good = np.all(error <= tolerance * size + lost, 0)
        good |= ~np.all(np.isfinite(values), (0, 2))  # halving cannot help where the function overflows
        bottom = ~good & (half <= 8 * eps * np.maximum(1, np.abs(middle)))
        bad += [(a, b) for a, b in zip(left[bottom], right[bottom], strict=True)]
        again = ~good & ~bottom
        edges |= set(middle[again].tolist())
        if len(edges) > _MOST_PANELS:
            raise ValueError(
                f"jaxact.theory: f has more than {_MOST_PANELS} features between {ends[0]:.3g} and {ends[-1]:.3g}; "
                "is it random, rounded, or periodic with a much shorter period?"
            )
        left, right = (
            np.concatenate([left[again], middle[again]]),
            np.concatenate([middle[again], right[again]]),
        )
    return tuple(sorted(edges)), _cluster(sorted(bad), 1000 * eps)


def _cluster(panels: list[tuple[float, float]], gap: float) -> list[float]:
    """One place for each run of neighbouring panels: the roundest number near it."""
    runs: list[list[float]] = []
    for a, b in panels:
        if runs and a - runs[-1][1] <= gap * max(1.0, abs(a)):
            runs[-1][1] = b
        else:
            runs.append([a, b])
    places = []
    for a, b in runs:
        width = b - a
        round_number = float(np.round((a + b) / 2, 12 if gap < 1e-6 else 4))
        places.append(round_number if a - width <= round_number <= b + width else (a + b) / 2)
    return places


def as_float(*arguments: ArrayLike) -> list[Array]:
    """Arguments as arrays of the default floating dtype and one shape."""
    dtype = jnp.result_type(float)
    arrays = [jnp.asarray(a, dtype) for a in arguments]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return [jnp.broadcast_to(a, shape) for a in arrays]


def compiled(core: Callable[..., Any], mesh: Mesh) -> Callable[..., Any]:
    """``core(f, mesh, ...)``, compiled once for each function; not compiled if ``f`` closes over traced values."""
    return _compiled(core) if mesh.measured else core


@functools.cache
def _compiled(core: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(core, static_argnums=(0, 1))
