"""NNX modules under NNX's own transformations, streams and metadata."""

import inspect
from dataclasses import InitVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxact

nnx = pytest.importorskip("flax.nnx")

X = jnp.asarray(np.random.default_rng(0).normal(0, 2, (8, 4)), jnp.float32)


class Block(nnx.Module):
    """A layer of everything."""

    def __init__(self, rngs):
        self.linear = nnx.Linear(4, 4, rngs=rngs)
        self.swish = jaxact.nnx.Swish(4, beta_init=nnx.initializers.normal(), rngs=rngs)
        self.prelu = jaxact.nnx.PReLU(rngs=rngs)
        self.rrelu = jaxact.nnx.RReLU(rngs=rngs)

    def __call__(self, x):
        x = self.linear(x)
        return self.rrelu(self.swish(x) + self.prelu(x))


def layers(count):
    @nnx.split_rngs(splits=count)
    @nnx.vmap
    def make(rngs):
        return Block(rngs)

    return make(nnx.Rngs(0))


def test_scan_over_layers():
    model = layers(3)
    assert model.swish.beta[...].shape == (3, 4)
    assert model.prelu.negative_slope[...].shape == (3,)
    assert len(np.unique(model.swish.beta[...])) == 12

    @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
    def run(x, block):
        return block(x)

    assert np.any(run(X, model) != run(X, model))
    model.eval()
    y = run(X, model)
    np.testing.assert_array_equal(y, run(X, model))
    expected = X
    graph, state = nnx.split(model)
    for i in range(3):
        expected = nnx.merge(graph, jax.tree.map(lambda a, i=i: a[i], state))(expected)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_vmap_over_members():
    ensemble = layers(2)
    ensemble.eval()
    together = nnx.vmap(lambda model, x: model(x), in_axes=(0, None))(ensemble, X)
    assert together.shape == (2, 8, 4)
    assert np.any(together[0] != together[1])


def test_split_and_merge():
    twin = nnx.merge(*nnx.split(Block(nnx.Rngs(0))))
    np.testing.assert_array_equal(twin(X), Block(nnx.Rngs(0))(X))
    _, params, rest = nnx.split(twin, nnx.Param, ...)
    assert set(params) == {"linear", "swish", "prelu"}
    assert set(rest) == {"rrelu"}


CALLS = {
    "jit": lambda module, x: jax.jit(lambda x: module(x))(x),
    "grad": lambda module, x: jax.grad(lambda x: module(x).sum())(x),
    "vmap": lambda module, x: jax.vmap(module)(x),
    "scan": lambda module, x: jax.lax.scan(lambda y, _: (module(y), None), x, length=2)[0],
    "checkpoint": lambda module, x: jax.grad(lambda x: jax.checkpoint(module)(x).sum())(x),
    "nnx.remat": lambda module, x: nnx.grad(lambda m: nnx.remat(lambda m, x: m(x))(m, x).sum())(module),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("layer", ["MLP", "GatedMLP"])
def test_transformations_of_jax(call, layer):
    """They may close over a module that checkpoints, and leave it as it was."""
    module, same, plain = (
        getattr(jaxact.nnx, layer)(4, 8, remat=remat, rngs=nnx.Rngs(0)) for remat in (True, True, False)
    )
    got, expected = CALLS[call](module, X), CALLS[call](plain, X)
    jax.tree.map(np.testing.assert_array_equal, nnx.state(module), nnx.state(same))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), got, expected)


def test_jit_advances_the_stream():
    model = jaxact.nnx.RReLU(rngs=nnx.Rngs(activation=0))
    run = nnx.jit(lambda model, x: model(x))
    first, second = run(model, X), run(model, X)
    assert np.any(first != second)
    again = jaxact.nnx.RReLU(rngs=nnx.Rngs(activation=0))
    np.testing.assert_array_equal(first, again(X))
    np.testing.assert_array_equal(second, again(X))


def test_optimizer():
    """An nnx.Optimizer with decay_mask moves the shape by its gradient alone."""
    model = nnx.Sequential(nnx.Linear(4, 4, rngs=nnx.Rngs(0)), jaxact.nnx.Swish())
    optimizer = nnx.Optimizer(model, optax.adamw(0.01, weight_decay=10.0, mask=jaxact.decay_mask), wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer):
        gradients = nnx.grad(lambda model: (model(X) ** 2).mean())(model)
        optimizer.update(model, gradients)

    kernel = model.layers[0].kernel[...]
    with jax.numpy_dtype_promotion("standard"):  # which Optax relies on
        step(model, optimizer)
    # Adam's first step has the length of its learning rate, 0.01; decay takes away another 10 %.
    np.testing.assert_allclose(abs(model.layers[1].beta[...] - 1), 0.01, rtol=1e-3)
    np.testing.assert_allclose(abs(model.layers[0].kernel[...] - 0.9 * kernel), 0.01, rtol=1e-2)


