"""The simplex family: every function against the oracle in ulps, masks, axes, Jacobians, and alpha."""

import functools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec
from support import cases, oracle, samples, several, ulp
from test_transforms import eight_devices

import jaxact

SIMPLEX = [*several.SPARSE, "softmax", "softmax_one", "softmin", "solu"]
CORE = ["softmax", "log_softmax"]
simplex = pytest.mark.parametrize("name", SIMPLEX)
simplex_or_log = pytest.mark.parametrize("name", [*SIMPLEX, "log_softmax"])
sparse = pytest.mark.parametrize("name", several.SPARSE)
alphas = pytest.mark.parametrize("alpha", [1.0, 1.0001, 1.1, 1.5, 1.75, 2.0])


@simplex_or_log
@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16, jnp.float16], ids=lambda d: np.dtype(d).name)
def test_accuracy(name, dtype):
    x = samples.rows(dtype)
    errors = ulp.error(np.asarray(jaxact.get(name)(jnp.asarray(x))), *several.row(name, x))
    bound = 0.51 if dtype != np.float32 else 3 if name in CORE else 4
    assert errors.max() <= bound, (errors.max(), x[errors.max(-1).argmax()])


@simplex_or_log
def test_float64(name):
    with jax.enable_x64(True):
        x = samples.rows(np.float64)
        y = np.asarray(jaxact.get(name)(jnp.asarray(x)))
    assert ulp.error(y, *several.row(name, x)).max() <= 5


@alphas
def test_entmax_is_its_definition_by_bisection(alpha):
    x = samples.rows()
    if alpha == 1:
        truth, _ = oracle.vector("softmax", x)
    else:
        truth, _ = oracle.vector("entmax", x, alpha=np.float32(alpha))
    y = np.asarray(jaxact.entmax(jnp.asarray(x), jnp.float32(alpha)))
    assert ulp.error(y, truth, 0.0, several.row_unit("entmax", x, truth)).max() <= 6


@pytest.mark.parametrize("alpha", [2.5, 4.0])
def test_entmax_beyond_sparsemax(alpha):
    """The slope is infinite where an entry leaves 0, so the error is that of the argument, to the power."""
    x = samples.rows()
    truth, _ = oracle.vector("entmax", x, alpha=alpha)
    y = jaxact.entmax(jnp.asarray(x), alpha)
    np.testing.assert_allclose(y ** (alpha - 1), truth ** (alpha - 1), atol=1e-6)


def test_entmax_where_it_has_a_name():
    x = jnp.asarray(samples.rows())
    for alpha, f in ((1, jaxact.softmax), (1.5, jaxact.entmax15), (2, jaxact.sparsemax)):
        y, pullback = jax.vjp(functools.partial(jaxact.entmax, alpha=alpha), x)
        expected, expected_pullback = jax.vjp(f, x)
        cases.close(y, expected, 4)
        cases.close(pullback(y)[0], expected_pullback(y)[0], 16)


@sparse
def test_large_rows(name):
    x = jnp.asarray(np.random.default_rng(0).normal(0, 1, (3, 20000)).astype(np.float32)).at[1].mul(1e-4).at[2].set(1)
    y = jaxact.get(name)(x)
    np.testing.assert_allclose(y.sum(-1), 1, atol=2e-6)
    np.testing.assert_allclose(y[2], 1 / 20000, rtol=1e-6)
    truth, _ = oracle.vector("sparsemax", x[:1, :300])
    np.testing.assert_allclose(jaxact.sparsemax(x[:1, :300]), truth, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16, jnp.float16], ids=lambda d: np.dtype(d).name)
def test_log_softmax_beside_ties_and_dominant_entries(dtype):
    x = np.array([[8, 0, 1, -2], [3, 3, 3, -9], [5, 5, -np.inf, -7], [-np.inf] * 4, [0.5, 0.5, 0.5, 0.5]]).astype(dtype)
    with np.errstate(invalid="ignore"):
        wide = x.astype(np.float64) - x.astype(np.float64).max(-1, keepdims=True)
        truth = np.stack([row - np.log1p(np.exp(np.delete(row, row.argmax())).sum()) for row in wide])
    truth[3] = -np.inf
    np.testing.assert_allclose(
        np.asarray(jaxact.log_softmax(x)).astype(np.float64), truth, rtol=2 * float(jnp.finfo(dtype).eps), atol=0
    )
    assert np.all(np.isnan(jaxact.log_softmax(np.array([1, np.nan, 2], dtype))))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_slopes_of_log_softmax(dtype):
    """Those of the first entry are the softmax with the other sign, and 1 more for the entry itself."""
    with jax.enable_x64(dtype == np.float64):
        x = samples.rows(dtype)
        _, pullback = jax.vjp(jax.jit(jaxact.log_softmax), jnp.asarray(x))
        (slope,) = pullback(jnp.zeros_like(x).at[..., 0].set(1))
        assert ulp.error(-np.asarray(slope)[..., 1:], *(a[..., 1:] for a in oracle.vector("softmax", x))).max() <= 4

        row = jnp.asarray(x[0, :5])
        p = jax.nn.softmax(row)
        hessian = jax.hessian(lambda row: jaxact.log_softmax(row)[0])(row)
        np.testing.assert_allclose(hessian, np.outer(p, p) - np.diag(p), atol=4 * jnp.finfo(dtype).eps)


