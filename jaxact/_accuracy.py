"""How exact the installed library is on this machine's device, in ulps, with nothing but JAX and NumPy.

The true result is the same activation in float64 on the CPU: other polynomials, and an error far below float32's.
float64 is checked separately: its slope against finite differences of its value, and its value against the function of
the same name in ``jax.nn``, if there is one.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxact._activation import Activation

# fmt: off
CORE = frozenset((
    "identity", "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "celu", "selu", "sigmoid", "log_sigmoid",
    "tanh", "soft_sign", "hard_sigmoid", "hard_silu", "hard_tanh", "softplus", "silu", "swish", "mish", "gelu",
    "gelu_exact", "gelu_tanh", "quick_gelu", "squareplus", "sparse_plus", "sparse_sigmoid", "glu", "softmax",
    "log_softmax",
))
# fmt: on


# Terms with a parameter cancel, and the tests count in ulps of the largest; or docs/numerics.md has the reason.
KNOWN = {(name, "float32") for name in ("erf_act", "gish", "golu", "phish", "pserf", "smu", "xielu")}
_SURROGATE = frozenset({"sugar"})  # whose slope is not that of its value


def bounds(name: str, dtype: str) -> tuple[float, float]:
    """Bounds of value and slope, in ulps: those of the core, or those of the rest of the catalogue."""
    return (0.51, 0.51) if dtype != "float32" else (3.0, 4.0) if name in CORE else (6.0, 8.0)


_WINDOW = 0.25


class Accuracy(NamedTuple):
    """Worst error of an activation in a dtype.

    Attributes:
      name: name of the activation.
      dtype: the dtype.
      value: worst error of the value, in ulps.
      value_at: argument at which it is found.
      slope: worst error of the slope.
      slope_at: argument at which it is found.
    """

    name: str
    dtype: str
    value: float
    value_at: float
    slope: float
    slope_at: float

    @property
    def known(self) -> bool:
        """Whether it is a listed exception."""
        return (self.name, self.dtype) in KNOWN

    @property
    def holds(self) -> bool:
        """Whether both are within the bounds of the library, known exceptions apart."""
        value, slope = bounds(self.name, self.dtype)
        if self.known:
            return math.isfinite(self.value)
        return self.value <= value and self.slope <= slope


class Report(NamedTuple):
    """Accuracy in each dtype, and whether float64, the reference, is right."""

    accuracies: tuple[Accuracy, ...]
    anchored: bool


def measure(spec: Activation, dtypes: Sequence[str] = ("float32", "bfloat16")) -> Report:
    """Worst errors on this machine's device: over all numbers of a half precision, over a sample of float32.

    float64 counts as right if its slope agrees with differences of its value to six digits, and its value with the
    function of the same name in ``jax.nn`` to nine.
    """
    x = np.linspace(-4, 4, 257) + 1e-3
    x = x[np.all(np.abs(x[:, None] - np.array([*spec.kinks, 0.0])) > 0.01, 1)]
    h = 1e-4  # fine for the fastest wave, and coarse for the rounding of values
    around = (x[:, None] + h * np.array([0, -2, -1, 1, 2])).ravel()
    samples = [sample(d, spec.kinks) for d in dtypes]

    # All in one array, since most of the time goes into compilation.
    sizes = np.cumsum([around.size, *(s.size for s in samples)])
    # A default is a float32 number, in the true result too.
    defaults = {n: float(np.float32(p)) for n, p in spec.parameters.items()}
    true = truth(
        functools.partial(spec.function, **defaults), np.concatenate([around, *(s.astype(np.float64) for s in samples)])
    )
    (value, slope), *rest = zip(*(np.split(t, sizes[:-1]) for t in true), strict=True)

    value, slope = value.reshape(-1, 5), slope.reshape(-1, 5)[:, 0]
    difference = value[:, 1:] @ np.array([1, -8, 8, -1]) / (12 * h)  # its error is h^4 times the fifth derivative
    # A few may lie next to a jump of the curvature, where differences are wrong.
    anchored = spec.name in _SURROGATE or np.mean(np.isclose(difference, slope, rtol=1e-6, atol=1e-6)) > 0.95
    peer = getattr(jax.nn, spec.name, None)
    if peer is not None:
        shared = {n: p for n, p in defaults.items() if n in inspect.signature(peer).parameters}
        theirs, _ = truth(functools.partial(peer, **shared), x)
        anchored = anchored and np.allclose(value[:, 0], theirs, rtol=1e-9, atol=1e-12)

    accuracies = []
    for dtype, x, (value, slope) in zip(dtypes, samples, rest, strict=True):
        of_value, of_slope = errors(spec.function, x, value, slope)
        i, j = int(np.argmax(of_value)), int(np.argmax(of_slope))
        accuracies.append(Accuracy(spec.name, dtype, float(of_value[i]), float(x[i]), float(of_slope[j]), float(x[j])))
    return Report(tuple(accuracies), bool(anchored))


def sample(dtype: str, near: tuple[float, ...] = ()) -> np.ndarray:
    """All normal numbers of a half precision; of float32 every exponent, the body, the tails, and kinks' neighbours."""
    if dtype != "float32":
        x = np.arange(2**16, dtype=np.uint16).view(jnp.dtype(dtype))
        wide = np.abs(x.astype(np.float32))
        return np.sort(x[np.isfinite(wide) & ((wide == 0) | (wide >= float(jnp.finfo(dtype).smallest_normal)))])
    rng = np.random.default_rng(0)
    powers = np.ldexp(rng.uniform(1, 2, (8, 254)), np.arange(-126, 128)).ravel()
    body = np.concatenate([powers, rng.uniform(0, 8, 8000), rng.uniform(0, 120, 8000)])
    points = np.array([0.0, *near])
    close = (points[:, None] + np.maximum(np.abs(points), 1e-3)[:, None] * np.arange(-8, 9) * 2.0**-23).ravel()
    return np.unique(np.concatenate([body, -body, close]).astype(np.float32))


