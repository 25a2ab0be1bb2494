"""Length and correlation maps, fixed points, depth scales and the edge of chaos: published results, and networks."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from jaxact import theory

ROOT2 = math.sqrt(2)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def test_relu_with_weights_of_variance_2_keeps_every_length():
    q = jnp.asarray([0.1, 1.0, 7.0])
    np.testing.assert_allclose(theory.length_map("relu", q, ROOT2), q, rtol=1e-14)
    assert theory.fixed_length("relu", ROOT2, start=3.0) == 3.0


def test_relu_correlation_map():
    # Hayou et al., 2019: c -> c + (sqrt(1 - c^2) - c arccos c) / pi on the edge of chaos.
    c = np.linspace(-1, 1, 9)
    got = theory.correlation_map("relu", c, 1.7, ROOT2)
    np.testing.assert_allclose(got, c + (np.sqrt(1 - c * c) - c * np.arccos(c)) / np.pi, atol=1e-14)


def test_fixed_length_of_relu_is_known():
    # q = w^2 q / 2 + b^2.
    np.testing.assert_allclose(theory.fixed_length("relu", 1.2, 0.3), 0.09 / (1 - 0.72), rtol=1e-14)
    assert theory.fixed_length("relu", 1.2) == 0
    assert theory.fixed_length("relu", 1.6) == math.inf


@pytest.mark.nightly
def test_fixed_points_are_fixed_and_attract():
    f = jaxact.tanh
    for w, b in [(2.0, 0.3), (1.1, 0.5)]:
        q, c = theory.fixed_length(f, w, b), theory.fixed_correlation(f, w, b)
        np.testing.assert_allclose(theory.length_map(f, q, w, b), q, rtol=1e-14)
        length, correlation = jnp.asarray(4.0), jnp.asarray(0.5)
        for _ in range(60):
            length = theory.length_map(f, length, w, b)
            correlation = theory.correlation_map(f, correlation, q, w, b)
        np.testing.assert_allclose([length, correlation], [q, c], rtol=1e-3)
        assert (c == 1) == (float(theory.chi(f, q, w)) <= 1)


@pytest.mark.nightly
def test_fixed_points_have_the_derivative_of_their_equation():
    length = lambda w: theory.fixed_length("tanh", w, 0.3)  # noqa: E731
    correlation = lambda w: theory.fixed_correlation("tanh", w, 0.3)  # noqa: E731
    for fixed in (length, correlation):
        numeric = (fixed(2.0 + 1e-5) - fixed(2.0 - 1e-5)) / 2e-5
        np.testing.assert_allclose(jax.grad(fixed)(2.0), numeric, rtol=1e-6)


def test_depth_scales_are_the_rates_of_convergence():
    w, b = 1.2, 0.3
    scales = theory.depth_scales("tanh", w, b)
    q = theory.fixed_length("tanh", w, b)
    away = lambda q0: theory.length_map("tanh", q0, w, b) - q  # noqa: E731
    np.testing.assert_allclose(away(q + 1e-6) / 1e-6, math.exp(-1 / scales.length), rtol=1e-5)
    near = 1 - theory.correlation_map("tanh", 1 - 1e-7, q, w, b)
    np.testing.assert_allclose(near / 1e-7, math.exp(-1 / scales.correlation), rtol=1e-5)
    np.testing.assert_allclose(scales.correlation, scales.gradient, rtol=1e-12)  # in the ordered phase both are chi_1


def test_signals_go_far_on_the_edge():
    point = theory.edge_of_chaos("tanh", 0.3)
    assert abs(theory.depth_scales("tanh", *point[:2]).gradient) > 1e8


def test_edge_of_chaos():
    # Poole et al., 2016: without biases tanh is critical at sigma_w = 1, where lengths vanish. ReLU has one point.
    point = theory.edge_of_chaos("tanh")
    np.testing.assert_allclose(point.sigma_w, 1, rtol=1e-14)
    assert point.length == 0
    point = theory.edge_of_chaos("relu")
    np.testing.assert_allclose([point.sigma_w, point.sigma_b], [ROOT2, 0], rtol=1e-14)
    assert math.isnan(theory.edge_of_chaos("relu", 0.1).sigma_w)
    # Hayou et al., 2019, section 3: ReLU-like functions, here leaky, are critical at sigma_w^2 = 2 / (1 + a^2).
    np.testing.assert_allclose(theory.edge_of_chaos("leaky_relu").sigma_w ** 2, 2 / (1 + 1e-4), rtol=1e-14)


@pytest.mark.parametrize(("name", "sigma_b"), [("tanh", 0.3), ("silu", 0.1)])
def test_points_of_the_edge_are_critical(name, sigma_b):
    point = theory.edge_of_chaos(name, sigma_b)
    np.testing.assert_allclose(theory.chi(name, point.length, point.sigma_w), 1, rtol=1e-12)
    np.testing.assert_allclose(theory.length_map(name, point.length, *point[:2]), point.length, rtol=1e-11)
    again = theory.edge_of_chaos(name, length=point.length)
    np.testing.assert_allclose(again.sigma_b, sigma_b, rtol=1e-9)


def test_edge_takes_one_coordinate():
    with pytest.raises(ValueError, match="not both"):
        theory.edge_of_chaos("tanh", 0.1, length=1.0)


def test_wide_network_moves_as_predicted():
    # 10 layers of 1000 units: lengths and correlations after each, within the spread of 1 / sqrt(1000).
    f, w, b, width = jaxact.tanh, 1.8, 0.2, 1000
    rng = np.random.default_rng(1)
    x = rng.normal(size=(width, 2)) @ np.array([[1, 0.9], [0, math.sqrt(1 - 0.81)]])
    cov = np.cov(x.T, bias=True)
    q, c = jnp.asarray(cov[0, 0]), jnp.asarray(cov[0, 1] / math.sqrt(cov[0, 0] * cov[1, 1]))
    first = True
    for _ in range(10):
        h = w * rng.normal(size=(width, width)) @ (x if first else np.asarray(f(jnp.asarray(x)))) / math.sqrt(width)
        if not first:
            c, q = theory.correlation_map(f, c, q, w, b), theory.length_map(f, q, w, b)
        else:
            c, q = (w**2 * c * q + b**2) / (w**2 * q + b**2), w**2 * q + b**2
        x, first = h + b * rng.normal(size=(width, 1)), False
        got = x.T @ x / width
        np.testing.assert_allclose(got[0, 0], q, rtol=0.15)
        np.testing.assert_allclose(got[0, 1] / math.sqrt(got[0, 0] * got[1, 1]), c, atol=0.1)
