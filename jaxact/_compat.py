"""What the oldest JAX that is supported, 0.6.2, has elsewhere or not at all. A branch goes when that floor moves."""

from __future__ import annotations

import contextlib
from typing import Any

import jax

if hasattr(jax.sharding, "use_abstract_mesh"):

    def same_mesh() -> contextlib.AbstractContextManager:
        """The mesh in force, set as JAX sets it while it differentiates: else it would trace a function again."""
        return jax.sharding.use_abstract_mesh(jax.sharding.get_abstract_mesh())

else:  # before 0.7.1, where that is one more trace and nothing else

    def same_mesh() -> contextlib.AbstractContextManager:
        """Nothing."""
        return contextlib.nullcontext()


def reshard(x: Any, sharding: Any) -> Any:
    """``x`` sharded like that; as it is where JAX is too old for explicit shardings."""
    return jax.sharding.reshard(x, sharding) if hasattr(jax.sharding, "reshard") else x
