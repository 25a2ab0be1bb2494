"""Value, slope and curvature of every activation against the oracle, in ulps, in each dtype.

For one function: ``pytest tests/test_accuracy.py -k mish``. What misses a bound is listed with the argument at fault,
as a hex float to be added to ``samples.WORST``.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases, oracle, samples, terms, ulp
from support.known_bounds import KNOWN, RANGES, bounds

import jaxact
from jaxact import _accuracy

ELEMENTWISE = [s for s in jaxact.specs() if s.elementwise]
ORDERS = ("value", "slope", "curvature")

each = pytest.mark.parametrize("spec", ELEMENTWISE, ids=lambda s: s.name)
halves = pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16], ids=["bfloat16", "float16"])


@functools.cache
def windows(name, order, wrt="x", **parameters):
    """Sign changes of the value or a derivative; a derivative in a parameter is seen as a function of x.

    That of a value at 0 is left out: values there are accurate to all digits.
    """

    def derivative(x):
        defined = oracle.defined(name, x, **parameters)
        out = np.zeros(x.shape)
        out[defined] = oracle.derivatives(name, x[defined], order, wrt, **parameters)[0][order]
        return out

    return [w for w in ulp.windows(derivative) if order or abs(w[0]) > 2**-6]


def arguments(spec, dtype, factor=1.0):
    """Parameters in the dtype that the function computes in."""
    compute = np.float64 if dtype == np.float64 else np.float32
    return {n: compute(default * factor if default else factor - 1) for n, default in spec.parameters.items()}


class Verdicts:
    """Collects what misses its bound, so that one run shows all of it."""

    def __init__(self, spec, dtype, dense=False):
        self.name, self.dtype, self.dense, self.missed = spec.name, np.dtype(dtype).name, dense, []

    def add(self, what, order, x, got, truth, rest=0.0, window=0.0):
        assert got.dtype == self.dtype
        assert got.shape == x.shape
        errors = ulp.error(got, truth, rest, window)
        worst = int(errors.argmax())
        bound, known = bounds(self.name, self.dtype)[order], KNOWN.get((self.name, self.dtype, what))
        if known is not None:
            if self.dense and errors[worst] <= bound:
                self.missed.append(f"{what} {errors[worst]:.4g} ulp: take its entry out of known_bounds.py")
            bound = known[0]
        if errors[worst] > bound:
            at, y, wrong = float(x[worst]), float(got[worst]), np.count_nonzero(errors > bound)
            self.missed.append(
                f"{what} {errors[worst]:.4g} > {bound} ulp at {at.hex()} = {at:.9g}: {y:.9g}, not {truth[worst]:.9g}; "
                f"{wrong} of {x.size} points"
            )

    def check(self):
        if self.missed:
            pytest.fail(f"{self.name}, {self.dtype}:\n" + "\n".join(self.missed), pytrace=False)


def jumps(name, x, order, parameters):
    """Which of the points have another derivative just left of them than just right."""
    x = x.astype(np.float64)
    step = 2.0**-40
    left, right = (oracle.derivatives(name, x + d, order, **parameters)[0][order] for d in (-step, step))
    return np.abs(left - right) > 1e-6 * np.maximum(1, np.abs(left))


def truth_at(name, x, order, wrt="x", **parameters):
    """As the oracle, which is not asked twice for the same points."""
    return _truth_at(name, x.dtype, x.tobytes(), order, wrt, tuple(parameters.items()))


@functools.lru_cache(maxsize=8)
def _truth_at(name, dtype, points, order, wrt, parameters):
    return oracle.derivatives(name, np.frombuffer(points, dtype), order, wrt, **dict(parameters))


def unit(name, what, order, x, wrt, parameters):
    """What the ulp of a result is at least one of: the largest nearby, at a sign change, or a term that cancels."""
    return np.maximum(ulp.window(x, windows(name, order, wrt, **parameters)), terms.largest(name, what, x, parameters))


def sweep(spec, dtype, x, orders, dense=False):
    """Value and derivatives at the points, with a cotangent of 1, of the function at its defaults."""
    parameters = arguments(spec, dtype)
    truth, rest = truth_at(spec.name, x, max(orders), **parameters)
    verdicts = Verdicts(spec, dtype, dense)
    for order in orders:
        got = cases.evaluate(spec, x, order)
        where = np.ones(x.shape, bool)
        if order == 2:  # one-sided values are as right as any where the curvature jumps, as long as they are finite
            round_number = np.flatnonzero((np.abs(x) < 16) & (x % 0.5 == 0))
            where[round_number] = ~jumps(spec.name, x[round_number], order, parameters) | ~np.isfinite(
                got[round_number]
            )
        window = unit(spec.name, ORDERS[order], order, x, "x", parameters)
        verdicts.add(ORDERS[order], order, x[where], got[where], truth[order][where], rest[order][where], window[where])
    verdicts.check()


def near(spec):
    return (*spec.kinks, *([] if spec.minimum is None else [spec.minimum]))


@pytest.mark.daily
@pytest.mark.parametrize("spec", [s for s in ELEMENTWISE if s.name not in _accuracy.CORE], ids=lambda s: s.name)
def test_all_thinly(spec):
    sweep(spec, np.float32, samples.wide(np.float32, near(spec), size=50)[::4], orders=(0, 1))


@each
def test_float32(spec):
    sweep(spec, np.float32, samples.wide(np.float32, near(spec)), orders=(0, 1))


@each
def test_curvature(spec):
    sweep(spec, np.float32, samples.wide(np.float32, near(spec)), orders=(2,))


@each
@pytest.mark.nightly
def test_float32_densely(spec):
    sweep(spec, np.float32, samples.wide(np.float32, near(spec), size=20000, seed=1), orders=(0, 1, 2), dense=True)


@each
def test_float64(spec):
    with jax.enable_x64(True):
        sweep(spec, np.float64, samples.wide(np.float64, near(spec)), orders=(0, 1))


def sweep_half(spec, dtype, x, dense=False):
    parameters = arguments(spec, dtype)
    # At most 1, so that a gradient is a normal number only where the slope is one.
    rng = np.random.default_rng(0)
    cotangent = (rng.uniform(0.25, 1, x.shape) * rng.choice([-1, 1], x.shape)).astype(dtype)
    truth, _ = oracle.derivatives(spec.name, x, 1, **parameters)
    weight = cotangent.astype(np.float64)
    # A slope beyond the largest float32 number is infinite, and stays so however small the cotangent is.
    truth[1] *= np.where(np.abs(truth[1]) > np.finfo(np.float32).max, np.inf * weight, weight)
    got, grad = (cases.evaluate(spec, x, order, None, cotangent) for order in (0, 1))

    # What is subnormal in float32 may be read as zero, which matters at a kink.
    tiny = np.flatnonzero(np.abs(x.astype(np.float32)) < np.finfo(np.float32).tiny)
    at_zero, _ = oracle.derivatives(spec.name, np.zeros(1, np.float32), 1, **parameters)
    for k, y, scale in ((0, got, 1.0), (1, grad, weight[tiny])):
        zero, y = at_zero[k] * scale, y[tiny].astype(np.float64)
        truth[k, tiny] = np.where(np.abs(y - zero) < np.abs(y - truth[k, tiny]), zero, truth[k, tiny])

    verdicts = Verdicts(spec, dtype, dense)
    verdicts.add("value", 0, x, got, truth[0], 0.0, unit(spec.name, "value", 0, x, "x", parameters))
    verdicts.add("slope", 1, x, grad, truth[1], 0.0, unit(spec.name, "slope", 1, x, "x", parameters) * np.abs(weight))
    verdicts.check()


@each
@halves
def test_half(spec, dtype):
    sweep_half(spec, dtype, samples.half_patterns(dtype)[::61])


@each
@halves
@pytest.mark.nightly
def test_half_everywhere(spec, dtype):
    sweep_half(spec, dtype, samples.half_patterns(dtype), dense=True)


@pytest.mark.parametrize("spec", [s for s in ELEMENTWISE if s.parameters], ids=lambda s: s.name)
@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16], ids=["float32", "bfloat16"])
def test_other_parameters(spec, dtype):
    """Value and all first derivatives at parameters other than the defaults; those in the parameters are float32."""
    x = samples.wide(np.float32, near(spec), size=300).astype(dtype)
    furthest, _ = RANGES.get(spec.name, (np.finfo(np.float32).max, ""))
    x = np.unique(x[np.abs(x.astype(np.float32)) <= furthest])

    for factor in (0.3, 1.0, 2.5):
        parameters = arguments(spec, dtype, factor)
        numbers = map(jnp.asarray, parameters.values())
        y, slope, *others = cases.in_blocks(slopes(spec.name), [x], *numbers)
        defined = oracle.defined(spec.name, x, **parameters)
        np.testing.assert_array_equal(np.isnan(y), ~defined)
        verdicts, wide = Verdicts(spec, dtype), Verdicts(spec, np.float32)
        for to, what, order, wrt, got in [
            (verdicts, "value", 0, "x", y),
            (verdicts, "slope", 1, "x", slope),
            *((wide, n, 1, n, got) for n, got in zip(spec.parameters, others, strict=True)),
        ]:
            truth, _ = truth_at(spec.name, x[defined], 1, wrt, **parameters)
            least = unit(spec.name, what, order, x[defined], wrt, parameters)
            to.add(what, order, x[defined], got[defined], truth[order], 0.0, least)
        verdicts.missed += wide.missed
        verdicts.check()


@functools.cache
def slopes(name):
    """Value, slope in ``x``, and slopes in the parameters, as if each point had parameters of its own."""
    function = jaxact.spec(name).function

    @jax.jit
    def run(x, *parameters):
        full = [jnp.broadcast_to(p, x.shape) for p in parameters]
        y, pullback = jax.vjp(function, x, *full)
        return y, *pullback(jnp.ones_like(y))

    return run


def test_selu_reaches_the_largest_number():
    """The one float32 number of which the product with the scale is infinite and the result is not."""
    x = jnp.float32(float.fromhex("0x1.e74b30p+127"))
    assert jaxact.selu(x) == jnp.finfo(jnp.float32).max
    assert jaxact.selu(jnp.nextafter(x, jnp.float32(jnp.inf))) == jnp.inf


def test_curvature_of_atan_far_out():
    curvature = jax.grad(jax.grad(jaxact.atan))
    with jax.enable_x64(True):
        np.testing.assert_allclose(curvature(jnp.float64(1e85)), -2e-255, rtol=1e-15)
        assert curvature(jnp.float64(jnp.inf)) == 0


def test_known_bounds_name_functions():
    for name, dtype, what in KNOWN:
        assert what in (*ORDERS, *jaxact.spec(name).parameters)
        assert bounds(name, dtype)
