"""What the reference says of a learnable module: formula, arguments, shapes and sources are its function's."""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

FEATURES = 4  # of the example


def learnable(found: Any) -> bool:
    """Whether a class is a record and its initializers, and leaves the rest to its function and its base."""
    return inspect.isclass(found) and "record" in vars(found) and "Args:" not in (found.__doc__ or "")


def described(cls: Any) -> list[str]:
    """Lines for the docstring of a learnable module, after what it says itself."""
    doc = inspect.getdoc(cls.record.function) or ""
    _, formula, *sections = re.split(r"\n\n(?=\.\. math|Args:|Returns:|Raises:|Examples:|References:)", doc)
    formula = textwrap.dedent(re.split(r"\n\n(?!\s)", formula)[0])
    arguments = next(s for s in sections if s.startswith("Args:"))
    said = dict(re.findall(r"^  (\w+): (.*(?:\n    .*)*)", arguments, re.MULTILINE))
    references = [s for s in sections if s.startswith("References:")]
    common = "features, axis, dtype, param_dtype" + ", rngs" * ("nnx" in cls.__module__)
    entries = [f"{common}: see :class:`Learnable`."]
    for name in cls.record.parameters:
        meaning = re.sub(r"; broadcasts against ``x``", "", said[name]).strip().rstrip(".")
        entries.append(f"{name}_init: initial ``{name}``: {' '.join(meaning.split())}.")
    entries += [f"{name}: {' '.join(said[name].split())}" for name in cls.record.options if name != "axis"]
    lines = [formula, "Args:\n" + textwrap.indent("\n".join(entries), "  ")]
    lines += ["Returns:\n  When called, an array of the shape and floating dtype of its input.", example(cls)]
    return "\n\n".join([*lines, *references]).splitlines()


def example(cls: Any) -> str:
    """Make one, and show the shapes of its parameters, which come from making one."""
    family = cls.__module__.rpartition(".")[2]
    made = f"jaxact.{family}.{cls.__name__}(features={FEATURES})"
    if family == "linen":
        shapes = jax.eval_shape(cls(features=FEATURES).init, jax.random.key(0), jnp.zeros(FEATURES))["params"]
        told = str({n: p.shape for n, p in shapes.items()})
        code = (
            f">>> variables = {made}.init(jax.random.key(0), jnp.zeros({FEATURES}))\n"
            ">>> jax.tree.map(jnp.shape, variables['params'])"
        )
    else:
        module = cls(FEATURES)
        told = str(tuple(np.shape(getattr(module, n)[...]) for n in cls.record.parameters))
        code = f">>> module = {made}\n>>> " + ", ".join(f"module.{n}.shape" for n in cls.record.parameters)
        told = told if len(cls.record.parameters) > 1 else told[1:-2]
    return "Examples:\n" + textwrap.indent(f"{code}\n{told}", "  ")
