"""The linen and NNX modules are the same modules: names, arguments, parameters, results to the last bit."""

import inspect
import pathlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P
from support import cases

import jaxact

nn = pytest.importorskip("flax.linen")
nnx = pytest.importorskip("flax.nnx")

KEY = jax.random.key(0)
NAMES = [n for n in jaxact.linen.__all__ if n != "Learnable"]
LEARNABLE = [n for n in NAMES if issubclass(getattr(jaxact.linen, n), jaxact.linen.Learnable)]
CHANNELS = 6

DAILY = {"DyT", "GatedMLP", "MLP", "PReLU", "PolyNorm", "RReLU", "Swish", "XIELU"}


def each(names):
    """The names, all but some of them nightly: their classes are made of the same base."""
    return [n if n in DAILY else pytest.param(n, marks=pytest.mark.nightly) for n in names]


learnable = pytest.mark.parametrize("name", each(LEARNABLE))
# The base class does what these show, the same for all, so that they need not be compiled for each.
some = pytest.mark.parametrize("name", ["PReLU", "Swish", "Snake"])
frameworks = pytest.mark.parametrize("framework", ["linen", "nnx"])


FIXED = {"tanh_soft"}  # whose parameter the paper chooses and does not learn


def test_every_parametric_function_has_a_module():
    for framework in (jaxact.linen, jaxact.nnx):
        learned = {getattr(framework, name).record.name for name in LEARNABLE}
        assert {s.name for s in jaxact.specs(kind="parametric")} - learned == FIXED


def inputs(dtype=jnp.float32):
    return jnp.asarray(np.random.default_rng(0).normal(0, 2, (5, 3, CHANNELS)), dtype)


def make(framework, name, x, features=None, **arguments):
    """A module as a pair: a function of parameters and input, and the parameters, a dict of arrays."""
    if framework == "linen":
        module = getattr(jaxact.linen, name)(features=features, **arguments)
        variables = jax.jit(module.init)(KEY, x)  # compiled, so that what is not asked for is not computed
        return lambda params, x: module.apply({"params": params}, x), variables["params"]
    graph, state = nnx.split(getattr(jaxact.nnx, name)(features, rngs=nnx.Rngs(0), **arguments))

    def apply(params, x):
        with_params = jax.tree.map(lambda old, new: new, state, state)
        nnx.replace_by_pure_dict(with_params, params)
        return nnx.merge(graph, with_params)(x)

    return apply, nnx.to_pure_dict(state)


def scattered(params):
    """Parameters near, but not at, where they start."""
    rng = np.random.default_rng(1)
    return {n: p + jnp.asarray(rng.uniform(-0.1, 0.1, p.shape), p.dtype) for n, p in sorted(params.items())}


def arguments(cls):
    """Names and defaults of the arguments that belong to jaxact."""
    skip = {"parent", "name", "rngs"}
    if cls is jaxact.nnx.PReLU:
        skip |= {"promote_dtype", "negative_slope_metadata"}  # which Flax' own has
    return {n: p.default for n, p in inspect.signature(cls).parameters.items() if n not in skip}


