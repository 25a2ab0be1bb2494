"""Functions that stay above a bound of test_accuracy: ``(name, dtype, what): (bound in ulps, reason)``.

``what`` is ``"value"``, ``"slope"``, ``"curvature"`` or the name of a parameter. An entry that is no longer needed
makes the dense sweeps fail.
"""

KNOWN: dict[tuple[str, str, str], tuple[float, str]] = {
    ("soft_clipping", "float32", "alpha"): (
        30,
        "for a small alpha it is the difference of two numbers that are 1 / alpha times as large",
    ),
    ("ftswish", "float32", "value"): (6, "where it crosses 0, it is what is left of its threshold, to 31 bits of that"),
    ("exponential", "bfloat16", "slope"): (
        float("inf"),
        "beyond e^88.7 it overflows before the cotangent makes it smaller",
    ),
    ("golu", "float64", "value"): (7, "its inner exponential is known to 60 bits, and multiplied by up to 700"),
    ("golu", "float64", "slope"): (6, "its inner exponential is known to 60 bits, and multiplied by up to 700"),
    ("xielu", "bfloat16", "slope"): (float("inf"), "beyond 2^127 it overflows before the cotangent makes it smaller"),
}

# Functions whose bounds at parameters other than the defaults hold up to some ``|x|`` only, and why.
RANGES: dict[str, tuple[float, str]] = {
    "snake_beta": (64.0, "near a slope of 0 every bit of e^alpha counts; it has 42 of them; see docs/numerics.md"),
}
