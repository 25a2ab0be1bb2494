"""How jaxact differentiates: the one place that touches ``custom_jvp``.

A derivative is evaluated where it is used, from the function's own arguments. The rule below hands JAX a linear map
wrapped in ``jax.checkpoint``, so reverse mode keeps the arguments and nothing else: one array per activation, in the
dtype it came in. The map works in forward mode, and is differentiated again like any other JAX code, so every order
follows as long as the slopes are themselves stable; :func:`differentiable` also serves to give a slope its own slope.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.custom_derivatives import SymbolicZero

_NARROW = (jnp.dtype(jnp.float16), jnp.dtype(jnp.bfloat16))


_PLAIN = contextvars.ContextVar("plain", default=False)
_FEW_BITS = contextvars.ContextVar("few_bits", default=False)


@contextlib.contextmanager
def _while_set(variable: contextvars.ContextVar[bool], value: bool) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


@contextlib.contextmanager
def plain() -> Iterator[None]:
    """While this lasts, traced functions are made of ordinary operations: no rules of their own, and no bits looked at.

    For transformations that know nothing of ``custom_jvp``, at the price of the last bits and of the tails.
    """
    with _while_set(_PLAIN, True):
        yield


def is_plain() -> bool:
    """Whether :func:`plain` is in force."""
    return _PLAIN.get()


@contextlib.contextmanager
def all_bits() -> Iterator[None]:
    """While this lasts, what is traced in float32 is right to its last bits."""
    with _while_set(_FEW_BITS, False):
        yield


def few_bits_do() -> bool:
    """Whether what is traced in float32 is rounded to a half precision in the end, for which 2^-19 is exact enough."""
    return _FEW_BITS.get()


def _with_bits(f: Callable[..., Array], few_bits: bool) -> Callable[..., Array]:
    """``f``, traced with few bits or all, whoever asks."""

    @functools.wraps(f)
    def traced(*args: Any, **kwargs: Any) -> Array:
        with _while_set(_FEW_BITS, few_bits):
            return f(*args, **kwargs)

    return traced


def jit(f: Callable[..., Array], **options: Any) -> Callable[..., Array]:
    """``jax.jit``, with a program of its own for where :func:`few_bits_do`, each made when it is first called."""
    program = functools.cache(lambda few_bits: jax.jit(_with_bits(f, few_bits), **options))
    return lambda *args, **kwargs: program(few_bits_do())(*args, **kwargs)


def compute_dtype(dtype: jax.typing.DTypeLike) -> jnp.dtype:
    """Dtype in which a function of ``dtype`` is computed: float32 for the half precisions, else ``dtype``."""
    return jnp.dtype(jnp.float32) if jnp.dtype(dtype) in _NARROW else jnp.dtype(dtype)


def _widen(x: Array, *rest: Array) -> tuple[Array, ...]:
    dtype = compute_dtype(x.dtype)
    return tuple(lax.convert_element_type(a, dtype) for a in (x, *rest))


def differentiable(
    value: Callable[..., Array],
    *slopes: Callable[..., Array] | None,
    region: Callable[..., Array] | None = None,
) -> Callable[..., Array]:
    """Elementwise ``value(x, *parameters)`` with ``slopes[i]`` as its derivative in argument ``i``.

    ``value`` and ``slopes`` are called with all arguments in the compute dtype of ``x`` and return that dtype; the
    result, and the product of slope and tangent, are rounded once to the dtype of ``x``. Parameters are of any
    floating dtype and broadcast against ``x``.

    With ``region``, the slope in ``x`` depends on ``x`` only through ``region(x, *parameters)``, an array of bools or
    small integers. That array is kept for the backward pass in place of ``x``, and ``slopes[0]`` is called with it.
    """
    full = _with_rule(value, slopes, region, few_bits=False)
    half = functools.cache(lambda: _with_rule(value, slopes, region, few_bits=True))
    return lambda x, *parameters: (half() if few_bits_do() or jnp.result_type(x) in _NARROW else full)(x, *parameters)


def _with_rule(
    value: Callable[..., Array],
    slopes: tuple[Callable[..., Array] | None, ...],
    region: Callable[..., Array] | None,
    *,
    few_bits: bool,
) -> Callable[..., Array]:
    # A parameter may have all the bits of float32 beside a half precision x, and so may the sum that is its gradient.
    value = _with_bits(value, few_bits)  # which the checkpoint around it traces but once
    slopes = tuple(_traced_once(s, few_bits and i == 0) for i, s in enumerate(slopes))

    def wide(x: Array, *parameters: Array) -> Array:
        return lax.convert_element_type(value(*_widen(x, *parameters)), x.dtype)

    # Without the checkpoint a scan computes the constants of the value ahead of its loop, and stores them as arrays.
    with_rule = jax.custom_jvp(_remat(wide))

    def function(*arguments: Array) -> Array:
        return wide(*arguments) if is_plain() else _as_if_differentiated(with_rule, *arguments)

    def jvp(primals: tuple[Array, ...], tangents: tuple[Array | SymbolicZero, ...]) -> tuple[Array, Array]:
        y = function(*primals)
        used = [i for i, t in enumerate(tangents) if not isinstance(t, SymbolicZero)]

        terms = []
        if region is not None and 0 in used:
            used.remove(0)
            mask = region(*_widen(*primals))

            def piecewise(mask: Array, parameters: tuple[Array, ...], tangent: Array) -> Array:
                wide = _widen(tangent, *parameters)
                slope = lax.convert_element_type(slopes[0](mask, *wide[1:]), wide[0].dtype)  # type: ignore[misc]
                return jnp.broadcast_to(lax.convert_element_type(slope * wide[0], y.dtype), y.shape)

            terms.append(_remat(piecewise)(mask, primals[1:], tangents[0]))

        if used:

            def linear(x: Array, parameters: tuple[Array, ...], used_tangents: list[Array]) -> Array:
                # The barriers keep XLA from sharing, and so from storing, what value and slope have in common. There is
                # none on the cotangent, whose product still fuses with its neighbours, nor on numbers.
                wide = _widen(*(lax.optimization_barrier(a) if a.shape == x.shape else a for a in (x, *parameters)))
                total = None
                for i, t in zip(used, used_tangents, strict=True):
                    slope = slopes[i]
                    assert slope is not None, "a tangent for an argument without slope"
                    term = slope(*wide) * lax.convert_element_type(t, wide[0].dtype)
                    total = term if total is None else total + term
                assert total is not None
                return jnp.broadcast_to(lax.convert_element_type(total, y.dtype), y.shape)

            terms.append(_remat(linear)(primals[0], primals[1:], [tangents[i] for i in used]))

        if not terms:
            return y, jnp.zeros_like(y)
        return y, terms[0] if len(terms) == 1 else terms[0] + terms[1]

    with_rule.defjvp(jvp, symbolic_zeros=True)
    return function


def _traced_once(f: Callable[..., Array] | None, few_bits: bool) -> Any:
    """``f``, traced once for arguments of a kind, however often and under whatever transformation it is asked for.

    Every order of the derivative asks for the value and all lower orders again, so that tracing a long formula would
    take longer than compiling it. XLA inlines what is called: the compiled programs are the same.
    """
    if f is None:
        return None
    # Made at the first call, since most functions are imported and not called.
    called = functools.cache(lambda: jax.jit(_with_bits(f, few_bits)))
    return lambda *arguments: (f if is_plain() else called())(*arguments)


def _as_if_differentiated(f: Callable[..., Array], *arguments: Array) -> Array:
    """``f(*arguments)``, in the context in which a rule will ask for it again, and finds then what was traced."""
    with jax.sharding.use_abstract_mesh(jax.sharding.get_abstract_mesh()):
        return f(*arguments)


def _remat(f: Callable[..., Any]) -> Callable[..., Any]:
    return jax.checkpoint(f, prevent_cse=False)


def differentiable_map(
    value: Callable[..., Array], *tangents: Callable[..., Array], of_result: bool = False
) -> Callable[..., Array]:
    """``value(x, *parameters, *data)``, not elementwise, with its derivatives along tangents, linear in those.

    ``tangents[0](x, t, *parameters, *data)`` is the derivative along ``t`` in ``x``, and each further one that in a
    parameter, whose tangent broadcasts against ``x``. All are called with ``x``, ``t`` and the parameters in the
    compute dtype of ``x``. ``data`` are arrays that are not differentiated. If ``of_result``, the tangents take
    ``value(...)`` in place of ``x``; that is what the backward pass keeps then, unless it was rounded to a half
    precision.
    """
    count = len(tangents)

    def wide(x: Array, *rest: Array) -> Array:
        parameters, data = rest[: count - 1], rest[count - 1 :]
        with _while_set(_FEW_BITS, few_bits_do() or x.dtype in _NARROW):
            return lax.convert_element_type(value(*_widen(x, *parameters), *data), x.dtype)

    with_rule = jax.custom_jvp(_remat(wide))

    def function(*arguments: Array) -> Array:
        return wide(*arguments) if is_plain() else _as_if_differentiated(with_rule, *arguments)

    def jvp(primals: tuple[Array, ...], along: tuple[Array | SymbolicZero, ...]) -> tuple[Array, Array]:
        y = function(*primals)
        used = [i for i in range(count) if not isinstance(along[i], SymbolicZero)]
        if not used:
            return y, jnp.zeros_like(y)
        again = of_result and y.dtype in _NARROW

        def linear(kept: Array, parameters: tuple[Array, ...], data: tuple[Array, ...], ts: list[Array]) -> Array:
            kept, *wide = _widen(lax.optimization_barrier(kept), *parameters)
            with _while_set(_FEW_BITS, few_bits_do() or y.dtype in _NARROW):
                if again:
                    kept = function(kept, *wide, *data)
                terms = [
                    tangents[i](kept, lax.convert_element_type(t, kept.dtype), *wide, *data)
                    for i, t in zip(used, ts, strict=True)
                ]
            return jnp.broadcast_to(lax.convert_element_type(sum(terms[1:], terms[0]), y.dtype), y.shape)

        kept = y if of_result and not again else primals[0]
        return y, _remat(linear)(kept, primals[1:count], primals[count:], [along[i] for i in used])

    with_rule.defjvp(jvp, symbolic_zeros=True)
    return function


def data_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f(x, *data)``, a few numbers for each row of ``x``, as data for a differentiable map of ``x``.

    They are not differentiated, and the backward pass keeps them: a rule that takes them need not compute them again.
    """
    return lambda x, *data: f(x, *data) if is_plain() else _remat(f)(lax.stop_gradient(x), *data)
