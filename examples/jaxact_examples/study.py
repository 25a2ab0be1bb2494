"""What is trained: a model's first parameters, its loss, its data and a plan. Each trainer makes one for each model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import optax
from jax.sharding import Mesh

from jaxact_examples.mesh import replicated


class State(NamedTuple):
    """All that changes while a model trains."""

    step: jax.Array
    params: Any
    optimiser: Any
    key: jax.Array


class Plan(NamedTuple):
    """How long to train, and what to watch. A round ends with an evaluation and a checkpoint."""

    rounds: int
    steps: int  # per round
    samples: int  # per round, for the throughput
    best: str  # metric by which the best checkpoint is chosen
    highest: bool = True
    unit: str = "images"


class Batches(Protocol):
    """Arrays of a batch by step, counted from 0 over all rounds."""

    def __getitem__(self, step: int, /) -> Any: ...


@dataclasses.dataclass(frozen=True)
class Study:
    """A model to train.

    Attributes:
      initial: parameters from a key.
      loss: of parameters, batch and key; the key is new at every step.
      optimiser: an Optax transformation.
      batches: arrays by step, split over the mesh axis ``data``.
      plan: rounds and steps.
      evaluate: metrics of parameters, at the end of a round.
      layout: shardings of a state on a mesh; by default all of it is on every device.
      held: further arguments of ``step``, which stay on the devices.
    """

    initial: Callable[[jax.Array], Any]
    loss: Callable[[Any, Any, jax.Array], jax.Array]
    optimiser: optax.GradientTransformation
    batches: Batches
    plan: Plan
    evaluate: Callable[[Any], dict[str, Any]]
    layout: Callable[[State, Mesh], Any] = lambda state, mesh: replicated(mesh)
    held: tuple[Any, ...] = ()

    def first(self, key: jax.Array) -> State:
        """The state before the first step."""
        params = self.initial(key)
        state = self.optimiser.init(params)
        return State(jax.numpy.zeros((), "int32"), params, state, jax.random.fold_in(key, 1))

    def start(self, seed: int, mesh: Mesh) -> State:
        """The first state, on the devices of a mesh."""
        key = jax.random.key(seed)
        return jax.jit(self.first, out_shardings=self.layout(jax.eval_shape(self.first, key), mesh))(key)

    def step(self, state: State, batch: Any, *held: Any) -> tuple[State, jax.Array]:
        """The state after a step of the optimiser down the loss, and the loss before it."""
        key = jax.random.fold_in(state.key, state.step)
        value, gradient = jax.value_and_grad(self.loss)(state.params, batch, key)
        updates, optimiser_state = self.optimiser.update(gradient, state.optimiser, state.params)
        params = optax.apply_updates(state.params, updates)
        return State(state.step + 1, params, optimiser_state, state.key), value
