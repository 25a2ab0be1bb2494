"""The oracle: each activation typed from its paper, evaluated in arithmetic that bounds its own error.

A line of ``FORMULAS`` is plain mathematics. On a power series in ball arithmetic (FLINT's arb) it yields the value and
all derivatives at once, each with a rigorous error bound; where a bound is too wide, as after a cancellation, the line
is evaluated again with four times the digits. At a jump of the slope the branch that holds the point itself gives it,
which is how the conventions of ``jax.nn`` are written down. The same lines run in mpmath, to check this file.

It is the one deliberate second copy of the formulas and imports nothing from jaxact. Constants are exact: integers and
their quotients. To add an activation, add its line; its parameters carry the names, not the defaults, that jaxact has.
"""

import math

import mpmath
import numpy as np
from flint import arb, arb_series, ctx

_in_mpmath = False


def _elementary(name):
    def function(x):
        if _in_mpmath:
            return getattr(mpmath, name)(x)
        return getattr(x if isinstance(x, arb_series) else arb(x), name)()

    return function


exp, log, sqrt, erf, erfc = map(_elementary, ("exp", "log", "sqrt", "erf", "erfc"))


def pi():
    return mpmath.mpf(mpmath.pi) if _in_mpmath else arb.pi()


def tanh(x):
    return 1 - 2 / (exp(2 * x) + 1)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def at(x):
    """The point itself, to choose a branch by: a series is one around its point."""
    return x[0] if isinstance(x, arb_series) else x


def selu(x):
    # Two constants of the paper's fixed point, to 32 digits.
    scale, alpha = 10507009873554804934193349852946, 16732632423543772848170429916717
    return scale * (x if at(x) > 0 else alpha * (exp(x) - 1) / 10**31) / 10**31


def gelu_tanh(x):
    return x * (1 + tanh(sqrt(2 / pi()) * (x + 44715 * x**3 / 10**6))) / 2


def sparse_sigmoid(x):
    if abs(at(x)) == 1:  # a corner: the convention of jax.nn is the mean of the slopes on both sides
        return (1 + at(x)) / 2 + (x - at(x)) / 4
    return (x + 1) / 2 if -1 < at(x) < 1 else int(at(x) > 1)


FORMULAS = {
    "celu": lambda x, alpha: x if at(x) > 0 else alpha * (exp(x / alpha) - 1),
    "elu": lambda x, alpha: x if at(x) > 0 else alpha * (exp(x) - 1),
    "gelu": gelu_tanh,
    "gelu_exact": lambda x: x * erfc(-x / sqrt(2)) / 2,
    "gelu_tanh": gelu_tanh,
    "glu": lambda x, gate: x * sigmoid(gate),
    "hard_sigmoid": lambda x: (x + 3) / 6 if -3 < at(x) < 3 else int(at(x) >= 3),
    "hard_silu": lambda x: x * (x + 3) / 6 if -3 < at(x) < 3 else x * int(at(x) >= 3),
    "hard_tanh": lambda x: x if -1 <= at(x) <= 1 else (1 if at(x) > 1 else -1),
    "identity": lambda x: x,
    "leaky_relu": lambda x, negative_slope: x if at(x) >= 0 else negative_slope * x,
    "log_sigmoid": lambda x: -log(1 + exp(-x)),
    "mish": lambda x: x * tanh(log(1 + exp(x))),
    "prelu": lambda x, negative_slope: x if at(x) >= 0 else negative_slope * x,
    "quick_gelu": lambda x: x * sigmoid(1702 * x / 1000),
    "relu": lambda x: x if at(x) > 0 else 0,
    "relu6": lambda x: x if 0 < at(x) < 6 else (6 if at(x) >= 6 else 0),
    "selu": selu,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "soft_sign": lambda x: x / (1 + (x if at(x) >= 0 else -x)),
    "softplus": lambda x, beta: log(1 + exp(beta * x)) / beta,
    "sparse_plus": lambda x: (x + 1) ** 2 / 4 if -1 < at(x) < 1 else x * int(at(x) >= 1),
    "sparse_sigmoid": sparse_sigmoid,
    "squareplus": lambda x, b: (x + sqrt(x * x + b)) / 2,
    "swish": lambda x, beta: x * sigmoid(beta * x),
    "tanh": tanh,
}

