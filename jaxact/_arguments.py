"""Conversion and checks of arguments, with their error messages."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.extend.core.primitives import convert_element_type_p

from jaxact._math import compute_dtype

_JAX_NN = dict(vars(jax.nn))  # as imported: a program may put jaxact's functions there later


def as_floating(function: str, x: Any, argument: str = "x", like: Array | None = None) -> Array:
    """``x`` as a floating array; bools, integers and numbers get the compute dtype of ``like``, or the default.

    An argument with a ``like`` is a parameter, and may be a sequence of coefficients.

    Raises:
      TypeError: ``x`` is complex or not an array.
    """
    if like is not None and isinstance(x, (tuple, list)) and x:
        return jnp.stack([as_floating(function, c, argument, like) for c in x])
    accepted = isinstance(x, (bool, int, float, np.ndarray, np.generic, Array)) and not isinstance(x, np.ma.MaskedArray)
    if not accepted or not _is_real(x):
        what = f"{getattr(x, 'dtype', None)} array" if hasattr(x, "dtype") and accepted else repr(type(x).__name__)
        way = "convert it with jnp.asarray"
        if "complex" in what:
            way = "apply it to the real and imaginary parts" + f", or take jax.nn.{function}" * (function in _JAX_NN)
        raise TypeError(f"jaxact.{function}: {argument} must be a real array or number, got {what}; {way}")
    if like is not None and isinstance(x, (bool, int, float)):
        return jnp.asarray(x, compute_dtype(like.dtype))
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x
    return lax.convert_element_type(x, jnp.result_type(float) if like is None else compute_dtype(like.dtype))


def is_weak(x: Array) -> bool:
    """Whether an array is weakly typed, as a Python number is."""
    return bool(getattr(x, "weak_type", False))


def weakly_typed(y: Array) -> Array:
    """``y``, weakly typed."""
    return convert_element_type_p.bind(y, new_dtype=y.dtype, weak_type=True, sharding=None)


def as_array(x: Any) -> Any:
    """The array in an object with ``__jax_array__``, such as ``nnx.Param``; anything else unchanged."""
    convert = getattr(x, "__jax_array__", None)
    return x if convert is None else convert()


def is_array(x: Any) -> TypeGuard[Array]:
    """Whether ``x`` is a JAX array. Functions that cloudpickle pickles by value cannot refer to the class itself."""
    return isinstance(x, Array)


def of_integers(function: str, x: Array) -> tuple[Any, bool]:
    """Dtype of ``jax.nn``'s result for integers or bools, and whether it is weak; the default float if it refuses."""
    theirs = _JAX_NN.get(function)
    weak = is_weak(x)
    if theirs is not None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # softmax casts -inf
                y = jax.eval_shape(theirs, jax.ShapeDtypeStruct((2,), x.dtype, weak_type=weak))
        except (TypeError, ValueError):
            pass
        else:
            if jnp.issubdtype(y.dtype, jnp.floating):
                return y.dtype, y.weak_type
    return jnp.result_type(float), weak


def as_option(function: str, argument: str, value: Any) -> Any:
    """A Python value that can be hashed: a tuple for a list, a number for NumPy's.

    Raises:
      TypeError: there is none, as for an array.
    """
    value = tuple(value) if isinstance(value, list) else value.item() if isinstance(value, np.generic) else value
    try:
        hash(value)
    except TypeError:
        raise TypeError(
            f"jaxact.{function}: {argument} must be a Python value that can be hashed, such as a number, a string or a "
            f"tuple of them, got {type(value).__name__!r}; it is settled when the function is traced"
        ) from None
    return value


def is_integer(x: Any) -> bool:
    """Whether ``x`` is of integers or bools."""
    dtype = getattr(x, "dtype", None)
    return isinstance(x, int) if dtype is None else jnp.issubdtype(dtype, jnp.integer) or dtype == jnp.bool_


def _is_real(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    if dtype is None:
        return True
    return jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer) or dtype == jnp.bool_


def _check_integer(function: str, argument: str, value: Any) -> None:
    if not isinstance(value, (int, np.integer)):
        raise TypeError(f"jaxact.{function}: {argument} must be an integer, got {value!r}")


