"""The training step and the loop around it, the same for every study."""

from __future__ import annotations

import collections
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from jax.sharding import Mesh

from common.checkpoint import Checkpoints
from common.data import Stream
from common.mesh import place
from common.options import Stopped, Training
from common.progress import progress_bar, say
from common.run import Metrics

LAG = 8  # a loss is read this many steps late, so that the devices never wait for the host


class State(NamedTuple):
    """All that changes while a model trains."""

    step: jax.Array
    params: Any
    optimiser: Any
    key: jax.Array


def make_state(params: Any, optimiser: optax.GradientTransformation, key: jax.Array) -> State:
    return State(jax.numpy.zeros((), "int32"), params, optimiser.init(params), key)


def make_step(
    loss: Callable[[Any, Any, jax.Array], jax.Array], optimiser: optax.GradientTransformation
) -> Callable[[State, Any], tuple[State, jax.Array]]:
    """One step of ``optimiser`` down ``loss(params, batch, key)``; the key is new at every step."""

    def step(state: State, batch: Any) -> tuple[State, jax.Array]:
        key = jax.random.fold_in(state.key, state.step)
        value, gradient = jax.value_and_grad(loss)(state.params, batch, key)
        updates, optimiser_state = optimiser.update(gradient, state.optimiser, state.params)
        params = optax.apply_updates(state.params, updates)
        return State(state.step + 1, params, optimiser_state, state.key), value

    return step


class Plan(NamedTuple):
    """How long to train, and what to watch. A round ends with an evaluation and a checkpoint."""

    rounds: int
    steps: int  # per round
    samples: int  # per round, for the throughput
    best: str  # metric by which the best checkpoint is chosen
    highest: bool = True
    unit: str = "images"


def train(
    label: str,
    options: Training,
    mesh: Mesh,
    folder: Path,
    plan: Plan,
    state: State,
    step: Callable[..., tuple[State, jax.Array]],
    batches: Stream,
    evaluate: Callable[[State], dict[str, float]],
    *,
    split: str | None = "data",
    held: tuple[Any, ...] = (),
) -> tuple[State, list[dict[str, Any]]]:
    """Train from the last checkpoint, or from the start, to the end of the plan.

    The arrays of ``batches`` are split over the mesh axis ``split``; ``held`` are further arguments of ``step`` that
    stay on the devices; ``evaluate`` returns the metrics of a round. Returns the last state and the record of every
    round.
    """
    checkpoints = Checkpoints(folder / "checkpoints", plan.best, plan.highest)
    history: list[dict[str, Any]] = []
    if options.resume and (found := checkpoints.restore(state)):
        state, record = found
        batches.set_state(record["position"])
        history = record["history"]
        say(f"{label}: goes on from step {history[-1]['step']}")
    metrics = Metrics(folder, history, options.tensorboard)
    # Keep the layout of the state, which the compiler might otherwise change.
    layout = jax.tree.map(lambda x: x.sharding, state)
    compiled = jax.jit(step, donate_argnums=0, out_shardings=(layout, None))

    def check(number: int, loss: jax.Array) -> float:
        with jax.transfer_guard_device_to_host("allow"):
            value = float(np.asarray(loss).mean())
        if not math.isfinite(value):
            good = checkpoints.latest
            last = "there is no checkpoint yet" if good is None else f"the last good checkpoint is of step {good}"
            raise Stopped(f"{label}: the loss is {value} at step {number}; {last}")
        return value

    def count(batch: Any) -> float:
        return float(batch["weight"].sum()) if "weight" in batch else 1.0

    try:
        with progress_bar(label, plan.rounds * plan.steps, len(history) * plan.steps) as (bar, task):
            bar.update(task, unit=plan.unit)
            for number in range(len(history), plan.rounds):
                start, total, seen, done = time.perf_counter(), 0.0, 0.0, 0
                running: collections.deque[tuple[int, jax.Array, float]] = collections.deque()
                with jax.transfer_guard("disallow"):
                    for i in range(1, plan.steps + 1):
                        batch = next(batches)
                        with jax.transfer_guard_host_to_device("allow"):  # one device needs no sharding
                            ready = batch if mesh.size == 1 else place(mesh, batch, split)
                            state, loss = compiled(state, ready, *held)
                        loss.copy_to_host_async()
                        running.append((number * plan.steps + i, loss, count(batch)))
                        while len(running) > (LAG if i < plan.steps else 0):
                            at, loss, weight = running.popleft()
                            value = check(at, loss)
                            total, seen, done = total + value * weight, seen + weight, done + 1
                            rate = plan.samples * done / plan.steps / (time.perf_counter() - start)
                            bar.update(task, advance=1, loss=value, rate=rate)
                    measured = evaluate(state)
                record = {
                    "round": number + 1,
                    "step": (number + 1) * plan.steps,
                    "train_loss": total / seen,
                    **measured,
                    f"{plan.unit}_per_second": round(rate, 1),
                }
                metrics.write(record)
                extra = {"position": batches.get_state(), "history": metrics.history}
                checkpoints.save(record["step"], state, extra, measured)
        checkpoints.wait()
    finally:
        metrics.close()
        checkpoints.close()
    return state, metrics.history
