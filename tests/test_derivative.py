"""The one place that touches custom_jvp: dtypes, residuals, orders, and which slopes are evaluated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact
from jaxact._derivative import compute_dtype, differentiable, few_bits_do

square = differentiable(lambda x: x * x, lambda x: 2 * x)
scaled = differentiable(lambda x, a: a * x * x, lambda x, a: 2 * a * x, lambda x, a: x * x)
kinked = differentiable(
    lambda x, a: jnp.where(x > 0, x, a * x),
    lambda mask, a: jnp.where(mask, 1.0, a),
    lambda x, a: jnp.where(x > 0, 0.0, x),
    region=lambda x, a: x > 0,
)


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [(jnp.bfloat16, np.float32), (np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)],
)
def test_compute_dtype(dtype, wide):
    assert compute_dtype(dtype) == wide


def test_half_precision_is_rounded_once():
    x = jnp.asarray([1.0078125], jnp.bfloat16)  # its square needs 15 bits
    triple = differentiable(lambda x: x * x * x, lambda x: 3 * x * x)
    assert triple(x) == jnp.asarray(np.float32(x) ** 3, jnp.bfloat16)
    g = jnp.asarray([1.0234375], jnp.bfloat16)
    assert jax.vjp(triple, x)[1](g)[0] == jnp.asarray(3 * np.float32(x) ** 2 * np.float32(g), jnp.bfloat16)


def test_a_formula_is_traced_once():
    """However often value and slope are asked for: alone, in the value of a pullback, and in its gradient."""
    traced = []

    def noted(name, formula):
        return lambda x: traced.append(name) or formula(x)

    f = jax.jit(differentiable(noted("value", lambda x: x * x), noted("slope", lambda x: 2 * x)))

    def both(x):
        y, pullback = jax.vjp(f, x)
        return f(x), y, pullback(y)

    jax.jit(both).trace(jnp.ones(3))
    assert traced == ["value", "slope"]


def test_few_bits_only_for_what_is_rounded_to_half():
    seen = []

    def noted(what, value):
        seen.append((what, few_bits_do()))
        return value

    inner = differentiable(lambda x: noted("inner", x * x), lambda x: 2 * x)
    f = differentiable(
        lambda x, a: noted("value", inner(a * x)), lambda x, a: noted("slope", a * x), lambda x, a: noted("of a", x)
    )
    x, a = jnp.ones(3, jnp.bfloat16), jnp.float32(2)
    jax.grad(lambda x, a: f(x, a).sum(), (0, 1))(x, a)
    assert set(seen) == {("value", True), ("inner", True), ("slope", True), ("of a", False)}
    seen.clear()
    jax.grad(lambda x, a: f(x, a).sum(), (0, 1))(x.astype("float32"), a)
    assert set(seen) == {("value", False), ("inner", False), ("slope", False), ("of a", False)}


def test_few_bits_for_one_caller_are_not_few_for_another():
    x = jnp.linspace(-9, 9, 77)  # of a size that nothing else has compiled a program for
    differentiable(lambda x: jaxact.sigmoid(x), None)(x.astype("bfloat16"))
    np.testing.assert_allclose(jaxact.sigmoid(x), 1 / (1 + np.exp(-np.float64(x))), rtol=3e-7)


def test_input_is_all_that_is_kept():
    x = jnp.arange(5.0)
    (kept,) = jax.tree.leaves(jax.vjp(square, x)[1])
    np.testing.assert_array_equal(kept, x)


def test_region_is_kept_in_place_of_the_input():
    x = jnp.arange(-2.0, 3.0)
    kept = jax.tree.leaves(jax.vjp(lambda x: kinked(x, 0.5), x)[1])
    assert [a.dtype for a in kept if a.size == x.size] == [np.bool_]


def test_region_and_parameter_together():
    x, a = jnp.arange(-2.0, 3.0), jnp.full(5, 0.5)
    y, pullback = jax.vjp(kinked, x, a)
    dx, da = pullback(jnp.ones_like(y))
    np.testing.assert_array_equal(dx, [0.5, 0.5, 0.5, 1, 1])
    np.testing.assert_array_equal(da, [-2, -1, 0, 0, 0])
    _, along = jax.jvp(kinked, (x, a), (jnp.ones(5), jnp.ones(5)))
    np.testing.assert_array_equal(along, dx + da)


def test_only_the_slopes_that_are_asked_for():
    def never(x, a):
        raise AssertionError("evaluated")

    f = differentiable(lambda x, a: a * x, never, lambda x, a: x)
    g = differentiable(lambda x, a: a * x, lambda x, a: a, never)
    assert jax.grad(f, 1)(2.0, 3.0) == 2
    assert jax.grad(g, 0)(2.0, 3.0) == 3


def test_argument_without_slope():
    with pytest.raises(AssertionError, match="without slope"):
        jax.grad(differentiable(lambda x, a: a * x, lambda x, a: a, None), 1)(2.0, 3.0)


def test_every_order_in_both_modes():
    def f(x):
        return scaled(x, 3.0)

    assert jax.grad(jax.grad(f))(2.0) == 6
    assert jax.jvp(jax.grad(f), (2.0,), (1.0,))[1] == 6
    assert jax.grad(lambda x: jax.jvp(f, (x,), (1.0,))[1])(2.0) == 6
    assert jax.grad(jax.grad(jax.grad(f)))(2.0) == 0
    assert jax.grad(jax.grad(scaled, 0), 1)(2.0, 3.0) == 4


def test_a_slope_may_have_a_slope_of_its_own():
    """The second derivative goes through the rule of the slope, not through its formula."""
    slope = differentiable(lambda x: 2 * x, lambda x: 5 * jnp.ones_like(x))  # wrong on purpose
    f = differentiable(lambda x: x * x, slope)
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
