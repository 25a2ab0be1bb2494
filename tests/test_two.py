"""Two-part arithmetic: both parts of what the compiled operations give, against exact arithmetic and the oracle."""

import operator
from fractions import Fraction

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import jaxact
from jaxact import _two as two

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(0, 3, 300), np.ldexp(RNG.uniform(1, 2, 100), RNG.integers(-40, 40, 100))])
Y = np.roll(X, 7)


def parts(f, *arrays):
    """High and low part of a formula of exact float32 numbers, compiled."""

    @jax.jit
    def run(*arrays):
        y = f(*map(two.Two, arrays))
        return y.high, jnp.zeros_like(y.high) if y.low is None else y.low

    return tuple(np.asarray(a, np.float64) for a in run(*(jnp.asarray(a, jnp.float32) for a in arrays)))


def error(f, truth, *arrays):
    """Largest relative error of the sum of both parts, as a binary logarithm."""
    arrays = [np.asarray(a, np.float32) for a in arrays]
    high, low = parts(f, *arrays)
    with mpmath.workdps(50):
        exact = [truth(*(mpmath.mpf(float(v)) for v in row)) for row in zip(*arrays, strict=True)]
        relative = [
            abs((mpmath.mpf(h) + mpmath.mpf(rest)) / e - 1) for h, rest, e in zip(high, low, exact, strict=True) if e
        ]
    np.testing.assert_array_equal(high, np.asarray(high + low, np.float32))  # the first is the sum, rounded
    return float(mpmath.log(max(relative) + mpmath.mpf(2) ** -100, 2))


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.truediv])
def test_arithmetic(operation):
    assert error(operation, operation, X, Y) < -44


def test_nothing_is_contracted():
    """A product and the difference that looks for its error must not become one fused operation."""
    assert error(lambda a: two.square(1 + two.exp(a)), lambda x: (1 + mpmath.exp(x)) ** 2, -np.abs(X[:300])) < -30


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="it is about how XLA makes loops for the CPU")
@pytest.mark.parametrize("name", ["isru", "shifted_softplus", "smu", "softcap"])
def test_one_loop(name):
    """Quotients and roots that are used more than once do not cut the loop."""
    f = jaxact.get(name)
    for g in (f, jax.grad(lambda x: f(x).sum())):
        program = jax.jit(g).lower(jnp.ones((64, 1024))).compile().as_text()
        assert program.count(" fusion(") == 1


@pytest.mark.parametrize("c", [3, -1, 0.5, 0.1, Fraction(1702, 1000), 1e-3])
def test_constants_have_all_their_digits(c):
    exact = mpmath.mpf(Fraction(c).numerator) / Fraction(c).denominator
    with mpmath.workdps(50):
        exact = mpmath.mpf(Fraction(c).numerator) / Fraction(c).denominator
    assert error(lambda a: a * c, lambda x: x * exact, X) < -44
    assert error(lambda a: c / a, lambda x: exact / x, X) < -44
    positive = np.abs(X) * np.sign(float(c))
    assert error(lambda a: a + c, lambda x: x + exact, positive) < -44
    assert error(lambda a: c - a, lambda x: exact - x, -positive) < -44


FUNCTIONS = {
    "exp": (two.exp, mpmath.exp, (-60, 60)),
    "expm1": (two.expm1, mpmath.expm1, (-20, 20)),
    "log1p": (two.log1p, mpmath.log1p, (0, 1)),
    "sigmoid": (two.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), (-60, 60)),
    "sigmoid_slope": (two.sigmoid_slope, lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2, (-60, 60)),
    "softplus": (two.softplus, lambda x: mpmath.log1p(mpmath.exp(x)), (-60, 60)),
    "tanh": (two.tanh, mpmath.tanh, (-20, 20)),
    "tanh_slope": (two.tanh_slope, lambda x: mpmath.sech(x) ** 2, (-25, 25)),
    "erf": (two.erf, mpmath.erf, (-6, 6)),
    "normal": (two.normal, mpmath.ncdf, (-9, 9)),
    "normal_density": (two.normal_density, mpmath.npdf, (-10, 10)),
    "sqrt": (two.sqrt, mpmath.sqrt, (0.01, 100)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    f, truth, (low, high) = FUNCTIONS[name]
    x = np.concatenate([RNG.uniform(low, high, 400), np.clip(RNG.normal(0, 1, 200), low, high)])
    x = x[np.abs(x) > 1e-3]
    assert error(f, truth, x) < -25.5


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name):
    """First and second, by the rules, against those of mpmath; a function of one number."""
    f, truth, (low, high) = FUNCTIONS[name]
    x = RNG.uniform(low, high, 12).astype(np.float32)
    x = np.clip(x, -8, 8)
    g = two.of_formula(f, 1)
    for order in (1, 2):
        g = jax.grad(g)
        with mpmath.workdps(40):
            exact = [float(mpmath.diff(truth, mpmath.mpf(float(v)), order)) for v in x]
        np.testing.assert_allclose(jax.jit(jax.vmap(g))(jnp.asarray(x)), exact, rtol=3e-6, atol=1e-7)


def test_mixed_derivatives():
    """A Hessian in argument and parameter, and a third derivative."""
    f = two.of_formula(lambda x, beta: x * two.tanh(beta * x), 2)
    x, beta = jnp.float32(0.7), jnp.float32(1.3)

    def plain(x, beta):
        return x * jnp.tanh(beta * x)

    for order in (jax.hessian, lambda f, argnums: jax.jacfwd(jax.hessian(f, argnums), argnums)):
        got, expected = (order(g, argnums=(0, 1))(x, beta) for g in (f, plain))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5), got, expected)


def test_derivatives_of_choices():
    f = two.of_formula(lambda x: two.where(x < 0, 2 * x, two.clip(x, 0, 1)), 1)
    slope = jax.vmap(jax.grad(f))(jnp.array([-1.0, 0.5, 2.0]))
    np.testing.assert_array_equal(slope, [2, 1, 0])


def test_infinities_and_nan():
    f = two.of_formula(lambda x: 3 * x + 1, 1)
    np.testing.assert_array_equal(f(jnp.array([-jnp.inf, jnp.inf, jnp.nan])), [-np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(jax.vmap(jax.grad(f))(jnp.array([-jnp.inf, jnp.inf])), [3, 3])


def test_float64():
    with jax.enable_x64(True):
        x = jnp.asarray(RNG.uniform(-5, 5, 50))
        y = jax.jit(two.of_formula(lambda x: x * two.tanh(two.softplus(x)), 1))(x)
        assert y.dtype == jnp.float64
        with mpmath.workdps(40):
            exact = [float(v * mpmath.tanh(mpmath.log1p(mpmath.exp(v)))) for v in map(mpmath.mpf, np.asarray(x))]
        np.testing.assert_allclose(y, exact, rtol=3e-16)
