"""Activations by name, as Flax linen modules where they have parameters to learn or noise to draw."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np
from flax import traverse_util

import jaxact
from common.options import BadInput
from jaxact import linen

PREFIX = "activation"  # how the models name these modules, so that their parameters are found again


def activation(name: str, index: int, *, train: bool = False) -> Callable[[jax.Array], jax.Array]:
    """The ``index``-th activation of a model, to be called inside a compact method."""
    module = _modules().get(jaxact.spec(name).name.replace("_", ""))
    if module is None:
        return jaxact.get(name)
    fields = {"deterministic": not train} if "deterministic" in module.__dataclass_fields__ else {}
    return module(name=f"{PREFIX}_{index}", **fields)


def _modules() -> dict[str, Any]:
    return {n.lower(): getattr(linen, n) for n in dir(linen) if inspect.isclass(getattr(linen, n))}


def check_names(names: Iterable[str]) -> None:
    """Raise for a name that is not an activation, or one that needs more than one input."""
    for name in names:
        try:
            spec = jaxact.spec(name)
        except KeyError as error:
            raise BadInput(error.args[0]) from None
        needed = [p.name for p in inspect.signature(spec.function).parameters.values() if p.default is p.empty]
        if len(needed) > 1 and spec.name.replace("_", "") not in _modules():
            raise BadInput(f"{name} takes {', '.join(needed)}; a layer of this model feeds it x alone")


def learned(params: Any) -> dict[str, np.ndarray]:
    """Parameters of the activations, by path."""
    flat = traverse_util.flatten_dict(params, sep="/")
    return {path: np.asarray(value) for path, value in flat.items() if path.split("/")[-2:-1] and PREFIX in path}
