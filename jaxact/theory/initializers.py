"""Initialisers of ``jax.nn.initializers`` with the gain of an activation, and those of networks of coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike

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


def siren(w0: float = 30.0, *, first: bool = False) -> Callable[..., Array]:
    r"""Initialiser of the kernels of a network of sines.

    .. math:: W \sim \mathcal{U}(-c, c), \qquad c = \frac{\sqrt{6 / n_\mathrm{in}}}{\omega_0}, \;
              \text{in the first layer}\; \frac{1}{n_\mathrm{in}}

    So the arguments of all sines but the first have variance 1. Networks with :func:`jaxact.finer` and
    :func:`jaxact.staf` start from the same kernels.

    Args:
      w0: frequency :math:`\omega_0` of :func:`jaxact.sine`.
      first: whether the input is that of the network, coordinates from -1 to 1.

    Returns:
      An initialiser, for Flax and for JAX: a function of key, shape and dtype.

    Examples:
      >>> import jax
      >>> import jaxact
      >>> jaxact.theory.siren(first=True)(jax.random.key(0), (2, 64)).shape
      (2, 64)

    References:
      Sitzmann, Martel, Bergman, Lindell and Wetzstein, Implicit neural representations with periodic activation
      functions, 2020, arXiv:2006.09661.
    """

    if not first:
        return jax.nn.initializers.variance_scaling(2 / w0**2, "fan_in", "uniform")

    def init(key: Array, shape: Sequence[int], dtype: DTypeLike = float) -> Array:
        return uniform(1 / math.prod(shape[:-1]))(key, shape, dtype)

    return init


def uniform(limit: float) -> Callable[..., Array]:
    r"""Initialiser with the uniform distribution from ``-limit`` to ``limit``.

    The biases of FINER's first layer are drawn so, which chooses the frequencies of its neurons: the larger the limit,
    the higher. So are the phases of STAF, up to :math:`\pi`.

    Args:
      limit: the largest size.

    Returns:
      An initialiser, for Flax and for JAX: a function of key, shape and dtype.

    Examples:
      >>> from flax import linen as nn
      >>> import jaxact
      >>> first = nn.Dense(256, kernel_init=jaxact.theory.siren(first=True), bias_init=jaxact.theory.uniform(5.0))

    References:
      Liu, Zhu, Zhang, Fu, Deng, Ma, Guo and Cao, FINER: flexible spectral-bias tuning in implicit neural representation
      by variable-periodic activation functions, 2023, arXiv:2312.02434.
    """

    def init(key: Array, shape: Sequence[int], dtype: DTypeLike = float) -> Array:
        return jax.random.uniform(key, shape, dtype, -limit, limit)

    return init


def root_laplace(variance: float) -> Callable[..., Array]:
    r"""Initialiser with signed square roots of numbers with a Laplace distribution.

    .. math:: C = \mathrm{sign}(y) \sqrt{|y|}, \qquad y \sim \mathrm{Laplace}(0, \mathrm{Var}\, C)

    STAF draws the heights of its :math:`\tau` waves so. With the variance :math:`2 / \tau` and random phases, their sum
    has variance 1; the authors' code has :math:`1 / (2 \tau)`.

    Args:
      variance: variance of :math:`C`.

    Returns:
      An initialiser, for Flax and for JAX: a function of key, shape and dtype.

    Examples:
      >>> import math
      >>> import jax
      >>> from jaxact import linen, theory
      >>> staf = linen.STAF(  # as in the authors' code
      ...     amplitudes_init=theory.root_laplace(0.1),
      ...     frequencies_init=jax.nn.initializers.uniform(30.0),
      ...     phases_init=theory.uniform(math.pi),
      ... )

    References:
      Morsali et al., STAF: sinusoidal trainable activation functions for implicit neural representation, 2025,
      arXiv:2502.00869, and its authors' code, ``modules/staf.py`` of github.com/AlirezaMorsali/STAF.
    """

    def init(key: Array, shape: Sequence[int], dtype: DTypeLike = float) -> Array:
        y = variance * jax.random.laplace(key, shape, dtype)
        return jnp.sign(y) * jnp.sqrt(jnp.abs(y))

    return init
