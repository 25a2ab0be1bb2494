"""The ``@activation`` decorator, the record of facts that it leaves behind, and look-up by name.

A decorated function keeps its name, signature, type and docstring. What changes is that it checks its arguments, is
compiled, and has the derivative that was given for it.
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

import jax
from jax import Array, lax

from jaxact._arguments import as_array, as_floating, check_domain, equal_rank, explain, is_weak, weakly_typed
from jaxact._derivative import Formula
from jaxact._math import Arithmetic, arithmetic
from jaxact._names import ANYWHERE, LIBRARIES

Kind = Literal[
    "saturating", "rectified", "smooth", "periodic", "shrinkage", "parametric", "stochastic", "gated", "simplex"
]
F = TypeVar("F", bound=Callable[..., Array])


@dataclasses.dataclass(frozen=True, eq=False)  # compared and hashed by identity
class Activation:
    """What is known about an activation, and what it is made of.

    Attributes:
      name: its name in ``jaxact``.
      function: the function itself: checked, compiled, differentiable.
      value: the bare formula of the same arguments, for kernels: operations on numbers and bits alone, as accurate as
        the function, without a rule for its derivative.
      slopes: likewise, its derivatives in ``x`` and in each further array; empty where there are no such formulas.
      body: the formula in XLA's own elementary functions, for ``jax.experimental.jet``, which knows nothing of
        ``jax.custom_jvp``; its last bits and its tails are those of ``jnp.exp``.
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
    value: Callable[..., Array]
    slopes: tuple[Callable[..., Array], ...]
    body: Callable[..., Array]
    kind: Kind
    range: tuple[float, float] | None = None
    tails: tuple[float, float] | None = None
    kinks: tuple[float, ...] = ()
    minimum: float | None = None
    parameters: Mapping[str, float] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def slope(self) -> Callable[..., Array]:
        """The bare derivative in ``x``.

        Raises:
          TypeError: the function is not elementwise, so that its derivative is no array of its shape.
        """
        if not self.slopes:
            raise TypeError(f"jaxact.{self.name} has no formula of its slope: it is not elementwise")
        return self.slopes[0]

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


class Composite:
    """A function ``f(m, x, ...)`` of all arguments of an activation that is no single elementwise formula.

    It is made of formulas that have a derivative, and is differentiated through them.
    """

    def __init__(self, function: Callable[..., Array]):
        self.function = function


