"""Power series in float64 that bound their own error, at many points at once.

They are to the oracle what a sieve is: most points of a dense sample need no more digits than these have, and what they
cannot settle is left to ball arithmetic. A branch that not all points take alike raises :class:`Split`.
"""

import math

import numpy as np

_UNIT = 2.0**-52  # twice the error of a rounded operation, which makes up for the rounding of the bounds
_LEAST = 2.0**-1060  # more than what is lost to underflow
_LIBRARY = 4 * _UNIT  # an elementary function of NumPy or the C library is off by no more


class Split(Exception):
    """The points that take a branch for sure, and those that do not for sure."""

    def __init__(self, taken, left):
        super().__init__()
        self.taken, self.left = taken, left


class Ball:
    """Arrays of numbers within ``radius`` of ``middle + low``; what is not a number has no bound.

    ``low`` is what a sum was rounded by, so that ``log(1 + x)`` and ``exp(x) - 1`` keep the digits of ``x``.
    """

    def __init__(self, middle, radius=0.0, low=0.0):
        self.middle, self.radius, self.low = middle, radius, low

    def rounded(self):
        """Without the low part."""
        return Ball(self.middle, self.radius + np.abs(self.low))

    def __add__(self, other):
        total, lost = _two_sum(self.middle, other.middle)
        middle, low = _two_sum(total, lost + (self.low + other.low))
        lost = _UNIT * (np.abs(lost) + np.abs(self.low) + np.abs(other.low))
        return Ball(middle, self.radius + other.radius + lost, low)

    def __neg__(self):
        return Ball(-self.middle, self.radius, -self.low)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        a, b = self.rounded(), other.rounded()
        middle = a.middle * b.middle
        cross = np.abs(a.middle) * b.radius + np.abs(b.middle) * a.radius + a.radius * b.radius
        return Ball(middle, cross + _UNIT * np.abs(middle) + _LEAST)

    def __truediv__(self, other):
        a, b = self.rounded(), other.rounded()
        middle = a.middle / b.middle
        radius = (a.radius + np.abs(middle) * b.radius) / np.maximum(np.abs(b.middle) - b.radius, 0)
        return Ball(middle, radius + _UNIT * np.abs(middle) + _LEAST)

    def _of(self, f, radius):
        """``f`` of it, given how far the result is off because this is."""
        middle = f(self.middle)
        return Ball(middle, radius(middle) + _LIBRARY * np.abs(middle) + _LEAST)

    def exp(self):
        self = self.rounded()
        middle, low = _two_sum(1.0, np.expm1(self.middle))
        radius = middle * np.expm1(self.radius) + _LIBRARY * np.abs(np.expm1(self.middle)) + _LEAST
        large = self.middle > -1  # below, 1 + expm1 would lose digits
        far = self._of(
            np.exp, lambda y: np.where(self.radius < 1, y * np.expm1(self.radius), np.exp(self.middle + self.radius))
        )
        return Ball(*(np.where(large, a, b) for a, b in ((middle, far.middle), (radius, far.radius), (low, 0.0))))

    def log(self):
        rest = Ball(self.low / self.middle, (self.radius + _UNIT * np.abs(self.low)) / self.middle + _LEAST)
        correction = rest._of(np.log1p, lambda y: 2 * rest.radius)
        return Ball(self.middle)._of(np.log, lambda y: 0.0) + correction

    def sqrt(self):
        self = self.rounded()
        return self._of(np.sqrt, lambda y: self.radius / np.sqrt(self.middle - self.radius))

    def atan(self):
        self = self.rounded()
        return self._of(np.arctan, lambda y: self.radius)

    def sin(self):
        self = self.rounded()
        return self._of(np.sin, lambda y: self.radius + _LIBRARY)

    def cos(self):
        self = self.rounded()
        return self._of(np.cos, lambda y: self.radius + _LIBRARY)

    def erf(self):  # |x erf'(x)| is at most |erf(x)|
        self = self.rounded()
        size = np.abs(self.middle)
        return self._of(_erf, lambda y: np.where(size > 2 * self.radius, 2 * np.abs(y) / size, 2) * self.radius)

    def erfc(self):  # |erfc'(x)| is at most 2 (1 + |x|) erfc(x)
        self = self.rounded()
        growth = 2 * (1 + np.abs(self.middle) + self.radius) * self.radius
        left, right = _erfc(self.middle - self.radius), _erfc(self.middle + self.radius)
        return self._of(_erfc, lambda y: np.where(growth < 1, y * np.expm1(growth), left - right))


