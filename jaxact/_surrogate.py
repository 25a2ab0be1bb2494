"""The value of one function with the slope of another: straight-through estimators and surrogate gradients."""

from __future__ import annotations

from collections.abc import Callable

import jax
from jax import Array

from jaxact._activation import get

Function = Callable[[Array], Array]


def surrogate(forward: str | Function, backward: str | Function) -> Function:
    r"""Function with the value of one function and the slope of another.

    .. math:: y = f(x), \quad \frac{\partial y}{\partial x} := g'(x)

    Where :math:`f` is a step, its own slope is 0 and nothing learns. Spiking networks and quantised ones take the slope
    of a smooth function instead; with the identity it is the straight-through estimator. Higher derivatives are those
    of :math:`g`.

    Args:
      forward: the function whose value it has, or the name of an activation; it maps an array number by number.
      backward: the function whose slope it has, likewise. The backward pass keeps what this one keeps.

    Returns:
      The function of one array.

    Raises:
      KeyError: there is no activation of that name.

    Examples:
      >>> import jax, jax.numpy as jnp, jaxact
      >>> sign = jaxact.surrogate(jnp.sign, "hard_tanh")  # of binary networks
      >>> float(sign(0.3)), float(jax.grad(sign)(0.3)), float(jax.grad(sign)(1.5))
      (1.0, 1.0, 0.0)
      >>> rounded = jaxact.surrogate(jnp.round, "identity")  # straight through
      >>> float(rounded(0.7)), float(jax.grad(rounded)(0.7))
      (1.0, 1.0)
      >>> spike = jaxact.surrogate(  # SuperSpike, whose slope is 1 / (1 + 25 |x|)^2
      ...     lambda x: jnp.heaviside(x, 0.0), lambda x: jaxact.soft_sign(25 * x) / 25
      ... )
      >>> float(spike(0.2)), f"{jax.grad(spike)(0.2):.4f}"
      (1.0, '0.0278')

    References:
      Bengio, Léonard and Courville, Estimating or propagating gradients through stochastic neurons for conditional
      computation, 2013, arXiv:1308.3432; Neftci, Mostafa and Zenke, Surrogate gradient learning in spiking neural
      networks, 2019, arXiv:1901.09948.
    """
    value, smooth = (get(f) if isinstance(f, str) else f for f in (forward, backward))

    @jax.custom_jvp
    def function(x: Array) -> Array:
        return value(x)

    @function.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        return function(*primals), jax.jvp(smooth, primals, tangents)[1]

    return function