def test_softmax_one_far_below_and_above():
    x = jnp.asarray([[-80.0, -81.0], [-200.0, -300.0], [90.0, 89.0], [-jnp.inf, 0.0]])
    truth = oracle.vector("softmax_one", np.asarray(x[:3]))[0]
    assert np.all(ulp.error(np.asarray(jaxact.softmax_one(x[:3])), truth) <= 3)
    np.testing.assert_array_equal(jaxact.softmax_one(x)[3], [0, 0.5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16], ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("sink", [-30.0, -0.5, 0.0, 3.0, 60.0])
def test_a_sink_is_one_more_entry(sink, dtype):
    """Of a softmax, from whose result it is left out; and so in all slopes."""
    x = samples.rows(dtype)[:60]
    with jax.enable_x64(dtype == np.float64):
        wide = np.concatenate([np.full((len(x), 1), sink), x.astype(np.float64)], -1)
        truth, rest = (a[:, 1:] for a in oracle.vector("softmax", wide))
        number = jnp.asarray(sink, jnp.float64 if dtype == np.float64 else jnp.float32)
        y, pullback = jax.vjp(lambda x, s: jaxact.softmax_one(x, sink=s), jnp.asarray(x), jnp.full((60, 1), number))
        assert ulp.error(np.asarray(y), truth, rest).max() <= (0.51 if dtype == jnp.bfloat16 else 4)
        if dtype == jnp.bfloat16:
            return
        first = jnp.zeros_like(y).at[:, 0].set(1)
        in_x, in_sink = pullback(first)
        both = oracle.vector("softmax", wide)[0]
        np.testing.assert_allclose(in_sink[:, 0], -both[:, 0] * both[:, 1], rtol=64 * jnp.finfo(dtype).eps, atol=1e-37)
        np.testing.assert_allclose(in_x[:, 1:], -both[:, 1:2] * both[:, 2:], rtol=64 * jnp.finfo(dtype).eps, atol=1e-37)


def test_second_derivatives_with_a_sink():
    x, sink, weight = cases.batch((5,)), jnp.asarray([0.3]), cases.batch((5,), seed=1)

    def both(xs):
        return (jaxact.softmax_one(xs[1:], sink=xs[:1]) * weight).sum()

    def plain(xs):
        return (jax.nn.softmax(xs)[1:] * weight).sum()

    xs = jnp.concatenate([sink, x])
    np.testing.assert_allclose(jax.hessian(both)(xs), jax.hessian(plain)(xs), rtol=1e-4, atol=1e-6)


def test_sinks_of_heads():
    """One for each head, behind a mask; -inf is none."""
    x, mask = cases.batch((2, 3, 4, 5)), jnp.tril(jnp.ones((4, 5), bool))
    sinks = jnp.asarray([0.5, -2.0, -jnp.inf])
    y, pullback = jax.vjp(lambda s: jaxact.softmax_one(x, where=mask, sink=s[:, None, None]), sinks)
    for head in (0, 1):
        cases.close(y[:, head], jaxact.softmax_one(x[:, head], where=mask, sink=sinks[head]))
    cases.close(y[:, 2], jaxact.softmax(x[:, 2], where=mask))
    (slopes,) = pullback(y)
    assert slopes.shape == (3,)
    assert slopes[2] == 0
    with pytest.raises(ValueError, match=r"softmax_one: sink must broadcast to shape \(2, 3, 4, 1\)"):
        jaxact.softmax_one(x, sink=jnp.ones(5))


def test_simnorm():
    x = cases.batch((3, 4, 16))
    expected = jax.nn.softmax(x.reshape(3, 4, 2, 8)).reshape(3, 4, 16)
    cases.close(jaxact.simnorm(x), expected)
    cases.close(jaxact.simnorm(x, 4, axis=1), jnp.moveaxis(jaxact.simnorm(jnp.moveaxis(x, 1, -1), 4), -1, 1))
    cases.close(jaxact.simnorm(x, dim=1), jnp.ones_like(x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"simnorm: the size along axis 1 must be a multiple of dim=8, got shape \(2, 4\)"),
        ({"dim": 0}, "simnorm: dim must be at least 1, got 0"),
        ({"axis": 2}, r"simnorm: axis must be in \[-2, 2\)"),
    ],
)
def test_what_simnorm_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        jaxact.simnorm(jnp.ones((2, 4)), **arguments)


