"""Gated functions of two arrays against the oracle: in ulps, in both arguments, in every dtype."""

import cases
import jax
import jax.numpy as jnp
import numpy as np
import oracle
import pytest
import samples
import several
import ulp

import jaxact

GATED = ["bilinear", "clipped_swiglu", "geglu", "mishglu", "reglu", "swiglu"]

each = pytest.mark.parametrize("name", GATED)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16, jnp.float16], ids=lambda d: np.dtype(d).name)
def test_accuracy(name, dtype):
    with jax.enable_x64(dtype == np.float64):
        gate, value = samples.pairs(dtype)
        y, pullback = jax.vjp(jax.jit(jaxact.get(name)), jnp.asarray(gate), jnp.asarray(value))
        got = [np.asarray(a) for a in (y, *pullback(jnp.ones_like(y)))]
    for (what, true), computed in zip(several.gates(name, gate, value).items(), got, strict=True):
        error = ulp.error(computed, *true)
        worst = error.argmax()
        assert error[worst] <= (0.51 if gate.dtype.itemsize == 2 else 4), (
            what,
            error[worst],
            gate[worst],
            value[worst],
        )


@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16], ids=lambda d: np.dtype(d).name)
def test_glu(dtype):
    """The other way round, and both in one array; its gate has no tail."""
    gate, value = samples.pairs(dtype, far=False)
    x = jnp.concatenate([value, gate])
    y, pullback = jax.vjp(jax.jit(jaxact.glu), x)
    in_value, in_gate = jnp.split(pullback(jnp.ones_like(y))[0], 2)
    for got, true in zip((y, in_gate, in_value), several.gates("glu", gate, value).values(), strict=True):
        assert ulp.error(np.asarray(got), *true).max() <= (0.51 if dtype == jnp.bfloat16 else 4)


@each
def test_mixed_second_derivative(name):
    gate, value = cases.batch((6,)), cases.batch((6,), seed=1)
    mixed = jax.vmap(jax.grad(jax.grad(jaxact.get(name)), 1))(gate, value)
    step, exact = 1e-6, np.asarray(value, np.float64)
    before, after = (oracle.derivatives(name, np.asarray(gate), 1, value=v)[0][1] for v in (exact, exact + step))
    np.testing.assert_allclose(mixed, (after - before) / step, rtol=1e-5, atol=1e-5)


def test_exact_gelu():
    gate, value = map(jnp.asarray, samples.pairs(np.float32, far=False))
    cases.close(jaxact.geglu(gate, value, approximate=False), jaxact.gelu_exact(gate) * value, 0)
    cases.close(jaxact.geglu(gate, value), jaxact.gelu_tanh(gate) * value, 0)


@each
def test_shapes_broadcast(name):
    f, gate, value = jaxact.get(name), cases.batch((3, 4)), cases.batch((4,), seed=1)
    full = jnp.broadcast_to(value, gate.shape)
    y, pullback = jax.vjp(f, gate, value)
    expected, of_full = jax.vjp(f, gate, full)
    cases.close(y, expected, 0)
    got, each = pullback(jnp.ones_like(y)), of_full(jnp.ones_like(y))
    cases.close(got[0], each[0])
    cases.close(got[1], each[1].sum(0), 32)
    assert f(gate, 2).shape == gate.shape
    assert f(gate.astype(jnp.bfloat16), full).dtype == jnp.bfloat16


def test_limits_of_clipped_swiglu():
    """At a limit the slope is that inside; beyond it is 0, and -inf is let through to its limit."""
    gate, value = jnp.asarray([7.0, 7.1, 1.0, 1.0, -jnp.inf, 3e38]), jnp.asarray([1.0, 1.0, 7.0, -7.5, 1.0, 3e38])
    y, pullback = jax.vjp(jaxact.clipped_swiglu, gate, value)
    in_gate, in_value = pullback(jnp.ones_like(y))
    np.testing.assert_array_equal(in_gate != 0, [True, False, True, True, False, False])
    np.testing.assert_array_equal(in_value != 0, [True, True, True, False, False, False])
    assert np.all(np.isfinite(y))
    assert y[4] == 0
    wider = jaxact.clipped_swiglu(gate[:2], value[:2], limit=100.0, alpha=1.0)
    cases.close(wider, 2 * jaxact.silu(gate[:2]))
