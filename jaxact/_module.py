"""What the linen and the NNX modules share, from initial values to gates. No flax here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike, DTypeLike

from jaxact._activation import Activation, as_floating, get, spec, specs
from jaxact._math import compute_dtype
from jaxact._rational import FITS

Initializer = Callable[[Array, tuple[int, ...], DTypeLike], Any]
Initial = float | Sequence[float] | Initializer
Function = str | Callable[[Array], Array]
Gate = str | Callable[[Array, Array], Array]
Partitioning = tuple[str | None, str | None]

KERNEL_INIT: Initializer = jax.nn.initializers.lecun_normal()
BIAS_INIT: Initializer = jax.nn.initializers.zeros
NORMAL_INIT: Initializer = jax.nn.initializers.normal(1.0)

NO_FLAX = "jaxact's modules need flax; install it with: pip install 'jaxact[flax]'"


def initializer(argument: str, initial: Initial) -> Initializer:
    """A function of key, shape and dtype: ``initial`` itself, or one that repeats that value for each channel.

    Raises:
      ValueError: the value, which came by ``argument``, does not fit the shape, or the initializer has no value of it.
    """

    def call(key: Array, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        wanted = f"{argument} must be a number, or an initializer: a function of key, shape and dtype"
        name = getattr(initial, "__qualname__", repr(initial)).partition(".")[0]
        try:
            value = initial(key, shape, dtype)  # type: ignore[operator]
        except (TypeError, ValueError, IndexError) as error:
            raise ValueError(
                f"{wanted}; {name} failed for a parameter of shape {shape}. "
                f"One that works for any shape is normal, or constant. It said: {error}"
            ) from error
        if callable(value):
            raise ValueError(f"{wanted}; got {name}, which makes one: call it, as in {name}()")
        if isinstance(value, Array) and value.shape != shape:
            raise ValueError(f"{wanted}; {name} gave shape {value.shape} for a parameter of shape {shape}")
        return value

    def repeat(key: Array, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        value = jnp.asarray(initial, dtype)
        if value.shape != shape[: value.ndim]:
            raise ValueError(
                f"{argument} must be a number, or of shape {shape} or its leading axes, got shape {value.shape}"
            )
        return jnp.broadcast_to(lax.expand_dims(value, range(value.ndim, len(shape))), shape)

    return call if callable(initial) else repeat


def parameter_shape(
    module: str, default: Any, features: int | None, groups: int | None = None, shared: bool = False
) -> tuple[int, ...]:
    """Shape of a parameter: that of its default, and one such per channel or group of channels where there are any.

    Raises:
      ValueError: ``features`` is not positive, or not a multiple of ``groups``.
    """
    if features is not None and features < 1:
        raise ValueError(f"{module}: features must be None, for shared parameters, or at least 1, got {features}")
    if groups is not None and (features is None or groups < 1 or features % groups):
        raise ValueError(f"{module}: groups must divide features, got groups={groups} and features={features}")
    channels = groups or features
    return np.shape(default) if channels is None or shared else (*np.shape(default), channels)


def call(
    module: str, record: Activation, x: ArrayLike, parameters: Mapping[str, Array], options: Mapping[str, Any], of: Any
) -> Array:
    """Apply the function of ``record``, the last axis of each parameter along ``axis`` of the input.

    ``of`` has ``dtype``, and may have ``features``, ``groups`` and ``axis``.

    Raises:
      ValueError: the input has no such axis, or not ``features`` channels along it.
    """
    x = converted(record.name, x, of.dtype)
    values, features, groups = list(parameters.values()), getattr(of, "features", None), getattr(of, "groups", None)
    if groups is not None and features is not None:
        values = [jnp.repeat(p, features // groups, -1) if p.shape else p for p in values]
    values = aligned(module, x, values, features, getattr(of, "axis", -1))
    return record.function(x, **dict(zip(parameters, values, strict=True)), **options)


def converted(function: str, x: ArrayLike, dtype: DTypeLike | None) -> Array:
    """``x`` as a floating array, of that dtype if there is one."""
    x = as_floating(function, x)
    return x if dtype is None else lax.convert_element_type(x, dtype)


def aligned(module: str, x: Array, parameters: list[Array], features: int | None, axis: int) -> list[Array]:
    """The parameters, the last axis of each along ``axis`` of the input if there are ``features``.

    Raises:
      ValueError: the input has no such axis, or not ``features`` channels along it.
    """
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
        return [jnp.reshape(p, (*p.shape[:-1], *channels)) if p.shape else p for p in parameters]  # or all share it
    return parameters


def mixed(module: str, names: Sequence[str]) -> tuple[Callable[..., Array], ...]:
    """The activations of a mixture.

    Raises:
      ValueError: there are none, or one of them is not elementwise.
      KeyError: there is no such activation.
    """
    if isinstance(names, str) or not names:
        raise ValueError(f"{module}: names must be a tuple of at least one activation, got {names!r}")
    for name in names:
        if not spec(name).elementwise:
            raise ValueError(
                f"{module}: names must be of elementwise activations, got {name!r}, of the {spec(name).kind} ones"
            )
    return tuple(map(get, names))


def mixture(functions: Sequence[Callable[..., Array]], x: Array, weights: Array) -> Array:
    """The functions of ``x``, weighted by the softmax of ``weights`` along its first axis; rounded once."""

    @jax.checkpoint  # keeps the input, not what each function makes of it
    def apply(x: Array, weights: Array) -> Array:
        wide = lax.convert_element_type(x, compute_dtype(x.dtype))
        share = get("softmax")(lax.convert_element_type(weights, wide.dtype), axis=0)
        total = sum(share[i] * f(wide) for i, f in enumerate(functions))
        return lax.convert_element_type(total, x.dtype)

    return apply(x, weights)


def meta_acon(module: str, x: Array, p1: Array, p2: Array, network: Callable[[Array], Array], axis: int) -> Array:
    """ACON-C with the sharpness that the network makes of the mean of each channel.

    Raises:
      ValueError: the input has no such axis, or another size along it.
    """
    p1, p2 = aligned(module, x, [p1, p2], p1.size, axis)
    rest = [i for i in range(1, x.ndim) if i != axis % x.ndim]
    beta = get("sigmoid")(network(jnp.mean(x, rest)))
    return get("acon_c")(x, p1, p2, lax.expand_dims(beta, rest))


def fitted(module: str, name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Coefficients of the rational function that is nearest to the activation of that name.

    Raises:
      ValueError: it has not been computed.
    """
    if name not in FITS:
        raise ValueError(f"{module}: approximate must be None or one of {', '.join(FITS)}; got {name!r}")
    return FITS[name]


