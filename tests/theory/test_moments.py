"""Moments, gains, Lipschitz constants and normalisation, against mpmath, sampling and published constants."""

import functools
import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from mpmath import mpf

import jaxact
from jaxact import theory

# name: function, formula in mpmath, points at which mpmath's quadrature is split
CASES = {
    "relu": (jaxact.relu, lambda x: max(x, mpf(0)), [0]),
    "hard_silu": (jaxact.hard_silu, lambda x: x * min(max(x + 3, mpf(0)), mpf(6)) / 6, [-3, 3]),
    "selu": (
        jaxact.selu,
        lambda x: mpf("1.05070098735548049342") * (x if x > 0 else mpf("1.67326324235437728482") * mpmath.expm1(x)),
        [0],
    ),
    "silu": (jaxact.silu, lambda x: x / (1 + mpmath.exp(-x)), [0]),
    "mish": (jaxact.mish, lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))), [0]),
    "gelu_exact": (jaxact.gelu_exact, lambda x: x * mpmath.ncdf(x), [0]),
    "user's own, with two kinks": (
        lambda x: jnp.where(x > 0.3, x, jnp.where(x > -1.7, 0.3 - 0.1 * (x - 0.3), 0.5)),
        lambda x: x if x > 0.3 else (0.3 - 0.1 * (x - mpf(3) / 10) if x > -1.7 else mpf("0.5")),
        [-1.7, 0.3],
    ),
    "jump": (
        lambda x: jnp.where(jnp.abs(x) > 0.3, x, jnp.zeros_like(x)),
        lambda x: x if abs(x) > 0.3 else mpf(0),
        [-0.3, 0.3],
    ),
    "steep": (lambda x: jnp.tanh(100 * x), lambda x: mpmath.tanh(100 * x), [-0.3, -0.1, -0.03, 0, 0.03, 0.1, 0.3]),
}
VARIANCES = (0.04, 1.0, 9.0)


def true_moments(formula, splits, variance):
    """Mean and second moment by mpmath, at 30 digits."""
    with mpmath.workdps(30):
        sigma = mpmath.sqrt(variance)
        ends = sorted(
            {*(mpf(k) for k in (-14, -7, -3, 0, 3, 7, 14)), *(k / sigma for k in splits if abs(k) < 14 * sigma)}
        )
        return [float(mpmath.quad(lambda z: formula(sigma * z) ** p * mpmath.npdf(z), ends)) for p in (1, 2)]  # noqa: B023


@pytest.mark.parametrize("name", CASES)
def test_moments_are_those_of_mpmath(name):
    f, formula, splits = CASES[name]
    with jax.enable_x64(True):
        got = theory.moments(f, jnp.asarray(VARIANCES))
    for i, variance in enumerate(VARIANCES):
        mean, second = true_moments(formula, splits, variance)
        assert abs(float(got.second[i]) - second) <= 1e-13 * second
        assert abs(float(got.mean[i]) - mean) <= 1e-13 * math.sqrt(second)


def test_float32_is_right_to_its_precision():
    for name in ("relu", "mish", "hard_silu"):
        f, formula, splits = CASES[name]
        got = theory.moments(f)
        assert got.second.dtype == jnp.float32
        mean, second = true_moments(formula, splits, 1.0)
        np.testing.assert_allclose([got.mean, got.second], [mean, second], rtol=1e-6)


def test_rapid_oscillation():
    # E sin(w z)^2 = (1 - exp(-2 w^2)) / 2 and E cos(w z) = exp(-w^2 / 2).
    with jax.enable_x64(True):
        assert abs(float(theory.moments(lambda x: jnp.sin(30 * x)).second) - 0.5) < 1e-13
        assert abs(float(theory.expectation(lambda x: jnp.cos(4 * x))) - math.exp(-8)) < 1e-15


