"""Which names of the package are public, so that the reference has them all and the tests can tell."""

from __future__ import annotations

import importlib.util
import inspect
from typing import Any

import jaxact

MODULES = ("jaxact", *(f"jaxact.{name}" for name in jaxact._LAZY))


def available() -> list[str]:
    """The public modules that can be imported here."""
    return [m for m in MODULES if importlib.util.find_spec(m)]


def names(module: str) -> dict[str, Any]:
    """Public names of a module and what they stand for, submodules and what comes from elsewhere left out."""
    found = importlib.import_module(module)
    listed = getattr(found, "__all__", None) or [n for n in vars(found) if not n.startswith("_")]
    objects = {n: getattr(found, n) for n in listed}
    return {
        n: o
        for n, o in objects.items()
        if getattr(o, "__module__", "").startswith("jaxact") or (n.isupper() and isinstance(o, dict))
    }


def activations() -> dict[str, str]:
    """Public names that are activations, and the name of each one's record, another where it is an alias."""
    records = {record.function: record.name for record in jaxact.specs()}
    return {n: records[o] for n, o in names("jaxact").items() if inspect.isfunction(o) and o in records}
