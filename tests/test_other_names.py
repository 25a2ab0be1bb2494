"""Look-up by the names of other libraries: the table against the names they have, and the functions behind them."""

import functools
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from jaxact import _names

GOLDEN = Path(__file__).parent / "golden"
THEIRS = json.loads((GOLDEN / "names.json").read_text())
VALUES = np.load(GOLDEN / "values.npz")
NOT_OFFERED = {
    ("torch", "MultiheadAttention"): "no activation",
    ("torch", "Softmax2d"): "softmax with axis=-3",
    (
        "transformers",
        "gelu_10",
    ): "a GELU cut off at -10 and 10 for quantisation; jnp.clip(jaxact.gelu_exact(x), -10, 10)",
}
PAIRS = [(library, name) for library, found in THEIRS.items() for name in found["names"]]


@pytest.mark.parametrize(("library", "name"), PAIRS)
def test_every_name_of_theirs_is_known(library, name):
    if (library, name) in NOT_OFFERED:
        with pytest.raises(KeyError):
            jaxact.get(name, library)
    else:
        assert callable(jaxact.get(name, library))


@pytest.mark.parametrize("library", _names.LIBRARIES)
def test_the_table_holds_what_differs_and_nothing_else(library):
    for name, meaning in _names.LIBRARIES[library].items():
        ours, arguments = (meaning, {}) if isinstance(meaning, str) else meaning
        record = jaxact.spec(ours)
        assert record.name == ours
        assert arguments.keys() <= {**record.parameters, **record.options}.keys()
        assert name != ours or arguments
        if library in THEIRS and name != "Identity":  # torch.nn.Identity is a module of another file
            assert name in THEIRS[library]["names"]


def test_libraries_agree_where_none_is_named():
    """A name without a library means one thing, but for those that are also names of jaxact."""
    names = {s.name for s in jaxact.specs()}
    meanings = {}
    for table in _names.LIBRARIES.values():
        for name, meaning in table.items():
            if name not in names:
                meanings.setdefault(name, set()).add(meaning)
    assert all(len(found) == 1 for found in meanings.values())


@pytest.mark.parametrize("key", [k for k in VALUES.files if "/" in k])
def test_values_are_theirs(key):
    """At the defaults."""
    library, _, name = key.partition("/")
    got = jaxact.get(name, library)(VALUES["x"])
    np.testing.assert_allclose(got, VALUES[key], rtol=1e-5, atol=1e-6)


OURS = {s.name for s in jaxact.specs()}

# What configurations for JAX may say, which is written down in functions of jax.nn.
PLAIN = {
    ("levanter", "gelu"): lambda x: jax.nn.gelu(x, approximate=False),
    ("levanter", "gelu_new"): jax.nn.gelu,
    ("levanter", "quick_gelu"): lambda x: x * jax.nn.sigmoid(1.702 * x),
    ("levanter", "relu"): jax.nn.relu,
    ("levanter", "relu2"): lambda x: jax.nn.relu(x) ** 2,
    ("levanter", "silu"): jax.nn.silu,
    ("levanter", "swish"): jax.nn.silu,
    ("levanter", "tanh"): jnp.tanh,
    ("maxtext", "linear"): lambda x: x,
    ("maxtext", "sqrtsoftplus"): lambda x: jnp.sqrt(jax.nn.softplus(x)),
    **{("maxtext", name): getattr(jax.nn, name) for name in dir(jax.nn) if name == "hard_swish" or name in OURS},
}


@pytest.mark.parametrize(("library", "name"), PLAIN)
def test_values_are_those_of_jax_nn(library, name):
    x = jnp.linspace(-20, 20, 82)
    np.testing.assert_allclose(jaxact.get(name, library)(x), PLAIN[library, name](x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("library", ["levanter", "maxtext"])
def test_every_name_of_the_table_is_compared(library):
    assert {(library, name) for name in _names.LIBRARIES[library]} <= PLAIN.keys()


def test_keras_has_another_negative_slope():
    function = jaxact.get("leaky_relu", "keras")
    assert isinstance(function, functools.partial)
    assert float(function(jnp.float32(-1))) == pytest.approx(-0.2)


def test_unknown_library():
    with pytest.raises(ValueError, match=r"jaxact.get: library must be one of .*torch.*, got 'caffe'"):
        jaxact.get("relu", "caffe")