def test_same_names():
    assert jaxact.linen.__all__ == jaxact.nnx.__all__ == sorted(jaxact.linen.__all__)
    assert {"PReLU", "RReLU", "Swish"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_same_arguments(name):
    assert arguments(getattr(jaxact.linen, name)) == arguments(getattr(jaxact.nnx, name))


@learnable
def test_defaults_are_those_of_the_function(name):
    cls = getattr(jaxact.linen, name)
    assert cls.record is getattr(jaxact.nnx, name).record
    given = arguments(cls)
    signature = inspect.signature(cls.record.function).parameters
    assert cls.record.parameters
    for parameter in cls.record.parameters:
        np.testing.assert_array_equal(given[f"{parameter}_init"], signature[parameter].default)
    for option in cls.record.options:
        assert given[option] == signature[option].default


def test_defaults_of_rrelu():
    signature = inspect.signature(jaxact.rrelu).parameters
    given = arguments(jaxact.linen.RReLU)
    assert all(given[n] == signature[n].default for n in ("lower", "upper", "deterministic"))


@frameworks
@learnable
@pytest.mark.parametrize("features", [None, CHANNELS])
def test_parameters(framework, name, features):
    record = getattr(jaxact.linen, name).record
    _, params = make(framework, name, inputs(), features)
    assert set(params) == set(record.parameters)
    for n, p in params.items():
        default = np.asarray(record.parameters[n])
        own = None if n in getattr(jaxact.linen, name).shared else features
        assert p.shape == (*default.shape, *([] if own is None else [own]))
        assert p.dtype == jnp.float32
        np.testing.assert_array_equal(np.moveaxis(p, -1, 0) if own else p, np.broadcast_to(
            default.astype(np.float32), p.shape if own is None else (own, *default.shape)))  # fmt: skip


@frameworks
@learnable
def test_equals_the_function(framework, name):
    x = inputs()
    apply, params = make(framework, name, x)
    params = scattered(params)
    function = getattr(jaxact.linen, name).record.function
    expected = cases.run(lambda x, params: function(x, **params), x, params)
    np.testing.assert_array_equal(cases.run(apply, params, x), expected)


@frameworks
@pytest.mark.parametrize("axis", [-1, 0, 1, -3])
def test_each_channel_has_its_own(framework, axis):
    x = inputs()
    size = x.shape[axis]
    apply, params = make(framework, "PReLU", x, size, axis=axis)
    slopes = np.linspace(-0.5, 1.5, size, dtype=np.float32)
    y = apply({"negative_slope": jnp.asarray(slopes)}, x)
    assert params["negative_slope"].shape == (size,)
    for channel in range(size):
        part = np.take(np.asarray(x), channel, axis)
        np.testing.assert_array_equal(
            np.take(np.asarray(y), channel, axis), np.where(part >= 0, part, slopes[channel] * part)
        )


@frameworks
@pytest.mark.parametrize("name", ["Rational", "DyT", "PReLU"])
def test_groups_of_channels(framework, name):
    """Neighbouring channels share parameters, as in Kolmogorov-Arnold transformers; their gradients add up."""
    x = inputs()
    apply, params = make(framework, name, x, CHANNELS, groups=2)
    each, _ = make(framework, name, x, CHANNELS)
    shared = getattr(jaxact.linen, name).shared
    assert {p.shape[-1] for n, p in params.items() if n not in shared} == {2}
    params = scattered(params)

    def repeated(params):
        return {n: p if n in shared else jnp.repeat(p, 3, -1) for n, p in params.items()}

    np.testing.assert_array_equal(apply(params, x), each(repeated(params), x))
    got = jax.grad(lambda p: (apply(p, x) ** 2).sum())(params)
    expected = jax.grad(lambda p: (each(repeated(p), x) ** 2).sum())(params)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4), got, expected)
    with pytest.raises(ValueError, match=rf"{name}: groups must divide features, got groups=4 and features=6"):
        make(framework, name, x, CHANNELS, groups=4)
    with pytest.raises(ValueError, match=rf"{name}: groups must divide features, got groups=2 and features=None"):
        make(framework, name, x, None, groups=2)


@some
@pytest.mark.parametrize("features", [None, CHANNELS])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
def test_same_bits(name, features, dtype):
    """Values and gradients, in input and parameters, from the same weights."""
    check_same_bits(name, features, dtype, lambda f, *arguments: jax.jit(f)(*arguments))


@learnable
def test_same_bits_of_all(name):
    check_same_bits(name, CHANNELS, jnp.bfloat16, cases.run)


def check_same_bits(name, features, dtype, run):
    x = inputs(dtype)
    results = []
    for framework in ("linen", "nnx"):
        apply, params = make(framework, name, x, features)

        def both(params, x, apply=apply):
            y, pullback = jax.vjp(apply, params, x)
            return y, *pullback(jnp.cos(y))

        results.append(run(both, scattered(params), x))
    assert results[0][0].dtype == dtype
    assert {p.dtype for p in results[0][1].values()} == {jnp.dtype(jnp.float32)}
    jax.tree.map(np.testing.assert_array_equal, *results)