def function(of: Function) -> Callable[[Array], Array]:
    """The activation of that name.

    Raises:
      KeyError: there is no such activation.
    """
    return of if callable(of) else get(of)


def gate_function(module: str, gate: Gate) -> Callable[[Array, Array], Array]:
    """The function of gate and value of that name.

    Raises:
      ValueError: there is no such gate.
    """
    if callable(gate):
        return gate
    known = [record.name for record in specs("gated")]
    if gate not in known:
        raise ValueError(
            f"{module}: gate must be a function of gate and value, or one of {', '.join(known)}; got {gate!r}"
        )
    return _glu if gate == "glu" else get(gate)


def _glu(gate: Array, value: Array) -> Array:
    """``glu`` takes both in one array, the gate last."""
    return get("glu")(jnp.concatenate([value, gate], -1))


def check_sizes(module: str, **sizes: int) -> None:
    """Refuse what is no size."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{module}: {name} must be at least 1, got {size}")


def check_features(module: str, x: Array, features: int) -> None:
    """Refuse input of another size along its last axis."""
    if x.ndim == 0 or x.shape[-1] != features:
        raise ValueError(
            f"{module}: features must equal the input's size along its last axis, got features={features} for input of "
            f"shape {x.shape}"
        )


Arrays = TypeVar("Arrays", bound=tuple)


def like_the_first(arrays: Arrays, /, *, dtype: Any = None, inexact: bool = True) -> Arrays:
    """The arrays in the dtype of the first: how kernels and biases follow their input."""
    dtype = arrays[0].dtype
    return tuple(None if a is None else lax.convert_element_type(a, dtype) for a in arrays)  # type: ignore[return-value]


def maxout_layer(x: Array, kernel: Array, bias: Array | None, pieces: int) -> Array:
    """The largest of each group of neighbouring affine functions of the last axis, in the dtype of ``x``."""
    x, kernel, bias = like_the_first((x, kernel, bias))
    h = lax.dot_general(x, kernel, (((x.ndim - 1,), (0,)), ((), ())))
    if bias is not None:
        h = h + lax.expand_dims(bias, range(h.ndim - 1))
    return get("maxout")(h, pieces)
