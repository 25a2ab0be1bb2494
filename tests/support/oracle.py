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


exp, log, sqrt, erf, erfc, sin, cos, atan = map(
    _elementary, ("exp", "log", "sqrt", "erf", "erfc", "sin", "cos", "atan")
)


def pi():
    return mpmath.mpf(mpmath.pi) if _in_mpmath else arb.pi()


def at(x):
    """The point itself, to choose a branch by: a series is one around its point."""
    return x[0] if isinstance(x, arb_series) else x


# Each in branches whose exponentials are small, where float64 keeps more of the result.


def tanh(x):
    if abs(at(x)) < 1:
        e = exp(2 * x)
        return (e - 1) / (e + 1)
    e = exp(2 * x if at(x) < 0 else -2 * x)
    size = 1 - 2 * e / (1 + e)
    return -size if at(x) < 0 else size


def sigmoid(x):
    return exp(x) / (1 + exp(x)) if at(x) < 1 else 1 / (1 + exp(-x))


def power_gate(x, m):
    return exp(m * log(x) / (sqrt(x) + 1)) * sigmoid(x) if at(x) > 0 else x * sigmoid(x)


def softplus(x):
    return log(1 + exp(x)) if at(x) < 1 else x + log(1 + exp(-x))


SUGAR_ALPHA = float.fromhex("0x1.ab851eb851eb8p+0")  # 1.67


def selu(x):
    # Two constants of the paper's fixed point, to 32 digits.
    scale, alpha = 10507009873554804934193349852946, 16732632423543772848170429916717
    return scale * (x if at(x) > 0 else alpha * (exp(x) - 1) / 10**31) / 10**31


def gelu_tanh(x):
    return x * (1 + tanh(sqrt(2 / pi()) * (x + 44715 * x**3 / 10**6))) / 2


def hard_elish(x):
    gate = (x + 1) / 2 if -1 < at(x) < 1 else int(at(x) >= 1)
    return gate * (x if at(x) >= 0 else exp(x) - 1)


def soft_clipping(x, alpha):
    return log((1 + exp(alpha * x)) / (1 + exp(alpha * (x - 1)))) / alpha


def sparse_sigmoid(x):
    if abs(at(x)) == 1:  # a corner: the convention of jax.nn is the mean of the slopes on both sides
        return (1 + at(x)) / 2 + (x - at(x)) / 4
    return (x + 1) / 2 if -1 < at(x) < 1 else int(at(x) > 1)


def clipped_swiglu(x, value):
    gate, limit = (x if at(x) <= 7 else 7), 7
    value = value if -limit <= at(value) <= limit else (limit if at(value) > limit else -limit)
    alpha, scale = (1.702).as_integer_ratio()  # the number that the authors' code has
    return gate * sigmoid(alpha * gate / scale) * (value + 1)


def swiglu_step(x, value):
    gate = x * sigmoid(x)
    value = value if -7 <= at(value) <= 7 else 7 * sign(value)
    return (gate if at(gate) <= 7 else 7) * value


def relu(x):
    return x if at(x) > 0 else 0


def srelu(x, t_l, a_l, t_r, a_r):
    return t_r + a_r * (x - t_r) if at(x) >= at(t_r) else t_l + a_l * (x - t_l) if at(x) <= at(t_l) else x


def arelu(x, alpha, beta):
    if at(x) >= 0:
        return (1 + sigmoid(beta)) * x
    return x / 100 if 100 * at(alpha) < 1 else 99 * x / 100 if 100 * at(alpha) > 99 else alpha * x


def hermite(x, c0, c1, c2, c3, c4):
    h = 1, x, (x**2 - 1) / sqrt(2), (x**3 - 3 * x) / sqrt(6), (x**4 - 6 * x**2 + 3) / sqrt(24)
    return sum(c * p for c, p in zip((c0, c1, c2, c3, c4), h, strict=True))


