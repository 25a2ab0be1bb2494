"""benchmarks/memory.py: a tiny run, and figures that can be counted by hand."""

import json

import jax
import jax.numpy as jnp
import memory
import pytest


def test_tiny_run(tmp_path):
    memory.main(("mish", "glu"), layers=4, width=8, rows=512, into=tmp_path)
    (path,) = tmp_path.glob("memory-*.json")
    written = json.loads(path.read_text())
    assert written["bytes_per_element"]["float32"]["mish"]["jaxact"] == 4
    assert written["bytes_per_element"]["bfloat16"]["mish"]["jaxact"] == 2
    assert written["bytes_per_element"]["float32"]["mish"]["jax.nn"] > 4
    scanned = written["arrays_per_layer"]["scanned, float32"]["mish"]
    assert 1 < scanned["jaxact"] < scanned["jax.nn"]


@pytest.mark.parametrize(
    ("f", "arrays"),
    [(jnp.negative, 0), (jnp.sin, 1), (lambda x: jnp.sin(x) * jnp.cos(x), 4)],
    ids=["neg", "sin", "both"],
)
def test_kept_by_hand(f, arrays):
    assert memory.kept(f, "float32") == 4 * arrays


def test_network_that_needs_two_arrays_a_layer():
    """A scan over layers keeps input and output of an activation whose rule keeps its input."""
    held = memory.network(jax.checkpoint(jnp.sin), "float32", True, 16, 8, 2048)
    assert 2 <= held < 2.5
