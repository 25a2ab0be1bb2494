"""benchmarks/studies.py: a tiny study, what is kept beside it, and what it says to bad input."""

import json

import pytest
import studies

TINY = studies.Study("Tiny", "train.py --epochs 1 --activations relu --no-tensorboard", studies.classifier)


@pytest.mark.nightly
def test_tiny_run(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "STUDIES", {"tiny": TINY, "other": TINY})
    (tmp_path / "studies-cpu.json").write_text(json.dumps({"studies": {"other": {"title": "kept"} | TABLE}}))
    studies.main(names=("tiny",), into=tmp_path)
    written = json.loads((tmp_path / "studies-cpu.json").read_text())["studies"]
    assert written["other"]["title"] == "kept"
    tiny = written["tiny"]
    assert {"device", "versions", "revision", "date", "seconds"} <= tiny.keys()
    assert tiny["command"] == "python examples/train.py --epochs 1 --activations relu --no-tensorboard"
    assert tiny["rows"] == [["relu", f"{tiny['results']['relu']['test_accuracy']:.2%}", tiny["rows"][0][2]]]
    assert "| relu |" in (tmp_path / "studies-cpu.md").read_text()


TABLE = {"columns": ["a"], "rows": [], "command": "python examples/train.py", "seconds": 1, "date": "2000-01-01"}


def test_what_needs_an_input_is_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(studies, "STUDIES", {"mnist": studies.STUDIES["mnist"]})
    studies.main(into=tmp_path)
    assert "mnist is left out: it needs --mnist" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_unknown_study(tmp_path):
    with pytest.raises(SystemExit, match="no study digit; there are digits"):
        studies.main(names=("digit",), into=tmp_path)


def test_depth_is_a_table_of_means():
    columns, rows = studies.depth({"relu": {"5": [0.9, 1.0], "10": [0.5, 0.5]}})
    assert columns == ["activation", "5 layers", "10 layers"]
    assert rows == [["relu", "95.00%", "50.00%"]]
