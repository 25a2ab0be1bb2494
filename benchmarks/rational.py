"""Computes the coefficients with which a rational activation starts as another activation.

Prints them as the source of ``jaxact/_rational.py``. Each is the P(x) / (1 + |Q(x)|), of degrees 5 and 4, that is
nearest to the function on [-3, 3] by least squares, among those whose Q = x^2 (q_2 + q_3 x + q_4 x^2) is never
negative, so that they have no kink anywhere, and whose q_4 is at least 0.0001, so that they grow no faster than x in
the end. The search ends in the same place from most of its starts. Takes some minutes.

    python benchmarks/rational.py > jaxact/_rational.py && ruff format jaxact/_rational.py
"""

from __future__ import annotations

import jax
import numpy as np
import scipy.optimize

import jaxact

NAMES = """
elu gelu gelu_exact hard_tanh leaky_relu log_sigmoid mish quick_gelu relu relu_squared selu sigmoid silu soft_sign
softplus squareplus tanh
"""
STARTS = 12
X = np.linspace(-3, 3, 1001)
POWERS = np.vander(X, 6, increasing=True)
HEADER = '''"""Coefficients of rational functions nearest to activations, as written by ``benchmarks/rational.py``."""

Coefficients = tuple[float, ...]

# name: coefficients of P, those of Q but for its first, both the lowest power first
FITS: dict[str, tuple[Coefficients, Coefficients]] = {'''


def below(theta: np.ndarray) -> np.ndarray:
    """Coefficients of a Q that is never negative."""
    q_2, q_4 = np.exp(theta[0]), 1e-4 + np.exp(theta[1])
    return np.array([0, q_2, 2 * np.sqrt(q_2 * q_4) * np.sin(theta[2]), q_4])


def above(target: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Coefficients of the best P for a Q, which is a linear problem."""
    return np.linalg.lstsq(POWERS / (1 + POWERS[:, 1:5] @ q)[:, None], target, rcond=None)[0]


def errors(target: np.ndarray, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return POWERS @ p / (1 + POWERS[:, 1:5] @ q) - target


def fit(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients as float32 numbers."""
    rng = np.random.default_rng(0)

    def left(theta: np.ndarray) -> np.ndarray:
        return errors(target, above(target, below(theta)), below(theta))

    starts = [rng.normal([-1, -3, 0], [1, 1.5, 1]) for _ in range(STARTS)]
    bounds = [-20, -20, -np.pi], [5, 5, np.pi]
    found = [scipy.optimize.least_squares(left, start, bounds=bounds) for start in starts]
    q = below(min(found, key=lambda f: f.cost).x).astype(np.float32)
    return above(target, q.astype(np.float64)).astype(np.float32), q


def short(c: np.ndarray) -> str:
    """The fewest digits that give these numbers."""
    return "(" + ", ".join(str(v) for v in c) + ")"


def main() -> None:
    print(HEADER)
    for name in NAMES.split():
        with jax.enable_x64(True):
            target = np.asarray(jaxact.get(name)(X), np.float64)
        p, q = fit(target)
        left = errors(target, p, q)
        print(f"    # root mean square of the error {np.sqrt(np.mean(left**2)):.1e}, largest {np.abs(left).max():.1e}")
        print(f"    {name!r}: ({short(p)}, {short(q)}),", flush=True)
    print("}")


if __name__ == "__main__":
    main()
