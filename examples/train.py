"""Train an image classifier with any activation of jaxact, on all devices that JAX finds.

    python examples/train.py
    python examples/train.py --activations mish relu prelu
    python examples/train.py --data-dir DIR --epochs 5      # a folder with the IDX files of MNIST
    python examples/train.py --model cnn --data-dir DIR --epochs 5
    python examples/train.py --out DIR --resume             # after an interruption

The first command takes half a minute on two cores and gave 98.3 % test accuracy. The third, for mish, relu, swish and
prelu, took five minutes on two busy cores and gave 98.7, 98.6, 98.7 and 98.5 % on MNIST, one run each. Up to 16
steps are one compiled call: a step takes 0.98 times as long as in a bare loop of Flax and Optax with batches of 512,
and 0.94 times with batches of 64 and 128, where it takes 2 and 3 ms (``benchmarks/train.py``).
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import jax
import numpy as np
import tyro
from flax import linen as nn
from jax.sharding import Mesh
from jaxact_examples import classify, figures, mesh, nnx_models, options, progress, run
from jaxact_examples.activations import activation, check_names, learned
from jaxact_examples.data import Batches, Images, load_images
from jaxact_examples.optimiser import make_optimiser
from jaxact_examples.options import BadInput
from jaxact_examples.study import Plan, Study
from jaxact_examples.trainer import train


@dataclasses.dataclass(frozen=True)
class Options(options.Training):
    activations: Annotated[tuple[str, ...], tyro.conf.arg(aliases=["--activation"])] = ("mish",)
    """Names of activations, trained one after the other."""
    model: Literal["mlp", "cnn"] = "mlp"
    """Multi-layer perceptron input-512-256-10, or a small convolutional network."""
    flax: Literal["linen", "nnx"] = "linen"
    """Which of Flax' interfaces the perceptron is written in; the result is the same to rounding."""
    dataset: str = "digits"
    """Embedded data set."""
    data_dir: Path | None = None
    """Folder with IDX files, gzipped or not, in place of the embedded data set."""
    epochs: int = 20
    """Passes over the training data."""


class MLP(nn.Module):
    activation: str
    classes: int
    dtype: Any = "float32"
    widths: tuple[int, ...] = (512, 256)

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        x = x.reshape(len(x), -1)
        for i, width in enumerate(self.widths):
            x = nn.Dense(width, dtype=self.dtype)(x)
            x = activation(self.activation, i, train=train)(x)
        return nn.Dense(self.classes, dtype=self.dtype)(x).astype("float32")


class CNN(nn.Module):
    activation: str
    classes: int
    dtype: Any = "float32"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        for i, width in enumerate((16, 32)):
            x = nn.Conv(width, (3, 3), dtype=self.dtype)(x)
            x = activation(self.activation, i, train=train)(x)
            x = nn.max_pool(x, (2, 2), (2, 2))
        x = nn.Dense(128, dtype=self.dtype)(x.reshape(len(x), -1))
        x = activation(self.activation, 2, train=train)(x)
        return nn.Dense(self.classes, dtype=self.dtype)(x).astype("float32")


def make_model(kind: str, name: str, data: Images, dtype: str, flax: str = "linen") -> Any:
    model = {"mlp": MLP, "cnn": CNN}[kind](name, data.classes, dtype)
    if flax == "linen":
        return model
    if not isinstance(model, MLP):
        raise BadInput(f"--flax nnx goes with --model mlp, got --model {kind}")
    sizes = (data.train["image"][0].size, *model.widths, data.classes)
    return nnx_models.AsLinen(lambda rngs: nnx_models.MLP(name, sizes, dtype, rngs), model)


def make_study(name: str, options: Options, data: Images, devices: Mesh) -> Study:
    model = make_model(options.model, name, data, options.dtype, options.flax)
    batches = Batches(data.train, options.batch_size, seed=options.seed, epochs=options.epochs)
    plan = Plan(options.epochs, batches.steps_per_epoch, batches.samples, best="test_accuracy")
    return Study(
        initial=classify.make_initial(model, data),
        loss=classify.make_loss(model, data.peak),
        optimiser=make_optimiser(options, plan.rounds * plan.steps),
        batches=batches,
        plan=plan,
        evaluate=classify.make_evaluation(model, data, 1024, devices),
    )


def main(options: Options) -> None:
    mesh.join(options)
    check_names(options.activations)
    data = load_images(options.dataset, options.data_dir)
    devices = mesh.make_mesh(options)
    studies = {name: make_study(name, options, data, devices) for name in options.activations}

    with run.open_folder("train", options) as folder:
        results = {}
        for name, study in studies.items():
            state, results[name] = train(name, study, options, devices, folder / name)
            progress.say(f"{name}: test accuracy {results[name][-1]['test_accuracy']:.2%}")
            if now := learned(state.params):
                before = learned(study.initial(jax.random.key(options.seed)))
                for path, value in now.items():
                    progress.say(f"  {path}: {_summary(before[path])} -> {_summary(value)}")
        if mesh.is_first():
            write_report(folder, results)


def write_report(folder: Path, results: dict[str, list[dict[str, Any]]]) -> None:
    """Curves, results.json, and the table of all activations, best first."""
    last = {name: history[-1] for name, history in results.items()}
    ranked = sorted(last, key=lambda name: -last[name]["test_accuracy"])
    run.write_whole(folder / "results.json", json.dumps({name: last[name] for name in ranked}, indent=2) + "\n")
    labels = {"train_loss": "training loss", "test_loss": "test loss", "test_accuracy": "test accuracy"}
    figures.curves(folder / "curves.png", results, labels, across="round")
    if len(results) > 1:
        rows = [
            [n, f"{last[n]['test_accuracy']:.2%}", f"{last[n]['test_loss']:.4f}", f"{last[n]['train_loss']:.4f}"]
            for n in ranked
        ]
        progress.table("Best first", ["activation", "test accuracy", "test loss", "training loss"], rows)
    progress.say(f"metrics, curves and checkpoints are in {folder}")


def _summary(value: np.ndarray) -> str:
    if value.size == 1:
        return f"{value.item():.4g}"
    return f"{value.mean():.4g} ({value.min():.4g} to {value.max():.4g})"


if __name__ == "__main__":
    options.main(Options, main, __doc__)
