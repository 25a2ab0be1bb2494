"""What stochastic functions draw, and how it is distributed.

Each statistical test rejects a right function with probability 1e-6 for one key. The keys are fixed, so that a test
which passes once passes always.
"""

import functools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from support import cases, oracle

import jaxact

pytestmark = pytest.mark.nightly

KEY = jax.random.key(0)
ERROR_RATE = 1e-6


def normal_quantile(p):
    return float(mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1))


def kolmogorov_bound(count):
    """What the largest distance from the distribution function stays below (Dvoretzky, Kiefer, Wolfowitz, Massart)."""
    return np.sqrt(np.log(2 / ERROR_RATE) / (2 * count))


def distance(samples, distribution):
    samples = np.sort(np.float64(samples))
    p = distribution(samples)
    n = len(samples)
    return max((np.arange(1, n + 1) / n - p).max(), (p - np.arange(n) / n).max())


def normal(x, sigma):
    return np.array([float(mpmath.ncdf(a / sigma)) for a in x])


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_prob_act_is_normal_about_relu(dtype):
    for x, sigma in ((1.5, 0.25), (-2.0, 3.0)):
        drawn = jaxact.prob_act(jnp.full(4000, x, dtype), KEY, sigma)
        assert drawn.dtype == dtype
        rounding = 0 if dtype == jnp.float32 else 2**-8 * 4  # of a number of up to 8 times 2^-9, over the least density
        away = distance(np.float64(drawn) - max(x, 0), functools.partial(normal, sigma=sigma))
        assert away <= kolmogorov_bound(4000) + rounding


def test_prob_act_draws_for_each_element_and_key():
    x = cases.batch((50, 8))
    y = jaxact.prob_act(x, KEY, 0.5)
    noise = np.float64(y) - np.maximum(x, 0)
    assert len(np.unique(noise)) > 390
    np.testing.assert_array_equal(jaxact.prob_act(x, KEY, 0.5), y)
    assert np.all(jaxact.prob_act(x, jax.random.key(1), 0.5) != y)
    cases.close(jaxact.prob_act(x, KEY, 1.0) - jax.nn.relu(x), 2 * noise)
    np.testing.assert_array_equal(jaxact.prob_act(x, KEY), jaxact.relu(x))


def test_prob_act_is_its_formula_with_the_slopes_of_it():
    x, sigma = cases.batch((6, 4)), jnp.linspace(0.1, 2, 4)
    y, pullback = jax.vjp(lambda x, sigma: jaxact.prob_act(x, KEY, sigma), x, sigma)
    epsilon = np.float64(jaxact.prob_act(jnp.zeros_like(x), KEY, 1.0))
    expected = [
        oracle.STOCHASTIC["prob_act"](*map(float, row))
        for row in zip(x.ravel(), np.tile(sigma, 6), epsilon.ravel(), strict=True)
    ]
    cases.close(y.ravel(), expected)
    in_x, in_sigma = pullback(jnp.ones_like(y))
    np.testing.assert_array_equal(in_x, x > 0)
    cases.close(in_sigma, epsilon.sum(0), 32)


def test_the_mean_of_prob_act():
    x = cases.batch((7,))
    np.testing.assert_array_equal(jaxact.prob_act(x, sigma=3.0, deterministic=True), jaxact.relu(x))
    drawn = jax.vmap(lambda key: jaxact.prob_act(x, key, 0.5))(jax.random.split(KEY, 4000))
    bound = normal_quantile(1 - ERROR_RATE / 2 / 7) * 0.5 / np.sqrt(4000)
    assert np.all(np.abs(drawn.mean(0) - jaxact.relu(x)) <= bound)


# Gumbel-softmax


@pytest.mark.parametrize("tau", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("hard", [False, True])
def test_the_largest_entry_is_a_draw_of_the_softmax(tau, hard):
    """Pearson's test: the statistic is chi-squared, of 3 degrees of freedom."""
    logits, count = jnp.asarray([1.0, -0.5, 0.3, 0.0]), 20000
    y = jaxact.gumbel_softmax(jnp.broadcast_to(logits, (count, 4)), KEY, tau, hard)
    seen = np.bincount(np.argmax(y, -1), minlength=4)
    expected = count * np.float64(jaxact.softmax(logits))
    degrees = mpmath.mpf(3)
    statistic = float(((seen - expected) ** 2 / expected).sum())
    assert mpmath.gammainc(degrees / 2, statistic / 2, mpmath.inf, regularized=True) > ERROR_RATE
    if hard:
        np.testing.assert_array_equal(np.sort(y), np.broadcast_to([0, 0, 0, 1], y.shape))
    else:
        np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-6)


@pytest.mark.parametrize("tau", [0.5, 2.0])
def test_the_ratio_of_two_entries_is_logistic(tau):
    """The difference of two Gumbel variables, which is about the whole distribution, not the largest entry alone."""
    y = np.float64(jaxact.gumbel_softmax(jnp.broadcast_to(jnp.asarray([0.7, 0.2]), (5000, 2)), KEY, tau))
    inside = np.all(y > 1e-30, -1)
    difference = tau * (np.log(y[inside, 0]) - np.log(y[inside, 1])) - 0.5
    assert inside.sum() > 4990
    assert distance(difference, lambda x: 1 / (1 + np.exp(-x))) <= kolmogorov_bound(inside.sum()) + (~inside).mean()


