"""The depth study: a tiny run, and that its gains do what they are chosen for."""

import json
from pathlib import Path

import depth
import jax
import pytest
from jaxact_examples import data, seeds
from jaxact_examples.options import Training


@pytest.mark.nightly
def test_tiny_run(run_study):
    arguments = ["--depths", 1, 3, "--activations", "mish", "--epochs", 1, "--seeds", 2, "--width", 16]
    assert run_study(depth, *arguments, "--gain", "own", "--norm", "--no-tensorboard", "--out", "here") == 0
    found = json.loads(Path("here/results.json").read_text())
    assert {name: sorted(each) for name, each in found.items()} == {"mish": ["1", "3"]}
    assert Path("here/depth.md").read_text().startswith("| activation | 1 layers | 3 layers |")
    assert Path("here/depth.png").exists()


@pytest.mark.parametrize("name", ["relu", "silu", "tanh"])
def test_the_own_gain_keeps_the_size_of_signals(name):
    x = jax.random.normal(jax.random.key(0), (64, 256))

    def size(gain):
        layer = depth.Layer(name, 256, depth.initial_variance(name, gain), norm=False, train=False, dtype="float32")
        y = x
        for i in range(8):
            y, _ = layer.apply(layer.init(jax.random.key(i), y, None), y, None)
        return float(y.var())

    assert 0.5 < size("own") < 2
    if name == "silu":
        assert size("he") < 0.2


def test_bad_input(run_study, capsys):
    assert run_study(depth, "--depths", 0, "--out", "here") == 2
    assert "--depths and --width must be at least 1" in capsys.readouterr().err


def test_the_step_lowers_for_cuda_and_tpu(lowers):
    devices = seeds.seeds_mesh(Training(devices=1), 2)
    model = depth.Deep("mish", 3, 10, 16, 2.0, True)
    study = seeds.make_study(model, Training(), data.digits(), 2, 1, devices)
    lowers(study.step, study.start(0, devices), study.batches[0], *study.held)
