"""Value, slope and curvature of the activations in float64, fast enough for all 2^32 float32 patterns.

A line of ``FORMULAS`` works on a jet, that is a value with its first two derivatives, so the rules of calculus give the
derivatives and each line is typed once. float64 reaches 1e-308, far below float32's 1e-38, so plain formulas survive in
the tails; what is left to mind is cancellation, which the lines below avoid. The tests hold every line to a relative
error of 1e-12 of the oracle, away from sign changes. It imports nothing from jaxact. XLA compiles it for the CPU,
wherever jaxact runs: one pass over memory, where NumPy would take thirty.

At a kink the slope is that of one side: conventions are not its business.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special


@dataclasses.dataclass(frozen=True)
class Jet:
    """Value, first and second derivative of a function at many points."""

    v: jax.Array
    d: jax.Array
    c: jax.Array

    def __add__(self, other):
        other = lift(other)
        return Jet(self.v + other.v, self.d + other.d, self.c + other.c)

    def __mul__(self, other):
        if not isinstance(other, Jet):
            return Jet(self.v * other, self.d * other, self.c * other)
        return Jet(
            self.v * other.v,
            self.d * other.v + self.v * other.d,
            self.c * other.v + 2 * self.d * other.d + self.v * other.c,
        )

    def __truediv__(self, other):
        return (
            self * reciprocal(other) if isinstance(other, Jet) else Jet(self.v / other, self.d / other, self.c / other)
        )

    def __neg__(self):
        return Jet(-self.v, -self.d, -self.c)

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return reciprocal(self) * other

    __radd__, __rmul__ = __add__, __mul__

    def then(self, v, d, c) -> Jet:
        """A function of this jet, given with its own derivatives."""
        return Jet(v, d * self.d, c * self.d * self.d + d * self.c)


def lift(x) -> Jet:
    return x if isinstance(x, Jet) else Jet(x, 0.0, 0.0)


def where(condition, a, b) -> Jet:
    a, b = lift(a), lift(b)
    return Jet(jnp.where(condition, a.v, b.v), jnp.where(condition, a.d, b.d), jnp.where(condition, a.c, b.c))


def reciprocal(x: Jet) -> Jet:
    r = 1 / x.v
    return x.then(r, -r * r, 2 * r * r * r)


def absolute(x: Jet) -> Jet:
    return where(x.v < 0, -x, x)


def clip(x: Jet, lower, upper) -> Jet:
    return where(x.v <= lower, lower, where(x.v >= upper, upper, x))


def expm1(x: Jet) -> Jet:
    e = jnp.exp(x.v)
    return x.then(jnp.expm1(x.v), e, e)


def sigmoid(x: Jet) -> Jet:
    e = jnp.exp(-jnp.abs(x.v))
    r = 1 / (1 + e)
    d = e * r * r
    return x.then(jnp.where(x.v < 0, e, 1.0) * r, d, d * jnp.where(x.v < 0, 1.0, -1.0) * -jnp.expm1(-jnp.abs(x.v)) * r)


def tanh(x: Jet) -> Jet:
    t, e = jnp.tanh(x.v), jnp.exp(-2 * jnp.abs(x.v))
    d = 4 * e / (1 + e) ** 2
    return x.then(t, d, -2 * t * d)


def softplus(x: Jet) -> Jet:
    s = sigmoid(Jet(x.v, jnp.ones_like(x.v), jnp.zeros_like(x.v)))
    return x.then(jnp.maximum(x.v, 0) + jnp.log1p(jnp.exp(-jnp.abs(x.v))), s.v, s.d)


def normal(x: Jet) -> Jet:
    """Distribution function of the standard normal distribution."""
    d = jnp.exp(-0.5 * x.v * x.v) / math.sqrt(2 * math.pi)
    return x.then(special.ndtr(x.v), d, -x.v * d)


def root(x: Jet, b) -> Jet:
    """sqrt(x^2 + b), whose curvature b / r^3 would cancel if it were composed."""
    r = jnp.sqrt(x.v * x.v + b)
    return x.then(r, x.v / r, b / (r * r * r))


def _elu(x, alpha=1.0):
    return where(x.v > 0, x, alpha * expm1(where(x.v > 0, 0.0, x)))


def _gelu_tanh(x):
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))


def _leaky_relu(x, negative_slope):
    return where(x.v >= 0, x, negative_slope * x)


def _soft_sign(x):
    a = absolute(x)
    return where(a.v < 1, x / (1 + a), where(x.v < 0, 1 / (1 + a) - 1, 1 - 1 / (1 + a)))


def _squareplus(x, b):
    r = root(x, b)
    return where(x.v < 0, b / 2 / (r - x), (x + r) / 2)


FORMULAS: dict[str, Callable[..., Jet]] = {
    "celu": lambda x, alpha: where(x.v > 0, x, alpha * expm1(where(x.v > 0, 0.0, x) / alpha)),
    "elu": _elu,
    "gelu": _gelu_tanh,
    "gelu_exact": lambda x: x * normal(x),
    "gelu_tanh": _gelu_tanh,
    "hard_sigmoid": lambda x: clip((x + 3) / 6, 0, 1),
    "hard_silu": lambda x: where(x.v <= -3, 0.0, where(x.v >= 3, x, x * (x + 3) / 6)),
    "hard_tanh": lambda x: where(jnp.abs(x.v) > 1, jnp.sign(x.v), x),
    "identity": lambda x: x,
    "leaky_relu": _leaky_relu,
    "log_sigmoid": lambda x: -softplus(-x),
    "mish": lambda x: x * tanh(softplus(x)),
    "prelu": _leaky_relu,
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "relu": lambda x: where(x.v > 0, x, 0.0),
    "relu6": lambda x: clip(x, 0, 6),
    "selu": lambda x: 1.0507009873554804934193349852946 * _elu(x, 1.6732632423543772848170429916717),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "soft_sign": _soft_sign,
    "softplus": lambda x, beta: softplus(beta * x) / beta,
    "sparse_plus": lambda x: where(x.v <= -1, 0.0, where(x.v >= 1, x, (x + 1) * (x + 1) / 4)),
    "sparse_sigmoid": lambda x: clip((x + 1) / 2, 0, 1),
    "squareplus": _squareplus,
    "swish": lambda x, beta: x * sigmoid(beta * x),
    "tanh": tanh,
}


_EXPONENT = np.int64(0x7FF0000000000000)  # of a float64


@functools.partial(jax.jit, static_argnums=0)
def _derivatives(name: str, x: jax.Array, parameters: dict[str, jax.Array]) -> jax.Array:
    jet = FORMULAS[name](Jet(x, jnp.ones_like(x), jnp.zeros_like(x)), **parameters)
    return jnp.stack([jnp.broadcast_to(a, x.shape) for a in (jet.v, jet.d, jet.c)])


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