@frameworks
@learnable
def test_dtype(framework, name):
    x = inputs()
    apply, params = make(framework, name, x, dtype=jnp.bfloat16, param_dtype=jnp.float16)
    assert {p.dtype for p in params.values()} == {jnp.dtype(jnp.float16)}
    assert jax.eval_shape(apply, params, x).dtype == jnp.bfloat16
    apply, params = make(framework, name, x)
    assert jax.eval_shape(apply, params, jnp.arange(3)).dtype == jnp.float32


TARGETS = [("PReLU", None, 0.1), ("PReLU", 3, [-0.2, 0.1, 0.6]), ("Swish", None, 2.0), ("Swish", 3, [0.5, 1.5, 2.5])]


@pytest.mark.parametrize(("name", "features", "target"), TARGETS)
def test_training_moves_them(name, features, target):
    """Both find the parameter that the data were made with, and by the same way."""
    x = jnp.asarray(np.random.default_rng(0).normal(0, 2, (64, 3)), jnp.float32)
    parameter, value = _only(name)
    wanted = np.float64(target)
    exact = np.float64(x)
    data = np.where(exact >= 0, exact, wanted * exact) if name == "PReLU" else exact / (1 + np.exp(-wanted * exact))
    data = jnp.asarray(data, jnp.float32)
    optimizer = optax.adam(0.05)
    ways = []
    for framework in ("linen", "nnx"):
        apply, params = make(framework, name, x, features)
        assert np.all(params[parameter] == np.float32(value))

        @jax.jit
        def train(params, apply=apply):
            def step(carry, _):
                params, state = carry
                gradient = jax.grad(lambda p: jnp.mean((apply(p, x) - data) ** 2))(params)
                updates, state = optimizer.update(gradient, state, params)
                params = optax.apply_updates(params, updates)
                return (params, state), params[parameter]

            return jax.lax.scan(step, (params, optimizer.init(params)), None, 600)[1]

        with jax.numpy_dtype_promotion("standard"):  # which Optax relies on
            ways.append(np.asarray(train(params)))
    np.testing.assert_array_equal(*ways)
    np.testing.assert_allclose(ways[0][-1], wanted, atol=1e-3)


def _only(name):
    ((parameter, value),) = getattr(jaxact.linen, name).record.parameters.items()
    return parameter, value


@frameworks
@some
def test_vmap_over_an_ensemble(framework, name):
    x = inputs()
    apply, params = make(framework, name, x, CHANNELS)
    members = [scattered(params), params, scattered(scattered(params))]
    ensemble = jax.tree.map(lambda *p: jnp.stack(p), *members)
    together = jax.vmap(apply, (0, None))(ensemble, x)
    for y, member in zip(together, members, strict=True):
        np.testing.assert_array_max_ulp(y, apply(member, x), 4)


@frameworks
@some
def test_no_recompilation(framework, name):
    x = inputs()
    apply, params = make(framework, name, x, CHANNELS)
    compiled = jax.jit(apply)
    for _ in range(3):
        compiled(params, x)
        params = scattered(params)
    assert compiled._cache_size() == 1


@frameworks
@learnable
def test_bad_arguments(framework, name):
    x = inputs()
    parameter = next(iter(getattr(jaxact.linen, name).record.parameters))
    apply, params = make(framework, name, x, CHANNELS, axis=2)
    with pytest.raises(ValueError, match=rf"{name}: features must equal .* axis 2, got features=6 for size 5"):
        apply(params, x[..., :5])
    with pytest.raises(ValueError, match=rf"{name}: axis must be in \[-2, 2\) for input of shape \(3, 6\), got 2"):
        apply(params, x[0])
    with pytest.raises(ValueError, match=rf"{name}: features must be None.* got 0"):
        make(framework, name, x, 0)
    with pytest.raises(ValueError, match=rf"{name}: {parameter}_init must be a number, or of shape .*got shape \(4,\)"):
        make(framework, name, x, CHANNELS, **{f"{parameter}_init": np.zeros(4)})
    with pytest.raises(TypeError, match="nonsense"):
        make(framework, name, x, nonsense=1)
    apply, params = make(framework, name, x)
    with pytest.raises(TypeError, match="must be a real array or number, got complex64 array"):
        apply(params, x.astype(jnp.complex64))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_rrelu_same_bits_from_the_same_key(dtype):
    x = inputs(dtype)
    modules = jaxact.linen.RReLU(0.1, 0.9), jaxact.nnx.RReLU(0.1, 0.9)
    drawn = modules[0].apply({}, x, rng=KEY), modules[1](x, rngs=KEY), jaxact.rrelu(x, KEY, 0.1, 0.9)
    assert drawn[0].dtype == dtype
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    mean = modules[0].apply({}, x, deterministic=True), modules[1](x, deterministic=True)
    np.testing.assert_array_equal(*mean)
    np.testing.assert_array_equal(mean[0], jnp.where(x >= 0, x, x * jnp.asarray(0.5, dtype)))


