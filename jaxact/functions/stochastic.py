"""Stochastic activations, which take a random key and draw for each element."""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import INF, Composite, activation
from jaxact._arguments import equal_rank
from jaxact._derivative import RowFormula
from jaxact._math import Arithmetic, largest
from jaxact.functions.rectified import leaky_relu, relu
from jaxact.functions.simplex import Axis, one_per_row, rows, softmax_of, softmax_tangent


def _key(function: str, key: Array | None, or_else: str = "") -> Array:
    if key is None:
        raise ValueError(f"jaxact.{function}: key is missing; pass a jax.random.key{or_else}")
    return key


def _rrelu(m: Arithmetic, x: Array, key: Any, lower: float, upper: float, deterministic: bool) -> Array:
    if not lower <= upper:
        raise ValueError(f"jaxact.rrelu: lower must be at most upper, got lower={lower} and upper={upper}")
    if deterministic:
        return leaky_relu(x, (lower + upper) / 2)
    key = _key("rrelu", key, ", or deterministic=True for evaluation")
    draws = jax.random.uniform(key, x.shape, x.dtype, lower, upper)
    return x * jnp.where(x >= 0, 1, draws)  # the backward pass then keeps these slopes alone


@activation(
    Composite(_rrelu),
    kind="stochastic",
    options=("lower", "upper", "deterministic"),
    data=("key",),
    range=(-INF, INF),
    kinks=(0.0,),
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
    ...


@jax.checkpoint  # the backward pass draws again instead of keeping the draws
def _noise(sigma: Array, key: Array, x: Array) -> Array:
    return sigma * jax.random.normal(key, x.shape, x.dtype)


def _prob_act(m: Arithmetic, x: Array, key: Any, sigma: Any, deterministic: bool) -> Array:
    x, sigma = equal_rank("prob_act", x, jnp.asarray(sigma, None if isinstance(sigma, Array) else m.dtype))
    x = jnp.broadcast_to(x, jnp.broadcast_shapes(x.shape, sigma.shape))
    if deterministic:
        return relu(x)
    key = _key("prob_act", key, ", or deterministic=True for the mean")
    wide = lax.convert_element_type(relu(x), m.dtype)
    noise = _noise(lax.convert_element_type(sigma, m.dtype), key, lax.stop_gradient(wide))
    return lax.convert_element_type(wide + noise, x.dtype)


@activation(
    Composite(_prob_act),
    kind="stochastic",
    options=("deterministic",),
    data=("key",),
    range=(-INF, INF),
    kinks=(0.0,),
)
def prob_act(x: ArrayLike, key: Array | None = None, sigma: ArrayLike = 0.0, deterministic: bool = False) -> Array:
    r"""ProbAct, a rectified linear unit with noise of learned strength.

    .. math:: \mathrm{prob\_act}(x) = \max(x, 0) + \sigma \varepsilon, \quad \varepsilon \sim N(0, 1)

    with a new :math:`\varepsilon` for each element. The deterministic form is the mean, :func:`jaxact.relu`; the
    authors' code has no such form, and draws in evaluation too.

    Args:
      x: real array of any shape.
      key: random key; needed unless ``deterministic``.
      sigma: standard deviation of the noise; broadcasts against ``x``.
      deterministic: whether to return the mean.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: a key is missing, or ``sigma`` does not broadcast.

    References:
      Shridhar et al., ProbAct: a probabilistic activation function for deep neural networks, 2019, arXiv:1905.10761.
    """
    ...


def _perturbed(x: Array, key: Array) -> Array:
    return x + jax.random.gumbel(key, x.shape, x.dtype)


def _gumbel(m: Arithmetic, x: Array, tau: Array, key: Array, *mask: Array, axis: Axis) -> Array:
    logits = _perturbed(x, key)
    if mask:
        logits = m.where(mask[0], logits, -jnp.inf)
    top = lax.stop_gradient(largest(logits, axis, -jnp.inf))
    below = logits - m.where(top == -jnp.inf, 0, top)  # before the division by tau, so that the largest is 0
    return softmax_of(m, m.where(below == 0, 0, below / tau), *mask, axis=axis)


def _inverse(m: Arithmetic, tau: Array) -> Array:
    """``1 / tau``, and 0 at 0, where the result is one-hot and its derivative 0."""
    none = lax.abs(tau) < m.tiny
    return m.where(none, 0, 1 / m.where(none, 1, tau))


def _gumbel_tangent(m: Arithmetic, y: Array, t: Array, tau: Array, key: Array, *mask: Array, axis: Axis) -> Array:
    return softmax_tangent(m, y, t, *mask, axis=axis) * _inverse(m, tau)


def _gumbel_tau_tangent(m: Arithmetic, y: Array, t: Array, tau: Array, key: Array, *mask: Array, axis: Axis) -> Array:
    # The argument of the softmax is the logarithm of its result, up to a constant.
    logarithm = jnp.log(m.where(y == 0, 1, y))
    change = -softmax_tangent(m, y, logarithm, *mask, axis=axis) * _inverse(m, tau) * t
    return m.where(mask[0], change, 0) if mask else change


_GUMBEL_SOFTMAX = RowFormula(_gumbel, _gumbel_tangent, _gumbel_tau_tangent, of_result=True)


def _gumbel_softmax(m: Arithmetic, x: Array, key: Any, tau: Any, hard: bool, axis: Any, where: Any) -> Array:
    x, axis, mask = rows("gumbel_softmax", x, axis, where)
    key = _key("gumbel_softmax", key)
    soft = _GUMBEL_SOFTMAX(m, x, one_per_row("gumbel_softmax", "tau", x, tau, axis), key, *mask, axis=axis)
    if not hard:
        return soft
    # In float32, since two entries may be equal once they are rounded to half precision.
    logits = _perturbed(lax.convert_element_type(x, m.dtype), key)
    if mask:
        logits = m.where(mask[0], logits, -jnp.inf)
    one = jax.nn.one_hot(jnp.argmax(logits, axis), x.shape[axis], dtype=x.dtype, axis=axis)
    if mask:
        one = jnp.where(mask[0], one, 0)
    return one + (soft - lax.stop_gradient(soft))


@activation(
    Composite(_gumbel_softmax),
    domain={"tau": "> 0"},
    kind="stochastic",
    options=("hard", "axis"),
    data=("key", "where"),
)
def gumbel_softmax(
    x: ArrayLike,
    key: Array | None = None,
    tau: ArrayLike = 1.0,
    hard: bool = False,
    axis: int = -1,
    where: ArrayLike | None = None,
) -> Array:
    r"""Gumbel-softmax, a differentiable draw from the categories whose logits are ``x``.

    .. math:: \mathrm{gumbel\_softmax}(x)_i = \mathrm{softmax}\left(\frac{x + g}{\tau}\right)_i,
        \quad g_i \sim \mathrm{Gumbel}(0, 1)

    with a new :math:`g_i` for each element. For :math:`\tau \to 0` it is 1 for one category, drawn with the
    probabilities :math:`\mathrm{softmax}(x)`, and 0 for the others; the hard form is that limit, with the slope of the
    soft one.

    Args:
      x: real array of any shape.
      key: random key.
      tau: temperature; positive; broadcasts against ``x``, with size 1 along ``axis``.
      hard: whether to return 1 for the largest entry and 0 for the others, with the slope of the soft form.
      axis: axis of the categories.
      where: boolean mask that broadcasts against ``x``; excluded entries are never drawn, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Rows that are all excluded are all zeros.

    Raises:
      ValueError: a key is missing, ``axis`` is out of range, or ``tau`` varies along it or is a number that is not
        positive.

    References:
      Jang, Gu and Poole, Categorical reparameterization with Gumbel-softmax, 2016, arXiv:1611.01144.
    """
    ...
