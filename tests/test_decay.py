"""``decay_mask`` knows the parameters of jaxact's modules, and takes no others for them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxact

nn = pytest.importorskip("flax.linen")
nnx = pytest.importorskip("flax.nnx")

KEY = jax.random.key(0)


class Linen(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = jaxact.linen.Swish()(nn.LayerNorm()(nn.Dense(4)(x)))
        return jaxact.linen.PReLU(features=4, name="act")(nn.Dense(4)(x))


class NNX(nnx.Module):
    def __init__(self):
        rngs = nnx.Rngs(0)
        self.layers = nnx.List([nnx.Linear(3, 4, rngs=rngs), nnx.LayerNorm(4, rngs=rngs), jaxact.nnx.Swish()])
        self.act = jaxact.nnx.PReLU(4)


def linen_params():
    return Linen().init(KEY, jnp.zeros((2, 3)))["params"]


def kept(params):
    """Names of the leaves that are not decayed, after a check that the mask has the structure of the parameters."""
    mask = jaxact.decay_mask(params)
    assert jax.tree.structure(mask) == jax.tree.structure(params)
    leaves = jax.tree_util.tree_leaves_with_path(mask)
    assert {type(leaf) for _, leaf in leaves} <= {bool}
    return {jax.tree_util.keystr(path) for path, leaf in leaves if not leaf}


def test_linen():
    assert kept(linen_params()) == {"['Swish_0']['beta']", "['act']['negative_slope']"}
    assert len(kept(Linen().init(KEY, jnp.zeros((2, 3))))) == 2  # with the collection's name on top


def test_linen_boxed():
    init = nn.with_partitioning(nn.initializers.constant(0.25), ("model",))
    params = jaxact.linen.PReLU(features=4, negative_slope_init=init).init(KEY, jnp.zeros((2, 4)))["params"]
    assert isinstance(params["negative_slope"], nn.Partitioned)
    assert kept({"a": params, "b": {"kernel": 1.0}}) == {"['a']['negative_slope'].value"}


def test_nnx():
    state = nnx.state(NNX(), nnx.Param)
    assert kept(state) == {"['act']['negative_slope'].value", "['layers'][2]['beta'].value"}
    assert kept(nnx.to_pure_dict(state)) == {"['act']['negative_slope']", "['layers'][2]['beta']"}


def test_mixture_and_prob_act_but_no_kernels():
    x = jnp.zeros((2, 4))
    modules = {
        "mixture": jaxact.linen.Mixture(("relu", "tanh"), features=4),
        "prob_act": jaxact.linen.ProbAct(features=4, deterministic=True),
        "mlp": jaxact.linen.GatedMLP(4, 8, use_bias=True),
    }
    params = {name: module.init(KEY, x)["params"] for name, module in modules.items()}
    assert kept(params) == {"['mixture']['weights']", "['prob_act']['sigma']"}
    rngs = nnx.Rngs(0)
    model = nnx.Dict(
        mixture=jaxact.nnx.Mixture(("relu", "tanh")),
        prob_act=jaxact.nnx.ProbAct(rngs=rngs),
        mlp=jaxact.nnx.GatedMLP(4, 8, rngs=rngs),
    )
    assert kept(nnx.state(model, nnx.Param)) == {"['mixture']['weights'].value", "['prob_act']['sigma'].value"}


def test_nested_lists():
    layer = {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}
    assert kept([layer, [{"beta": jnp.ones(())}, layer], ({"negative_slope": jnp.ones(3)},)]) == {
        "[1][0]['beta']",
        "[2][0]['negative_slope']",
    }


def test_a_single_activation():
    assert kept({"beta": 1.0}) == {"['beta']"}


@pytest.mark.parametrize("params", [{}, [], 1.0, [1.0, 2.0], {"kernel": {}}, None])
def test_nothing_to_keep(params):
    assert kept(params) == set()


@pytest.mark.parametrize(
    "params",
    [
        {"norm": {"beta": 1.0, "gamma": 1.0}},
        {"own": {"beta": 1.0, "kernel": 1.0}},
        {"own": {"beta": 1.0, "Dense_0": {"kernel": 1.0}}},
        {"beta": {"kernel": 1.0, "bias": 1.0}},
        {"layer": {"w": 1.0, "b": 1.0}},
        {"negative_slope": {"value": 1.0}},
        {"beta": [1.0, 2.0]},
    ],
)
def test_names_alone_are_not_enough(params):
    assert kept(params) == set()


def test_flax_layers_are_not_taken_for_activations():
    x, image = jnp.zeros((2, 8)), jnp.zeros((1, 4, 4, 8))
    layers = [
        *((layer(4), x) for layer in (nn.Dense, nn.DenseGeneral)),
        *((layer(4, (3, 3)), image) for layer in (nn.Conv, nn.ConvTranspose, nn.ConvLocal)),
        *((layer(), x) for layer in (nn.LayerNorm, nn.RMSNorm)),
        *((nn.LayerNorm(use_bias=b, use_scale=not b), x) for b in (True, False)),
        (nn.GroupNorm(4), x),
        (nn.BatchNorm(use_running_average=True), x),
        (nn.InstanceNorm(), image),
        (nn.WeightNorm(nn.Dense(4)), x),
        (nn.Embed(4, 8), jnp.zeros(2, int)),
        (nn.MultiHeadDotProductAttention(2), image),
        (nn.RNN(nn.LSTMCell(4)), x[None]),
        (nn.RNN(nn.GRUCell(4)), x[None]),
        (nn.Einsum((8, 4), "ij,jk->ik"), x),
    ]
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        for layer, example in layers:
            params = jax.eval_shape(layer.init, KEY, example)["params"]
            assert jax.tree.leaves(params)
            assert kept(params) == set(), layer


@pytest.mark.parametrize("framework", ["linen", "nnx"])
@pytest.mark.parametrize("computed", [False, True])
def test_adamw(framework, computed):
    params = linen_params() if framework == "linen" else nnx.state(NNX(), nnx.Param)
    optimizer = optax.adamw(0.1, weight_decay=0.1, mask=jaxact.decay_mask(params) if computed else jaxact.decay_mask)
    # Without a gradient there is nothing but the decay.
    with jax.numpy_dtype_promotion("standard"):  # which Optax relies on
        updates, _ = optimizer.update(jax.tree.map(jnp.zeros_like, params), optimizer.init(params), params)
    moved = optax.apply_updates(params, updates)
    leaves = zip(*map(jax.tree.leaves, (moved, params, jaxact.decay_mask(params))), strict=True)
    for new, old, decayed in leaves:
        np.testing.assert_allclose(new, old * 0.99 if decayed else old, rtol=1e-6 if decayed else 0)
    swish = moved["Swish_0"]["beta"] if framework == "linen" else moved["layers"][2]["beta"][...]
    assert swish == 1