# ProbAct, Mixture and GatedMLP, which are not Learnable


def prob_act(framework, x, **arguments):
    """As a function of parameters, input and key, and the parameters."""
    if framework == "linen":
        module = jaxact.linen.ProbAct(**arguments)
        params = module.init(KEY, x, deterministic=True)["params"]
        return lambda params, x, key: module.apply({"params": params}, x, rng=key), params
    graph, state = nnx.split(jaxact.nnx.ProbAct(**arguments))
    return lambda params, x, key: merged(graph, state, params)(x, rngs=key), nnx.to_pure_dict(state)


def merged(graph, state, params):
    with_params = jax.tree.map(lambda old: old, state)
    nnx.replace_by_pure_dict(with_params, params)
    return nnx.merge(graph, with_params)


def other(framework, name, x, *positional, **arguments):
    """A deterministic module as a function of parameters and input, and the parameters."""
    if framework == "linen":
        module = getattr(jaxact.linen, name)(*positional, **arguments)
        return lambda params, x: module.apply({"params": params}, x), module.init(KEY, x)["params"]
    graph, state = nnx.split(getattr(jaxact.nnx, name)(*positional, rngs=nnx.Rngs(0), **arguments))
    return lambda params, x: merged(graph, state, params)(x), nnx.to_pure_dict(state)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("features", [None, CHANNELS])
def test_prob_act_is_the_function(dtype, features):
    x, results = inputs(dtype), []
    for framework in ("linen", "nnx"):
        apply, params = prob_act(framework, x, features=features, sigma_init=0.5)
        assert params["sigma"].shape == (() if features is None else (features,))
        y, pullback = jax.vjp(lambda p, x, apply=apply: apply(p, x, KEY), params, x)
        results.append((y, *pullback(y)))
    np.testing.assert_array_equal(results[0][0], jaxact.prob_act(x, KEY, 0.5))
    assert results[0][0].dtype == dtype
    assert results[0][1]["sigma"].dtype == jnp.float32
    jax.tree.map(np.testing.assert_array_equal, *results)
    default = inspect.signature(jaxact.prob_act).parameters["sigma"].default
    assert arguments(jaxact.linen.ProbAct)["sigma_init"] == default


MIXED = ("relu", "tanh", "mish", "prelu")


@frameworks
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize(("features", "axis"), [(None, -1), (CHANNELS, -1), (3, 1)])
def test_mixture_is_convex(framework, dtype, features, axis):
    x = inputs(dtype)
    apply, params = other(framework, "Mixture", x, MIXED, features=features, axis=axis)
    assert params["weights"].shape == ((4,) if features is None else (4, features))
    each = np.stack([np.asarray(jaxact.get(n)(x.astype(jnp.float32)), np.float64) for n in MIXED])
    tolerance = 1e-6 if dtype == jnp.float32 else 2**-8
    np.testing.assert_allclose(np.float64(apply(params, x)), each.mean(0), rtol=tolerance, atol=tolerance)
    weights = np.random.default_rng(0).normal(0, 1, params["weights"].shape)
    share = np.exp(weights) / np.exp(weights).sum(0)
    shape = (4, 1, 1, 1) if features is None else (4, 1, 1, features) if axis == -1 else (4, 1, features, 1)
    expected = (share.reshape(shape) * each).sum(0)
    y = apply({"weights": jnp.asarray(weights, jnp.float32)}, x)
    assert y.dtype == dtype
    np.testing.assert_allclose(np.float64(y), expected, rtol=tolerance, atol=tolerance)


