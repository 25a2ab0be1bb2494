"""What a trainer costs: the loop of examples/ beside a bare Flax and Optax loop, and many seeds at once beside in turn.

    python benchmarks/train.py            # a few minutes on two cores
    python benchmarks/train.py --quick --into DIR

Both loops take the same step of the same MLP through the same batches of 60,000 random images of the size of MNIST's.
The trainer takes them from Grain, up to 16 steps in a compiled call, checks every loss and draws a progress bar; the
bare loop indexes an array, calls the compiled step, and waits once at the end. They take turns within one process:
after each round of the trainer the bare loop runs as many steps, so a machine that slows down slows down both. The
figures are the median over the rounds of the ratio of times, and the ratio of the least times, which tells more where
others use the machine too. Evaluation and checkpoints, which a bare loop does not have, are left out: a checkpoint is
written while the next round runs, so that round begins two seconds late.

For seeds, the figure is images per second of S seeds in one vectorised program over that of one seed, both in rounds
of an epoch, after compilation.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tyro

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # "train" is the one of these
import harness
from jaxact_examples import data, mesh, seeds, trainer
from train import Options, make_model, make_study


def random_images(samples: int) -> data.Images:
    random = np.random.default_rng(0)

    def some(n: int) -> dict[str, np.ndarray]:
        image = random.integers(0, 256, (n, 28, 28, 1), np.uint8)
        return {"image": image, "label": random.integers(0, 10, n).astype(np.int32)}

    return data.Images(some(samples), some(1000), classes=10, peak=255.0)


class Clock:
    """Batches; ``began`` is when the round took its first, after the last checkpoint was written."""

    def __init__(self, batches: data.Batches):
        self.batches, self.began = batches, 0.0

    def __getitem__(self, step: int) -> Any:
        if step % self.batches.steps_per_epoch == 0:
            time.sleep(2)
            self.began = time.perf_counter()
        return self.batches[step]


def overhead(images: data.Images, batch: int, rounds: int) -> dict[str, Any]:
    """Times of the trainer's rounds and of the bare loop's, in turn."""
    options = Options(batch_size=batch, devices=1, tensorboard=False, epochs=rounds)
    devices = mesh.make_mesh(options)
    study = make_study("mish", options, images, devices)
    batches = data.Batches(images.train, batch, seed=0, epochs=rounds)
    steps = study.plan.steps
    bare = study.start(0, devices)
    compiled = jax.jit(study.step, donate_argnums=0)
    whole = steps - (batches.samples % batch > 0)
    clock = Clock(batches)
    ours, seconds = [], []

    def run_bare(_: Any) -> dict[str, float]:
        nonlocal bare
        ours.append((time.perf_counter() - clock.began) / steps)
        with jax.transfer_guard("allow"):
            began = time.perf_counter()
            order = np.random.default_rng(0).permutation(batches.samples)
            weight = np.ones(batch, np.float32)
            for i in range(whole):
                chosen = order[i * batch : (i + 1) * batch]
                arrays = {"image": images.train["image"][chosen], "label": images.train["label"][chosen]}
                bare, loss = compiled(bare, {**arrays, "weight": weight})
            jax.block_until_ready(loss)
            seconds.append((time.perf_counter() - began) / whole)
        return {"bare": seconds[-1]}

    plan = study.plan._replace(best="bare", highest=False)
    clocked = dataclasses.replace(study, batches=clock, plan=plan, evaluate=run_bare)
    with tempfile.TemporaryDirectory() as folder:
        trainer.train("mish", clocked, options, devices, Path(folder))
    pairs = list(zip(ours, seconds, strict=True))[1:]  # the first round compiles
    return {
        "batch": batch,
        "rounds": len(pairs),
        "trainer_ms": 1e3 * statistics.median(a for a, _ in pairs),
        "bare_ms": 1e3 * statistics.median(b for _, b in pairs),
        "ratio": statistics.median(a / b for a, b in pairs),
        "ratio_of_least": min(a for a, _ in pairs) / min(b for _, b in pairs),
    }


def by_seeds(images: data.Images, numbers: tuple[int, ...], rounds: int) -> list[dict[str, float]]:
    """Images per second, all seeds together, of each number of seeds."""
    found = []
    for number in numbers:
        options = Options(devices=1, tensorboard=False)
        devices = seeds.seeds_mesh(options, number)
        model = make_model("mlp", "mish", images, "float32")
        study = seeds.make_study(model, options, images, number, rounds, devices)
        with tempfile.TemporaryDirectory() as folder:
            _, history = trainer.train(f"{number} seeds", study, options, devices, Path(folder))
        found.append({"seeds": number, "rate": statistics.median(r["images_per_second"] for r in history[1:])})
    return [{**f, "speedup": f["rate"] / found[0]["rate"]} for f in found]


def main(quick: bool = False, into: Path = harness.RESULTS) -> None:
    """Measure, print the tables and write them down.

    Args:
        quick: Something tiny, to see that it runs.
        into: Folder of the results.
    """
    images = random_images(640 if quick else 60_000)
    rounds = 3 if quick else 8
    loops = [overhead(images, batch, rounds) for batch in ((64,) if quick else (64, 128, 512))]
    few = random_images(640 if quick else 6_400)
    vectorised = by_seeds(few, (1, 2) if quick else (1, 4, 8, 16), rounds)
    tables = [
        harness.table(
            "A training step, ms",
            ["batch", "trainer", "bare loop", "ratio", "of least times"],
            [
                [
                    str(x["batch"]),
                    *(f"{x[key]:.3f}" for key in ("trainer_ms", "bare_ms", "ratio", "ratio_of_least")),
                ]
                for x in loops
            ],
        ),
        harness.table(
            "Many seeds in one program",
            ["seeds", "images/s", "against in turn"],
            [[str(x["seeds"]), f"{x['rate']:,.0f}", f"{x['speedup']:.2f}"] for x in vectorised],
        ),
    ]
    harness.save("train", {"loops": loops, "seeds": vectorised}, "\n".join(tables), into)


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
