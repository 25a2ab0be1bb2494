"""Value, slope and curvature of the activations in float64, fast enough for all 2^32 float32 patterns.

A line of ``FORMULAS`` works on a jet, that is a value with its first two derivatives, so the rules of calculus give the
derivatives and each line is typed once. float64 reaches 1e-308, far below float32's 1e-38, so plain formulas survive in
the tails; what is left to mind is cancellation, which the lines below avoid. The tests hold every line to a relative
error of 1e-12 of the oracle, away from sign changes. It imports nothing from jaxact.

At a kink the slope is that of one side: conventions are not its business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import special


@dataclasses.dataclass(frozen=True)
class Jet:
    """Value, first and second derivative of a function at many points."""

    v: np.ndarray
    d: np.ndarray
    c: np.ndarray

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
    return Jet(np.where(condition, a.v, b.v), np.where(condition, a.d, b.d), np.where(condition, a.c, b.c))


def reciprocal(x: Jet) -> Jet:
    r = 1 / x.v
    return x.then(r, -r * r, 2 * r * r * r)


def absolute(x: Jet) -> Jet:
    return where(x.v < 0, -x, x)


def clip(x: Jet, lower, upper) -> Jet:
    return where(x.v <= lower, lower, where(x.v >= upper, upper, x))


def expm1(x: Jet) -> Jet:
    e = np.exp(x.v)
    return x.then(np.expm1(x.v), e, e)


def sigmoid(x: Jet) -> Jet:
    e = np.exp(-np.abs(x.v))
    r = 1 / (1 + e)
    d = e * r * r
    return x.then(np.where(x.v < 0, e, 1.0) * r, d, d * np.where(x.v < 0, 1.0, -1.0) * -np.expm1(-np.abs(x.v)) * r)


def tanh(x: Jet) -> Jet:
    t, e = np.tanh(x.v), np.exp(-2 * np.abs(x.v))
    d = 4 * e / (1 + e) ** 2
    return x.then(t, d, -2 * t * d)


def softplus(x: Jet) -> Jet:
    s = sigmoid(Jet(x.v, np.ones_like(x.v), np.zeros_like(x.v)))
    return x.then(np.maximum(x.v, 0) + np.log1p(np.exp(-np.abs(x.v))), s.v, s.d)


def normal(x: Jet) -> Jet:
    """Distribution function of the standard normal distribution."""
    d = np.exp(-0.5 * x.v * x.v) / np.sqrt(2 * np.pi)
    return x.then(special.ndtr(x.v), d, -x.v * d)


def root(x: Jet, b) -> Jet:
    """sqrt(x^2 + b), whose curvature b / r^3 would cancel if it were composed."""
    r = np.sqrt(x.v * x.v + b)
    return x.then(r, x.v / r, b / (r * r * r))


def _elu(x, alpha=1.0):
    return where(x.v > 0, x, alpha * expm1(where(x.v > 0, 0.0, x)))


def _gelu_tanh(x):
    return x * sigmoid(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * (x * x * x)))


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
    "hard_tanh": lambda x: where(np.abs(x.v) > 1, np.sign(x.v), x),
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


def derivatives(name: str, x: np.ndarray, **parameters: float) -> np.ndarray:
    """Value, slope and curvature at finite points, as a float64 array of shape ``(3, *x.shape)``."""
    x = np.asarray(x, np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        jet = FORMULAS[name](Jet(x, np.ones_like(x), np.zeros_like(x)), **parameters)
    return np.stack([np.broadcast_to(a, x.shape) for a in (jet.v, jet.d, jet.c)])
