"""What goes in and comes out: dtypes, shapes, infinities, NaN, parameters, and the errors for what is not accepted."""

import functools
import inspect

import hypothesis.extra.numpy as hnp
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import cases, oracle, ulp
from support.cases import elementwise, every, learnable, unary

import jaxact

FLOATS = [jnp.float16, jnp.bfloat16, jnp.float32]
floats = pytest.mark.parametrize("dtype", FLOATS[1:], ids=lambda d: np.dtype(d).name)  # one half precision will do
SHARED = sorted({s.name for s in cases.ELEMENTWISE} & set(dir(jax.nn)))


def outputs(spec, dtype):
    """Dtypes of value and gradient; the latter of a bool or an integer is float0."""
    f = unary(spec)

    def run(x):
        y, pullback = jax.vjp(f, x)
        return y, *pullback(jnp.ones_like(y))

    x = np.zeros(cases.ordinary(spec).shape, dtype)
    if spec.name in INTEGERS and not jnp.issubdtype(dtype, jnp.floating):
        return jax.eval_shape(f, x).dtype, None
    y, gradient = jax.eval_shape(run, x)
    return y.dtype, gradient.dtype


INTEGERS = {"hard_tanh", "identity", "relu"}  # which stay integers; see test_jax_nn


@every
def test_dtypes(spec):
    for dtype in FLOATS:
        assert outputs(spec, dtype) == (dtype, dtype)
    for dtype in (np.bool_, np.int8, np.uint8, np.int32):
        of_integers = np.dtype(np.int32 if dtype == np.bool_ and spec.name != "identity" else dtype)
        expected = of_integers if spec.name in INTEGERS else jnp.float32
        assert outputs(spec, dtype)[0] == expected
        assert spec.name in INTEGERS or outputs(spec, dtype)[1] == jax.dtypes.float0
    x = np.round(np.asarray(cases.ordinary(spec))).astype(np.int64)
    expected = cases.run(unary(spec), x.astype(np.float32))
    for other in (x.astype(np.float64), *([] if spec.name in INTEGERS else [x])):
        np.testing.assert_array_equal(cases.run(unary(spec), other), expected)


@every
def test_dtypes_in_double_precision(spec):
    with jax.enable_x64(True):
        for dtype in (*FLOATS, jnp.float64):
            assert outputs(spec, dtype) == (dtype, dtype)
        if not hasattr(jax.nn, spec.name):  # see test_jax_nn
            for dtype in (np.bool_, np.int8, np.int64):
                assert outputs(spec, dtype) == (jnp.float64, jax.dtypes.float0)


@elementwise
def test_numbers(spec):
    for x in (True, 2, 0.5, np.float32(0.5), np.int8(2), np.array(0.5)):
        if spec.name in INTEGERS and isinstance(x, (int, np.integer)):
            continue
        y = jax.eval_shape(spec.function, x)
        assert (y.shape, y.dtype) == ((), jnp.float32)


@elementwise
def test_shapes(spec):
    y, slope = jax.eval_shape(cases.both(spec), jnp.zeros(()))
    assert y.shape == slope.shape == ()
    x = jnp.zeros((1, 2, 0, 3, 1, 1, 1, 1, 1))
    assert jax.eval_shape(spec.function, x).shape == x.shape


def limit(spec, sign, order):
    """What the oracle tends to: it grows without bound, dies away, or stays; NaN where it does not settle."""
    if spec.kind == "periodic":
        steps = np.diff(cases.truth(spec, sign * 2.0**50 * np.arange(1, 9), order)[order])
        if steps.min() < 0 < steps.max():
            return np.nan
    near, far = cases.truth(spec, sign * np.array([2.0**30, 2.0**100]), order)[order]
    if np.isinf(far):
        return far
    growth = abs(far) / abs(near) if near else 1.0
    return far * np.inf if growth > 2 else far * 0.0 if growth < 0.5 else far


@elementwise
@floats
def test_infinities(spec, dtype):
    """Value and slope are their limits, and a zero has the sign of what it is the limit of."""
    x = np.asarray([-np.inf, np.inf, np.nan, 0.5], dtype)
    y, slope = (cases.evaluate(spec, x, order) for order in (0, 1))
    ends = -1, 1
    value_limits, slope_limits = (np.array([limit(spec, sign, order) for sign in ends]) for order in (0, 1))
    for got, limits, bound in ((y[:2], value_limits, 3), (slope[:2], slope_limits, 4)):
        settled = ~np.isnan(limits)
        np.testing.assert_array_equal(np.isnan(got), ~settled)
        assert np.all(ulp.error(got[settled], limits[settled]) <= bound), (got, limits)
    nearby = cases.truth(spec, np.array([-20.0, 20.0]), 0)[0]
    signed = (y[:2] == 0) & (nearby != 0) & all(spec.parameters.values())  # 0 times -inf has a sign of its own
    np.testing.assert_array_equal(np.signbit(y[:2])[signed], np.signbit(nearby)[signed])


