"""Replacements for what JAX 0.6.2, the oldest supported version, lacks. They go when a newer one is required."""

from __future__ import annotations

import contextlib
from typing import Any

import jax

if hasattr(jax.sharding, "use_abstract_mesh"):

    def same_mesh() -> contextlib.AbstractContextManager:
        """Sets the current mesh again, as JAX does while it differentiates, so that the same cached trace is used."""
        return jax.sharding.use_abstract_mesh(jax.sharding.get_abstract_mesh())

else:  # before 0.7.1: a function is traced once more

    def same_mesh() -> contextlib.AbstractContextManager:
        """Does nothing."""
        return contextlib.nullcontext()


def reshard(x: Any, sharding: Any) -> Any:
    """``x`` with that sharding; unchanged where JAX is too old for explicit shardings."""
    return jax.sharding.reshard(x, sharding) if hasattr(jax.sharding, "reshard") else x