def rational(x, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    q = b1 * x + b2 * x**2 + b3 * x**3 + b4 * x**4
    return (a0 + a1 * x + a2 * x**2 + a3 * x**3 + a4 * x**4 + a5 * x**5) / (1 + (q if at(q) >= 0 else -q))


def poly_norm(xs, w1, w2, w3, bias, eps):
    powers = [[x**i for x in xs] for i in (1, 2, 3)]
    roots = [sqrt(sum(u * u for u in us) / len(us) + eps) for us in powers]
    return [
        bias + sum(w * us[k] / root for w, us, root in zip((w1, w2, w3), powers, roots, strict=True))
        for k in range(len(xs))
    ]


def sugar(x):
    def b_silu(x):
        return (x + SUGAR_ALPHA) * sigmoid(x) - SUGAR_ALPHA / 2

    return relu(at(x)) + (b_silu(x) - b_silu(at(x)))  # what is left of this at the point itself are the derivatives


def gaussian_topk_relu(xs):
    mean = sum(xs) / len(xs)
    deviation = sqrt(sum((x - mean) ** 2 for x in xs) / len(xs))
    quantile = arb("1.6448536269514722842763156035389392025882952112836")  # normal quantile of the float64 0.95
    return [max(x - mean - quantile * deviation, 0) for x in xs]


def size(x):
    return -x if at(x) < 0 else x


def sign(x):
    return -1 if at(x) < 0 else 1


def signed_parabolic(x, eps):
    z = (sqrt(1 + 4 * eps * (size(x) + 1 + eps)) - 1) / (2 * eps)
    return sign(x) * (z**2 - 1)


def log_cosh(x):
    if size(at(x)) < 1:
        return log((exp(x) + exp(-x)) / 2)
    return size(x) - log(2) + log(1 + exp(-2 * size(x)))


def leaky_tanh(x, max_val):
    if size(at(x)) <= at(max_val):
        return tanh(x)
    return sign(x) * (tanh(max_val) + (size(x) - max_val) * (1 - tanh(max_val) ** 2))


def soft_exponential(x, alpha):
    if at(alpha) == 0:
        return x + alpha * (1 + x * x / 2)  # to the first order in alpha
    return (exp(alpha * x) - 1) / alpha + alpha if at(alpha) > 0 else -log(1 - alpha * (x + alpha)) / alpha


def xielu(x, alpha_p, alpha_n, beta):
    if at(x) > 0:
        return softplus(alpha_p) * x * x + beta * x
    return (beta + softplus(alpha_n)) * (exp(x) - 1 - x) + beta * x


FORMULAS = {
    "acon_c": lambda x, p1, p2, beta: (p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x,
    "apl": lambda x, slopes, hinges: relu(x) + slopes * relu(hinges - x),  # with one hinge
    "aptx": lambda x, alpha, beta, gamma: (alpha + tanh(beta * x)) * gamma * x,
    "arelu": arelu,
    "atan": lambda x: atan(x),
    "bent_identity": lambda x: (sqrt(x * x + 1) - 1) / 2 + x,
    "bilinear": lambda x, value: x * value,
    "celu": lambda x, alpha: x if at(x) > 0 else alpha * (exp(x / alpha) - 1),
    "clipped_swiglu": clipped_swiglu,
    "colu": lambda x: x / (1 - x * exp(-x - exp(x))),
    "cosine": cos,
    "derf": lambda x, alpha, s, gamma, beta: gamma * erf(alpha * x + s) + beta,
    "drelu_glu": lambda x, value: relu(x) * relu(value),
    "dyt": lambda x, alpha, gamma, beta: gamma * tanh(alpha * x) + beta,
    "e_swish": lambda x, beta: beta * x * sigmoid(x),
    "elish": lambda x: (x if at(x) >= 0 else exp(x) - 1) * sigmoid(x),
    "elu": lambda x, alpha: x if at(x) > 0 else alpha * (exp(x) - 1),
    "erf": lambda x: erf(x),
    "erf_act": lambda x, alpha, beta: x * erf(alpha * exp(beta * x)),
    "exponential": lambda x: exp(x),
    "ftswish": lambda x, threshold: threshold + (x * sigmoid(x) if at(x) >= 0 else 0),
    "gaussian": lambda x: exp(-x * x),
    "geglu": lambda x, value: gelu_tanh(x) * value,
    "gcu": lambda x: x * cos(x),
    "gelu": gelu_tanh,
    "gelu_exact": lambda x: x * erfc(-x / sqrt(2)) / 2,
    "gelu_tanh": gelu_tanh,
    "gish": lambda x: x * log(2 - exp(-exp(x))),
    "glu": lambda x, gate: x * sigmoid(gate),
    "golu": lambda x: x * exp(-exp(-x)),
    "hard_elish": hard_elish,
    "hard_mish": lambda x: x * (x + 2) / 2 if -2 < at(x) < 0 else x * int(at(x) >= 0),
    "hard_shrink": lambda x, lambd: x if abs(at(x)) > at(lambd) else 0,
    "hard_sigmoid": lambda x: (x + 3) / 6 if -3 < at(x) < 3 else int(at(x) >= 3),
    "hard_silu": lambda x: x * (x + 3) / 6 if -3 < at(x) < 3 else x * int(at(x) >= 3),
    "hard_tanh": lambda x: x if -1 <= at(x) <= 1 else (1 if at(x) > 1 else -1),
    "hermite": hermite,
    "hosc": lambda x, beta, w0: tanh(beta * sin(w0 * x)),
    "identity": lambda x: x,
    "isrlu": lambda x, alpha: x if at(x) >= 0 else x / sqrt(1 + alpha * x * x),
    "isru": lambda x, alpha: x / sqrt(1 + alpha * x * x),
    "laplace": lambda x, mu, sigma: erfc((mu - x) / (sigma * sqrt(2))) / 2,
    "leaky_relu": lambda x, negative_slope: x if at(x) >= 0 else negative_slope * x,
    "leaky_tanh": leaky_tanh,
    "lisht": lambda x: x * tanh(x),
    "log_cosh": log_cosh,
    "log_sigmoid": lambda x: -softplus(-x),
    "logish": lambda x: x * log(1 + sigmoid(x)),
    "mish": lambda x: x * tanh(softplus(x)),
    "mishglu": lambda x, value: x * tanh(softplus(x)) * value,
    "mpelu": lambda x, alpha, beta: x if at(x) > 0 else alpha * (exp(beta * x) - 1),
    "nlrelu": lambda x, beta: log(1 + beta * x) if at(x) > 0 else 0,
    "pelu": lambda x, alpha, beta: alpha * x / beta if at(x) >= 0 else alpha * (exp(x / beta) - 1),
    "penalized_tanh": lambda x, alpha: (1 if at(x) >= 0 else alpha) * tanh(x),
    "phish": lambda x: x * tanh(x * erfc(-x / sqrt(2)) / 2),
    "poly_relu": lambda x, w1, w2, w3, bias: bias + w1 * relu(x) + w2 * relu(x) ** 2 + w3 * relu(x) ** 3,
    "powglu": lambda x, value: power_gate(x, 3) * value,
    "powlu": lambda x, m: x * power_gate(x, m),
    "prelu": lambda x, negative_slope: x if at(x) >= 0 else negative_slope * x,
    "pserf": lambda x, gamma, delta: x * erf(gamma * softplus(delta * x)),
    "quick_gelu": lambda x: x * sigmoid(1702 * x / 1000),
    "rational": rational,
    "reglu": lambda x, value: x * value if at(x) > 0 else 0,
    "relu": lambda x: x if at(x) > 0 else 0,
    "relu6": lambda x: x if 0 < at(x) < 6 else (6 if at(x) >= 6 else 0),
    "relu_squared": lambda x: relu(x) ** 2,
    "selu": selu,
    "serf": lambda x: x * erf(softplus(x)),
    "shifted_relu": lambda x: x if at(x) > -1 else -1,
    "shifted_softplus": lambda x: log((exp(x) + 1) / 2),
    "sigmoid": sigmoid,
    "signed_hyperbolic": lambda x, eps: sign(x) * (sqrt(size(x) + 1) - 1) + eps * x,
    "signed_parabolic": signed_parabolic,
    "silu": lambda x: x * sigmoid(x),
    "sine": lambda x, w0: sin(w0 * x),
    "situ_glu": lambda x, value: 4 * tanh(x / 4) * sigmoid(x) * 25 * tanh(value / 25),
    "smish": lambda x: x * tanh(log(1 + sigmoid(x))),
    "smu": lambda x, alpha, mu: ((1 + alpha) * x + (1 - alpha) * x * erf(mu * (1 - alpha) * x)) / 2,
    "snake": lambda x, alpha: x + sin(alpha * x) ** 2 / alpha,
    "sinlu": lambda x, a, b: (x + a * sin(b * x)) * sigmoid(x),
    "snake_beta": lambda x, alpha, beta: x + sin(exp(alpha) * x) ** 2 / exp(beta),
    "soft_clipping": soft_clipping,
    "soft_exponential": soft_exponential,
    "soft_shrink": lambda x, lambd: (x - lambd if at(x) > 0 else x + lambd) if abs(at(x)) > at(lambd) else 0,
    "soft_sign": lambda x: x / (1 + (x if at(x) >= 0 else -x)),
    "softcap": lambda x, cap: cap * tanh(x / cap),
    "softplus": lambda x, beta: softplus(beta * x) / beta,
    "sparse_plus": lambda x: (x + 1) ** 2 / 4 if -1 < at(x) < 1 else x * int(at(x) >= 1),
    "sparse_sigmoid": sparse_sigmoid,
    "sqnl": lambda x: x - (x * x if at(x) >= 0 else -x * x) / 4 if -2 < at(x) < 2 else (1 if at(x) > 0 else -1),
    "sqrt_softplus": lambda x: sqrt(softplus(x)) if at(x) > -2000 else exp(x / 2),
    "squareplus": lambda x, b: (x + sqrt(x * x + b)) / 2,
    "sreglu": lambda x, value: relu(x) ** 2 * value,
    "srelu": srelu,
    "staf": lambda x, c1, c2, w1, w2, p1, p2: c1 * sin(w1 * x + p1) + c2 * sin(w2 * x + p2),  # two waves
    "star_relu": lambda x, s, b: s * relu(x) ** 2 + b,
    "suish": lambda x: x if at(x) >= 0 else x * exp(x),
    "sugar": sugar,
    "swiglu": lambda x, value: x * sigmoid(x) * value,
    "swiglu_step": swiglu_step,
    "swish": lambda x, beta: x * sigmoid(beta * x),
    "symexp": lambda x: sign(x) * (exp(size(x)) - 1),
    "symlog": lambda x: sign(x) * log(1 + size(x)),
    "tanh": tanh,
    "tanh_exp": lambda x: x * tanh(exp(x)) if at(x) < 20 else x,  # what is left out is below 10^-10^8
    "tanh_shrink": lambda x: x - tanh(x),
    "tanh_soft": lambda x, alpha: tanh(alpha * x) * softplus(x),
    "threshold": lambda x, threshold, value: x if at(x) > at(threshold) else value,
    "tlu": lambda x, tau: x if at(x) > at(tau) else tau,
    "xatlu": lambda x, alpha: x * ((atan(x) / pi() + 0.5) * (1 + 2 * alpha) - alpha),
    "xgelu": lambda x, alpha: x * (erfc(-x / sqrt(2)) / 2 * (1 + 2 * alpha) - alpha),
    "xielu": xielu,
    "xsilu": lambda x, alpha: x * (sigmoid(x) * (1 + 2 * alpha) - alpha),
}


# Where a formula is defined, if that is not everywhere.
DOMAINS = {"soft_exponential": lambda x, alpha: 1 - min(arb(float(alpha)), 0) * (x + arb(float(alpha))) > 0}


def defined(name, x, **parameters):
    """At which points, an array, the formula is defined."""
    inside = DOMAINS.get(name, lambda x, **parameters: True)
    return np.array([bool(inside(float(a), **parameters)) for a in x], bool)


def entmax(xs, alpha=1.5):
    """By bisection, as the papers define it: sum of max((alpha - 1) x - tau, 0)^(1 / (alpha - 1)) is 1."""
    power, zs = 1 / (arb(alpha) - 1), [(alpha - 1) * x for x in xs]

    def entries(tau):
        return [(z - tau) ** power if z > tau else arb(0) for z in zs]

    low, high = max(zs) - 1, max(zs)
    for _ in range(ctx.prec):
        middle = ((low + high) / 2).mid()
        low, high = (middle, high) if sum(entries(middle)) > 1 else (low, middle)
    between = low.union(high)
    return [(z - between) ** power if z > high else arb(0) for z in zs]


def softmax(xs):
    return [exp(x) / sum(map(exp, xs)) for x in xs]


def max_min(xs):
    pairs = list(zip(xs[: len(xs) // 2], xs[len(xs) // 2 :], strict=True))
    return [*map(max, pairs), *map(min, pairs)]


# Formulas of several numbers, and functions that are tested by how their draws are distributed.
VECTOR = {
    "crelu": lambda xs: [max(x, 0) for x in xs] + [max(-x, 0) for x in xs],
    "entmax": entmax,
    "entmax15": entmax,
    "gaussian_topk_relu": gaussian_topk_relu,
    "group_sort": lambda xs: [y for i in range(0, len(xs), 2) for y in sorted(xs[i : i + 2])],
    "householder": max_min,  # at the default angle
    "log_softmax": lambda xs: [x - log(sum(map(exp, xs))) for x in xs],
    "max_min": max_min,
    "maxout": lambda xs: [max(pair) for pair in zip(xs[::2], xs[1::2], strict=True)],
    "poly_norm": poly_norm,
    "simnorm": lambda xs: softmax(xs[:2]) + softmax(xs[2:]),  # two groups
    "softmax": softmax,
    "softmax_one": lambda xs: [exp(x) / (1 + sum(map(exp, xs))) for x in xs],
    "softmin": lambda xs: softmax([-x for x in xs]),
    "solu": lambda xs: [x * p for x, p in zip(xs, softmax(xs), strict=True)],
    "sparsemax": lambda xs: entmax(xs, 2),
}
STOCHASTIC = {
    "gumbel_softmax": lambda xs, gs, tau: softmax([(x + g) / tau for x, g in zip(xs, gs, strict=True)]),
    "prob_act": lambda x, sigma, epsilon: (x if at(x) > 0 else 0) + sigma * epsilon,
    "rrelu": lambda x, slope: x if at(x) >= 0 else slope * x,
}

_BITS = (128, 512, 2048, 8192, 32768)
_ENOUGH = 75  # bits that are right: 22 more than float64 has


def _results(evaluate, todo, out, double):
    """``evaluate(i)``, a list of balls, for each ``i``: rounded to nearest, and what that left over."""
    tiny = arb(2) ** (-1200 if double else -200)  # what is less than this underflows
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
    out = np.zeros((2, order + 1, columns[0].size))
    factorials = [math.factorial(k) for k in range(order + 1)]

    def series(argument, value):
        return arb_series([value, 1] if argument == wrt else [value], order + 1)

    def evaluate(i):
        y = formula(*map(series, names, (c[i].item() for c in columns)))
        return (
            [y[k] * f for k, f in enumerate(factorials)] if isinstance(y, arb_series) else [arb(y)] + [arb(0)] * order
        )

    previous, ctx.cap = ctx.cap, order + 1
    try:
        return _results(evaluate, range(columns[0].size), out, double)
    finally:
        ctx.cap = previous


def vector(name, x, **parameters):
    """A formula of ``VECTOR`` for each row of a matrix: results rounded to nearest, and what that left over."""
    rows = np.asarray(x, np.float64).tolist()
    numbers = {n: arb(float(p)) for n, p in parameters.items()}
    double = np.asarray(x).dtype == np.float64

    def evaluate(i):
        return list(map(arb, VECTOR[name](list(map(arb, rows[i])), **numbers)))

    out = _results(evaluate, range(len(rows)), np.zeros((2, len(evaluate(0)), len(rows))), double)
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
