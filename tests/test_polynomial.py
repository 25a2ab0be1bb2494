"""Activations with a vector of coefficients: PolyReLU, Hermite and rational ones, and PolyNorm, a function of rows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import cases, oracle, samples, ulp

import jaxact
from jaxact._rational import FITS

pytestmark = pytest.mark.nightly

# Of each function: names in the oracle, how they make its parameters, and coefficients other than the defaults.
LAYOUT = {
    "hermite": (("c0", "c1", "c2", "c3", "c4"), (5,), (0.3, -0.7, 0.2, 0.4, 0.11)),
    "poly_relu": (("w1", "w2", "w3", "bias"), (3, 0), (0.5, -1.3, 0.25, 0.7)),
    "rational": (
        ("a0", "a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "b4"),
        (6, 4),
        (0.1, 0.8, -0.3, 0.05, 0.02, -0.01, 0.4, -0.2, 0.03, 0.015),
    ),
}
BOUNDS = {  # of value, slopes and curvature, in ulps of the largest term
    np.float32: (6, 8, 32),
    np.float64: (6, 8),
    jnp.bfloat16: (0.51, 0.51),
    np.float16: (0.51, 0.51),
}

each = pytest.mark.parametrize("name", LAYOUT)


def packed(name, flat, sizes=None):
    """The parameters of the function, from one array for each of their coefficients."""
    rest, parameters = list(flat), []
    for size in sizes or LAYOUT[name][1]:
        parameters.append(jnp.stack(rest[:size]) if size else rest[0])
        rest = rest[size or 1 :]
    assert not rest
    return parameters


def default(name):
    return [np.asarray(c) for p in jaxact.spec(name).parameters.values() for c in np.ravel(p)]


def by_coefficient(name, sizes=None):
    """The function with an argument for each coefficient."""
    return lambda x, *flat: jaxact.get(name)(x, *packed(name, flat, sizes))


def plain(name, sizes=None):
    """The function written plainly, of ``x`` and each of the coefficients."""
    above, below = sizes if name == "rational" and sizes else (6, 4)

    def f(x, *flat):
        powers = [x**0, x, x**2, x**3, x**4, x**5]
        if name == "rational":
            q = sum(c * p for c, p in zip(flat[above:], powers[1 : below + 1], strict=True))
            return sum(c * p for c, p in zip(flat[:above], powers[:above], strict=True)) / (1 + jnp.abs(q))
        if name == "poly_relu":
            return flat[3] + sum(c * jnp.maximum(x, 0) ** i for i, c in enumerate(flat[:3], 1))
        h = 1, x, (x**2 - 1) / 2**0.5, (x**3 - 3 * x) / 6**0.5, (x**4 - 6 * x**2 + 3) / 24**0.5
        return sum(c * p for c, p in zip(flat, h, strict=True))

    return f


def terms(name, x, flat, wrt):
    """How large what adds up to a derivative is: its change with ``x`` and with a coefficient, relative to those.

    ``wrt`` are the arguments to differentiate in, one after the other.
    """
    f = plain(name)
    for i in wrt:
        f = jax.grad(f, i)
    with jax.enable_x64(True):
        arguments = [jnp.float64(a) for a in (x, *flat)]
        each = (0, *[None] * len(flat))
        changes = jax.vmap(jax.grad(f, range(len(arguments))), each)(*arguments)
        sizes = [np.abs(np.asarray(a * g)) for a, g in zip(arguments, changes, strict=True)]
        if name == "rational" and not any(wrt):  # of the terms of the quotient rule, the one with a derivative of P
            arguments[0] = jnp.clip(arguments[0], -1e30, 1e30)  # where the slope has long been constant
            above, below = (
                (lambda x, *a: plain(name)(x, *a[:6], *[0.0] * 4)),
                (lambda x, *a: 1 / plain(name)(x, 1.0, *[0.0] * 5, *a[6:])),
            )
            for _ in wrt:
                above = jax.grad(above)
            sizes.append(np.abs(np.asarray(jax.vmap(lambda *a: above(*a) / below(*a), each)(*arguments))))
    return np.max([np.nan_to_num(size, nan=0.0, posinf=0.0) for size in sizes], 0)


def check(name, flat, x, orders):
    """Value, derivatives, and slopes in the coefficients, against the oracle."""
    dtype = x.dtype.type if x.dtype != jnp.bfloat16 else jnp.bfloat16
    wide = np.float64 if dtype == np.float64 else np.float32
    flat = [np.asarray(c, wide) for c in flat]
    names = LAYOUT[name][0]
    truth, rest = oracle.derivatives(name, x, orders - 1, **dict(zip(names, flat, strict=True)))
    f = by_coefficient(name)

    @jax.jit
    def run(x, *flat):
        full = [jnp.broadcast_to(c, x.shape) for c in flat]
        y, pullback = jax.vjp(f, x, *full)
        return y, *pullback(jnp.ones_like(y))

    y, slope, *others = map(np.asarray, run(jnp.asarray(x), *flat))
    found = [y, slope]
    if orders > 2:
        curvature = jax.vmap(jax.grad(jax.grad(f)), (0, *[None] * len(flat)))
        found.append(np.asarray(jax.jit(curvature)(jnp.asarray(x), *flat)))
    for order, got in enumerate(found):
        # Half precisions are computed in float32, whose sums keep 8 bits more and a margin where terms cancel.
        unit = terms(name, x, flat, [0] * order) * (1 if dtype == wide else 2.0**-8)
        errors = ulp.error(got, truth[order], rest[order], unit)
        if order == 2 and name == "rational":  # which jumps at 0, and far out is what is left of much larger terms
            errors = errors[(np.abs(x) < 64) & (x != 0)]
        assert errors.max() <= BOUNDS[dtype][order], (order, errors.max(), x[errors.argmax()])
    for i, (wrt, got) in enumerate(zip(names, others, strict=True), 1):
        assert got.dtype == wide
        high, low = oracle.derivatives(name, x, 1, wrt, **dict(zip(names, flat, strict=True)))
        errors = ulp.error(got, high[1], low[1], terms(name, x, flat, [i]))
        assert errors.max() <= 8, (wrt, errors.max(), x[errors.argmax()])


@each
@pytest.mark.parametrize(
    ("dtype", "start"),
    [
        (np.float32, "default"),
        *((dtype, "other") for dtype in BOUNDS),
        *(pytest.param(d, "default", marks=pytest.mark.nightly) for d in BOUNDS if d != np.float32),
    ],
    ids=lambda given: given if isinstance(given, str) else np.dtype(given).name,
)
def test_accuracy(name, dtype, start):
    wide = np.float64 if dtype == np.float64 else np.float32
    flat = default(name) if start == "default" else LAYOUT[name][2]
    with jax.enable_x64(dtype == np.float64):
        if dtype in (np.float32, np.float64):
            x = samples.wide(wide, (0.0,), size=200)
            x = x[(abs(x) > 1e3 * np.finfo(wide).tiny) | (x == 0)]  # or Q may be 0, where the slope jumps
        else:
            x = samples.half_patterns(dtype)[::61]
            x = x[(abs(x.astype(np.float32)) > 1e-4) | (x == 0)]
        check(name, flat, x, orders=len(BOUNDS[dtype]))


@each
def test_limits_and_overflow(name):
    f = jaxact.get(name)
    x = jnp.array([-np.inf, -3e38, 3e38, np.inf, np.nan])
    y, slope = jax.vmap(jax.value_and_grad(f))(x)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    np.testing.assert_array_equal(np.isnan(slope), np.isnan(x))
    assert np.isinf(y[3])
    with jax.enable_x64(True):
        wide = jax.vmap(f)(np.float64([-3e38, 3e38]))
    np.testing.assert_array_equal(np.sign(y[1:3]), np.sign(wide))


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("hermite", (5,)),
        ("poly_relu", (3, 0)),
        ("rational", (3, 2)),
        pytest.param("rational", (6, 4), marks=pytest.mark.nightly),  # which takes a minute to compile
    ],
)
def test_hessian_and_mixed_derivatives(name, sizes):
    """Against the derivatives of what is written plainly."""
    flat = LAYOUT[name][2]
    if name == "rational":
        flat = flat[: sizes[0]] + flat[6 : 6 + sizes[1]]

    with jax.enable_x64(True):
        arguments = [jnp.float64(0.7), *map(jnp.float64, flat)]
        wrt = tuple(range(len(arguments)))
        ours, theirs = (
            jax.jit(jax.hessian(f, wrt))(*arguments) for f in (by_coefficient(name, sizes), plain(name, sizes))
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


@each
def test_broadcasts_behind_the_coefficients(name):
    x = cases.batch((3, 4, 5))
    f, rng = jaxact.get(name), np.random.default_rng(0)
    sizes = LAYOUT[name][1]
    for shape in [(), (5,), (4, 1)]:
        p = [jnp.asarray(rng.uniform(-1, 1, (*([size] if size else []), *shape)), jnp.float32) for size in sizes]
        y, pullback = jax.vjp(f, x, *p)
        lead = [
            jnp.reshape(a, (*a.shape[: bool(n)], *(1,) * (3 - len(shape)), *shape))
            for a, n in zip(p, sizes, strict=True)
        ]
        full = [jnp.broadcast_to(a, (*a.shape[: bool(n)], *x.shape)) for a, n in zip(lead, sizes, strict=True)]
        cases.close(y, f(x, *full))
        assert [g.shape for g in pullback(y)] == [x.shape, *(a.shape for a in p)]


@each
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_one_residual_and_the_dtype_of_the_input(name, dtype):
    x = cases.batch((64, 64)).astype(dtype)
    y, pullback = jax.vjp(jaxact.get(name), x, *packed(name, map(np.float32, LAYOUT[name][2])))
    assert y.dtype == dtype
    assert sum(a.nbytes for a in jax.tree.leaves(pullback) if a.size > 64) <= x.nbytes


def test_hermite_starts_as_relu():
    """Its coefficients are means over a normal distribution, by quadrature on either side of the kink."""
    x, w = np.polynomial.legendre.leggauss(200)
    x, w = 6 * (x + 1), 6 * w * np.exp(-18 * (x + 1) ** 2) / np.sqrt(2 * np.pi)
    for n, c in enumerate(jaxact.spec("hermite").parameters["coefficients"]):
        he = np.polynomial.hermite_e.hermeval(x, [0] * n + [1]) / np.sqrt(float(np.prod(np.arange(1, n + 1))))
        assert c == pytest.approx((w * x * he).sum(), abs=1e-14)
    np.testing.assert_array_equal(jaxact.hermite(cases.batch(), [0.0, 1.0]), cases.batch())


@pytest.mark.parametrize("name", FITS)
def test_rational_starts_as_a_named_activation(name):
    """As near as the script says, and with no kink: 1 + |Q| is 1 + Q."""
    x = np.linspace(-3, 3, 257)
    p, q = FITS[name]
    with jax.enable_x64(True):
        error = jaxact.rational(x, p, q) - jaxact.get(name)(x)
    assert np.abs(error).max() < 0.06
    assert q[0] == 0
    assert q[2] ** 2 <= 4 * q[1] * q[3] * (1 + 1e-6)
    assert q[3] > 0


def test_rational_has_no_poles():
    """Whatever its coefficients."""
    rng = np.random.default_rng(0)
    p, q = (jnp.asarray(rng.normal(0, 3, (n, 64, 1)), jnp.float32) for n in (6, 4))
    y, pullback = jax.vjp(jaxact.rational, jnp.linspace(-20, 20, 401)[None] * jnp.ones((64, 1)), p, q)
    assert all(np.all(np.isfinite(a)) for a in (y, *pullback(jnp.ones_like(y))))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: jaxact.hermite(x, 1.0), r"hermite: coefficients must have a first axis, .*got shape \(\)"),
        (lambda x: jaxact.hermite(x, [0.0] * 6), "hermite: coefficients must be at most 5 along the first axis, got 6"),
        (lambda x: jaxact.poly_relu(x, jnp.ones((2, 3))), r"poly_relu: .*\(3,\).*broadcast.*\(4,\)"),
        (lambda x: jaxact.rational(x, 1.0, [1.0]), "rational: numerator must have a first axis"),
        (lambda x: jaxact.rational(x, [1.0], jnp.zeros((0,))), "rational: denominator must have a first axis"),
        (lambda x: jaxact.poly_norm(x, axis=1), r"poly_norm: axis must be in \[-1, 1\)"),
        (lambda x: jaxact.poly_norm(x, eps=0.0), "poly_norm: eps must be positive, got 0"),
        (lambda x: jaxact.poly_norm(x, 1.0), "poly_norm: weights must have a first axis"),
    ],
)
def test_what_breaks_a_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call(jnp.ones(4))


# PolyNorm, a function of rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64, jnp.bfloat16], ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e9])
def test_poly_norm(dtype, scale):
    """To 6 ulps of the largest entry of the row, which is what a sum has the digits of; no power overflows."""
    x = (np.random.default_rng(0).normal(0.3, 2, (20, 24)) * scale).astype(dtype)
    p = {"w1": 0.5, "w2": -0.25, "w3": 0.75, "bias": 0.125}
    weights = np.float32([p["w1"], p["w2"], p["w3"]])
    with jax.enable_x64(dtype == np.float64):
        y = np.asarray(jaxact.poly_norm(x, weights, np.float32(p["bias"])))
    high, low = oracle.vector("poly_norm", x, eps=1e-6, **p)
    largest = np.abs(high).max(1, keepdims=True)
    assert y.dtype == dtype
    assert np.all(np.abs((y.astype(np.float64) - high) - low) <= 6 * ulp.spacing(largest, dtype))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_poly_norm_derivatives(axis):
    def plain(x, w, b):
        norms = [jnp.sqrt(jnp.mean(x ** (2 * i), axis, keepdims=True) + 1e-6) for i in (1, 2, 3)]
        return b + sum(c * x**i / n for c, i, n in zip(w, (1, 2, 3), norms, strict=True))

    with jax.enable_x64(True):
        x = cases.batch((3, 4), np.float64)
        arguments = x, jnp.array([0.3, -0.2, 0.4]), jnp.float64(0.1)
        results = []
        for f in (lambda *a: jaxact.poly_norm(*a, axis=axis), plain):
            y, pullback = jax.vjp(f, *arguments)
            hessian = jax.hessian(lambda *a, f=f: jnp.sum(jnp.cos(f(*a))), (0, 1, 2))(*arguments)
            results.append((y, *pullback(jnp.sin(y)), *jax.tree.leaves(hessian)))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12), *results)


def test_poly_norm_of_zeros():
    y, pullback = jax.vjp(jaxact.poly_norm, jnp.zeros((2, 3)))
    np.testing.assert_array_equal(y, 0)
    np.testing.assert_allclose(pullback(jnp.ones((2, 3)))[0], 1000 / 3, rtol=1e-6)
