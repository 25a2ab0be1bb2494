"""Kernels that are known in closed form, as data.

``KERNELS[name]`` takes the correlation and the two variances, then the parameters of the activation under their own
names, and returns ``E f(u) f(v)`` and ``E f'(u) f'(v)`` for Gaussian ``u`` and ``v`` of mean 0. The tests compare each
with quadrature.

The name ``step`` is for 1 where x > 0 and 0 elsewhere, ``abs`` for the absolute value, ``exponential`` for exp,
``gaussian`` for exp(-x^2), ``relu_squared`` for relu(x)^2, ``sine`` for sin(w0 x), ``cosine`` for cos.

References:
  Williams, Computing with infinite networks, 1996 (erf, gaussian). Cho and Saul, Kernel methods for deep learning, 2009
  (step, relu, relu_squared). Tsuchida, Roosta and Gallagher, Invariance of weight distributions in rectified MLPs,
  2018, arXiv:1711.09090 (leaky_relu). Tsuchida, Pearce, van der Heide, Roosta and Gallagher, Avoiding kernel fixed
  points: computing with ELU and GELU infinite networks, 2020, arXiv:2002.08517 (gelu_exact). Han et al., Fast neural
  kernel embeddings for general activations, 2022, arXiv:2209.04121 (a survey). Sine, cosine and exponential follow from
  the moment generating function of the normal distribution.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array

_PI = float(np.pi)


def _apart(r: Array) -> Array:
    """Sine of the angle between the two, from its cosine."""
    return jnp.sqrt((1 - r) * (1 + r))


def _angle(r: Array) -> Array:
    return jnp.arctan2(_apart(r), r)


def _linear(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    return r * jnp.sqrt(q1 * q2), jnp.ones_like(r)


def _two_slopes(r: Array, q1: Array, q2: Array, left: Array | float, right: Array | float) -> tuple[Array, Array]:
    bend = (right - left) ** 2 / (2 * _PI)
    slope = (left**2 + right**2) / 2 - bend * _angle(r)
    return jnp.sqrt(q1 * q2) * (bend * _apart(r) + r * slope), slope


def _step(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    return (_PI - _angle(r)) / (2 * _PI), jnp.zeros_like(r)


def _relu_squared(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    rest = _PI - _angle(r)
    value = q1 * q2 * (3 * r * _apart(r) + rest * (1 + 2 * r * r)) / (2 * _PI)
    return value, 4 * jnp.sqrt(q1 * q2) * (_apart(r) + rest * r) / (2 * _PI)


def _erf(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    c = r * jnp.sqrt(q1 * q2)
    # (1 + 2 q1)(1 + 2 q2) - 4 c^2 without its cancellation.
    root = jnp.sqrt(1 + 2 * (q1 + q2) + 4 * q1 * q2 * (1 - r) * (1 + r))
    return 2 / _PI * jnp.arctan2(2 * c, root), 4 / (_PI * root)


def _gelu_exact(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    c = r * jnp.sqrt(q1 * q2)
    both = (1 + q1) * (1 + q2)
    square = 1 + q1 + q2 + q1 * q2 * (1 - r) * (1 + r)
    root = jnp.sqrt(square)
    angle = jnp.arctan2(c, root)
    value = c / 4 + ((c * c + q1 * q2 * square) / (both * root) + c * angle) / (2 * _PI)
    slope = 0.25 + (angle + c / root * (1 / square + (1 - q1 * q2) / both + 1)) / (2 * _PI)
    return value, slope


def _sine(r: Array, q1: Array, q2: Array, w0: Array | float) -> tuple[Array, Array]:
    c, half = w0**2 * r * jnp.sqrt(q1 * q2), w0**2 * (q1 + q2) / 2
    near, far = jnp.exp(c - half), jnp.exp(-c - half)
    return (near - far) / 2, w0**2 * (near + far) / 2


def _cosine(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    c, half = r * jnp.sqrt(q1 * q2), (q1 + q2) / 2
    near, far = jnp.exp(c - half), jnp.exp(-c - half)
    return (near + far) / 2, (near - far) / 2


def _exponential(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    value = jnp.exp((q1 + q2) / 2 + r * jnp.sqrt(q1 * q2))
    return value, value


def _gaussian(r: Array, q1: Array, q2: Array) -> tuple[Array, Array]:
    square = 1 + 2 * (q1 + q2) + 4 * q1 * q2 * (1 - r) * (1 + r)
    return 1 / jnp.sqrt(square), 4 * r * jnp.sqrt(q1 * q2) / square**1.5


KERNELS: dict[str, Callable[..., tuple[Array, Array]]] = {
    "abs": lambda r, q1, q2: _two_slopes(r, q1, q2, -1.0, 1.0),
    "cosine": _cosine,
    "erf": _erf,
    "exponential": _exponential,
    "gaussian": _gaussian,
    "gelu_exact": _gelu_exact,
    "identity": _linear,
    "leaky_relu": lambda r, q1, q2, negative_slope: _two_slopes(r, q1, q2, negative_slope, 1.0),
    "prelu": lambda r, q1, q2, negative_slope: _two_slopes(r, q1, q2, negative_slope, 1.0),
    "relu": lambda r, q1, q2: _two_slopes(r, q1, q2, 0.0, 1.0),
    "relu_squared": _relu_squared,
    "sine": _sine,
    "step": _step,
}
