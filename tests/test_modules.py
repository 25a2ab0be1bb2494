"""The linen and NNX modules are the same modules: names, arguments, parameters, results to the last bit."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxact

nn = pytest.importorskip("flax.linen")
nnx = pytest.importorskip("flax.nnx")

KEY = jax.random.key(0)
NAMES = [n for n in jaxact.linen.__all__ if n != "Learnable"]
LEARNABLE = [n for n in NAMES if issubclass(getattr(jaxact.linen, n), jaxact.linen.Learnable)]
CHANNELS = 6

learnable = pytest.mark.parametrize("name", LEARNABLE)
frameworks = pytest.mark.parametrize("framework", ["linen", "nnx"])


def inputs(dtype=jnp.float32):
    return jnp.asarray(np.random.default_rng(0).normal(0, 2, (5, 3, CHANNELS)), dtype)


def make(framework, name, x, features=None, **arguments):
    """A module as a pair: a function of parameters and input, and the parameters, a dict of arrays."""
    if framework == "linen":
        module = getattr(jaxact.linen, name)(features=features, **arguments)
        variables = module.init(KEY, x)
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
    skip = {"self", "parent", "name", "rngs", "initial", "common"}
    found = {n: p.default for n, p in inspect.signature(cls.__init__).parameters.items() if n not in skip}
    if cls is not jaxact.nnx.Learnable and issubclass(cls, jaxact.nnx.Learnable):
        found |= {n: d for n, d in arguments(jaxact.nnx.Learnable).items() if n not in found}
    return found


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
        assert p.shape == (*default.shape, *([] if features is None else [features]))
        assert p.dtype == jnp.float32
        np.testing.assert_array_equal(np.moveaxis(p, -1, 0) if features else p, np.broadcast_to(
            default.astype(np.float32), p.shape if features is None else (features, *default.shape)))  # fmt: skip


@frameworks
@learnable
def test_equals_the_function(framework, name):
    x = inputs()
    apply, params = make(framework, name, x)
    params = scattered(params)
    function = getattr(jaxact.linen, name).record.function
    np.testing.assert_array_equal(apply(params, x), function(x, **params))


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


@learnable
@pytest.mark.parametrize("features", [None, CHANNELS])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
def test_same_bits(name, features, dtype):
    """Values and gradients, in input and parameters, from the same weights."""
    x = inputs(dtype)
    results = []
    for framework in ("linen", "nnx"):
        apply, params = make(framework, name, x, features)
        y, pullback = jax.vjp(jax.jit(apply), scattered(params), x)
        results.append((y, *pullback(jnp.cos(y))))
    assert results[0][0].dtype == dtype
    assert {p.dtype for p in results[0][1].values()} == {jnp.dtype(jnp.float32)}
    jax.tree.map(np.testing.assert_array_equal, *results)


@frameworks
@learnable
def test_dtype(framework, name):
    x = inputs()
    apply, params = make(framework, name, x, dtype=jnp.bfloat16, param_dtype=jnp.float16)
    assert {p.dtype for p in params.values()} == {jnp.dtype(jnp.float16)}
    assert apply(params, x).dtype == jnp.bfloat16
    apply, params = make(framework, name, x)
    assert apply(params, jnp.arange(3)).dtype == jnp.float32


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
@learnable
def test_vmap_over_an_ensemble(framework, name):
    x = inputs()
    apply, params = make(framework, name, x, CHANNELS)
    members = [scattered(params), params, scattered(scattered(params))]
    ensemble = jax.tree.map(lambda *p: jnp.stack(p), *members)
    together = jax.vmap(apply, (0, None))(ensemble, x)
    for y, member in zip(together, members, strict=True):
        np.testing.assert_array_max_ulp(y, apply(member, x), 4)


@frameworks
@learnable
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
