"""What all tests share: eight simulated devices, and JAX at its strictest."""

import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8".strip()

import jax

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The fast part is the package itself: what is built on it is slow as a whole."""
    for item in items:
        if item.path.parent.name in ("benchmarks", "docs", "examples", "theory"):
            item.add_marker(pytest.mark.slow)
