"""The one place that touches custom_jvp: dtypes, residuals, orders, and which slopes are evaluated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from jaxact._derivative import Formula, RowFormula
from jaxact._math import HALF, SINGLE, arithmetic, compute_dtype

SQUARE = Formula(lambda m, x: x * x, lambda m, x: 2 * x)
SCALED = Formula(lambda m, x, a: a * x * x, lambda m, x, a: 2 * a * x, lambda m, x, a: x * x)
KINKED = Formula(
    lambda m, x, a: m.where(x > 0, x, a * x),
    lambda m, positive, t, a: m.where(positive, t, a * t),
    lambda m, x, a: m.where(x > 0, 0, x),
    pieces=lambda m, x, a: x > 0,
)


def of(formula):
    """The formula as a function of arrays."""
    return lambda x, *rest: formula(arithmetic(jnp.result_type(x)), jnp.asarray(x), *rest)


square, scaled, kinked = of(SQUARE), of(SCALED), of(KINKED)


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        *((d, np.float32) for d in (jnp.bfloat16, np.float16, jnp.float8_e4m3fn, np.float32)),
        (np.float64, np.float64),
    ],
)
def test_compute_dtype(dtype, wide):
    assert compute_dtype(dtype) == wide
    assert arithmetic(dtype).dtype == wide


def test_half_precision_is_rounded_once():
    x = jnp.asarray([1.0078125], jnp.bfloat16)  # its square needs 15 bits
    triple = of(Formula(lambda m, x: x * x * x, lambda m, x: 3 * x * x))
    assert triple(x) == jnp.asarray(np.float32(x) ** 3, jnp.bfloat16)
    g = jnp.asarray([1.0234375], jnp.bfloat16)
    assert jax.vjp(triple, x)[1](g)[0] == jnp.asarray(3 * np.float32(x) ** 2 * np.float32(g), jnp.bfloat16)


@pytest.mark.skipif(not hasattr(jax.sharding, "use_abstract_mesh"), reason="JAX before 0.7.1 traces it twice")
def test_a_formula_is_traced_once():
    """However often value and slope are asked for: alone, in the value of a pullback, and in its gradient."""
    traced = []

    def noted(name, formula):
        return lambda m, x: traced.append(name) or formula(x)

    f = jax.jit(of(Formula(noted("value", lambda x: x * x), noted("slope", lambda x: 2 * x))))

    def both(x):
        y, pullback = jax.vjp(f, x)
        return f(x), y, pullback(y)

    jax.jit(both).trace(jnp.ones(3))
    assert traced == ["value", "slope"]


def test_arithmetic_of_value_and_slopes():
    """Half precision for what is rounded to it; all bits for the slope in a parameter, which may have them."""
    seen = []

    def noted(what, value):
        return lambda m, x, a: seen.append((what, m.name)) or value(x, a)

    for dtype, name in ((jnp.bfloat16, "half"), (jnp.float32, "float32")):
        seen.clear()
        formulas = lambda x, a: a * x, lambda x, a: a + 0 * x, lambda x, a: x
        f = of(Formula(*(noted(what, f) for what, f in zip(("value", "slope", "of a"), formulas, strict=True))))
        jax.grad(lambda x, a, f=f: f(x, a).sum(), (0, 1))(jnp.ones(3, dtype), jnp.float32(2))
        assert set(seen) == {("value", name), ("slope", name), ("of a", "float32")}


def test_input_is_all_that_is_kept():
    x = jnp.arange(5.0)
    (kept,) = jax.tree.leaves(jax.vjp(square, x)[1])
    np.testing.assert_array_equal(kept, x)


def test_pieces_are_kept_in_place_of_the_input():
    x = jnp.arange(-2.0, 3.0)
    kept = jax.tree.leaves(jax.vjp(lambda x: kinked(x, 0.5), x)[1])
    assert [a.dtype for a in kept if a.size == x.size] == [np.bool_]


def test_pieces_and_parameter_together():
    x, a = jnp.arange(-2.0, 3.0), jnp.full(5, 0.5)
    y, pullback = jax.vjp(kinked, x, a)
    dx, da = pullback(jnp.ones_like(y))
    np.testing.assert_array_equal(dx, [0.5, 0.5, 0.5, 1, 1])
    np.testing.assert_array_equal(da, [-2, -1, 0, 0, 0])
    _, along = jax.jvp(kinked, (x, a), (jnp.ones(5), jnp.ones(5)))
    np.testing.assert_array_equal(along, dx + da)


@pytest.mark.parametrize("cotangent", [np.inf, np.nan])
def test_what_is_flat_passes_nothing(cotangent):
    flat = of(Formula(lambda m, x: m.where(x > 0, x * x, 0), lambda m, x: m.where(x > 0, 2 * x, 0), flat=True))
    assert jax.vjp(flat, -1.0)[1](cotangent)[0] == 0
    assert jax.vjp(flat, 1.0)[1](cotangent)[0] != 0


def test_only_the_slopes_that_are_asked_for():
    def never(m, x, a):
        raise AssertionError("evaluated")

    f = of(Formula(lambda m, x, a: a * x, never, lambda m, x, a: x))
    g = of(Formula(lambda m, x, a: a * x, lambda m, x, a: a, never))
    assert jax.grad(f, 1)(2.0, jnp.float32(3.0)) == 2
    assert jax.grad(g, 0)(2.0, jnp.float32(3.0)) == 3


def test_slope_that_is_left_out_is_derived():
    f = of(Formula(lambda m, x, a: a * x * x, None, lambda m, x, a: x * x))
    g = of(Formula(lambda m, x, a: a * x * x))
    for h in (f, g):
        assert jax.grad(h, 0)(2.0, jnp.float32(3.0)) == 12
        assert jax.grad(h, 1)(2.0, jnp.float32(3.0)) == 4
        assert jax.grad(jax.grad(h, 0), 1)(2.0, jnp.float32(3.0)) == 4


def test_numbers_are_constants():
    """A parameter that is a number reaches the formula as one, in the compute dtype."""
    seen = []
    f = Formula(lambda m, x, a: seen.append(a) or a * x)
    f(HALF, jnp.ones(3, jnp.bfloat16), 0.1)
    assert seen == [np.float32(0.1)]
    assert isinstance(seen[0], np.float32)


def test_every_order_in_both_modes():
    def f(x):
        return scaled(x, 3.0)

    assert jax.grad(jax.grad(f))(2.0) == 6
    assert jax.jvp(jax.grad(f), (2.0,), (1.0,))[1] == 6
    assert jax.grad(lambda x: jax.jvp(f, (x,), (1.0,))[1])(2.0) == 6
    assert jax.grad(jax.grad(jax.grad(f)))(2.0) == 0
    assert jax.grad(jax.grad(scaled, 0), 1)(2.0, jnp.float32(3.0)) == 4


def test_a_slope_may_have_a_slope_of_its_own():
    """The second derivative goes through the rule of the slope, not through its formula."""
    slope = Formula(lambda m, x: 2 * x, lambda m, x: 5 + 0 * x)  # wrong on purpose
    f = of(Formula(lambda m, x: x * x, slope))
    assert jax.grad(f)(2.0) == 4
    assert jax.grad(jax.grad(f))(2.0) == 5


def test_parameters_in_another_dtype():
    x, a = jnp.ones((2, 3), jnp.bfloat16), jnp.full((1, 3), 1.5, jnp.float32)
    y, pullback = jax.vjp(scaled, x, a)
    dx, da = pullback(jnp.ones_like(y))
    assert (y.dtype, dx.dtype, da.dtype) == (jnp.bfloat16, jnp.bfloat16, jnp.float32)
    assert da.tolist() == [[2, 2, 2]]


def test_slope_is_not_shared_with_the_value():
    """A barrier stands before the slope, so that XLA cannot store in the forward pass what both need."""
    jaxpr = str(jax.make_jaxpr(jax.grad(lambda x: square(x)))(1.0))
    assert "optimization_barrier" in jaxpr


def test_a_bare_formula_has_no_rule():
    x = jnp.ones(3)
    bare = str(jax.make_jaxpr(lambda x: SQUARE(arithmetic(x.dtype, bare=True), x))(x))
    assert not any(word in bare for word in ("custom_jvp", "checkpoint", "barrier", "pjit"))
    assert "custom_jvp" in str(jax.make_jaxpr(square)(x))


def test_rows():
    """A formula that is not elementwise, with an option, a parameter and data."""
    mean = RowFormula(
        lambda m, x, a, mask, axis: a * jnp.where(mask, x, 0).sum(axis, keepdims=True),
        lambda m, x, t, a, mask, axis: a * jnp.where(mask, t, 0).sum(axis, keepdims=True),
        lambda m, x, t, a, mask, axis: t * jnp.where(mask, x, 0).sum(axis, keepdims=True),
    )
    x, mask = jnp.arange(6.0).reshape(2, 3), jnp.array([[True, False, True]])

    def f(x, a):
        return mean(SINGLE, x, a, mask, axis=-1).sum()

    a = jnp.float32(2).reshape(1, 1)
    assert f(x, a) == 2 * (0 + 2 + 3 + 5)
    assert jax.grad(f)(x, a).tolist() == [[2, 0, 2], [2, 0, 2]]
    assert jax.grad(f, 1)(x, a) == 10


def test_what_a_users_slope_gets_is_wide():
    seen = []

    @jaxact.activation(kind="smooth", slope=lambda x: seen.append(x.dtype) or 2 * x)
    def own_square(x):
        """Square."""
        return x * x

    jaxact._activation._REGISTRY.pop("own_square")
    jax.grad(lambda x: own_square(x).sum())(jnp.ones(3, jnp.bfloat16))
    assert set(seen) == {np.dtype("float32")}