@every
@floats
def test_nan_stays_nan(spec, dtype):
    x = np.full(4, np.nan, dtype)
    if spec.elementwise:
        y, slope = (cases.evaluate(spec, x, order) for order in (0, 1))
    else:
        y, slope = cases.both(spec)(x)
    assert np.all(np.isnan(np.float32(y)))
    if not piecewise_linear(spec):  # whose slope is one of a few numbers, as in jax.nn
        assert np.all(np.isnan(np.float32(slope)))


def piecewise_linear(spec):
    if not spec.elementwise:
        return spec.name in ("crelu", "group_sort", "householder", "max_min", "maxout") or spec.kind == "stochastic"
    return not np.any(cases.truth(spec, np.array([1.3]), 2)[2])


@pytest.mark.parametrize("name", SHARED)
def test_kinks_are_those_of_jax_nn(name):
    spec = jaxact.spec(name)
    x = np.float32([*spec.kinks, 0.0])
    theirs = jax.jit(jax.vmap(jax.grad(getattr(jax.nn, name))))(x)
    cases.close(cases.evaluate(spec, x, 1), theirs)


@pytest.mark.parametrize("name", [s.name for s in jaxact.specs() if hasattr(jax.nn, s.name)])
def test_signatures_are_those_of_jax_nn(name):
    """Names, order and defaults; jaxact may have parameters after them."""
    ours, theirs = (list(inspect.signature(getattr(m, name)).parameters.values()) for m in (jaxact, jax.nn))
    for mine, other in zip(ours, theirs, strict=False):
        assert (mine.name, mine.default) == (other.name, other.default)
    assert len(ours) >= len(theirs) or theirs[len(ours) :][0].name == "initial"  # long deprecated in softmax


# Parameters

WIDE, ROW, COLUMN = cases.SHAPE, cases.SHAPE[1:], (cases.SHAPE[0], 1)


@functools.cache
def value_and_gradients(name):
    @jax.jit
    def run(cotangent, *arguments):
        y, pullback = jax.vjp(jaxact.spec(name).function, *arguments)
        return y, *pullback(cotangent.astype(y.dtype))

    return functools.partial(cases.run, run)


FEW = jnp.zeros(WIDE).at[:, :6].set(1)  # so that sums over an axis are of few numbers


@learnable
@pytest.mark.parametrize(("shape", "own"), [(WIDE, ROW), (ROW, COLUMN)], ids=["parameters", "input"])
def test_parameters_broadcast(spec, shape, own):
    """Against the input, or the input against them."""
    x, rng, run = cases.batch(shape), np.random.default_rng(0), value_and_gradients(spec.name)
    p = [jnp.asarray(np.float32(d or 1) * np.float32(rng.uniform(0.5, 2, own))) for d in spec.parameters.values()]
    arguments = x, *p
    full = (jnp.broadcast_to(a.reshape((1,) * (2 - a.ndim) + a.shape), WIDE) for a in arguments)
    y, *gradients = run(FEW, *arguments)
    expected, *each = run(FEW, *full)
    cases.close(y, expected)
    for a, got, of_each in zip(arguments, gradients, each, strict=True):
        axes = tuple(i for i, size in enumerate((1,) * (2 - a.ndim) + a.shape) if size == 1)
        assert got.shape == a.shape
        cases.close(got, of_each.sum(axes).reshape(a.shape), 256)


@learnable
@floats
def test_parameters_keep_their_own_dtype(spec, dtype):
    x = cases.batch(WIDE).astype(dtype)
    values = {n: np.float32(d or 0.5) for n, d in spec.parameters.items()}
    p = [jnp.full(ROW, v) for v in values.values()]
    y, *gradients = value_and_gradients(spec.name)(jnp.ones(WIDE), x, *p)
    assert y.dtype == dtype
    assert [g.dtype for g in gradients] == [dtype, *[jnp.float32] * len(p)]
    some = np.asarray(x[:, :4], np.float32)
    for n, got in zip(spec.parameters, gradients[1:], strict=True):
        each = oracle.derivatives(spec.name, some, 1, n, **values)[0][1].reshape(some.shape)
        cases.close(got[:4], each.sum(0), 64)  # a float32 sum of eight