def _two_sum(a, b):
    """Rounded sum, and what the rounding lost."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


_erf = np.vectorize(math.erf, otypes=[float])
_erfc = np.vectorize(math.erfc, otypes=[float])
_TWO_OVER_ROOT_PI = Ball(2 / math.sqrt(math.pi), 2.0**-50)


class Series:
    """Taylor coefficients, each a :class:`Ball`, or ``None`` where it is 0."""

    def __init__(self, coefficients):
        self.coefficients = coefficients

    def _with(self, other):
        """Coefficients of both, in equal number; another number is the first coefficient of a series."""
        if not isinstance(other, Series):
            other = Series([_constant(other), *[None] * (len(self.coefficients) - 1)])
        return self.coefficients, other.coefficients

    def __add__(self, other):
        return Series([_sum(a, b) for a, b in zip(*self._with(other), strict=True)])

    def __neg__(self):
        return Series([None if a is None else -a for a in self.coefficients])

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        a, b = self._with(other)
        return Series([_convolved(a, b, k, range(k + 1)) for k in range(len(a))])

    def __truediv__(self, other):
        return _quotient(*self._with(other))

    def __rtruediv__(self, other):
        return _quotient(*self._with(other)[::-1])

    def __pow__(self, power):
        if not isinstance(power, int) or power < 1:
            return NotImplemented
        return self if power == 1 else self ** (power - 1) * self

    __radd__, __rmul__ = __add__, __mul__

    def __abs__(self):
        first, *rest = self.coefficients
        if any(a is not None for a in rest):
            raise TypeError("the slope of an absolute value is a branch")
        return Series([Ball(np.abs(first.middle), first.rounded().radius), *rest])

    def point(self):
        """The point that this is a series around."""
        return Series([self.coefficients[0], *[None] * (len(self.coefficients) - 1)])

    def _compare(self, other, sure, never):
        a, b = ((c[0] or Ball(0.0)).rounded() for c in self._with(other))
        distance, error = a.middle - b.middle, a.radius + b.radius
        return Choice(sure(distance, error), never(distance, error))

    def __lt__(self, other):
        return self._compare(other, lambda d, e: d < -e, lambda d, e: d >= e)

    def __le__(self, other):
        return self._compare(other, lambda d, e: d <= -e, lambda d, e: d > e)

    def __gt__(self, other):
        return self._compare(other, lambda d, e: d > e, lambda d, e: d <= -e)

    def __ge__(self, other):
        return self._compare(other, lambda d, e: d >= e, lambda d, e: d < -e)

    def __eq__(self, other):
        return self._compare(other, lambda d, e: (d == 0) & (e == 0), lambda d, e: np.abs(d) > e)

    __hash__ = None

    def _from_slope(self, first, slope):
        """The series that begins with ``first`` and has the slope ``slope(series so far) * self'``."""
        out = [first]
        for k in range(1, len(self.coefficients)):
            g, total = slope([*out, *[None] * (len(self.coefficients) - k)]), None
            for j in range(1, k + 1):
                if self.coefficients[j] is not None and g[k - j] is not None:
                    total = _sum(total, Ball(j / k, _UNIT) * self.coefficients[j] * g[k - j])
            out.append(total)
        return Series(out)

    def exp(self):
        return self._from_slope(self._first().exp(), lambda y: y)

    def log(self):
        slope = (1 / self).coefficients
        return self._from_slope(self._first().log(), lambda y: slope)

    def sqrt(self):
        return self._from_slope(self._first().sqrt(), lambda y: (1 / (2 * Series(y))).coefficients)

    def atan(self):
        slope = (1 / (1 + self * self)).coefficients
        return self._from_slope(self._first().atan(), lambda y: slope)

    def erf(self):
        slope = ((-(self * self)).exp() * _TWO_OVER_ROOT_PI).coefficients
        return self._from_slope(self._first().erf(), lambda y: slope)

    def erfc(self):
        slope = (-((-(self * self)).exp() * _TWO_OVER_ROOT_PI)).coefficients
        return self._from_slope(self._first().erfc(), lambda y: slope)

    def sin(self):
        return self._turned(0)

    def cos(self):
        return self._turned(1)

    def _turned(self, quarters):
        """Sine, and its derivatives in turn."""
        if len(self.coefficients) == 1:
            slope = [None]
        else:
            slope = Series(self.coefficients[:-1])._turned(quarters + 1).coefficients
        first = self._first().cos() if quarters % 2 else self._first().sin()
        return self._from_slope(-first if quarters % 4 > 1 else first, lambda y: slope)

    def _first(self):
        return self.coefficients[0] or Ball(0.0)