def test_expectation_has_a_mean():
    # E exp(u) = exp(mean + variance / 2); E relu(u - 30) with variance 1 is 4e-202, E relu(u + 30) is 30.
    with jax.enable_x64(True):
        got = theory.expectation(jnp.exp, jnp.asarray([0.5, 2.0]), 0.3)
        np.testing.assert_allclose(got, np.exp([0.55, 1.3]), rtol=1e-13)
        np.testing.assert_allclose(theory.expectation("relu", 1.0, 30.0), 30, rtol=1e-14)


def test_quadrature_agrees_with_sampling():
    z = np.random.default_rng(0).normal(size=400_000)
    for name in ("mish", "relu6", "sigmoid"):
        f = np.asarray(jaxact.get(name)(jnp.asarray(1.5 * z, jnp.float32)), np.float64)
        error = (f**2).std() / math.sqrt(z.size)
        assert abs(float(theory.moments(name, 2.25).second) - (f**2).mean()) < 4 * error


def test_slope_moments_against_finite_differences_of_the_mean():
    # Price: d/dq E f = E f'' / 2, and Stein: E f' = E f z / sigma. Both hold across kinks.
    with jax.enable_x64(True):
        for name in ("relu", "hard_tanh", "mish"):
            f = jaxact.get(name)
            stein = theory.expectation(lambda x, f=f: f(x) * x / 2.0, 2.0)
            np.testing.assert_allclose(theory.moments(name, 2.0).slope_mean, stein, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["relu6", "hard_tanh", "mish"])
def test_derivative_in_the_variance(name):
    with jax.enable_x64(True):
        second = lambda q: theory.moments(name, q).second  # noqa: E731
        step = 1e-5
        numeric = (second(2.0 + step) - second(2.0 - step)) / (2 * step)
        np.testing.assert_allclose(jax.grad(second)(2.0), numeric, rtol=1e-8)
        np.testing.assert_allclose(jax.jit(jax.grad(second))(2.0), numeric, rtol=1e-8)


def test_derivative_in_a_learnable_parameter():
    # E (a min(x, 0) + max(x, 0))^2 = (1 + a^2) / 2.
    second = lambda a: theory.moments(lambda x: jaxact.prelu(x, a)).second  # noqa: E731
    with jax.enable_x64(True):
        np.testing.assert_allclose(second(0.3), 0.545, rtol=1e-12)
        np.testing.assert_allclose(jax.grad(second)(0.3), 0.3, rtol=1e-12)
        # A jump that moves with the parameter: E 1[x > a] falls at the rate of the density.
        above = lambda a: theory.expectation(lambda x: jnp.where(x > a, 1.0, 0.0), kinks=[0.3])  # noqa: E731
        np.testing.assert_allclose(jax.jit(above)(0.3), 0.5 * math.erfc(0.3 / math.sqrt(2)), rtol=1e-12)


@pytest.mark.nightly
@pytest.mark.parametrize("spec", [s for s in jaxact.specs() if s.elementwise], ids=lambda s: s.name)
def test_every_activation_has_finite_gains(spec):
    got = theory.gains(spec.function)
    assert all(0 < float(g) < 1000 for g in got)
    assert float(got.std) >= float(got.rms) * (1 - 1e-6)


