"""The image study: a tiny run, and that its pixels are the photograph's."""

import json
from pathlib import Path

import image
import numpy as np
import pytest
from common.data import Batches
from common.mesh import make_mesh
from common.optimiser import make_optimiser
from common.options import Training
from common.trainer import make_step


@pytest.mark.nightly
def test_tiny_run(run_study):
    arguments = ["--activations", "relu", "mish", "--pixels", 16, "--width", 16, "--epochs", 3, "--batch-size", 32]
    assert run_study(image, *arguments, "--no-tensorboard", "--out", "here") == 0
    found = json.loads(Path("here/results.json").read_text())
    assert set(found) == {"relu", "mish"}
    history = [json.loads(line) for line in Path("here/mish/metrics.jsonl").read_text().splitlines()]
    assert history[-1]["psnr"] > history[0]["psnr"]
    assert Path("here/image.png").read_bytes().startswith(b"\x89PNG")


def test_samples_are_the_pixels():
    picture = image.load("china.jpg", 40)
    assert picture.shape == (26, 40, 3)
    data = image.samples(picture)
    np.testing.assert_array_equal(data["colour"].reshape(picture.shape), picture)
    np.testing.assert_array_equal(data["place"][[0, 39, -1]], [[-1, -1], [-1, 1], [1, 1]])


def test_the_step_lowers_for_cuda_and_tpu(lowers):
    rule = make_optimiser(Training(), 10)
    model = image.Network("mish", 16, 2)
    state = image.start(model, rule, 0, make_mesh(Training(devices=1)))
    batch = Batches(image.samples(image.load("flower.jpg", 10)), 8, seed=0)[0]
    lowers(make_step(image.make_loss(model), rule), state, batch)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--photo", "cat.jpg"], "--photo is china.jpg or flower.jpg"),
        (["--pixels", "1000"], "--pixels is from 8 to 640"),
    ],
)
def test_bad_input(arguments, says, run_study, capsys):
    assert run_study(image, *arguments, "--out", "here") == 2
    assert says in capsys.readouterr().err
    assert not Path("here").exists()
