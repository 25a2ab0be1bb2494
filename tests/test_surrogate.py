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


def test_unknown_name():
    with pytest.raises(KeyError, match="tanhh"):
        jaxact.surrogate(jnp.sign, "tanhh")
