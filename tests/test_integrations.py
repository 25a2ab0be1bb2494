"""jaxact inside other code: frameworks, JAX's debugging modes and tracers, pickling."""

import copy
import functools
import importlib.util
import inspect
import pickle
import subprocess
import sys
import threading

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.experimental import checkify
from support import cases

import jaxact

X = cases.batch((8, 4))


# JAX's own modes


ROWS = [s.name for s in jaxact.specs("simplex")]


@pytest.mark.parametrize("name", ["mish", "gelu", "elu", "softplus", "poly_norm", *ROWS])
def test_no_nan_where_there_is_none(name):
    """``checkify`` finds no NaN on the way to a result, of finite extremes among others."""
    f = cases.unary(jaxact.spec(name))
    x = jnp.asarray([[-3e38, 3e38, 0.0, 1.0], [-1e20, 1e20, -1e-30, 5.0]])
    error, y = checkify.checkify(f, errors=checkify.nan_checks)(x)
    assert error.get() is None
    assert np.all(np.isfinite(y)) or name == "log_softmax"


@pytest.mark.parametrize("name", sorted({*ROWS} - {"log_softmax", "simnorm", "softmin"}))
def test_no_nan_beside_what_is_left_out(name):
    """A logit of -inf has no share in a row."""
    f, x = jaxact.get(name), jnp.asarray([[-jnp.inf, 0.0, 1.0, 2.0], [-jnp.inf] * 4])
    weights = jnp.asarray([[1.0, 2.0, 3.0, 4.0]])

    def gradient(x):
        return jax.grad(lambda x: (f(x) * weights).sum())(x)

    for g in (f, gradient):
        error, _ = checkify.checkify(g, errors=checkify.nan_checks)(x)
        assert error.get() is None
        with jax.debug_nans(True), jax.disable_jit():
            g(x)


@pytest.mark.parametrize("name", ["mish", "gelu", "softmax", "swish", "relu", "swiglu"])
def test_debugging_modes(name):
    f = cases.unary(jaxact.spec(name))
    gradient = jax.grad(lambda x: f(x).sum())
    expected = gradient(X)
    with jax.debug_nans(True):
        cases.close(gradient(X), expected)
    with jax.disable_jit():
        cases.close(gradient(X), expected, 32)
    with jax.debug_nans(True), jax.disable_jit():
        cases.close(gradient(X), expected, 32)
    with jax.check_tracer_leaks():
        cases.close(jax.jit(gradient)(X), expected)


def test_transfer_guard():
    f = jax.jit(jax.grad(lambda x: jaxact.swish(x, 1.5).sum()))
    f(X)
    with jax.transfer_guard("disallow"):
        f(X)


def test_checkpoint_policies():
    def loss(w, x):
        return (jaxact.mish(x @ w) ** 2).sum()

    w = cases.batch((4, 4), seed=1)
    expected = jax.grad(loss)(w, X)
    for policy in (
        jax.checkpoint_policies.nothing_saveable,
        jax.checkpoint_policies.everything_saveable,
        jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
    ):
        np.testing.assert_allclose(jax.grad(jax.checkpoint(loss, policy=policy))(w, X), expected, rtol=1e-4, atol=1e-5)


def test_threads():
    """Functions first called from several threads at once."""
    expected = {n: np.asarray(cases.unary(jaxact.spec(n))(X)) for n in ("mish", "serf", "snake", "softmax")}
    jax.clear_caches()
    found = []

    def run(name):
        found.append((name, np.asarray(cases.unary(jaxact.spec(name))(X))))

    threads = [threading.Thread(target=run, args=(n,)) for n in [*expected] * 4]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 16
    for name, y in found:
        np.testing.assert_array_equal(y, expected[name])


def test_sparse_arrays_through_the_body():
    sparse = pytest.importorskip("jax.experimental.sparse")
    x = sparse.BCOO.fromdense(jnp.asarray([[0.0, 2.0], [-1.0, 0.0]]))
    y = sparse.sparsify(jaxact.spec("leaky_relu").body)(x.data)
    np.testing.assert_allclose(y, jaxact.leaky_relu(x.data))


