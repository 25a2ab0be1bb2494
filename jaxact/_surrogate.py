"""The value of one function with the slope of another: straight-through estimators and surrogate gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import get
from jaxact._arguments import as_floating
from jaxact._math import compute_dtype

Function = Callable[[Array], Array]
Slope = Literal["superspike", "arctan", "triangular", "boxcar", "sigmoid"]


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
      >>> ternary = jaxact.surrogate(lambda x: jnp.sign(jaxact.hard_shrink(x)), "identity")
      >>> float(ternary(0.3)), float(ternary(-0.7)), float(jax.grad(ternary)(0.3))
      (0.0, -1.0, 1.0)

    References:
      Bengio, Léonard and Courville, Estimating or propagating gradients through stochastic neurons for conditional
      computation, 2013, arXiv:1308.3432.
    """
    value, smooth = (get(f) if isinstance(f, str) else f for f in (forward, backward))

    @jax.custom_jvp
    def function(x: Array) -> Array:
        return value(x)

    @function.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        return function(*primals), jax.jvp(smooth, primals, tangents)[1]

    return function


# Of each, the scale that it has by default, and the function of x and scale whose slope it is.
_SLOPES: dict[str, tuple[float, Callable[[Array, float], Array]]] = {
    "superspike": (25.0, lambda x, k: get("soft_sign")(k * x) / k),
    "arctan": (2.0, lambda x, k: get("atan")(math.pi / 2 * k * x) / math.pi),
    "triangular": (2.0, lambda x, k: get("sqnl")(2 * k * x) / (2 * k)),
    "boxcar": (1.0, lambda x, k: get("hard_tanh")(k * x) / (2 * k)),
    "sigmoid": (25.0, lambda x, k: get("sigmoid")(k * x)),
}


def heaviside(x: ArrayLike, slope: Slope = "superspike", scale: float | None = None) -> Array:
    r"""Step of spiking networks, with a surrogate slope.

    .. math:: \mathrm{heaviside}(x) = 1 \;\text{if}\; x > 0, \;\text{else}\; 0

    ============== ======================================================== ============= =========================
    ``slope``      :math:`\partial y / \partial x`                          ``scale`` k   elsewhere
    ============== ======================================================== ============= =========================
    ``superspike`` :math:`1 / (1 + k |x|)^2`                                25            snntorch ``fast_sigmoid``
    ``arctan``     :math:`(k / 2) / (1 + (\pi k x / 2)^2)`                  2             snntorch ``atan``
    ``triangular`` :math:`\max(0, 1 - k |x|)`                               2             spyx
    ``boxcar``     :math:`1 / 2` where :math:`k |x| \le 1`                  1             spyx, ``width`` is 2 / k
    ``sigmoid``    :math:`k \sigma(k x) \sigma(-k x)`                       25            snntorch
    ============== ======================================================== ============= =========================

    The two libraries agree on SuperSpike alone. spyx's ``arctan(k)`` is this one with ``scale=2 * k``, over
    :math:`\pi k`; its code leaves the edges of the box out. snntorch's ``triangular`` is no triangle: 1 below the
    threshold and -1 above.

    Args:
      x: real array of any shape: the membrane potential above its threshold.
      slope: name of the surrogate slope.
      scale: a number, how narrow the slope is.

    Returns:
      Array of the shape and floating dtype of ``x``. At NaN it is NaN.

    Raises:
      ValueError: there is no slope of that name.

    Examples:
      >>> import jax
      >>> import jaxact
      >>> float(jaxact.heaviside(0.2)), f"{jax.grad(jaxact.heaviside)(0.2):.4f}"
      (1.0, '0.0278')
      >>> f"{jax.grad(jaxact.heaviside)(0.2, 'arctan', scale=4.0):.4f}"
      '0.7755'

    References:
      Neftci, Mostafa and Zenke, Surrogate gradient learning in spiking neural networks, 2019, arXiv:1901.09948; Zenke
      and Ganguli, SuperSpike: supervised learning in multilayer spiking neural networks, 2018, arXiv:1705.11146; Fang
      et al., Incorporating learnable membrane time constant to enhance learning of spiking neural networks, 2020,
      arXiv:2007.05785, for the arctan; Esser et al., Convolutional networks for fast, energy-efficient neuromorphic
      computing, 2016, arXiv:1603.08270, for the triangle.
    """
    if slope not in _SLOPES:
        raise ValueError(f"jaxact.heaviside: slope must be one of {', '.join(_SLOPES)}, got {slope!r}")
    default, smooth = _SLOPES[slope]

    @jax.checkpoint  # keeps the input, in its own dtype
    def rounded_once(x: Array) -> Array:
        wide = lax.convert_element_type(x, compute_dtype(x.dtype))
        return lax.convert_element_type(smooth(wide, default if scale is None else scale), x.dtype)

    return surrogate(_step, rounded_once)(as_floating("heaviside", x))


def _step(x: Array) -> Array:
    return jnp.heaviside(x, lax.full_like(x, 0))
