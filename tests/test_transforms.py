"""JAX's transformations, one parametrised test each, over every activation."""

import copy
import functools
import gc
import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export, lax
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from support import cases
from support.cases import SHAPE, batch, both, close, elementwise, every, ordinary, total, truth, unary

import jaxact

COLLECTIVES = ("all-gather", "all-reduce", "all-to-all", "collective-permute", "reduce-scatter")


@functools.cache
def results(name):
    """What every transformation makes of an activation, in one program."""
    spec = jaxact.spec(name)
    f, weighted = unary(spec), total(spec)

    def everything(x, v):
        y, pullback = jax.vjp(f, x)
        gradient, hessian_at = jax.grad(lambda x: f(x).sum()), jax.grad(weighted)
        found = {
            "value": y,
            "gradient": gradient(x),
            "checkpoint": jax.grad(lambda x: jax.checkpoint(f)(x).sum())(x),
            "along": jax.jvp(f, (x,), (v,)),
            "back": pullback(batch(y.shape, seed=2))[0],
            "vmap": jax.vmap(jax.grad(f))(x.ravel()) if spec.elementwise else jax.vmap(gradient)(jnp.stack([v, x])),
            "forward over reverse": jax.jvp(hessian_at, (x,), (v,))[1],
            "reverse over forward": jax.grad(lambda x: jax.jvp(weighted, (x,), (v,))[1])(x),
            "reverse over reverse": jax.vjp(hessian_at, x)[1](v)[0],
        }
        if y.shape == x.shape:
            found["scanned"] = jax.grad(lambda x: lax.scan(lambda h, _: (f(h), None), x, length=3)[0].sum())(x)
            found["unrolled"] = jax.grad(lambda x: f(f(f(x))).sum())(x)
        return found

    return cases.run(everything, ordinary(spec), ordinary(spec, seed=1))


@every
def test_jit_and_checkpoint(spec):
    """The function by itself is compiled, with its parameters given as in the tests of accuracy."""
    parameters = map(jnp.asarray, cases.defaults(spec).values()) if spec.elementwise else ()
    f = spec.function if spec.elementwise else unary(spec)
    close(f(ordinary(spec), *parameters), results(spec.name)["value"])
    close(results(spec.name)["checkpoint"], results(spec.name)["gradient"])


@elementwise
def test_scalars(spec):
    """XLA simplifies a program for one number in ways of its own: it has squared 2^64 w as 2^128 w^2."""
    if spec.kind == "stochastic":
        pytest.skip("draws depend on the shape")
    some = np.ravel(ordinary(spec))[:8]
    for found, name in zip(zip(*(both(spec)(x) for x in some), strict=True), ("value", "vmap"), strict=True):
        close(np.stack(found), np.ravel(results(spec.name)[name])[:8])


@pytest.mark.parametrize("name", ["silu", "sinlu", "soft_sign", "sugar", "tanh_shrink"])
def test_curvature_of_scalars(name):
    """XLA once took the derivative of ``e (2 + e)`` apart into one with the factor 2^-128, which is 0 in float32."""
    curvature, x = jax.grad(jax.grad(jaxact.get(name))), jnp.float32([-0.3, 0.2])
    np.testing.assert_allclose([curvature(a) for a in x], jax.vmap(curvature)(x), rtol=1e-5)


@every
def test_vmap_of_grad(spec):
    """Over numbers, or over two arrays of which the second is the ordinary one."""
    slope, gradient = results(spec.name)["vmap"], results(spec.name)["gradient"]
    if spec.elementwise:
        close(slope[::64], truth(spec, np.ravel(ordinary(spec))[::64], 1)[1])
        close(slope, np.ravel(gradient))
    else:
        close(slope[1], gradient)


