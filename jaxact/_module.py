"""What the linen and the NNX modules share: initial values, and how parameters line up with the input. No flax here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike, DTypeLike

from jaxact._activation import Activation, as_floating

Initializer = Callable[[Array, tuple[int, ...], DTypeLike], Any]
Initial = float | Sequence[float] | Initializer

NO_FLAX = "jaxact's modules need flax; install it with: pip install 'jaxact[flax]'"


def initializer(argument: str, initial: Initial) -> Initializer:
    """A function of key, shape and dtype: ``initial`` itself, or one that repeats that value for each channel.

    Raises:
      ValueError: the value, which came by ``argument``, does not fit the shape.
    """
    if callable(initial):
        return initial

    def repeat(key: Array, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        value = jnp.asarray(initial, dtype)
        if value.shape != shape[: value.ndim]:
            raise ValueError(
                f"{argument} must be a number, or of shape {shape} or its leading axes, got shape {value.shape}"
            )
        return jnp.broadcast_to(lax.expand_dims(value, range(value.ndim, len(shape))), shape)

    return repeat


def parameter_shape(module: str, default: Any, features: int | None) -> tuple[int, ...]:
    """Shape of a parameter: that of its default, and one such per channel where there are ``features``.

    Raises:
      ValueError: ``features`` is not positive.
    """
    if features is None:
        return np.shape(default)
    if features < 1:
        raise ValueError(f"{module}: features must be None, for shared parameters, or at least 1, got {features}")
    return (*np.shape(default), features)


def call(
    module: str,
    record: Activation,
    x: ArrayLike,
    parameters: Mapping[str, Array],
    options: Mapping[str, Any],
    features: int | None,
    axis: int,
    dtype: DTypeLike | None,
) -> Array:
    """Apply the function of ``record`` in ``dtype``, the last axis of each parameter along ``axis`` of the input.

    Raises:
      ValueError: the input has no such axis, or not ``features`` channels along it.
    """
    x = as_floating(record.name, x)
    if dtype is not None:
        x = lax.convert_element_type(x, dtype)
    if features is not None:
        if not -x.ndim <= axis < x.ndim:
            raise ValueError(
                f"{module}: axis must be in [-{x.ndim}, {x.ndim}) for input of shape {x.shape}, got {axis}"
            )
        if x.shape[axis] != features:
            raise ValueError(
                f"{module}: features must equal the input's size along axis {axis}, "
                f"got features={features} for size {x.shape[axis]} in shape {x.shape}"
            )
        channels = tuple(features if i == axis % x.ndim else 1 for i in range(x.ndim))
        parameters = {name: jnp.reshape(p, (*p.shape[:-1], *channels)) for name, p in parameters.items()}
    return record.function(x, **parameters, **options)
