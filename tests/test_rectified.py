"""Rectified functions that are not of one number and some scalars: APL's vector of hinges, and functions of rows."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases, oracle, samples, ulp

import jaxact

pytestmark = pytest.mark.nightly

SLOPES = np.float32([0.3, -1.7, 0.0, 0.123, -0.25])
HINGES = np.float32([-1.1, 0.7, 2.0, -40.5, 0.1])


# APL is piecewise linear, so its truth is a fraction.


def apl(x, slopes, hinges):
    """Value, slope in ``x``, slopes in the slopes, slopes in the hinges."""
    left = [x < b for b in hinges]
    value = max(x, 0) + sum(a * (b - x) for a, b, on in zip(slopes, hinges, left, strict=True) if on)
    slope = int(x > 0) - sum(a for a, on in zip(slopes, left, strict=True) if on)
    by_slopes = [b - x if on else 0 for b, on in zip(hinges, left, strict=True)]
    by_hinges = [a if on else 0 for a, on in zip(slopes, left, strict=True)]
    return [value, slope, *by_slopes, *by_hinges]


def apl_truth(x, slopes, hinges):
    """Of each of them the nearest float64, and what that leaves over."""
    slopes, hinges = ([Fraction(float(p)) for p in ps] for ps in (slopes, hinges))
    exact = [apl(Fraction(float(v)), slopes, hinges) for v in x]
    high = np.array([[_nearest(v) for v in row] for row in exact]).T
    low = [[float(v - Fraction(h)) if np.isfinite(h) else 0.0 for v, h in zip(row, column, strict=True)]
           for row, column in zip(exact, high.T, strict=True)]  # fmt: skip
    return high, np.array(low).T


def _nearest(v):
    try:
        return float(v)
    except OverflowError:
        return np.inf if v > 0 else -np.inf


@pytest.mark.parametrize(
    ("dtype", "bounds"),
    [(np.float32, (3, 4)), (np.float64, (4, 4)), (jnp.bfloat16, (0.51, 0.51)), (np.float16, (0.51, 0.51))],
    ids=["float32", "float64", "bfloat16", "float16"],
)
def test_apl(dtype, bounds):
    """Also next to its own zeros, where its terms cancel."""
    wide = np.float64 if dtype == np.float64 else np.float32
    with jax.enable_x64(dtype == np.float64):
        zeros = [-44.4, -0.3, 1.0]
        with np.errstate(over="ignore"):
            x = samples.wide(wide, (*HINGES.tolist(), *zeros), size=300).astype(dtype)
        x = np.unique(x[np.isfinite(x.astype(wide))])
        if dtype == np.float16:
            x = x[(abs(x.astype(np.float32)) > 1e-4) | (x == 0)]
        slopes, hinges = SLOPES.astype(wide), HINGES.astype(wide)
        truth, rest = apl_truth(x, slopes, hinges)

        @jax.jit
        def run(x, *parameters):
            each = [jnp.broadcast_to(p[:, None], (len(p), len(x))) for p in parameters]
            y, pullback = jax.vjp(jaxact.apl, x, *each)
            return y, *pullback(jnp.ones_like(y))

        y, slope, *others = map(np.asarray, run(jnp.asarray(x), slopes, hinges))
        assert np.all(ulp.error(y, truth[0], rest[0]) <= bounds[0])
        assert np.all(ulp.error(slope, truth[1], rest[1]) <= bounds[1])
        got = np.concatenate(others)
        assert got.dtype == wide
        assert np.all(ulp.error(got, truth[2:], rest[2:]) <= 4)


def test_apl_of_one_hinge_is_the_formula():
    x = np.float32([-3.0, -0.2, 0.0, 0.3, 2.0])
    truth, _ = oracle.derivatives("apl", x, 0, slopes=np.float32(0.3), hinges=np.float32(0.1))
    cases.close(jaxact.apl(x, [0.3], (0.1,)), truth[0])


def test_apl_starts_as_relu():
    x = cases.batch()
    np.testing.assert_array_equal(jaxact.apl(x), jaxact.relu(x))


def test_apl_broadcasts_behind_the_hinges():
    x = cases.batch((3, 4, 5))
    rng = np.random.default_rng(0)
    for shape in [(), (5,), (4, 1), (3, 1, 5)]:
        slopes, hinges = (jnp.asarray(rng.normal(0, 1, (2, *shape)), jnp.float32) for _ in range(2))
        y, pullback = jax.vjp(jaxact.apl, x, slopes, hinges)
        each = [
            jnp.broadcast_to(p.reshape(2, *(1,) * (3 - len(shape)), *shape), (2, *x.shape)) for p in (slopes, hinges)
        ]
        terms = sum(a * jax.nn.relu(b - x) for a, b in zip(*each, strict=True))
        cases.close(y, jax.nn.relu(x) + terms, 32)
        assert [g.shape for g in pullback(y)] == [x.shape, slopes.shape, hinges.shape]
    assert jaxact.apl(jnp.zeros(5), jnp.zeros((2, 3, 1)), jnp.zeros(2)).shape == (3, 5)


@pytest.mark.parametrize(
    ("slopes", "left"),
    [([0.5, 0.5], np.inf), ([-1.0, 0.5], -np.inf), ([0.5, -0.5], -1.0), ([0.0, 0.0], 0.0)],
)
def test_apl_limits(slopes, left):
    y = jaxact.apl(jnp.array([-np.inf, np.inf, np.nan]), slopes, [-1.0, 1.0])
    np.testing.assert_array_equal(y, [left, np.inf, np.nan])


def test_apl_hessian():
    """Against the derivative of what is written plainly."""

    def plain(x, slopes, hinges):
        return jax.nn.relu(x) + (slopes * jax.nn.relu(hinges - x)).sum()

    arguments = jnp.float32(-0.4), jnp.array([0.3, -0.7]), jnp.array([0.1, -1.1])
    for i in range(3):
        for j in range(3):
            ours, theirs = (jax.jacfwd(jax.jacrev(f, i), j)(*arguments) for f in (jaxact.apl, plain))
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


# Functions of rows


def rows(dtype, shape=(40, 24)):
    rng = np.random.default_rng(0)
    x = rng.normal(rng.normal(0, 2, (shape[0], 1)), rng.uniform(0.1, 8, (shape[0], 1)), shape)
    return x.astype(dtype)


@pytest.mark.parametrize("name", ["crelu", "maxout"])
@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16, np.float16])
def test_rows_are_exact(name, dtype):
    x = rows(dtype)
    np.testing.assert_array_equal(np.asarray(getattr(jaxact, name)(x), np.float64), oracle.vector(name, x)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16])
def test_gaussian_topk_relu(dtype):
    """To 4 ulps of the largest entry of the row, which is what a sum has the digits of."""
    x = rows(dtype)
    with jax.enable_x64(dtype == np.float64):
        y = np.asarray(jaxact.gaussian_topk_relu(x))
    high, low = oracle.vector("gaussian_topk_relu", x)
    largest = np.abs(x.astype(np.float64)).max(1, keepdims=True)
    assert y.dtype == dtype
    assert np.count_nonzero(y) > 20
    assert np.all(np.abs((y.astype(np.float64) - high) - low) <= 4 * ulp.spacing(largest, dtype))


@pytest.mark.parametrize("sparsity", [0.3, 0.5, 0.9])
def test_gaussian_topk_relu_keeps_its_part(sparsity):
    x = jax.random.normal(jax.random.key(0), (100_000,)) * 3 + 1
    kept = float((jaxact.gaussian_topk_relu(x, sparsity) > 0).mean())
    assert kept == pytest.approx(1 - sparsity, abs=0.008)  # five standard deviations of that many draws


def test_gaussian_topk_relu_gradient():
    """Through mean and deviation, against finite differences in float64."""
    with jax.enable_x64(True):
        x, w = (jnp.asarray(np.random.default_rng(i).normal(0.5, 2, 12)) for i in range(2))

        def f(x):
            return (w * jaxact.gaussian_topk_relu(x, 0.6)).sum()

        step = 1e-5 * np.eye(12)
        expected = (jax.vmap(f)(x[None] + step) - jax.vmap(f)(x[None] - step)) / 2e-5
        np.testing.assert_allclose(jax.grad(f)(x), expected, rtol=1e-7, atol=1e-9)
        second = (jax.vmap(jax.grad(f))(x[None] + step) - jax.vmap(jax.grad(f))(x[None] - step)) / 2e-5
        np.testing.assert_allclose(jax.hessian(f)(x), second, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("row", [[0.0] * 4, [2.5] * 4, [1e38, -3e38, 1e38, 2e38], [1e-30, 2e-30, 0.0, -1e-30], [7.0]])
def test_gaussian_topk_relu_is_finite(row):
    for sparsity in (0.2, 0.95):
        y, pullback = jax.vjp(lambda x, p=sparsity: jaxact.gaussian_topk_relu(x, p), jnp.array(row))
        assert np.all(np.isfinite(y))
        assert np.all(np.isfinite(pullback(y * 0 + 1)[0]))


@pytest.mark.parametrize("scale", [1e-36, 1e-30, 1e30, 1e38])
def test_gaussian_topk_relu_scales(scale):
    row = np.float32([1.0, -1.5, 0.5, 0.0])
    y, pullback = jax.vjp(lambda x: jaxact.gaussian_topk_relu(x, 0.2), jnp.asarray(row * np.float32(scale)))
    expected, of_one = jax.vjp(lambda x: jaxact.gaussian_topk_relu(x, 0.2), jnp.asarray(row))
    assert np.count_nonzero(y) == 3
    np.testing.assert_allclose(np.asarray(y) / np.float32(scale), expected, rtol=1e-6)
    np.testing.assert_allclose(pullback(jnp.asarray(row))[0], of_one(jnp.asarray(row))[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_along_any_axis(axis):
    x = cases.batch((6, 4, 8))
    for f in (jaxact.crelu, jaxact.maxout, jaxact.gaussian_topk_relu):
        moved = f(jnp.moveaxis(x, axis, -1))
        cases.close(jnp.moveaxis(f(x, axis=axis), axis, -1), moved)


def test_crelu_at_zero():
    np.testing.assert_array_equal(jax.jacrev(jaxact.crelu)(jnp.zeros(1)), np.zeros((2, 1)))


def test_maxout_groups_are_neighbours():
    x = jnp.arange(12.0).reshape(2, 6) * jnp.array([[1.0], [-1.0]])
    np.testing.assert_array_equal(jaxact.maxout(x, 3), [[2, 5], [-6, -9]])
    np.testing.assert_array_equal(jaxact.maxout(x, 1), x)
    np.testing.assert_array_equal(jaxact.maxout(x, 6), [[5], [-6]])


def test_maxout_gradient_goes_to_the_first_of_the_largest():
    x = jnp.array([1.0, 1.0, -np.inf, -np.inf, 2.0, np.inf])
    y, pullback = jax.vjp(jaxact.maxout, x)
    np.testing.assert_array_equal(y, [1, -np.inf, np.inf])
    np.testing.assert_array_equal(pullback(jnp.array([5.0, 6.0, 7.0]))[0], [5, 0, 6, 0, 0, 7])


def test_maxout_of_many_pieces():
    x = cases.batch((600,))
    y, pullback = jax.vjp(lambda x: jaxact.maxout(x, 300), x)
    np.testing.assert_array_equal(y, np.asarray(x).reshape(2, 300).max(1))
    np.testing.assert_array_equal(
        np.flatnonzero(pullback(y)[0]), [300 * i + np.asarray(x).reshape(2, 300)[i].argmax() for i in (0, 1)]
    )


def test_maxout_keeps_one_byte_for_each_group():
    kept = jax.eval_shape(lambda x: jax.vjp(jaxact.maxout, x)[1], jnp.zeros((64, 64)))
    assert [(a.size, a.dtype) for a in jax.tree.leaves(kept)] == [(64 * 32, np.int8)]


PERMUTED = {
    "max_min": jaxact.max_min,
    "group_sort": lambda x, axis=-1: jaxact.group_sort(x, 4, axis),
    "householder": lambda x, axis=-1: jaxact.householder(x, jnp.asarray(0.7), axis),
}
permuted = pytest.mark.parametrize("name", PERMUTED)


@permuted
def test_lengths_stay(name):
    """Those of the input, and of a gradient."""
    f, x, t = PERMUTED[name], cases.batch((5, 8)), cases.batch((5, 8), seed=1)
    y, pullback = jax.vjp(f, x)
    for a, b in ((x, y), (t, pullback(t)[0])):
        np.testing.assert_allclose(np.linalg.norm(a, axis=-1), np.linalg.norm(b, axis=-1), rtol=1e-6)
    if name != "householder":
        np.testing.assert_array_equal(np.sort(x), np.sort(y))


@permuted
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_permuted_along_any_axis(name, axis):
    f, x = PERMUTED[name], cases.batch((4, 8, 4))
    moved = f(jnp.moveaxis(x, axis, -1))
    cases.close(jnp.moveaxis(f(x, axis=axis), axis, -1), moved)


def test_max_min():
    x = jnp.asarray([1.0, 5.0, 2.0, 2.0, -1.0, 2.0])
    y, pullback = jax.vjp(jaxact.max_min, x)
    np.testing.assert_array_equal(y, [2, 5, 2, 1, -1, 2])
    np.testing.assert_array_equal(pullback(jnp.arange(6.0))[0], [3, 1, 2, 0, 4, 5])
    kept = jax.eval_shape(lambda x: jax.vjp(jaxact.max_min, x)[1], jnp.zeros((64, 64)))
    assert [(a.size, a.dtype) for a in jax.tree.leaves(kept)] == [(64 * 32, np.bool_)]


def test_group_sort():
    x = jnp.asarray([3.0, 1.0, 2.0, -1.0, -1.0, 5.0])
    y, pullback = jax.vjp(lambda x: jaxact.group_sort(x, 3), x)
    np.testing.assert_array_equal(y, [1, 2, 3, -1, -1, 5])
    np.testing.assert_array_equal(pullback(jnp.arange(6.0))[0], [2, 0, 1, 3, 4, 5])
    np.testing.assert_array_equal(jaxact.group_sort(x, 6), np.sort(x))
    np.testing.assert_array_equal(jaxact.group_sort(x, 1), x)
    kept = jax.eval_shape(lambda x: jax.vjp(lambda x: jaxact.group_sort(x, 4), x)[1], jnp.zeros((64, 64)))
    assert [(a.size, a.dtype) for a in jax.tree.leaves(kept)] == [(64 * 64, np.int8)]


def test_householder_in_its_angle():
    """Against its definition: the point itself on one side of a line, its mirror image on the other."""
    x, theta = cases.batch((50, 2)), 0.7
    line = np.array([np.cos(theta / 2), np.sin(theta / 2)])
    across = np.array([-line[1], line[0]])
    height = np.asarray(x) @ across
    expected = x - 2 * np.maximum(height, 0)[:, None] * across
    np.testing.assert_allclose(jaxact.householder(x, theta), expected, atol=1e-6)

    def total(theta, x):
        return (jaxact.householder(x, theta) * jnp.cos(jnp.arange(x.size).reshape(x.shape))).sum()

    with jax.enable_x64(True):
        x = jnp.asarray(np.asarray(x), jnp.float64)
        step = 1e-6
        slope = (total(theta + step, x) - total(theta - step, x)) / (2 * step)
        np.testing.assert_allclose(jax.grad(total)(theta, x), slope, rtol=1e-7)
        along = (jax.grad(total, 1)(theta + step, x) - jax.grad(total, 1)(theta - step, x)) / (2 * step)
        np.testing.assert_allclose(jax.jacfwd(jax.grad(total, 1))(theta, x), along, rtol=1e-6, atol=1e-8)


def test_householder_at_its_default_is_max_min():
    x = cases.batch((3, 8))
    np.testing.assert_array_equal(jaxact.householder(x), jaxact.max_min(x))
    cases.close(jaxact.householder(x, jnp.full(4, np.pi / 2)), jaxact.max_min(x), 4)
    assert jaxact.householder(x.astype(jnp.bfloat16), 0.7).dtype == jnp.bfloat16


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: jaxact.max_min(x, axis=2), r"max_min: axis must be in \[-2, 2\)"),
        (lambda x: jaxact.max_min(x, axis=0), "max_min: the size along axis 0 must be even to be halved"),
        (lambda x: jaxact.householder(x, axis=0), "householder: the size along axis 0 must be even to be halved"),
        (lambda x: jaxact.householder(x, jnp.ones(4)), r"householder: theta must broadcast to shape \(3, 2\)"),
        (lambda x: jaxact.group_sort(x, 3), "group_sort: the size along axis 1 must be a multiple of size=3"),
        (lambda x: jaxact.group_sort(x, 0), "group_sort: size must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_permuted(call, message):
    with pytest.raises(ValueError, match=message):
        call(jnp.ones((3, 4)))


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_maxout_layer(use_bias, dtype):
    """The same in both frameworks, and the largest of each unit's own affine functions."""
    nnx = pytest.importorskip("flax.nnx")
    x = cases.batch((5, 3, 4)).astype(dtype)
    linen = jaxact.linen.Maxout(4, 6, pieces=3, use_bias=use_bias)
    params = linen.init(jax.random.key(0), x)["params"]
    rng = np.random.default_rng(0)
    params = {n: jnp.asarray(rng.normal(0, 1, p.shape), p.dtype) for n, p in params.items()}
    layer = jaxact.nnx.Maxout(4, 6, pieces=3, use_bias=use_bias, rngs=nnx.Rngs(0))
    assert set(nnx.to_pure_dict(nnx.state(layer))) == set(params)
    nnx.update(layer, params)
    y = linen.apply({"params": params}, x)
    assert y.dtype == dtype
    assert y.shape == (5, 3, 6)
    np.testing.assert_array_equal(y, layer(x))
    if dtype == jnp.float32:
        affine = np.asarray(x) @ np.asarray(params["kernel"]) + np.asarray(params.get("bias", 0))
        np.testing.assert_allclose(y, affine.reshape(5, 3, 6, 3).max(-1), rtol=1e-5, atol=1e-5)
    assert jax.tree.leaves(jaxact.decay_mask(params)) == [True] * len(params)


@pytest.mark.parametrize("framework", ["linen", "nnx"])
def test_maxout_layer_errors(framework):
    nnx = pytest.importorskip("flax.nnx")

    def call(x, *sizes):
        if framework == "linen":
            return jaxact.linen.Maxout(*sizes).init(jax.random.key(0), x)
        return jaxact.nnx.Maxout(*sizes[:2], pieces=sizes[2], rngs=nnx.Rngs(0))(x)

    with pytest.raises(ValueError, match=r"Maxout: features must equal .*features=4 for input of shape"):
        call(jnp.zeros((2, 3)), 4, 6, 2)
    for sizes, name in (((0, 6, 2), "features"), ((4, 0, 2), "units"), ((4, 6, 0), "pieces")):
        with pytest.raises(ValueError, match=f"Maxout: {name} must be at least 1, got 0"):
            call(jnp.zeros((2, 4)), *sizes)