def activation(
    formula: Formula | Composite | Callable[..., Formula] | None = None,
    *,
    kind: Kind,
    slope: Callable[..., Array] | tuple[Callable[..., Array] | None, ...] | None = None,
    options: Iterable[str] = (),
    data: Iterable[str] = (),
    domain: Mapping[str, str] = MappingProxyType({}),
    range: tuple[float, float] | None = None,
    tails: tuple[float, float] | None = None,
    kinks: tuple[float, ...] = (),
    minimum: float | None = None,
) -> Callable[[F], F]:
    """Make a plain function an activation.

    The function takes ``x`` and its parameters as arrays of one floating dtype: float32 where the arguments are of a
    narrower one, to which the result is rounded. Parameters broadcast against ``x``. Arguments without a default are
    inputs, like ``x``: differentiable, but nothing to learn.

    The backward pass keeps ``x`` and evaluates the slope there. Without a ``slope`` JAX derives it from the function:
    as accurate as the functions that it is made of, so take exponentials and sigmoids from ``jaxact`` and not from
    ``jnp``. With a ``slope``, the function and its slopes are taken as they are.

    Args:
      formula: for jaxact's own: formulas with an arithmetic as their first argument. The function is signature and
        docstring alone then. It may be a function of the options that returns the formula.
      kind: family. A gate of several arrays or a function of rows is ``"gated"``, ``"simplex"`` or ``"stochastic"``.
      slope: derivative in ``x``, of the same arguments, or a tuple of those in ``x`` and in the parameters, in their
        order; ``None`` in it stands for one that JAX derives.
      options: arguments that are hashable Python values.
      data: arguments that are arrays or ``None`` and not differentiated, such as masks and random keys.
      domain: which numbers a parameter may be, as ``"> 0"`` or ``">= 1"``; checked where it is a Python number.
      range, tails, kinks, minimum: see :class:`Activation`; ``benchmarks/formula_facts.py`` computes them.
    """
    assert kind in get_args(Kind), kind

    def decorate(body: F) -> F:
        name = body.__name__
        signature = inspect.signature(body)
        static = tuple(options)
        skipped = {*static, *data}
        first, *rest = signature.parameters
        others = {n: signature.parameters[n].default for n in rest if n not in skipped}
        parameters = {n: default for n, default in others.items() if default is not inspect.Parameter.empty}
        given = formula if formula is not None else _of_body(body, slope, kind)

        def elementwise(m: Arithmetic, bound: inspect.BoundArguments, wrt: int | None = None) -> Array:
            chosen = given if isinstance(given, Formula) else given(**{n: bound.arguments[n] for n in static})  # type: ignore[operator]
            arguments = [bound.arguments[n] for n in (first, *others)]
            inputs = [first, *(n for n in others if n not in parameters)]
            arrays = iter(equal_rank(name, *(a for a in arguments if isinstance(a, Array)), inputs=inputs))
            arguments = [next(arrays) if isinstance(a, Array) else a for a in arguments]
            return (chosen if wrt is None else chosen.slope(wrt))(m, *arguments)

        def evaluate(args: tuple, kwargs: dict, wrt: int | None = None, **variant: bool) -> Array:
            bound = signature.bind(*args, **kwargs)
            x = bound.arguments[first] = as_floating(name, bound.arguments[first], first)
            for n in others:
                if n in bound.arguments:
                    bound.arguments[n] = as_floating(name, bound.arguments[n], n, like=x)
            strong = [a for n in others if isinstance(a := bound.arguments.get(n), Array) and not is_weak(a)]
            weak = is_weak(x) and not strong
            if is_weak(x) and strong:
                x = bound.arguments[first] = lax.convert_element_type(x, strong[0].dtype)
            bound.apply_defaults()  # a parameter that is left out stays the number that is its default
            m = arithmetic(x.dtype, **variant)
            if isinstance(given, Composite):
                y = given.function(m, *bound.args, **bound.kwargs)
            else:
                y = elementwise(m, bound, wrt)
            return weakly_typed(y) if weak else y

        @functools.partial(jax.jit, static_argnames=static)
        @functools.wraps(body)
        def compiled(*args: Any, **kwargs: Any) -> Array:
            return evaluate(args, kwargs)

        @functools.wraps(body)
        def function(*args: Any, **kwargs: Any) -> Array:
            args, kwargs = tuple(map(as_array, args)), {n: as_array(a) for n, a in kwargs.items()}
            try:
                if domain and (len(args) > 1 or kwargs):
                    check_domain(name, signature.bind(*args, **kwargs).arguments, domain)
                return compiled(*args, **kwargs)
            except (TypeError, ValueError):
                explain(name, signature, skipped, args, kwargs)
                raise

        def face(**variant: Any) -> Callable[..., Array]:
            return functools.wraps(body)(lambda *args, **kwargs: evaluate(args, kwargs, **variant))

        count = 0 if isinstance(given, Composite) else 1 + len(others)
        _REGISTRY[name] = Activation(
            name=name,
            function=function,
            value=face(bare=True),
            slopes=tuple(face(bare=True, wrt=i) for i in _range(count)),
            body=face(native=True),
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


_range = range  # which the decorator has an argument of


def _of_body(body: Callable[..., Array], slope: Any, kind: Kind) -> Formula | Composite:
    """The formula of a plain function and its plain slopes."""
    slopes = slope if isinstance(slope, tuple) else () if slope is None else (slope,)
    if kind in ("gated", "simplex", "stochastic") and not slopes:
        return Composite(lambda m, *args, **kwargs: body(*args, **kwargs))

    def of_arrays(f: Callable[..., Array] | None) -> Callable[..., Array] | None:
        return None if f is None else lambda m, *arguments: f(*arguments)

    return Formula(lambda m, *arguments: body(*arguments), *map(of_arrays, slopes))


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