@learnable
def test_parameters_of_any_kind_of_number(spec):
    x, n = cases.batch(WIDE).astype(jnp.bfloat16), len(spec.parameters)
    expected = cases.run(lambda x: spec.function(x, *[2.0] * n), x)
    for kind in (int, np.float32, np.int32, jnp.bfloat16):
        y = cases.run(lambda x, kind=kind: spec.function(x, *[kind(2)] * n), x)
        assert y.dtype == x.dtype
        np.testing.assert_array_equal(y.astype(jnp.float32), expected.astype(jnp.float32))


@settings(max_examples=25, deadline=None)
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0))
def test_any_shapes_that_broadcast(shapes):
    def run(x, beta):
        y, pullback = jax.vjp(jaxact.swish, x, beta)
        return y, *pullback(jnp.ones_like(y))

    y, dx, dbeta = jax.eval_shape(run, *(jax.ShapeDtypeStruct(s, np.float32) for s in shapes.input_shapes))
    assert (y.shape, dx.shape, dbeta.shape) == (shapes.result_shape, *shapes.input_shapes)


@learnable
@pytest.mark.parametrize("x_first", [True, pytest.param(False, marks=pytest.mark.nightly)], ids=["x first", "x last"])
def test_mixed_second_derivative(spec, x_first):
    """The slope in ``x``, differentiated in a parameter, either way round."""
    points = np.float32([-2.3, -0.7, 0.6, 1.9])
    x = cases.batch(WIDE).at[0, :4].set(points)
    values = {n: np.float32(d or 0.5) for n, d in spec.parameters.items()}
    full = [jnp.full(WIDE, v) for v in values.values()]
    one = jnp.ones(WIDE)

    def slope(i, f):
        return lambda *arguments: jax.vjp(f, *arguments)[1](one)[i]

    for i, n in enumerate(values, start=1):
        step = 2.0**-12
        up, down = (
            oracle.derivatives(spec.name, points.astype(np.float64), 1, **{**values, n: float(values[n]) + h})[0][1]
            for h in (step, -step)
        )
        expected = (up - down) / (2 * step)
        first, second = (0, i) if x_first else (i, 0)
        mixed = cases.run(slope(second, slope(first, spec.function)), x, *full)
        np.testing.assert_allclose(mixed[0, :4], expected, rtol=1e-5, atol=1e-5)


# Axes


