"""The measure itself, on errors that are known."""

import jax.numpy as jnp
import numpy as np
import pytest
from support import ulp

DTYPES = [np.float16, jnp.bfloat16, np.float32, np.float64]
each = pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)


def one(got, truth, dtype, **kwargs):
    return float(ulp.error(np.array([got]).astype(dtype), np.array([truth]), **kwargs)[0])


@each
def test_one_ulp_is_one(dtype):
    eps = float(jnp.finfo(dtype).eps)
    assert one(1.0 + eps, 1.0, dtype) == 1
    assert one(1.0 - eps, 1.0, dtype) == 1  # the unit is that of the truth
    assert one(-6.0, -6.0 + 8 * eps, dtype) == 2
    assert one(0.0, 0.0, dtype) == 0


@each
def test_false_zero_and_what_is_not_a_number(dtype):
    tiny = float(jnp.finfo(dtype).smallest_normal)
    assert one(0.0, tiny, dtype) == np.inf
    assert one(0.0, -1.0, dtype) == np.inf
    assert one(np.nan, 1.0, dtype) == np.inf
    assert one(np.nan, 0.0, dtype) == np.inf
    assert one(np.inf, 1.0, dtype) == np.inf


@each
def test_subnormal_results_are_left_out(dtype):
    tiny = float(jnp.finfo(dtype).smallest_normal)
    assert one(0.0, tiny / 2, dtype) == 0
    assert one(-tiny, tiny / 2, dtype) == 0
    assert one(1.0, tiny / 2, dtype) > 1e2


@each
def test_overflow_is_right_where_it_is_due(dtype):
    largest = float(jnp.finfo(dtype).max)
    beyond = np.inf if dtype == np.float64 else largest * 2
    assert one(np.inf, beyond, dtype) == 0
    assert one(-np.inf, beyond, dtype) == np.inf
    assert one(largest, largest, dtype) == 0
    assert one(np.inf, largest, dtype) == np.inf


def test_float64_is_measured_against_more_digits_than_its_own():
    assert one(1.0, 1.0, np.float64, rest=2.0**-53) == 0.5


def test_unit_near_a_sign_change():
    found = ulp.windows(lambda x: (x - 0.3) * 2)
    ((point, largest),) = found
    assert point == pytest.approx(0.3)
    assert largest == pytest.approx(0.5)
    near = ulp.window(np.array([0.04, 0.06, 0.3, 0.54, 0.56]), found)
    np.testing.assert_allclose(near, [0, 0.5, 0.5, 0.5, 0])
    eps = 2.0**-23
    assert one(eps, 2 * eps, np.float32, window=1.0) == 1
    assert one(0.0, eps, np.float32, window=1.0) == 1  # no false zero: the unit is larger than the truth


def test_no_sign_change():
    assert ulp.windows(np.exp) == []
    assert ulp.windows(lambda x: np.where(x > 0, 1.0, 0.0)) == []
