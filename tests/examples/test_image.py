"""The image study: a tiny run, and that its pixels are the photograph's."""

import json
from pathlib import Path

import image
import jax
import numpy as np
import pytest
from jaxact_examples.mesh import make_mesh


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


def test_sines_start_as_their_papers_say():
    def initial(name):
        return image.Network(name, 64, 2).init(jax.random.key(0), np.zeros((1, 2), "float32"))["params"]

    for name in ("sine", "finer"):
        params = initial(name)
        assert 0.45 < abs(params["Dense_0"]["kernel"]).max() <= 1 / 2
        assert 0.9 * (6 / 64) ** 0.5 / 30 < abs(params["Dense_1"]["kernel"]).max() <= (6 / 64) ** 0.5 / 30
        assert (abs(params["Dense_0"]["bias"]).max() > 4) == (name == "finer")
        assert not params["Dense_1"]["bias"].any()


def test_the_step_lowers_for_cuda_and_tpu(lowers):
    options = image.Options(devices=1, batch_size=8)
    pixels = image.samples(image.load("flower.jpg", 10))
    study = image.make_study(image.Network("mish", 16, 2), options, pixels, pixels)
    lowers(study.step, study.start(0, make_mesh(options)), study.batches[0])


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
