"""Inverses and logarithms of slopes, against the oracle: in ulps, in the tails as well."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import oracle, samples, ulp

import jaxact
from jaxact._inverse import _FORMS

pytestmark = pytest.mark.nightly

each = pytest.mark.parametrize("name", _FORMS)
OTHERS = [
    ("arelu", {"alpha": 0.3, "beta": -1.0}),
    ("derf", {"alpha": 0.75, "s": 0.25, "gamma": -2.0, "beta": 0.25}),
    ("dyt", {"alpha": 0.75, "gamma": -2.0, "beta": 0.25}),
    ("laplace", {"mu": -0.5, "sigma": 2.0}),
    ("soft_clipping", {"alpha": 0.25}),
    ("soft_clipping", {"alpha": 16.0}),
    ("soft_exponential", {"alpha": -2.0}),
    ("soft_exponential", {"alpha": 0.3}),
    ("srelu", {"t_l": -1.5, "a_l": 0.3, "t_r": 0.7, "a_r": 3.0}),
    ("xatlu", {"alpha": -0.01}),
    ("xatlu", {"alpha": -0.2}),
    ("xatlu", {"alpha": -0.9}),
]
each_and_others = pytest.mark.parametrize(("name", "parameters"), [(name, {}) for name in _FORMS] + OTHERS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16], ids=lambda d: np.dtype(d).name)
SIGNED = ("erf", "laplace", "selu", "signed_hyperbolic", "signed_parabolic")  # the logarithm changes sign
FURTHEST = 300.0  # the slope of tanh is still a number of float64


def points(dtype):
    x = samples.wide(dtype if np.dtype(dtype).itemsize > 2 else np.float32, size=300).astype(dtype)
    size = np.abs(x.astype(np.float64))
    return np.unique(x[(size < FURTHEST) & (size > 1e-30)])


def numbers(name, dtype, parameters):
    """All parameters, the others at their defaults, as numbers of the dtype of computation."""
    compute = np.float64 if dtype == np.float64 else np.float32
    return {n: compute(p) for n, p in {**jaxact.spec(name).parameters, **parameters}.items()}


def truth(name, x, order, **parameters):
    """Values of the oracle for float64 points, and what they lack."""
    return (a[order] for a in oracle.derivatives(name, x.astype(np.float64), 1, **parameters))


@each_and_others
@dtypes
def test_log_abs_slope(name, parameters, dtype):
    given = numbers(name, dtype, parameters)
    with jax.enable_x64(dtype == np.float64):
        x = points(dtype)
        x = x[oracle.defined(name, x, **given)]
        slope, rest = np.sign(given.get("gamma", 1)) * np.stack(list(truth(name, x, 1, **given)))
        x, slope, rest = (a[slope > 1e-300] for a in (x, slope, rest))
        near = np.abs(slope - 1) < 0.5
        expected = np.where(near, np.log1p(np.where(near, slope - 1 + rest, 0)), np.log(slope))
        got = np.asarray(jaxact.log_abs_slope(name)(jnp.asarray(x), **{n: given[n] for n in parameters}))
    unit = 0.25 if name in SIGNED or parameters else 0.0
    known = np.abs(expected) > 2.0**-19  # from a slope that the oracle knows to 75 bits
    got, x = got[known], x[known]
    errors = ulp.error(got, expected[known], 0.0, unit)
    if errors.size:
        assert errors.max() <= (0.51 if dtype == jnp.bfloat16 else 6), (errors.max(), x[errors.argmax()])


@each_and_others
@dtypes
def test_inverse(name, parameters, dtype):
    """An error of the result is what the function, at the result, is off by, over its slope."""
    given = numbers(name, dtype, parameters)
    with jax.enable_x64(dtype == np.float64):
        x = points(dtype)
        y, _ = truth(name, x[oracle.defined(name, x, **given)], 0, **given)
        with np.errstate(over="ignore"):
            y = np.unique(y.astype(dtype))
        low, high = (-np.inf, np.inf) if parameters else jaxact.spec(name).range
        y = y[(y > low) & (y < high) & (np.abs(y.astype(np.float64)) > 1e-30)]
        got = np.asarray(jaxact.inverse(name)(jnp.asarray(y), **{n: given[n] for n in parameters}))
    inside = np.isfinite(got.astype(np.float64)) & (np.abs(got.astype(np.float64)) < 2 * FURTHEST)
    assert inside.mean() > 0.8
    y, got = y[inside], got[inside]
    (back, rest), (slope, _) = (truth(name, got, order, **given) for order in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.abs((back - y.astype(np.float64) + rest) / slope)
    unit = np.where(np.abs(got.astype(np.float64)) < 0.25, 0.25, 0.0) if name in CROSSING or parameters else 0.0
    errors = error / ulp.spacing(np.maximum(np.abs(got.astype(np.float64)), unit), got.dtype)
    assert errors.max() <= (0.51 if dtype == jnp.bfloat16 else 6), (errors.max(), y[errors.argmax()])


# 0 where their value is none.
CROSSING = (
    "exponential",
    "laplace",
    "log_sigmoid",
    "sigmoid",
    "soft_clipping",
    "softplus",
    "sqrt_softplus",
    "squareplus",
)


@each
def test_there_and_back(name):
    x = jnp.linspace(-4, 4, 33) * (0.25 if name in ("erf", "laplace") else 1)  # which are 1 further out
    np.testing.assert_allclose(jaxact.inverse(name)(jaxact.get(name)(x)), x, rtol=2e-4, atol=2e-6)


@each
def test_derivatives(name):
    """That of the inverse is one over the slope, and those of the logarithm are finite, far out and at 0."""
    f, x = jaxact.get(name), jnp.asarray([-2.7, -0.6, 0.4, 1.9])
    slope = jax.vmap(jax.grad(f))(x)
    back = jaxact.inverse(name)(f(x))  # not x, where f is flat
    np.testing.assert_allclose(
        jax.vmap(jax.grad(jaxact.inverse(name)))(f(x)), 1 / jax.vmap(jax.grad(f))(back), rtol=1e-4
    )
    curvature = jax.vmap(jax.grad(jax.grad(f)))(x)
    log_slope = jax.vmap(jax.grad(jaxact.log_abs_slope(name)))
    np.testing.assert_allclose(log_slope(x), curvature / slope, rtol=1e-4, atol=1e-6)
    furthest = 1e37 if name in ("erf", "laplace") else 3e38  # where the slope of a parabola is a number
    origin = 1e-20 if name == "tanh_shrink" else 0.0  # whose slope is 0 at 0
    assert np.all(np.isfinite(log_slope(jnp.asarray([-furthest, -1e20, -100.0, origin, 100.0, 1e20, furthest]))))


@each
def test_curvature(name):
    """That of the inverse is minus the curvature over the cube of the slope."""
    f, x = jaxact.get(name), jnp.asarray([-1.1, -0.6, 0.4, 0.9])
    y = f(x)
    back = jaxact.inverse(name)(y)
    slope, curvature = jax.vmap(jax.grad(f))(back), jax.vmap(jax.grad(jax.grad(f)))(back)
    got = jax.vmap(jax.grad(jax.grad(jaxact.inverse(name))))(y)
    np.testing.assert_allclose(got, -curvature / slope**3, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "parameters"), OTHERS)
def test_derivatives_in_parameters(name, parameters):
    """That of the inverse is minus that of the function, over the slope; that of the logarithm is that of the slope."""
    names, values = list(parameters), list(parameters.values())
    x = jnp.float32(0.8)
    f = lambda x, *values: jaxact.get(name)(x, **dict(zip(names, values, strict=True)))  # noqa: E731
    inverse, log_slope = (
        lambda x, *values, g=g: g(name)(x, **dict(zip(names, values, strict=True)))
        for g in (jaxact.inverse, jaxact.log_abs_slope)
    )
    of = tuple(range(1, 1 + len(names)))
    slope, y = jax.grad(f), f(x, *values)
    x = inverse(y, *values)  # not the first, where f is flat
    np.testing.assert_allclose(
        jnp.stack(jax.grad(inverse, of)(y, *values)),
        -jnp.stack(jax.grad(f, of)(x, *values)) / slope(x, *values),
        rtol=1e-4,
        atol=1e-6,
    )
    np.testing.assert_allclose(
        jnp.stack(jax.grad(log_slope, of)(x, *values)),
        jnp.stack(jax.grad(slope, of)(x, *values)) / slope(x, *values),
        rtol=1e-4,
        atol=1e-6,
    )


def test_where_the_slope_is_no_number():
    np.testing.assert_allclose(
        jaxact.log_abs_slope("tanh")(jnp.asarray([10.0, 1e4])), [-18.613706, -19998.614], rtol=1e-6
    )
    assert jaxact.log_abs_slope(jaxact.sigmoid)(-1000.0) == -1000


@pytest.mark.parametrize(
    "name",
    [
        "atan",
        "derf",
        "dyt",
        "erf",
        "isru",
        "laplace",
        "sigmoid",
        "soft_clipping",
        "soft_sign",
        "softcap",
        "softplus",
        "squareplus",
        "tanh",
    ],
)
def test_ends(name):
    """At a limit it is infinite, and beyond there is nothing."""
    low, high = np.float32(jaxact.spec(name).range)
    f = jaxact.inverse(name)
    assert f(low) == -np.inf
    assert np.isnan(f(low - 1))
    assert f(high) == np.inf
    if np.isfinite(high):
        assert np.isnan(f(high + 1))


def test_xatlu_ends():
    """Its lower limit, -1 / pi, is no number; below it there is nothing."""
    below, above = np.float32([-0.31830990, -0.31830987])
    f = jaxact.inverse("xatlu")
    assert np.isnan(f(below))
    np.testing.assert_allclose(f(above), -2874.4866, rtol=1e-6)
    np.testing.assert_array_equal(f(np.float32([3e38, np.inf])), np.float32([3e38, np.inf]))


def test_tanh_shrink_ends():
    np.testing.assert_array_equal(
        jaxact.inverse("tanh_shrink")(jnp.asarray([-jnp.inf, 0, jnp.inf])), [-np.inf, 0, np.inf]
    )
    assert jax.grad(jaxact.inverse("tanh_shrink"))(0.0) == np.inf
    assert jaxact.log_abs_slope("tanh_shrink")(0.0) == -np.inf


def test_parameters():
    f = jaxact.inverse("leaky_relu")
    slopes = jnp.asarray([0.5, 0.25])
    np.testing.assert_array_equal(f(-jnp.ones((3, 2)), slopes), np.broadcast_to([-2, -4], (3, 2)))
    assert f(-1.0, negative_slope=0.5) == -2
    assert f(jnp.asarray(-1.0, jnp.bfloat16)).dtype == jnp.bfloat16
    assert jax.grad(lambda a: jaxact.log_abs_slope("leaky_relu")(-1.0, a))(0.5) == 2


@pytest.mark.parametrize("f", [jaxact.inverse, jaxact.log_abs_slope], ids=["inverse", "log_abs_slope"])
def test_what_has_none(f):
    with pytest.raises(KeyError, match=rf"jaxact\.{f.__name__}: there is none for 'relu', only for arelu, .*xatlu"):
        f("relu")
    with pytest.raises(KeyError, match="swoosh"):
        f("swoosh")


class Box:
    """What stands for an array, as a parameter of a module does."""

    def __init__(self, array):
        self.array = array

    def __jax_array__(self):
        return self.array


def test_what_stands_for_an_array():
    y, slope = jnp.asarray([-0.5, 0.5]), jnp.float32(0.25)
    f = jaxact.inverse("leaky_relu")
    np.testing.assert_array_equal(f(Box(y), Box(slope)), f(y, slope))


def test_wrong_arguments():
    with pytest.raises(TypeError, match=r"jaxact\.elu: .*'beta'; its signature is elu\(x"):
        jaxact.inverse("elu")(0.5, beta=1)