def axis_of(function: str, x: Array, axis: int) -> int:
    """The axis, counted from the front.

    Raises:
      TypeError: it is not an integer.
      ValueError: it is out of range.
    """
    _check_integer(function, "axis", axis)
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"jaxact.{function}: axis must be in [-{x.ndim}, {x.ndim}) for x of shape {x.shape}, got {axis}"
        )
    return axis % x.ndim


def even_axis(function: str, x: Array, axis: int) -> int:
    """The axis, counted from the front, of an array that is to be halved along it.

    Raises:
      TypeError: it is no integer.
      ValueError: it is out of range, or the size along it is odd.
    """
    found = axis_of(function, x, axis)
    if x.shape[found] % 2:
        raise ValueError(
            f"jaxact.{function}: the size along axis {axis} must be even to be halved, got shape {x.shape}"
        )
    return found


def in_groups(function: str, x: Array, argument: str, size: int, axis: int) -> tuple[Array, int]:
    """``x`` with ``size`` neighbours along ``axis`` on an axis of their own, and that axis; ``argument`` is its name.

    Raises:
      TypeError: ``axis`` or ``size`` is not an integer.
      ValueError: ``axis`` is out of range, ``size`` is not positive, or the size along ``axis`` not a multiple of it.
    """
    axis = axis_of(function, x, axis)
    _check_integer(function, argument, size)
    if size < 1:
        raise ValueError(f"jaxact.{function}: {argument} must be at least 1, got {size}")
    if x.shape[axis] % size:
        raise ValueError(
            f"jaxact.{function}: the size along axis {axis} must be a multiple of {argument}={size}, "
            f"got shape {x.shape}"
        )
    return x.reshape(*x.shape[:axis], x.shape[axis] // size, size, *x.shape[axis + 1 :]), axis + 1


def equal_rank(function: str, *arrays: Array, inputs: Sequence[str] = ()) -> list[Array]:
    """Give all arrays the same number of axes, so that they broadcast under any ``jax_numpy_rank_promotion``.

    ``inputs`` are the names of the two arrays if both are inputs, a gate and its value.
    """
    try:
        jnp.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        if len(inputs) == 2:
            (gate, value), (of_gate, of_value) = inputs, (a.shape for a in arrays)
            raise ValueError(
                f"jaxact.{function}: {value} of shape {of_value} does not broadcast against {gate} of shape {of_gate}; "
                "both are usually halves of one array, or results of two layers of the same size"
            ) from None
        shapes = ", ".join(str(a.shape) for a in arrays[1:])
        raise ValueError(
            f"jaxact.{function}: parameters of shape {shapes} do not broadcast against x of shape {arrays[0].shape}"
        ) from None
    rank = max(a.ndim for a in arrays)
    return [lax.expand_dims(a, tuple(range(rank - a.ndim))) if a.ndim < rank else a for a in arrays]


def arguments_of(name: str, signature: inspect.Signature, args: tuple, kwargs: dict) -> dict[str, Any]:
    """The arguments of a call by name, defaults left out.

    Raises:
      TypeError: they are not those of the signature.
    """
    try:
        return signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"jaxact.{name}: {error}; its signature is {name}{signature}") from None


def explain(name: str, signature: inspect.Signature, skipped: set[str], args: tuple, kwargs: dict) -> None:
    """Raise the error that names the argument at fault, if it is one of the arrays."""
    like = None
    for n, x in arguments_of(name, signature, args, kwargs).items():
        if n not in skipped:
            like = as_floating(name, x, n, like)


def check_domain(function: str, arguments: Mapping[str, Any], domain: Mapping[str, str]) -> None:
    """Raise where a parameter is a number outside its domain, such as ``"> 0"`` or ``">= 1"``."""
    for n in domain.keys() & arguments.keys():
        value, (comparison, bound) = arguments[n], domain[n].split()
        if isinstance(value, (int, float)) and not (value > 0 if comparison == ">" else value >= float(bound)):
            rule = "positive" if comparison == ">" else f"at least {bound}"
            raise ValueError(f"jaxact.{function}: {n} must be {rule}, got {value}")