@pytest.mark.parametrize("f", [jaxact.softmax, jaxact.log_softmax])
@settings(max_examples=6, deadline=None)
@given(hnp.array_shapes(max_dims=4, max_side=3), st.data())
def test_simplex_over_any_axis(f, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = cases.batch(shape)
    y = f(x, axis=axis)
    assert y.shape == shape
    moved = f(jnp.moveaxis(x, axis, -1))
    cases.close(jnp.moveaxis(y, axis, -1), moved)
    total = (y if f is jaxact.softmax else jnp.exp(y)).sum(axis)
    cases.close(total, np.ones(total.shape))


@settings(max_examples=6, deadline=None)
@given(hnp.array_shapes(max_dims=4, max_side=3), st.data())
def test_glu_over_any_axis(shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shape = tuple(2 * n if i == axis % len(shape) else n for i, n in enumerate(shape))
    x = cases.batch(shape)
    value, gate = jnp.split(x, 2, axis)
    expected, _ = oracle.derivatives("glu", np.asarray(value), 0, gate=np.asarray(gate).ravel())
    cases.close(jaxact.glu(x, axis).ravel(), expected[0])


# Randomness


def test_rrelu_draws_a_slope_for_each_element():
    x = -jnp.ones((1000,))
    y = jaxact.rrelu(x, jax.random.key(0), lower=0.1, upper=0.3)
    assert len(np.unique(y)) > 900
    assert np.all((-y >= 0.1) & (-y <= 0.3))
    assert float(-y.mean()) == pytest.approx(0.2, abs=0.01)
    np.testing.assert_array_equal(jaxact.rrelu(x, jax.random.key(0), lower=0.1, upper=0.3), y)
    assert np.any(jaxact.rrelu(x, jax.random.key(1), lower=0.1, upper=0.3) != y)


def test_rrelu_slope_is_the_draw():
    x = cases.batch((100,))
    y, pullback = jax.vjp(lambda x: jaxact.rrelu(x, jax.random.key(0)), x)
    (slope,) = pullback(jnp.ones_like(y))
    np.testing.assert_array_equal(slope[x >= 0], 1)
    cases.close(slope * x, y)
    np.testing.assert_array_equal(jaxact.rrelu(x, deterministic=True), jaxact.leaky_relu(x, 11 / 48))


# Errors

KEY = jax.random.key(0)
RECTIFIED = ["crelu", "gaussian_topk_relu", "maxout"]
SIMPLEX = ["entmax", "entmax15", "softmax_one", "softmin", "solu", "sparsemax"]


def test_complex_input_is_referred_to_jax_nn():
    with pytest.raises(TypeError, match=r"got complex64 array; .*real and imaginary parts, or take jax\.nn\.silu$"):
        jaxact.silu(jnp.ones(3, jnp.complex64))
    with pytest.raises(TypeError, match=r"got 'complex'; .*real and imaginary parts, or take jax\.nn\.gelu$"):
        jaxact.gelu(1j)
    with pytest.raises(TypeError, match=r"real and imaginary parts$"):  # jax.nn has none
        jaxact.serf(jnp.ones(3, jnp.complex64))


NOT_ARRAYS = [np.ones(3, np.complex64), 1j, "text", None, [1.0], (1.0,), {}, object(), np.array(["text"])]


@every
@pytest.mark.parametrize("x", NOT_ARRAYS, ids=lambda x: type(x).__name__ + getattr(x, "dtype", np.dtype("O")).str)
def test_what_is_no_real_array(spec, x):
    with pytest.raises(TypeError, match=rf"jaxact\.{spec.name}: \w+ must be a real array"):
        unary(spec)(x)


@every
def test_wrong_arguments(spec):
    with pytest.raises(TypeError, match=rf"jaxact\.{spec.name}: .*bogus.*its signature is {spec.name}\("):
        spec.function(*[jnp.ones(4)] * cases.inputs(spec), bogus=1)
    with pytest.raises(TypeError, match=rf"jaxact\.{spec.name}: .*missing.*its signature is {spec.name}\("):
        spec.function()


@learnable
def test_parameter_that_is_no_number(spec):
    for name in spec.parameters:
        with pytest.raises(TypeError, match=rf"jaxact\.{spec.name}: {name} must be a real array"):
            spec.function(jnp.ones(4), **{name: "text"})


@learnable
def test_parameter_that_does_not_broadcast(spec):
    name = next(iter(spec.parameters))
    with pytest.raises(ValueError, match=rf"jaxact\.{spec.name}: .*\(3,\).*broadcast.*\(2, 4\)"):
        spec.function(jnp.ones((2, 4)), **{name: jnp.ones(3)})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: jaxact.rrelu(x, jax.random.key(0), lower=0.5, upper=0.1), "rrelu: lower must be at most upper"),
        (lambda x: jaxact.rrelu(x), "rrelu: key is missing"),
        (lambda x: jaxact.glu(x[:3]), "glu: the size along axis -1 must be even"),
        (lambda x: jaxact.glu(x, axis=1), "glu: axis must be in"),
        (lambda x: jaxact.squareplus(x, b=-1.0), "squareplus: b must"),
        (lambda x: jaxact.squareplus(x, b=0), "squareplus: b must"),
        (lambda x: jaxact.softplus(x, beta=0), "softplus: beta must"),
        (lambda x: jaxact.celu(x, alpha=-1.0), "celu: alpha must"),
        (lambda x: jaxact.softmax(x, axis=1), "softmax: axis"),
        (lambda x: jaxact.log_softmax(x, axis=-2), "log_softmax: axis"),
        *((lambda x, f=f: getattr(jaxact, f)(x, axis=1), rf"{f}: axis must be in \[-1, 1\)") for f in SIMPLEX),
        *((lambda x, f=f: getattr(jaxact, f)(x, axis=1), rf"{f}: axis must be in \[-1, 1\)") for f in RECTIFIED),
        *((lambda x, f=f: getattr(jaxact, f)(x[0]), rf"{f}: axis must be .*got -1") for f in RECTIFIED),
        (lambda x: jaxact.maxout(x, 3), r"maxout: .* axis 0 must be a multiple of pieces=3, got shape \(4,\)"),
        (lambda x: jaxact.maxout(x, 0), "maxout: pieces must be at least 1, got 0"),
        (lambda x: jaxact.gaussian_topk_relu(x, 1.0), "gaussian_topk_relu: sparsity must be between 0 and 1, got 1.0"),
        (lambda x: jaxact.gaussian_topk_relu(x, 0), "gaussian_topk_relu: sparsity must .* got 0"),
        (lambda x: jaxact.nlrelu(x, beta=0), "nlrelu: beta must be positive, got 0"),
        (lambda x: jaxact.hard_shrink(x, -0.5), "hard_shrink: lambd must be at least 0, got -0.5"),
        (lambda x: jaxact.soft_shrink(x, lambd=-1), "soft_shrink: lambd must be at least 0, got -1"),
        (lambda x: jaxact.apl(x, jnp.ones(3), jnp.ones(2)), r"apl: slopes and hinges must .*\(3,\) and \(2,\)"),
        (lambda x: jaxact.apl(x, 1.0, 2.0), r"apl: slopes and hinges must have a first axis.*got shapes \(\) and \(\)"),
        (lambda x: jaxact.apl(x, jnp.ones((2, 3)), jnp.ones((2, 3))), r"apl: .*\(3,\).*broadcast.*\(4,\)"),
        (lambda x: jaxact.star_relu(x, jnp.ones(3)), r"star_relu: .*\(3,\).*broadcast.*\(4,\)"),
        (lambda x: jaxact.sparsemax(x, axis=(0, -2)), "sparsemax: axis"),
        (lambda x: jaxact.entmax(x, alpha=0.99), "entmax: alpha must be at least 1, got 0.99"),
        (lambda x: jaxact.entmax(x, alpha=float("nan")), "entmax: alpha must be at least 1, got nan"),
        (lambda x: jaxact.entmax(x, alpha=jnp.ones(4)), r"entmax: alpha must broadcast to shape \(1,\)"),
        (lambda x: jaxact.entmax(x, alpha=jnp.ones((2, 1))), r"entmax: alpha must broadcast .*got shape \(2, 1\)"),
        (lambda x: jaxact.gumbel_softmax(x), "gumbel_softmax: key is missing"),
        (lambda x: jaxact.gumbel_softmax(x, KEY, axis=1), "gumbel_softmax: axis"),
        (lambda x: jaxact.gumbel_softmax(x, KEY, tau=-1), "gumbel_softmax: tau must be positive, got -1"),
        (lambda x: jaxact.gumbel_softmax(x, KEY, tau=0.0), "gumbel_softmax: tau must be positive"),
        (lambda x: jaxact.gumbel_softmax(x, KEY, tau=jnp.ones(4)), "gumbel_softmax: tau must broadcast"),
        (lambda x: jaxact.prob_act(x), "prob_act: key is missing; .*deterministic=True"),
        (lambda x: jaxact.prob_act(x, KEY, jnp.ones(3)), r"prob_act: .*\(3,\).*broadcast.*\(4,\)"),
        (lambda x: jaxact.swiglu(x, x[:3]), r"swiglu: value of shape \(3,\) does not broadcast .*gate of shape \(4,\)"),
        (lambda x: jaxact.clipped_swiglu(x, x, limit=0.0), "clipped_swiglu: limit must be positive"),
        (lambda x: jaxact.clipped_swiglu(x, x, alpha=-1.702), "clipped_swiglu: alpha must be positive"),
    ],
)
def test_what_breaks_a_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call(jnp.ones(4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: jaxact.softmax(x, axis=0.5), r"softmax: axis must be an integer, got 0\.5"),
        (lambda x: jaxact.softmax(x, axis=(0, "1")), "softmax: axis must be an integer, got '1'"),
        (lambda x: jaxact.poly_norm(x, axis=None), "poly_norm: axis must be an integer, got None"),
        (lambda x: jaxact.glu(x, axis=0.0), r"glu: axis must be an integer, got 0\.0"),
        (lambda x: jaxact.maxout(x, "2"), "maxout: pieces must be an integer, got '2'"),
        (lambda x: jaxact.simnorm(x, dim=[2]), r"simnorm: dim must be an integer, got \(2,\)"),
        (lambda x: jaxact.group_sort(x, 2.0), r"group_sort: size must be an integer, got 2\.0"),
    ],
)
def test_what_is_no_integer(call, message):
    with pytest.raises(TypeError, match=rf"jaxact\.{message}"):
        call(jnp.ones(4))
