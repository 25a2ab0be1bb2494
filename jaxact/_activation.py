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
import jax.numpy as jnp
from jax import Array, lax

from jaxact._arguments import (
    as_array,
    as_floating,
    as_option,
    check_domain,
    equal_rank,
    explain,
    is_array,
    is_integer,
    is_weak,
    of_integers,
    weakly_typed,
)
from jaxact._derivative import Formula
from jaxact._math import Arithmetic, arithmetic
from jaxact._names import ALSO, ANYWHERE, LIBRARIES

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
          TypeError: the function is not elementwise, so that its derivative has another shape.
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

    def __reduce__(self) -> tuple:
        """Pickled and copied as what is registered under its name."""
        return spec, (self.name,)


class _Face:
    """A bare formula of an activation. It is pickled and copied as its place in the record."""

    def __init__(self, body: Callable, evaluate: Callable[[tuple, dict], Array], place: str, index: int | None):
        functools.update_wrapper(self, body)
        self._evaluate, self._place = evaluate, (body.__name__, place, index)

    def __call__(self, *args: Any, **kwargs: Any) -> Array:
        return self._evaluate(args, kwargs)

    def __reduce__(self) -> tuple:
        return _in_record, self._place


def _in_record(name: str, place: str, index: int | None) -> Callable[..., Array]:
    found = getattr(spec(name), place)
    return found if index is None else found[index]


_REGISTRY: dict[str, Activation] = {}


