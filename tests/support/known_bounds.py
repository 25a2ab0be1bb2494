"""Functions that stay above a bound of test_accuracy: ``(name, dtype, what): (bound in ulps, reason)``.

``what`` is ``"value"``, ``"slope"``, ``"curvature"`` or the name of a parameter. An entry that is no longer needed
makes the dense sweeps fail.
"""

_NEAR = "the slope is a difference of two terms, and the point is just beyond 1/4 from its sign change"
_OVERFLOWS = "it overflows float32 before a cotangent below 1 makes it smaller"
_DECAYS = "e^(-w^2) decays with w^2 up to 88, and w is known to 26 bits"
_INNER = "its inner exponential is multiplied by up to 88 (float64: 700)"

KNOWN: dict[tuple[str, str, str], tuple[float, str]] = {
    ("soft_clipping", "float32", "alpha"): (
        30,
        "for a small alpha it is the difference of two numbers that are 1 / alpha times as large",
    ),
    ("exponential", "bfloat16", "slope"): (float("inf"), _OVERFLOWS),
    ("relu_squared", "bfloat16", "slope"): (float("inf"), _OVERFLOWS),
    ("star_relu", "bfloat16", "slope"): (float("inf"), _OVERFLOWS),
    ("symexp", "bfloat16", "slope"): (float("inf"), _OVERFLOWS),
    ("xielu", "bfloat16", "slope"): (float("inf"), _OVERFLOWS),
    ("erf_act", "float32", "slope"): (9, _NEAR),
    ("erf_act", "float32", "alpha"): (16, _DECAYS),
    ("erf_act", "float32", "beta"): (16, _DECAYS),
    ("pserf", "float32", "gamma"): (13, _DECAYS),
    ("pserf", "float32", "delta"): (24, _DECAYS),
    ("pserf", "float64", "value"): (11, "next to where the error function reaches 1"),
    ("gish", "float32", "slope"): (14, _NEAR),
    ("gish", "float64", "slope"): (14, _NEAR),
    ("phish", "float32", "value"): (7, "the error of the GELU counts twice, in the tanh of it"),
    ("phish", "float32", "slope"): (13, _NEAR),
    ("phish", "float64", "slope"): (12, _NEAR),
    ("phish", "float64", "value"): (7, "where it underflows, a square times a tail of the normal distribution"),
    ("serf", "float32", "slope"): (20, _NEAR),
    ("serf", "float64", "slope"): (9, _NEAR),
    ("tanh_exp", "float32", "slope"): (
        10,
        "close to where it is 1, at the end of what the polynomials of tanh are made for",
    ),
    ("xatlu", "float32", "slope"): (9, _NEAR),
    ("golu", "float32", "value"): (10, _INNER),
    ("golu", "float32", "slope"): (21, _INNER),
    ("golu", "float64", "value"): (9, _INNER),
}

# Functions whose bounds at parameters other than the defaults hold up to some ``|x|`` only, and why.
RANGES: dict[str, tuple[float, str]] = {
    "snake_beta": (64.0, "near a slope of 0 every bit of e^alpha counts; it has 29 of them; see docs/numerics.md"),
}
