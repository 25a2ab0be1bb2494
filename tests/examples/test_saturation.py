"""The study of saturation: its cases in a tiny form, the slopes it is about, and what they do to one step."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saturation
from jaxact_examples.options import BadInput

import jaxact

TINY = ("--lstm-steps", 20, "--length", 4, "--router-steps", 20, "--outliers-steps", 20, "--policy-steps", 20)
OPTIONS = saturation.Options()
VARIANTS = {
    "gates": ("adding", saturation.GATES),
    "outliers": ("outliers", saturation.GELUS),
    "squashed": ("policy bfloat16", saturation.SQUASHINGS),
}


@pytest.mark.parametrize("case", VARIANTS)
def test_tiny_run(case, run_study, monkeypatch):
    monkeypatch.delitem(saturation.GELUS, "jax.nn, approximate=False")  # two transformers take long enough to compile
    assert run_study(saturation, "--cases", case, "--seeds", 2, *TINY, "--out", "here") == 0
    assert Path(f"here/{case}.png").read_bytes().startswith(b"\x89PNG")
    name, variants = VARIANTS[case]
    study = json.loads(Path("here/results.json").read_text())[name]
    assert [row["functions"] for row in study["rows"][: len(variants)]] == list(variants)
    for row in study["rows"]:
        for measure in (m for m in row.values() if isinstance(m, dict)):
            assert measure["mean"] == pytest.approx(np.mean(measure["each"]))
            assert len(measure["each"]) == 2
            assert row["functions"] != next(iter(variants)) or measure["difference"] == 0


def test_slope_of_sigmoid_in_bfloat16():
    x = jnp.array([6.0, 8.0, 12.0], "bfloat16")
    assert not jax.vmap(jax.grad(jax.nn.sigmoid))(x).any()
    np.testing.assert_allclose(jax.vmap(jax.grad(jaxact.sigmoid))(x).astype("float32"), np.exp(-x), rtol=0.01)


def test_slope_of_gelu_in_float16():
    x = jnp.array([150.0, 400.0], "float16")
    assert jnp.isnan(jax.vmap(jax.grad(jax.nn.gelu))(x)).all()
    for name in ("jaxact", "jax.nn, approximate=False"):
        assert (jax.vmap(jax.grad(saturation.GELUS[name]))(x) == 1).all()


@pytest.mark.parametrize(("dtype", "x"), [("float32", 9.5), ("bfloat16", 3.5)])
def test_log_slope_of_tanh(dtype, x):
    x = jnp.array(x, dtype)
    found = {name: squashing.log_slope(x) for name, squashing in saturation.SQUASHINGS.items()}
    true = 2 * (np.log(2) - float(x) - np.log1p(np.exp(-2 * float(x))))
    assert found["plain"] == -jnp.inf
    assert float(found["plus 1e-6"]) == pytest.approx(np.log(1e-6), rel=0.01)
    assert float(found["by softplus"]) == pytest.approx(true, rel=0.01)
    assert float(found["jaxact"]) == pytest.approx(true, rel=0.005)


def once(program, setting):
    """State before and after one step, and its record."""
    start, step = program
    before = jax.jit(start)(jax.random.key(0), jnp.float32(setting))
    return before, *jax.jit(step)(before, jax.random.key(1))


def test_a_saturated_router_gets_no_gradient_from_jax_nn():
    for functions, reached in (("jax.nn", 0), ("jaxact", 1)):
        assert once(saturation.router(saturation.GATES[functions], OPTIONS), 12)[2]["reached"] == reached


def test_a_step_without_a_gradient_is_skipped_and_halves_the_loss_scale():
    before, after, record = once(saturation.outliers(jax.nn.gelu, OPTIONS), 200)
    assert record["size"] > 150
    assert record["skipped"]
    assert after["scale"] == before["scale"] / 2
    jax.tree.map(np.testing.assert_array_equal, after["params"], before["params"])
    before, after, record = once(saturation.outliers(jaxact.gelu, OPTIONS), 100)
    assert not record["skipped"]
    assert after["scale"] == before["scale"]
    assert (after["params"]["embed"] != before["params"]["embed"]).any()


def test_attention_looks_back_only():
    query, key, value = jax.random.normal(jax.random.key(0), (3, 1, 5, 2, 4))
    true = jax.nn.dot_product_attention(query, key, value, is_causal=True)
    np.testing.assert_allclose(saturation.attention(query, key, value), true, rtol=1e-5, atol=1e-6)


def test_a_policy_in_the_tails_keeps_its_gradient():
    u = jnp.array([-9.5, 9.5], "float32")
    slopes = {n: jax.vmap(jax.grad(s.log_slope))(u) for n, s in saturation.SQUASHINGS.items()}
    np.testing.assert_allclose(slopes["jaxact"], [2, -2], rtol=1e-6)
    assert not slopes["plus 1e-6"].any()
    assert not jnp.isfinite(slopes["plain"]).any()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lstm_steps": 30}, "--lstm-steps 30 is not a positive multiple of 20"),
        ({"seeds": 0}, "--seeds 0"),
    ],
)
def test_bad_input(options, says, tmp_path):
    with pytest.raises(BadInput, match=says):
        saturation.main(saturation.Options(**options, out=tmp_path / "here"))
    assert not (tmp_path / "here").exists()
