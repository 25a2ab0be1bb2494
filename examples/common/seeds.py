"""Many seeds at once: one compiled program trains a classifier from each seed, vectorised and split over devices."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from common import classify
from common.data import Batches, Images, Stream
from common.mesh import make_mesh, place
from common.optimiser import make_optimiser
from common.options import BadInput, Training
from common.trainer import Plan, State, make_state, make_step, train


@dataclasses.dataclass(frozen=True)
class Seeds:
    """For each epoch, the samples of each seed at each step, in the order of a single run with that seed."""

    batches: tuple[Batches, ...]

    def __len__(self) -> int:
        return self.batches[0].epochs

    def __getitem__(self, epoch: int) -> dict[str, np.ndarray]:
        steps = self.batches[0].steps_per_epoch
        each = [[b[epoch * steps + i] for i in range(steps)] for b in self.batches]
        return {name: np.array([[b[name] for b in one] for one in each]) for name in ("index", "weight")}


def seeds_mesh(options: Training, seeds: int) -> Mesh:
    """Mesh over as many devices as divide the number of seeds."""
    if seeds < 1:
        raise BadInput(f"--seeds must be at least 1, got {seeds}")
    devices = options.devices or next(n for n in range(jax.device_count(), 0, -1) if seeds % n == 0)
    return make_mesh(dataclasses.replace(options, devices=devices), batch=seeds)


def train_seeds(
    label: str, options: Training, devices: Mesh, folder: Path, model: nn.Module, data: Images, seeds: int, epochs: int
) -> list[dict[str, Any]]:
    """Train from ``seeds`` seeds, counted from ``options.seed``; the records have a ``test_accuracies`` for each."""
    samples = {"index": np.arange(len(data.train["label"]), dtype=np.int32)}
    numbers = [options.seed + s for s in range(seeds)]
    batches = Seeds(tuple(Batches(samples, options.batch_size, seed=n, epochs=epochs) for n in numbers))
    steps = batches.batches[0].steps_per_epoch
    optimiser = make_optimiser(options, epochs * steps)
    step = make_step(classify.make_loss(model, data.peak), optimiser)
    by_seed = NamedSharding(devices, PartitionSpec("data"))

    def initial(key: jax.Array) -> State:
        image = np.zeros((1, *data.train["image"].shape[1:]), "float32")
        return make_state(model.init(key, image)["params"], optimiser, jax.random.fold_in(key, 1))

    def epoch(state: State, order: Any, train: Any) -> tuple[State, jax.Array]:
        def one(state: State, chosen: Any) -> tuple[State, jax.Array]:
            batch = {name: array[chosen["index"]] for name, array in train.items()} | {"weight": chosen["weight"]}
            return step(state, batch)

        state, losses = lax.scan(one, state, order)
        counts = order["weight"].sum(-1)
        return state, jnp.sum(losses * counts) / jnp.sum(counts)

    def measure(params: Any, test: Any) -> tuple[jax.Array, jax.Array]:
        def some(batch: Any) -> tuple[jax.Array, jax.Array]:
            return classify.sums(model, params, batch, data.peak)

        loss, right = jax.tree.map(jnp.sum, lax.map(some, test))
        return loss, right

    test = Batches(data.test, min(1000, len(data.test["label"])), seed=None)
    blocks = [test[i] for i in range(len(test))]
    held = place(devices, {name: np.stack([b[name] for b in blocks]) for name in blocks[0]}, None)
    measured = jax.jit(jax.vmap(measure, in_axes=(0, None)))

    def evaluate(state: State) -> dict[str, Any]:
        loss, right = jax.device_get(measured(state.params, held))
        return {
            "test_loss": float(loss.mean()) / test.samples,
            "test_accuracy": float(right.mean()) / test.samples,
            "test_accuracies": [float(r) / test.samples for r in right],
        }

    keys = jax.vmap(jax.random.key)(np.array(numbers, np.uint32))
    state = jax.jit(jax.vmap(initial), out_shardings=by_seed)(keys)
    plan = Plan(epochs, 1, len(data.train["label"]) * seeds, best="test_accuracy")
    _, history = train(
        label,
        options,
        devices,
        folder,
        plan,
        state,
        jax.vmap(epoch, in_axes=(0, 0, None)),
        Stream(batches),
        evaluate,
        held=(place(devices, dict(data.train), None),),
    )
    return history