def test_gumbel_softmax_is_its_formula():
    x, tau = cases.batch((5, 4)), 0.7
    perturbed = np.float64(jnp.log(jaxact.gumbel_softmax(x, KEY))) - np.float64(x)  # the noise, up to one per row
    for got, row, noise in zip(jaxact.gumbel_softmax(x, KEY, tau), x, perturbed, strict=True):
        expected = oracle.STOCHASTIC["gumbel_softmax"](np.float64(row).tolist(), noise.tolist(), tau)
        cases.close(got, list(map(float, expected)), 16)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_slopes_of_gumbel_softmax(dtype):
    """Those of the softmax of what was drawn, in the logits and in the temperature; the hard form has the same."""
    x, weight = cases.batch((5, 4)).astype(dtype), cases.batch((5, 4), seed=1).astype(dtype)
    tau = jnp.float32(0.7)
    noise = jax.random.gumbel(KEY, x.shape, jnp.float32)
    expected = jax.vjp(lambda x, tau: jax.nn.softmax((x + noise) / tau), x.astype(jnp.float32), tau)[1](
        weight.astype(jnp.float32)
    )
    for hard in (False, True):
        y, pullback = jax.vjp(lambda x, tau, hard=hard: jaxact.gumbel_softmax(x, KEY, tau, hard), x, tau)
        got = pullback(weight)
        assert [g.dtype for g in (y, *got)] == [dtype, dtype, jnp.float32]
        for g, e in zip(got, expected, strict=True):
            np.testing.assert_allclose(
                np.float32(g),
                e,
                rtol=1e-5 if dtype == jnp.float32 else 1e-2,
                atol=1e-5 if g.ndim == 0 or dtype == jnp.float32 else 1e-4,
            )


def test_hard_draws_in_half_precision_have_no_ties():
    """Large logits that bfloat16 cannot tell from their sums with the noise."""
    y = jaxact.gumbel_softmax(jnp.full((500, 8), 1000, jnp.bfloat16), KEY, hard=True)
    np.testing.assert_array_equal(y.sum(-1), np.ones(500))
    assert np.all(np.bincount(np.argmax(y, -1), minlength=8) > 20)


@pytest.mark.parametrize("hard", [False, True])
def test_masked_categories_are_never_drawn(hard):
    mask = jnp.asarray([[True, False, True], [True, False, False], [False, False, False]])
    x = cases.batch((300, 3, 3))
    y, pullback = jax.vjp(lambda x: jaxact.gumbel_softmax(x, KEY, hard=hard, where=mask), x)
    slope = pullback(cases.batch(x.shape, seed=1))[0]
    left_out = np.broadcast_to(~mask, y.shape)
    np.testing.assert_array_equal(y[left_out], 0)
    np.testing.assert_array_equal(slope[left_out], 0)
    np.testing.assert_allclose(y[:, :2].sum(-1), 1, rtol=1e-6)


def test_a_temperature_for_each_row_along_any_axis():
    x, tau = cases.batch((3, 4, 5)), jnp.asarray([0.2, 1.0, 9.0]).reshape(3, 1, 1)
    y = jaxact.gumbel_softmax(x, KEY, tau, axis=1)
    cases.close(y.sum(1), np.ones((3, 5)))
    for i in range(3):
        cases.close(y[i], jaxact.gumbel_softmax(x, KEY, tau[i, 0, 0], axis=1)[i])
    one = jaxact.gumbel_softmax(x, KEY, tau, hard=True, axis=1)
    np.testing.assert_array_equal(one, y == y.max(1, keepdims=True))


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("tau", [0.0, 1e-38])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_the_limit_of_a_temperature_that_vanishes(tau, dtype, hard):
    """Traced, as a schedule has it: one category for each row, the one of the hard form, and no slope."""
    x = cases.batch((50, 4)).astype(dtype)
    draw = jax.jit(lambda x, tau: jaxact.gumbel_softmax(x, KEY, tau, hard))
    y, pullback = jax.vjp(draw, x, jnp.float32(tau))
    np.testing.assert_array_equal(y, jaxact.gumbel_softmax(x.astype(jnp.float32), KEY, hard=True))
    for slope in pullback(cases.batch(x.shape, seed=1).astype(dtype)):
        np.testing.assert_array_equal(slope, 0)


def test_what_a_mask_leaves_out_takes_no_part_in_a_gradient():
    mask, x, weight = jnp.asarray([True, False, True, True]), cases.batch((4,)), jnp.asarray([1.0, jnp.nan, 2.0, -1.0])

    def draw(x, tau):
        return jaxact.gumbel_softmax(x, KEY, tau, where=mask)

    y, pullback = jax.vjp(draw, x, jnp.float32(0.7))
    in_x, in_tau = pullback(weight)
    p = np.float64(y)
    kept = np.flatnonzero(mask)
    expected = (p * (np.nan_to_num(weight) - (p * np.nan_to_num(weight)).sum()) / 0.7)[kept]
    np.testing.assert_allclose(in_x[kept], expected, rtol=1e-5, atol=1e-6)
    assert in_x[1] == 0
    assert np.isfinite(in_tau)
    with pytest.raises(TypeError, match=r"gumbel_softmax: where must be an array of bools, got int32"):
        jaxact.gumbel_softmax(x, KEY, where=jnp.ones(4, int))
    assert jaxact.gumbel_softmax(x[None], KEY, where=jnp.ones((3, 4), bool)).shape == (3, 4)
    empty = jnp.zeros((2, 0))
    for y in jax.jvp(jax.jit(jax.vmap(lambda x: jaxact.gumbel_softmax(x, KEY))), (empty,), (empty,)):
        assert y.shape == (2, 0)
