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
from jaxact_examples import data, mesh

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


# The trainer, which comes late to the folder of the run.
LATE = f"""
import runpy, sys, time
sys.path.insert(0, {str(Path(train.__file__).parent)!r})
from jaxact_examples import run
claim = run._claim
run._claim = lambda *given: (time.sleep(2), claim(*given))
runpy.run_path({train.__file__!r}, run_name="__main__")
"""


def script(folder, *more, environment, program=(train.__file__,)):
    command = [sys.executable, *program, *map(str, OPTIONS), "--out", str(folder), *map(str, more)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})


@pytest.mark.nightly
def test_eight_devices(alone, run_study):
    assert run_study(train, *OPTIONS, "--out", "here", "--devices", 8) == 0
    np.testing.assert_allclose(curve("here"), alone, rtol=1e-5)


@pytest.mark.nightly
def test_two_processes(alone, tmp_path):
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    common = ["--coordinator", f"localhost:{port}", "--processes", 2, "--process"]
    pair = [
        script(tmp_path / "run", *common, i, environment={"XLA_FLAGS": ""}, program=program)
        for i, program in enumerate([(train.__file__,), ("-c", LATE)])
    ]
    said = [process.communicate(timeout=300)[1] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], said
    np.testing.assert_allclose(curve(tmp_path / "run"), alone, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_the_step_lowers_for_cuda_and_tpu(kind, dtype, lowers):
    options = train.Options(model=kind, dtype=dtype, devices=1)
    devices = mesh.make_mesh(options)
    study = train.make_study("rrelu", options, data.digits(), devices)
    state = study.start(0, devices)
    lowers(study.step, state, study.batches[0])
    assert {leaf.dtype for leaf in jax.tree.leaves(state.params)} == {np.dtype("float32")}
