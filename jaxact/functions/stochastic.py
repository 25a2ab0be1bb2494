"""Stochastic activations: they take a key and draw anew for each element."""

# A signature says what callers may pass; by the time the body runs, that is an Array.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import INF, _equal_rank, activation
from jaxact._derivative import compute_dtype, differentiable_map
from jaxact.functions.rectified import leaky_relu, relu
from jaxact.functions.simplex import _checked, _mask, _one_per_row, _softmax, _softmax_tangent


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


def _needs_key(function: str, key: Array | None, or_else: str = "") -> Array:
    if key is None:
        raise ValueError(f"jaxact.{function}: key is missing; pass a jax.random.key{or_else}")
    return key


@jax.checkpoint  # the draws are made again for the slope in sigma, not kept
def _noise(sigma: Array, key: Array, x: Array) -> Array:
    return sigma * jax.random.normal(key, x.shape, x.dtype)


@activation(kind="stochastic", options=("deterministic",), data=("key",), range=(-INF, INF), kinks=(0.0,))
def prob_act(x: ArrayLike, key: Array | None = None, sigma: ArrayLike = 0.0, deterministic: bool = False) -> Array:
    r"""ProbAct, a rectified linear unit with noise of learned strength.

    .. math:: \mathrm{prob\_act}(x) = \max(x, 0) + \sigma \varepsilon, \quad \varepsilon \sim N(0, 1)

    with a new :math:`\varepsilon` for each element. The deterministic form is the mean, :func:`jaxact.relu`; in its
    authors' code there is no such form, and evaluation draws too.

    Args:
      x: real array of any shape.
      key: random key; needed unless ``deterministic``.
      sigma: standard deviation of the noise, learned from 0 on; broadcasts against ``x``.
      deterministic: whether to return the mean.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: a key is missing, or ``sigma`` does not broadcast.

    References:
      Shridhar et al., ProbAct: a probabilistic activation function for deep neural networks, 2019, arXiv:1905.10761.
    """
    x, sigma = _equal_rank("prob_act", jnp.asarray(x), jnp.asarray(sigma))
    x = jnp.broadcast_to(x, jnp.broadcast_shapes(x.shape, sigma.shape))
    if deterministic:
        return relu(x)
    key = _needs_key("prob_act", key, ", or deterministic=True for the mean")
    wide = lax.convert_element_type(relu(x), compute_dtype(x.dtype))
    noise = _noise(lax.convert_element_type(sigma, wide.dtype), key, lax.stop_gradient(wide))
    return lax.convert_element_type(wide + noise, x.dtype)


def _perturbed(x: Array, key: Array) -> Array:
    return x + jax.random.gumbel(key, x.shape, x.dtype)


def _tau_change(y: Array, t: Array, tau: Array, axis: int) -> Array:
    """Change along ``t`` in tau: the logarithm of the result is the argument of the softmax, up to a constant."""
    logarithm = jnp.log(jnp.where(y == 0, 1, y))
    return -_softmax_tangent(y, logarithm, axis=axis) * t / tau


@activation(kind="stochastic", options=("hard", "axis"), data=("key", "where"), positive=("tau",))
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
      where: mask that broadcasts against ``x``: what it leaves out is never drawn, and 0 in the result.

    Returns:
      Array of the shape and floating dtype of ``x``. Where ``where`` leaves nothing, all zeros.

    Raises:
      ValueError: a key is missing, ``axis`` is out of range, or ``tau`` varies along it or is a number that is not
        positive.

    References:
      Jang, Gu and Poole, Categorical reparameterization with Gumbel-softmax, 2016, arXiv:1611.01144.
    """
    x = _checked("gumbel_softmax", jnp.asarray(x), axis)
    tau = _one_per_row("gumbel_softmax", "tau", x, jnp.asarray(tau), axis)
    key = _needs_key("gumbel_softmax", key)
    mask = _mask(x, where)
    function = differentiable_map(
        lambda x, tau, key, *mask: _softmax(_perturbed(x, key) / tau, *mask, axis=axis),
        lambda y, t, tau, key, *mask: _softmax_tangent(y, t / tau, *mask, axis=axis),
        lambda y, t, tau, key, *mask: _tau_change(y, t, tau, axis),
        of_result=True,
    )
    soft = function(x, tau, key, *mask)
    if not hard:
        return soft
    # Not rounded to a half precision, where two may be equal.
    logits = _perturbed(lax.convert_element_type(x, compute_dtype(x.dtype)), key)
    if mask:
        logits = jnp.where(mask[0], logits, -jnp.inf)
    one = jax.nn.one_hot(jnp.argmax(logits, axis), x.shape[axis], dtype=x.dtype, axis=axis)
    if mask:
        one = jnp.where(mask[0], one, 0)
    return one + (soft - lax.stop_gradient(soft))