@pytest.mark.parametrize("name", [s.name for s in jaxact.specs() if s.kind != "stochastic"])
def test_onnx_through_the_body(name, tmp_path):
    to_onnx = pytest.importorskip("jax2onnx").to_onnx
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    body, x = jaxact.spec(name).body, np.linspace(-3, 3, 24, dtype="float32").reshape(3, 8)
    inputs = sum(p.default is p.empty for p in inspect.signature(jaxact.get(name)).parameters.values())
    onnx.save(to_onnx(body, [("B", 8)] * inputs), tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    (y,) = session.run(None, {given.name: x for given in session.get_inputs()})
    np.testing.assert_allclose(y, body(*[x] * inputs), rtol=1e-3, atol=1e-6)


# Pickling


def test_records_pickle_as_what_is_registered():
    for spec in jaxact.specs():
        assert copy.deepcopy(spec) is spec
        assert pickle.loads(pickle.dumps(spec)) is spec
        for face in (spec.value, *spec.slopes, spec.body):
            assert pickle.loads(pickle.dumps(face)) is face
            assert copy.deepcopy(face) is face


def test_cloudpickle_of_an_activation_of_ones_own():
    pytest.importorskip("cloudpickle")
    code = """
import sys, cloudpickle, jax, jaxact
@jaxact.activation(kind="smooth", slope=lambda x: jaxact.sigmoid(x))
def mine(x):
    "Mine."
    return jaxact.softplus(x)
mine(1.0)
sys.stdout.buffer.write(cloudpickle.dumps((mine, jaxact.spec("mish"), jaxact.spec("mish").body)))
"""
    sent = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=300).stdout
    mine, record, body = pickle.loads(sent)
    assert float(mine(1.0)) == pytest.approx(1.3132617)
    assert float(jax.grad(mine)(1.0)) == pytest.approx(0.7310586)
    assert record is jaxact.spec("mish")
    assert body is record.body


# Names


def test_get_gives_one_object():
    f = jaxact.get("leaky_relu", "keras")
    assert f is jaxact.get("leaky_relu", "keras")
    assert jaxact.spec(f) is jaxact.spec("leaky_relu")
    compiled = jax.jit(lambda x, f: f(x), static_argnums=1)
    for _ in range(3):
        compiled(X, jaxact.get("leaky_relu", "keras"))
    assert compiled._cache_size() == 1


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("SwiGLU", "swiglu"),
        ("leaky-relu", "leaky_relu"),
        ("LeakyReLU", "leaky_relu"),
        ("hard swish", "hard_silu"),
        ("Hard-Swish", "hard_silu"),
        ("GELU", "gelu_exact"),
        ("gelu", "gelu"),
        ("Gelu", "gelu"),
        ("MISH", "mish"),
        ("Log Softmax", "log_softmax"),
        ("relu_2", "relu_squared"),
    ],
)
def test_spelling(given, name):
    assert jaxact.spec(given).name == name


@pytest.mark.parametrize(
    ("name", "library", "ours"),
    [
        ("GELU", "pytorch", "gelu_exact"),
        ("GELU", "keras", "gelu_exact"),
        ("gelu", "jax", "gelu"),
        ("gelu", "levanter", "gelu_exact"),
        ("gelu_new", "levanter", "gelu_tanh"),
        ("gelu", "maxtext", "gelu"),
        ("linear", "maxtext", "identity"),
        ("Leaky-ReLU", "torch", "leaky_relu"),
    ],
)
def test_spelling_of_a_library(name, library, ours):
    assert jaxact.spec(jaxact.get(name, library)).name == ours


