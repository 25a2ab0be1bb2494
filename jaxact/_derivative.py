"""How jaxact differentiates: the one place that touches ``custom_jvp``.

A derivative is evaluated in the backward pass, from the function's arguments. The rules below give JAX a linear map in
``jax.checkpoint``, so reverse mode keeps the arguments and nothing else: one array per activation, in its own dtype.
The map also works in forward mode, and is differentiated again like any other JAX code. Each slope is a formula with a
rule of its own, so all orders are accurate as long as the slopes are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.custom_derivatives import SymbolicZero

from jaxact._compat import reshard, same_mesh
from jaxact._math import Arithmetic

Function = Callable[..., Array]


def widened(m: Arithmetic, *arguments: Any) -> list[Any]:
    """Arrays in the compute dtype and of one shape; numbers as NumPy numbers of that dtype."""
    arrays = [a for a in arguments if isinstance(a, Array)]
    shape = jnp.broadcast_shapes(*(a.shape for a in arrays))

    of_full_shape = next((a for a in arrays if a.shape == shape), arrays[0])
    sharding = jax.typeof(of_full_shape).sharding

    def widen(a: Any) -> Any:
        if not isinstance(a, Array):
            return m.dtype.type(a)
        a = lax.convert_element_type(a, m.dtype)
        a = a if a.shape == shape else jnp.broadcast_to(a, shape)
        # On a mesh with explicit axes, selections need arrays of the same sharding.
        alike = sharding.mesh.empty or jax.typeof(a).sharding == sharding
        return a if alike else reshard(a, sharding)

    return [widen(a) for a in arguments]


class Formula:
    """An elementwise formula ``value(m, x, *parameters)`` with its derivatives.

    It is called as ``formula(m, x, *parameters)``. ``value`` and the slopes get an arithmetic, and all arguments in its
    dtype and of one shape; the result, and the product of slope and tangent, are rounded once to the dtype of ``x``. An
    argument may also be a Python number. It is not differentiated, and the formula gets it as a NumPy number, so that
    compilers fold what depends on it alone.

    Args:
      value: the formula.
      *slopes: its derivative in each argument, as a function of the same arguments or as a formula with derivatives of
        its own. JAX derives one that is left out or ``None`` from ``value``, in a ``ruled`` arithmetic.
      pieces: for a piecewise linear formula, ``pieces(m, x, *parameters)``, bools or small integers that say which
        piece ``x`` is on. The backward pass keeps them in place of ``x``, and the first slope is then
        ``along(m, pieces, t, *parameters)``, slope times tangent, so that a flat piece can select 0: a slope of 0 times
        an infinite cotangent would be NaN.
      flat: whether slopes are 0 on whole intervals, where the product with any cotangent must be 0: ``True`` if they
        are 0 nowhere else, or a function of the same arguments that is true where the slope in ``x`` is 0.
      along: ``along(m, arguments, tangents)``, the derivative along tangents of the parameters, each an array or
        ``None``, in place of slopes in them. For many parameters it can take less time and memory.
    """

    def __init__(
        self,
        value: Function,
        *slopes: Function | Formula | None,
        pieces: Function | None = None,
        flat: bool | Function = False,
        along: Function | None = None,
    ):
        self.value, self._slopes, self._pieces, self._flat, self._along = value, slopes, pieces, flat, along

    @functools.cache  # noqa: B019 formulas live as long as the process
    def slope(self, i: int) -> Formula:
        """The derivative in an argument."""
        given = self._slopes[i] if i < len(self._slopes) else None
        if isinstance(given, Formula):
            return given
        if i == 0 and self._pieces is not None and given is not None:
            return Formula(functools.partial(_slope_of_pieces, self._pieces, given))
        return Formula(given or functools.partial(_derived, self.value, i))

    def __call__(self, m: Arithmetic, *arguments: Any) -> Array:
        """The value; arguments broadcast, and ``x`` is an array of any floating dtype."""
        if m.bare:
            y = self.value(m, *widened(m, *arguments))
            return lax.convert_element_type(y, arguments[0].dtype)
        numbers = tuple(None if isinstance(a, Array) else float(a) for a in arguments)
        with same_mesh():
            return self._with_rule(m, numbers)(*(a for a in arguments if isinstance(a, Array)))

    @functools.cache  # noqa: B019
    def _with_rule(self, m: Arithmetic, numbers: tuple[float | None, ...]) -> Function:
        """The function of those arguments that are arrays."""
        places = [i for i, n in enumerate(numbers) if n is None]

        def all_of(arrays: Any) -> list[Any]:
            arguments: list[Any] = list(numbers)
            for i, a in zip(places, arrays, strict=True):
                arguments[i] = a
            return arguments

        def value(*arrays: Array) -> Array:
            y = self.value(m, *widened(m, *all_of(arrays)))
            return lax.convert_element_type(y, arrays[0].dtype)

        # Without the checkpoint, a scan computes the constants of the value before its loop and stores them as arrays.
        # JAX calls the value again when it differentiates; the jit lets it reuse the first trace.
        function = jax.custom_jvp(_remat(jax.jit(value, inline=True)))

        def jvp(primals: tuple[Array, ...], tangents: tuple[Array | SymbolicZero, ...]) -> tuple[Array, Array]:
            y = function(*primals)
            used = [k for k, t in enumerate(tangents) if not isinstance(t, SymbolicZero)]
            along: list[Array] = [tangents[k] for k in used]  # type: ignore[misc]
            terms = []
            if self._pieces is not None and 0 in used:
                pieces = self._pieces(m, *widened(m, *all_of(primals)))
                terms.append(_remat(functools.partial(piecewise, dtype=y.dtype))(pieces, primals[1:], along[0]))
                used, along = used[1:], along[1:]
            if used:
                terms.append(_remat(functools.partial(linear, used=used, dtype=y.dtype))(primals, along))
            return y, sum(terms[1:], terms[0]) if terms else jnp.zeros_like(y)

        def piecewise(pieces: Array, parameters: tuple[Array, ...], tangent: Array, dtype: Any) -> Array:
            t, *wide = widened(m, tangent, *all_of((tangent, *parameters))[1:])
            total = self._slopes[0](m, pieces, t, *wide)  # type: ignore[misc]
            return lax.convert_element_type(total, dtype)

        def linear(primals: tuple[Array, ...], tangents: list[Array], used: list[int], dtype: Any) -> Array:
            # The barriers keep XLA from storing what value and slope have in common. There is none on the cotangent, so
            # that its product with the slope can be fused with neighbouring operations, and none on single numbers.
            shape = primals[0].shape
            kept = [lax.optimization_barrier(a) if a.shape == shape else a for a in primals]
            wide = widened(m, *all_of(kept), *tangents)
            arguments, wide_tangents = wide[: len(numbers)], wide[len(numbers) :]
            total, of_parameters = None, {places[k]: t for k, t in zip(used, wide_tangents, strict=True)}
            if self._along is not None and max(of_parameters) > 0:
                t = of_parameters.pop(0, None)
                parameters = [of_parameters.get(i) for i in range(1, len(arguments))]
                total = self._along(m.full(), arguments, parameters)
                of_parameters = {} if t is None else {0: t}
            for i, t in of_parameters.items():
                # A float32 parameter beside a narrow x has a float32 gradient.
                slope = self.slope(i)(m if i == 0 else m.full(), *arguments)
                if dtype == m.dtype and primals[places.index(i)].shape == shape:
                    t = _computed_once(m, t, arguments[0])
                else:
                    # XLA for CPU does not vectorise a sum, which a parameter's gradient is, when it is fused with the
                    # computation of its terms. A clamp to the infinities prevents that fusion.
                    slope = _fenced(m, slope)
                if self._flat:
                    flat = self._flat(m, *arguments) if callable(self._flat) and i == 0 else slope == 0
                    t = m.where(flat, 0, t)
                term = slope * t
                total = term if total is None else total + term
            assert total is not None
            return lax.convert_element_type(total, dtype)

        function.defjvp(jvp, symbolic_zeros=True)
        return function


def _computed_once(m: Arithmetic, t: Array, x: Array) -> Array:
    """``t / 1``, so that XLA for CPU computes the product with the slope once and stores it.

    A layer's backward pass needs that product twice, as it is and transposed. XLA repeats a multiplication and all that
    is fused with it in each loop that reads its result, and does not vectorise the transposed one; it does not repeat a
    division. Nothing is above infinity, so the divisor is 1: XLA does not know that, LLVM does and drops the division.
    """
    return t / m.where(x > np.inf, 2, lax.full_like(x, 1))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _fenced(m: Arithmetic, slope: Array) -> Array:
    """``slope`` clamped to the infinities, with derivative 1; JAX's is 0 at infinity, and 0 times infinity is NaN."""
    return m.used_twice(slope)


