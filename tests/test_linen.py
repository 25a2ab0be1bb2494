"""Linen modules under linen's own transformations, streams and metadata."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact

nn = pytest.importorskip("flax.linen")

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(0, 2, (8, 4)), jnp.float32)
STREAM = {"activation": jax.random.key(1)}


class Block(nn.Module):
    """A layer of everything, in the form that nn.scan takes."""

    @nn.compact
    def __call__(self, x, _):
        x = nn.Dense(4)(x)
        x = jaxact.linen.Swish(features=4)(x) + jaxact.linen.PReLU()(x)
        return jaxact.linen.RReLU()(x), None


def test_scan_over_layers():
    layers = nn.scan(Block, variable_axes={"params": 0}, split_rngs={"params": True, "activation": True}, length=3)()
    variables = layers.init({"params": KEY, **STREAM}, X, None)
    shapes = jax.tree.map(jnp.shape, variables["params"])
    assert shapes["Swish_0"]["beta"] == (3, 4)
    assert shapes["PReLU_0"]["negative_slope"] == (3,)
    y, _ = jax.jit(layers.apply)(variables, X, None, rngs=STREAM)
    assert y.shape == X.shape
    assert np.all(np.isfinite(y))


def test_scan_equals_a_loop():
    class Deterministic(nn.Module):
        @nn.compact
        def __call__(self, x, _):
            return jaxact.linen.PReLU(features=4)(jaxact.linen.Swish()(x)), None

    layers = nn.scan(Deterministic, variable_axes={"params": 0}, split_rngs={"params": True}, length=3)()
    slopes = jnp.linspace(0.1, 0.9, 12).reshape(3, 4)
    beta = jnp.asarray([0.5, 1.0, 2.0])
    y, _ = layers.apply({"params": {"PReLU_0": {"negative_slope": slopes}, "Swish_0": {"beta": beta}}}, X, None)
    expected = X
    for i in range(3):
        expected = jaxact.prelu(jaxact.swish(expected, beta[i]), slopes[i][None])
    np.testing.assert_array_max_ulp(y, expected, 8)


def test_vmap_over_members():
    members = nn.vmap(
        jaxact.linen.Swish,
        in_axes=None,
        out_axes=0,
        variable_axes={"params": 0},
        split_rngs={"params": True},
        axis_size=3,
    )(beta_init=nn.initializers.normal())
    variables = members.init(KEY, X)
    beta = variables["params"]["beta"]
    assert beta.shape == (3,)
    assert len(set(beta.tolist())) == 3
    np.testing.assert_array_max_ulp(members.apply(variables, X), jnp.stack([jaxact.swish(X, b) for b in beta]), 4)


def test_remat():
    plain = jaxact.linen.Swish()
    variables = plain.init(KEY, X)
    gradients = [
        jax.grad(lambda v, m=module: m.apply(v, X).sum())(variables)
        for module in (plain, nn.remat(jaxact.linen.Swish)())
    ]
    np.testing.assert_array_max_ulp(*(g["params"]["beta"] for g in gradients), 4)


def test_partitioning():
    init = nn.with_partitioning(nn.initializers.constant(0.25), ("model",))
    module = jaxact.linen.PReLU(features=4, negative_slope_init=init)
    variables = module.init(KEY, X)
    assert nn.get_partition_spec(variables)["params"]["negative_slope"] == jax.sharding.PartitionSpec("model")
    np.testing.assert_array_equal(module.apply(variables, X), jaxact.prelu(X))


def test_initializers():
    module = jaxact.linen.Swish(features=1000, beta_init=nn.initializers.normal(0.5))
    beta = module.init(KEY, jnp.zeros((1, 1000)))["params"]["beta"]
    assert 0.4 < np.std(beta) < 0.6
    module = jaxact.linen.Swish(features=4, beta_init=[1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(module.init(KEY, X)["params"]["beta"], [1, 2, 3, 4])


def test_a_function_of_ones_own():
    """A registered function with an option needs a few lines to be a module."""

    class Squareplus(jaxact.linen.Learnable):
        record = jaxact.spec("squareplus")
        b_init: float = 1.0

    module = Squareplus(features=4)
    variables = module.init(KEY, X)
    np.testing.assert_array_equal(variables["params"]["b"], np.ones(4))
    np.testing.assert_array_equal(module.apply(variables, X), jaxact.squareplus(X, jnp.ones((1, 4))))


def slopes(y):
    return np.asarray(y)[np.asarray(X) < 0] / np.asarray(X)[np.asarray(X) < 0]


def test_rrelu_draws_for_each_element():
    module = jaxact.linen.RReLU()
    y = jax.jit(module.apply)({}, X, rngs=STREAM)
    drawn = slopes(y)
    assert len(set(drawn.tolist())) == drawn.size
    assert np.all((drawn > 0.1249) & (drawn < 0.3334))
    np.testing.assert_array_equal(np.asarray(y)[np.asarray(X) >= 0], np.asarray(X)[np.asarray(X) >= 0])
    np.testing.assert_array_equal(y, module.apply({}, X, rngs=STREAM))
    assert np.any(y != module.apply({}, X, rngs={"activation": KEY}))


def test_rrelu_deterministic():
    np.testing.assert_allclose(slopes(jaxact.linen.RReLU(deterministic=True).apply({}, X)), 11 / 48, rtol=3e-7)
    drawn = jaxact.linen.RReLU(deterministic=True).apply({}, X, deterministic=False, rngs=STREAM)
    assert len(set(slopes(drawn).tolist())) > 1


def test_rrelu_stream():
    own = jaxact.linen.RReLU(rng_collection="noise")
    assert own.apply({}, X, rngs={"noise": KEY}).shape == X.shape
    with pytest.raises(
        ValueError, match=r"RReLU: the random stream 'noise' is missing; pass rngs=.'noise': key. to apply"
    ):
        own.apply({}, X)


def test_rrelu_bounds():
    with pytest.raises(ValueError, match=r"lower must be at most upper, got lower=0\.5 and upper=0\.1"):
        jaxact.linen.RReLU(lower=0.5, upper=0.1).apply({}, X, rngs=STREAM)
