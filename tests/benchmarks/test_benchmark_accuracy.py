"""benchmarks/accuracy.py: a tiny run, and that its records find errors that are known."""

import json

import accuracy
import jax.numpy as jnp
import numpy as np
import pytest

import jaxact


def test_tiny_run(tmp_path):
    some = {"dtypes": ("float32", "bfloat16"), "stride": 2**20 + 7, "body": 4000, "dense": (8.0, 8.001)}
    accuracy.main(("relu", "sigmoid", "swiglu", "softmax", "hermite"), **some, into=tmp_path)
    (path,) = tmp_path.glob("accuracy-*.json")
    written = json.loads(path.read_text())
    assert {"device", "versions", "date", "command"} <= written.keys()
    found = written["worst"]["relu"]["float32"]["jaxact"]
    assert found["value"]["ulp"] == found["slope"]["ulp"] == found["curvature"]["ulp"] == 0
    assert found["value"]["points"] > 8000
    peer = written["worst"]["sigmoid"]["float32"]["jax.nn"]["slope"]
    assert "zeros" in peer, "jax.nn's sigmoid no longer loses its slope: take the row out of the tables"
    (table,) = tmp_path.glob("accuracy-*.md")
    assert "| sigmoid |" in table.read_text()
    assert "| softmax | value |" in table.read_text()
    swiglu = written["worst"]["swiglu"]["float32"]["jaxact"]
    assert all(0 < swiglu[what]["ulp"] <= 8 for what in ("value", "slope in gate", "slope in value"))
    softmax = written["worst"]["softmax"]["float32"]
    assert softmax["jaxact"]["value"]["ulp"] <= 4 < softmax["jax.nn"]["value"]["ulp"]
    # In ulps of the result, where terms cancel; of the largest term it is within 8.
    assert written["worst"]["hermite"]["float32"]["jaxact"]["slope"]["ulp"] <= 16

    path.write_text(json.dumps(written | {"exhaustive": True}))
    accuracy.main(("relu",), **some | {"dtypes": ("float32",), "stride": 2**21 + 7}, into=tmp_path)
    again = json.loads(path.read_text())
    points = [w["worst"]["relu"]["float32"]["jaxact"]["value"]["points"] for w in (again, written)]
    assert points[0] < points[1]
    again["worst"]["relu"]["float32"] = written["worst"]["relu"]["float32"]
    assert again["worst"] == written["worst"], "what is not measured again stays as it was"
    assert again["command"].startswith(written["command"])
    assert again["exhaustive"]


def test_a_misspelt_name():
    with pytest.raises(SystemExit, match="no activation 'mihs'; the closest names are mish"):
        accuracy.main(("mihs",))


def test_every_number_between():
    x = np.concatenate([*accuracy.float32_between(1.0, 1.5)])
    assert x.size == 2 * 2**22
    np.testing.assert_array_equal(np.unique(np.abs(x)), np.arange(2**23, 3 * 2**22) * np.float32(2**-23))


def record(got, x, true):
    got, x = np.array(got, np.float32), np.array(x, np.float32)
    functions = {"jaxact": [lambda _: got] * 3}
    records = {}
    truth = accuracy.Truth(jaxact.spec("identity"), jnp.dtype("float32"))
    truth.slow, truth.evaluate = True, lambda _: (np.array([true] * 3, np.float64), np.zeros((3, len(true))))
    accuracy.measure(functions, truth, x, records)
    return records["jaxact"]["value"]


def test_errors_are_found():
    found = record([1.0 + 2**-22, 0.0, np.nan, np.inf], [1, 2, 3, 4], [1, 2, 3, 4])
    assert found["ulp"] == 2
    assert found["at"] == (1.0).hex()
    assert found["points"] == 4
    assert found["zeros"] == {"count": 1, "from": (2.0).hex(), "true": 2.0}
    assert found["nans"]["count"] == found["infinities"]["count"] == 1


def test_records_merge():
    found = accuracy.merged(record([1.0, 0], [1, -9], [1, 1]), record([4.5, 0], [4, 8], [4, 2]))
    assert found["points"] == 4
    assert found["at"] == (4.0).hex()
    assert found["zeros"] == {"count": 2, "from": (8.0).hex(), "true": 2.0}


def test_suspects_hold_all_that_is_worse():
    rng = np.random.default_rng(0)
    x = np.ldexp(rng.uniform(1, 2, 2000), rng.integers(-126, 120, 2000)).astype(np.float32)
    got = (x * (1 + rng.normal(0, 3e-7, x.size))).astype(np.float32)
    got[::50], got[1::50], got[2::50] = 0, np.nan, np.inf
    errors = accuracy.ulp.error(got, x)
    truth = accuracy.Truth(jaxact.spec("identity"), x.dtype)
    kept, *_ = truth.suspects(x, [got, None, None], [2.5, 0.0, 0.0])
    assert 0 < kept.size < got.size
    assert set(np.flatnonzero(errors > 2.5)) <= set(kept)


def test_a_stopped_exhaustive_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy, "CHUNK", 2**27)  # 32 pieces
    monkeypatch.setattr(accuracy, "patterns", lambda start, stop: np.array([start, stop - 1], np.uint32).view("f4"))
    spec, path = jaxact.spec("relu"), tmp_path / "partial.json"
    whole = accuracy.Exhaustive(path)
    records = whole.sweep(spec, ("jaxact",))
    assert json.loads(path.read_text())["records"]["relu"] == records
    monkeypatch.setattr(accuracy, "patterns", pytest.fail)
    assert accuracy.Exhaustive(path).sweep(spec, ("jaxact",)) == records
