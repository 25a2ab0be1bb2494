"""Value, slope and curvature of the activations in float64, fast enough for all 2^32 float32 patterns.

A line of ``FORMULAS`` is differentiated by JAX. float64 reaches 1e-308, far below float32's 1e-38, so plain formulas
survive in the tails; what is left to mind is cancellation, in the lines and in the derivatives of the functions that
they are made of. The tests hold every line to a relative error of 1e-12 of the oracle, away from sign changes. It
imports nothing from jaxact. XLA compiles it for the CPU, wherever jaxact runs: one pass over memory, where NumPy would
take thirty. Kinks are left out: conventions are not its business.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy import special


def with_slope(slope: Callable[..., Array]) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Give a function of ``x``, and of constants after it, its derivative in ``x``, written so that nothing cancels."""

    def decorate(f: Callable[..., Array]) -> Callable[..., Array]:
        function = jax.custom_jvp(f)
        function.defjvp(lambda primals, tangents: (function(*primals), slope(*primals) * tangents[0]))
        return function

    return decorate


expm1 = with_slope(jnp.exp)(jnp.expm1)


@with_slope(lambda x: sigmoid(x) * sigmoid(-x))
def sigmoid(x):
    e = jnp.exp(-jnp.abs(x))
    return jnp.where(x < 0, e, 1.0) / (1 + e)


@with_slope(lambda x: 4 * sigmoid(2 * x) * sigmoid(-2 * x))
def tanh(x):
    return jnp.tanh(x)


@with_slope(sigmoid)
def softplus(x):
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


@with_slope(lambda x: jnp.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))
def normal(x):
    """Distribution function of the standard normal distribution."""
    return special.ndtr(x)


@with_slope(lambda x, b: b / root(x, b) ** 3)
def _root_slope(x, b):
    return x / root(x, b)


@with_slope(_root_slope)
def root(x, b):
    """sqrt(x^2 + b)."""
    return jnp.sqrt(x * x + b)


def _elu(x, alpha=1.0):
    return jnp.where(x > 0, x, alpha * expm1(jnp.where(x > 0, 0.0, x)))


def _gelu_tanh(x):
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))


def _leaky_relu(x, negative_slope):
    return jnp.where(x >= 0, x, negative_slope * x)


def _soft_sign(x):
    a = jnp.abs(x)
    return jnp.where(a < 1, x / (1 + a), jnp.where(x < 0, 1 / (1 + a) - 1, 1 - 1 / (1 + a)))


def _squareplus(x, b):
    r = root(x, b)
    return jnp.where(x < 0, b / 2 / (r - x), (x + r) / 2)


FORMULAS: dict[str, Callable[..., Array]] = {
    "celu": lambda x, alpha: jnp.where(x > 0, x, alpha * expm1(jnp.where(x > 0, 0.0, x) / alpha)),
    "elu": _elu,
    "gelu": _gelu_tanh,
    "gelu_exact": lambda x: x * normal(x),
    "gelu_tanh": _gelu_tanh,
    "hard_sigmoid": lambda x: jnp.clip((x + 3) / 6, 0, 1),
    "hard_silu": lambda x: jnp.where(x <= -3, 0.0, jnp.where(x >= 3, x, x * (x + 3) / 6)),
    "hard_tanh": lambda x: jnp.where(jnp.abs(x) > 1, jnp.sign(x), x),
    "identity": lambda x: x,
    "leaky_relu": _leaky_relu,
    "log_sigmoid": lambda x: -softplus(-x),
    "mish": lambda x: x * tanh(softplus(x)),
    "prelu": _leaky_relu,
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "relu": lambda x: jnp.where(x > 0, x, 0.0),
    "relu6": lambda x: jnp.clip(x, 0, 6),
    "selu": lambda x: 1.0507009873554804934193349852946 * _elu(x, 1.6732632423543772848170429916717),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "soft_sign": _soft_sign,
    "softplus": lambda x, beta: softplus(beta * x) / beta,
    "sparse_plus": lambda x: jnp.where(x <= -1, 0.0, jnp.where(x >= 1, x, (x + 1) * (x + 1) / 4)),
    "sparse_sigmoid": lambda x: jnp.clip((x + 1) / 2, 0, 1),
    "squareplus": _squareplus,
    "swish": lambda x, beta: x * sigmoid(beta * x),
    "tanh": tanh,
}


_EXPONENT = np.int64(0x7FF0000000000000)  # of a float64


@functools.partial(jax.jit, static_argnums=0)
def _derivatives(name: str, x: Array, parameters: dict[str, Array]) -> Array:
    def along(f: Callable) -> Callable:
        return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))

    (value, slope), (_, curvature) = along(along(lambda x: FORMULAS[name](x, **parameters)))(x)
    return jnp.stack([value, slope, curvature])


@functools.partial(jax.jit, static_argnums=0)
def _apart(name, x, parameters, results, tolerances):
    apart = []
    for r, t, e in zip(results, _derivatives(name, x.astype(jnp.float64), parameters), tolerances, strict=True):
        power = lax.bitcast_convert_type(lax.bitcast_convert_type(t, jnp.int64) & _EXPONENT, jnp.float64)
        apart.append(~(jnp.abs(r.astype(jnp.float64) - t) <= e * power))
    return apart


@contextlib.contextmanager
def _float64() -> Iterator[None]:
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        yield


def _wide(parameters: dict[str, float]) -> dict[str, np.float64]:
    return {name: np.float64(value) for name, value in parameters.items()}


def derivatives(name: str, x: np.ndarray, **parameters: float) -> np.ndarray:
    """Value, slope and curvature at finite points, as a float64 array of shape ``(3, *x.shape)``."""
    flat = np.ravel(x).astype(np.float64)
    size = max(1024, 1 << (flat.size - 1).bit_length())  # few shapes, and so few compilations
    with _float64():
        found = np.asarray(_derivatives(name, np.resize(flat, size), _wide(parameters)))
    return found[:, : flat.size].reshape(3, *np.shape(x))


def apart(
    name: str, x: np.ndarray, results: list[np.ndarray], tolerances: list[float], **parameters: float
) -> list[np.ndarray]:
    """Where value, slope and curvature are off by more than a tolerance each, times 2^n for a truth of 2^n or more.

    What is NaN is off as well.
    """
    with _float64():
        return [np.asarray(a) for a in _apart(name, x, _wide(parameters), results, tolerances)]
