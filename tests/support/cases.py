"""Every registered activation as a function of one array, for the tests of what all of them have in common."""

import functools
import inspect
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from support import oracle

# Tracing and compiling cost by the shape, not by the element: what can be tested on arrays of this shape is.
SHAPE = (8, 1024)

ELEMENTWISE = [s for s in jaxact.specs() if s.elementwise]
OPTIONS = {"simnorm": {"dim": 2}}  # that suit small arrays
SURROGATE = {"sugar"}  # whose slope is that of another function; the oracle's line says which

every = pytest.mark.parametrize("spec", jaxact.specs(), ids=lambda s: s.name)
elementwise = pytest.mark.parametrize("spec", ELEMENTWISE, ids=lambda s: s.name)
learnable = pytest.mark.parametrize("spec", [s for s in ELEMENTWISE if s.parameters], ids=lambda s: s.name)


def inputs(spec):
    """Number of arrays that the activation needs: 2 if it is gated."""
    return sum(p.default is p.empty for p in inspect.signature(spec.function).parameters.values())


def unary(spec):
    """The activation as a function of one array: inputs that it needs besides ``x`` are ``x``, its key is fixed."""
    parameters = inspect.signature(spec.function).parameters
    # The key is made inside, so that it is of the default device and may be traced.
    return lambda x: spec.function(
        *[x] * inputs(spec), **({"key": jax.random.key(0)} if "key" in parameters else {}), **OPTIONS.get(spec.name, {})
    )


def total(spec):
    """Sum of the activation over its array with fixed weights, so that all of it matters."""
    f = unary(spec)

    def weighted(x):
        y = f(x)
        return (y * jnp.cos(jnp.arange(y.size, dtype=y.dtype).reshape(y.shape))).sum()

    return weighted


def both(spec):
    """Compiled: value, and gradient for a given cotangent. One for all tests, so that they share what is compiled."""
    return _both(spec.name)


@functools.cache
def _both(name):
    spec = jaxact.spec(name)

    @jax.jit
    def run(x, cotangent=None):
        y, pullback = jax.vjp(unary(spec), x)
        return y, pullback(jnp.ones_like(y) if cotangent is None else cotangent)[0]

    return run


def evaluate(spec, x, order=0, parameters=None, cotangent=None):
    """Value, or a derivative times cotangents, of an elementwise activation at any number of points.

    The value is that of the function as a user calls it; parameters that are not given are left out.
    """
    x = np.asarray(x)
    cotangents = [] if order == 0 else [np.ones(x.shape, x.dtype) if cotangent is None else cotangent]
    parameters = [] if parameters is None else [jnp.asarray(p) for p in parameters.values()]
    return in_blocks(_derivative(spec.name, order), [x, *cotangents], *parameters)[0]


def in_blocks(f, arrays, *rest):
    """``f(*arrays, *rest)`` for arrays of any equal size, in blocks of one shape, so that it is compiled only once."""
    results = [jax.tree.leaves(f(*blocks, *rest)) for blocks in zip(*map(_blocks, arrays), strict=True)]
    return [np.concatenate([np.ravel(a) for a in column])[: arrays[0].size] for column in zip(*results, strict=True)]


def run(f, *args):
    """``f(*args)``, compiled, as NumPy arrays."""
    return jax.tree.map(
        lambda a: a if jnp.issubdtype(a.dtype, jax.dtypes.extended) else np.asarray(a), jax.jit(f)(*args)
    )


def _blocks(a):
    missing = -a.size % math.prod(SHAPE)
    return map(jnp.asarray, np.pad(a.ravel(), (0, missing), constant_values=0.5).reshape(-1, *SHAPE))


@functools.cache
def _derivative(name, order):
    function = jaxact.spec(name).function
    if order == 0:
        return function

    def at(x, order, cotangent, *parameters):
        if order == 0:
            return function(x, *parameters)
        return jax.vjp(lambda x: at(x, order - 1, cotangent, *parameters), x)[1](cotangent)[0]

    return jax.jit(lambda x, *rest: at(x, order, *rest))


def batch(shape=(8, 4), dtype=np.float32, seed=0):
    """Ordinary numbers, of both signs, off the kinks."""
    return jnp.asarray(np.random.default_rng(seed).normal(0.1, 2, shape).astype(dtype))


def ordinary(spec, seed=0):
    """Ordinary numbers in the shape in which the activation is traced most."""
    return batch(SHAPE if spec.elementwise else (8, 4), seed=seed)


def defaults(spec, dtype=np.float32):
    """Parameters in the dtype that the function computes in, for the oracle."""
    compute = np.float64 if dtype == np.float64 else np.float32
    return {n: compute(default) for n, default in spec.parameters.items()}


def truth(spec, x, order):
    """Value and derivatives by the oracle, at the default parameters."""
    return oracle.derivatives(spec.name, np.asarray(x), order, **defaults(spec))[0]


def close(got, expected, ulps=8):
    """Equal up to some float32 ulps of the larger of 1 and the expected number: for results of the same formula."""
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    assert got.shape == expected.shape
    with np.errstate(invalid="ignore"):  # the same infinity is equal, and any other NaN is not
        error = np.abs(got - expected) / np.maximum(np.abs(expected), 1) / np.finfo(np.float32).eps
    error = np.where(got == expected, 0, error)
    assert np.all(error <= ulps), f"{error.max():.3g} ulp"
