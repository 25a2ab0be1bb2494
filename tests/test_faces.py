"""The faces of one function: public, bare (value and slopes) and native (body), and that none changes another."""

import functools
import os
import pickle
import random
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.jet import jet
from support import cases, ulp
from support.cases import elementwise, every

import jaxact

BARE = [s for s in jaxact.specs() if s.slopes]
bare = pytest.mark.parametrize("spec", BARE, ids=lambda s: s.name)
dtypes = pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=["float32", "bfloat16"])


def arrays(spec, dtype=jnp.float32):
    return [cases.batch(cases.SHAPE, seed=seed).astype(dtype) for seed in range(cases.inputs(spec))]


@bare
@dtypes
def test_bare_formulas_are_those_of_the_function(spec, dtype):
    """Up to what contraction to fused multiply-adds makes of one formula in two programs."""
    xs = arrays(spec, dtype)

    @jax.jit
    def run(*xs):
        y, pullback = jax.vjp(spec.function, *xs)
        return [y, *pullback(jnp.ones_like(y))], [spec.value(*xs), *(slope(*xs) for slope in spec.slopes[: len(xs)])]

    for ours, theirs in zip(*run(*xs), strict=True):
        assert theirs.dtype == dtype
        off = np.abs(np.float64(ours) - np.float64(theirs))
        unit = np.maximum(ulp.spacing(np.abs(np.float64(ours)), np.dtype(dtype)), float(jnp.finfo(dtype).eps) / 8)
        assert np.max(off / unit) <= 4


@bare
def test_bare_formulas_are_made_of_plain_operations(spec):
    def primitives(jaxpr):
        for eqn in jaxpr.eqns:
            yield eqn.primitive.name
            for value in eqn.params.values():
                if hasattr(value, "eqns") or hasattr(value, "jaxpr"):
                    yield from primitives(getattr(value, "jaxpr", value))

    for formula in (spec.value, *spec.slopes):
        for dtype in (jnp.float32, jnp.bfloat16):
            found = {*primitives(jax.make_jaxpr(formula)(*arrays(spec, dtype)).jaxpr)}
            assert not found & {
                *(
                    "custom_jvp_call",
                    "checkpoint",
                    "remat2",
                    "optimization_barrier",
                    "stop_gradient",
                    "while",
                    "gather",
                ),
                *("round", "floor", "sqrt", "rsqrt", "exp", "log", "log1p", "expm1", "tanh", "logistic", "erf"),
            }, found


@elementwise
@pytest.mark.parametrize("shape", [(3,), (2, 3), ()], ids=str)
def test_taylor_mode_of_the_body(spec, shape):
    """jet cannot see through custom_jvp, so the record offers the function without it; to JAX's own accuracy."""
    x = np.resize(np.array([-1.3, 0.4, 2.1], np.float32), shape)
    first, second = np.ones_like(x), np.zeros_like(x)
    y, (slope, curvature) = jet(spec.body, (x,), ((first, second),))
    for got, expected in zip((y, slope, curvature), cases.truth(spec, x, 2), strict=True):
        if spec.name in cases.SURROGATE and got is not y:
            continue  # whose slope is another function's, which the formula of its value does not know
        np.testing.assert_allclose(np.ravel(got), expected, rtol=1e-4, atol=1e-4)


@every
def test_body_of_other_kinds_of_numbers(spec):
    """NumPy arrays, integers and half precision, as the function takes them."""
    key = {"key": jax.random.key(0)} if spec.kind == "stochastic" else {}
    f = functools.partial(spec.body, **key, **cases.OPTIONS.get(spec.name, {}))
    for x in (np.float32([[-1.5, 0.5]]), np.int32([[-1, 2]]), jnp.asarray([[-1.5, 0.5]], jnp.bfloat16)):
        expected = cases.unary(spec)(x)
        got = f(*[x] * cases.inputs(spec))
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(np.float32(got), np.float32(expected), rtol=0.02, atol=0.02)


# Nothing that one call does changes what another gives.

_FRESH = """
import pickle, sys
sys.path[:0] = {path!r}
import conftest, test_faces
sys.stdout.buffer.write(pickle.dumps(test_faces.fresh({names!r})))
"""


def faces(name):
    """What each face of a function gives for some numbers, as a function of no arguments."""
    spec = jaxact.spec(name)
    f, xs = cases.unary(spec), [cases.batch((4, 8), seed=i) for i in range(cases.inputs(spec))]
    x = xs[0]

    def gradient(x):
        return jax.grad(lambda x: f(x).astype(jnp.float32).sum())(x)

    found = {
        "function": lambda: f(x),
        "half": lambda: f(x.astype(jnp.bfloat16)),
        "gradient": lambda: gradient(x),
        "gradient of half": lambda: gradient(x.astype(jnp.bfloat16)),
        "far": lambda: gradient(x - 88),
    }
    if spec.slopes:
        found["value"] = lambda: spec.value(*xs)
        found["slope"] = lambda: spec.slope(*xs)
        found["body"] = lambda: spec.body(*xs)
    if spec.elementwise:
        found["jet"] = lambda: jet(spec.body, (x,), ((jnp.ones_like(x), jnp.zeros_like(x)),))[1][0]
    return found


def fresh(names):
    """Each face of each function in a process that has called nothing before: forked before JAX has started."""
    out = {}
    for name in names:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            results = {face: np.asarray(run(), np.float32) for face, run in faces(name).items()}
            with os.fdopen(writing, "wb") as file:
                pickle.dump(results, file)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as file:
            out[name] = pickle.load(file)
        os.waitpid(child, 0)
    return out


@pytest.mark.nightly
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_no_call_changes_another():
    """All faces in random order in one process are, bit for bit, what a fresh process gives."""
    names = [s.name for s in jaxact.specs()]
    code = _FRESH.format(path=[p for p in sys.path if p], names=names)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, check=True)
    expected = pickle.loads(done.stdout)
    calls = [(name, face) for name in names for face in faces(name)]
    random.Random(0).shuffle(calls)
    for name, face in calls:
        np.testing.assert_array_equal(
            np.asarray(faces(name)[face](), np.float32), expected[name][face], f"{name} {face}"
        )


def test_the_body_of_a_gate_leaves_the_slope_of_silu_alone():
    """It once switched all that was traced after it to XLA's own functions."""
    x = jnp.float32(-90.0)
    jaxact.spec("swiglu").body(x, x)
    np.testing.assert_allclose(jax.grad(jaxact.silu)(x), -7.2927e-38, rtol=1e-4)


def test_taylor_mode_after_a_call():
    """A tracer of one once leaked into the other."""
    x = jnp.float32(0.5)
    jaxact.gelu(x)
    _, (slope,) = jet(jaxact.spec("gelu").body, (x,), ((1.0,),))
    np.testing.assert_allclose(slope, jax.grad(jaxact.gelu)(x), rtol=1e-6)