def test_mixture_keeps_its_input_alone():
    x = jnp.ones(4096, jnp.bfloat16)
    apply, params = other("nnx", "Mixture", x, MIXED)
    leaves = jax.tree.leaves(jax.eval_shape(lambda p, x: jax.vjp(apply, p, x)[1], params, x))
    assert sum(leaf.size * leaf.dtype.itemsize for leaf in leaves if leaf.size > 4) == x.nbytes


@frameworks
def test_mixture_learns_which(framework):
    x = jnp.linspace(-3, 3, 64)
    apply, params = other(framework, "Mixture", x, MIXED)
    gradient = jax.jit(jax.grad(lambda p: jnp.mean((apply(p, x) - jaxact.tanh(x)) ** 2)))
    for _ in range(200):
        params = jax.tree.map(lambda p, g: p - 5 * g, params, gradient(params))
    assert jaxact.softmax(params["weights"])[1] > 0.9


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "Mixture: names must be a tuple of at least one activation, got ()"),
        ("relu", "Mixture: names must be a tuple of at least one activation, got 'relu'"),
        (("relu", "softmax"), "Mixture: names must be of elementwise activations, got 'softmax'"),
        (("relu", "swiglu"), "Mixture: names must be of elementwise activations, got 'swiglu'"),
    ],
)
@frameworks
def test_what_is_no_mixture(framework, names, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        other(framework, "Mixture", inputs(), names)
    with pytest.raises(KeyError, match="rellu"):
        other(framework, "Mixture", inputs(), ("rellu",))


GATES = [s.name for s in jaxact.specs("gated")]


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_gated_mlp(gate, dtype):
    x, results = inputs(dtype), []
    params = other("linen", "GatedMLP", x, CHANNELS, 16, gate=gate, use_bias=True)[1]
    params = jax.tree.map(lambda p: p + 0.1, params)
    for framework in ("linen", "nnx"):
        apply, own = other(framework, "GatedMLP", x, CHANNELS, 16, gate=gate, use_bias=True)
        assert jax.tree.map(jnp.shape, dict(own)) == jax.tree.map(jnp.shape, params)
        y, pullback = jax.vjp(jax.jit(apply), params, x)
        results.append((y, *pullback(y)))
    jax.tree.map(np.testing.assert_array_equal, *results)
    assert results[0][0].dtype == dtype
    assert {leaf.dtype for leaf in jax.tree.leaves(results[0][1])} == {jnp.dtype(jnp.float32)}

    def layer(name, x):
        return jnp.dot(x, params[name]["kernel"].astype(dtype)) + params[name]["bias"].astype(dtype)[None, None]

    gates, values = layer("wi_gate", x), layer("wi_value", x)
    h = values * jaxact.sigmoid(gates) if gate == "glu" else jaxact.get(gate)(gates, values)
    expected = np.float32(layer("wo", h))
    tolerance = 1e-5 if dtype == jnp.float32 else 0.1
    np.testing.assert_allclose(np.float32(results[0][0]), expected, rtol=tolerance, atol=tolerance)


@frameworks
def test_gated_mlp_dtypes_and_gates_of_ones_own(framework):
    x = inputs()
    apply, params = other(framework, "GatedMLP", x, CHANNELS, 8, dtype=jnp.bfloat16, param_dtype=jnp.float16)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype(jnp.float16)}
    assert set(params["wo"]) == {"kernel"}
    assert apply(params, x).dtype == jnp.bfloat16
    apply, params = other(framework, "GatedMLP", x, CHANNELS, 8, gate=lambda gate, value: 0 * gate + value)
    cases.close(apply(params, x), x @ params["wi_value"]["kernel"] @ params["wo"]["kernel"], 64)