class Composite:
    """A function ``f(m, x, ...)`` of all arguments of an activation that is not a single elementwise formula.

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
    integers: Callable[[Array], Array] | None = None,
    range: tuple[float, float] | None = None,
    tails: tuple[float, float] | None = None,
    kinks: tuple[float, ...] = (),
    minimum: float | None = None,
) -> Callable[[F], F]:
    """Make a plain function an activation.

    The function gets ``x`` and its parameters as arrays of one floating dtype. For float16, bfloat16 and float8 that is
    float32, and the result is rounded back. Parameters broadcast against ``x``. Arguments without a default are inputs,
    like ``x``: differentiable, but not learnable.

    The backward pass keeps ``x`` and evaluates the slope there. Without a ``slope``, JAX derives it from the function;
    it is as accurate as the functions that appear there, so use exponentials and sigmoids from ``jaxact``, not ``jnp``.

    Args:
      formula: for jaxact's own functions: formulas with an arithmetic as their first argument, or a function of the
        options that returns one. The decorated function then has a signature and a docstring, and no body.
      kind: family. A gate of several arrays or a function of rows is ``"gated"``, ``"simplex"`` or ``"stochastic"``.
      slope: derivative in ``x``, of the same arguments, or a tuple of those in ``x`` and in the parameters, in their
        order; ``None`` in it stands for one that JAX derives.
      options: arguments that are hashable Python values.
      data: arguments that are arrays or ``None`` and not differentiated, such as masks and random keys.
      domain: which numbers a parameter may be, as ``"> 0"`` or ``">= 1"``; checked where it is a Python number.
      integers: what integers and bools become, if they are not to be converted to floats.
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
        places = {list(signature.parameters).index(n): n for n in static}

        def plain(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
            """The arguments as arrays and as Python values that can be hashed."""
            args = tuple(as_option(name, places[i], a) if i in places else as_array(a) for i, a in enumerate(args))
            return args, {n: as_option(name, n, a) if n in static else as_array(a) for n, a in kwargs.items()}

        def elementwise(m: Arithmetic, bound: inspect.BoundArguments, wrt: int | None = None) -> Array:
            chosen = given if isinstance(given, Formula) else given(**{n: bound.arguments[n] for n in static})  # type: ignore[operator]
            arguments = [bound.arguments[n] for n in (first, *others)]
            inputs = [first, *(n for n in others if n not in parameters)]
            arrays = iter(equal_rank(name, *filter(is_array, arguments), inputs=inputs))
            arguments = [next(arrays) if is_array(a) else a for a in arguments]
            return (chosen if wrt is None else chosen.slope(wrt))(m, *arguments)

        def evaluate(args: tuple, kwargs: dict, wrt: int | None = None, **variant: bool) -> Array:
            bound = signature.bind(*args, **kwargs)
            if integers is not None and is_integer(bound.arguments[first]):
                return integers(jnp.asarray(bound.arguments[first]))
            if is_integer(bound.arguments[first]):
                x = jnp.asarray(bound.arguments[first])
                dtype, weak = of_integers(name, x)
                x = lax.convert_element_type(x, dtype)
                bound.arguments[first] = weakly_typed(x) if weak else x
            x = bound.arguments[first] = as_floating(name, bound.arguments[first], first)
            for n in others:
                if n in bound.arguments:
                    bound.arguments[n] = as_floating(name, bound.arguments[n], n, like=x)
            strong = [a for n in others if is_array(a := bound.arguments.get(n)) and not is_weak(a)]
            weak = is_weak(x) and not strong
            if is_weak(x) and strong:
                x = bound.arguments[first] = lax.convert_element_type(x, strong[0].dtype)
            bound.apply_defaults()  # a parameter that is left out is its default, a Python number
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
            args, kwargs = plain(args, kwargs)
            try:
                if domain and (len(args) > 1 or kwargs):
                    check_domain(name, signature.bind(*args, **kwargs).arguments, domain)
                return compiled(*args, **kwargs)
            except (TypeError, ValueError):
                explain(name, signature, skipped, args, kwargs)
                raise

        def face(place: str, **variant: Any) -> Callable[..., Array]:
            return _Face(body, functools.partial(evaluate, **variant), place, variant.get("wrt"))

        count = 0 if isinstance(given, Composite) else 1 + len(others)
        _REGISTRY[name] = Activation(
            name=name,
            function=function,
            value=face("value", bare=True),
            slopes=tuple(face("slopes", bare=True, wrt=i) for i in _range(count)),
            body=face("body", native=True),
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


_range = range  # the decorator has an argument of this name


def _of_body(body: Callable[..., Array], slope: Any, kind: Kind) -> Formula | Composite:
    """The formula of a plain function and its plain slopes."""
    slopes = slope if isinstance(slope, tuple) else () if slope is None else (slope,)
    if kind in ("gated", "simplex", "stochastic") and not slopes:
        return Composite(lambda m, *args, **kwargs: body(*args, **kwargs))

    def of_arrays(f: Callable[..., Array] | None) -> Callable[..., Array] | None:
        return None if f is None else lambda m, *arguments: f(*arguments)

    return Formula(lambda m, *arguments: body(*arguments), *map(of_arrays, slopes))


def get(name: str, library: str | None = None) -> Callable[..., Array]:
    """Look up an activation function by its name.

    Names of ``jaxact`` come first, then names of other libraries, then both without regard to case and separators:
    ``"SwiGLU"``, ``"leaky-relu"``, ``"hard swish"``.

    A few names mean something else elsewhere, ``"gelu"`` above all: it is the tanh form in JAX, and the erf form
    everywhere else, ``"GELU"`` of PyTorch included. For a configuration written for another library, say which.

    Args:
      name: name of a function of ``jaxact``, or what another library calls it.
      library: whose name it is: ``"jax.nn"``, ``"keras"``, ``"levanter"``, ``"maxtext"``, ``"timm"``, ``"torch"`` or
        ``"transformers"``.

    Returns:
      The function, with that library's arguments where its defaults differ; for the same name the same object.

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
    library = ALSO.get(library, library)
    if library not in LIBRARIES:
        raise ValueError(f"jaxact.get: library must be one of {', '.join(LIBRARIES)}, got {library!r}")
    table = LIBRARIES[library]
    meaning = table.get(name) or (name if name in _REGISTRY else table.get(_alike(table).get(_bare(name), ""), name))
    if isinstance(meaning, str):
        return spec(meaning).function
    return _preset(meaning[0], *meaning[1].items())


def spec(name: str | Callable[..., Array]) -> Activation:
    """Facts about an activation, given by name or as the function itself.

    Args:
      name: any name that :func:`get` knows; or a function: of ``jaxact``, from :func:`get`, or of another library, such
        as ``jax.nn.gelu``, for the one of ``jaxact`` that replaces it.

    Returns:
      The record.

    Raises:
      KeyError: there is no such activation.

    Examples:
      >>> import jax, jaxact
      >>> jaxact.spec("mish").minimum
      -1.1924312...
      >>> jaxact.spec(jax.nn.swish).name
      'silu'
    """
    if not isinstance(name, str):
        return _of_function(name)
    if name in _REGISTRY:
        return _REGISTRY[name]
    plain = _bare(name)
    key = ANYWHERE.get(name) or _alike(_REGISTRY).get(plain) or ANYWHERE.get(_alike(ANYWHERE).get(plain, ""), name)
    if key in _REGISTRY:
        return _REGISTRY[key]
    close = difflib.get_close_matches(name.lower(), dict.fromkeys([*_REGISTRY, *ANYWHERE]), n=4, cutoff=0.5)
    raise KeyError(
        f"jaxact has no activation {name!r}; "
        + (f"the closest names are {', '.join(close)}" if close else "jaxact.specs() lists them all")
    )


def _of_function(function: Callable[..., Array]) -> Activation:
    """Record of a function of jaxact or of another library, or of a ``functools.partial`` of one."""
    function = getattr(function, "func", function)
    name = getattr(function, "__name__", repr(function))
    found = _REGISTRY.get(name)
    if found is not None and found.function is function:
        return found
    package = str(getattr(function, "__module__", "")).partition(".")[0]
    library = ALSO.get(package, package)
    meaning = LIBRARIES[library].get(name, name) if library in LIBRARIES else None
    key = meaning[0] if isinstance(meaning, tuple) else meaning
    if key not in _REGISTRY:
        raise KeyError(f"jaxact has no activation that stands for {function!r}; jaxact.specs() lists them all")
    return _REGISTRY[key]


@functools.cache
def _preset(name: str, *arguments: tuple[str, Any]) -> Callable[..., Array]:
    """The function with other defaults. It is cached, because ``jit`` compiles again for each new object."""
    return functools.partial(_REGISTRY[name].function, **dict(arguments))


def _bare(name: str) -> str:
    """A name without case and separators."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _alike(names: Iterable[str]) -> dict[str, str]:
    """Names by their form without case and separators; the first one where several have the same."""
    return {_bare(n): n for n in reversed(list(names))}


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
