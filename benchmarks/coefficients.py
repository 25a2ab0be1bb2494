"""Computes the minimax polynomials of jaxact and prints them as the source of ``jaxact/_math/coefficients.py``.

Each is the polynomial of its degree whose largest relative error is least, by Remez' exchange algorithm in 70 digits.
The coefficients are then rounded to their dtype. Needs mpmath and two minutes:

    python benchmarks/coefficients.py > jaxact/_math/coefficients.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from textwrap import fill

import mpmath as mp
import numpy as np

mp.mp.dps = 70
TINY = mp.mpf(10) ** -8
Function = Callable[[mp.mpf], mp.mpf]


def minimax(target: Function, basis: list[Function], a: mp.mpf, b: mp.mpf) -> tuple[list[mp.mpf], mp.mpf]:
    """Coefficients of the combination of functions with the least ``max |target - combination|``, and that."""
    n = len(basis) + 1
    grid = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * i / (40 * n)) for i in range(40 * n + 1)]
    values = [[f(x) for f in (*basis, target)] for x in grid]
    points = [20 * (2 * i + 1) for i in range(n)]  # indices of Chebyshev's
    for _ in range(30):
        matrix, right = mp.matrix(n, n), mp.matrix(n, 1)
        for i, k in enumerate(points):
            for j in range(n - 1):
                matrix[i, j] = values[k][j]
            matrix[i, n - 1] = (-1) ** i
            right[i] = values[k][-1]
        solution = mp.lu_solve(matrix, right)
        coefficients, level = list(solution[: n - 1]), abs(solution[n - 1])
        errors = [mp.fdot(coefficients, v[:-1]) - v[-1] for v in values]
        runs = [[0]]
        for i in range(1, len(grid)):
            if (errors[i] > 0) == (errors[runs[-1][-1]] > 0):
                runs[-1].append(i)
            else:
                runs.append([i])
        peaks = [max(run, key=lambda i: abs(errors[i])) for run in runs]
        while len(peaks) > n:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        largest = max(abs(errors[i]) for i in peaks)
        if len(peaks) < n or largest < level * mp.mpf("1.001"):
            break
        points = peaks
    return coefficients, largest


def power(k: int, weight: Function) -> Function:
    return lambda x: weight(x) * x**k


def remez(f: Function, a: mp.mpf, b: mp.mpf, degree: int, weight: Function) -> tuple[list[mp.mpf], mp.mpf]:
    """Coefficients, lowest power first, of the polynomial with the least ``max |weight (p - f)|``, and that."""
    return minimax(lambda x: weight(x) * f(x), [power(k, weight) for k in range(degree + 1)], a, b)


def relative(f: Function) -> Function:
    return lambda x: 1 / abs(f(x))


def scaled_tail(t: mp.mpf) -> mp.mpf:
    """``Phi(-t) e^(t^2/2)``."""
    return mp.erfc(t / mp.sqrt(2)) / 2 * mp.exp(t * t / 2)


def scaled_bend(t: mp.mpf) -> mp.mpf:
    """``(Phi(-t) - t phi(t)) e^(t^2/2)``."""
    return scaled_tail(t) - t / mp.sqrt(2 * mp.pi)


BEND_ROOT = mp.findroot(scaled_bend, 0.75)


def bend_over_root(t: mp.mpf) -> mp.mpf:
    if abs(t - BEND_ROOT) < mp.mpf(10) ** -25:
        return -mp.diff(scaled_bend, BEND_ROOT)
    return scaled_bend(t) / (BEND_ROOT - t)


def exp_rest(r: mp.mpf) -> mp.mpf:
    return (mp.expm1(r) - r) / r**2 if abs(r) > mp.mpf(10) ** -20 else mp.mpf(1) / 2 + r / 6


def log1p_over(e: mp.mpf) -> mp.mpf:
    return mp.log1p(e) / e if e > mp.mpf(10) ** -30 else 1 - e / 2


def log1p_cubic(e: mp.mpf) -> mp.mpf:
    return (mp.log1p(e) - e + e**2 / 2) / e**3 if e > mp.mpf(10) ** -15 else mp.mpf(1) / 3 - e / 4


def log_mean_rest(d: mp.mpf) -> mp.mpf:
    return (mp.log1p(d / 2) / d - mp.mpf(1) / 2) / d if abs(d) > mp.mpf(10) ** -20 else -mp.mpf(1) / 8 + d / 24


def normal_centre(s: mp.mpf) -> mp.mpf:
    return mp.erf(mp.sqrt(s / 2)) / (2 * mp.sqrt(s)) if s > mp.mpf(10) ** -30 else (1 - s / 6) / mp.sqrt(2 * mp.pi)


def celu_rest(z: mp.mpf) -> mp.mpf:
    return (mp.expm1(z) - z * mp.exp(z)) / z**2 if abs(z) > mp.mpf(10) ** -20 else -mp.mpf(1) / 2 - z / 3


def exp_cubic(r: mp.mpf) -> mp.mpf:
    return (mp.expm1(r) - r - r**2 / 2) / r**3 if abs(r) > mp.mpf(10) ** -15 else mp.mpf(1) / 6 + r / 24


def tanh_shrink(s: mp.mpf) -> mp.mpf:
    x = mp.sqrt(s)
    return (x - mp.tanh(x)) / x**3 if s > mp.mpf(10) ** -15 else mp.mpf(1) / 3 - 2 * s / 15


def tanh_square(s: mp.mpf) -> mp.mpf:
    return mp.tanh(mp.sqrt(s)) ** 2 / s if s > mp.mpf(10) ** -30 else 1 - 2 * s / 3


def arctan_over(s: mp.mpf) -> mp.mpf:
    return mp.atan(mp.sqrt(s)) / mp.sqrt(s) if s > mp.mpf(10) ** -30 else 1 - s / 3


def arctan_rest(s: mp.mpf) -> mp.mpf:
    return (arctan_over(s) - 1) / s if s > mp.mpf(10) ** -15 else -mp.mpf(1) / 3 + s / 5


def decay(w: mp.mpf) -> mp.mpf:
    return -mp.expm1(-w) / w if w > mp.mpf(10) ** -30 else 1 - w / 2


def rational(f: Function, p_degree: int, q_degree: int, far: float) -> tuple[list[mp.mpf], list[mp.mpf], mp.mpf]:
    """``P`` and ``Q``, lowest power first, with the least relative error of ``P / Q`` from 0 to ``far``.

    They are found as a linear problem, weighted with the denominator of the time before.
    """
    p, q, error = [mp.mpf(0)], [mp.mpf(1)], mp.mpf(1)
    for _ in range(6):

        def weight(x: mp.mpf, last: list[mp.mpf] = q) -> mp.mpf:
            return 1 / (f(x) * mp.polyval(last[::-1], x))

        def weight_of_q(x: mp.mpf) -> mp.mpf:
            return -weight(x) * f(x)

        basis = [power(k, weight) for k in range(p_degree + 1)]
        basis += [power(k + 1, weight_of_q) for k in range(q_degree)]
        found, error = minimax(lambda x: -weight_of_q(x), basis, mp.mpf(0), mp.mpf(far))
        p, q = found[: p_degree + 1], [mp.mpf(1), *found[p_degree + 1 :]]
    return p, q, error


def tanh_of_double(p_degree: int, q_degree: int, far: float) -> tuple[list[mp.mpf], list[mp.mpf], mp.mpf]:
    """``P`` and ``Q``, lowest power first, with ``tanh(y) = y P(y^2) / Q(y^2)`` where it is to give ``tanh(2 y)``.

    A relative error of ``t = tanh(y)`` is multiplied by ``(1 - t^2) / (1 + t^2)`` in ``tanh(2 y) = 2 t / (1 + t^2)``.
    Numerator and denominator are found as a linear problem, weighted with the denominator of the time before.
    """
    q = [mp.mpf(1)]
    for _ in range(8):

        def weight(s: mp.mpf, last: list[mp.mpf] = q) -> mp.mpf:
            return 1 / (mp.cosh(2 * mp.sqrt(s)) * mp.polyval(last[::-1], s))

        def weight_of_p(s: mp.mpf) -> mp.mpf:
            return weight(s) * mp.sqrt(s) / mp.tanh(mp.sqrt(s))

        basis = [power(k + 1, weight_of_p) for k in range(p_degree)]
        basis += [power(k + 1, lambda s: -weight(s)) for k in range(q_degree)]
        found, error = minimax(lambda s: weight(s) - weight_of_p(s), basis, mp.mpf("1e-6"), (mp.mpf(far) / 2) ** 2)
        q = [mp.mpf(1), *found[p_degree:]]
    return [mp.mpf(1), *found[:p_degree]], q, error


def flattened(f: Function, first: mp.mpf, order: int, degree: int, far: mp.mpf) -> tuple[list[mp.mpf], ...]:
    """``P`` and ``H``, lowest power first, with ``f(x) = r H(r^2)`` for ``r = x P(x^2)``, up to where ``f`` is 1.

    The slope of ``r H(r^2)`` is ``(1 - (r / R)^2)^(order - 1)``, and it reaches 1 at ``R``. There the slope is 0, so an
    error of ``r`` has no effect, and ``r`` still grows, so a polynomial fits it. ``first`` is the slope of ``f`` at 0.
    """
    powers = [mp.mpf((-1) ** k * math.comb(order - 1, k)) / (2 * k + 1) for k in range(order)]
    end = 1 / mp.fsum(powers)
    powers = [c / end ** (2 * k) for k, c in enumerate(powers)]
    known: dict[mp.mpf, mp.mpf] = {}

    def of(s: mp.mpf) -> mp.mpf:
        if s not in known:
            low, high, y = mp.mpf(0), end, f(mp.sqrt(s))
            for _ in range(150):
                middle = (low + high) / 2
                low, high = (middle, high) if middle * mp.polyval(powers[::-1], middle**2) < y else (low, middle)
            known[s] = low
        return known[s]

    def ratio(s: mp.mpf) -> mp.mpf:
        return of(s) / mp.sqrt(s) if s > mp.mpf(10) ** -20 else first

    def weight(s: mp.mpf) -> mp.mpf:
        r = of(s)
        change = (1 - (r / end) ** 2) ** (order - 1) / mp.polyval(powers[::-1], r**2)
        return max(change, mp.mpf(2) ** -30) / ratio(s)

    return *remez(ratio, mp.mpf(0), far**2, degree, weight), powers


def quotient(f: Function, p_degree: int, q_degree: int, end: mp.mpf) -> tuple[list[mp.mpf], list[mp.mpf], mp.mpf]:
    """``P`` and ``Q``, lowest power first, with the least ``max |P / (Q f) - 1|`` from 0, where it is 0, to the end.

    They are found as a linear problem, weighted with the denominator of the time before. The error comes last.
    """
    first, q = f(mp.mpf(0)), [mp.mpf(1)]
    for _ in range(8):

        def weight(s: mp.mpf, last: list[mp.mpf] = q) -> mp.mpf:
            return 1 / mp.polyval(last[::-1], s)

        basis = [power(k + 1, lambda s: weight(s) / f(s)) for k in range(p_degree)]
        basis += [power(k + 1, lambda s: -weight(s)) for k in range(q_degree)]
        found, error = minimax(lambda s: weight(s) * (1 - first / f(s)), basis, mp.mpf("1e-6"), end)
        q = [mp.mpf(1), *found[p_degree:]]
    return [first, *found[:p_degree]], q, error


def entropy_over(s: mp.mpf) -> mp.mpf:
    z = mp.sqrt(s)
    lost = mp.log(2) - mp.log1p(mp.exp(z)) + z / (1 + mp.exp(-z))
    return lost / s if s > mp.mpf(10) ** -20 else mp.mpf(1) / 8 - s / 64


def serf_rest(e: mp.mpf) -> mp.mpf:
    s = mp.log1p(e)
    if e < mp.mpf(10) ** -15:
        return 1 / mp.sqrt(mp.pi)
    return (mp.erf(s) / e - 2 / mp.sqrt(mp.pi) * mp.exp(-s * s) / (1 + e)) / e


def sin_over(s: mp.mpf) -> mp.mpf:
    r = mp.sqrt(s)
    return (mp.sin(r) - r) / r**3 if s > mp.mpf(10) ** -12 else -mp.mpf(1) / 6 + s / 120


def cos_over(s: mp.mpf) -> mp.mpf:
    return (mp.cos(mp.sqrt(s)) - 1) / s if s > mp.mpf(10) ** -12 else -mp.mpf(1) / 2 + s / 24


def over_line(f: Function, k: int | float) -> Function:
    """``f(t)`` as a function of ``y = k / (k + t)``."""
    return lambda y: f(k * (1 / y - 1))


INDENT = "    "
HEADER = """\
\"\"\"Minimax polynomials, highest power first, as written by ``benchmarks/coefficients.py``; not edited by hand.\"\"\"
# fmt: off
"""
# name, what it is, function of k and so of the variable, degree and interval in each dtype
EXP = "(e^r - 1 - r) / r^2 for |r| <= ln(2) / 2"
LOG1P = "log(1 + e) / e for 0 <= e <= 1"
CENTRE = "(Phi(t) - 1/2) / t in powers of t^2, |t| <= 1"
TAIL = "Phi(-t) e^(t^2/2) (k + t) in powers of k / (k + t), t >= 1; k first"
BEND = "(Phi(-t) - t phi(t)) e^(t^2/2) / (t_0 - t) in powers of k / (k + t), t >= 0; k first"
CELU = "(e^z - 1 - z e^z) / z^2 for -2 <= z <= 0"
SIN = "(sin(r) - r) / r^3 in powers of r^2, |r| <= 0.8"
COS = "(cos(r) - 1) / r^2 in powers of r^2, |r| <= 0.8"
ARCTAN_REST = "(arctan(x) / x - 1) / x^2 in powers of x^2, |x| <= 1"
SQUARE = "P and Q with tanh(x)^2 = x^2 P / Q in powers of x^2, up to where that is 1"
SHRINK = "P and Q with x - tanh(x) = x^3 P / Q in powers of x^2, up to where tanh(x) is 1"
DECAY = "N and D with (1 - e^-w) / w = N / D for 0 <= w <= far; far first"
LOG_MEAN = "(log(1 + d / 2) / d - 1 / 2) / d for -1 <= d <= 0"
ARCTAN = "arctan(x) / x in powers of x^2, |x| <= 1"
TANH = "N and D with 2 tanh(x / 2) = x - x^3 N / D in powers of x^2, to a bit beyond where tanh(x) is 1"

MILLS = "N and D with Phi(-t) e^(t^2/2) = N / D, t >= 0"
ENTROPY = "(log(2) - log(1 + e^z) + z sigma(z)) / z^2 in powers of z^2, |z| <= 2"
SERF = "(erf(s) / e - erf'(s) / (1 + e)) / e for s = log(1 + e), 0 <= e <= 1"
ERF = "where it is 1, P and H with erf(x) = r H(r^2) for r = x P(x^2), up to there, and more than 1 beyond"


LOG1P_CUBIC = "(log(1 + e) - e + e^2 / 2) / e^3 for 0 <= e <= 1"
EXP_CUBIC = "(e^r - 1 - r - r^2 / 2) / r^3 for |r| <= ln(2) / 2"


def table(
    f: Function,
    a: float,
    b: float,
    degree: int,
    dtype: str,
    k: float | None = None,
    weight: Function | None = None,
) -> str:
    """Entry of a table for one dtype."""
    coefficients, error = remez(f, mp.mpf(a), mp.mpf(b), degree, weight or relative(f))
    number = np.float64 if dtype == "float64" else np.float32
    rounded = tuple(float(number(c)) for c in reversed(coefficients))
    entry = rounded if k is None else (k, rounded)
    return f'    # relative error 2^{float(mp.log(error, 2)):.1f}\n"{dtype}": {entry},'


def main() -> None:
    print(HEADER)
    half_ln2 = float(mp.log(2) / 2) * 1.001
    # "half" is what float32 needs for a result that is rounded to a half precision.
    tables = {
        # What counts is the error of e^r, in which the polynomial is multiplied by r^2.
        ("EXP", EXP): lambda d, i: table(
            exp_rest,
            -half_ln2,
            half_ln2,
            (3, 4, 10)[i],
            d,
            weight=lambda r: max(r * r, TINY) / mp.exp(r),
        ),
        ("LOG1P", LOG1P): lambda d, i: table(log1p_over, 0, 1, (6, 10, 22)[i], d),
        ("NORMAL_CENTRE", CENTRE): lambda d, i: table(normal_centre, 0, 1.02, (4, 5, 12)[i], d),
        ("NORMAL_TAIL", TAIL): lambda d, i: tail_table(d, *((2.5, 6, 15.5), (1.0, 9, 15.5), (4.0, 23, 40))[i]),
        ("NORMAL_BEND", BEND): lambda d, i: bend_table(d, *((4.0, 7, 15.5), (4.0, 9, 15.5), (6.0, 24, 40))[i]),
        ("TANH_SHRINK", SHRINK): lambda d, i: quotient_table(
            d, tanh_shrink, *((2, 3, 9.02), (3, 4, 9.02), (9, 9, 19.07))[i]
        ),
        ("TANH_SQUARE", SQUARE): lambda d, i: quotient_table(
            d, tanh_square, *((3, 4, 9.02), (4, 5, 9.02), (10, 11, 19.07))[i]
        ),
        ("TANH", TANH): lambda d, i: tanh_table(d, *((2, 2, 10.5), (2, 3, 11.5), (6, 6, 22))[i]),
        ("ARCTAN", ARCTAN): lambda d, i: table(arctan_over, 0, 1, (6, 8, 20)[i], d),
        ("ARCTAN_REST", ARCTAN_REST): lambda d, i: table(arctan_rest, 0, 1, (6, 8, 21)[i], d),
        # What counts is the error of the logarithm, a half and d times the polynomial.
        ("LOG_MEAN", LOG_MEAN): lambda d, i: table(
            log_mean_rest, -1, 0, (5, 8, 20)[i], d, weight=lambda r: max(abs(r), TINY)
        ),
        # They are multiplied by r^3 and by r^2.
        ("SIN", SIN): lambda d, i: table(sin_over, 0, 0.64, (2, 3, 6)[i], d, weight=lambda s: s),
        ("COS", COS): lambda d, i: table(cos_over, 0, 0.64, (2, 3, 6)[i], d, weight=lambda s: s),
        ("DECAY", DECAY): lambda d, i: rational_table(decay, d, *((4, 5, 13.0), (5, 6, 17.5), (13, 14, 37.5))[i]),
        ("ERF", ERF): lambda d, i: erf_table(
            d,
            *((5, 4, 3.25, 3.25, 1), (3, 6, 3.65, 3.92, 0.9431304931640625), (3, 21, 5.8, 5.88, 0.9522216982196843))[i],
        ),
        ("MILLS", MILLS): lambda d, i: quotient_table(
            d, scaled_tail, *((3, 4, 15.5**0.5), (4, 5, 15.5**0.5), (10, 11, 40**0.5))[i]
        ),
    }
    without_half = {
        ("ENTROPY", ENTROPY): lambda d, i: table(entropy_over, 0, 4, (7, 16)[i], d),
        # It is multiplied by e.
        ("SERF", SERF): lambda d, i: table(serf_rest, 0, 1, (8, 20)[i], d, weight=lambda e: max(e, TINY)),
        ("CELU_REST", CELU): lambda d, i: table(celu_rest, -2, 0, (8, 18)[i], d),
        ("LOG1P_CUBIC", LOG1P_CUBIC): lambda d, i: table(
            log1p_cubic,
            0,
            1,
            (9, 21)[i],
            d,
            weight=lambda e: max(e**3, TINY) / mp.log1p(max(e, TINY)),
        ),
        ("EXP_CUBIC", EXP_CUBIC): lambda d, i: table(
            exp_cubic,
            -half_ln2,
            half_ln2,
            (4, 10)[i],
            d,
            weight=lambda r: max(abs(r) ** 3, TINY) / mp.exp(r),
        ),
    }
    for group, dtypes in ((tables, ("half", "float32", "float64")), (without_half, ("float32", "float64"))):
        for (name, what), entry in group.items():
            print(f"{name} = {{  # {what}")
            for i, dtype in enumerate(dtypes):
                comment, numbers = entry(dtype, i).splitlines()
                print(comment, fill(numbers, 120, initial_indent=INDENT, subsequent_indent=INDENT * 2), sep="\n")
            print("}")
    print("# Constants as a float64 and what that lacks of them.")
    tanh = 2 * mp.sqrt(2 / mp.pi)
    constants = {
        "BEND_ROOT": (BEND_ROOT, "where Phi(-t) = t phi(t)"),
        "HALF_PI": (mp.pi / 2, "pi / 2"),
        "ROOT_2": (mp.sqrt(2), "square root of 2"),
        "GELU_TANH_A": (tanh, "2 sqrt(2 / pi)"),
        "GELU_TANH_B": (tanh * mp.mpf("0.044715"), "0.044715 times that"),
        "QUICK_GELU": (mp.mpf("1.702"), "scale of the quick GELU"),
    }
    for name, (value, what) in constants.items():
        print(f"{name} = {(float(value), float(value - mp.mpf(float(value))))}  # {what}")


def tanh_table(dtype: str, p_degree: int, q_degree: int, far: float) -> str:
    p, q, error = tanh_of_double(p_degree, q_degree, far)
    difference = [b - (p[k] if k < len(p) else 0) for k, b in enumerate(q)][1:]
    number = np.float64 if dtype == "float64" else np.float32
    pair = tuple(
        tuple(float(number(c / mp.mpf(4) ** (k + first))) for k, c in reversed([*enumerate(powers)]))
        for first, powers in ((1, difference), (0, q))
    )
    return f'    # relative error 2^{float(mp.log(error, 2)):.1f}\n"{dtype}": {pair},'


def quotient_table(dtype: str, f: Function, p_degree: int, q_degree: int, far: float) -> str:
    *pair, error = quotient(f, p_degree, q_degree, mp.mpf(far) ** 2)
    number = np.float64 if dtype == "float64" else np.float32
    rounded = tuple(tuple(float(number(c)) for c in reversed(powers)) for powers in pair)
    return f'    # relative error 2^{float(mp.log(error, 2)):.1f}\n"{dtype}": {rounded},'


def erf_table(dtype: str, order: int, degree: int, far: float, end: float, scale: float) -> str:
    """The scale is one with which rounding the coefficients does least."""
    p, error, h = flattened(mp.erf, 2 / mp.sqrt(mp.pi), order, degree, mp.mpf(far))
    number = np.float64 if dtype == "float64" else np.float32
    powers = tuple(float(number(c / scale)) for c in reversed(p))
    flat = tuple(float(number(c * mp.mpf(scale) ** (2 * k + 1))) for k, c in reversed([*enumerate(h)]))
    return f'    # relative error 2^{float(mp.log(error, 2)):.1f}\n"{dtype}": {(end, powers, flat)},'


def rational_table(f: Function, dtype: str, p_degree: int, q_degree: int, far: float) -> str:
    *pair, error = rational(f, p_degree, q_degree, far)
    number = np.float64 if dtype == "float64" else np.float32
    above, below = (tuple(float(number(c)) for c in powers[::-1]) for powers in pair)
    return f'    # relative error 2^{float(mp.log(error, 2)):.1f}\n"{dtype}": {(far, above, below)},'


def tail_table(dtype: str, k: float, degree: int, far: float) -> str:
    f = over_line(lambda t: scaled_tail(t) * (k + t), k)
    return table(f, k / (k + far), k / (k + 0.98), degree, dtype, k)


def bend_table(dtype: str, k: float, degree: int, far: float) -> str:
    return table(over_line(bend_over_root, k), k / (k + far), 1, degree, dtype, k)


if __name__ == "__main__":
    main()
