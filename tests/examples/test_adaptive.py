"""The adaptive study: tiny runs, and that shapes, distances and predictions are what they say."""

import json
from pathlib import Path

import adaptive
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact

TINY = ["--seeds", 2, "--epochs", 2, "--width", 16, "--layers", 2, "--no-tensorboard", "--out", "here"]
FEW = ["--fixed", "relu", "--catalogue", "relu", "silu", "tanh", "identity"]


@pytest.mark.nightly
def test_images(run_study):
    learn = ["--learn", "relu+tanh", "rational"]
    assert run_study(adaptive, *TINY, *FEW, *learn) == 0
    found = json.loads(Path("here/results.json").read_text())
    assert found["best"] == "relu"
    names = {"relu", "relu+tanh", "rational", "relu+tanh, then fixed", "rational, then fixed"}
    assert {row["activation"] for row in found["rows"]} == names
    history = [json.loads(line) for line in Path("here/rational/metrics.jsonl").read_text().splitlines()]
    first, last = (history[i]["shapes"] for i in (0, -1))
    assert len(last) == 2
    assert first[0]["numerator"] != last[0]["numerator"]
    assert last[0]["numerator"] != last[1]["numerator"]
    assert Path("here/shapes.png").read_bytes().startswith(b"\x89PNG")
    assert "layer 2" in Path("here/adaptive.md").read_text()


@pytest.mark.nightly
def test_language(run_study):
    Path("text.txt").write_text("to be, or not to be, that is the question. " * 60)
    assert run_study(adaptive, *TINY, *FEW, "--learn", "swish", "--text", "text.txt", "--batch-size", 8) == 0
    found = json.loads(Path("here/results.json").read_text())
    assert found["unit"] == "bits"
    assert all(0 < -score < 6 for scores in found["scores"].values() for score in scores)


@pytest.mark.nightly
def test_rank(run_study):
    arguments = ["--rank", "--depth", 4, "--ranked", "relu", "tanh", "sigmoid", "--catalogue", "identity", "elu"]
    assert run_study(adaptive, *TINY, *arguments) == 0
    found = json.loads(Path("here/results.json").read_text())
    assert set(found["order"]) == {"relu", "tanh", "sigmoid", "identity", "elu"}
    assert found["order"][0] == "identity"
    assert set(found["trained"]) == {"relu", "tanh", "sigmoid"}
    assert -1 <= found["spearman"] <= 1
    assert Path("here/rank.md").read_text().count("\n") == 7
    assert Path("here/rank.png").exists()


def test_the_distance_does_not_see_scale_and_offset():
    x = np.linspace(-3, 3, 100)
    assert adaptive.distance(np.tanh(x), 5 - 2 * np.tanh(x)) < 1e-7
    assert adaptive.distance(x, x**2) == pytest.approx(1)
    assert adaptive.distance(x, np.zeros(100)) == np.inf


def test_a_known_shape_is_found():
    x = np.random.default_rng(0).normal(size=(2, 3, 500))
    y = np.stack([np.asarray(jaxact.get(name)(jnp.asarray(x[i], "float32"))) for i, name in enumerate(("elu", "mish"))])
    near = adaptive.nearest(3 * y + 1, x, ["relu", "elu", "mish", "tanh"])
    assert [name for name, _ in near] == ["elu", "mish"]
    assert max(apart for _, apart in near) < 1e-3


def test_the_shape_of_a_mixture():
    x = np.linspace(-1, 1, 9)
    mixed = adaptive.shape("relu+identity", {"weights": [0.0, float(np.log(3))]})(x)
    np.testing.assert_allclose(mixed, np.maximum(x, 0) / 4 + 3 * x / 4, rtol=1e-6, atol=1e-7)


def test_what_is_fixed_learns_nothing():
    assert adaptive.unlearned("relu") == "relu"
    assert adaptive.unlearned("swish") == "fixed swish"
    model = adaptive.Perceptron(("swish", "fixed swish"), 3, 4)
    params = model.init(jax.random.key(0), np.zeros((1, 5), "float32"))["params"]
    assert [list(shape) for shape in adaptive.shapes_of(params)] == [["beta"]]


def test_what_theory_predicts():
    assert adaptive.predict("identity", 10)["loss"] == pytest.approx(0, abs=1e-4)
    relu = adaptive.predict("relu", 10)
    assert relu["gradient"] == pytest.approx(0, abs=1e-3)  # its He gain keeps both signals and gradients
    assert relu["contrast"] < -1
    assert adaptive.predict("tanh", 10)["gradient"] > 0  # the gain that undoes its shrinking amplifies gradients


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--learn", "relu"], "--learn takes activations with parameters to learn, relu has none"),
        (["--learn", "relu+softmax"], "relu+softmax mixes functions of one number, softmax is not one"),
        (["--learn", "relu+tanhh"], "the closest names are tanh"),
        (["--layers", "0"], "--layers, --width and --depth must be at least 1, got 0, 128, 20"),
        (["--catalogue", "mishh"], "the closest names are mish"),
        (["--ranked", "softmax"], "take functions of one number, softmax is not one"),
        (["--text", "short.txt", "--width", "30"], "--width 30 is not a multiple of the 4 heads"),
        (["--text", "short.txt"], "a text of 20 characters is too short; it takes at least 704"),
    ],
)
def test_bad_input(arguments, says, run_study, capsys):
    Path("short.txt").write_text("a" * 20)
    assert run_study(adaptive, *arguments, "--out", "here") == 2
    assert says in capsys.readouterr().err
    assert not Path("here").exists()
