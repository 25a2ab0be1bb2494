"""What the parametric functions have to themselves: limits in a parameter, checkpoints, parameters that are shared."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases, oracle, ulp

import jaxact

pytestmark = pytest.mark.nightly

X = np.linspace(-5, 5, 41, dtype=np.float32)


def all_derivatives(f, x, *parameters):
    y, pullback = jax.vjp(f, jnp.asarray(x), *(jnp.full(x.shape, p, jnp.float32) for p in parameters))
    return np.asarray(y), *map(np.asarray, pullback(jnp.ones_like(y)))


@pytest.mark.parametrize("alpha", [0.0, -0.0, 1e-30, -1e-30, 1e-6, -1e-6])
def test_soft_exponential_passes_through_the_line(alpha):
    y, slope, alpha_slope = all_derivatives(jaxact.soft_exponential, X, alpha)
    np.testing.assert_allclose(y, X + alpha * (1 + X**2 / 2), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(slope, 1 + alpha * X, rtol=1e-6)
    np.testing.assert_allclose(alpha_slope, 1 + X**2 / 2, rtol=2e-4)


def test_soft_exponential_of_one_number():
    """XLA once raised 2^64 e^(z / 4) to the fourth power in programs for one number."""
    x, alpha = jnp.asarray([-2.0, 0.8, 5.0]), jnp.float32(0.5)
    for f in (jaxact.soft_exponential, jax.grad(jaxact.soft_exponential), jax.grad(jax.grad(jaxact.soft_exponential))):
        np.testing.assert_allclose([f(a, alpha) for a in x], jax.vmap(f, (0, None))(x, alpha), rtol=1e-5)


def test_soft_exponential_is_the_logarithm_and_the_exponential():
    np.testing.assert_allclose(jaxact.soft_exponential(X, 1.0), np.exp(X), rtol=1e-6)
    positive = X[X > 0]
    np.testing.assert_allclose(jaxact.soft_exponential(positive, -1.0), np.log(positive), rtol=1e-6, atol=1e-6)
    assert np.all(np.isnan(jaxact.soft_exponential(X[X < 0], -1.0)))


def test_xielu_starts_at_what_the_authors_start_at():
    """Their coefficients, 0.8 twice and 1/2, in their formula."""
    y = np.where(X > 0, 0.8 * X**2, 0.8 * (np.expm1(X) - X)) + 0.5 * X
    np.testing.assert_allclose(jaxact.xielu(X), y, rtol=1e-5, atol=1e-6)


def test_leaky_and_plain_rectifiers_are_limits():
    np.testing.assert_allclose(jaxact.smu(X, 0.25, 1e6), np.where(X > 0, X, 0.25 * X), atol=1e-6)
    np.testing.assert_allclose(jaxact.acon_c(X, 1.0, 0.1, 1e6), np.where(X > 0, X, 0.1 * X), atol=1e-6)
    np.testing.assert_allclose(jaxact.acon_c(X, 1.0, 0.5, 0.0), 0.75 * X, rtol=1e-6)


def test_special_cases():
    np.testing.assert_allclose(jaxact.pelu(X), jaxact.elu(X), rtol=1e-6)
    np.testing.assert_allclose(jaxact.mpelu(X, 0.5), jaxact.elu(X, 0.5), rtol=1e-6)
    np.testing.assert_allclose(jaxact.acon_c(X), jaxact.silu(X), rtol=1e-6)
    np.testing.assert_allclose(jaxact.pserf(X, 1.0, 1.0), jaxact.serf(X), rtol=1e-6)
    np.testing.assert_allclose(jaxact.aptx(X), jaxact.swish(X, 2.0), rtol=1e-6)
    np.testing.assert_allclose(jaxact.dyt(X, 1.0), jaxact.tanh(X), rtol=1e-6)


def test_swish_of_a_huge_argument_is_finite():
    """``x e^(beta x)`` is of the size of ``x``, and must not overflow before it is brought down."""
    x, beta = np.float32([-1e38, -1e30, -1e20]), np.float32([1e-37, 3e-29, 1e-19])
    truth, _ = oracle.derivatives("swish", x, 0, beta=beta)
    assert ulp.error(np.asarray(jaxact.swish(x, beta)), truth[0]).max() <= 3


@pytest.mark.parametrize("name", ["dyt", "derf", "erf_act", "pserf", "smu", "aptx", "acon_c", "mpelu", "xielu"])
def test_huge_arguments_have_finite_slopes_in_saturated_parameters(name):
    """No 0 times infinity: each slope that is not of the order of the argument is one that the gate has settled."""
    x = np.float32([-3e38, -1e20, 1e20, 3e38])
    spec = jaxact.spec(name)
    y, *slopes = all_derivatives(spec.function, x, *(p or 0.5 for p in spec.parameters.values()))
    assert not np.any(np.isnan([y, *slopes]))


@pytest.mark.parametrize(("call", "argument"), [({"alpha": 0.0}, "alpha"), ({"beta": -1.0}, "beta")])
def test_pelu_wants_positive_parameters(call, argument):
    with pytest.raises(ValueError, match=rf"jaxact\.pelu: {argument} must be positive, got"):
        jaxact.pelu(X, **call)


@cases.learnable
def test_gradients_of_parameters_add_up_in_float32(spec):
    """Beside an array of 2^20 bfloat16 numbers; the truth is the same sum in float64."""
    x = jnp.asarray(np.random.default_rng(0).normal(0, 1, (1024, 1024)), jnp.bfloat16)
    p = [jnp.asarray(d or 0.5, jnp.float32) for d in spec.parameters.values()]

    def gradients(x, *p):
        places = tuple(range(len(p)))
        return jax.grad(lambda *p: spec.function(x, *p).astype(p[0].dtype).sum(), places)(*p)

    got = jax.jit(gradients)(x, *p)
    assert {g.dtype for g in got} == {jnp.dtype(jnp.float32)}
    with jax.enable_x64(True):
        wide = x.astype(jnp.float64), *(q.astype(jnp.float64) for q in p)
        expected = jax.jit(gradients)(*wide)
        sizes = jax.jit(lambda x, *p: [jnp.abs(t).sum() for t in _each(spec, x, p)])(*wide)
    for g, e, size in zip(got, expected, sizes, strict=True):
        assert abs(float(g) - float(e)) <= 1e-3 * float(size)


def _each(spec, x, p):
    """Derivatives in the parameters, not added up."""
    full = [jnp.broadcast_to(q, x.shape) if q.ndim == 0 else q for q in p]
    if any(q.ndim for q in p):  # vectors of coefficients, whose terms are those of the sums themselves
        return jax.grad(lambda *p: spec.function(x, *p).sum(), tuple(range(len(p))))(*p)
    return jax.vjp(lambda *p: spec.function(x, *p), *full)[1](jnp.ones_like(x))


WAVES = {"c1": 0.7, "c2": -1.5, "w1": 3.0, "w2": 0.3, "p1": 0.4, "p2": -2.0}


def staf_of_numbers(x, c1, c2, w1, w2, p1, p2):
    return jaxact.staf(x, jnp.stack([c1, c2]), jnp.stack([w1, w2]), jnp.stack([p1, p2]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16], ids=lambda d: np.dtype(d).name)
def test_staf(dtype):
    """Value and all slopes, in ulps of the largest term, also where angles are huge."""
    with jax.enable_x64(dtype == np.float64):
        wide = np.float64 if dtype == np.float64 else np.float32
        x = np.concatenate([np.linspace(-9, 9, 301), [1e4, -1e9, 3e20, -1e37]]).astype(dtype)
        numbers = {n: wide(v) for n, v in WAVES.items()}
        y, pullback = jax.vjp(staf_of_numbers, jnp.asarray(x), *(jnp.full(x.shape, v) for v in numbers.values()))
        got = dict(zip(["value", "x", *numbers], map(np.asarray, (y, *pullback(jnp.ones_like(y)))), strict=True))
    for what, found in got.items():
        order, wrt = (0, "x") if what == "value" else (1, what)
        truth, rest = (a[order] for a in oracle.derivatives("staf", x, order, wrt, **numbers))
        unit = (
            np.abs(x.astype(np.float64)) * 1.5
            if what in ("w1", "w2")
            else np.full(x.shape, 4.5 if what == "x" else 2.2)
        )
        bound = 0.51 if found.dtype == jnp.bfloat16 and what in ("value", "x") else 4
        unit = unit * (found.dtype != jnp.bfloat16)
        assert ulp.error(found, truth, rest, unit).max() <= bound, what


def test_staf_starts_as_a_fourier_series():
    x = np.linspace(-2, 2, 101, dtype=np.float32)
    expected = np.sqrt(0.4) * sum(np.sin(6 * k * x.astype(np.float64)) for k in range(1, 6))
    np.testing.assert_allclose(jaxact.staf(x), expected, atol=2e-6)
    np.testing.assert_allclose(jaxact.staf(x, [1.0], [30.0], [0.0]), jaxact.sine(x), atol=1e-6)


def test_curvature_of_staf():
    x = np.linspace(-2, 2, 101, dtype=np.float32)
    curvature = jax.vmap(jax.grad(jax.grad(lambda x: staf_of_numbers(x, *map(jnp.float32, WAVES.values())))))(x)
    truth, _ = oracle.derivatives("staf", x, 2, **{n: np.float32(v) for n, v in WAVES.items()})
    assert ulp.error(np.asarray(curvature), truth[2], 0.0, np.full(x.shape, 6.0)).max() <= 8


def test_waves_per_channel():
    x = np.random.default_rng(3).normal(size=(5, 3)).astype(np.float32)
    c, w, p = (np.random.default_rng(i).normal(size=(4, 3)).astype(np.float32) for i in range(3))
    np.testing.assert_allclose(jaxact.staf(x, c, w, p), np.sum(c * np.sin(w * x[:, None] + p), 1), atol=2e-6)
    with pytest.raises(ValueError, match=r"staf: .* must have a first axis, .*got shapes \(4, 3\), \(3, 3\), \(4, 3\)"):
        jaxact.staf(x, c, w[:3], p)