@pytest.mark.skipif(not hasattr(jax, "set_mesh"), reason="this JAX has no jax.set_mesh")
def test_partitioning():
    init = nnx.with_partitioning(nnx.initializers.constant(0.25), ("model",))
    mesh = jax.make_mesh((2,), ("model",), axis_types=(jax.sharding.AxisType.Auto,))
    with jax.set_mesh(mesh):
        module = jaxact.nnx.PReLU(4, negative_slope_init=init, rngs=nnx.Rngs(0))
        specs = nnx.get_partition_spec(nnx.state(module))
        spec = jax.sharding.PartitionSpec("model")
        assert jax.tree.leaves(specs, is_leaf=lambda leaf: isinstance(leaf, type(spec))) == [spec]
        assert module.negative_slope[...].sharding.spec == spec
        np.testing.assert_array_equal(module(X), jaxact.prelu(X))


def test_initializers():
    beta = jaxact.nnx.Swish(1000, beta_init=nnx.initializers.normal(0.5), rngs=nnx.Rngs(0)).beta[...]
    assert 0.4 < np.std(beta) < 0.6
    np.testing.assert_array_equal(jaxact.nnx.Swish(4, beta_init=[1.0, 2.0, 3.0, 4.0]).beta[...], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="Swish: beta_init is a function and needs a random key; pass rngs="):
        jaxact.nnx.Swish(beta_init=nnx.initializers.normal())


def test_numbers_draw_no_keys():
    """Adding an activation leaves the other layers' initial weights as they are."""
    plain, other = nnx.Rngs(0), nnx.Rngs(0)
    jaxact.nnx.Swish(4, rngs=other)
    assert plain.params() == other.params()


def test_a_function_of_ones_own():
    class Squareplus(jaxact.nnx.Learnable):
        record = jaxact.spec("squareplus")
        b_init: InitVar[float] = 1.0

    expected = ["features", "groups", "axis", "dtype", "param_dtype", "rngs", "b_init"]
    assert list(inspect.signature(Squareplus).parameters) == expected
    module = Squareplus(4)
    np.testing.assert_array_equal(module.b[...], np.ones(4))
    np.testing.assert_array_equal(module(X), jaxact.squareplus(X, jnp.ones((1, 4))))


def slopes(y):
    return np.asarray(y)[np.asarray(X) < 0] / np.asarray(X)[np.asarray(X) < 0]


def test_rrelu_draws_for_each_element():
    y = jaxact.nnx.RReLU(rngs=nnx.Rngs(0))(X)
    drawn = slopes(y)
    assert len(set(drawn.tolist())) == drawn.size
    assert np.all((drawn > 0.1249) & (drawn < 0.3334))
    np.testing.assert_array_equal(np.asarray(y)[np.asarray(X) >= 0], np.asarray(X)[np.asarray(X) >= 0])


def test_rrelu_deterministic():
    module = jaxact.nnx.RReLU(rngs=nnx.Rngs(0))
    module.eval()
    np.testing.assert_allclose(slopes(module(X)), 11 / 48, rtol=3e-7)
    assert len(set(slopes(module(X, deterministic=False)).tolist())) > 1
    module.train()
    assert len(set(slopes(module(X)).tolist())) > 1
    np.testing.assert_allclose(slopes(module(X, deterministic=True)), 11 / 48, rtol=3e-7)
    module.set_view(deterministic=True)
    np.testing.assert_allclose(slopes(module(X)), 11 / 48, rtol=3e-7)


def test_rrelu_stream():
    missing = "RReLU: the random stream 'activation' is missing; pass rngs=nnx.Rngs.activation=seed"
    module = jaxact.nnx.RReLU()
    for call in (lambda: module(X), lambda: module(X, rngs=nnx.Rngs(params=0))):
        with pytest.raises(ValueError, match=missing):
            call()
    with pytest.raises(ValueError, match=missing):
        jaxact.nnx.RReLU(rngs=nnx.Rngs(params=0))(X)
    expected = module(X, rngs=nnx.Rngs(activation=1))
    np.testing.assert_array_equal(module(X, rngs=nnx.Rngs(1)), expected)
    module.rngs = nnx.Rngs(1).activation
    np.testing.assert_array_equal(module(X), expected)
    named = jaxact.nnx.RReLU(rng_collection="noise", rngs=nnx.Rngs(noise=0))
    assert named(X).shape == X.shape


def test_rrelu_bounds():
    with pytest.raises(ValueError, match=r"lower must be at most upper, got lower=0\.5 and upper=0\.1"):
        jaxact.nnx.RReLU(0.5, 0.1, rngs=nnx.Rngs(0))(X)


def test_prelu_takes_what_flax_takes():
    module = jaxact.nnx.PReLU(0.1)
    theirs = nnx.PReLU(0.1)(X) if hasattr(nnx, "PReLU") else jaxact.leaky_relu(X, 0.1)
    np.testing.assert_array_equal(module(X), theirs)
    module = jaxact.nnx.PReLU(negative_slope_init=0.1, negative_slope_metadata={"tag": "slope"})
    assert module.negative_slope.tag == "slope"
    seen = []

    def promote(arrays, *, dtype):
        seen.append(dtype)
        return tuple(jnp.asarray(a, jnp.bfloat16) for a in arrays)

    assert jaxact.nnx.PReLU(0.1, promote_dtype=promote)(X).dtype == jnp.bfloat16
    assert seen == [None]
