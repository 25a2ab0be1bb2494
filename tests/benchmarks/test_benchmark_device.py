"""benchmarks/device.py: a minute of it, where nothing but what it says it needs can be imported."""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import device
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import speed

import jaxact

ROOT = Path(__file__).parents[2]
ABSENT = ("flint", "grain", "hypothesis", "mpmath", "rich", "scipy", "sklearn", "tensorboardX", "torch", "tyro")
RUN = f"""
import runpy, sys
sys.modules |= dict.fromkeys({ABSENT})
sys.argv[0] = "benchmarks/device.py"
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What a minute writes, and how long it took."""
    into = tmp_path_factory.mktemp("device")
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", RUN, "--minutes", "1", "--into", str(into)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "XLA_FLAGS": ""},
        check=True,
        timeout=150,
    )
    assert {path.name for path in into.iterdir()} == {"device-cpu.json", "device-cpu.md"}
    return json.loads((into / "device-cpu.json").read_text()), time.monotonic() - began


def test_it_keeps_to_its_minutes(run):
    written, seconds = run
    assert seconds < 85, "a minute, and what was begun when it was over"
    assert (written["minutes"], written["sizes"]) == (1, [2**20])


def test_accuracy(run):
    found = run[0]["accuracy"]["worst"]
    for name in list(found)[:3]:
        assert {"float32", "bfloat16", "float16"} == set(found[name])
        for dtype, bound in (("float32", 8), ("bfloat16", 0.51), ("float16", 0.51)):
            of = found[name][dtype]["jaxact"]
            assert all(of[order]["ulp"] <= bound for order in ("value", "slope", "curvature"))
            assert of["value"]["points"] > 60_000
            assert not {"zeros", "nans", "infinities"} & set(of["slope"])


def test_training(run):
    training = run[0]["training"]
    step, *_ = training["steps"]
    for library in ("jaxact", "jax.nn"):
        per_second = step["tokens_per_second"][library]
        assert step["milliseconds"][library] > 0
        assert step["bytes"][library] > 4 * step["parameters"]
        expected = 6 * step["parameters"] * per_second / training["peak_per_second"]
        assert math.isclose(step["of_peak"][library], expected, rel_tol=1e-3)
    assert "product of two float32 matrices" in training["peak_is"]


def test_times(run):
    functions, kernel = run[0]["speed"], run[0]["kernel"]
    for cell in (*functions["cells"], *kernel["cells"]):
        assert min(cell["microseconds"].values()) > 0
        assert cell["of_copy"] > 0
    assert {(c["pass"], c["dtype"]) for c in functions["cells"]} >= {
        ("forward", "bfloat16")
    }  # all that a busy machine does
    assert set(kernel["cells"][0]["ratio"]) == {"jax.nn", "kernel", "larger kernel"}
    (table,) = functions["tables"]
    assert table["title"] == "Share of the copy's bandwidth"


def test_memory(run):
    kept = run[0]["memory"]["bytes_per_element"]
    assert kept["float32"]
    assert all(by["jaxact"] <= 4.2 for by in kept["float32"].values())


def test_what_is_left_out_is_listed(run):
    """A minute on two cores is not enough for all of it; what was measured and what was not are all that there is."""
    written, _ = run
    elementwise = {s.name for s in device.by_importance() if s.elementwise}
    left = {name for names in written["left_out"]["accuracy"].values() for name in names}
    assert elementwise == {*written["accuracy"]["worst"], *left}
    cells = len(written["speed"]["cells"]) + sum(map(len, written["left_out"].get("speed", {}).values()))
    assert cells == 4 * len(device.by_importance())
    assert {reason for of in written["left_out"].values() for reason in of} <= {"no time left"}


def test_the_truth_is_float64():
    x = np.array([-20.0, -1.0, 0.5])
    truth = device.Truth(jaxact.spec("silu"))
    np.testing.assert_allclose(truth(x)[0], x / (1 + np.exp(-x)), rtol=1e-15)
    assert truth.windows[1], "silu has a minimum"
    assert jnp.asarray(1.0).dtype == "float32", "which it leaves as it was"


def test_a_failure_is_told_and_stops_nothing():
    left_out = {}
    found = device.in_time(lambda n: 1 / n, [0, 1, 2], time.monotonic() + 60, left_out)
    assert found == {1: 1, 2: 0.5}
    assert left_out == {"ZeroDivisionError: division by zero": ["0"]}
    assert device.in_time(str, [3, 4], time.monotonic() - 1, left_out) == {3: "3"}, "one in any case"
    assert left_out["no time left"] == ["4"]


def test_bytes_that_have_to_move():
    for name, kind, arrays in (("mish", "forward", 2), ("mish", "backward", 3), ("swiglu", "backward", 5)):
        cell = device.Cell(name, kind, "bfloat16", 2**14)
        work = speed.one_pass(device.contenders(name)["jaxact"], kind)
        assert device.compiled(work, cell.shapes())[2] == arrays * 2**15


@pytest.mark.parametrize("kind", ["forward", "backward"])
def test_the_kernel_is_the_guides(kind):
    functions = device.kernels("")
    arrays = [jnp.linspace(-3 - i, 3, 2**13).reshape(16, 512) for i in range(2 + (kind == "backward"))]
    expected = speed.one_pass(functions.pop("jax.nn"), kind)(*arrays)
    for f in functions.values():
        for got, true in zip(speed.one_pass(f, kind)(*arrays), expected, strict=True):
            np.testing.assert_allclose(got, true, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Using ``pl.pallas_call`` for Mosaic GPU:DeprecationWarning")
@pytest.mark.parametrize("name", device.BLOCKS)
@pytest.mark.parametrize("platform", ["cuda", "tpu"])
def test_the_kernel_lowers(name, platform, monkeypatch):
    """In the loop that times it on an accelerator, without one."""
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")  # the guide interprets it on a CPU
    for kind in ("forward", "backward"):
        shapes = device.Cell("swiglu", kind, "bfloat16", 2**16).shapes()
        work = speed.one_pass(device.kernels("")[name], kind)
        traced = speed.program(work, speed.repetitions(shapes)).trace(shapes, jax.eval_shape(work, *shapes))
        traced.lower(lowering_platforms=(platform,))


def test_a_part_that_fails(tmp_path, monkeypatch):
    """It is told, what it had measured stays, and the next one has its turn."""

    def one(until, left_out):
        yield {"of": "one"}, [("A table", ["figure"], [["1"]])]
        raise RuntimeError("no\n such  thing")

    def other(until, left_out):
        device.note(left_out, "no time left", "half of it")
        yield {"of": "other"}, []

    monkeypatch.setattr(device, "PARTS", {"one": (one, 0.5), "other": (other, 1.0)})
    device.main(0.01, tmp_path)
    written = json.loads((tmp_path / "device-cpu.json").read_text())
    assert (written["one"], written["other"]) == ({"of": "one"}, {"of": "other"})
    assert written["left_out"] == {
        "one": {"RuntimeError: no such thing": ["what is not here"]},
        "other": {"no time left": ["half of it"]},
    }
    text = (tmp_path / "device-cpu.md").read_text()
    assert "### A table" in text
    assert "| other | no time left | 1 | half of it |" in text