# Formulas of several numbers, and functions that are tested by how their draws are distributed.
VECTOR = {
    "log_softmax": lambda xs: [x - log(sum(map(exp, xs))) for x in xs],
    "softmax": lambda xs: [exp(x) / sum(map(exp, xs)) for x in xs],
}
STOCHASTIC = {"rrelu": lambda x, slope: x if at(x) >= 0 else slope * x}

_BITS = (128, 512, 2048, 8192, 32768)
_ENOUGH = 75  # bits that are right: 22 more than float64 has


def _results(evaluate, count, width, double):
    """``evaluate(i)``, a list of ``width`` balls, for each ``i``: rounded to nearest, and what that left over."""
    tiny = arb(2) ** (-1200 if double else -200)  # what is less than this underflows
    out = np.zeros((2, width, count))
    todo = range(count)
    for ctx.prec in _BITS:
        again = []
        for i in todo:
            try:
                balls = evaluate(i)
            except ValueError:  # division by a ball that holds 0
                again.append(i)
                continue
            for k, ball in enumerate(balls):
                if ball.rel_accuracy_bits() < _ENOUGH and not ball.abs_upper() < tiny:
                    again.append(i)
                    break
                out[0, k, i] = high = float(ball)
                if double and math.isfinite(high):
                    out[1, k, i] = float(ball - high)
        todo = again
        if not todo:
            return out
    raise ArithmeticError(f"{len(todo)} points are not settled at {_BITS[-1]} bits")


def derivatives(name, x, order=2, wrt="x", **parameters):
    """Value and derivatives up to ``order`` of a formula at finite points.

    Args:
      name: key of ``FORMULAS``.
      x: array of finite floating numbers; float64 asks for results down to 1e-308, the others down to 1e-38.
      order: number of derivatives.
      wrt: ``"x"``, or the parameter to differentiate in.
      **parameters: numbers or arrays of the shape of ``x``.

    Returns:
      Two float64 arrays of shape ``(order + 1, x.size)``: the results rounded to nearest, and what that left over,
      which is 0 unless ``x`` is float64.
    """
    formula, names = FORMULAS[name], ("x", *parameters)
    double = np.asarray(x).dtype == np.float64
    columns = np.broadcast_arrays(*(np.asarray(a, np.float64).ravel() for a in (x, *parameters.values())))
    rows = np.transpose(columns).tolist()
    factorials = [math.factorial(k) for k in range(order + 1)]

    def series(argument, value):
        return arb_series([value, 1] if argument == wrt else [value], order + 1)

    def evaluate(i):
        y = formula(*map(series, names, rows[i]))
        return (
            [y[k] * f for k, f in enumerate(factorials)] if isinstance(y, arb_series) else [arb(y)] + [arb(0)] * order
        )

    previous, ctx.cap = ctx.cap, order + 1
    try:
        return _results(evaluate, len(rows), order + 1, double)
    finally:
        ctx.cap = previous


def vector(name, x):
    """A formula of ``VECTOR`` for each row of a matrix: results rounded to nearest, and what that left over."""
    rows = np.asarray(x, np.float64).tolist()
    out = _results(lambda i: VECTOR[name](list(map(arb, rows[i]))), *x.shape, np.asarray(x).dtype == np.float64)
    return out.swapaxes(1, 2)


def in_mpmath(name, x, order=0, **parameters):
    """The same line in mpmath, with numerical differentiation, to 30 digits."""
    global _in_mpmath
    _in_mpmath = True
    try:
        with mpmath.workdps(80):
            numbers = {n: mpmath.mpf(float(p)) for n, p in parameters.items()}
            return mpmath.diff(lambda v: FORMULAS[name](v, **numbers), mpmath.mpf(float(x)), order)
    finally:
        _in_mpmath = False
