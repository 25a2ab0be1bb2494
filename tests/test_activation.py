"""The decorator, the record it leaves behind, and look-up by name."""

import dataclasses
import inspect
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases

import jaxact
from jaxact import _activation


@pytest.fixture
def cube():
    """An activation of the reader's own, taken off the list again."""

    @jaxact.activation(
        slope=(lambda x, scale: 3 * scale * x * x, lambda x, scale: x * x * x),
        kind="smooth",
    )
    def cube(x, scale=2.0):
        r"""Scaled cube.

        .. math::

           \mathrm{cube}(x) = s x^3

        Args:
          x: real array.
          scale: factor.

        References:
          Nobody, Cubes
          for all, 2001.
        """
        return scale * x * x * x

    yield cube
    del _activation._REGISTRY["cube"]


def test_an_activation_of_ones_own(cube):
    x = jnp.array([1.0, -2.0], jnp.bfloat16)
    assert jaxact.get("cube") is cube
    assert cube(x).tolist() == [2, -16]
    assert jax.grad(lambda x: cube(x, 1.0).sum())(x).tolist() == [3, 12]
    assert jax.grad(lambda s: cube(x, s).sum())(1.0) == -7


def test_a_body_alone():
    """JAX derives the slope, in the backward pass, from ``x`` and in float32."""

    @jaxact.activation(kind="smooth")
    def squared_gate(x, power=2.0):
        """Product with a squared sigmoid."""
        return x * jaxact.sigmoid(x) ** power

    try:
        x = jnp.linspace(-6, 6, 25, dtype=jnp.bfloat16)
        wide = np.float64(x)
        s = 1 / (1 + np.exp(-wide))
        y, pullback = jax.vjp(squared_gate, x)
        assert [a.dtype for a in jax.tree.leaves(pullback) if a.size > 1] == [jnp.bfloat16]
        np.testing.assert_allclose(np.float64(y), wide * s**2, rtol=2**-8)
        (slope,) = pullback(jnp.ones_like(y))
        np.testing.assert_allclose(np.float64(slope), s**2 * (1 + 2 * wide * (1 - s)), rtol=2**-8, atol=1e-4)
        assert jax.grad(squared_gate, 1)(1.0, 2.0) < 0
        assert jax.grad(jax.grad(squared_gate))(0.5) > 0
    finally:
        del _activation._REGISTRY["squared_gate"]


@pytest.mark.parametrize(("name", "default"), [("swish", 1.0), ("softplus", 1.0)])
def test_parameters_left_out(name, default):
    """A program of fewer operations, and the same function."""
    f, x = jaxact.get(name), jnp.linspace(-20, 20, 999, dtype=jnp.float32)

    def three(*parameters):
        value = jax.vmap(f, (0, *(None for _ in parameters)))
        slope = jax.vmap(jax.grad(f), (0, *(None for _ in parameters)))
        curvature = jax.vmap(jax.grad(jax.grad(f)), (0, *(None for _ in parameters)))
        return [g(x, *parameters) for g in (value, slope, curvature)]

    for short, full in zip(three(), three(default), strict=True):
        cases.close(short, full)

    def operations(*parameters):
        return jax.jit(f).lower(x, *parameters).as_text().count("stablehlo.")

    assert operations() < operations(default)


def test_record(cube):
    spec = jaxact.spec("cube")
    assert spec == jaxact.spec(cube)
    assert (spec.name, spec.kind, spec.parameters, spec.options) == ("cube", "smooth", {"scale": 2.0}, {})
    assert spec.summary == "Scaled cube."
    assert spec.formula == r"\mathrm{cube}(x) = s x^3"
    assert spec.reference == "Nobody, Cubes for all, 2001."
    assert not spec.elementwise  # no range is given
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "other"


def test_function_stays_the_authors_own(cube):
    assert cube.__name__ == "cube"
    assert cube.__doc__.startswith("Scaled cube.")
    assert [*inspect.signature(cube).parameters] == ["x", "scale"]


def test_keyword_arguments(cube):
    assert cube(x=jnp.float32(1.0), scale=3.0) == 3
    assert jax.grad(lambda x: cube(scale=3.0, x=x))(1.0) == 9


def test_unknown_name_gets_the_closest():
    with pytest.raises(KeyError, match=r"no activation 'mihs'.*mish"):
        jaxact.get("mihs")
    with pytest.raises(KeyError, match=r"specs\(\) lists them all"):
        jaxact.get("zzzzzzzz")


def test_another_function_of_the_same_name_is_not_found():
    def relu(x):
        return x

    with pytest.raises(KeyError, match="relu"):
        jaxact.spec(relu)


@pytest.mark.parametrize("kind", ["saturating", "rectified", "smooth", "parametric", "stochastic", "gated", "simplex"])
def test_specs_of_a_kind(kind):
    found = jaxact.specs(kind=kind)
    assert found
    assert {s.kind for s in found} == {kind}
    assert [s.name for s in found] == sorted(s.name for s in found)


def test_kinds_make_up_the_whole():
    names = [s.name for s in jaxact.specs()]
    assert len(set(names)) == len(names)
    assert {s.kind for s in jaxact.specs()} <= {*_activation.get_args(_activation.Kind)}


def test_unknown_kind():
    with pytest.raises(ValueError, match=r"kind must be one of saturating, .*got 'sharp'"):
        jaxact.specs(kind="sharp")


@pytest.mark.parametrize(
    ("alias", "name"), [("hard_swish", "hard_silu"), ("logistic", "sigmoid"), ("linear", "identity")]
)
def test_aliases(alias, name):
    assert jaxact.get(alias) is getattr(jaxact, name)


def test_core_names():
    core = """identity relu relu6 leaky_relu prelu rrelu elu celu selu sigmoid log_sigmoid tanh soft_sign hard_sigmoid
    hard_silu hard_swish hard_tanh softplus silu swish mish gelu gelu_exact gelu_tanh quick_gelu squareplus sparse_plus
    sparse_sigmoid glu softmax log_softmax"""
    for name in core.split():
        assert callable(getattr(jaxact, name)), name


def test_no_such_attribute():
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = jaxact.nonesuch


def test_import_is_light():
    """Neither Flax, Optax nor matplotlib is loaded."""
    code = "import jaxact, sys; print([m for m in ('flax', 'optax', 'matplotlib', 'mpmath') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