@frameworks
def test_what_is_no_gated_mlp(framework):
    with pytest.raises(ValueError, match=r"GatedMLP: gate must be a function .*, swiglu, .*; got 'gelu'"):
        other(framework, "GatedMLP", inputs(), CHANNELS, 8, gate="gelu")
    with pytest.raises(ValueError, match="GatedMLP: hidden must be at least 1, got 0"):
        other(framework, "GatedMLP", inputs(), CHANNELS, 0)
    apply, params = other(framework, "GatedMLP", inputs(), CHANNELS, 8)
    with pytest.raises(ValueError, match=r"GatedMLP: features must equal .* last axis, got features=6 .*4"):
        apply(params, inputs()[..., :4])


LAYERS = {"MLP": ("wi",), "GatedMLP": ("wi_gate", "wi_value")}


@frameworks
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_what_a_feed_forward_layer_keeps(framework, name, dtype):
    """The inputs of its activation and nothing else of their size; the gradients are those without remat."""
    x = jnp.asarray(np.random.default_rng(0).normal(0, 1, (64, CHANNELS)), dtype)
    gradients, kept = [], []
    for remat in (True, False):
        apply, params = other(framework, name, x, CHANNELS, 256, remat=remat)

        def loss(params, x, apply=apply):
            return jnp.sum(apply(params, x) ** 2)

        gradients.append(jax.jit(jax.grad(loss, (0, 1)))(params, x))
        pullback = jax.eval_shape(lambda p, x, apply=apply: jax.vjp(apply, p, x)[1], params, x)
        kept.append([leaf for leaf in jax.tree.leaves(pullback) if leaf.shape == (64, 256)])
    assert len(kept[0]) == len(LAYERS[name]) < len(kept[1])
    assert {leaf.dtype for leaf in kept[0]} == {jnp.dtype(dtype)}
    tolerance = 1e-5 if dtype == jnp.float32 else 1e-2
    for a, b in zip(*map(jax.tree.leaves, gradients), strict=True):
        a, b = np.float32(a), np.float32(b)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())


@pytest.mark.parametrize("activation", ["mish", jaxact.relu_squared])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_mlp(activation, dtype):
    x, results = inputs(dtype), []
    params = other("linen", "MLP", x, CHANNELS, 16, activation=activation)[1]
    params = jax.tree.map(lambda p: p + 0.1, params)
    for framework in ("linen", "nnx"):
        apply, own = other(framework, "MLP", x, CHANNELS, 16, activation=activation)
        assert jax.tree.map(jnp.shape, dict(own)) == jax.tree.map(jnp.shape, params)
        y, pullback = jax.vjp(jax.jit(apply), params, x)
        results.append((y, *pullback(y)))
    jax.tree.map(np.testing.assert_array_equal, *results)
    assert results[0][0].dtype == dtype
    f = jaxact.get(activation) if isinstance(activation, str) else activation
    wide = jax.tree.map(np.float32, params)
    h = f(jnp.asarray(np.float32(x) @ wide["wi"]["kernel"] + wide["wi"]["bias"]))
    expected = np.asarray(h) @ wide["wo"]["kernel"] + wide["wo"]["bias"]
    tolerance = 1e-5 if dtype == jnp.float32 else 0.1
    np.testing.assert_allclose(np.float32(results[0][0]), expected, rtol=tolerance, atol=tolerance)


@frameworks
def test_what_is_no_mlp(framework):
    with pytest.raises(KeyError, match="gellu"):
        other(framework, "MLP", inputs(), CHANNELS, 8, activation="gellu")(*[])
    with pytest.raises(ValueError, match="MLP: hidden must be at least 1, got 0"):
        other(framework, "MLP", inputs(), CHANNELS, 0)


WEIGHTS = pathlib.Path(__file__).parent / "weights"
ARGUMENTS = {
    "GatedMLP": {"features": 4, "hidden": 3, "use_bias": True},
    "MLP": {"features": 4, "hidden": 3},
    "Maxout": {"features": 4, "units": 3},
    "MetaAcon": {"features": 4, "reduction": 2},
    "Mixture": {"names": ("relu", "tanh")},
    "ProbAct": {"features": 4, "deterministic": True},
}


