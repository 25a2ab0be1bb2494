"""Activations by name, as Flax linen modules where they have parameters to learn or noise to draw."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import jax
import numpy as np
from flax import traverse_util

import jaxact
from jaxact import linen
from jaxact_examples.options import BadInput

PREFIX = "activation"  # how the models name these modules, so that their parameters are found again
FIXED = "fixed "


def activation(name: str, index: int, *, train: bool = False) -> Callable[[jax.Array], jax.Array]:
    """The ``index``-th activation of a model, to be called inside a compact method.

    ``relu+tanh`` is a learned mixture of those that are named, ``fixed swish`` the function with default parameters.
    """
    if name.startswith(FIXED):
        return jaxact.get(name.removeprefix(FIXED))
    module = module_of(linen, name)
    if module is None:
        return jaxact.get(name)
    fields = {"deterministic": not train} if "deterministic" in getattr(module, "__dataclass_fields__", {}) else {}
    return module(name=f"{PREFIX}_{index}", **fields)


def module_of(flax: ModuleType, name: str) -> Any:
    """The class of an activation in ``jaxact.linen`` or ``jaxact.nnx``, if it has one."""
    if "+" in name:
        return functools.partial(flax.Mixture, tuple(name.split("+")))
    modules = {n.lower(): getattr(flax, n) for n in flax.__all__}
    return modules.get(jaxact.spec(name).name.replace("_", ""))


def check_names(names: Iterable[str]) -> None:
    """Raise for a name that is not an activation, or one that needs more than one input."""
    for name in names:
        try:
            specs = [jaxact.spec(part) for part in name.removeprefix(FIXED).split("+")]
        except KeyError as error:
            raise BadInput(error.args[0]) from None
        if "+" in name:
            if unmixable := [s.name for s in specs if not s.elementwise]:
                raise BadInput(f"{name} mixes functions of one number, {', '.join(unmixable)} is not one")
            continue
        (spec,) = specs
        needed = [p.name for p in inspect.signature(spec.function).parameters.values() if p.default is p.empty]
        if len(needed) > 1 and (name.startswith(FIXED) or module_of(linen, name) is None):
            raise BadInput(f"{name} takes {', '.join(needed)}; a layer of this model feeds it x alone")


def learned(params: Any) -> dict[str, np.ndarray]:
    """Parameters of the activations, by path."""
    flat = traverse_util.flatten_dict(params, sep="/")
    return {path: np.asarray(value) for path, value in flat.items() if path.split("/")[-2:-1] and PREFIX in path}