def errors(
    f: Callable[[Array], Array], x: np.ndarray, value: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Errors of value and slope of ``f`` at each ``x``, in ulps of its dtype, given the true value and slope."""
    got = _value_and_slope(f)(jnp.asarray(x))
    scale = np.maximum(np.abs(slope), _largest_nearby(x.astype(np.float64), slope))
    of_value = np.maximum(np.abs(value), _largest_nearby(x.astype(np.float64), value))
    return _ulps(got[0], value, of_value), _ulps(got[1], slope, scale)


def truth(f: Callable[[Array], Array], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value and slope in float64 on the CPU."""
    with jax.enable_x64(True), _on_cpu():
        value, slope = _value_and_slope(f)(jnp.asarray(x, jnp.float64))
        return np.asarray(value), np.asarray(slope)


def _value_and_slope(f: Callable[[Array], Array]) -> Callable[[Array], tuple[Array, Array]]:
    return jax.jit(lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),)))


@contextlib.contextmanager
def _on_cpu() -> Iterator[None]:
    try:
        cpu = jax.local_devices(backend="cpu")[0]
    except RuntimeError:  # JAX was started without the CPU; use float64 of the device
        yield
        return
    with jax.default_device(cpu):
        yield


def _largest_nearby(x: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Largest result within 1/4 of a sign change, for arguments in that window; 0 for others.

    No formula keeps a relative error where its result passes through 0, so the error is relative to the neighbourhood.
    """
    out = np.zeros_like(x)
    body = np.flatnonzero((np.abs(x) < 16) & (slope != 0) & np.isfinite(slope))
    signs = np.sign(slope[body])
    for i in np.flatnonzero(signs[1:] != signs[:-1]):
        place = x[body[i]]
        close = np.abs(x - place) <= _WINDOW
        out[close] = np.maximum(out[close], np.abs(slope[close]).max())
    return out


def _ulps(got: Array, truth: np.ndarray, scale: np.ndarray) -> np.ndarray:
    info = jnp.finfo(got.dtype)
    tiny, largest = float(info.smallest_normal), float(info.max)
    y = np.asarray(got).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        ulp = np.ldexp(1.0, np.frexp(np.clip(scale, tiny, largest))[1] - 1 - info.nmant)
        error = np.abs(y - np.clip(truth, -largest, largest)) / ulp
        error = np.where(np.isinf(y) & (np.abs(truth) >= largest) & (np.sign(y) == np.sign(truth)), 0, error)
    error = np.where((y == 0) & (np.abs(truth) >= tiny) & (scale == np.abs(truth)), math.inf, error)  # a false zero
    error = np.where((np.abs(truth) < tiny) & (np.abs(y) <= tiny), 0, error)  # subnormal numbers may be flushed
    return np.where(np.isnan(error), math.inf, error)
