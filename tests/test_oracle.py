"""The oracle against another arithmetic, other ways to differentiate, and numbers from the literature."""

import inspect

import mpmath
import numpy as np
import pytest
from support import oracle
from support.cases import SURROGATE

pytestmark = pytest.mark.nightly

POINTS = np.array([-7.3, -0.9, 0.0078125, 0.75, 2.5])
PARAMETERS = {"alpha": 1.25, "b": 4.0, "beta": 1.5, "gate": 0.5, "negative_slope": 0.01, "t_l": -0.5} | dict.fromkeys(
    ("hinges", "lambd", "max_val", "t_r", "tau", "threshold"),
    0.5,  # which is none of the points
)


def parameters(name):
    return {n: PARAMETERS.get(n, 0.75) for n in [*inspect.signature(oracle.FORMULAS[name]).parameters][1:]}


@pytest.mark.parametrize("name", sorted(oracle.FORMULAS.keys() - SURROGATE))  # whose value does not have their slope
def test_agrees_with_mpmath(name):
    high, low = oracle.derivatives(name, POINTS, 2, **parameters(name))
    with mpmath.workdps(40):
        for i, x in enumerate(POINTS):
            for order in range(3):
                other = oracle.in_mpmath(name, x, order, **parameters(name))
                assert abs(mpmath.mpf(high[order, i]) + low[order, i] - other) <= 1e-28 * max(abs(other), 1)


@pytest.mark.parametrize(("name", "parameter"), [(n, p) for n in oracle.FORMULAS for p in parameters(n)])
def test_derivative_in_a_parameter(name, parameter):
    p = parameters(name)
    step = 2.0**-20
    left, right = (
        oracle.derivatives(name, POINTS, 0, **{**p, parameter: p[parameter] + d})[0][0] for d in (-step, step)
    )
    slope = oracle.derivatives(name, POINTS, 1, parameter, **p)[0][1]
    np.testing.assert_allclose(slope, (right - left) / (2 * step), rtol=1e-8, atol=1e-8)


def test_tails_far_below_the_rounding_of_one():
    np.testing.assert_allclose(oracle.derivatives("sigmoid", np.array([80.0]), 1)[0][1], np.exp(-80), rtol=1e-14)
    with mpmath.workdps(50):
        x = mpmath.mpf(-13)
        slope = mpmath.ncdf(x) + x * mpmath.npdf(x)
    np.testing.assert_allclose(oracle.derivatives("gelu_exact", np.array([-13.0]), 1)[0][1], float(slope), rtol=1e-15)
    assert oracle.derivatives("tanh", np.array([1e300]), 2)[0].tolist() == [[1.0], [0.0], [0.0]]


def test_kinks_follow_the_branch_that_holds_the_point():
    slope = {n: oracle.derivatives(n, np.array([x]), 1)[0][1, 0] for n, x in [("relu", 0.0), ("hard_tanh", 1.0)]}
    assert slope == {"relu": 0, "hard_tanh": 1}


def test_published_minimum_of_mish():
    value, slope, _ = oracle.derivatives("mish", np.array([-1.1924312145154952]), 2)[0][:, 0]
    assert value == pytest.approx(-0.30884, abs=1e-5)
    assert abs(slope) < 1e-15


def test_rows():
    rows = np.array([[0.0, 1.0, -800.0]])
    high, low = oracle.vector("softmax", rows)
    assert high.shape == low.shape == rows.shape
    np.testing.assert_allclose(high[0, :2], [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-15)
    np.testing.assert_allclose(high[0, 2], 0, atol=1e-300)
    np.testing.assert_allclose(oracle.vector("log_softmax", rows)[0][0, 2], -800 - np.log1p(np.e), rtol=1e-15)