@every
def test_forward_and_reverse_mode_agree(spec):
    x, v, found = ordinary(spec), ordinary(spec, seed=1), results(spec.name)
    y, along = found["along"]
    close(y, found["value"])
    u, back = batch(y.shape, seed=2), found["back"]
    if spec.elementwise:  # number by number, where both are a slope times something
        close(u * along, back * v, 32)
    else:
        close(np.sum(u * along), np.sum(back * v), 512)  # two sums of up to 32 terms, each up to 20
    assert along.dtype == y.dtype
    assert back.dtype == x.dtype


@every
def test_hessian(spec):
    found = results(spec.name)
    product = found["forward over reverse"]
    close(found["reverse over forward"], product)
    close(found["reverse over reverse"], product)
    if spec.elementwise:
        some = np.s_[::64]
        x, v = (np.ravel(ordinary(spec, seed))[some] for seed in (0, 1))
        weights = np.cos(np.arange(math.prod(SHAPE), dtype=np.float32))[some]
        close(np.ravel(product)[some], truth(spec, x, 2)[2] * weights * v, 32)
    elif spec.kind not in ("periodic", "stochastic"):  # whose waves are too short for the step
        x, f, step = batch((4,)), total(spec), np.float32(1 / 256)
        hessian, gradient = jax.jit(jax.hessian(f))(x), jax.jit(jax.vmap(jax.grad(f)))
        around = [gradient(x[None] + d * np.eye(4, dtype=x.dtype)) for d in (-step, step)]
        np.testing.assert_allclose(hessian, (around[1] - around[0]) / (2 * step), rtol=0, atol=1e-3)


@elementwise
@pytest.mark.nightly
def test_third_derivative(spec):
    x, f = np.array(ordinary(spec)), unary(spec)
    huge = [-3e38, -1e20, -1e4, -89.0, -20.0, 0.0, 1e-30, 20.0, 89.0, 1e4, 1e20, 3e38]
    x[0, : len(huge)] = huge
    for _ in range(3):
        f = derivative(f)
    third = cases.run(f, x)
    close(np.ravel(third)[64::64], truth(spec, np.ravel(x)[64::64], 3)[3], 64)
    infinite = ~(np.isfinite(third) | np.isinf(unary(spec)(x)))
    if infinite.any():  # where the waves of finer are too steep for a float
        limit = float(np.finfo(np.float32).max)
        assert np.all(np.isinf(third[infinite]))
        assert np.all(np.abs(truth(spec, x[infinite], 3)[3]) > limit)


def derivative(f):
    return lambda x: jax.vjp(f, x)[1](jnp.ones_like(x))[0]


@every
def test_scan(spec):
    if "scanned" not in results(spec.name):
        pytest.skip("its result has another shape than its argument")
    # Each layer of hosc makes a difference up to 30 times as large.
    close(results(spec.name)["scanned"], results(spec.name)["unrolled"], 8 * (30**2 if spec.name == "hosc" else 1))


@pytest.fixture
def little_to_collect():
    """While looking for leaks, JAX collects garbage time and again; what is there already need not be gone through."""
    gc.freeze()
    yield
    gc.unfreeze()


@every
@pytest.mark.usefixtures("little_to_collect")
def test_no_tracer_leaks(spec):
    with jax.checking_leaks():
        jax.make_jaxpr(lambda a: lax.scan(lambda h, _: (h + total(spec)(a * h), None), 0.5, length=2)[0])(batch())


# Programs for several devices or platforms are traced for all, and compiled for some unless slow tests are run.
COMPILED = {"relu", "mish", "swish", "glu", "softmax", "rrelu"}
compiled = pytest.mark.parametrize(
    "spec",
    [pytest.param(s, id=s.name, marks=() if s.name in COMPILED else pytest.mark.nightly) for s in jaxact.specs()],
)
QUICKLY = {"xla_backend_optimization_level": 0}  # what LLVM would gain is not tested there


def eight_devices():
    return jax.make_mesh((8,), ("rows",), axis_types=(AxisType.Auto,), devices=jax.devices()[:8])


