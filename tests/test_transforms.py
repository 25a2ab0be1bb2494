"""JAX's transformations, one parametrised test each, over every activation."""

import copy
import pickle

import cases
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cases import batch, both, close, elementwise, every, total, truth, unary
from jax import export, lax
from jax.experimental.jet import jet
from jax.sharding import AxisType, NamedSharding, PartitionSpec

import jaxact

COLLECTIVES = ("all-gather", "all-reduce", "all-to-all", "collective-permute", "reduce-scatter")


@every
def test_jit_and_checkpoint(spec):
    x, f = batch(), unary(spec)
    y, slope = both(spec)(x)
    close(f(x), y)
    close(jax.jit(jax.grad(lambda x: jax.checkpoint(f)(x).sum()))(x), slope)


@every
def test_vmap_of_grad(spec):
    x, f = batch(), unary(spec)
    if spec.elementwise:
        close(jax.jit(jax.vmap(jax.grad(f)))(x.ravel()), truth(spec, x, 1)[1])
    rows = jax.jit(jax.vmap(jax.grad(lambda row: f(row).sum())))(x)
    if spec.kind == "stochastic":  # each row draws with the same key
        assert np.all(np.isfinite(rows))
    else:
        close(rows, both(spec)(x)[1])


@every
def test_forward_and_reverse_mode_agree(spec):
    x, v = batch(), batch(seed=1)
    y, along = jax.jit(lambda x, v: jax.jvp(unary(spec), (x,), (v,)))(x, v)
    u = batch(y.shape, seed=2)
    z, back = both(spec)(x, u)
    close(y, z)
    close(np.sum(u * along), np.sum(back * v), 512)  # two sums of up to 32 terms, each up to 20
    assert along.dtype == y.dtype
    assert back.dtype == x.dtype


@every
def test_hessian(spec):
    x, f = batch((4,)), total(spec)
    orders = jax.hessian(f), jax.jacfwd(jax.jacrev(f)), jax.jacrev(jax.jacfwd(f)), jax.jacrev(jax.jacrev(f))
    hessian, *others = jax.jit(lambda x: [h(x) for h in orders])(x)
    for other in others:
        close(other, hessian)
    if spec.elementwise:
        close(hessian, np.diag(truth(spec, x, 2)[2] * np.cos(np.arange(4))))
    elif spec.kind != "stochastic":
        step = np.float32(1 / 64)
        gradient = jax.jit(jax.vmap(jax.grad(f)))
        around = [gradient(x[None] + d * np.eye(4, dtype=x.dtype)) for d in (-step, step)]
        np.testing.assert_allclose(hessian, (around[1] - around[0]) / (2 * step), rtol=0, atol=1e-3)


@elementwise
@pytest.mark.slow
def test_third_derivative(spec):
    ordinary = batch((64,), seed=3)
    huge = jnp.array([-3e38, -1e20, -1e4, -89.0, -20.0, 0.0, 1e-30, 20.0, 89.0, 1e4, 1e20, 3e38], jnp.float32)
    third = jax.vmap(jax.grad(jax.grad(jax.grad(unary(spec)))))(jnp.concatenate([ordinary, huge]))
    close(third[:64], truth(spec, ordinary, 3)[3], 64)
    assert np.all(np.isfinite(third))


@elementwise
@pytest.mark.slow
def test_taylor_mode_of_the_body(spec):
    """jet cannot see through custom_jvp, so the record offers the function without it."""
    if spec.options:
        pytest.skip("its body is another activation")
    x = np.array([-1.3, 0.4, 2.1], np.float32)
    parameters = [jnp.asarray(p) for p in cases.defaults(spec).values()]
    assert "custom_jvp" not in str(jax.make_jaxpr(spec.body)(x, *parameters))
    try:
        _, (first, second) = jet(lambda x: spec.body(x, *parameters), (x,), ((np.ones_like(x), np.zeros_like(x)),))
    except (NotImplementedError, TypeError) as error:
        pytest.skip(f"jet has no rule, or a wrong one, for a primitive of the body: {error}")
    expected = truth(spec, x, 2)
    np.testing.assert_allclose(first, expected[1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(second, expected[2], rtol=1e-4, atol=1e-5)


@every
def test_scan(spec):
    f = unary(spec)
    if jax.eval_shape(f, batch()).shape != batch().shape:
        pytest.skip("its result has another shape than its argument")

    def scanned(x):
        return lax.scan(lambda h, _: (f(h), None), x, length=3)[0].sum()

    close(*jax.jit(lambda x: (jax.grad(scanned)(x), jax.grad(lambda x: f(f(f(x))).sum())(x)))(batch()))


@every
def test_no_tracer_leaks(spec):
    with jax.checking_leaks():
        jax.make_jaxpr(lambda a: lax.scan(lambda h, _: (h + total(spec)(a * h), None), 0.5, length=2)[0])(batch())


def eight_devices():
    return jax.make_mesh((8,), ("rows",), axis_types=(AxisType.Auto,), devices=jax.devices()[:8])


@every
def test_shard_map(spec):
    x, rows, f = batch((8, 4)), PartitionSpec("rows"), unary(spec)

    def gradient(x):
        return f(x), jax.grad(lambda x: jax.vmap(f)(x).sum())(x)

    y, slope = jax.jit(jax.shard_map(gradient, mesh=eight_devices(), in_specs=rows, out_specs=rows))(x)
    if spec.kind == "stochastic":  # whose draws depend on how the array is cut
        assert np.all(np.isfinite(slope))
    else:
        close(y, both(spec)(x)[0])
        close(slope, both(spec)(x)[1])


@elementwise
def test_sharded_input_needs_no_communication(spec):
    sharding = NamedSharding(eight_devices(), PartitionSpec("rows"))
    x = jax.device_put(batch(), sharding)
    compiled = both(spec).lower(x, x).compile()
    assert not [c for c in COLLECTIVES if c in compiled.as_text()]
    for out in compiled(x, x):
        assert out.sharding.is_equivalent_to(sharding, x.ndim)


@every
def test_export(spec):
    """One program for CPU, CUDA and TPU, of any batch size where the function can do without a random key."""
    x = batch()
    rows = 8 if spec.kind == "stochastic" else export.symbolic_shape("rows")[0]
    exported = export.export(both(spec), platforms=("cpu", "cuda", "tpu"))(jax.ShapeDtypeStruct((rows, 4), x.dtype))
    assert exported.platforms == ("cpu", "cuda", "tpu")
    for got, expected in zip(exported.call(x), both(spec)(x), strict=True):
        close(got, expected)


@every
def test_second_call_compiles_nothing(spec):
    f = unary(spec)
    f(batch())
    events, other = [], batch(seed=1)
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: events.append(event))
    try:
        f(other)
        assert not [e for e in events if "compile" in e]
        f(batch((3, 2)))
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
