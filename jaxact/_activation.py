"""The ``@activation`` decorator, the record of facts that it leaves behind, and look-up by name.

A decorated function stays the function its author wrote: same name, signature, type and docstring. What changes is that
it checks its argument, is compiled, and has the derivative that was given for it.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxact import _two
from jaxact._derivative import compute_dtype, differentiable, jit, plain
from jaxact._names import ANYWHERE, LIBRARIES

Kind = Literal[
    "saturating", "rectified", "smooth", "periodic", "shrinkage", "parametric", "stochastic", "gated", "simplex"
]
F = TypeVar("F", bound=Callable[..., Array])


@dataclasses.dataclass(frozen=True, eq=False)  # compared and hashed by identity
class Activation:
    """What is known about an activation.

    Attributes:
      name: its name in ``jaxact``.
      function: the function itself.
      body: the function of ordinary operations only, for transformations that cannot see through ``jax.custom_jvp``,
        such as ``jax.experimental.jet``; its last bits and its tails are those of ``jnp.exp``.
      kind: the family it belongs to.
      range: infimum and supremum of its values, or ``None`` where it does not map numbers to numbers one by one.
      tails: slope in the limit to -inf and to +inf, or ``None`` where there is no such number.
      kinks: points where the slope jumps.
      minimum: where the value is least, if that is inside the real line.
      parameters: names and defaults of the differentiable, hence learnable, arguments.
      options: names and defaults of the arguments that are Python values.
    """

    name: str
    function: Callable[..., Array]
    body: Callable[..., Array]
    kind: Kind
    range: tuple[float, float] | None = None
    tails: tuple[float, float] | None = None
    kinks: tuple[float, ...] = ()
    minimum: float | None = None
    parameters: Mapping[str, float] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def elementwise(self) -> bool:
        """Whether it maps an array number by number."""
        return self.range is not None and self.kind != "stochastic"

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n")[0]

    @property
    def formula(self) -> str:
        """Formula in LaTeX, from the docstring."""
        found = re.search(r"\.\. math::\s*\n?((?:[ \t]+\S.*\n|.*\S.*\n)+?)\s*\n", inspect.cleandoc(self._doc) + "\n\n")
        return " ".join(found[1].split()) if found else ""

    @property
    def reference(self) -> str:
        """Where it was published, from the docstring."""
        found = re.search(r"^References:\n((?:[ \t]+\S.*\n?)+)", inspect.cleandoc(self._doc), re.MULTILINE)
        return " ".join(found[1].split()) if found else ""

    @property
    def _doc(self) -> str:
        return self.function.__doc__ or ""


_REGISTRY: dict[str, Activation] = {}


def activation(
    *,
    kind: Kind,
    slope: Callable[..., Array] | None = None,
    parameter_slopes: tuple[Callable[..., Array], ...] = (),
    region: Callable[..., Array] | None = None,
    two_part: bool = False,
    at_defaults: Callable[[Array], Array] | None = None,
    options: Iterable[str] = (),
    data: Iterable[str] = (),
    positive: Iterable[str] = (),
    at_least: Mapping[str, float] = MappingProxyType({}),
    range: tuple[float, float] | None = None,
    tails: tuple[float, float] | None = None,
    kinks: tuple[float, ...] = (),
    minimum: float | None = None,
) -> Callable[[F], F]:
    """Make a plain function an activation.

    The function takes ``x`` and its parameters as arrays and is written for one floating dtype at a time. With a
    ``slope`` it is elementwise: it, its slope and its ``parameter_slopes`` are called in the compute dtype (float32 for
    the half precisions) and never see integers, and its parameters broadcast against ``x``. If it is ``two_part``, it
    is elementwise too, and a formula of the numbers of ``jaxact._two``, from which all derivatives follow. Else it
    is made of other activations, and differentiated through them. Arguments without a default are inputs, like ``x``:
    differentiable, but nothing to learn.

    Args:
      kind: family.
      slope: derivative in ``x``, of the same arguments.
      parameter_slopes: derivatives in the parameters, in their order.
      region: see :func:`jaxact._derivative.differentiable`.
      two_part: whether the body is a formula of two-part numbers.
      at_defaults: the same function of ``x`` alone, with its own derivatives, for calls that leave all parameters out,
        where that takes fewer operations.
      options: arguments that are hashable Python values.
      data: arguments that are arrays or ``None`` and not differentiated, such as masks and random keys.
      positive: parameters that must be above 0; checked where they are Python numbers.
      at_least: parameters that must not be below some number; checked likewise.
      range, tails, kinks, minimum: see :class:`Activation`.
    """
    assert kind in get_args(Kind), kind

    def decorate(body: F) -> F:
        name = body.__name__
        signature = inspect.signature(body)
        static = tuple(options)
        skipped = {*static, *data}
        least = {**dict.fromkeys(positive), **at_least}
        first, *rest = signature.parameters
        others = {n: signature.parameters[n].default for n in rest if n not in skipped}
        parameters = {n: default for n, default in others.items() if default is not inspect.Parameter.empty}
        core = None
        if two_part:
            core = _two.of_formula(body, 1 + len(parameters))
        elif slope is not None:
            core = differentiable(body, slope, *parameter_slopes, region=region)
            assert len(parameter_slopes) == len(parameters), name

        @functools.partial(jit, static_argnames=static)
        @functools.wraps(body)
        def compiled(*args: Any, **kwargs: Any) -> Array:
            bound = signature.bind(*args, **kwargs)
            bound.arguments[first] = as_floating(name, bound.arguments[first], first)
            if at_defaults is not None and len(bound.arguments) == 1:
                return at_defaults(bound.arguments[first])
            bound.apply_defaults()
            arguments = bound.arguments
            for n in others:
                arguments[n] = as_floating(name, arguments[n], n, like=arguments[first])
            if core is None:
                return body(*bound.args, **bound.kwargs)
            return core(*_equal_rank(name, *arguments.values()))

        @functools.wraps(body)
        def ordinary(*args: Any, **kwargs: Any) -> Array:
            with plain():
                if core is None or not two_part:
                    return body(*args, **kwargs)
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                x, *rest = bound.arguments.values()
                return core(x, *(as_floating(name, a, like=x) for a in rest))

        @functools.wraps(body)
        def function(*args: Any, **kwargs: Any) -> Array:
            try:
                if least and (len(args) > 1 or kwargs):
                    _check_bounds(name, signature.bind(*args, **kwargs).arguments, least)
                return compiled(*args, **kwargs)
            except TypeError:
                _explain(name, signature, skipped, args, kwargs)
                raise

        _REGISTRY[name] = Activation(
            name=name,
            function=function,
            body=ordinary,
            kind=kind,
            range=range,
            tails=tails,
            kinks=kinks,
            minimum=minimum,
            parameters=parameters,
            options={n: signature.parameters[n].default for n in static},
        )
        return function  # type: ignore[return-value]

    return decorate


def as_floating(function: str, x: Any, argument: str = "x", like: Array | None = None) -> Array:
    """``x`` as a floating array; bools, integers and numbers get the compute dtype of ``like``, or the default.

    What has a ``like`` is a parameter, and may be a sequence of coefficients.

    Raises:
      TypeError: ``x`` is complex or no array.
    """
    if like is not None and isinstance(x, (tuple, list)) and x:
        return jnp.stack([as_floating(function, c, argument, like) for c in x])
    if not isinstance(x, (bool, int, float, np.ndarray, np.generic, Array)) or not _is_real(x):
        what = f"{x.dtype} array" if isinstance(x, (np.ndarray, np.generic, Array)) else repr(type(x).__name__)
        raise TypeError(
            f"jaxact.{function}: {argument} must be a real array or number, got {what}; "
            + ("apply it to the real and imaginary parts" if "complex" in what else "convert it with jnp.asarray")
        )
    if like is not None and isinstance(x, (bool, int, float)):
        return jnp.asarray(x, compute_dtype(like.dtype))
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x
    return lax.convert_element_type(x, jnp.result_type(float) if like is None else compute_dtype(like.dtype))


def _is_real(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    if dtype is None:
        return True
    return jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer) or dtype == jnp.bool_


def _equal_rank(function: str, *arrays: Array) -> list[Array]:
    """Give all arrays the same number of axes, so that they broadcast whatever ``jax_numpy_rank_promotion`` says."""
    try:
        jnp.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        shapes = ", ".join(str(a.shape) for a in arrays[1:])
        raise ValueError(
            f"jaxact.{function}: parameters of shape {shapes} do not broadcast against x of shape {arrays[0].shape}"
        ) from None
    rank = max(a.ndim for a in arrays)
    return [lax.expand_dims(a, tuple(range(rank - a.ndim))) if a.ndim < rank else a for a in arrays]


def _explain(name: str, signature: inspect.Signature, skipped: set[str], args: tuple, kwargs: dict) -> None:
    """Raise the error that names the argument at fault, if it is one of the arrays."""
    try:
        arguments = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"jaxact.{name}: {error}; its signature is {name}{signature}") from None
    like = None
    for n, x in arguments.items():
        if n not in skipped:
            like = as_floating(name, x, n, like)


def _check_bounds(function: str, arguments: Mapping[str, Any], least: Mapping[str, float | None]) -> None:
    """Refuse numbers below their least value; ``None`` says that they must be above 0."""
    for n in least.keys() & arguments.keys():
        value, bound = arguments[n], least[n]
        if isinstance(value, (int, float)) and not (value > 0 if bound is None else value >= bound):
            rule = "positive" if bound is None else f"at least {bound:g}"
            raise ValueError(f"jaxact.{function}: {n} must be {rule}, got {value}")


def get(name: str, library: str | None = None) -> Callable[..., Array]:
    """Activation function of that name.

    A name of ``jaxact`` means what it means there. Any other is looked up in the table of names that PyTorch, Keras,
    timm and transformers have. A few mean something else elsewhere, ``"gelu"`` above all, which is the erf form
    everywhere but in JAX: for a configuration written for another library, say which.

    Args:
      name: name of a function of ``jaxact``, or what another library calls it.
      library: whose name it is: ``"jax.nn"``, ``"keras"``, ``"timm"``, ``"torch"`` or ``"transformers"``.

    Returns:
      The function, with that library's arguments where its defaults differ.

    Raises:
      KeyError: there is none; the message has the closest names.
      ValueError: there is no such library.

    Examples:
      >>> import jaxact
      >>> jaxact.get("mish") is jaxact.mish
      True
      >>> jaxact.get("gelu_pytorch_tanh") is jaxact.gelu_tanh
      True
      >>> jaxact.get("gelu", "transformers") is jaxact.gelu_exact
      True
    """
    if library is None:
        return spec(name).function
    if library not in LIBRARIES:
        raise ValueError(f"jaxact.get: library must be one of {', '.join(LIBRARIES)}, got {library!r}")
    meaning = LIBRARIES[library].get(name, name)
    if isinstance(meaning, str):
        return spec(meaning).function
    ours, arguments = meaning
    return functools.partial(spec(ours).function, **arguments)


def spec(name: str | Callable[..., Array]) -> Activation:
    """Facts about an activation, given by name or as the function itself.

    Args:
      name: name of an activation, there or elsewhere as in :func:`get`, or the function.

    Returns:
      The record.

    Raises:
      KeyError: there is no such activation.

    Examples:
      >>> import jaxact
      >>> jaxact.spec("mish").minimum
      -1.1924312...
    """
    key = name if isinstance(name, str) else getattr(name, "__name__", repr(name))
    found = _REGISTRY.get(key) or _REGISTRY.get(ANYWHERE.get(key, key))
    if found is None or not (isinstance(name, str) or found.function is name):
        close = difflib.get_close_matches(key, [*_REGISTRY, *ANYWHERE], n=4, cutoff=0.5)
        raise KeyError(
            f"jaxact has no activation {key!r}; "
            + (f"the closest names are {', '.join(close)}" if close else "jaxact.specs() lists them all")
        )
    return found


def specs(kind: Kind | None = None) -> list[Activation]:
    """Records of all activations, by name.

    Args:
      kind: only those of this family.

    Returns:
      The records in alphabetical order.

    Raises:
      ValueError: there is no such family.

    Examples:
      >>> import jaxact
      >>> [s.name for s in jaxact.specs(kind="shrinkage")]
      ['hard_shrink', 'soft_shrink', 'tanh_shrink']
    """
    if kind is not None and kind not in get_args(Kind):
        raise ValueError(f"jaxact.specs: kind must be one of {', '.join(get_args(Kind))}, got {kind!r}")
    return [s for _, s in sorted(_REGISTRY.items()) if kind in (None, s.kind)]


INF = math.inf
