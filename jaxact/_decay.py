"""Which parameters weight decay must leave alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import jax
from jax.tree_util import GetAttrKey

from jaxact._activation import specs


def decay_mask(params: Any) -> Any:
    r"""Mask for Optax, false for the parameters of learnable activations and true for everything else.

    .. math:: \theta \leftarrow \theta - \eta \, (u + \lambda m \theta)

    with :math:`u` the optimizer's own step, :math:`\lambda` the weight decay and :math:`m` the mask. Decay pulls to 0,
    which makes a kernel small, but changes the shape of an activation: at :math:`\beta = 0`, Swish is the linear
    :math:`x / 2`.

    A group of parameters belongs to an activation if its names are exactly those of the parameters of one function of
    ``jaxact``: ``{"beta"}`` is a Swish, but ``{"beta", "gamma"}`` and ``{"beta", "kernel"}`` are not. ``{"weights"}``
    is a Mixture. No layer of Flax has such a group of names, except for its own ``PReLU``. Biases and the scales of
    normalization layers are left to the caller, as opinions on them differ; see the second example.

    Args:
      params: pytree of dicts, lists, ``nnx.State`` and the like, with the modules' names for their parameters.

    Returns:
      Pytree of bools, of the structure of ``params``: the argument ``mask`` of ``optax.adamw``, which also takes this
      function itself.

    Examples:
      >>> import jax, jax.numpy as jnp, jaxact
      >>> params = {"Dense_0": {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}, "Swish_0": {"beta": jnp.ones(())}}
      >>> mask = jaxact.decay_mask(params)
      >>> mask
      {'Dense_0': {'bias': True, 'kernel': True}, 'Swish_0': {'beta': False}}
      >>> jax.tree.map(lambda m, p: m and p.ndim > 1, mask, params)
      {'Dense_0': {'bias': False, 'kernel': True}, 'Swish_0': {'beta': False}}

    References:
      Loshchilov and Hutter, Decoupled weight decay regularization, 2017, arXiv:1711.05101.
    """
    leaves, structure = jax.tree_util.tree_flatten_with_path(params)
    paths = [_unboxed(path) for path, _ in leaves]
    siblings = defaultdict(set)
    for path in paths:
        for depth, key in enumerate(path):
            siblings[path[:depth]].add(_name(key))
    groups = {frozenset(record.parameters) for record in specs() if record.parameters}
    # Of Mixture and MetaAcon, which are modules without a function.
    groups |= {frozenset({"weights"}), frozenset({"fc1", "fc2", "p1", "p2"})}
    return structure.unflatten([not path or siblings[path[:-1]] not in groups for path in paths])


def _unboxed(path: tuple) -> tuple:
    """The path without the last step into an ``nnx.Param`` or a linen ``Partitioned``."""
    return path[:-1] if path and path[-1] == GetAttrKey("value") else path


def _name(key: Any) -> Any:
    return next((getattr(key, a) for a in ("key", "name", "idx") if hasattr(key, a)), key)
