"""Values of one function with slopes of another."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact

X = jnp.linspace(-3, 3, 61, dtype=jnp.float32)


def heaviside(x):
    return jnp.heaviside(x, jnp.zeros((), x.dtype))


@pytest.mark.parametrize("backward", ["tanh", "atan", "hard_tanh", "sigmoid"])
def test_value_and_slope(backward):
    f = jaxact.surrogate(heaviside, backward)
    np.testing.assert_array_equal(f(X), heaviside(X))
    slope = jax.vmap(jax.grad(f))
    np.testing.assert_array_equal(slope(X), jax.vmap(jax.grad(jaxact.get(backward)))(X))
    np.testing.assert_array_equal(jax.jit(slope)(X), slope(X))
    curvature = jax.vmap(jax.grad(jax.grad(f)))(X)
    np.testing.assert_allclose(curvature, jax.vmap(jax.grad(jax.grad(jaxact.get(backward))))(X), rtol=1e-6)


def test_sugar_is_a_case_of_it():
    alpha = 1.67
    smooth = jaxact.surrogate("relu", lambda x: (x + alpha) * jaxact.sigmoid(x))
    np.testing.assert_array_equal(smooth(X), jaxact.relu(X))
    got, expected = (jax.vmap(jax.grad(f))(X) for f in (smooth, jaxact.sugar))
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_it_keeps_one_array():
    f = jaxact.surrogate(heaviside, "tanh")
    _, pullback = jax.vjp(f, X)
    assert sum(leaf.size for leaf in jax.tree.leaves(pullback) if leaf.size > 1) == X.size


def test_half_precision_and_vmap():
    f = jaxact.surrogate(jnp.round, "identity")
    x = X.astype(jnp.bfloat16)
    y, pullback = jax.vjp(jax.vmap(f), x)
    assert y.dtype == pullback(y)[0].dtype == jnp.bfloat16


SPIKES = {
    "superspike": lambda x, k=25: 1 / (1 + k * np.abs(x)) ** 2,
    "arctan": lambda x, k=2: k / 2 / (1 + (np.pi / 2 * k * x) ** 2),
    "triangular": lambda x, k=2: np.maximum(0, 1 - k * np.abs(x)),
    "boxcar": lambda x, k=1: np.where(k * np.abs(x) <= 1, 0.5, 0),
    "sigmoid": lambda x, k=25: k * np.exp(-k * np.abs(x)) / (1 + np.exp(-k * np.abs(x))) ** 2,
}


@pytest.mark.parametrize("name", SPIKES)
@pytest.mark.parametrize("scale", [None, 3.0])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_heaviside(name, scale, dtype):
    x = jnp.concatenate([X, 0.01 * X, jnp.float32([1e30, -1e30])]).astype(dtype)
    y, pullback = jax.vjp(jax.jit(lambda x: jaxact.heaviside(x, name, scale)), x)
    np.testing.assert_array_equal(y, (np.asarray(x, np.float64) > 0).astype(dtype))
    slope, kept = pullback(jnp.ones_like(y))[0], [a for a in jax.tree.leaves(pullback) if a.size > 1]
    assert y.dtype == slope.dtype == dtype
    assert [(a.size, a.dtype) for a in kept] == [(x.size, dtype)]
    expected = SPIKES[name](np.asarray(x, np.float64), *([] if scale is None else [scale]))
    np.testing.assert_allclose(
        np.asarray(slope, np.float64), expected, rtol=1e-5 if dtype == jnp.float32 else 2**-8, atol=1e-30
    )


def test_heaviside_of_integers_and_unknown_slopes():
    assert jaxact.heaviside(jnp.array([-1, 0, 2])).tolist() == [0, 0, 1]
    assert jnp.isnan(jaxact.heaviside(jnp.nan))
    with pytest.raises(ValueError, match=r"slope must be one of superspike, arctan, .*got 'fast'"):
        jaxact.heaviside(0.0, "fast")
    with pytest.raises(TypeError, match=r"jaxact\.heaviside: x must be a real array"):
        jaxact.heaviside(1j)


def test_unknown_name():
    with pytest.raises(KeyError, match="tanhh"):
        jaxact.surrogate(jnp.sign, "tanhh")