def on_shards(spec):
    rows, f = PartitionSpec("rows"), unary(spec)

    def gradient(x):
        return f(x), jax.grad(lambda x: f(x).sum())(x)

    return jax.shard_map(gradient, mesh=eight_devices(), in_specs=rows, out_specs=rows)


@every
def test_shard_map(spec):
    y, slope = jax.eval_shape(on_shards(spec), ordinary(spec))
    assert slope.shape == ordinary(spec).shape
    assert slope.dtype == y.dtype


@compiled
def test_over_devices(spec):
    """Shards give what the whole gives, and an elementwise function of a sharded array needs no communication."""
    sharding = NamedSharding(eight_devices(), PartitionSpec("rows"))
    x = jax.device_put(ordinary(spec), sharding)
    programs = (lambda x: both(spec)(x, x), on_shards(spec)) if spec.elementwise else (on_shards(spec),)
    program = jax.jit(lambda x: [f(x) for f in programs]).lower(x).compile(compiler_options=QUICKLY)
    *whole, (y, slope) = program(x)
    if spec.kind == "stochastic":  # whose draws depend on how the array is cut
        assert np.all(np.isfinite(slope))
    else:
        close(y, results(spec.name)["value"])
        close(slope, results(spec.name)["gradient"])
    if spec.elementwise:
        assert not [c for c in COLLECTIVES if c in program.as_text()]
        assert all(a.sharding.is_equivalent_to(sharding, a.ndim) for a in (*whole[0], y, slope))


def exported(spec, *shape):
    """One program for CPU, CUDA and TPU."""
    program = export.export(both(spec), platforms=("cpu", "cuda", "tpu"))(jax.ShapeDtypeStruct(shape, np.float32))
    assert program.platforms == ("cpu", "cuda", "tpu")
    return program


@every
def test_export(spec):
    x = ordinary(spec)
    assert exported(spec, *x.shape).in_avals[0].shape == x.shape


@compiled
def test_export_of_any_batch_size(spec):
    x = ordinary(spec)
    if spec.kind == "stochastic":
        pytest.skip("it draws for an array of a known size")
    program = exported(spec, export.symbolic_shape("rows")[0], *x.shape[1:])
    if spec.name in COMPILED:
        y, slope = jax.jit(program.call, compiler_options=QUICKLY)(x)
        close(y, results(spec.name)["value"])
        close(slope, results(spec.name)["gradient"])


@every
def test_second_call_compiles_nothing(spec):
    parameters = [*map(jnp.asarray, cases.defaults(spec).values())] if spec.elementwise else []
    f = spec.function if spec.elementwise else unary(spec)
    f(ordinary(spec), *parameters)
    events, other = [], ordinary(spec, seed=1)
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: events.append(event))
    try:
        f(other, *parameters)
        assert not [e for e in events if "compile" in e]
        jax.jit(lambda x: x + 1)(other)
        assert [e for e in events if "compile" in e]  # the events are still called so
    finally:
        jax.monitoring.clear_event_listeners()


@every
def test_pickle_and_deepcopy(spec):
    for other in (pickle.loads(pickle.dumps(spec.function)), copy.deepcopy(spec.function)):
        assert other is spec.function


@pytest.mark.parametrize(("name", "plain"), [("softmax", jnp.exp), ("log_softmax", lambda x: x)])
def test_simplex_derivatives(name, plain):
    """Jacobian and second derivatives against the textbook form in float64."""

    def textbook(x):
        return plain(x - jnp.log(jnp.exp(x).sum()))

    with jax.enable_x64(True):
        x = jnp.asarray(np.random.default_rng(0).normal(0, 2, 5))
        for transform in (jax.jacrev, jax.jacfwd, lambda f: jax.jacfwd(jax.jacrev(f))):
            got, expected = jax.jit(lambda x, t=transform: (t(jaxact.get(name))(x), t(textbook)(x)))(x)
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)
