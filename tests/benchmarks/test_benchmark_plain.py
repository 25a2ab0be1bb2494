"""benchmarks/plain.py: a line for every elementwise activation, which computes the same."""

import inspect

import harness
import jax
import jax.numpy as jnp
import numpy as np
import plain
import pytest

import jaxact

ALL = plain.LINES | plain.OTHERS
every = pytest.mark.parametrize("name", ALL)


def arguments(name, dtype):
    """Ordinary numbers, none of them at a kink."""
    f = jaxact.get(name)
    needed = sum(p.default is p.empty for p in inspect.signature(f).parameters.values())
    return [jnp.asarray(np.random.default_rng(i).normal(size=(4, 64)) * 2, dtype) for i in range(needed)]


def test_names():
    assert list(plain.LINES) == [s.name for s in jaxact.specs() if s.elementwise]
    assert all(not jaxact.spec(name).elementwise for name in plain.OTHERS)


@every
def test_where_jax_has_it_the_line_is_that(name):
    peer = harness.jax_nn(name)
    if peer is not None and name not in ("gelu_exact", "gelu_tanh", "swish"):  # theirs are spelled gelu and silu
        assert ALL[name] in (peer, jnp.tanh)


@every
def test_signature(name):
    def parameters(f):
        return {p.name: p.default for p in inspect.signature(f).parameters.values()}

    ours, line = parameters(jaxact.get(name)), parameters(ALL[name])
    if name in plain.LINES and name != "softplus":  # that of jax.nn has no beta
        assert list(line) == list(ours)
    assert {k: ours[k] for k in line} == line


@every
def test_value_and_slope(name):
    x = arguments(name, jnp.float32)
    ours, pullback = jax.vjp(jaxact.get(name), *x)
    line, pullback_of_line = jax.vjp(ALL[name], *x)
    cotangent = jnp.cos(jnp.arange(ours.size, dtype=ours.dtype)).reshape(ours.shape)
    # The line itself divides a difference by 2 eps, or rounds an angle of up to 1300.
    lost = {"signed_parabolic": 2e-4, "finer": 1e-4}.get(name, 0)
    np.testing.assert_allclose(line, ours, rtol=1e-4, atol=1e-5 + lost)
    least = 1e-4 if name == "finer" else 1e-5
    for a, b in zip(pullback_of_line(cotangent), pullback(cotangent), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=least * max(1, abs(b).max()))  # that of sine is up to 30


@every
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_dtype(name, dtype):
    assert ALL[name](*arguments(name, dtype)).dtype == dtype
