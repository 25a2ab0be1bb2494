"""Error in units in the last place, as this project counts it.

The unit is an ulp of the true result. A result that is subnormal in truth is left out, since XLA flushes it to zero.
Where the truth is a normal number, zero is an error without bound, and so is NaN, or an infinity that is not due.
Within 1/4 of a point where a derivative changes sign the unit is an ulp of the largest derivative in that window.
"""

import jax.numpy as jnp
import numpy as np

WINDOW = 0.25


def spacing(x, dtype):
    """Ulp of ``x`` in ``dtype``, as float64; below the normal numbers, and above the largest, that of the next one."""
    info = jnp.finfo(dtype)
    x = np.clip(np.abs(np.asarray(x, np.float64)), float(info.smallest_normal), float(info.max))
    return np.ldexp(1.0, np.frexp(x)[1] - 1 - info.nmant)


def error(got, truth, rest=0.0, window=0.0):
    """Errors of an array, in ulps of its dtype.

    Args:
      got: array of the dtype under test.
      truth: true results in float64.
      rest: what is to be added to ``truth`` to make it exact; matters where ``got`` is float64.
      window: largest true derivative nearby, where there is a sign change within 1/4, and 0 elsewhere.

    Returns:
      float64 array: 0 is exact, inf is wrong beyond measure.
    """
    dtype, info = got.dtype, jnp.finfo(got.dtype)
    tiny, largest = float(info.smallest_normal), float(info.max)
    got, truth = np.asarray(got, np.float64), np.asarray(truth, np.float64)
    assert not np.isnan(truth).any(), "the truth is not known"
    scale = np.maximum(np.abs(truth), window)

    with np.errstate(invalid="ignore", over="ignore"):
        ulps = np.abs((got - np.clip(truth, -largest, largest)) - rest) / spacing(scale, dtype)
        overflow = np.isinf(truth) | (np.abs(truth) >= largest + float(spacing(largest, dtype)) / 2)
    ulps = np.where(overflow & np.isinf(got) & (np.sign(got) == np.sign(truth)), 0.0, ulps)
    ulps = np.where((got == 0) & (np.abs(truth) >= tiny) & (scale == np.abs(truth)), np.inf, ulps)
    ulps = np.where((np.abs(truth) < tiny) & (np.abs(got) <= tiny), 0.0, ulps)
    return np.where(np.isnan(ulps), np.inf, ulps)


def windows(derivative, reach=16.0):
    """Sign changes of a function, with its largest absolute value within 1/4 of each.

    Args:
      derivative: float64 array to float64 array.
      reach: half width of the interval that is searched.

    Returns:
      List of pairs ``(point, largest)``.
    """
    grid = np.arange(-reach, reach, 1 / 16) + 1 / 64  # off the round numbers, where a derivative may be exactly 0
    sign = np.sign(derivative(grid))
    kept = np.flatnonzero(sign)
    left, right = kept[:-1], kept[1:]
    changes = sign[left] != sign[right]
    left, right = left[changes], right[changes]
    if not left.size:
        return []
    a, b = grid[left], grid[right]
    for _ in range(40):
        middle = (a + b) / 2
        same = np.sign(derivative(middle)) == sign[left]
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    around = np.linspace(a - WINDOW, a + WINDOW, 33)
    largest = np.abs(derivative(around.ravel())).reshape(around.shape).max(0)
    return list(zip(a.tolist(), largest.tolist(), strict=True))


def window(x, found):
    """Largest derivative in the window that ``x`` lies in, 0 where it lies in none; ``found`` is of :func:`windows`."""
    x = np.asarray(x, np.float64)
    out = np.zeros(x.shape)
    for point, largest in found:
        out = np.where(np.abs(x - point) <= WINDOW, np.maximum(out, largest), out)
    return out
