"""Look-up by the names of other libraries: the table against the names they have, and the functions behind them."""

import functools
import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from jaxact import _names

THEIRS = json.loads((Path(__file__).parent / "golden/names.json").read_text())
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


DETERMINISTIC = {n for n in THEIRS["torch"]["names"] if n.islower()} - {"gumbel_softmax", "rrelu"}


@pytest.mark.parametrize("name", sorted(DETERMINISTIC))
def test_values_are_those_of_pytorch(name):
    """At the defaults, for names of functions."""
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn.functional, name)
    x = np.linspace(-4, 4, 64, dtype=np.float32)
    more = {"prelu": (np.full(1, 0.25, np.float32),), "threshold": (0.5, 0.0)}.get(name, ())
    along = {"dim": -1} if name in ("softmax", "softmin", "log_softmax") else {}
    expected = theirs(torch.tensor(x), *(torch.tensor(m) if isinstance(m, np.ndarray) else m for m in more), **along)
    got = jaxact.get(name, "torch")(x, *more)
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-5, atol=1e-6)


def test_keras_has_another_negative_slope():
    function = jaxact.get("leaky_relu", "keras")
    assert isinstance(function, functools.partial)
    assert float(function(jnp.float32(-1))) == pytest.approx(-0.2)


def test_unknown_library():
    with pytest.raises(ValueError, match=r"jaxact.get: library must be one of .*torch.*, got 'caffe'"):
        jaxact.get("relu", "caffe")
