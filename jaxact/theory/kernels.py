"""Kernels: expectations of an activation over pairs of Gaussian numbers, and kernels of wide, deep networks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import spec
from jaxact.theory._quadrature import Function, Mesh, as_float, compiled, gauss_pair, prepare, slope
from jaxact.theory.closed_form import KERNELS


class Kernels(NamedTuple):
    """Kernels of a wide network on pairs of inputs.

    Attributes:
      nngp: covariance of the outputs at initialisation.
      ntk: neural tangent kernel.
    """

    nngp: Array
    ntk: Array


def dual_kernel(
    f: str | Function,
    correlation: ArrayLike,
    variance_1: ArrayLike = 1.0,
    variance_2: ArrayLike | None = None,
    *,
    kinks: Iterable[float] | None = None,
    closed_form: bool = True,
) -> Array:
    r"""Dual kernel of an activation.

    .. math:: \mathrm{E}\, f(u) f(v), \qquad
              (u, v) \sim \mathcal{N}\left(0,
              \begin{pmatrix} q_1 & \rho\sqrt{q_1 q_2} \\ \rho\sqrt{q_1 q_2} & q_2 \end{pmatrix}\right)

    It is differentiable where :math:`|\rho| < 1`; its derivative in :math:`\rho\sqrt{q_1 q_2}` is :func:`dual_slope`,
    which also holds at the ends, if ``f`` does not jump.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      correlation: correlation of the two, in [-1, 1], an array of any shape.
      variance_1: variance of the first, broadcast against ``correlation``.
      variance_2: variance of the second; ``None`` is that of the first.
      kinks: see :func:`jaxact.theory.expectation`.
      closed_form: whether to use the closed form where there is one; else quadrature.

    Returns:
      Array of the shape of the arguments together, in the default floating dtype.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.dual_kernel("relu", 0.0)), 4)  # 1 / (2 pi)
      0.1592

    References:
      Cho and Saul, Kernel methods for deep learning, 2009. Daniely, Frostig and Singer, Toward deeper understanding of
      neural networks, 2016, arXiv:1602.05897.
    """
    return _pair(f, correlation, variance_1, variance_2, kinks, closed_form, 0)


def dual_slope(
    f: str | Function,
    correlation: ArrayLike,
    variance_1: ArrayLike = 1.0,
    variance_2: ArrayLike | None = None,
    *,
    kinks: Iterable[float] | None = None,
    closed_form: bool = True,
) -> Array:
    r"""Dual kernel of the slope of an activation.

    .. math:: \mathrm{E}\, f'(u) f'(v)

    where a jump of ``f`` itself counts as slope 0.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      correlation: correlation of the two, in [-1, 1], an array of any shape.
      variance_1: variance of the first, broadcast against ``correlation``.
      variance_2: variance of the second; ``None`` is that of the first.
      kinks: see :func:`jaxact.theory.expectation`.
      closed_form: whether to use the closed form where there is one; else quadrature.

    Returns:
      Array of the shape of the arguments together, in the default floating dtype.

    Examples:
      >>> import jaxact
      >>> round(float(jaxact.theory.dual_slope("relu", 0.0)), 4)
      0.25
    """
    return _pair(f, correlation, variance_1, variance_2, kinks, closed_form, 1)


def network_kernels(
    f: str | Function,
    x1: ArrayLike,
    x2: ArrayLike | None = None,
    *,
    depth: int,
    sigma_w: ArrayLike = 1.0,
    sigma_b: ArrayLike = 0.0,
    kinks: Iterable[float] | None = None,
    closed_form: bool = True,
) -> Kernels:
    r"""Kernels of an infinitely wide fully connected network with ``depth`` hidden layers and a linear last one.

    .. math:: K_0 &= \sigma_w^2\, x \cdot x' / d + \sigma_b^2, \qquad \Theta_0 = K_0 \\
              K_{l+1} &= \sigma_w^2\, \mathrm{E} f(u) f(v) + \sigma_b^2, \qquad (u, v) \sim \mathcal{N}(0, K_l) \\
              \Theta_{l+1} &= K_{l+1} + \sigma_w^2\, \mathrm{E} f'(u) f'(v)\, \Theta_l

    for layers :math:`\sigma_w W x / \sqrt{d} + \sigma_b b` with standard normal :math:`W` and :math:`b`, all of them
    trained.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      x1: inputs, of shape ``(n1, d)``.
      x2: inputs, of shape ``(n2, d)``; ``None`` is ``x1``.
      depth: number of hidden layers.
      sigma_w: standard deviation of the weights, times the square root of the width.
      sigma_b: standard deviation of the biases.
      kinks: see :func:`jaxact.theory.expectation`.
      closed_form: whether to use the closed form where there is one; else quadrature, at some milliseconds a pair.

    Returns:
      :class:`Kernels`, each of shape ``(n1, n2)``.

    Examples:
      >>> import jax.numpy as jnp
      >>> import jaxact
      >>> k = jaxact.theory.network_kernels("relu", jnp.eye(2), depth=2, sigma_w=2**0.5)
      >>> k.nngp.shape
      (2, 2)

    References:
      Lee et al., Deep neural networks as Gaussian processes, 2017, arXiv:1711.00165. Jacot, Gabriel and Hongler, Neural
      tangent kernel, 2018, arXiv:1806.07572.
    """
    dtype = jnp.result_type(float)
    x1 = jnp.asarray(x1, dtype)
    x2 = x1 if x2 is None else jnp.asarray(x2, dtype)
    if x1.ndim != 2 or x2.ndim != 2 or x1.shape[1] != x2.shape[1]:
        raise ValueError(
            "jaxact.theory.network_kernels: inputs must be of shapes (n1, d) and (n2, d), "
            f"got {x1.shape} and {x2.shape}"
        )
    weight, bias = (jnp.asarray(s, dtype) ** 2 for s in (sigma_w, sigma_b))
    d = x1.shape[1]
    k = weight * (x1 @ x2.T) / d + bias
    q1, q2 = (weight * jnp.sum(x * x, 1) / d + bias for x in (x1, x2))
    pair = functools.partial(_pair, f, kinks=kinks, closed_form=closed_form)

    theta = k
    for _ in range(depth):
        v1, v2 = jnp.broadcast_arrays(q1[:, None], q2[None, :])
        size = jnp.sqrt(v1 * v2)
        correlation = jnp.clip(k / jnp.where(size > 0, size, 1), -1, 1)
        k = weight * pair(correlation, v1, v2, order=0) + bias
        theta = k + weight * pair(correlation, v1, v2, order=1) * theta
        q1, q2 = (weight * pair(jnp.ones_like(q), q, q, order=0) + bias for q in (q1, q2))
    return Kernels(k, theta)


def _pair(
    f: str | Function,
    correlation: ArrayLike,
    variance_1: ArrayLike,
    variance_2: ArrayLike | None,
    kinks: Iterable[float] | None,
    closed_form: bool,
    order: int,
) -> Array:
    variance_2 = variance_1 if variance_2 is None else variance_2
    r, q1, q2 = as_float(correlation, variance_1, variance_2)
    known = _closed(f) if closed_form else None
    if known is not None:
        return known(r, q1, q2)[order]
    f, mesh = prepare(f, kinks, jnp.maximum(q1, q2))
    return compiled(_slopes if order else _values, mesh)(f, mesh, r, q1, q2)


def _values(f: Function, mesh: Mesh, *arguments: Array) -> Array:
    flat = tuple(a.ravel() for a in arguments)
    return lax.map(lambda a: gauss_pair(f, mesh, *a), flat).reshape(arguments[0].shape)


def _slopes(f: Function, mesh: Mesh, *arguments: Array) -> Array:
    return _values(slope(f), mesh, *arguments)


def _closed(f: str | Function) -> Callable[[Array, Array, Array], tuple[Array, Array]] | None:
    """Closed form of a named activation, also with some of its parameters set by ``functools.partial``."""
    given = {}
    if isinstance(f, functools.partial) and not f.args:
        f, given = f.func, f.keywords
    try:
        record = spec(f)
    except KeyError:
        return None
    if record.name not in KERNELS:
        return None
    settings = {**record.parameters, **record.options, **given}
    return functools.partial(KERNELS[record.name], **settings)
