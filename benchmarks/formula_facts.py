"""The facts that ``@activation`` states of a formula, to 17 digits: range, slopes at both ends, kinks, minimum.

    python benchmarks/formula_facts.py mish                    # a line of the tests' oracle, at the default parameters
    python benchmarks/formula_facts.py "x * sigmoid(x) ** 2"   # or any formula of x, in the functions of the oracle

Found in 40 digits with mpmath: slopes by differences, roots by bisection on a grid of 1/64 from -32 to 32, limits at
powers of two. What happens within less than 1/64, or only beyond 32, is not seen.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

import mpmath as mp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import itertools

from support import oracle

import jaxact

mp.mp.dps = 40
Function = Callable[[mp.mpf], mp.mpf]
_STEP = mp.mpf(2) ** -40
_FAR = 2**20


def formula(text: str) -> Function:
    """The function that a name of the oracle or an expression in ``x`` stands for, in mpmath."""
    if text in oracle.FORMULAS:
        parameters = [mp.mpf(float(p)) for p in jaxact.spec(text).parameters.values()]
        return in_mpmath(lambda x: oracle.FORMULAS[text](x, *parameters))
    if text.isidentifier() and text != "x":
        raise SystemExit(f"{text} is not a line of the oracle; give its name, or an expression in x")
    known = {n: f for n, f in inspect.getmembers(oracle, callable) if not n.startswith("_")}
    code = compile(text, "formula", "eval")
    return in_mpmath(lambda x: eval(code, {**known, "x": x}))


def in_mpmath(f: Callable) -> Function:
    """A line of the oracle, which else works on power series, as a function of numbers."""

    def function(x: mp.mpf) -> mp.mpf:
        oracle._in_mpmath = True
        try:
            return mp.mpf(f(x))
        finally:
            oracle._in_mpmath = False

    return function


def slope(f: Function, x: mp.mpf) -> mp.mpf:
    return (f(x + _STEP) - f(x - _STEP)) / (2 * _STEP)


def limit(f: Function, sign: int) -> mp.mpf:
    """What ``f`` tends to, infinity where it still grows."""
    near, far = f(mp.mpf(sign * _FAR)), f(mp.mpf(sign * _FAR**2))
    if abs(far - near) > mp.mpf("1e-3"):
        return mp.sign(far) * mp.inf
    return far if far == near else mp.nint(far * 10**9) / 10**9


def bisect(holds: Callable[[mp.mpf], bool], a: mp.mpf, b: mp.mpf) -> mp.mpf:
    """Where a condition that holds at ``a`` ceases to."""
    for _ in range(100):
        middle = (a + b) / 2
        a, b = (middle, b) if holds(middle) else (a, middle)
    return (a + b) / 2


def kinks(f: Function, grid: list[mp.mpf]) -> list[mp.mpf]:
    """Where the slope changes by more than 1e-4 within 2^-30."""
    found = []
    for a, b in itertools.pairwise(grid):
        left, right = slope(f, a), slope(f, b)
        while b - a > mp.mpf(2) ** -30 and abs(right - left) > mp.mpf("1e-4"):
            middle = (a + b) / 2
            at = slope(f, middle)
            a, b, left, right = (a, middle, left, at) if abs(at - left) > abs(right - at) else (middle, b, at, right)
        if abs(right - left) > mp.mpf("1e-4"):
            found.append(mp.nint((a + b) / 2 * 2**20) / 2**20)
    return sorted(set(found))


def facts(f: Function) -> dict[str, object]:
    """The four facts as numbers of mpmath."""
    # Off the round numbers, where a slope may jump.
    grid = [mp.mpf(k) / 64 + mp.mpf(1) / 1000 for k in range(-32 * 64, 32 * 64)]
    slopes = [slope(f, x) for x in grid]
    turns = [
        bisect(lambda x, rising=p > 0: (slope(f, x) > 0) == rising, a, b)
        for a, b, p, q in zip(grid, grid[1:], slopes, slopes[1:], strict=False)
        if p * q < 0
    ]
    ends = [limit(f, -1), limit(f, 1)]
    values = [*ends, *map(f, turns), *map(f, grid[::16])]
    least = min(turns, key=f, default=None)
    minimum = least if least is not None and f(least) <= min(values) + mp.mpf(10) ** -30 else None
    return {
        "range": (min(values), max(values)),
        "tails": (limit(lambda x: slope(f, x), -1), limit(lambda x: slope(f, x), 1)),
        "kinks": tuple(kinks(f, grid)),
        "minimum": minimum,
    }


def shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))}{',' if len(value) == 1 else ''})"
    if value is None:
        return "None"
    return str(value).replace("+", "") if mp.isinf(value) else mp.nstr(value, 17, strip_zeros=True)


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    for name, value in facts(formula(sys.argv[1])).items():
        print(f"{name}={shown(value)},")


if __name__ == "__main__":
    main()