def test_functions_of_other_libraries():
    assert jaxact.spec(jax.nn.gelu).name == "gelu"
    assert jaxact.spec(jax.nn.hard_swish).name == "hard_silu"
    assert jaxact.spec(jnp.tanh).name == "tanh"
    assert jaxact.spec(functools.partial(jaxact.elu, alpha=0.5)).name == "elu"
    with pytest.raises(KeyError, match="no activation that stands for"):
        jaxact.spec(jnp.add)
    with pytest.raises(KeyError, match="closest names are swish") as caught:
        jaxact.spec("swihs")
    close = str(caught.value).partition("names are ")[2].strip("'\"").split(", ")
    assert len(close) == len(set(close))


# Frameworks


def test_optax_with_injected_hyperparameters():
    nnx = pytest.importorskip("flax.nnx")
    model = nnx.Sequential(nnx.Linear(4, 4, rngs=nnx.Rngs(0)), jaxact.nnx.Swish(4))
    optimizer = nnx.Optimizer(
        model, optax.inject_hyperparams(optax.adamw)(1e-2, weight_decay=0.1, mask=jaxact.decay_mask), wrt=nnx.Param
    )
    with jax.numpy_dtype_promotion("standard"):
        before = model.layers[1].beta[...]
        optimizer.update(model, nnx.grad(lambda m: (m(X) ** 2).mean())(model))
    assert np.all(model.layers[1].beta[...] != before)


def test_tabulate():
    nn, nnx = pytest.importorskip("flax.linen"), pytest.importorskip("flax.nnx")
    assert "beta" in jaxact.linen.Swish(features=4).tabulate(jax.random.key(0), X)
    assert "wo" in jaxact.linen.GatedMLP(4, 8).tabulate(jax.random.key(0), X)
    assert "beta" in nnx.tabulate(jaxact.nnx.Swish(4), X)
    assert nn is not None


@pytest.mark.filterwarnings("ignore")
def test_equinox():
    eqx = pytest.importorskip("equinox")
    mlp = eqx.nn.MLP(4, 4, 8, 2, activation=jaxact.mish, key=jax.random.key(0))
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        gradient = eqx.filter_jit(eqx.filter_grad(lambda m: jax.vmap(m)(X).sum()))(mlp)
    assert all(bool(jnp.all(jnp.isfinite(g))) for g in jax.tree.leaves(gradient))


@pytest.mark.filterwarnings("ignore")
def test_haiku():
    hk = pytest.importorskip("haiku")
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        net = hk.without_apply_rng(hk.transform(lambda x: hk.nets.MLP([8, 2], activation=jaxact.gelu)(x)))
        params = net.init(jax.random.key(0), X)
        assert net.apply(params, X).shape == (8, 2)


@pytest.mark.filterwarnings("ignore")
def test_numpyro():
    numpyro = pytest.importorskip("numpyro")

    def model(x):
        numpyro.sample("y", numpyro.distributions.Bernoulli(jaxact.sigmoid(x)))

    with jax.numpy_dtype_promotion("standard"):
        trace = numpyro.handlers.trace(numpyro.handlers.seed(model, jax.random.key(0))).get_trace(X)
    assert trace["y"]["value"].shape == X.shape


@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="Keras is not installed")
def test_keras_saves_and_loads(tmp_path):
    code = f"""
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras, numpy as np, jaxact
jaxact.keras.register()
jaxact.keras.register()
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation=jaxact.leaky_relu),
                          keras.layers.Dense(2, activation=jaxact.gelu)])
x = np.linspace(-3, 3, 32, dtype=np.float32).reshape(8, 4)
expected = model.predict(x, verbose=0)
model.save({str(tmp_path / "m.keras")!r})
loaded = keras.saving.load_model({str(tmp_path / "m.keras")!r})
assert loaded.layers[0].activation is jaxact.leaky_relu
assert loaded.layers[1].activation is jaxact.gelu
np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-6)
assert keras.models.clone_model(model).layers[0].activation is jaxact.leaky_relu
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr


def test_keras_is_asked_for_when_it_is_absent():
    code = """
import sys
sys.modules["keras"] = None
import jaxact
try:
    jaxact.keras.register()
except ImportError as error:
    print(error)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300).stdout
    assert "pip install keras" in out