@frameworks
@pytest.mark.parametrize("name", each(NAMES))
def test_on_an_explicit_mesh(framework, name):
    """Value and gradients of an input whose rows are sharded; the parameters are on every device."""
    mesh = jax.make_mesh((8,), ("d",), axis_types=(AxisType.Explicit,), devices=jax.devices()[:8])
    arguments = {k: v for k, v in ARGUMENTS.get(name, {"features": 4}).items() if name != "RReLU"}
    with jax.set_mesh(mesh):
        x = jax.device_put(jnp.ones((8, 4)), NamedSharding(mesh, P("d")))
        if framework == "linen":
            module = getattr(jaxact.linen, name)(**arguments)
            variables = module.init({"params": KEY, "activation": KEY}, x)

            def apply(variables, x):
                return module.apply(variables, x, rngs={"activation": KEY})
        else:
            module = getattr(jaxact.nnx, name)(**arguments, rngs=nnx.Rngs(0))
            graph, variables, others = nnx.split(module, nnx.Param, ...)

            def apply(variables, x):
                return nnx.merge(graph, variables, others)(x, **({"rngs": KEY} if name == "RReLU" else {}))

        y = jax.jit(apply)(variables, x)
        assert y.sharding.spec[0] == "d"
        gradients = jax.jit(jax.grad(lambda v, x: apply(v, x).sum(), (0, 1)))
        of_parameters, of_x = gradients(variables, x)
        assert of_x.sharding.spec[0] == "d"
        assert jax.tree.map(jnp.shape, of_parameters) == jax.tree.map(jnp.shape, variables)


WRONG = {
    "call it, as in lecun_normal": nn.initializers.lecun_normal,
    r"variance_scaling failed for a parameter of shape \(6,\)": nn.initializers.lecun_normal(),
    r"<lambda> gave shape \(2,\) for a parameter of shape \(6,\)": lambda key, shape, dtype: jnp.ones(2, dtype),
}


@frameworks
@pytest.mark.parametrize("message", WRONG)
def test_what_is_no_initializer(framework, message):
    with pytest.raises(ValueError, match=rf"Swish: beta_init must be a number, or an initializer.*{message}"):
        make(framework, "Swish", inputs(), CHANNELS, beta_init=WRONG[message])


@frameworks
@pytest.mark.filterwarnings("ignore:Sharding info not provided")
def test_saved_weights_load(framework):
    """Weights that the first version of the modules saved with Orbax give the results that it saved beside them."""
    checkpoint = pytest.importorskip("orbax.checkpoint")
    x = jnp.asarray(np.random.default_rng(0).normal(0, 2, (5, 4)), jnp.float32)
    saved = checkpoint.PyTreeCheckpointer().restore(WEIGHTS / framework)
    assert set(saved) | {"HOSC", "MLP", "PowLU", "RReLU", "STAF"} == set(NAMES)
    for name, entry in saved.items():
        arguments = ARGUMENTS.get(name, {"features": 4})
        if framework == "linen":
            y = getattr(jaxact.linen, name)(**arguments).apply({"params": entry["params"]}, x)
        else:
            module = getattr(jaxact.nnx, name)(**arguments, rngs=nnx.Rngs(0))
            state = nnx.state(module, nnx.Param)
            params = jax.tree.map(lambda leaf: leaf["value"], entry["state"], is_leaf=lambda e: set(e) == {"value"})
            assert jax.tree.structure(nnx.to_pure_dict(state)) == jax.tree.structure(params)
            nnx.replace_by_pure_dict(state, params)
            nnx.update(module, state)
            y = module(x)
        np.testing.assert_allclose(y, entry["result"], rtol=1e-5, atol=1e-6, err_msg=name)


