"""The physics-informed study: a tiny run, and its derivatives and curvatures against known ones."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pinn
import pytest
from jaxact_examples.mesh import make_mesh


@pytest.mark.nightly
def test_tiny_run(run_study):
    arguments = ["--activations", "tanh", "jax.nn.tanh", "relu", "--steps", 200, "--evaluate-every", 100]
    assert run_study(pinn, *arguments, "--width", 16, "--no-tensorboard", "--out", "here") == 0
    found = json.loads(Path("here/results.json").read_text())
    assert found["tanh"]["train_loss"] < found["relu"]["train_loss"]
    assert found["relu"]["train_loss"] > 700  # the mean square of the source term is (2 pi)^4 / 2 = 779


def test_second_derivative():
    x = jnp.linspace(0, 1, 7)
    np.testing.assert_allclose(pinn.second(lambda x: x**3)(x), 6 * x, rtol=1e-6)


def test_the_exact_solution_has_no_residual():
    class Exact:
        def apply(self, _, x):
            return jnp.sin(pinn.FREQUENCY * x)

    loss = pinn.make_loss(Exact(), 100.0)({}, {"x": jnp.linspace(0, 1, 50)}, jax.random.key(0))
    assert loss < 1e-6


def test_wrong_curvatures_are_counted():
    assert pinn.wrong_curvatures("tanh") == 0
    assert pinn.wrong_curvatures("jax.nn.tanh") > 0.1  # its slope is 0 from |x| = 8 on


def test_the_step_lowers_for_cuda_and_tpu(lowers):
    options = pinn.Options(devices=1, batch_size=8)
    devices = make_mesh(options)
    study = pinn.make_study("mish", options, devices)
    lowers(study.step, study.start(0, devices), study.batches[0])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--activations", "tanhh"], "the closest names are tanh"),
        (["--activations", "jax.nn.nothing"], "there is no jax.nn.nothing"),
        (["--steps", "7"], "is not a multiple of --evaluate-every"),
    ],
)
def test_bad_input(arguments, says, run_study, capsys):
    assert run_study(pinn, *arguments, "--out", "here") == 2
    assert says in capsys.readouterr().err
    assert not Path("here").exists()
