"""benchmarks/speed.py: a tiny run, and that it would see what it looks for."""

import json
import time

import jax
import jax.numpy as jnp
import pytest
import speed
from support.cases import close

import jaxact


@pytest.mark.nightly
def test_tiny_run(tmp_path):
    speed.main(("relu", "glu"), sizes=(9,), dtypes=("float32",), rounds=2, slot=1e-4, into=tmp_path)
    (path,) = tmp_path.glob("speed-*.json")
    written = json.loads(path.read_text())
    cells = written["cells"]
    assert {(c["name"], c["pass"]) for c in cells} == {(n, p) for n in ("relu", "glu") for p in speed.PASSES}
    assert all(c["microseconds"]["jaxact"] > 0 and c["ratio"]["jax.nn"] > 0 for c in cells)
    assert written["recompilations"] == {"glu": 0, "relu": 0}
    assert written["collectives"]["relu"] == []
    assert written["same_program"]["cells"] == sum(c["same_program"] for c in cells)
    assert [r["name"] for r in written["plain"]] == ["relu", "glu"]
    assert {b["what"] for b in written["bounds"]} == set(speed.BOUNDS)
    records = [line for line in path.read_text().splitlines() if line.startswith('  {"name": ')]
    assert len(records) == len(cells) + len(written["plain"])

    table = path.with_suffix(".md").read_text().partition("### How many times")[2].rstrip()
    speed.main(("elu",), quick=True, dtypes=("float32",), rounds=2, slot=1e-4, into=tmp_path)
    again = json.loads(path.read_text())
    assert [r["name"] for r in again["plain"]] == ["elu", "glu", "relu"]
    assert again["cells"] == cells
    assert path.with_suffix(".md").read_text().partition("### How many times")[2].rstrip() == table


@pytest.mark.parametrize("name", ["dyt", "swiglu", "softmax"])
def test_against_plain(name):
    record = speed.against_plain(name, "bfloat16", 2 * speed.WIDTH, rounds=2, slot=1e-4, compilations=1)
    assert (record.pop("name"), record.pop("dtype")) == (name, "bfloat16")
    assert set(speed.BOUNDS) < set(record)
    assert min(record.values()) > 0


def test_bounds():
    fast = {"dtype": "float32", "forward": 2.0, "forward+backward": 1.0, "compile": 1.0}
    slow = {"dtype": "float32", "forward": 0.5, "forward, least": 0.6, "forward+backward": 1.0, "compile": 3.0}
    records = [{"name": "dyt"} | fast, {"name": "mish"} | slow, {"name": "swiglu"} | slow]
    text, (forward, both, compiling) = speed.bounds(records)
    assert (forward["mean"], forward["misses"]) == (pytest.approx(1), {"mish": 0.5})
    assert (both["mean"], both["misses"]) == (pytest.approx(1), {})
    assert compiling["misses"] == {"mish": 3.0}
    assert "forward, float32: geometric mean 1.00, wanted 1.1; 1 of 2 below 0.9: mish 0.50 (0.60)" in text


def test_decoder(monkeypatch, tmp_path):
    monkeypatch.setattr(speed, "SIZE", speed.Decoder(layers=2, features=16, heads=2, batch=2, length=8))
    with jax.numpy_dtype_promotion("standard"):  # jax.nn.dot_product_attention fails under strict promotion
        results = speed.main(("mish",), decoder=True, dtypes=("bfloat16",), rounds=2, slot=1e-4, into=tmp_path)
    (record,) = results["decoder"]
    assert min(record[what] for what in ("step", "step, least", "compile")) > 0
    assert [path.name.partition("-")[0] for path in tmp_path.glob("*.json")] == ["decoder"]


@pytest.mark.parametrize("name", ["tanh", "swiglu"])
def test_decoder_learns(name):
    size = speed.Decoder(layers=2, features=24, batch=2, length=16, gated=name == "swiglu")
    weights, tokens = speed.decoder_weights(size, "float32"), speed.decoder_tokens(size)
    activation = speed.with_plain_line(name)["jaxact"]
    before = speed.decoder_loss(weights, tokens, activation, size.heads)
    for _ in range(3):
        weights = speed.decoder_step(activation, size.heads)(weights, tokens)
    assert speed.decoder_loss(weights, tokens, activation, size.heads) < before


def test_same_program():
    assert speed.same_program("relu", "forward", "float32")
    assert not speed.same_program("gelu", "forward", "float32")
    assert not speed.same_program("erf", "forward", "float32"), "jax.nn has none"


def test_noise():
    cells = [{"same_program": same, "ratio": {"jax.nn": r}} for same, r in ((True, 2.0), (True, 0.5), (False, 0.1))]
    text, found = speed.noise(cells)
    assert found == {"cells": 2, "below": 1, "least": 0.5, "mean": 1.0, "most": 2.0}
    assert "In 2 cells" in text
    assert speed.noise(cells[2:]) == ("", {})


def test_turns_are_taken():
    order = []
    sleepers = {n: (lambda calls, n=n: (order.append(n), time.sleep(0.002 * calls)), 2) for n in "abc"}
    times = speed.interleaved(sleepers, rounds=3, slot=0)
    assert "".join(order[-18:]) == "aabbccbbaaccaabbcc"
    assert all(len(t) == 3 and min(t) >= 0.001 for t in times.values())


@pytest.mark.parametrize("kind", speed.PASSES)
@pytest.mark.parametrize("repeats", [1, 5])
def test_programs_do_the_work_every_time(kind, repeats):
    x = jnp.linspace(-3, 3, 512).reshape(2, 256)
    inputs = (x,) if kind == "forward" else (x, 2 * x)
    work = speed.one_pass(jnp.exp, kind)
    results = speed.program(work, repeats)(inputs, tuple(jnp.zeros_like(a) for a in inputs))
    for got, expected in zip(results, work(*inputs), strict=True):
        close(got, expected)

    def exponentials(program):
        return program.lower(inputs, inputs).compile().as_text().count("exponential(")

    assert exponentials(speed.program(work, repeats)) > 0
    if repeats > 1:  # all of the work is in the loop, none of it before
        entry = speed.program(work, repeats).lower(inputs, inputs).compile().as_text().partition("ENTRY")[2]
        assert "while(" in entry or "call(" in entry
        assert "exponential(" not in entry
        assert "fusion(" not in entry


def test_recompilation_is_counted():
    spec = jaxact.spec("relu")

    def fresh(x):
        return jax.jit(lambda x: x + 1)(x)  # another program for each call

    fake = type("S", (), {"name": "fresh", "function": staticmethod(fresh)})
    assert speed.recompilations([spec, fake])["fresh"] > 0


def test_collectives_are_seen():
    assert speed._COLLECTIVE.findall("%a = f32[8] all-reduce(%b), %c = all-gather-start(%d)") == [
        "all-reduce",
        "all-gather",
    ]


def test_copy_bandwidth_counts_reading_and_writing():
    second = {"dtype": "float32", "size": 10**9, "microseconds": {"copy": 1e6}}
    assert speed.copy_bandwidth({**second, "pass": "forward"}) == pytest.approx(8)
    assert speed.copy_bandwidth({**second, "pass": "forward+backward"}) == pytest.approx(16)
