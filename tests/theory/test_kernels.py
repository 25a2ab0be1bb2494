"""Dual kernels against closed forms, Hermite series and sampling; network kernels against wide networks."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from jaxact import theory

# The functions of the closed forms, written without them. A registered activation of the same name is tested too.
FUNCTIONS = {
    "abs": (jnp.abs, {}),
    "cosine": (jnp.cos, {}),
    "erf": (jax.scipy.special.erf, {}),
    "exponential": (jnp.exp, {}),
    "gaussian": (lambda x: jnp.exp(-x * x), {}),
    "gelu_exact": (lambda x: x * (1 + jax.scipy.special.erf(x / math.sqrt(2))) / 2, {}),
    "identity": (lambda x: x, {}),
    "leaky_relu": (lambda x: jnp.where(x > 0, x, 0.3 * x), {"negative_slope": 0.3}),
    "prelu": (lambda x: jnp.where(x > 0, x, -0.5 * x), {"negative_slope": -0.5}),
    "relu": (lambda x: jnp.where(x > 0, x, jnp.zeros_like(x)), {}),
    "relu_squared": (lambda x: jnp.where(x > 0, x * x, jnp.zeros_like(x)), {}),
    "sine": (lambda x: jnp.sin(3 * x), {"w0": 3.0}),
    "step": (lambda x: jnp.where(x > 0, jnp.ones_like(x), jnp.zeros_like(x)), {}),
}
CORRELATIONS = np.array([-1, -0.9999, -0.5, 0, 0.3, 0.9, 0.999, 0.99999999, 1])


def test_every_closed_form_is_tested():
    assert FUNCTIONS.keys() == theory.KERNELS.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_closed_form_is_what_quadrature_gives(name):
    f, settings = FUNCTIONS[name]
    with jax.enable_x64(True):
        r, q1, q2 = jnp.broadcast_arrays(
            jnp.asarray(CORRELATIONS)[:, None], jnp.asarray([[1.0, 0.2]]), jnp.asarray([[1.0, 3.0]])
        )
        one = jnp.ones_like(r)
        for order, quadrature in enumerate((theory.dual_kernel, theory.dual_slope)):
            got = quadrature(f, r, q1, q2, closed_form=False)
            closed, *sizes = (
                theory.KERNELS[name](*a, **settings)[order] for a in ((r, q1, q2), (one, q1, q1), (one, q2, q2))
            )
            assert np.all(np.abs(got - closed) <= 1e-13 * np.sqrt(sizes[0] * sizes[1]))


@pytest.mark.parametrize("name", [s.name for s in jaxact.specs() if s.name in theory.KERNELS])
def test_closed_form_fits_the_activation_of_that_name(name):
    r = jnp.asarray([-0.9, 0.1, 0.8])
    for kernel in (theory.dual_kernel, theory.dual_slope):
        closed, quadrature = kernel(name, r, 0.7), kernel(name, r, 0.7, closed_form=False)
        size = float(kernel(name, 1.0, 0.7))  # the sum that the quadrature makes; sine's kernel elsewhere is all but 0
        np.testing.assert_allclose(closed, quadrature, atol=3e-6 * size)


def test_parameters_reach_the_closed_form():
    steep = functools.partial(jaxact.leaky_relu, negative_slope=0.3)
    other = lambda x: jaxact.leaky_relu(x, 0.3)  # noqa: E731
    np.testing.assert_allclose(theory.dual_kernel(steep, 0.4), theory.dual_kernel(other, 0.4), rtol=2e-6)


@pytest.mark.parametrize("name", ["tanh", "softplus"])
def test_dual_kernel_is_its_hermite_series(name):
    # K(r) = sum a_n^2 r^n, with a_n the coefficient of f in normalised Hermite polynomials, from Gauss-Hermite nodes.
    z, w = np.polynomial.hermite_e.hermegauss(180)
    with jax.enable_x64(True):
        f = np.asarray(jaxact.get(name)(jnp.asarray(1.2 * z)))
        basis = [np.ones_like(z), z]
        for n in range(1, 80):
            basis.append((z * basis[-1] - math.sqrt(n) * basis[-2]) / math.sqrt(n + 1))
        a = np.array(basis) @ (w * f) / math.sqrt(2 * math.pi)
        for r in (-0.6, 0.2, 0.7):
            series = np.polynomial.polynomial.polyval(r, a**2)
            np.testing.assert_allclose(theory.dual_kernel(name, r, 1.44), series, rtol=1e-10)


def test_dual_kernel_agrees_with_sampling():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2, 400_000))
    u, v = 1.3 * z[0], 0.8 * (0.6 * z[0] + 0.8 * z[1])
    for name in ("tanh", "relu6"):
        product = np.prod([np.asarray(jaxact.get(name)(jnp.asarray(a, jnp.float32)), np.float64) for a in (u, v)], 0)
        got = float(theory.dual_kernel(name, 0.6, 1.69, 0.64))
        assert abs(got - product.mean()) < 4 * product.std() / math.sqrt(product.size)


@pytest.mark.parametrize("name", ["tanh", "hard_tanh"])
def test_slope_of_the_dual_is_the_dual_of_the_slope(name):
    with jax.enable_x64(True):
        slope = jax.grad(lambda r: theory.dual_kernel(name, r, 2.0, 0.5))(0.6)  # d/dr = sqrt(q1 q2) d/dc
        np.testing.assert_allclose(slope, theory.dual_slope(name, 0.6, 2.0, 0.5), rtol=1e-11)


def test_dual_at_one_is_the_second_moment():
    with jax.enable_x64(True):
        for name in ("tanh", "relu6"):
            m = theory.moments(name, 2.0)
            np.testing.assert_allclose(theory.dual_kernel(name, 1.0, 2.0), m.second, rtol=1e-13)
            np.testing.assert_allclose(theory.dual_slope(name, 1.0, 2.0), m.slope_second, rtol=1e-13)


def test_network_kernels_by_hand():
    # One hidden layer of ReLU, weights of variance 2, unit inputs in 2 dimensions at 60 degrees.
    x = jnp.asarray([[1.0, 0.0], [0.5, math.sqrt(0.75)]])
    got = theory.network_kernels("relu", x, depth=1, sigma_w=math.sqrt(2), sigma_b=0.1)
    k0 = np.array([[1, 0.5], [0.5, 1]]) + 0.01
    angle = np.arccos(np.clip(k0 / k0[0, 0], -1, 1))
    k1 = k0[0, 0] * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi + 0.01
    np.testing.assert_allclose(got.nngp, k1, rtol=1e-5)
    np.testing.assert_allclose(got.ntk, k1 + (np.pi - angle) / np.pi * k0, rtol=1e-5)


def network(parameters, x, f):
    """Scalar network with ``sigma_w = 1.4`` and ``sigma_b = 0.2`` in the parametrisation of the kernel."""
    *hidden, last = parameters
    for w, b in hidden:
        x = f(1.4 * w @ x / math.sqrt(x.size) + 0.2 * b)
    w, b = last
    return (1.4 * w @ x / math.sqrt(x.size) + 0.2 * b)[0]


@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_wide_network_has_the_kernels_that_are_predicted(name):
    f, width, draws = jaxact.get(name), 512, 12
    x = jnp.asarray([[1.0, -0.5, 0.3], [0.8, 0.2, -0.4]])
    shapes = [(width, 3), (width, width), (1, width)]

    @jax.jit
    def empirical(key):
        keys = jax.random.split(key, 6)
        parameters = [
            (jax.random.normal(keys[i], s), jax.random.normal(keys[i + 3], s[:1])) for i, s in enumerate(shapes)
        ]
        a, b = (jax.grad(network)(parameters, row, f) for row in x)
        product = jax.tree.map(lambda g, h: jnp.sum(g * h), a, b)
        return sum(jax.tree.leaves(product))

    samples = np.array([empirical(key) for key in jax.random.split(jax.random.key(0), draws)])
    theta = theory.network_kernels(f, x, depth=2, sigma_w=1.4, sigma_b=0.2).ntk[0, 1]
    error = samples.std(ddof=1) / math.sqrt(draws)
    assert error < 0.05 * abs(float(theta))
    assert abs(samples.mean() - float(theta)) < 4 * error


def test_inputs_are_checked():
    with pytest.raises(ValueError, match=r"\(n1, d\)"):
        theory.network_kernels("relu", jnp.ones(3), depth=1)
