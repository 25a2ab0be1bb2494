"""Initialisers of ``jax.nn.initializers`` with the gain of an activation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import jax
from jax.nn.initializers import Initializer

from jaxact.theory._quadrature import Function
from jaxact.theory.moments import Moments, moments


def _moments(f: str | Function, variance: float, kinks: Iterable[float] | None) -> Moments:
    """The gains as Python numbers, even while a function is being traced."""
    with jax.ensure_compile_time_eval():
        return moments(f, variance, kinks=kinks)


def variance_scaling(
    f: str | Function,
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in",
    distribution: Literal["truncated_normal", "normal", "uniform"] = "truncated_normal",
    *,
    variance: float = 1.0,
    kinks: Iterable[float] | None = None,
) -> Initializer:
    r"""Initialiser of the kernel that follows an activation, so that signals keep their size.

    .. math:: \mathrm{Var}\, W = \frac{q}{n_\mathrm{in}\, \mathrm{E} f(u)^2} \;\text{or}\;
              \frac{1}{n_\mathrm{out}\, \mathrm{E} f'(u)^2}, \qquad u \sim \mathcal{N}(0, q)

    ``fan_in`` keeps the variance of signals, ``fan_out`` that of gradients; ``fan_avg`` takes the harmonic mean of the
    two for a square kernel. For ReLU and ``fan_in`` it is He's initialiser.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``.
      distribution: see ``jax.nn.initializers.variance_scaling``.
      variance: variance of the argument of the activation.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      An initialiser, for Flax and for JAX: a function of key, shape and dtype.

    Raises:
      ValueError: the mode is none of the three.

    Examples:
      >>> import jax
      >>> import jaxact
      >>> init = jaxact.theory.variance_scaling("mish")
      >>> init(jax.random.key(0), (256, 128)).shape
      (256, 128)

    References:
      He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015, arXiv:1502.01852. Glorot and Bengio, Understanding the
      difficulty of training deep feedforward neural networks, 2010.
    """
    m = _moments(f, variance, kinks)
    forward, backward = float(m.second) / variance, float(m.slope_second)
    kept = {"fan_in": forward, "fan_out": backward, "fan_avg": (forward + backward) / 2}
    if mode not in kept:
        raise ValueError(f"jaxact.theory.variance_scaling: mode must be one of {', '.join(kept)}, got {mode!r}")
    return jax.nn.initializers.variance_scaling(1 / kept[mode], mode, distribution)


def orthogonal(f: str | Function, *, variance: float = 1.0, kinks: Iterable[float] | None = None) -> Initializer:
    r"""Orthogonal initialiser of the kernel that follows an activation, so that signals keep their size.

    .. math:: W = \sqrt{q / \mathrm{E} f(u)^2}\; Q, \qquad Q^\top Q = 1, \qquad u \sim \mathcal{N}(0, q)

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      variance: variance of the argument of the activation.
      kinks: see :func:`jaxact.theory.expectation`.

    Returns:
      An initialiser, for Flax and for JAX: a function of key, shape and dtype.

    Examples:
      >>> import jax
      >>> import jaxact
      >>> jaxact.theory.orthogonal("relu")(jax.random.key(0), (64, 64)).shape
      (64, 64)

    References:
      Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural
      networks, 2013, arXiv:1312.6120.
    """
    m = _moments(f, variance, kinks)
    return jax.nn.initializers.orthogonal((variance / float(m.second)) ** 0.5)
