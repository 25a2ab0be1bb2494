"""Wherever ``jax.nn`` works: meshes with explicit axes, weak types, float8, what acts as an array, flat pieces.

Each test is over all functions that it concerns.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from support import cases
from support.cases import elementwise, every, learnable

import jaxact

SHARED = sorted({s.name for s in jaxact.specs()} & set(dir(jax.nn)))
FLOAT8 = ["float8_e4m3fn", "float8_e5m2"]
RARE_FLOAT8 = ["float8_e4m3b11fnuz", "float8_e4m3fnuz", "float8_e5m2fnuz"]


# Meshes


def mesh(kind):
    return jax.make_mesh((8,), ("d",), axis_types=(kind,), devices=jax.devices()[:8])


@every
@pytest.mark.parametrize("kind", [AxisType.Explicit, AxisType.Auto], ids=["explicit", "auto"])
def test_rows_of_a_mesh(spec, kind):
    """Value and gradient of an array whose rows are sharded have its sharding; so has a Hessian-vector product."""
    f, x = cases.unary(spec), cases.batch((8, 8))

    def derivatives(x):
        gradient = jax.grad(lambda x: f(x).sum())
        return f(x), gradient(x), jax.jvp(gradient, (x,), (x,))[1]

    with jax.set_mesh(mesh(kind)):
        sharded = jax.device_put(x, NamedSharding(jax.sharding.get_mesh(), PartitionSpec("d")))
        found = jax.eval_shape(derivatives, sharded)
        if kind == AxisType.Explicit:
            assert [a.sharding.spec[0] for a in found] == ["d"] * 3


@learnable
def test_parameters_on_an_explicit_mesh(spec):
    """A number for all, or one for each column, beside an array whose rows are sharded."""
    x = cases.batch((8, 4))
    with jax.set_mesh(mesh(AxisType.Explicit)):
        sharded = jax.device_put(x, NamedSharding(jax.sharding.get_mesh(), PartitionSpec("d")))
        for shape in ((), (4,)):
            p = [jnp.full(shape, d or 0.5, jnp.float32) for d in spec.parameters.values()]
            y = jax.eval_shape(spec.function, sharded, *p)
            assert y.sharding.spec[0] == "d"
            count = range(len(p) + 1)
            gradients = jax.eval_shape(jax.grad(lambda *a: spec.function(*a).sum(), tuple(count)), sharded, *p)
            assert [g.shape for g in gradients] == [x.shape, *[shape] * len(p)]


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "softmax_one", "solu"])
def test_an_explicit_mesh_along_the_axis_of_a_row(name):
    x, weights, f = cases.batch((4, 8)), cases.batch((4, 8), seed=1), jaxact.get(name)

    def run(x, weights):
        return f(x), jax.grad(lambda x: (f(x) * weights).sum())(x)

    expected = run(x, weights)
    with jax.set_mesh(mesh(AxisType.Explicit)):
        along = NamedSharding(jax.sharding.get_mesh(), PartitionSpec(None, "d"))
        got = jax.jit(run)(*(jax.device_put(a, along) for a in (x, weights)))
        assert got[0].sharding.is_equivalent_to(along, 2)
    for a, b in zip(got, expected, strict=True):
        cases.close(a, b, 32)


# Dtypes


@elementwise
def test_a_number_stays_weak(spec):
    """So that it takes the dtype of what it is multiplied with; its gradient likewise."""
    half = jnp.ones(2, jnp.bfloat16)
    y, slope = jax.jit(lambda: (spec.function(0.54) * half, jax.grad(spec.function)(0.54) * half))()
    assert y.dtype == slope.dtype == jnp.bfloat16
    assert spec.function(jnp.float32(0.54)).weak_type is False


@learnable
def test_a_number_beside_an_array(spec):
    p = [jnp.full(2, d or 0.5, jnp.bfloat16) for d in spec.parameters.values()]
    assert spec.function(0.54, *p).dtype == jnp.bfloat16


def test_a_carry_keeps_its_type():
    carry, _ = jax.lax.scan(lambda h, _: (h * jaxact.sigmoid(2.0), None), jnp.ones(2, jnp.bfloat16), length=2)
    assert carry.dtype == jnp.bfloat16


@elementwise
@pytest.mark.parametrize("dtype", FLOAT8)
def test_float8_is_rounded_once(spec, dtype):
    check_float8(spec, dtype)


@pytest.mark.parametrize("name", ["relu", "elu", "mish", "gelu", "softplus", "swish"])
@pytest.mark.parametrize("dtype", RARE_FLOAT8)
def test_rare_float8_is_rounded_once(name, dtype):
    check_float8(jaxact.spec(name), dtype)


def value_and_gradient(spec, dtype):
    x = np.float32([-3, -0.5, 0.25, 2]).astype(dtype)  # exact in each dtype
    y, pullback = jax.vjp(spec.function, x)
    return np.asarray(y), np.asarray(pullback(np.ones(y.shape, y.dtype))[0])


in_float32 = functools.cache(lambda spec: value_and_gradient(spec, np.float32))


def check_float8(spec, dtype):
    for got, true in zip(value_and_gradient(spec, dtype), in_float32(spec), strict=True):
        assert got.dtype == dtype
        # The wide result may be rounded to either side where it lies half way, up to its own error.
        near = [np.float32((true * (1 + d)).astype(dtype)) for d in (-(2.0**-17), 0, 2.0**-17)]
        assert np.all(np.any([np.isclose(np.float32(got), n, rtol=0, atol=0, equal_nan=True) for n in near], axis=0))


# What acts as an array


class Box:
    """What is no array but stands for one."""

    def __init__(self, array):
        self.array = array

    def __jax_array__(self):
        return self.array


@every
def test_what_stands_for_an_array(spec):
    x = cases.batch((2, 4))
    cases.close(cases.unary(spec)(Box(x)), cases.unary(spec)(x))


@learnable
def test_a_parameter_that_stands_for_an_array(spec):
    x, p = cases.batch((2, 4)), [jnp.float32(d or 0.5) for d in spec.parameters.values()]
    cases.close(spec.function(x, *map(Box, p)), spec.function(x, *p))


def test_nnx_parameter():
    nnx = pytest.importorskip("flax.nnx")
    x = cases.batch((2, 4))
    cases.close(jaxact.gelu(nnx.Param(x)), jaxact.gelu(x))
    cases.close(jaxact.prelu(x, nnx.Param(jnp.float32(0.5))), jaxact.prelu(x, 0.5))


def test_masked_arrays_are_refused():
    with pytest.raises(TypeError, match=r"jaxact\.silu: x must be a real array or number, got 'MaskedArray'"):
        jaxact.silu(np.ma.masked_array([1.0, 2.0], [False, True]))


# Flat pieces


def flat_points(spec):
    """Points of a sample inside an interval on which the slope is 0, and not only too small for a number."""
    if spec.name == "golu":
        return np.zeros(1, np.float32)[:0]
    x = np.linspace(-7.9, 7.9, 80).astype(np.float32)
    left, slope, right = (cases.truth(spec, x + d, 1)[1] for d in (-0.05, 0.0, 0.05))
    return x[(left == 0) & (slope == 0) & (right == 0)]


@elementwise
@pytest.mark.parametrize("cotangent", [np.inf, np.nan])
def test_flat_pieces_pass_no_cotangent(spec, cotangent):
    """The product of a slope of 0 with an infinite cotangent would be NaN."""
    x = flat_points(spec)
    _, pullback = jax.vjp(spec.function, x)
    assert np.all(np.asarray(pullback(np.full_like(x, cotangent))[0]) == 0)


def test_the_norm_of_a_dead_layer():
    assert jax.grad(lambda x: jnp.sqrt(jaxact.relu(x)))(-1.0) == 0
    w = jnp.float32(-0.5)
    assert jax.grad(lambda w: jnp.linalg.norm(jaxact.relu(w * jnp.array([1.0, 2.0]))))(w) == 0


@every
def test_empty_arrays(spec):
    f = cases.unary(spec)
    if spec.kind == "stochastic":
        f = jaxact.rrelu if spec.name == "rrelu" else f
        f = (lambda x, f=f: f(x, deterministic=True)) if spec.name == "rrelu" else f
    x = jnp.ones((2, 0))
    if spec.name in ("poly_norm", "gaussian_topk_relu"):
        pytest.skip("a mean of nothing")
    y, along = jax.jvp(jax.jit(jax.vmap(f)), (x,), (x,))
    assert y.shape == along.shape
