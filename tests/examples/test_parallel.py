"""Any number of devices and processes: the same loss curve as on one device, to rounding, and code for cuda and tpu."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import train
from common import classify, data, mesh, optimiser, trainer

OPTIONS = ["--activations", "swish", "--epochs", 2, "--batch-size", 128, "--no-tensorboard"]


def curve(folder):
    lines = [json.loads(line) for line in Path(folder, "swish/metrics.jsonl").read_text().splitlines()]
    return np.array([[r["train_loss"], r["test_loss"], r["test_accuracy"]] for r in lines])


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Loss curve on one device."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    script(folder, environment={"XLA_FLAGS": ""}).communicate(timeout=300)
    return curve(folder)


def script(folder, *more, environment):
    command = [sys.executable, train.__file__, *map(str, OPTIONS), "--out", str(folder), *map(str, more)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})


@pytest.mark.slow
def test_eight_devices(alone, run_study):
    assert run_study(train, *OPTIONS, "--out", "here", "--devices", 8) == 0
    np.testing.assert_allclose(curve("here"), alone, rtol=1e-5)


@pytest.mark.slow
def test_two_processes(alone, tmp_path):
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    common = ["--coordinator", f"localhost:{port}", "--processes", 2, "--process"]
    pair = [script(tmp_path / "run", *common, i, environment={"XLA_FLAGS": ""}) for i in range(2)]
    said = [process.communicate(timeout=300)[1] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], said
    np.testing.assert_allclose(curve(tmp_path / "run"), alone, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_the_step_lowers_for_cuda_and_tpu(kind, dtype, lowers):
    options = train.Options(devices=1)
    images = data.digits()
    model = train.make_model(kind, "rrelu", images, dtype)
    rule = optimiser.make_optimiser(options, 10)
    state = train.start(model, rule, images, 0, mesh.make_mesh(options))
    step = trainer.make_step(classify.make_loss(model, images.peak), rule)
    lowers(step, state, data.Batches(images.train, 64, seed=0)[0])
    assert {leaf.dtype for leaf in jax.tree.leaves(state.params)} == {np.dtype("float32")}