class Choice:
    """Where a condition holds for sure, and where it fails for sure."""

    def __init__(self, taken, left):
        self.taken, self.left = np.asarray(taken), np.asarray(left)

    def __bool__(self):
        if self.taken.all():
            return True
        if self.left.all():
            return False
        raise Split(self.taken, self.left)

    def __int__(self):
        return int(bool(self))


def _constant(c):
    if isinstance(c, Ball):
        return c
    near = float(c)
    exact = isinstance(c, float) or (isinstance(c, int) and int(near) == c)
    return Ball(near, 0.0 if exact else _UNIT * abs(near))


def _sum(a, b):
    return b if a is None else a if b is None else a + b


def _convolved(a, b, k, js):
    """Sum of ``a[j] b[k - j]``."""
    total = None
    for j in js:
        if a[j] is not None and b[k - j] is not None:
            total = _sum(total, a[j] * b[k - j])
    return total


def _quotient(a, b):
    out = []
    for k in range(len(a)):
        rest = _convolved(b, [*out, None], k, range(1, k + 1))
        rest = _sum(a[k], None if rest is None else -rest)
        out.append(None if rest is None else rest / (b[0] or Ball(0.0)))
    return Series(out)


def evaluate(formula, columns, width, variable, bits):
    """Taylor coefficients of a formula at many points, and which of the points are settled.

    Args:
      formula: function of numbers.
      columns: float64 array of an argument in each row.
      width: number of coefficients.
      variable: index of the argument that the series are in.
      bits: how many are to be right, unless the result is too small for a float32.

    Returns:
      Array of shape ``(width, points)``, and one of bools.
    """
    out, settled = np.zeros((width, columns.shape[1])), np.zeros(columns.shape[1], bool)
    groups = [np.arange(columns.shape[1])]
    with np.errstate(all="ignore"):
        while groups:
            group = groups.pop()
            if not group.size:
                continue
            arguments = [
                Series([Ball(c), *[Ball(1.0) if i == variable and k == 1 else None for k in range(1, width)]])
                for i, c in enumerate(columns[:, group])
            ]
            try:
                y = formula(*arguments)
            except Split as split:
                groups += [group[np.broadcast_to(s, group.shape)] for s in (split.taken, split.left)]
                continue
            except (TypeError, AttributeError):  # an operation that is not here
                continue
            coefficients = y.coefficients if isinstance(y, Series) else [_constant(y), *[None] * (width - 1)]
            sure = np.ones(group.shape, bool)
            for k, ball in enumerate(coefficients):
                if ball is not None:
                    ball = ball.rounded()
                    out[k, group] = ball.middle
                    size = np.abs(ball.middle)
                    sure &= (ball.radius <= 2.0**-bits * size) | (size + ball.radius < 2.0**-200)
            settled[group] = sure
    return out, settled
