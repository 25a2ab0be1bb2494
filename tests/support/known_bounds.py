"""The bounds of accuracy, and functions that stay above one.

``KNOWN[name, dtype, what]`` is a bound in ulps and a reason. ``what`` is ``"value"``, ``"slope"``, ``"curvature"`` or
the name of a parameter. An entry that is no longer needed makes the dense sweeps fail.
"""

import numpy as np

from jaxact._accuracy import CORE

_NEAR = "the slope is a difference of two terms, and the point is just beyond 1/4 from its sign change"
_DECAYS = "for a large delta the logarithm in w is known to 25 bits, and e^(-w^2) multiplies its error by up to 40"
_INNER = "its inner exponential is multiplied by up to 88 (float64: 700)"

KNOWN: dict[tuple[str, str, str], tuple[float, str]] = {
    ("erf_act", "float32", "slope"): (9, _NEAR),
    ("pserf", "float32", "gamma"): (13, _DECAYS),
    ("pserf", "float32", "delta"): (24, _DECAYS),
    ("gish", "float32", "slope"): (14, _NEAR),
    ("gish", "float64", "slope"): (14, _NEAR),
    ("phish", "float32", "slope"): (13, _NEAR),
    ("phish", "float64", "slope"): (12, _NEAR),
    ("phish", "float64", "value"): (7, "a product of four rounded factors"),
    ("golu", "float32", "value"): (10, _INNER),
    ("golu", "float32", "slope"): (21, _INNER),
    ("golu", "float64", "value"): (9, _INNER),
}

# Functions whose bounds at parameters other than the defaults hold up to some ``|x|`` only, and why.
RANGES: dict[str, tuple[float, str]] = {
    "snake_beta": (64.0, "near a slope of 0 every bit of e^alpha counts; it has 29 of them; see docs/numerics.md"),
}


def bounds(name, dtype):
    """Bounds of value, slope (also in the parameters) and curvature, in ulps."""
    return (0.51, 0.51, 0.51) if np.dtype(dtype).itemsize == 2 else (3, 4, 8) if name in CORE else (6, 8, 32)
