"""Gated functions of two arrays against the oracle: in ulps, in both arguments, in every dtype."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases, oracle, samples, several, ulp

import jaxact

GATED = [
    "bilinear",
    "clipped_swiglu",
    "drelu_glu",
    "geglu",
    "mishglu",
    "powglu",
    "reglu",
    "situ_glu",
    "sreglu",
    "swiglu",
    "swiglu_step",
]

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
        assert error[worst] <= (0.51 if gate.dtype.itemsize == 2 else 6 if what == "value" else 8), (
            what,
            error[worst],
            gate[worst],
            value[worst],
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16], ids=lambda d: np.dtype(d).name)
def test_glu(dtype):
    """The other way round, and both in one array."""
    with jax.enable_x64(dtype == np.float64):
        gate, value = samples.pairs(dtype)
        x = jnp.concatenate([value, gate])
        y, pullback = jax.vjp(jax.jit(jaxact.glu), x)
        in_value, in_gate = jnp.split(pullback(jnp.ones_like(y))[0], 2)
    results = several.gates("glu", gate, value).items()
    for got, (what, true) in zip((y, in_gate, in_value), results, strict=True):
        bound = 0.51 if dtype == jnp.bfloat16 else 3 if what == "value" else 4
        assert ulp.error(np.asarray(got), *true).max() <= bound, what


@each
def test_mixed_second_derivative(name):
    gate, value = cases.batch((6,)), cases.batch((6,), seed=1)
    mixed = jax.vmap(jax.grad(jax.grad(jaxact.get(name)), 1))(gate, value)
    step, exact = 1e-6, np.asarray(value, np.float64)
    before, after = (oracle.derivatives(name, np.asarray(gate), 1, value=v)[0][1] for v in (exact, exact + step))
    np.testing.assert_allclose(mixed, (after - before) / step, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16, jnp.float16], ids=lambda d: np.dtype(d).name)
def test_exact_gelu(dtype, monkeypatch):
    monkeypatch.setitem(oracle.FORMULAS, "geglu_exact", lambda x, value: oracle.FORMULAS["gelu_exact"](x) * value)
    with jax.enable_x64(dtype == np.float64):
        gate, value = samples.pairs(dtype)
        f = jax.jit(functools.partial(jaxact.geglu, approximate=False))
        y, pullback = jax.vjp(f, jnp.asarray(gate), jnp.asarray(value))
        got = [np.asarray(a) for a in (y, *pullback(jnp.ones_like(y)))]
    for (what, true), computed in zip(several.gates("geglu_exact", gate, value).items(), got, strict=True):
        error = ulp.error(computed, *true)
        bound = 0.51 if gate.dtype.itemsize == 2 else 6 if what == "value" else 8
        assert error.max() <= bound, (what, error.max(), gate[error.argmax()], value[error.argmax()])


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


def test_clipped_swiglu_of_deepseek():
    """Without an offset and with a sharpness of 1 it is a SwiGLU of clipped inputs."""
    gate, value = (6 * cases.batch((64,), seed=seed) for seed in (0, 1))
    y = jaxact.clipped_swiglu(gate, value, limit=10.0, alpha=1.0, offset=0.0)
    cases.close(y, jaxact.swiglu(jnp.minimum(gate, 10), jnp.clip(value, -10, 10)), 2)
    assert jaxact.clipped_swiglu(3.0, 0.0, offset=0.0) == 0


def test_limits_of_swiglu_step():
    """Where the activation of the gate, or the value, is beyond the limit, its slope is 0; at the limit it is not."""
    gate = jnp.asarray([7.00634, 7.00635, 1.0, 1.0, 3e38, -jnp.inf])  # silu is 7 between the first two
    value = jnp.asarray([1.0, 1.0, 7.0, -7.5, 3e38, 1.0])
    y, pullback = jax.vjp(jaxact.swiglu_step, gate, value)
    in_gate, in_value = pullback(jnp.ones_like(y))
    np.testing.assert_array_equal(in_gate != 0, [True, False, True, True, False, False])
    np.testing.assert_array_equal(in_value != 0, [True, True, True, False, False, False])
    assert y[4] == 49
    assert y[5] == 0


def test_situ_glu_is_capped():
    y = jaxact.situ_glu(jnp.asarray([3e38, 3e38, -jnp.inf]), jnp.asarray([3e38, -3e38, 1.0]))
    np.testing.assert_array_equal(y, [100, -100, 0])


@pytest.mark.parametrize("cotangent", [jnp.inf, jnp.nan])
def test_flat_gates_pass_nothing_of_a_cotangent(cotangent):
    """Nothing times anything, not 0 times infinity."""
    below, above, value = jnp.asarray([-1.0]), jnp.asarray([8.0]), jnp.asarray([3.0])
    for slope in jax.vjp(jaxact.reglu, below, value)[1](jnp.asarray([cotangent])):
        assert slope == 0
    assert jax.vjp(jaxact.clipped_swiglu, above, value)[1](jnp.asarray([cotangent]))[0] == 0
    assert jax.vjp(jaxact.clipped_swiglu, value, above)[1](jnp.asarray([cotangent]))[1] == 0


def test_powlu_is_powglu_of_equal_arrays():
    x = jnp.asarray([-90.0, -2.0, 0.0, 1e-9, 0.5, 12.9, 1e6])
    np.testing.assert_allclose(jaxact.powglu(x, x), jaxact.powlu(x), rtol=1e-6)
    np.testing.assert_allclose(jaxact.powglu(x, x, m=2.0), jaxact.powlu(x, 2.0), rtol=1e-6)


def test_powlu_increases_for_powers_below_ten():
    x = jnp.asarray(np.geomspace(1e-3, 1e6, 4000), jnp.float32)
    slope = jax.vmap(jax.grad(jaxact.powlu), (0, None))
    assert (slope(x, 9.9) > 0).all()
    assert (slope(x, 10.5) < 0).any()
