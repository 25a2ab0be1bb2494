"""benchmarks/train.py: a tiny run, as a script of its own since it shares names with the examples."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/train.py"


@pytest.mark.nightly
def test_tiny_run(tmp_path):
    environment = {**os.environ, "XLA_FLAGS": ""}
    command = [sys.executable, str(SCRIPT), "--quick", "--into", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("train-*.json")
    written = json.loads(path.read_text())
    assert {"device", "versions", "date", "command"} <= written.keys()
    (loop,) = written["loops"]
    assert loop["ratio"] == pytest.approx(loop["trainer_ms"] / loop["bare_ms"], rel=1)
    assert [x["seeds"] for x in written["seeds"]] == [1, 2]
    assert written["seeds"][0]["speedup"] == 1
