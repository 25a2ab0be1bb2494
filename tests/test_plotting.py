"""Figures: what is drawn is what the functions are; nothing is shown."""

import functools
import json

import jax.numpy as jnp
import numpy as np
import pytest

import jaxact

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib import pyplot as plt  # noqa: E402

from jaxact import plotting  # noqa: E402

pytestmark = pytest.mark.nightly


@pytest.fixture(autouse=True)
def nothing_shown(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("shown"))
    yield
    plt.close("all")


def curve(ax, i=0):
    x, y = (np.asarray(a, float) for a in ax.lines[i].get_data())
    return x[~np.isnan(y)], y[~np.isnan(y)]


def test_value_slope_and_curvature_are_drawn():
    axes = plotting.functions("tanh")
    t = lambda x: np.tanh(x)  # noqa: E731
    for ax, what in zip(axes, (t, lambda x: 1 - t(x) ** 2, lambda x: -2 * t(x) * (1 - t(x) ** 2)), strict=True):
        x, y = curve(ax)
        assert x[0] == -5
        assert x[-1] == 5
        np.testing.assert_allclose(y, what(x), atol=1e-5)
    assert [ax.get_ylabel() for ax in axes] == ["value", "slope", "curvature"]


def test_slope_has_a_gap_at_a_kink_and_no_line_across():
    _, slopes = plotting.functions("relu", show=("value", "slope"))
    x, y = (np.asarray(a, float) for a in slopes.lines[0].get_data())
    assert np.isnan(y[x == 0]).all()
    assert set(y[~np.isnan(y)]) == {0.0, 1.0}


def test_saturation_is_marked_where_the_slope_is_small():
    (ax,) = plotting.functions("tanh", show=("value",))
    left, right = sorted(p.get_x() for p in ax.patches)
    edge = np.arccosh(10)  # 1 / cosh^2 = 0.01
    assert left == -5
    assert abs(right - edge) < 0.02
    assert not plotting.functions("identity", show=("value",))[0].patches
    assert not plotting.functions("tanh", show=("value",), saturated=None)[0].patches
    # Where a slope passes through 0, as that of silu does at its minimum, there is no saturation.
    assert not plotting.functions("silu", show=("value",))[0].patches


def test_given_axes_are_drawn_on():
    _, axes = plt.subplots(1, 2)
    assert list(plotting.functions("relu", "mish", show=("value", "slope"), axes=axes)) == list(axes)
    assert [t.get_text() for t in axes[0].get_legend().get_texts()][:2] == ["relu", "mish"]
    with pytest.raises(ValueError, match="3 axes are needed, got 2"):
        plotting.functions("relu", axes=axes)


def test_users_functions_and_partials_are_named():
    leaky = functools.partial(jaxact.leaky_relu, negative_slope=0.3)
    (ax,) = plotting.functions(leaky, jnp.sin, show=("value",))
    assert [line.get_label() for line in ax.lines[:2]] == ["leaky_relu(negative_slope=0.3)", "sin"]


def test_no_two_lines_look_alike():
    looks = [plotting._style(i) for i in range(28)]
    assert len({(s["color"], s["ls"]) for s in looks}) == 28


def test_parameter():
    axes = plotting.parameter("leaky_relu", values=[0.1, 0.5])
    for i, a in enumerate([0.1, 0.5]):
        x, y = curve(axes[0], i)
        np.testing.assert_allclose(y, np.where(x > 0, x, a * x), atol=1e-5)
    (legend,) = axes[0].figure.legends  # beside the panels, where it hides no curve
    assert legend.get_title().get_text() == "negative_slope"
    assert axes[0].get_legend() is None
    with pytest.raises(ValueError, match="swish has no parameter 'gamma'; it has beta"):
        plotting.parameter("swish", "gamma")
    with pytest.raises(ValueError, match="it has none"):
        plotting.parameter("relu")
    with pytest.raises(ValueError, match="slopes of apl is a list of coefficients"):
        plotting.parameter("apl")


@pytest.mark.nightly
@pytest.mark.parametrize("spec", [s for s in jaxact.specs() if s.parameters and s.elementwise], ids=lambda s: s.name)
def test_every_learnable_activation_can_be_drawn(spec):
    for name, default in spec.parameters.items():
        (ax,) = plotting.parameter(spec.name, name, [default], show=("value",))
        assert np.isfinite(curve(ax)[1]).all()


def test_training(tmp_path):
    records = [{"step": i, "loss": 1.0 / (i + 1), "beta": [i, i + 1, i + 2], "note": "text"} for i in range(5)]
    records.append({"done": True})
    ax = plotting.training(records)
    assert [line.get_label() for line in ax.lines[:2]] == ["loss", "beta"]
    np.testing.assert_allclose(curve(ax, 1)[1], np.arange(5) + 1)
    file = tmp_path / "metrics.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in records))
    again = plotting.training(file, ["beta"])
    np.testing.assert_allclose(curve(again)[1], np.arange(5) + 1)
    with pytest.raises(ValueError, match="no record has gamma"):
        plotting.training(records, ["gamma"])
    with pytest.raises(ValueError, match="no record has 'epoch'"):
        plotting.training(records, step="epoch")


def test_correlation_map():
    ax = plotting.correlation_map("relu")
    c, got = curve(ax)
    np.testing.assert_allclose(got, c + (np.sqrt(1 - c * c) - c * np.arccos(c)) / np.pi, atol=1e-5)
    with pytest.raises(ValueError, match="at least one"):
        plotting.correlation_map()


def test_wide_network_lies_on_the_theory():
    axes = plotting.wide_network("tanh", sigma_w=1.5, width=256, depth=4, networks=4)
    for ax in axes:
        np.testing.assert_allclose(curve(ax, 0)[1], curve(ax, 1)[1], atol=0.15)


def test_ulps_shows_what_is_wrong_with_silu_in_jax_nn():
    value, _ = plotting.ulps("silu", points=3000)
    worst = {line.get_label(): np.max(line.get_ydata()) for line in value.lines if line.get_label()[0] != "_"}
    assert worst["jaxact"] < 4
    assert worst["jax.nn"] == 1e8
    with pytest.raises(ValueError, match="one by one"):
        plotting.ulps("softmax")


def test_bad_requests():
    with pytest.raises(ValueError, match="at least one"):
        plotting.functions()
    with pytest.raises(ValueError, match="value, slope, curvature"):
        plotting.functions("relu", show=("valu",))
