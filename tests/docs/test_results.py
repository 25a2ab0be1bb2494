"""Measurements become tables, with and without committed results."""

import json
import re

import figures
import pytest
import results

WHERE = {"device": "a chip", "cores": 2, "versions": {"jax": "0.1"}, "date": "2000-01-01", "command": "python x.py"}
ACCURACY = {
    "worst": {
        "mish": {
            "float32": {
                "jaxact": {"value": {"ulp": 2.345, "at": "0x1p+0"}},
                "jax.nn": {"value": {"ulp": 9.0, "zeros": {"count": 3, "from": "-0x1.6p+6", "true": 1e-38}}},
            }
        }
    },
    "nan_at_infinity": {"mish": {"jaxact": [], "jax.nn": ["value at -inf"]}},
}
MEMORY = {
    "bytes_per_element": {"float32": {"mish": {"jaxact": 4.0, "jax.nn": 20.0}}},
    "arrays_per_layer": {"scanned, float32": {"mish": {"jaxact": 2.25, "jax.nn": None}}},
}
CELL = {"name": "mish", "pass": "forward", "dtype": "float32", "ratio": {"jax.nn": 1.5}}
SPEED = {
    "summary": {"jax.nn, all, all": {"mean": 1.5, "mean_of_least": 1.6, "worst": 0.95}},
    "cells": [CELL | {"size": n, "microseconds": {"jaxact": 10.0, "jax.nn": 15.0}} for n in (2**14, 2**22)],
    "plain": [{"name": "mish", "dtype": "float32", "forward": 0.71, "forward+backward": 1.2, "compile": 1.3}],
}
DECODER = {"decoder": [{"name": "mish", "dtype": "float32", "step": 1.44, "step, ms": 307.6}]}


STUDY = {"title": "A title", "command": "python examples/x.py --seeds 2", "seconds": 12}
STUDIES = {"studies": {"x": WHERE | STUDY | {"columns": ["activation", "accuracy"], "rows": [["mish", "98.7%"]]}}}


DEVICE = {
    "minutes": 8,
    "accuracy": ACCURACY | {"remark": "The truth is its own."},
    "memory": MEMORY,
    "speed": SPEED | {"tables": [{"title": "Share of the copy", "columns": ["pass"], "rows": [["forward"]]}]},
    "training": {"tables": [{"title": "Training step", "columns": ["tokens per second"], "rows": [["7,467"]]}]},
}


@pytest.fixture
def committed(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    results.committed.cache_clear()
    yield tmp_path
    results.committed.cache_clear()


def write(folder):
    for name, measured in (("accuracy", ACCURACY), ("memory", MEMORY), ("speed", SPEED), ("decoder", DECODER)):
        (folder / f"{name}-chip.json").write_text(json.dumps(WHERE | measured))


def test_without_results(committed):
    assert results.of_activation("mish") == ""
    assert "benchmarks/speed.py" in results.page("speed")


def test_of_activation(committed):
    write(committed)
    text = results.of_activation("mish")
    for expected in ("2.35", "0 at -88", "20", "2.25", "1.50", "2\\ :sup:`22`", "a chip, 2 cores; jax 0.1; 2000-01-01"):
        assert expected in text
    assert "2\\ :sup:`14`" not in text
    assert results.of_activation("relu") == ""


def test_of_study(committed):
    (committed / "studies-chip.json").write_text(json.dumps(STUDIES))
    text = results.studies("x.py")
    assert all(
        e in text for e in ("A title, CHIP", "98.7%", "12 seconds", "2000-01-01", "``python examples/x.py --seeds 2``")
    )
    assert results.studies("y.py") == ""


def test_numbers_of_the_readme():
    """What README says about the studies is in the committed results."""
    number = re.compile(r"\d+\.\d+(?:e-?\d+)?")
    text = (results.RESULTS.parents[1] / "README.md").read_text()
    told = set(number.findall(re.search(r"\n\| study .*?\n\n", text, re.DOTALL)[0]))
    studies = [s for r in results.committed("studies").values() for s in r["studies"].values()]
    assert len(told) > 10
    assert told <= set(number.findall(" ".join(cell for s in studies for row in s["rows"] for cell in row)))


def test_of_a_device(committed):
    """Each page takes the part that is its own; what was measured by itself takes precedence."""
    (committed / "device-gpu.json").write_text(json.dumps(WHERE | DEVICE))
    assert "On GPU: a chip, 2 cores" in results.page("memory")
    assert "The truth is its own." in results.page("accuracy")
    speed = results.page("speed")
    assert all(title in speed for title in ("Share of the copy, GPU", "Training step, GPU", "7,467"))
    assert "Memory for the backward pass, GPU" in results.of_activation("mish")
    assert results.provenance().count("python x.py") == 1
    own = {"bytes_per_element": {"float32": {"relu": {"jaxact": 4.0}}}, "arrays_per_layer": {}}
    (committed / "memory-gpu.json").write_text(json.dumps(WHERE | own))
    results.committed.cache_clear()
    assert "jaxact.mish" not in results.page("memory")


def test_charts(committed, tmp_path):
    """One at the head of each page, of what there is; a false zero is drawn at the edge."""
    assert results.charts() == {}
    slopes = {"jaxact": {"slope": {"ulp": 3.5}}, "jax.nn": {"slope": {"ulp": 9.0, "zeros": {"from": "-0x1.6p+6"}}}}
    results.committed.cache_clear()
    write(committed)
    (committed / "accuracy-chip.json").write_text(json.dumps(WHERE | {"worst": {"mish": {"float32": slopes}}}))
    charts = results.charts()
    assert charts["accuracy-chip"].series == {"jaxact": {"mish": 3.5}, "jax.nn": {"mish": float("inf")}, "torch": {}}
    assert charts["memory-chip"].series == {"jaxact": {"mish": 4.0}, "jax.nn": {"mish": 20.0}}
    assert charts["speed-chip"].series == {"forward, float32": {"mish": 1.5}}
    for name, chart in charts.items():
        assert f"results/{name}.svg" in results.page(name.partition("-")[0])
        figures.chart(tmp_path / f"{name}.svg", *chart)
        assert (tmp_path / f"{name}.svg").stat().st_size > 5000


@pytest.mark.parametrize(
    ("benchmark", "expected"),
    [
        ("accuracy", ["2.35", "value at -inf"]),
        ("memory", ["4", "2.25"]),
        ("speed", ["0.95", "1.50", "1.60", "15", "0.71", "1.44", "308"]),
    ],
)
def test_page(committed, benchmark, expected):
    write(committed)
    text = results.page(benchmark)
    assert ":func:`~jaxact.mish`" in text
    assert all(e in text for e in (*expected, "a chip"))