@simplex
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), None])
def test_any_axis(name, axis):
    x, f = cases.batch((3, 4, 5)), jaxact.get(name)
    axes = (0, 1, 2) if axis is None else axis if isinstance(axis, tuple) else (axis % 3,)
    rest = [i for i in range(3) if i not in axes]
    flat = jnp.transpose(x, (*rest, *axes)).reshape(*(x.shape[i] for i in rest), -1)
    expected = f(flat).reshape(*(x.shape[i] for i in (*rest, *axes))).transpose(np.argsort([*rest, *axes]))
    cases.close(f(x, axis=axis), expected, 4)


@simplex
def test_masks(name):
    """What is left out is 0 and has no slope, whatever it is; the rest is as if it were not there."""
    f, x = jaxact.get(name), cases.batch((3, 6)).at[0, 1].set(jnp.nan).at[0, 3].set(jnp.inf)
    mask = jnp.asarray([[1, 0, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], bool)
    weight = cases.batch((3, 6), seed=1)

    @jax.jit
    def run(x):
        y, pullback = jax.vjp(lambda x: f(x, where=mask), x)
        return y, pullback(weight)[0]

    y, slope = run(x)
    np.testing.assert_array_equal(y[~mask], 0)
    np.testing.assert_array_equal(slope[~mask], 0)
    for i in (0, 1):
        kept = np.flatnonzero(mask[i])
        alone, pullback = jax.vjp(f, x[i, kept])
        cases.close(y[i, kept], alone)
        cases.close(slope[i, kept], pullback(weight[i, kept])[0])


@simplex
def test_jacobian(name):
    """Against central differences of the oracle, on either side of the kinks."""
    x = np.float64([1.3, -0.4, 0.9, 0.2, -2.0])
    step = 2.0**-16
    around = [oracle.vector(name, x + d * np.eye(5)) for d in (-step, step)]
    expected = (((around[1][0] - around[0][0]) + (around[1][1] - around[0][1])) / (2 * step)).T
    with jax.enable_x64(True):
        for transform in (jax.jacrev, jax.jacfwd):
            np.testing.assert_allclose(transform(jaxact.get(name))(jnp.asarray(x)), expected, rtol=1e-7, atol=1e-9)
    jacobian = jax.jacrev(jaxact.get(name))(jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(jacobian, expected, rtol=1e-5, atol=1e-6)


@alphas
def test_slope_in_alpha(alpha):
    """Against mpmath: the derivative of what bisection finds."""
    x = np.float64([1.3, -0.4, 0.9, 0.2, -2.0, 1.25])
    with mpmath.workdps(40):
        step = mpmath.mpf(10) ** -12
        left, right = by_mpmath(x, alpha - step), by_mpmath(x, alpha + step)
        expected = [float((b - a) / (2 * step)) for a, b in zip(left, right, strict=True)]
    with jax.enable_x64(True):
        for transform in (jax.jacrev, jax.jacfwd):
            got = transform(jaxact.entmax, 1)(jnp.asarray(x), alpha)
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)
    got = jax.jacrev(jaxact.entmax, 1)(jnp.asarray(x, jnp.float32), jnp.float32(alpha))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=2e-6)


def by_mpmath(x, alpha):
    """Entmax of one row by bisection, in the form that has a limit at alpha = 1."""
    rate, x = alpha - 1, [mpmath.mpf(a) for a in x]

    def entry(s):
        bracket = 1 + rate * s
        if rate == 0:
            return mpmath.exp(s)
        return bracket ** (1 / rate) if bracket > 0 else mpmath.mpf(0)

    low, high = max(x), max(x) + mpmath.log(len(x))
    for _ in range(130):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(entry(a - middle) for a in x) > 1 else (low, middle)
    return [entry(a - low) for a in x]


