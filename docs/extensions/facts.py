"""What the gallery says about an activation: an example, facts from its record, and when to use it."""

from __future__ import annotations

import functools
import json
import math
import tomllib
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from figures import FOLDER, drawn, extras, inputs, values
from public import available, names

import jaxact
from jaxact._names import ANYWHERE

EXAMPLES = FOLDER / "examples.json"
ADVICE = tomllib.loads((Path(__file__).parents[1] / "advice.toml").read_text())


def number(value: float) -> str:
    """A number as a reader writes it."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.5g}".replace("-", "−")


def monotone(record: jaxact.Activation) -> bool:
    """Whether its drawn values never fall, but for rounding."""
    _, y = values(record.name)
    steps = np.diff(y[np.isfinite(y)])  # there is a gap in the curve where it jumps
    return bool(steps[steps < 0].sum() > -1e-4)


def saturates(record: jaxact.Activation) -> str:
    """On which sides its slope vanishes."""
    assert record.tails is not None
    left, right = (t == 0 for t in record.tails)
    return {(0, 0): "nowhere", (1, 0): "on the left", (0, 1): "on the right", (1, 1): "on both sides"}[left, right]


def bounded(record: jaxact.Activation) -> str:
    """On which sides its values end."""
    assert record.range is not None
    below, above = (math.isfinite(r) for r in record.range)
    return {(0, 0): "no", (1, 0): "below", (0, 1): "above", (1, 1): "below and above"}[below, above]


def modules(record: jaxact.Activation) -> list[str]:
    """Flax modules that learn its parameters or draw its noise, as references."""
    plain = record.name.replace("_", "")
    return [
        f":class:`{module}.{name}`"
        for module in available()
        if module in ("jaxact.linen", "jaxact.nnx")
        for name in names(module)
        if name.lower() == plain
    ]


def compute_examples(path: Path) -> None:
    """Write the example and the shapes of each activation, for :func:`example` and :func:`shapes`.

    It runs in a process of its own: Sphinx forks, which a process that has used JAX must not do.
    """
    path.write_text(json.dumps({r.name: {"example": _example(r), "shapes": _shapes(r)} for r in jaxact.specs()}))


def _example(record: jaxact.Activation) -> list[str]:
    names, more = [n for n in inputs(record) if n != "key"], extras(record)
    if len(names) > 1:
        given = [[-2.0, 0.0, 2.0], [1.0, 2.0, 3.0]]
        arrays = list(jnp.array(given))
    else:
        given = [-2.0, 0.0, 2.0] if record.elementwise else [-2.0, -1.0, 1.0, 2.0]
        arrays = [jnp.array(given)]
    with np.printoptions(precision=4, suppress=True):
        result = repr(record.function(*arrays, **more))
    call = ", ".join([*names, *("jax.random.key(0)" if n == "key" else f"{n}={v}" for n, v in more.items())])
    return [f">>> {', '.join(names)} = jnp.array({given})", f">>> jaxact.{record.name}({call})", *result.splitlines()]


def _shapes(record: jaxact.Activation) -> str:
    names, more = [n for n in inputs(record) if n != "key"], extras(record)
    x = jax.ShapeDtypeStruct((2, 8), jnp.float32)
    shape = jax.eval_shape(lambda *arrays: record.function(*arrays, **more), *[x] * len(names)).shape
    given = " and ".join(f"``{n}`` {x.shape}" for n in names)
    return f"{given} → {shape}" + ("; they broadcast" if len(names) > 1 else "")


@functools.cache
def _computed() -> dict[str, dict]:
    return json.loads(EXAMPLES.read_text())


def example(record: jaxact.Activation) -> list[str]:
    """Two lines of code, and what they give."""
    return _computed()[record.name]["example"]


def shapes(record: jaxact.Activation) -> str:
    """Shapes of inputs and result, for an example."""
    return _computed()[record.name]["shapes"]


def facts(record: jaxact.Activation) -> dict[str, str]:
    """Facts by what they are called, those that do not apply left out."""
    out = {"Family": record.kind}
    if not record.elementwise:
        out["Shapes"] = shapes(record)
    if record.range is not None:
        out["Values"] = " to ".join(map(number, record.range))
    if record.minimum is not None and record.range is not None:
        out["Lowest point"] = f"{number(record.range[0])}, at x = {number(record.minimum)}"
    if record.tails is not None:
        out["Slope in the limit"] = "{} to the left, {} to the right".format(*map(number, record.tails))
    if record.elementwise:
        if record.tails is not None:
            out["Saturates"] = saturates(record)
        out["Bounded"] = bounded(record)
        if drawn(record):
            out["Monotone"] = "yes" if monotone(record) else "no"
        out["Slope jumps at"] = ", ".join(map(number, record.kinks)) or "no point"
    if record.parameters:
        out["Learnable"] = ", ".join(f"``{n}``, initially {_default(v)}" for n, v in record.parameters.items())
    if record.options:
        out["Options"] = ", ".join(f"``{n}={v!r}``" for n, v in record.options.items())
    if found := modules(record):
        out["Modules"] = ", ".join(found)
    ours = {s.name for s in jaxact.specs()}
    if others := sorted({o for o, name in ANYWHERE.items() if name == record.name} - ours):
        out["``jaxact.get`` also answers to"] = ", ".join(f"``{o}``" for o in others)
    return out


def _default(value: object) -> str:
    return number(float(value)) if np.ndim(value) == 0 else "a list of coefficients"  # type: ignore[arg-type]


def use(record: jaxact.Activation) -> Sequence[str]:
    """When to use it, and when not."""
    return ADVICE[record.name]["use"], ADVICE[record.name]["avoid"]
