"""Many seeds at once: one compiled program trains a classifier from each seed, vectorised and split over devices."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxact_examples import classify
from jaxact_examples.data import Arrays, Batches, Images
from jaxact_examples.mesh import make_mesh, place
from jaxact_examples.optimiser import make_optimiser
from jaxact_examples.options import BadInput, Training
from jaxact_examples.study import Plan, State, Study


class Orders:
    """Which samples each seed takes at a step, in the order of a single run with that seed."""

    def __init__(self, samples: int, size: int, seeds: range, epochs: int):
        numbers = {"index": np.arange(samples, dtype=np.int32)}
        self._each = [Batches(numbers, size, seed=seed, epochs=epochs) for seed in seeds]
        self.steps_per_epoch = self._each[0].steps_per_epoch

    def __getitem__(self, step: int) -> dict[str, np.ndarray]:
        taken = [batches[step] for batches in self._each]
        return {name: np.stack([batch[name] for batch in taken]) for name in taken[0]}


@dataclasses.dataclass(frozen=True)
class ManySeeds(Study):
    """A study from several seeds, counted from that of the options; the training data are held on every device."""

    seeds: int = 1

    def start(self, seed: int, mesh: Mesh) -> State:
        """The first state of every seed, split over the devices of a mesh."""
        keys = jax.vmap(jax.random.key)(np.arange(seed, seed + self.seeds, dtype=np.uint32))
        return jax.jit(jax.vmap(self.first), out_shardings=NamedSharding(mesh, PartitionSpec("data")))(keys)

    def step(self, state: State, batch: Any, *held: Any) -> tuple[State, jax.Array]:
        """A step of every seed, and the loss of each."""
        (train,) = held

        def one(state: State, order: Any) -> tuple[State, jax.Array]:
            chosen = {name: array[order["index"]] for name, array in train.items()}
            return Study.step(self, state, {**chosen, "weight": order["weight"]})

        return jax.vmap(one)(state, batch)


def seeds_mesh(options: Training, seeds: int) -> Mesh:
    """Mesh over as many devices as divide the number of seeds."""
    if seeds < 1:
        raise BadInput(f"--seeds must be at least 1, got {seeds}")
    devices = options.devices or next(n for n in range(jax.device_count(), 0, -1) if seeds % n == 0)
    return make_mesh(dataclasses.replace(options, devices=devices), batch=seeds)


def from_each(
    train: Arrays, options: Training, seeds: int, epochs: int, devices: Mesh, best: str, unit: str, **model: Any
) -> ManySeeds:
    """The study of what is trained from each seed; ``model`` has its first parameters, loss and evaluation."""
    samples = len(next(iter(train.values())))
    orders = Orders(samples, options.batch_size, range(options.seed, options.seed + seeds), epochs)
    plan = Plan(epochs, orders.steps_per_epoch, samples * seeds, best=best, unit=unit)
    return ManySeeds(
        optimiser=make_optimiser(options, plan.rounds * plan.steps),
        batches=orders,
        plan=plan,
        held=(place(devices, dict(train), None),),
        seeds=seeds,
        **model,
    )


def make_study(model: nn.Module, options: Training, data: Images, seeds: int, epochs: int, devices: Mesh) -> ManySeeds:
    """A classifier to be trained from each seed; the metrics have ``test_accuracies``, one for each."""
    return from_each(
        data.train,
        options,
        seeds,
        epochs,
        devices,
        best="test_accuracy",
        unit="images",
        initial=classify.make_initial(model, data),
        loss=classify.make_loss(model, data.peak),
        evaluate=_make_evaluation(model, data, devices),
    )


def _make_evaluation(model: nn.Module, data: Images, devices: Mesh) -> Any:
    test = Batches(data.test, min(1000, len(data.test["label"])), seed=None)
    blocks = [test[i] for i in range(len(test))]
    held = place(devices, {name: np.stack([b[name] for b in blocks]) for name in blocks[0]}, None)

    def measure(params: Any, held: Any) -> tuple[jax.Array, jax.Array]:
        loss, right = lax.map(lambda batch: classify.sums(model, params, batch, data.peak), held)
        return jnp.sum(loss), jnp.sum(right)

    measured = jax.jit(jax.vmap(measure, in_axes=(0, None)))

    def evaluate(params: Any) -> dict[str, Any]:
        loss, right = jax.device_get(measured(params, held))
        return {
            "test_loss": float(loss.mean()) / test.samples,
            "test_accuracy": float(right.mean()) / test.samples,
            "test_accuracies": [float(r) / test.samples for r in right],
        }

    return evaluate
