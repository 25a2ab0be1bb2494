"""The comparison: its statistics, and that a vectorised seed is the run it stands for."""

import csv
import json
from pathlib import Path

import compare
import numpy as np
import pytest
import train
from scipy import stats


def test_differences_are_paired_and_noise_is_called_noise():
    random = np.random.default_rng(0)
    luck = random.normal(0, 0.02, 20)  # shared by all activations of a seed
    accuracies = {
        "relu": 0.90 + luck,
        "mish": 0.91 + luck + random.normal(0, 0.001, 20),
        "elu": 0.90 + luck + random.normal(0, 0.001, 20),
        "tanh": 0.88 + luck + random.normal(0, 0.001, 20),
    }
    rows = {row["activation"]: row for row in compare.compare(accuracies, "relu")}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "relu": "baseline", "mish": "better", "elu": "within noise", "tanh": "worse",
    }  # fmt: skip
    assert next(iter(rows)) == "mish"
    assert rows["mish"]["interval"] > 5 * rows["mish"]["difference_interval"]
    low, high = stats.ttest_rel(accuracies["mish"], accuracies["relu"]).confidence_interval(0.95)
    assert rows["mish"]["difference"] + rows["mish"]["difference_interval"] == pytest.approx(high, rel=1e-9)
    assert rows["mish"]["difference"] - rows["mish"]["difference_interval"] == pytest.approx(low, rel=1e-9)


def test_one_seed_proves_nothing():
    rows = compare.compare({"relu": np.array([0.5]), "mish": np.array([0.9])}, "relu")
    assert [row["verdict"] for row in rows] == ["within noise", "baseline"]


def records(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


@pytest.mark.nightly
def test_a_tiny_run_agrees_with_runs_in_turn(run_study):
    arguments = ["--epochs", 2, "--batch-size", 256, "--no-tensorboard"]
    assert run_study(compare, "--activations", "relu", "mish", "--seeds", 2, "--out", "c", *arguments) == 0
    together = records("c/mish/metrics.jsonl")
    for seed in range(2):
        assert run_study(train, "--activations", "mish", "--seed", seed, "--out", f"t{seed}", *arguments) == 0
        alone = records(f"t{seed}/mish/metrics.jsonl")
        for a, b in zip(alone, together, strict=True):  # the sums of a batched product differ in order
            assert abs(a["test_accuracy"] - b["test_accuracies"][seed]) <= 1.5 / 360
    with open("c/table.csv") as lines:
        assert {row["activation"] for row in csv.DictReader(lines)} == {"relu", "mish"}
    assert Path("c/table.md").read_text().count("\n") == 4
    assert Path("c/compare.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--baseline", "elu"], "--baseline elu is none of the activations"),
        (["--seeds", "0"], "--seeds must be at least 1"),
        (["--seeds", "6", "--devices", "4"], "cannot be split over 4 devices"),
    ],
)
def test_bad_input(arguments, says, run_study, capsys):
    if "--devices" not in arguments:
        arguments = [*arguments, "--devices", "1"]
    assert run_study(compare, *arguments, "--out", "here") == 2
    assert says in capsys.readouterr().err
    assert not Path("here").exists()
