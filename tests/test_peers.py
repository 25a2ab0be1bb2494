"""What is wrong in the activations of other libraries, as tests that jaxact passes; and PyTorch's results where right.

Each row of ``DEFECTS`` is a place where ``jax.nn``, PyTorch or both return a false zero, NaN, infinity or noise; that
they still do is for the benchmark to show. Golden files are written by ``golden/write.py``, so that the tests need no
PyTorch.
"""

import functools
import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases, oracle, ulp
from test_accuracy import windows

import jaxact

F32, BF16, F16 = jnp.float32, jnp.bfloat16, jnp.float16
BOUNDS = {F32: (3, 4, 8), BF16: (0.51, 0.51), F16: (0.51, 0.51)}  # of value, slope, curvature

DEFECTS = [
    # name, order of the derivative, dtype, arguments
    ("sigmoid", 1, F32, [16.7, 20, 40, 80, 87, -16.7, -80]),
    ("sigmoid", 1, BF16, [5.6, 6.5, 10, 80]),
    ("tanh", 0, F32, [7.99999237, 8.5, -3e-4]),
    ("tanh", 1, F32, [8, 9.1, 20, 44, -8, -44]),
    ("tanh", 1, BF16, [3.5, 5, 9, 40]),
    ("silu", 0, F32, [-88.5, -90, -91.8]),
    ("silu", 1, F32, [-1.2784645, -88.5, -90, -91.8]),
    ("mish", 0, F32, [-88.5, -90, -91.8]),
    ("mish", 1, F32, [-1.1924312, -20, -60, -88.5, -91.8, 50, 1e20, 3e38]),
    ("softplus", 0, F32, [-20, -87, 1e-8, 89]),
    ("softplus", 1, F32, [-87, -20, 16, 89]),
    ("softplus", 2, F32, [16.7, 40, 80, -80]),
    ("log_sigmoid", 0, F32, [20, 87, -89]),
    ("log_sigmoid", 1, F32, [20, 87, -16]),
    ("soft_sign", 1, F32, [1e4, 1e10, 9e18, -9e18]),
    ("gelu_exact", 0, F32, [-5.5, -9, -13, -13.1]),
    ("gelu_exact", 1, F32, [-0.7517915, -5.5, -13, -13.1]),
    ("gelu_tanh", 0, F32, [-4.9, -6, -10]),
    ("gelu_tanh", 1, F32, [-4.9, -9, 9, 1e13, -1e13, 3e38, -3e38]),
    ("gelu", 0, BF16, [-3.1, -4, -6, -9]),
    ("gelu", 1, BF16, [1e13, -1e13, 1e19, -1e19, 3e38, -3e38]),
    ("gelu", 1, F16, [151, 200, 60000, -151, -60000]),
    ("elu", 0, F32, [-0.3, -1e-4, -16]),
    ("elu", 1, F32, [-17.4, -40, -87]),
    ("elu", 1, BF16, [-6.25, -20, -80]),
    ("celu", 0, F32, [-0.3, -1e-4, -16]),
    ("celu", 1, F32, [-17.4, -40, -87]),
    ("selu", 0, F32, [-0.3, -1e-4, -16]),
    ("selu", 1, F32, [-17.4, -40, -87]),
    ("squareplus", 0, F32, [-4097, -1e10, -1e19, 1.9e19, 1e30, -1.9e19, -1e30, 3e38]),
    ("squareplus", 1, F32, [-4097, -1e10, -1e18, 1.9e19, 1e30, 3e38]),
    ("squareplus", 0, F16, [264, 1000, 60000, -264, -1000]),
    ("hard_silu", 0, F32, [-2.9999, 2.9999, 1e38, 3e38, -3e38]),
    ("hard_silu", 1, F32, [-1.4999, 1e38, 3e38, -3e38]),
]


