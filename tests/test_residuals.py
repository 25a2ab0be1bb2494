"""What reverse mode keeps: at most one array per activation, no wider than its input, or a byte an element."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases, oracle
from support.cases import SHAPE, batch, every, unary

import jaxact

N = math.prod(SHAPE)
dtypes = pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=["float32", "bfloat16"])


def kept(f, *args):
    """Bytes that the pullback holds, scalars left out."""
    pullback = jax.eval_shape(lambda *args: jax.vjp(f, *args)[1], *args)
    return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(pullback) if a.size > 1)


def piecewise_linear(spec):
    """At parameters that are not 0, where one may be a line that else is none."""
    x = np.linspace(-7.9, 7.9, 200)
    parameters = {n: p or 0.5 for n, p in cases.defaults(spec).items()} if spec.elementwise else {}
    return spec.elementwise and not np.any(oracle.derivatives(spec.name, x, 2, **parameters)[0][2])


@every
@dtypes
def test_one_array_per_activation(spec, dtype):
    x = batch(SHAPE).astype(dtype)
    limit = N if piecewise_linear(spec) else N * x.dtype.itemsize
    # In float32, two numbers for each row.
    rows = 2 * x.nbytes // SHAPE[-1] if spec.name == "log_softmax" and dtype == jnp.float32 else 0
    assert kept(unary(spec), x) <= limit + rows


@cases.elementwise
def test_a_layer_computes_the_product_with_the_slope_once(spec):
    """For the gradients in its input and in its weights: the second one costs a matrix product more and no slope."""
    if piecewise_linear(spec):
        pytest.skip("the product is a selection, which costs nothing to repeat")
    x, w, v = batch((4, 8, 16)), batch((16, 32), seed=1), batch((32, 16), seed=2)

    def operations(wrt):
        gradient = jax.jit(jax.grad(lambda x, w: jnp.sum(unary(spec)(x @ w) @ v), wrt))
        return gradient.lower(x, w).compile().cost_analysis()["flops"]

    assert operations((0, 1)) == operations(1) + 2 * x.size * w.shape[1]


@pytest.mark.parametrize("spec", [s for s in jaxact.specs() if cases.inputs(s) > 1], ids=lambda s: s.name)
@dtypes
def test_one_array_per_input(spec, dtype):
    """Gated functions keep gate and value, where ``jax.nn`` keeps up to five arrays."""
    xs = [batch(SHAPE, seed=seed).astype(dtype) for seed in range(cases.inputs(spec))]
    assert kept(spec.function, *xs) <= sum(x.nbytes for x in xs)


@dtypes
def test_noise_is_drawn_again(dtype):
    """A byte an element for the slope of relu, although the noise has a slope in sigma."""
    x, key = batch(SHAPE).astype(dtype), jax.random.key(0)
    assert kept(lambda x, sigma: jaxact.prob_act(x, key, sigma), x, np.float32(0.5)) <= N + 8  # and the key
    assert kept(lambda x, tau: jaxact.gumbel_softmax(x, key, tau), x, np.float32(0.5)) <= x.nbytes + 8


@cases.learnable
def test_a_parameter_per_channel_costs_its_own_size(spec):
    x = batch(SHAPE)
    parameters = [jnp.full(SHAPE[1:], p, jnp.float32) for p in spec.parameters.values()]
    assert kept(spec.function, x, *parameters) <= x.nbytes + 64 + sum(p.nbytes for p in parameters) + x.size


def test_kept_counts_what_jax_nn_keeps():
    assert kept(jax.nn.mish, batch(SHAPE)) > 3 * 4 * N


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["mish", "gelu", "silu", "snake", "glu", "swiglu"])
@pytest.mark.parametrize("scanned", [False, True], ids=["unrolled", "scanned"])
def test_whole_network(name, scanned):
    """The compiled gradient of a network holds little more than inputs and outputs of its activations."""
    layers, width, rows, spec = 16, 32, 4096, jaxact.spec(name)
    inputs = 2 if spec.kind == "gated" else 1

    def act(x):
        return spec.function(*jnp.split(x, cases.inputs(spec), -1))

    def loss(weights, x):
        def step(h, w):
            return act(h @ w), None

        if scanned:
            return jax.lax.scan(step, x, weights)[0].sum()
        for w in weights:
            x, _ = step(x, w)
        return x.sum()

    weights = jax.ShapeDtypeStruct((layers, width, inputs * width), np.float32)
    compiled = jax.jit(jax.grad(loss)).lower(weights, jax.ShapeDtypeStruct((rows, width), np.float32)).compile()
    arrays = compiled.memory_analysis().temp_size_in_bytes / (rows * width * 4)
    assert arrays / layers <= inputs + 1.35