@_fenced.defjvp
def _(m: Arithmetic, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return _fenced(m, *primals), tangents[0]


def _derived(value: Function, i: int, m: Arithmetic, *arguments: Any) -> Array:
    """Derivative of ``value(m, *arguments)`` in one argument, by JAX."""

    def of_one(a: Array) -> Array:
        return value(m.with_rules(), *arguments[:i], a, *arguments[i + 1 :])

    return jax.jvp(of_one, (arguments[i],), (lax.full_like(arguments[i], 1),))[1]


def _slope_of_pieces(pieces: Function, along: Function, m: Arithmetic, x: Array, *parameters: Any) -> Array:
    return along(m, pieces(m, x, *parameters), lax.full_like(x, 1), *parameters)


class RowFormula:
    """A formula ``value(m, x, *parameters, *data, **options)`` that is not elementwise, with its derivatives.

    ``tangents[0](m, x, t, *parameters, *data, **options)`` is the derivative along ``t`` in ``x``, linear in ``t``, and
    each further one is that in a parameter, whose tangent broadcasts against ``x``. All are called with ``x``, ``t``
    and the parameters in the compute dtype of ``x``. ``data`` are arrays that are not differentiated. If ``of_result``,
    the tangents take ``value(...)`` in place of ``x``, and the backward pass keeps that, unless it was rounded to a
    narrower dtype.
    """

    def __init__(self, value: Function, *tangents: Function, of_result: bool = False):
        self.value, self._tangents, self._of_result = value, tangents, of_result

    def __call__(self, m: Arithmetic, x: Array, *rest: Array, **options: Any) -> Array:
        """The value for an ``x`` of any floating dtype."""
        if m.bare:
            return self._value(m, options)(x, *rest)
        return self._with_rule(m, tuple(options.items()))(x, *rest)

    def _value(self, m: Arithmetic, options: dict[str, Any]) -> Function:
        count = len(self._tangents)

        def value(x: Array, *rest: Array) -> Array:
            wide = (lax.convert_element_type(a, m.dtype) for a in (x, *rest[: count - 1]))
            return lax.convert_element_type(self.value(m, *wide, *rest[count - 1 :], **options), x.dtype)

        return value

    @functools.cache  # noqa: B019
    def _with_rule(self, m: Arithmetic, items: tuple[tuple[str, Any], ...]) -> Function:
        count, options, ruled = len(self._tangents), dict(items), m.with_rules()
        function = jax.custom_jvp(_remat(self._value(m, options)))

        def jvp(primals: tuple[Array, ...], along: tuple[Array | SymbolicZero, ...]) -> tuple[Array, Array]:
            y = function(*primals)
            used = [i for i in range(count) if not isinstance(along[i], SymbolicZero)]
            if not used:
                return y, jnp.zeros_like(y)
            again = self._of_result and y.dtype != m.dtype

            def linear(kept: Array, parameters: tuple[Array, ...], data: tuple[Array, ...], ts: list[Array]) -> Array:
                kept = lax.optimization_barrier(kept)
                kept, *wide = (lax.convert_element_type(a, m.dtype) for a in (kept, *parameters))
                if again:
                    kept = function(kept, *wide, *data)
                terms = [
                    self._tangents[i](ruled, kept, lax.convert_element_type(t, m.dtype), *wide, *data, **options)
                    for i, t in zip(used, ts, strict=True)
                ]
                total = lax.convert_element_type(sum(terms[1:], terms[0]), y.dtype)
                return total if total.shape == y.shape else jnp.broadcast_to(total, y.shape)

            kept = y if self._of_result and not again else primals[0]
            return y, _remat(linear)(kept, primals[1:count], primals[count:], [along[i] for i in used])

        function.defjvp(jvp, symbolic_zeros=True)
        return function


def _remat(f: Callable[..., Any]) -> Callable[..., Any]:
    return jax.checkpoint(f, prevent_cse=False)


def data_of(m: Arithmetic, f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` for use as ``data`` of a row formula: ``f(x, *data)`` is a few numbers for each row of ``x``.

    They are not differentiated. The backward pass keeps them, so that the derivative need not compute them again.
    """
    return lambda x, *data: f(x, *data) if m.bare else _remat(f)(lax.stop_gradient(x), *data)
