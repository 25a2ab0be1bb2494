"""Every function that ``jax.nn`` also has, beside it: dtypes, weak types, shardings, NaN, signs of zero, errors.

It runs both, so that the next release of JAX shows what it changed.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

import jaxact

NAMES = sorted({s.name for s in jaxact.specs()} & set(dir(jax.nn)) | {"hard_swish"})
DAILY = ["float8_e4m3fn", "bfloat16", "float32", "bool", "int8", "int32"]
RARE = ["float8_e5m2", "float16", "float64", "uint8", "int16", "int64"]

named = pytest.mark.parametrize("name", NAMES)


def both(name):
    return getattr(jaxact, name), getattr(jax.nn, name)


def outcome(f, x):
    """What a result looks like, or which kind of error there is."""
    try:
        y = f(x)
    except (TypeError, ValueError) as error:
        return type(error).__name__
    return y.shape, y.dtype, bool(y.weak_type), np.isnan(np.float64(y)).tolist()


@named
@pytest.mark.parametrize("double", [False, pytest.param(True, marks=pytest.mark.nightly)], ids=["", "x64"])
@pytest.mark.parametrize("dtype", [*DAILY, *(pytest.param(d, marks=pytest.mark.nightly) for d in RARE)])
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # of jax.nn.softmax
@jax.numpy_dtype_promotion("standard")
def test_dtypes(name, dtype, double):
    if not double and dtype in ("float64", "int64"):
        pytest.skip("needs x64")
    with jax.enable_x64(double):
        x = jnp.asarray(np.array([[0, 1, 2, 1]]).astype(dtype))
        ours, theirs = (outcome(f, x) for f in both(name))
        if theirs == "TypeError":  # jaxact takes more
            theirs = outcome(lambda x: getattr(jax.nn, name)(x.astype(float)), x)
        assert ours[:3] == theirs[:3]
        assert not np.any(ours[3])


@named
@pytest.mark.parametrize("x", [True, 2, 0.5, -0.5, np.float32(1), np.int8(1)], ids=repr)
@jax.numpy_dtype_promotion("standard")
def test_numbers(name, x):
    if name in ("glu", "softmax", "log_softmax"):
        pytest.skip("takes no numbers")  # nor does jax.nn
    ours, theirs = (outcome(f, x) for f in both(name))
    if theirs == "TypeError":  # jaxact takes more
        assert ours[1] == jnp.float32
    elif name == "gelu" and isinstance(x, float):  # whose weak type jax.nn loses on the way
        assert ours[2]
    else:
        assert ours == theirs


@named
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_zeros_and_what_is_not_finite(name, dtype):
    """NaN in the same places, and a zero of the same sign."""
    x = jnp.asarray([0.0, -0.0, jnp.inf, jnp.nan], dtype)
    if name in ("glu", "softmax", "log_softmax"):
        x = x[:2]
    ours, theirs = (np.float32(jax.jit(f)(x)) for f in both(name))
    # jax.nn has NaN at infinities where jaxact has the limit.
    assert not np.any(np.isnan(ours) & ~np.isnan(theirs))
    # -0 stays -0 where it does in jax.nn, and +0 never becomes it.
    assert np.signbit(ours[0]) == np.signbit(theirs[0])
    if ours.size > 1:
        assert np.signbit(ours[1]) or not np.signbit(theirs[1])


@named
@pytest.mark.parametrize("kind", [AxisType.Explicit, AxisType.Auto], ids=["explicit", "auto"])
def test_shardings(name, kind):
    mesh = jax.make_mesh((8,), ("d",), axis_types=(kind,), devices=jax.devices()[:8])
    with jax.set_mesh(mesh):
        x = jax.device_put(jnp.ones((8, 4)), NamedSharding(mesh, PartitionSpec("d")))
        ours, theirs = (jax.jit(f)(x).sharding for f in both(name))
        assert ours.is_equivalent_to(theirs, 2)
        ours, theirs = (jax.jit(jax.grad(lambda x, f=f: f(x).sum()))(x).sharding for f in both(name))
        assert ours.is_equivalent_to(theirs, 2)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_axes_and_masks(name):
    x = jnp.asarray(np.random.default_rng(0).normal(0, 2, (2, 3, 4)), jnp.float32)
    mask = x > -1
    np.testing.assert_array_equal(getattr(jaxact, name)(x, [0, 1]), getattr(jaxact, name)(x, (0, 1)))
    for options in ({"axis": (0, 2)}, {"axis": np.int64(1)}, {"axis": None}, {"where": mask}):
        ours, theirs = (f(x, **options) for f in both(name))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert jaxact.softmax(jnp.ones((1, 4)), where=jnp.ones((3, 4), bool)).shape == (3, 4)


def test_options_of_numpy():
    x = jnp.linspace(-3, 3, 8)
    np.testing.assert_array_equal(jaxact.gelu(x, np.bool_(False)), jaxact.gelu_exact(x))
    np.testing.assert_array_equal(jaxact.gelu(x, approximate=np.bool_(True)), jaxact.gelu_tanh(x))
    with pytest.raises(TypeError, match=r"jaxact\.gelu: approximate must be a Python value that can be hashed"):
        jaxact.gelu(x, approximate=jnp.bool_(True))
    with pytest.raises(TypeError, match=r"jaxact\.softmax: axis must be .* got 'dict'"):
        jaxact.softmax(x, axis={})


@named
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # of jax.nn.softmax
@jax.numpy_dtype_promotion("standard")
def test_integers_where_jax_nn_was_replaced(name, monkeypatch):
    """What becomes of them is asked of ``jax.nn`` as it was at the import."""
    ours, theirs = both(name)
    monkeypatch.setattr(jax.nn, name, ours)
    for dtype in ("bool", "int8", "int32"):
        x = jnp.asarray(np.ones((3, 2)), dtype)  # a shape that no other test has compiled
        expected = outcome(theirs, x)
        assert outcome(ours, x)[:2] == (expected[:2] if expected != "TypeError" else outcome(theirs, x * 1.0)[:2])


def test_integers_stay_integers():
    x = jnp.arange(-2, 3)
    for name in ("relu", "hard_tanh", "identity"):
        ours, theirs = (f(x) for f in both(name))
        assert ours.dtype == jnp.int32
        np.testing.assert_array_equal(ours, theirs)
