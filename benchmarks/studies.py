"""What the studies of examples/ gave: each figure about them in README and docs, with the command that made it.

    python benchmarks/studies.py --mnist DIR --text FILE              # hours on two cores
    python benchmarks/studies.py --names depth depth-own --mnist DIR

Each study runs as a user would run it, in a process and a folder of its own. What it wrote to results.json is kept with
the command, the time it took, the machine and the day; studies that are not named keep what is there. MNIST is a folder
of IDX files, the text that of tinyshakespeare; studies that need what is not given are left out.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import tyro

Table = tuple[list[str], list[list[str]]]


def classifier(results: dict[str, Any]) -> Table:
    rows = [[n, f"{r['test_accuracy']:.2%}", f"{r['test_loss']:.4f}"] for n, r in results.items()]
    return ["activation", "test accuracy", "test loss"], rows


def comparison(results: dict[str, Any]) -> Table:
    rows = [
        [
            n,
            f"{r['accuracy']:.2%} ± {r['interval']:.2%}",
            f"{r['difference']:+.2%} ± {r['difference_interval']:.2%}",
            r["verdict"],
        ]
        for n, r in results.items()
    ]
    return ["activation", "test accuracy", "against the baseline", "verdict"], rows


def depth(results: dict[str, Any]) -> Table:
    columns = ["activation", *(f"{d} layers" for d in next(iter(results.values())))]
    return columns, [[n, *(f"{statistics.mean(a):.2%}" for a in by.values())] for n, by in results.items()]


def language(results: dict[str, Any]) -> Table:
    return ["gate", "bits per character"], [[n, f"{r['test_bits']:.3f}"] for n, r in results.items()]


def pinn(results: dict[str, Any]) -> Table:
    rows = [[n, f"{r['error']:.2e}", f"{r['wrong_curvatures']:.1%}"] for n, r in results.items()]
    return ["activation", "relative L2 error", "wrong curvatures"], rows


def image(results: dict[str, Any]) -> Table:
    return ["activation", "PSNR / dB"], [[n, f"{r['psnr']:.2f}"] for n, r in results.items()]


def adaptive(results: dict[str, Any]) -> Table:
    header, *rows = results["table"]
    layers = {name: ", ".join(found["nearest"]) for name, found in results["shapes"].items()}
    return [*header, "nearest, by layer"], [[*row, layers.get(row[0], "")] for row in rows]


def rank(results: dict[str, Any]) -> Table:
    means = {name: statistics.mean(each) for name, each in results["trained"].items()}
    predicted = results["predicted"]
    trained = [name for name in results["order"] if name in means]
    features = {"gradient": "gradient", "contrast": "contrast", "loss": "predicted loss", "fisher": "Fisher distance"}
    rows = [[n, *(f"{predicted[n][k]:.2f}" for k in features), f"{means[n]:.2%}"] for n in trained]
    agreement = {k: f"{a['spearman']:.2f}, p = {a['p']:.1g}" for k, a in results["agreement"].items()}
    rows.append(["rank correlation", *(agreement.get(k, "") for k in features), ""])
    return ["activation", *features.values(), "test accuracy"], rows


def saturation(results: dict[str, Any]) -> Table:
    rows = []
    for study in results.values():
        for row in study["rows"]:
            outcome = next(m for m in row.values() if isinstance(m, dict))  # its first measure
            rows.append(
                [
                    f"{study['title']}, {study['setting']} {row['setting']:g}",
                    row["functions"],
                    f"{outcome['mean']:.3g} ± {outcome['interval']:.2g}",
                    f"{outcome['difference']:+.2g} ± {outcome['difference_interval']:.2g}",
                ]
            )
    return ["program", "functions", "error, bits or reward", "against the first functions"], rows


@dataclasses.dataclass(frozen=True)
class Study:
    title: str
    command: str  # of examples/, with MNIST and TEXT where those are to be had
    table: Callable[[dict[str, Any]], Table]


_DEPTH = "depth.py --data-dir MNIST --depths 5 10 15 20 25 30 --epochs 3"
STUDIES = {
    "digits": Study("Handwritten digits", "train.py --activations mish relu swish prelu", classifier),
    "mnist": Study(
        "MNIST, 512-256", "train.py --data-dir MNIST --epochs 5 --activations mish relu swish prelu", classifier
    ),
    "compare": Study("Handwritten digits, 23 seeds", "compare.py --seeds 23 --activations relu silu mish", comparison),
    "compare-mnist": Study(
        "MNIST, 23 seeds", "compare.py --data-dir MNIST --epochs 2 --seeds 23 --activations relu silu mish", comparison
    ),
    "depth": Study("MNIST by depth, He's gain for all", _DEPTH, depth),
    "depth-own": Study("MNIST by depth, each activation's own gain", f"{_DEPTH} --gain own", depth),
    "depth-norm": Study("MNIST by depth, layers normalised", f"{_DEPTH} --norm", depth),
    "language": Study(
        "Characters of tinyshakespeare", "language.py --text TEXT --gates swiglu geglu gelu relu --steps 1000", language
    ),
    "pinn": Study("An equation with second derivatives", "pinn.py", pinn),
    "pinn-tails": Study(
        "The same, started deep in the tails", "pinn.py --activations tanh jax.nn.tanh --steepness 20", pinn
    ),
    "image": Study("A photograph", "image.py", image),
    "adaptive": Study("Learned activations, handwritten digits, 8 seeds", "adaptive.py", adaptive),
    "adaptive-text": Study(
        "Learned activations, characters of tinyshakespeare, 3 seeds",
        "adaptive.py --text TEXT --seeds 3 --epochs 1 --width 32 --layers 2 --batch-size 64 --learning-rate 3e-3 "
        "--fixed relu xielu --learn relu+tanh+silu swish xielu",
        adaptive,
    ),
    "adaptive-rank": Study("Ranked by theory", "adaptive.py --rank --seeds 4", rank),
    "saturation": Study("Methods that saturate, 8 seeds", "saturation.py", saturation),
}


def run(study: Study, inputs: dict[str, Path]) -> dict[str, Any]:
    """Run a study, and return what is to be kept of it."""
    script, *arguments = shlex.split(study.command)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        given = [str(inputs[a].resolve()) if a in inputs else a for a in arguments]
        began = time.perf_counter()
        command = [sys.executable, str(harness.ROOT / "examples" / script), *given, "--out", str(out)]
        subprocess.run(command, check=True, cwd=folder)
        seconds = time.perf_counter() - began
        results = json.loads((out / "results.json").read_text())
    columns, rows = study.table(results)
    facts = {k: v for k, v in harness.circumstances().items() if k != "command"}
    return {
        "title": study.title,
        "command": f"python examples/{study.command}",
        "seconds": round(seconds),
        **facts,
        "columns": columns,
        "rows": rows,
        "results": results,
    }


def main(
    names: tuple[str, ...] = (), mnist: Path | None = None, text: Path | None = None, into: Path = harness.RESULTS
) -> None:
    """Run studies and write down what came out.

    Args:
      names: studies to run; all whose input is given if none is named.
      mnist: folder with the IDX files of MNIST.
      text: tinyshakespeare.
      into: directory to write to.
    """
    inputs = {k: v for k, v in {"MNIST": mnist, "TEXT": text}.items() if v is not None}
    if unknown := set(names) - set(STUDIES):
        sys.exit(f"error: no study {', '.join(sorted(unknown))}; there are {', '.join(STUDIES)}")
    written = into / f"studies-{harness.platform_name()}.json"
    kept = json.loads(written.read_text())["studies"] if written.exists() else {}
    for name in names or STUDIES:
        needed = {"MNIST", "TEXT"} & set(shlex.split(STUDIES[name].command)) - set(inputs)
        if needed:
            harness.console.print(f"{name} is left out: it needs --{' and --'.join(sorted(needed)).lower()}")
            continue
        kept[name] = run(STUDIES[name], inputs)
        kept = {n: kept[n] for n in STUDIES if n in kept}
        texts = [
            harness.table(s["title"], s["columns"], s["rows"]) + f"\n`{s['command']}`, {s['seconds']} s, {s['date']}.\n"
            for s in kept.values()
        ]
        command = "python benchmarks/studies.py --mnist DIR --text FILE"
        harness.save("studies", {"studies": kept}, "\n".join(texts), into, command)


if __name__ == "__main__":
    tyro.cli(main)
