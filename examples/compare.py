"""Compare activations over many seeds, paired by seed, with confidence intervals.

    python examples/compare.py                                             # digits
    python examples/compare.py --data-dir DIR --epochs 5 --seeds 23        # MNIST

A seed fixes the initial parameters and the order of the data, the same for every activation, so accuracies are compared
seed by seed. All seeds of an activation train in one compiled program. Writes table.csv, table.md, results.json,
compare.png and the metrics and checkpoints of each activation. Differences come with the 95 % interval of Student's t
over the seeds; one that contains 0 is within noise. Of many such intervals, one in twenty misses the true difference.

With ``--seeds 23 --activations relu silu mish`` the first command takes a minute on two busy cores and gave relu
97.93 %, mish 0.45 ± 0.12 and silu 0.65 ± 0.14 percentage points worse. On MNIST, with ``--epochs 2``, nine minutes gave
relu 98.15 %, mish the same to within 0.04 points, and silu 0.08 ± 0.03 worse.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxact_examples import figures, mesh, options, progress, run, seeds
from jaxact_examples.activations import check_names
from jaxact_examples.data import Batches, load_images
from jaxact_examples.options import BadInput
from jaxact_examples.trainer import train
from train import make_model


@dataclasses.dataclass(frozen=True)
class Options(options.Training):
    activations: tuple[str, ...] = ("relu", "silu", "gelu", "mish")
    """Names of activations."""
    baseline: str | None = None
    """Activation that the others are compared with; the first by default."""
    seeds: int = 8
    """Number of seeds, counted from --seed."""
    model: Literal["mlp", "cnn"] = "mlp"
    """Model, as in train.py."""
    dataset: str = "digits"
    """Embedded data set."""
    data_dir: Path | None = None
    """Folder with IDX files, gzipped or not, in place of the embedded data set."""
    epochs: int = 10
    """Passes over the training data."""


def interval(values: np.ndarray) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval by Student's t."""
    from scipy import stats

    if len(values) < 2:
        return float(values.mean()), float("nan")
    return float(values.mean()), float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))


def compare(accuracies: dict[str, np.ndarray], baseline: str) -> list[dict[str, Any]]:
    """One row per activation, best first: mean, interval, and the paired difference from the baseline."""
    rows = []
    for name in sorted(accuracies, key=lambda n: -accuracies[n].mean()):
        mean, half = interval(accuracies[name])
        difference, margin = interval(accuracies[name] - accuracies[baseline])
        if name == baseline:
            verdict = "baseline"
        elif not abs(difference) > margin:  # also where one seed gives no margin
            verdict = "within noise"
        else:
            verdict = "better" if difference > 0 else "worse"
        rows.append(
            {
                "activation": name,
                "seeds": len(accuracies[name]),
                "accuracy": mean,
                "interval": half,
                "difference": difference,
                "difference_interval": margin,
                "verdict": verdict,
            }
        )
    return rows


def main(options: Options) -> None:
    mesh.join(options)
    baseline = options.baseline or options.activations[0]
    check_names(options.activations)
    if baseline not in options.activations:
        raise BadInput(f"--baseline {baseline} is none of the activations {', '.join(options.activations)}")
    data = load_images(options.dataset, options.data_dir)
    Batches(data.train, options.batch_size, seed=0, epochs=options.epochs)  # refuses a batch that is too large
    devices = seeds.seeds_mesh(options, options.seeds)

    with run.open_folder("compare", options) as folder:
        histories = {}
        for name in options.activations:
            model = make_model(options.model, name, data, options.dtype)
            study = seeds.make_study(model, options, data, options.seeds, options.epochs, devices)
            _, histories[name] = train(name, study, options, devices, folder / name)
        rows = compare({n: np.array(h[-1]["test_accuracies"]) for n, h in histories.items()}, baseline)
        if mesh.is_first():
            write_report(folder, rows, histories, baseline)


def write_report(folder: Path, rows: list[dict[str, Any]], histories: dict[str, Any], baseline: str) -> None:
    lines = io.StringIO()
    writer = csv.DictWriter(lines, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    run.write_whole(folder / "table.csv", lines.getvalue())
    each = {n: h[-1]["test_accuracies"] for n, h in histories.items()}
    report = {row["activation"]: {**row, "test_accuracies": each[row["activation"]]} for row in rows}
    run.write_whole(folder / "results.json", json.dumps(report, indent=1) + "\n")

    header = ["activation", "test accuracy", f"against {baseline}", "verdict"]
    shown = [
        [
            row["activation"],
            f"{row['accuracy']:.2%} ± {row['interval']:.2%}",
            f"{row['difference']:+.2%} ± {row['difference_interval']:.2%}",
            row["verdict"],
        ]
        for row in rows
    ]
    markdown = [header, ["---"] * len(header), *shown]
    run.write_whole(folder / "table.md", "".join(f"| {' | '.join(line)} |\n" for line in markdown))
    progress.table(f"{rows[0]['seeds']} seeds, mean and 95 % interval, best first", header, shown)
    draw(folder / "compare.png", rows, histories)
    progress.say(f"tables, figure, metrics and checkpoints are in {folder}")


def draw(path: Path, rows: list[dict[str, Any]], histories: dict[str, Any]) -> None:
    """Final accuracies with intervals and every seed; curves with bands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.8), layout="constrained")
    final, curves = figure.subplots(1, 2)
    for i, row in enumerate(rows):
        history = histories[row["activation"]]
        each = np.array(history[-1]["test_accuracies"])
        look = figures.style(i)
        final.errorbar(i, row["accuracy"], row["interval"], fmt="o", capsize=6, color=look["color"])
        final.plot(i + 0.15 + np.zeros(len(each)), each, ".", color=look["color"], alpha=0.4)
        bands = np.array([interval(np.array(r["test_accuracies"])) for r in history])
        rounds = [r["round"] for r in history]
        curves.plot(rounds, bands[:, 0], label=row["activation"], **look)
        curves.fill_between(rounds, bands[:, 0] - bands[:, 1], bands.sum(1), color=look["color"], alpha=0.15)
    final.set_xticks(range(len(rows)), [row["activation"] for row in rows])
    final.set_ylabel("test accuracy, 95 % interval")
    figures.whole_ticks(curves)
    curves.set(xlabel="epoch", ylabel="test accuracy")
    curves.legend()
    figures.save_figure(figure, path)


if __name__ == "__main__":
    options.main(Options, main, __doc__)
