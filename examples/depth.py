"""Does ReLU's accuracy fall first as layers are added, then Swish's, then Mish's?

    python examples/depth.py                                                        # digits
    python examples/depth.py --data-dir DIR --depths 5 10 15 20 25 30 --epochs 3    # MNIST

Test accuracy of a plain fully connected network against its number of hidden layers. Kernels are initialised with
ReLU's gain, He's, for all, or with each activation's own gain, which keeps the variance of its signals (``--gain
own``); with ``--norm`` every layer is normalised before its activation. All seeds of a network train in one compiled
program. Writes results.json, depth.md and depth.png.

The second command takes a quarter of an hour on two busy cores. On average over three seeds all stay above 97 % up to
20 layers, relu 0.15 to 0.35 points behind silu and mish. At 25 layers silu falls first, to 93.8 %, with relu and mish
at 96.8 and 96.9; at 30 relu is at 89.3, mish at 91.2 and silu at 92.3. So relu ends lowest, but silu falls first.
With ``--gain own`` silu keeps 97.3 % at 25 layers and 96.6 at 30, mish 95.9 and 93.4. With ``--norm`` all three stay
above 97 % up to 15 layers and fall together, relu first: to 94.7, 95.9 (silu) and 96.2 (mish) at 20 layers, and below
50 at 25.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
from compare import interval
from flax import linen as nn
from jaxact_examples import figures, mesh, options, progress, run, seeds
from jaxact_examples.activations import activation, check_names
from jaxact_examples.data import Batches, load_images
from jaxact_examples.options import BadInput
from jaxact_examples.trainer import train

import jaxact
from jaxact import theory


@dataclasses.dataclass(frozen=True)
class Options(options.Training):
    activations: tuple[str, ...] = ("relu", "silu", "mish")
    """Names of activations; silu is Swish with its sharpness fixed at 1."""
    depths: tuple[int, ...] = (2, 5, 10, 15, 20, 25, 30)
    """Numbers of hidden layers."""
    width: int = 128
    """Units per hidden layer."""
    gain: Literal["he", "own"] = "he"
    """Initial gain: He's for all, or the one that keeps the size of each activation's signals."""
    norm: bool = False
    """Normalise every hidden layer before its activation."""
    seeds: int = 3
    """Number of seeds, counted from --seed."""
    dataset: str = "digits"
    """Embedded data set."""
    data_dir: Path | None = None
    """Folder with IDX files, gzipped or not, in place of the embedded data set."""
    epochs: int = 10
    """Passes over the training data."""


class Deep(nn.Module):
    """Layers of one width; all but the first are scanned, so that compiling does not take longer with depth."""

    activation: str
    depth: int
    classes: int
    width: int
    variance: float  # of the initial kernels, times their number of inputs
    norm: bool
    dtype: Any = "float32"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        x = nn.Dense(self.width, dtype=self.dtype)(x.reshape(len(x), -1))
        layers = nn.scan(
            Layer, variable_axes={"params": 0}, split_rngs={"params": True, "activation": True}, length=self.depth - 1
        )
        if self.depth > 1:
            x, _ = layers(self.activation, self.width, self.variance, self.norm, train, self.dtype)(x, None)
        x = activation(self.activation, 0, train=train)(nn.LayerNorm(dtype=self.dtype)(x) if self.norm else x)
        return nn.Dense(self.classes, dtype=self.dtype)(x).astype("float32")


class Layer(nn.Module):
    activation: str
    width: int
    variance: float  # of the initial kernels, times their number of inputs
    norm: bool
    train: bool
    dtype: Any

    @nn.compact
    def __call__(self, x: jax.Array, _: None) -> tuple[jax.Array, None]:
        kernel = nn.initializers.variance_scaling(self.variance, "fan_in", "truncated_normal")
        x = activation(self.activation, 0, train=self.train)(nn.LayerNorm(dtype=self.dtype)(x) if self.norm else x)
        return nn.Dense(self.width, kernel_init=kernel, dtype=self.dtype)(x), None


def initial_variance(name: str, gain: str) -> float:
    """Variance of a unit's weights, times its number of inputs: 2, or what keeps the size of signals."""
    return float(theory.gains(name).rms) ** 2 if gain == "own" else 2.0


def main(options: Options) -> None:
    mesh.join(options)
    check_names(options.activations)
    stochastic = [n for n in options.activations if not jaxact.spec(n).elementwise]
    if options.gain == "own" and stochastic:
        raise BadInput(f"--gain own needs activations that map number by number, {', '.join(stochastic)} does not")
    if min(options.depths) < 1 or options.width < 1:
        raise BadInput(f"--depths and --width must be at least 1, got {options.depths} and {options.width}")
    data = load_images(options.dataset, options.data_dir)
    Batches(data.train, options.batch_size, seed=0, epochs=options.epochs)  # refuses a batch that is too large
    devices = seeds.seeds_mesh(options, options.seeds)

    variances = {name: initial_variance(name, options.gain) for name in options.activations}

    with run.open_folder("depth", options) as folder:
        accuracies: dict[str, dict[int, list[float]]] = {name: {} for name in options.activations}
        for depth in options.depths:
            for name in options.activations:
                model = Deep(name, depth, data.classes, options.width, variances[name], options.norm, options.dtype)
                label = f"{name}, {depth} layers"
                study = seeds.make_study(model, options, data, options.seeds, options.epochs, devices)
                _, history = train(label, study, options, devices, folder / f"{name}-{depth}")
                accuracies[name][depth] = history[-1]["test_accuracies"]
        if mesh.is_first():
            write_report(folder, accuracies)


def write_report(folder: Path, accuracies: dict[str, dict[int, list[float]]]) -> None:
    from matplotlib.figure import Figure

    run.write_whole(folder / "results.json", json.dumps(accuracies, indent=1) + "\n")
    depths = list(next(iter(accuracies.values())))
    header = ["activation", *(f"{depth} layers" for depth in depths)]
    rows = []
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for i, (name, by_depth) in enumerate(accuracies.items()):
        bars = np.array([interval(np.array(by_depth[depth])) for depth in depths])
        rows.append([name, *(f"{mean:.2%} ± {half:.2%}" for mean, half in bars)])
        axes.errorbar(depths, bars[:, 0], bars[:, 1], label=name, marker="o", capsize=4, **figures.style(i))
    axes.set_xticks(depths)
    axes.set(xlabel="hidden layers", ylabel="test accuracy, 95 % interval")
    axes.grid(alpha=0.3)
    axes.legend()
    figures.save_figure(figure, folder / "depth.png")
    lines = [header, ["---"] * len(header), *rows]
    run.write_whole(folder / "depth.md", "".join(f"| {' | '.join(line)} |\n" for line in lines))
    progress.table("Test accuracy, mean and 95 % interval over the seeds", header, rows)
    progress.say(f"table, figure, metrics and checkpoints are in {folder}")


if __name__ == "__main__":
    options.main(Options, main, __doc__)
