"""Each record's facts against the oracle, and that nothing is missing: an oracle line, a reference, a public name."""

import contextlib
import doctest
import importlib
import inspect
import pkgutil
import re

import jax
import numpy as np
import pytest
from support import oracle, ulp
from support.cases import SURROGATE, elementwise, every

import jaxact

FAR = 2.0**100
NO_REFERENCE = {"identity": "it is nobody's", "log_sigmoid": "it is the logarithm of sigmoid, which has one"}


def derivatives(spec, x, order=1):
    return oracle.derivatives(spec.name, np.atleast_1d(np.asarray(x, np.float64)), order, **spec.parameters)[0]


@elementwise
def test_range(spec):
    low, high = spec.range
    least = [] if spec.minimum is None else [spec.minimum]
    if spec.kind == "periodic":  # which has its bounds in between, and many times
        least += [z for z, _ in ulp.windows(lambda x: derivatives(spec, x)[1])]
    x = np.concatenate([np.linspace(-40, 40, 801), [-FAR, -1e4, 1e4, FAR], least])
    y = derivatives(spec, x, 0)[0]
    slack = 1e-12 * np.abs(y)
    assert np.all(y >= low - slack)
    assert np.all(y <= high + slack)
    for bound, reached in ((low, y.min()), (high, y.max())):
        if np.isinf(reached):
            assert reached == bound
        elif np.isinf(bound):
            further = derivatives(spec, [-(FAR**2), FAR**2], 0)[0]
            assert np.max(np.sign(bound) * (further - reached)) > 1  # it still grows, if only like a logarithm
        else:
            assert reached == pytest.approx(bound, rel=1e-12, abs=1e-12)


@elementwise
def test_slopes_at_both_ends(spec):
    if spec.kind == "periodic" and spec.tails is None:
        pytest.skip("its slope has no limit")
    slopes = derivatives(spec, [-FAR, FAR])[1]
    slopes = np.where(np.abs(slopes) > 1e20, np.copysign(np.inf, slopes), slopes)
    np.testing.assert_allclose(slopes, spec.tails, rtol=1e-12, atol=1e-12)


@elementwise
def test_kinks(spec):
    x = np.union1d(np.arange(-10, 10, 1 / 16), spec.kinks)
    step = 2.0**-30
    jump = np.abs(derivatives(spec, x + step)[1] - derivatives(spec, x - step)[1]) > 1e-4
    assert x[jump].tolist() == sorted(spec.kinks)


@elementwise
def test_minimum(spec):
    changes = [z for z, _ in ulp.windows(lambda x: derivatives(spec, x)[1])]
    if spec.name in SURROGATE:
        pytest.skip("its slope says nothing of its minimum")
    if spec.minimum is None:
        unbounded = spec.range[0] == -np.inf  # a local minimum there may be
        assert unbounded or spec.kind == "periodic" or not [z for z in changes if derivatives(spec, z + 1e-3)[1] > 0]
    else:
        left, right = derivatives(spec, spec.minimum + np.array([-1e-9, 1e-9]))[1]
        assert left < 0 < right


@every
def test_oracle_has_a_line(spec):
    assert spec.name in {*oracle.FORMULAS, *oracle.VECTOR, *oracle.STOCHASTIC}
    if spec.elementwise:
        assert [*inspect.signature(oracle.FORMULAS[spec.name]).parameters][1:] == [*spec.parameters]


def test_oracle_has_no_stale_line():
    assert {*oracle.FORMULAS, *oracle.VECTOR, *oracle.STOCHASTIC} == {s.name for s in jaxact.specs()}


@every
def test_public_name(spec):
    assert getattr(jaxact, spec.name) is spec.function
    assert re.search(rf"^from {spec.function.__module__} import {spec.name} as {spec.name}$", source(), re.MULTILINE)


def source():
    return inspect.getsource(jaxact)


@every
def test_docstring(spec):
    doc = inspect.getdoc(spec.function)
    lines = doc.splitlines()
    assert re.fullmatch(r"[A-Z].*\.", lines[0])
    assert lines[1] == ""
    assert spec.summary == lines[0]
    assert spec.formula
    order = [".. math::", "Args:", "Returns:", "Raises:", "Examples:", "References:"]
    places = [doc.find("\n" + s) for s in order]
    present = [p for p in places if p >= 0]
    assert present == sorted(present)
    assert min(places[:3]) > 0
    documented = re.findall(r"^  (\w+): ", doc.partition("\nArgs:")[2].partition("\nReturns:")[0], re.MULTILINE)
    assert documented == [*inspect.signature(spec.function).parameters]
    if spec.name in NO_REFERENCE:
        assert not spec.reference
    else:
        assert re.search(r"\b(18|19|20)\d\d\b", spec.reference)


@every
def test_annotations(spec):
    signature = inspect.signature(spec.function)
    assert all(p.annotation is not p.empty for p in signature.parameters.values())
    assert signature.return_annotation in ("Array", jax.Array)


def modules():
    names = [m.name for m in pkgutil.walk_packages(jaxact.__path__, "jaxact.") if not m.name.endswith("__main__")]
    return ["jaxact", *names]


@pytest.mark.parametrize("name", modules())
def test_doctests(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs an extra that is not installed: {error}")
    # These show initial values, for which nothing need be compiled.
    eager = jax.disable_jit() if name == "jaxact.nnx" else contextlib.nullcontext()
    with eager, jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_families_agree_with_modules():
    """A function lives in the module of its family."""
    for spec in jaxact.specs():
        module = spec.function.__module__.rpartition(".")[2]
        assert module == spec.kind or {module, spec.kind} <= {"smooth", "rectified", "parametric"}
