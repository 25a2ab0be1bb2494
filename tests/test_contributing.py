"""The example of CONTRIBUTING.md: a composition with all its digits, in under twenty lines."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from support import samples, ulp

import jaxact
from jaxact import _activation

PAGE = Path(__file__).parent.parent / "CONTRIBUTING.md"
if not PAGE.exists():
    pytest.skip("CONTRIBUTING.md is not part of this copy of the tests", allow_module_level=True)


@pytest.fixture
def example():
    """The function, its lines, taken off the list again."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = [line[4:] for line in code.splitlines() if line.startswith((">>> ", "... "))]
    lines = [line for line in lines if not line.startswith("float(")]
    namespace = {}
    exec("\n".join(lines), namespace)
    yield namespace["silu_squared"], lines
    del _activation._REGISTRY["silu_squared"]


def truth(x):
    """Value and slope in mpmath."""
    with mpmath.workdps(40):
        points = [mpmath.mpf(float(a)) for a in x]
        sigmas = [1 / (1 + mpmath.exp(-a)) for a in points]
        pairs = zip(points, sigmas, strict=True)
        return np.array([(a * s * s, s * s * (1 + 2 * a / (1 + mpmath.exp(a)))) for a, s in pairs], float).T


def test_it_is_as_right_as_any(example):
    function, lines = example
    assert len([line for line in lines if line and not line.startswith(("import", "from"))]) < 20
    x = samples.wide(np.float32, ())
    value, slope = truth(x)
    windows = [ulp.window(x, ulp.windows(lambda x, k=k: truth(x)[k])) for k in (0, 1)]
    assert ulp.error(np.asarray(function(x)), value, 0.0, windows[0]).max() <= 6
    assert ulp.error(np.asarray(jax.vmap(jax.grad(function))(x)), slope, 0.0, windows[1]).max() <= 8
    ends = jnp.array([-jnp.inf, jnp.inf])
    assert function(ends).tolist() == [0, np.inf]
    assert jax.vmap(jax.grad(function))(ends).tolist() == [0, 1]
    assert jaxact.get("silu_squared") is function