@pytest.mark.parametrize(("name", "order", "dtype", "x"), DEFECTS, ids=lambda a: getattr(a, "__name__", str(a))[:20])
def test_defects_of_peers(name, order, dtype, x):
    x = np.asarray(x, dtype)
    spec = jaxact.spec(name)
    parameters = cases.defaults(spec)
    truth, _ = oracle.derivatives(name, x, order, **parameters)
    f = spec.function
    for _ in range(order):
        f = jax.grad(f)
    window = ulp.window(x, windows(name, order, **parameters))
    errors = ulp.error(np.asarray(jax.jit(jax.vmap(f))(x)), truth[order], window=window)
    assert np.all(errors <= BOUNDS[dtype][order]), dict(zip(x.tolist(), errors.tolist(), strict=True))


def test_no_argument_gives_a_slope_that_is_not_finite():
    """``jax.nn.gelu`` gives NaN for 16,600 of the 65,536 bfloat16 numbers."""
    x = np.arange(2**16, dtype=np.uint16).view(BF16)
    x = x[np.isfinite(x.astype(np.float32))]
    for name in ("gelu", "mish", "squareplus"):
        _, slope = cases.both(jaxact.spec(name))(x)
        assert np.all(np.isfinite(slope.astype(np.float32))), name


@pytest.mark.parametrize("name", ["silu", "mish", "gelu", "gelu_exact", "hard_silu", "swish", "quick_gelu"])
def test_products_vanish_at_minus_infinity(name):
    y, slope = cases.both(jaxact.spec(name))(jnp.asarray([-np.inf, -np.inf, np.inf, np.inf]))
    np.testing.assert_array_equal(y, [0, 0, np.inf, np.inf])
    np.testing.assert_array_equal(slope, [0, 0, 1, 1])


def test_soft_sign_at_the_infinities():
    y, slope = cases.both(jaxact.spec("soft_sign"))(jnp.asarray([-np.inf, np.inf]))
    np.testing.assert_array_equal(y, [-1, 1])
    np.testing.assert_array_equal(slope, [0, 0])


@pytest.mark.parametrize("dtype", [F16, BF16, F32], ids=["float16", "bfloat16", "float32"])
def test_log_softmax_of_what_is_large(dtype):
    """In float16 the sum of exponentials must not be taken in float16."""
    x = np.full((1, 3000), 4.0, dtype)
    np.testing.assert_allclose(
        np.asarray(jaxact.log_softmax(x), np.float32), -np.log(3000), rtol=float(jnp.finfo(dtype).eps)
    )


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_fully_masked_rows(name):
    """They have a value, and no NaN in the gradient."""
    x, f = cases.batch((2, 3)), jaxact.get(name)
    mask = jnp.array([[True, False, True], [False, False, False]])
    y = f(x, where=mask)
    left_out = 0 if name == "softmax" else -np.inf
    np.testing.assert_array_equal(y[~mask], np.full(4, left_out, np.float32))
    cases.close(y[0, ::2], f(x[0, ::2]))
    gradient = jax.grad(lambda x: jnp.where(mask, f(x, where=mask), 0).sum())(x)
    np.testing.assert_array_equal(gradient[~mask], 0)
    assert np.all(np.isfinite(gradient))


def test_mask_shields_from_what_it_leaves_out():
    x = jnp.array([36.0, 1e4])
    for f in (jaxact.softmax, jaxact.log_softmax):
        _, pullback = jax.vjp(functools.partial(f, where=x < 1000), x)
        np.testing.assert_array_equal(pullback(jnp.array([1.0, 0.0]))[0], 0)


@pytest.mark.parametrize("beta", [0.5, 20.0])
def test_softplus_has_beta(beta):
    x = np.float32([-3, -0.01, 0.2, 5])
    expected, _ = oracle.derivatives("softplus", x, 0, beta=np.float32(beta))
    cases.close(jaxact.softplus(x, beta), expected[0])


