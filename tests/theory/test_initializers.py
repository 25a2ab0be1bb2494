"""Initialisers: the gain is in them, and a deep network that uses them keeps the size of its signals."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from jaxact import theory


def test_relu_gives_he():
    key = jax.random.key(0)
    for mode in ("fan_in", "fan_out"):
        ours = theory.variance_scaling("relu", mode)(key, (64, 32), jnp.float32)
        he = jax.nn.initializers.variance_scaling(2.0, mode, "truncated_normal")(key, (64, 32), jnp.float32)
        np.testing.assert_allclose(ours, he, rtol=1e-5)


def test_the_mean_of_both_directions():
    # E f^2 = 1 and E f'^2 = a^2 + ... differ for tanh; for a square kernel the variances add up harmonically.
    m = theory.moments("tanh")
    w = theory.variance_scaling("tanh", "fan_avg", "normal")(jax.random.key(0), (512, 512), jnp.float32)
    expected = 2 / (float(m.second) + float(m.slope_second)) / 512
    np.testing.assert_allclose(jnp.var(w), expected, rtol=4 * math.sqrt(2) / 512)


@pytest.mark.parametrize("name", ["mish", "gelu", "selu", "tanh"])
@pytest.mark.parametrize("make", [theory.variance_scaling, theory.orthogonal], ids=lambda f: f.__name__)
def test_a_deep_network_keeps_the_size_of_its_signals(name, make):
    f, init = jaxact.get(name), make(name)
    x = jax.random.normal(jax.random.key(1), (64, 256))
    for key in jax.random.split(jax.random.key(2), 8):
        x = f(x) @ init(key, (256, 256), jnp.float32)
    np.testing.assert_allclose(jnp.mean(x * x), 1, rtol=0.5)
    plain = jax.nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")
    y = jax.random.normal(jax.random.key(1), (64, 256))
    if name != "selu":  # which needs no gain
        for key in jax.random.split(jax.random.key(2), 8):
            y = f(y) @ plain(key, (256, 256), jnp.float32)
        assert jnp.mean(y * y) < 0.1


def test_flax_takes_it():
    nn = pytest.importorskip("flax.linen")
    layer = nn.Dense(8, kernel_init=theory.variance_scaling("mish"))
    kernel = layer.init(jax.random.key(0), jnp.ones((1, 4)))["params"]["kernel"]
    assert kernel.shape == (4, 8)


@pytest.mark.parametrize("make", [theory.variance_scaling, theory.orthogonal], ids=lambda f: f.__name__)
def test_made_within_a_trace(make):
    """As by a module whose ``init`` is compiled."""
    key = jax.random.key(0)
    traced = jax.jit(lambda key: make("softplus")(key, (8, 8), jnp.float32))(key)
    np.testing.assert_allclose(traced, make("softplus")(key, (8, 8), jnp.float32), rtol=1e-6)


def test_unknown_mode():
    with pytest.raises(ValueError, match="fan_in, fan_out, fan_avg"):
        theory.variance_scaling("relu", "fan")