@frameworks
def test_gated_mlp_split_over_devices(framework):
    """The metadata arrive, the hidden units are split by them, and one reduction joins what the devices found."""
    mesh = jax.make_mesh((2, 4), ("data", "model"), axis_types=(AxisType.Auto,) * 2, devices=jax.devices()[:8])
    x = jax.device_put(
        jnp.asarray(np.random.default_rng(0).normal(0, 1, (8, 4)), jnp.float32), NamedSharding(mesh, P("data"))
    )
    layout = {
        "wi_gate": {"kernel": P(None, "model")},
        "wi_value": {"kernel": P(None, "model")},
        "wo": {"kernel": P("model", None)},
    }
    arguments = {"features": 4, "hidden": 16, "partitioning": (None, "model")}
    if framework == "linen":
        module = jaxact.linen.GatedMLP(**arguments)
        shapes = jax.eval_shape(module.init, KEY, x)
        specs = nn.get_partition_spec(shapes)["params"]
        placed = jax.tree.map(lambda s: NamedSharding(mesh, s), specs, is_leaf=lambda s: isinstance(s, P))
        params = jax.jit(lambda: nn.unbox(module.init(KEY, x))["params"], out_shardings=placed)()
        compiled = jax.jit(lambda params, x: module.apply({"params": params}, x)).lower(params, x).compile()
        y = compiled(params, x)
    else:
        with jax.set_mesh(mesh):
            graph, state = nnx.split(jaxact.nnx.GatedMLP(**arguments, rngs=nnx.Rngs(0)))
            specs = nnx.to_pure_dict(nnx.get_partition_spec(state))
            compiled = jax.jit(lambda state, x: nnx.merge(graph, state)(x)).lower(state, x).compile()
            y = compiled(state, x)
        params = nnx.to_pure_dict(state)
    assert specs == layout
    kernel = params["wi_gate"]["kernel"]
    assert kernel.sharding.shard_shape(kernel.shape) == (4, 4)
    assert len(re.findall(r"= \S+ all-reduce\(", compiled.as_text())) == 1
    assert not re.search("all-gather|all-to-all|collective-permute", compiled.as_text())
    here = jax.device_get(params)
    gates, values = (np.asarray(x) @ here[name]["kernel"] for name in ("wi_gate", "wi_value"))
    np.testing.assert_allclose(y, np.asarray(jaxact.swiglu(gates, values)) @ here["wo"]["kernel"], rtol=1e-5, atol=1e-6)


@frameworks
@pytest.mark.parametrize(("shape", "axis"), [((5, 3, CHANNELS), -1), ((5, CHANNELS, 2, 3), 1), ((CHANNELS,), 0)])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_meta_acon_makes_its_sharpness_of_the_mean(framework, shape, axis, dtype):
    x = jnp.asarray(np.random.default_rng(0).normal(0, 2, shape), dtype)
    apply, params = other(framework, "MetaAcon", x, CHANNELS, axis=axis, reduction=4)
    assert jax.tree.map(jnp.shape, params) == {
        "fc1": {"bias": (4,), "kernel": (CHANNELS, 4)},
        "fc2": {"bias": (CHANNELS,), "kernel": (4, CHANNELS)},
        "p1": (CHANNELS,),
        "p2": (CHANNELS,),
    }
    last = np.moveaxis(np.asarray(x, np.float64), axis, -1)
    h = last.mean(tuple(range(1, last.ndim - 1)), keepdims=True) if last.ndim > 1 else last
    for layer in ("fc1", "fc2"):
        h = h @ np.float64(params[layer]["kernel"]) + np.float64(params[layer]["bias"])
    beta, p1, p2 = 1 / (1 + np.exp(-h)), np.float64(params["p1"]), np.float64(params["p2"])
    z = (p1 - p2) * last
    expected = np.moveaxis(z / (1 + np.exp(-beta * z)) + p2 * last, -1, axis)
    y = apply(params, x)
    assert y.dtype == dtype
    tolerance = 1e-5 if dtype == jnp.float32 else 2**-5
    np.testing.assert_allclose(np.float64(y), expected, rtol=tolerance, atol=tolerance)
    assert {n for n, kept in jaxact.decay_mask(params).items() if kept is False} == {"p1", "p2"}


@frameworks
def test_meta_acon_wants_its_channels(framework):
    apply, params = other(framework, "MetaAcon", inputs(), CHANNELS)
    with pytest.raises(ValueError, match=r"MetaAcon: features must equal .* axis -1, got features=6 for size 5"):
        apply(params, inputs()[..., :5])
    with pytest.raises(ValueError, match="MetaAcon: reduction must be at least 1, got 0"):
        other(framework, "MetaAcon", inputs(), CHANNELS, reduction=0)
