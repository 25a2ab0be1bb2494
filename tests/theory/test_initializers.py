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


def test_a_network_of_sines_keeps_the_size_of_its_arguments():
    """As its authors derive: the arguments of all sines but the first have variance 1, and the sines 1/2."""
    keys = jax.random.split(jax.random.key(0), 5)
    x = jax.random.uniform(keys[0], (256, 2), minval=-1.0)
    x = jaxact.sine(x @ theory.siren(first=True)(keys[1], (2, 256), jnp.float32))
    for key in keys[2:]:
        x = x @ theory.siren()(key, (256, 256), jnp.float32)
        np.testing.assert_allclose(jnp.var(30 * x), 1, rtol=0.2)
        x = jaxact.sine(x)
        np.testing.assert_allclose(jnp.mean(x * x), 0.43, rtol=0.1)  # (1 - e^-2) / 2 for normal arguments


def test_uniform_from_minus_the_limit():
    drawn = theory.uniform(5.0)(jax.random.key(0), (10000,), jnp.float32)
    assert -5 <= drawn.min() < -4.9
    assert 4.9 < drawn.max() <= 5
    assert theory.siren(first=True)(jax.random.key(0), (3, 3, 2, 8), jnp.float16).dtype == jnp.float16


def test_waves_of_random_height_and_phase_have_variance_1():
    keys, tau = jax.random.split(jax.random.key(0), 3), 5
    heights = theory.root_laplace(2 / tau)(keys[0], (tau, 20000), jnp.float32)
    frequencies = jax.nn.initializers.uniform(30.0)(keys[1], (tau, 20000), jnp.float32)
    phases = theory.uniform(math.pi)(keys[2], (tau, 20000), jnp.float32)
    y = jaxact.staf(jnp.full(20000, 0.7, jnp.float32), heights, frequencies, phases)
    np.testing.assert_allclose([jnp.mean(y), jnp.var(y)], [0, 1], atol=0.05)