def test_an_alpha_for_each_row():
    x, alpha = cases.batch((5, 3, 6)), jnp.linspace(1, 2, 5).reshape(5, 1, 1)
    y, pullback = jax.vjp(jaxact.entmax, x, alpha)
    weight = cases.batch(x.shape, seed=1)
    dx, dalpha = pullback(weight)
    assert dalpha.shape == alpha.shape
    for i in range(5):
        alone, of_one = jax.vjp(jaxact.entmax, x[i], alpha[i, 0, 0])
        cases.close(y[i], alone)
        for got, expected in zip((dx[i], dalpha[i, 0, 0]), of_one(weight[i]), strict=True):
            cases.close(got, expected, 32)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_rows_whose_alpha_is_below_1(dtype):
    """An array cannot be checked, but what comes out can be seen to be wrong; other rows are as they were."""
    x, alpha = jnp.ones((3, 1000), dtype), jnp.asarray([[0.5], [1.5], [0.99]], dtype)
    y = jax.jit(jaxact.entmax)(x, alpha)
    assert np.isnan(np.float32(y)).all(1).tolist() == [True, False, True]
    np.testing.assert_array_equal(y[1], jaxact.entmax15(x[1]))


def test_alpha_under_transformations():
    x = cases.batch((8, 6))
    alphas = jnp.linspace(1, 2, 4)
    together = jax.vmap(lambda a: jaxact.entmax(x, a))(alphas)
    for y, alpha in zip(together, alphas, strict=True):
        cases.close(y, jaxact.entmax(x, alpha))
    with jax.enable_x64(True):
        x = x.astype(jnp.float64)
        slope = jax.jit(jax.grad(lambda a: (jaxact.entmax(x, a) ** 2).sum()))
        second, step = jax.grad(slope)(1.3), 1e-5
        np.testing.assert_allclose(second, (slope(1.3 + step) - slope(1.3 - step)) / (2 * step), rtol=1e-7)


@simplex
def test_second_derivatives_in_half_precision(name):
    """The result is computed again there, by a loop that only the rule can be differentiated through."""
    x = cases.batch((5,)).astype(jnp.bfloat16)
    hessian = jax.hessian(lambda x: (jaxact.get(name)(x) ** 2).sum())(x)
    expected = jax.hessian(lambda x: (jaxact.get(name)(x) ** 2).sum())(x.astype(jnp.float32))
    np.testing.assert_allclose(hessian.astype(jnp.float32), expected, atol=0.05)


@simplex
def test_rows_stay_on_their_devices(name):
    """All that devices tell each other is whether the loop of the entmax family has ended."""
    x = jax.device_put(cases.batch((8, 4)), NamedSharding(eight_devices(), PartitionSpec("rows")))
    compiled = jax.jit(jaxact.get(name)).lower(x).compile()
    assert "all-gather" not in compiled.as_text()
    cases.close(compiled(x), jaxact.get(name)(cases.batch((8, 4))))


# What a mask leaves out


@simplex
def test_what_a_mask_leaves_out_takes_no_part_in_a_gradient(name):
    """Where the entropy's cotangent is NaN, as the logarithm of 0 is infinite."""
    mask, logits = jnp.asarray([True, True, False, True]), jnp.asarray([0.1, 0.2, 0.3, 0.4])

    def entropy(f, x, **where):
        p = f(x, **where)
        return -jnp.sum(p * jnp.log(p), **where)

    slope = functools.partial(jax.grad(entropy, 1), jaxact.get(name))
    expected = slope(logits[mask])
    for dtype, tolerance in ((jnp.float32, 1e-6), (jnp.bfloat16, 0.01)):
        got = jax.jit(functools.partial(slope, where=mask))(logits.astype(dtype)).astype(jnp.float32)
        np.testing.assert_allclose(got[mask], expected, atol=tolerance)
        assert got[2] == 0
    if name == "softmax":
        np.testing.assert_allclose(expected, [0.0432, 0.0157, -0.0589], atol=5e-5)
    hessian = jax.hessian(functools.partial(entropy, jaxact.get(name), where=mask))(logits)
    np.testing.assert_array_equal(hessian[2], 0)
    np.testing.assert_array_equal(hessian[:, 2], 0)
    assert np.all(np.isfinite(hessian))


