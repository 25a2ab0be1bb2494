"""Stochastic activations: they take a key and draw anew for each element."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxact._activation import INF, activation
from jaxact.functions.rectified import leaky_relu


@activation(
    kind="stochastic", options=("lower", "upper", "deterministic"), data=("key",), range=(-INF, INF), kinks=(0.0,)
)
def rrelu(
    x: ArrayLike,
    key: Array | None = None,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    deterministic: bool = False,
) -> Array:
    r"""Randomized leaky rectified linear unit.

    .. math:: \mathrm{rrelu}(x) = \begin{cases} x & x \ge 0 \\ a x & x < 0 \end{cases}, \quad a \sim U(l, u)

    with a new :math:`a` for each element. The deterministic form has the mean slope :math:`(l + u) / 2`.

    Args:
      x: real array of any shape.
      key: random key; needed unless ``deterministic``.
      lower: least negative slope.
      upper: greatest negative slope.
      deterministic: whether to use the mean slope, as in evaluation.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``lower > upper``, or a key is missing.

    References:
      Xu, Wang, Chen and Li, Empirical evaluation of rectified activations in convolutional network, 2015,
      arXiv:1505.00853.
    """
    if not lower <= upper:
        raise ValueError(f"jaxact.rrelu: lower must be at most upper, got lower={lower} and upper={upper}")
    if deterministic:
        return leaky_relu(x, (lower + upper) / 2)
    if key is None:
        raise ValueError("jaxact.rrelu: key is missing; pass a jax.random.key, or deterministic=True for evaluation")
    x = jnp.asarray(x)
    draws = jax.random.uniform(key, x.shape, x.dtype, lower, upper)
    return x * jnp.where(x >= 0, 1, draws)  # so that these slopes are all that the backward pass keeps