# torch.nn.init.calculate_gain: the exact ones, and tanh, for which it rounds to 5/3 what is best at another variance.
def test_gains_are_those_of_torch():
    np.testing.assert_allclose(theory.gains("identity").rms, 1, rtol=1e-6)
    np.testing.assert_allclose(theory.gains("relu").rms, math.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(theory.gains("leaky_relu").rms, math.sqrt(2 / (1 + 0.01**2)), rtol=1e-6)
    steep = functools.partial(jaxact.leaky_relu, negative_slope=0.2)
    np.testing.assert_allclose(theory.gains(steep).rms, math.sqrt(2 / (1 + 0.2**2)), rtol=1e-6)
    torch = pytest.importorskip("torch")
    gain = torch.nn.init.calculate_gain
    np.testing.assert_allclose(theory.gains("relu").rms, gain("relu"), rtol=1e-6)
    np.testing.assert_allclose(theory.gains(steep).rms, gain("leaky_relu", 0.2), rtol=1e-6)
    assert theory.gains("tanh").rms < gain("tanh") < theory.gains("tanh", 1.3).rms


def test_gains_are_the_constants_of_nf_nets():
    # Brock et al., 2021, and timm after them: 1 / std of the activation of 1024 x 256 normal numbers, averaged over the
    # rows. A row's std of 256 numbers is off by a few per mille, always to the same side.
    constants = {
        "celu": 1.270926833152771,
        "elu": 1.2716004848480225,
        "gelu_exact": 1.7015043497085571,
        "leaky_relu": 1.70590341091156,
        "log_sigmoid": 1.9193484783172607,
        "relu": 1.7139588594436646,
        "relu6": 1.7131484746932983,
        "selu": 1.0008515119552612,
        "sigmoid": 4.803835391998291,
        "silu": 1.7881293296813965,
        "soft_sign": 2.338853120803833,
        "softplus": 1.9203323125839233,
        "tanh": 1.5939117670059204,
    }
    for name, constant in constants.items():
        np.testing.assert_allclose(theory.gains(name).std, constant, rtol=3e-3, err_msg=name)


def test_selu_is_its_own_normalisation():
    with jax.enable_x64(True):
        m = theory.moments("selu")
        assert abs(float(m.mean)) < 1e-15
        assert abs(float(m.second) - 1) < 1e-14


def test_normalized_without_a_shift():
    """EDM2 divides SiLU by 0.596."""
    f = theory.normalized("silu", centre=False)
    assert abs(float(theory.moments(f).second) - 1) < 1e-5
    assert float(f(jnp.float32(0))) == 0
    assert float(jaxact.silu(1.0) / f(1.0)) == pytest.approx(0.596, abs=5e-4)


def test_normalized():
    with jax.enable_x64(True):
        f = theory.normalized("mish", 2.0)
        m = theory.moments(f, 2.0)
        np.testing.assert_allclose([m.mean, m.second], [0, 1], atol=1e-13)
    for dtype in (jnp.float32, jnp.bfloat16):
        assert theory.normalized("mish")(jnp.ones(3, dtype)).dtype == dtype
    slope = jax.grad(lambda x: theory.normalized("relu")(x))(1.0)
    np.testing.assert_allclose(slope, theory.gains("relu").std, rtol=1e-5)


def test_lipschitz():
    known = {
        "relu": 1.0,
        "sigmoid": 0.25,
        "tanh": 1.0,
        "selu": 1.0507009873554805 * 1.6732632423543772,
        "silu": 1.0998393201288,  # the root of tanh(x / 2) = 2 / x, put into the slope
        "softplus": 1.0,
        "hard_silu": 1.5,
    }
    for name, constant in known.items():
        np.testing.assert_allclose(theory.lipschitz(name), constant, rtol=3e-6, err_msg=name)
    np.testing.assert_allclose(theory.lipschitz(lambda x: jnp.sin(7 * x) / 7), 1.0, rtol=1e-6)
    np.testing.assert_allclose(theory.lipschitz("staf"), 0.4**0.5 * (6 + 12 + 18 + 24 + 30), rtol=1e-5)
    np.testing.assert_allclose(theory.lipschitz("signed_parabolic"), 1000, rtol=1e-3)  # which it tends to
    assert theory.lipschitz(jnp.exp) == theory.lipschitz("finer") == math.inf
    assert theory.lipschitz(lambda x: x * jnp.log1p(x * x)) == math.inf
    assert theory.lipschitz(lambda x: x * x) == math.inf
    with pytest.raises(ValueError, match="outside jit"):
        jax.jit(lambda a: theory.lipschitz(lambda x: a * x))(1.0)


def test_errors_tell_what_to_do():
    with pytest.raises(KeyError, match="relu6"):
        theory.gains("relu66")
    with pytest.raises(TypeError, match="name of an activation or a function"):
        theory.gains(3.0)
    with pytest.raises(ValueError, match="number by number"):
        theory.gains(lambda x: x.sum())
    with pytest.raises(ValueError, match="is it random"):
        theory.gains(lambda x: jnp.sin(1e5 * x))