def test_what_a_mask_leaves_out_takes_no_part_in_the_gradient_of_alpha():
    mask, x = jnp.asarray([True, False, True, True]), cases.batch((4,))
    slope = jax.vjp(lambda alpha: jaxact.entmax(x, alpha, where=mask), 1.3)[1]
    expected = jax.vjp(lambda alpha: jaxact.entmax(x[mask], alpha), 1.3)[1]
    got = slope(jnp.asarray([1.0, jnp.nan, 2.0, -1.0]))[0]
    np.testing.assert_allclose(got, expected(jnp.asarray([1.0, 2.0, -1.0]))[0], rtol=1e-5)


@pytest.mark.parametrize("name", several.SPARSE)
@pytest.mark.parametrize("cotangent", [np.inf, np.nan])
def test_what_is_0_takes_no_part_in_a_gradient(name, cotangent):
    """A sparse row is flat there, and the logarithm of an entropy has an infinite cotangent."""
    f, x = jaxact.get(name), jnp.asarray([[3.0, 2.9, -4.0, -5.0], [0.0, -0.2, -9.0, -3.5]])
    y, pullback = jax.vjp(f, x)
    flat = np.asarray(y) == 0
    assert flat.sum() == 4
    weights = jnp.asarray([[1.0, 2.0, 3.0, 4.0]])
    (expected,) = pullback(jnp.where(flat, 0, weights))
    with_it = jnp.where(flat, cotangent, weights)
    np.testing.assert_array_equal(pullback(with_it)[0], expected)
    np.testing.assert_allclose(jax.jvp(f, (x,), (with_it,))[1], expected, rtol=1e-6)


@pytest.mark.parametrize("cotangent", [np.inf, np.nan])
def test_what_is_0_takes_no_part_in_the_gradient_of_alpha(cotangent):
    x, weights = jnp.asarray([3.0, 2.9, -4.0, -5.0]), jnp.asarray([1.0, 2.0, 3.0, 4.0])
    y, pullback = jax.vjp(lambda alpha: jaxact.entmax(x, alpha), jnp.float32(1.6))
    flat = np.asarray(y) == 0
    assert flat.sum() == 2
    expected = pullback(jnp.where(flat, 0, weights))
    assert pullback(jnp.where(flat, cotangent, weights)) == expected


@simplex_or_log
def test_a_mask_may_be_larger_than_the_array(name):
    f, mask = jaxact.get(name), jnp.asarray([[1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 1]], bool)
    for x in (jnp.ones((1, 4)), jnp.ones(4)):
        y, pullback = jax.vjp(lambda x: f(x, where=mask), x)
        assert y.shape == (3, 4)
        np.testing.assert_array_equal(y, f(jnp.ones((3, 4)), where=mask))
        assert pullback(y)[0].shape == x.shape


@simplex_or_log
@pytest.mark.parametrize("mask", [np.ones(4, int), np.ones(4, np.float32), [1, 0, 1, 1], 1], ids=str)
def test_a_mask_is_of_bools(name, mask):
    with pytest.raises(TypeError, match=rf"jaxact\.{name}: where must be an array of bools, got (int|float)"):
        jaxact.get(name)(jnp.ones(4), where=mask)


@simplex_or_log
def test_a_mask_that_does_not_broadcast(name):
    with pytest.raises(
        ValueError, match=rf"{name}: where of shape \(3,\) does not broadcast against x of shape \(4,\)"
    ):
        jaxact.get(name)(jnp.ones(4), where=jnp.ones(3, bool))


# At the ends of what there is


@simplex_or_log
@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16, jnp.float16], ids=lambda d: np.dtype(d).name)
def test_no_finite_row_gives_nan(name, dtype):
    largest = float(jnp.finfo(dtype).max)
    pattern = np.array(
        [[1, -1, 0, 0.1], [1, 1, -1, 0], [-1, -1, -1, -1], [1, 1, 1, 1], [0.3, -0.3, 0.2, 1e-30], [0] * 4]
    )
    x = jnp.asarray((pattern * largest).astype(dtype))
    y, pullback = jax.vjp(jax.jit(jaxact.get(name)), x)
    slope = pullback(jnp.broadcast_to(jnp.arange(4).astype(dtype), x.shape))[0]
    assert not np.any(np.isnan(y))
    assert not np.any(np.isnan(slope))


@simplex_or_log
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=["float32", "bfloat16"])
def test_empty_rows(name, dtype):
    x = jnp.zeros((2, 0), dtype)
    f = jax.jit(jax.vmap(jaxact.get(name)))
    for y in jax.jvp(f, (x,), (x,)):
        assert y.shape == x.shape
    assert jax.grad(lambda x: f(x).sum())(x).shape == x.shape
