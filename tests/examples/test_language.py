"""The language study: a tiny run, that nothing looks ahead, that every character counts, and model parallelism."""

import json
from pathlib import Path

import jax
import language
import numpy as np
import pytest
from jaxact_examples.mesh import make_mesh, place
from jaxact_examples.options import Training

TINY = ["--layers", 2, "--width", 16, "--heads", 2, "--context", 16, "--batch-size", 8, "--sample", 20]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("to be, or not to be, that is the question. " * 30)
    return path


@pytest.mark.nightly
def test_tiny_run(text, run_study):
    arguments = ["--gates", "swiglu", "swish", "--steps", 20, "--evaluate-every", 10, "--text", text]
    assert run_study(language, *TINY, *arguments, "--out", "here") == 0
    history = [json.loads(line) for line in Path("here/swiglu/metrics.jsonl").read_text().splitlines()]
    assert [r["step"] for r in history] == [10, 20]
    assert history[1]["test_bits"] < history[0]["test_bits"] < 5
    sample = Path("here/swish/sample.txt").read_text()
    assert len(sample) == 21
    assert set(sample.strip()) <= set(text.read_text())
    assert set(json.loads(Path("here/results.json").read_text())) == {"swiglu", "swish"}


def test_the_embedded_text_is_long_enough():
    assert len(language.read(None)) > 100_000


def test_every_character_but_the_first_is_predicted_once():
    text = np.arange(43)
    windows = language.held_out(text, 8)
    predicted = windows["text"][:, 1:][windows["counts"] == 1]
    np.testing.assert_array_equal(predicted, np.arange(1, 43))


def model(gate="swiglu", remat=False):
    return language.Transformer(gate, characters=11, context=12, layers=2, width=16, heads=2, remat=remat)


def small_study(model, devices):
    options = language.Options(context=12, batch_size=8, steps=10, evaluate_every=10)
    text = np.arange(400, dtype=np.int32) % 11
    return language.make_study(model, options, text, text[:30], devices)


def test_no_character_looks_ahead():
    text = jax.random.randint(jax.random.key(1), (1, 12), 0, 11)
    net = model()
    params = net.init(jax.random.key(0), text)
    changed = text.at[0, 7].set((text[0, 7] + 1) % 11)
    a, b = net.apply(params, text), net.apply(params, changed)
    np.testing.assert_array_equal(a[0, :7], b[0, :7])
    assert not np.array_equal(a[0, 7:], b[0, 7:])


def test_gated_and_plain_models_are_of_one_size():
    sizes = []
    for gate in ("swiglu", "gelu"):
        net = language.Transformer(gate, 11, 12, 2, 96, 2)
        shapes = jax.eval_shape(net.init, jax.random.key(0), np.zeros((1, 1), np.int32))
        sizes.append(sum(leaf.size for leaf in jax.tree.leaves(shapes)))
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("gate", language.GATES)
def test_every_gate_uses_gate_and_value(gate):
    x = jax.random.normal(jax.random.key(1), (2, 3, 16))
    layer = language.FeedForward(gate, 16, False, "float32")
    params = layer.init(jax.random.key(0), x)
    y = layer.apply(params, x)
    assert y.shape == x.shape
    gradient = jax.grad(lambda params: layer.apply(params, x).sum())(params)
    assert all(np.any(np.asarray(leaf) != 0) for leaf in jax.tree.leaves(gradient))


@pytest.mark.nightly
def test_layers_split_over_devices_learn_the_same():
    losses = {}
    for devices, parallel in ((1, 1), (4, 2)):
        grid = make_mesh(Training(devices=devices, batch_size=8), model=parallel)
        study = small_study(model(), grid)
        state = study.start(0, grid)
        kernel = state.params["blocks"]["feed_forward"]["up"]["kernel"]
        assert kernel.sharding.shard_shape(kernel.shape)[-1] == kernel.shape[-1] // parallel
        step = jax.jit(study.step)
        losses[devices] = []
        for i in range(6):
            state, loss = step(state, place(grid, study.batches[i]))
            losses[devices].append(float(loss))
    np.testing.assert_allclose(losses[4], losses[1], rtol=1e-4)


def test_the_step_lowers_for_cuda_and_tpu(lowers):
    devices = make_mesh(Training(devices=1))
    study = small_study(model(), devices)
    lowers(study.step, study.start(0, devices), study.batches[0])


def test_remat_changes_nothing_but_the_memory():
    devices = make_mesh(Training(devices=1))
    plain, again = (small_study(model(remat=remat), devices) for remat in (False, True))
    state = plain.start(0, devices)
    (a, b), (c, d) = (jax.jit(study.step)(state, study.batches[0]) for study in (plain, again))
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-7), (a.params, b), (c.params, d))

    def kept(study):
        _, pullback = jax.vjp(lambda params: study.loss(params, study.batches[0], state.key), state.params)
        return sum(leaf.nbytes for leaf in jax.tree.leaves(pullback))

    assert kept(again) < 0.7 * kept(plain)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--gates", "swiglue"], "swiglue"),
        (["--text", "nowhere.txt"], "cannot be read"),
        (["--text", "short.txt"], "a text of 50 characters is too short for a context of 64"),
        (["--width", "30", "--heads", "4"], "is not a multiple of --heads"),
        (["--steps", "50"], "--steps 50 is not a multiple of --evaluate-every 100"),
        (["--devices", "6", "--model-parallel", "4"], "--model-parallel 4 does not divide 6 devices"),
    ],
)
def test_bad_input(arguments, says, run_study, capsys):
    Path("short.txt").write_text("a" * 50)
    assert run_study(language, *arguments, "--out", "here") == 2
    assert says in capsys.readouterr().err
    assert not Path("here").exists()