# What JAX asks of jax.nn.


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["softplus", "squareplus", "mish", "silu", "gelu", "elu"])
def test_fourth_order(name):
    """Beside zero, where ``jax.nn`` is tested so, and far out."""
    x = np.float32([1e-8, -1e-8, 1e4, -1e4])
    f = jaxact.get(name)
    fourth = jax.jit(jax.vmap(jax.jacfwd(jax.jacfwd(jax.jacrev(jax.jacfwd(f))))))
    cases.close(fourth(x), cases.truth(jaxact.spec(name), x, 4)[4], 256)


@pytest.mark.parametrize("name", ["softplus", "squareplus", "mish", "silu"])
@pytest.mark.parametrize("x", [-np.inf, np.nan])
def test_first_order_where_it_is_extreme(name, x):
    y, along = jax.jvp(jaxact.get(name), (x,), (1.0,))
    slope = jax.grad(jaxact.get(name))(x)
    np.testing.assert_array_equal(along, slope)
    np.testing.assert_array_equal([y, slope], [x * 0 if np.isnan(x) else 0, slope])
    assert np.isnan(slope) == np.isnan(x)


@pytest.mark.parametrize("dtype", [F16, BF16, F32, np.int8, np.int32], ids=lambda d: np.dtype(d).name)
def test_softplus_of_zero_is_log_two(dtype):
    y = jaxact.softplus(jnp.zeros((), dtype))
    assert y == jnp.asarray(np.log(2), y.dtype)


def test_sparse_plus_has_the_slope_sparse_sigmoid():
    x = jnp.linspace(-2, 2, 33)
    cases.close(jax.vmap(jax.grad(jaxact.sparse_plus))(x), jaxact.sparse_sigmoid(x))


def test_no_array_is_made_while_tracing():
    """Of a size that no machine holds."""
    for name in ("elu", "hard_tanh", "mish", "gelu", "hard_silu"):
        jax.eval_shape(cases.both(jaxact.spec(name)), jax.ShapeDtypeStruct((10**12,), np.float32))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_simplex_of_nothing(name):
    for shape in [(0,), (0, 3), (3, 0)]:
        assert jaxact.get(name)(jnp.zeros(shape)).shape == shape


def test_softmax_over_several_axes():
    x = cases.batch((2, 3, 4))
    for axis in [(0, 2), (1,), None, (-1, 0)]:
        y = jaxact.softmax(x, axis=axis)
        cases.close(y.sum(axis), np.ones(y.sum(axis).shape))
        cases.close(jnp.exp(jaxact.log_softmax(x, axis=axis)), y)


def test_gelu_takes_its_form():
    x = cases.batch((16,))
    np.testing.assert_array_equal(jaxact.gelu(x), jaxact.gelu_tanh(x))
    np.testing.assert_array_equal(jaxact.gelu(x, approximate=False), jaxact.gelu_exact(x))
    np.testing.assert_array_equal(jaxact.gelu(x, True), jaxact.gelu(x, approximate=True))


# PyTorch

GOLDEN = pathlib.Path(__file__).parent / "golden"
ARRAYS = np.load(GOLDEN / "torch.npz")
ABOUT = json.loads((GOLDEN / "torch.json").read_text())


@pytest.mark.parametrize("case", ABOUT["cases"], ids=lambda c: c["id"])
def test_equals_pytorch(case):
    """Up to the bound of jaxact and the error that PyTorch itself has, in ulps of PyTorch's result."""
    x = ARRAYS[case["id"] + "/x"]
    y, pullback = jax.vjp(lambda x: jaxact.get(case["name"])(x, **case["arguments"]), x)
    (gradient,) = pullback(jnp.ones_like(y) if case["id"] not in ("softmax", "log_softmax") else ramp(y.shape))
    for got, what, bound in ((y, "value", 3), (gradient, "slope", 4)):
        expected = ARRAYS[f"{case['id']}/{what}"].astype(np.float64)
        errors = ulp.error(np.asarray(got), expected, window=case["floor"][what])
        assert errors.max() <= bound + case["error"][what]


def ramp(shape):
    """Cotangent of the functions whose gradient is 0 for one that is constant."""
    return jnp.broadcast_to(jnp.linspace(-1, 1, shape[-1], dtype=np.float32), shape)
